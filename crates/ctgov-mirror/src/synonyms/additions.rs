//! `synonyms.toml`: what whoever runs the mirror adds to what is learnt, and rules out.
//!
//! ```toml
//! # Each of these finds the others.
//! [[synonym]]
//! terms = ["heart attack", "myocardial infarction"]
//!
//! # None of these finds another of these, whatever the records say.
//! [[never]]
//! terms = ["breast cancer", "breast carcinoma in situ"]
//!
//! # One alone finds nothing but itself.
//! [[never]]
//! terms = ["MS"]
//! ```
//!
//! Terms are compared as [words](ctgov::text): `Heart Attacks` is `heart attack`. What is added here is no step to
//! anything else.

use super::{
    phrases::{CHARS_MAX, WORDS_MAX},
    statement::one_line,
};
use crate::{
    data_dir::DataDir,
    error::{At, MirrorError},
    manifest::Digest,
};
use ctgov::{
    synonyms::{Synonym, SynonymKind, Synonyms},
    text::words,
};
use serde::Deserialize;
use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};
use toml::Spanned;

/// The file's name in the data directory.
pub(crate) const FILE: &str = "synonyms.toml";

/// More than a person writes.
const BYTES_MAX: usize = 1 << 20;

/// Most terms of one entry.
const TERMS_MAX: usize = 16;

/// Why a file of additions cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}, line {line}: {what}", .path.display())]
pub struct AdditionsError {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// What was added and what was ruled out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Additions {
    /// Terms that mean the same, as people write them.
    synonyms: Vec<Vec<String>>,
    /// Pairs of phrases that do not, as words with spaces between, in both orders.
    never: HashSet<(String, String)>,
    /// Phrases that are no synonym of anything.
    never_any: HashSet<String>,
    /// Of the file.
    digest: Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    synonym: Vec<Entry>,
    #[serde(default)]
    never: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    terms: Spanned<Vec<Spanned<String>>>,
}

/// What is wrong, and at which byte.
struct Fault {
    at: usize,
    what: String,
}

impl Additions {
    /// The additions in a data directory; where there is no file, nothing is added.
    pub(crate) fn of(data_dir: &DataDir) -> Result<Self, MirrorError> {
        Self::read(&data_dir.root().join(FILE))
    }

    /// Of what was written: other additions have another.
    pub(crate) fn digest(&self) -> Digest {
        self.digest
    }

    fn none() -> Self {
        let digest = Digest::of(b"");
        Self { synonyms: Vec::new(), never: HashSet::new(), never_any: HashSet::new(), digest }
    }

    fn read(path: &Path) -> Result<Self, MirrorError> {
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::none()),
            file => file.at("open", path)?,
        };
        let mut bytes = Vec::new();
        file.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes).at("read", path)?;
        Ok(Self::parse(&bytes, path)?)
    }

    pub(crate) fn parse(bytes: &[u8], path: &Path) -> Result<Self, AdditionsError> {
        let line = |at: usize| 1 + bytes[..at.min(bytes.len())].iter().filter(|byte| **byte == b'\n').count();
        Self::from_bytes(bytes).map_err(|fault| AdditionsError {
            path: path.to_owned(),
            line: line(fault.at),
            what: fault.what,
        })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > BYTES_MAX {
            return Err(Fault { at: 0, what: format!("the file is larger than {BYTES_MAX} bytes") });
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Fault { at: error.valid_up_to(), what: "this is not UTF-8".to_owned() })?;
        let written: Written = toml::from_str(text).map_err(|error| Fault {
            at: error.span().map_or(0, |span| span.start),
            what: error.message().to_owned(),
        })?;
        let mut additions = Self { digest: Digest::of(bytes), ..Self::none() };
        for entry in &written.never {
            let phrases: Vec<String> = entry.phrases(1)?.into_iter().map(|(phrase, _)| phrase).collect();
            if let [phrase] = phrases.as_slice() {
                additions.never_any.insert(phrase.clone());
            }
            for a in &phrases {
                for b in phrases.iter().filter(|b| *b != a) {
                    additions.never.insert((a.clone(), b.clone()));
                }
            }
        }
        for entry in &written.synonym {
            let phrases = entry.phrases(2)?;
            for (a, at) in &phrases {
                if let Some((b, _)) = phrases.iter().find(|(b, _)| b != a && additions.forbids(a, b)) {
                    let what =
                        format!("`{a}` and `{b}` are synonyms here, and never are elsewhere in the file");
                    return Err(Fault { at: *at, what });
                }
            }
            additions
                .synonyms
                .push(entry.terms.get_ref().iter().map(|term| one_line(term.get_ref())).collect());
        }
        Ok(additions)
    }

    /// Whether two phrases, as words with spaces between, must not be synonyms.
    pub(super) fn forbids(&self, a: &str, b: &str) -> bool {
        let alone = |phrase: &str| self.never_any.contains(phrase);
        alone(a) || alone(b) || self.never.contains(&(a.to_owned(), b.to_owned()))
    }

    pub(crate) fn add_to(&self, synonyms: &mut Synonyms) {
        for terms in &self.synonyms {
            for phrase in terms {
                for label in terms {
                    let kind = SynonymKind::Added;
                    let synonym = Synonym { words: words(label), label: label.clone(), kind, support: 0 };
                    synonyms.add(&words(phrase), synonym);
                }
            }
        }
    }
}

impl Entry {
    /// The terms as words with spaces between, each with its place in the file.
    fn phrases(&self, min: usize) -> Result<Vec<(String, usize)>, Fault> {
        let (terms, at) = (self.terms.get_ref(), self.terms.span().start);
        if !(min..=TERMS_MAX).contains(&terms.len()) {
            let what = format!("there are {} terms, and {min} to {TERMS_MAX} are allowed", terms.len());
            return Err(Fault { at, what });
        }
        let mut known = HashMap::new();
        let mut phrases = Vec::new();
        for term in terms {
            let (text, at) = (term.get_ref(), term.span().start);
            // Cut before it is split into words, so that a long text is not.
            let too_long = text.chars().nth(CHARS_MAX).is_some();
            let found = if too_long { Vec::new() } else { words(text) };
            if too_long || !(1..=WORDS_MAX).contains(&found.len()) {
                let what = format!(
                    "a term has 1 to {WORDS_MAX} words and at most {CHARS_MAX} characters, `{}` has not",
                    text.chars().take(40).collect::<String>()
                );
                return Err(Fault { at, what });
            }
            let phrase = found.join(" ");
            if let Some(other) = known.insert(phrase.clone(), text) {
                return Err(Fault { at, what: format!("`{text}` and `{other}` are the same words") });
            }
            phrases.push((phrase, at));
        }
        Ok(phrases)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Additions, String> {
        let parsed = Additions::parse(text.as_bytes(), Path::new("synonyms.toml"));
        parsed.map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_added_is_found_both_ways_and_what_is_ruled_out_is_not() {
        let additions = parse(
            "[[synonym]]\nterms = ['Heart  Attack', 'Myocardial Infarction', 'MI']\n\
             [[never]]\nterms = ['MS', 'Multiple Sclerosis']\n[[never]]\nterms = ['PD']\n",
        )
        .unwrap();
        let mut synonyms = Synonyms::default();
        additions.add_to(&mut synonyms);
        let labels = |phrase: &str| -> Vec<String> {
            synonyms.of(&words(phrase)).iter().map(|synonym| synonym.label.clone()).collect()
        };
        assert_eq!(labels("heart attacks"), ["MI", "Myocardial Infarction"]);
        assert_eq!(labels("mi"), ["Heart Attack", "Myocardial Infarction"]);
        assert!(
            additions.forbids("ms", "multiple sclerosis") && additions.forbids("multiple sclerosis", "ms")
        );
        assert!(!additions.forbids("ms", "mass spectrometry"));
        assert!(additions.forbids("pd", "anything") && additions.forbids("anything", "pd"));
        assert_eq!(parse(""), Ok(Additions::none()));
        assert_eq!(Additions::read(Path::new("/nowhere/synonyms.toml")).unwrap(), Additions::none());
    }

    #[test]
    fn errors_name_the_line() {
        let cases = [
            ("\n[[synonym]]\nterm = ['a b']", "line 3: unknown field `term`, expected `terms`"),
            ("[[synonyms]]\nterms = []", "line 1: unknown field `synonyms`, expected `synonym` or `never`"),
            ("[[synonym]]\nterms = [\n'a b', 3]", "line 3: invalid type: integer `3`, expected a string"),
            ("[[synonym]]\n\nterms = ['asthma']", "line 3: there are 1 terms, and 2 to 16 are allowed"),
            ("[[never]]\nterms = []", "line 2: there are 0 terms, and 1 to 16 are allowed"),
            (
                "[[synonym]]\nterms = ['asthma',\n'--']",
                "line 3: a term has 1 to 8 words and at most 100 characters, `--` has not",
            ),
            ("[[synonym]]\nterms = ['Tumour', 'tumors']", "line 2: `tumors` and `Tumour` are the same words"),
            (
                "[[synonym]]\nterms = ['a b', 'c d']\n[[never]]\nterms = ['c d']",
                "line 2: `a b` and `c d` are synonyms here, and never are elsewhere in the file",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Err(format!("synonyms.toml, {expected}")), "{text:?}");
        }
        assert!(parse("[[synonym]]\nterms = ['a").unwrap_err().starts_with("synonyms.toml, line 2: "));
        let error = Additions::parse(b"#\n\xff", Path::new("x")).unwrap_err();
        assert_eq!(error.to_string(), "x, line 2: this is not UTF-8");
        assert!(parse(&"#".repeat(BYTES_MAX + 1)).unwrap_err().contains("larger than 1048576 bytes"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(\\[\\[(synonym|never)\\]\\]|\n|terms = |\\[|\\]|'|\"|a|é|,| ){0,40}") {
            let _ = parse(&text);
        }
    }
}

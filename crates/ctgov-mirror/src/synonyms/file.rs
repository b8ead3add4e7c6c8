//! `synonyms.tsv`: the synonyms of a generation, for people to read and for a server to open.
//!
//! ```text
//! #synonyms 1
//! heart attack⇥Myocardial Infarction⇥mesh⇥812
//! ```
//!
//! The words of a phrase, the synonym as people write it, where it is known from, how many studies say so. Phrases
//! are in alphabetical order, the best synonym first.

use crate::{
    error::{At, MirrorError},
    manifest::Manifest,
};
use ctgov::{
    synonyms::{Synonym, SynonymKind, Synonyms},
    text::words,
};
use std::{fs::File, io::Read, path::Path};

/// The file's name in a generation.
pub(crate) const FILE: &str = "synonyms.tsv";

const FIRST_LINE: &str = "#synonyms 1";

/// The largest file that is read, and its longest line: far more than is ever written.
const BYTES_MAX: u64 = 64 << 20;
const LINE_BYTES_MAX: usize = 2_048;

/// Why the file cannot be read.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("line {line}: {what}")]
pub(crate) struct LineError {
    pub line: usize,
    pub what: &'static str,
}

const KINDS: [(SynonymKind, &str); 4] = [
    (SynonymKind::Mesh, "mesh"),
    (SynonymKind::OtherName, "name"),
    (SynonymKind::Abbreviation, "abbreviation"),
    (SynonymKind::Added, "added"),
];

/// The file's content.
pub(crate) fn encode(synonyms: &Synonyms) -> Vec<u8> {
    let mut phrases: Vec<_> = synonyms.iter().collect();
    phrases.sort_unstable_by_key(|(phrase, _)| *phrase);
    let mut text = format!("{FIRST_LINE}\n");
    for (phrase, synonyms) in phrases {
        for Synonym { label, kind, support, .. } in synonyms {
            let kind = KINDS.iter().find(|(known, _)| known == kind).map_or("", |(_, name)| *name);
            text.extend([phrase, "\t", label, "\t", kind, "\t", &support.to_string(), "\n"]);
        }
    }
    text.into_bytes()
}

/// Reads the synonyms of the generation in `directory`.
pub(crate) fn read(directory: &Path, manifest: &Manifest) -> Result<Synonyms, MirrorError> {
    let path = directory.join(FILE);
    let mut bytes = Vec::new();
    let file = File::open(&path).at("open", &path)?;
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).at("read", &path)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(MirrorError::damaged(&path, "it is far larger than any list of synonyms"));
    }
    manifest.check_content(directory, FILE, &bytes)?;
    decode(&bytes).map_err(|error| MirrorError::damaged(&path, error.to_string()))
}

/// The synonyms that a file's content lists.
pub(crate) fn decode(bytes: &[u8]) -> Result<Synonyms, LineError> {
    let wrong = |line, what| LineError { line, what };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        wrong(1 + before.iter().filter(|byte| **byte == b'\n').count(), "it is not UTF-8")
    })?;
    let mut lines = (1..).zip(text.split_inclusive('\n'));
    let first = lines.next().map_or("", |(_, line)| line);
    if first.strip_suffix('\n') != Some(FIRST_LINE) {
        return Err(wrong(1, "it does not begin like a list of synonyms"));
    }
    let mut synonyms = Synonyms::default();
    for (number, line) in lines {
        let line = line.strip_suffix('\n').ok_or(wrong(number, "its end is missing"))?;
        if line.len() > LINE_BYTES_MAX {
            return Err(wrong(number, "it is too long"));
        }
        let fields: Vec<&str> = line.splitn(5, '\t').collect();
        let Ok([phrase, label, kind, support]) = <[&str; 4]>::try_from(fields) else {
            return Err(wrong(number, "it has not four fields"));
        };
        let kind =
            KINDS.iter().find(|(_, name)| *name == kind).ok_or(wrong(number, "its kind is unknown"))?.0;
        let support = support.parse().map_err(|_| wrong(number, "its number is none"))?;
        let (phrase, synonym) = (words(phrase), words(label));
        if phrase.is_empty() || synonym.is_empty() || phrase == synonym {
            return Err(wrong(number, "it has not two phrases"));
        }
        let known = synonyms.of(&phrase).len();
        synonyms.add(&phrase, Synonym { words: synonym, label: label.to_owned(), kind, support });
        if synonyms.of(&phrase).len() == known {
            return Err(wrong(number, "it is there twice, or one too many of its phrase"));
        }
    }
    Ok(synonyms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn synonyms(pairs: &[(String, String, SynonymKind, u32)]) -> Synonyms {
        let mut synonyms = Synonyms::default();
        for (phrase, label, kind, support) in pairs {
            let synonym =
                Synonym { words: words(label), label: label.clone(), kind: *kind, support: *support };
            synonyms.add(&words(phrase), synonym);
        }
        synonyms
    }

    #[test]
    fn people_can_read_it() {
        let table = synonyms(&[
            ("Heart Attacks".into(), "Myocardial Infarction".into(), SynonymKind::Mesh, 812),
            ("heart attack".into(), "MI".into(), SynonymKind::Added, 0),
            ("keytruda".into(), "Pembrolizumab".into(), SynonymKind::OtherName, 90),
        ]);
        let text = "#synonyms 1\nheart attack\tMI\tadded\t0\nheart attack\tMyocardial Infarction\tmesh\t812\n\
                    keytruda\tPembrolizumab\tname\t90\n";
        assert_eq!(String::from_utf8(encode(&table)).unwrap(), text);
        assert_eq!(decode(text.as_bytes()), Ok(table));
    }

    #[test]
    fn what_was_not_written_so_is_refused_with_its_line() {
        let long = format!("a\t{}\tmesh\t1\n", "b".repeat(LINE_BYTES_MAX));
        let many: String = (0..33).map(|number| format!("a\tb{number}\tmesh\t{number}\n")).collect();
        let cases = [
            ("", 1, "it does not begin like a list of synonyms"),
            ("a\tb\tmesh\t1\n", 2, "its end is missing"),
            ("a\tb\tmesh\n", 2, "it has not four fields"),
            ("a\tb\tmesh\t1\t2\n", 2, "it has not four fields"),
            ("\n", 2, "it has not four fields"),
            ("a\tb\tguessed\t1\n", 2, "its kind is unknown"),
            ("a\tb\tmesh\t-1\n", 2, "its number is none"),
            ("a\tb\tmesh\t4294967296\n", 2, "its number is none"),
            ("a\tb\tmesh\t1\na\t--\tmesh\t1\n", 3, "it has not two phrases"),
            ("a\tA\tmesh\t1\n", 2, "it has not two phrases"),
            ("a\tb\tmesh\t1\na\tB\tmesh\t2\n", 3, "it is there twice, or one too many of its phrase"),
            (&many, 34, "it is there twice, or one too many of its phrase"),
            (&long, 2, "it is too long"),
        ];
        for (lines, line, what) in cases {
            let text = match (lines, what) {
                ("", _) => "#synonyms 2\n".to_owned(),
                (_, "its end is missing") => format!("#synonyms 1\n{}", lines.trim_end()),
                _ => format!("#synonyms 1\n{lines}"),
            };
            assert_eq!(decode(text.as_bytes()), Err(LineError { line, what }), "{lines:?}");
        }
        assert_eq!(decode(b"#synonyms 1\n\xff").unwrap_err().to_string(), "line 2: it is not UTF-8");
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            pairs in prop::collection::vec(("[a-c]{1,2}( [a-cé])?", "[A-C]{1,2}([ -][a-cß])?", 0..4_usize, 0..9_u32), 0..200),
        ) {
            let pairs: Vec<_> =
                pairs.into_iter().map(|(a, b, kind, support)| (a, b, KINDS[kind].0, support)).collect();
            let table = synonyms(&pairs);
            prop_assert_eq!(decode(&encode(&table)), Ok(table));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100), headed: bool) {
            let head: &[u8] = if headed { b"#synonyms 1\n" } else { b"" };
            let _ = decode(&[head, &bytes].concat());
        }
    }
}

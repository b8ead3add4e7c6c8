//! How text becomes words, for records and for queries alike.
//!
//! One function serves the index, the queries and every check of them, so that a word a person types meets the
//! word in a record: compatibility forms and accents fold away, case is dropped, everything that is neither letter
//! nor digit separates, and the forms of one word become one ([`normal_form`]): plural and singular, possessive,
//! British and American spelling. That is what `EXPANSION[Term]` calls the same term.

use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Longest word kept, in bytes; what is beyond is cut off, in records and queries alike.
pub const WORD_BYTES_MAX: usize = 255;

/// Calls `each` with every word of `text`, folded and in its normal form, in order.
///
/// ```
/// let mut words = Vec::new();
/// ctgov::text::for_each_word("Anti-PD-1 für Müllers Tumours", |word| words.push(word.to_owned()));
/// assert_eq!(words, ["anti", "pd", "1", "fur", "muller", "tumor"]);
/// ```
pub fn for_each_word(text: &str, mut each: impl FnMut(&str)) {
    let mut splitter = Splitter { word: String::new(), apostrophe: Apostrophe::No, each: &mut each };
    if text.is_ascii() {
        text.bytes().for_each(|byte| splitter.push(byte.to_ascii_lowercase().into()));
    } else {
        let folded = text.nfkd().filter(|character| !is_combining_mark(*character));
        folded.flat_map(char::to_lowercase).for_each(|character| splitter.push(character));
    }
    splitter.end();
}

/// `text` in lower case and without accents: what somebody types and what stands in a record are compared like this
/// letter by letter, before whole words are there.
///
/// ```
/// assert_eq!(ctgov::text::folded("Sjögren's, Ménière"), "sjogren's, meniere");
/// ```
pub fn folded(text: &str) -> String {
    let plain = text.nfkd().filter(|character| !is_combining_mark(*character));
    plain.flat_map(char::to_lowercase).collect()
}

/// The words of `text`; see [`for_each_word`].
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for_each_word(text, |word| words.push(word.to_owned()));
    words
}

struct Splitter<'a> {
    word: String,
    apostrophe: Apostrophe,
    each: &'a mut dyn FnMut(&str),
}

/// How much of a possessive ending was met.
#[derive(PartialEq)]
enum Apostrophe {
    No,
    /// `alzheimer'`
    Met,
    /// `alzheimer's`, which is one word if nothing follows.
    WithS,
}

impl Splitter<'_> {
    fn push(&mut self, character: char) {
        let is_word = character.is_alphanumeric();
        match self.apostrophe {
            Apostrophe::Met if character == 's' => {
                self.apostrophe = Apostrophe::WithS;
                return;
            }
            Apostrophe::WithS if is_word => {
                self.give();
                self.word.push('s');
            }
            Apostrophe::Met | Apostrophe::WithS => self.give(),
            Apostrophe::No => {}
        }
        if is_word {
            if self.word.len() + character.len_utf8() <= WORD_BYTES_MAX {
                self.word.push(character);
            }
        } else if matches!(character, '\'' | '’') && !self.word.is_empty() {
            self.apostrophe = Apostrophe::Met;
        } else {
            self.give();
        }
    }

    fn end(&mut self) {
        self.give();
    }

    fn give(&mut self) {
        self.apostrophe = Apostrophe::No;
        if !self.word.is_empty() {
            (self.each)(&normal_form(&self.word));
            self.word.clear();
        }
    }
}

/// British spellings and their American forms, as parts of words.
const SPELLINGS: [(&str, &str); 24] = [
    ("haem", "hem"),
    ("aemi", "emi"),
    ("paed", "ped"),
    ("gynaec", "gynec"),
    ("anaesth", "anesth"),
    ("faec", "fec"),
    ("caecum", "cecum"),
    ("caesar", "cesar"),
    ("aetiol", "etiol"),
    ("oesoph", "esoph"),
    ("oestr", "estr"),
    ("oedem", "edem"),
    ("foet", "fet"),
    ("rrhoea", "rrhea"),
    ("pnoea", "pnea"),
    ("tumour", "tumor"),
    ("behaviour", "behavior"),
    ("colour", "color"),
    ("labour", "labor"),
    ("humour", "humor"),
    ("programme", "program"),
    ("centre", "center"),
    ("fibre", "fiber"),
    ("isation", "ization"),
];

/// The one form of a folded word that stands for all its forms.
///
/// Rules of spelling, no dictionary: a plural `s`, `es` or `ies` goes, British spellings become American. A word with
/// a digit or a letter outside `a`–`z` is its own form. Applied again it changes nothing.
pub fn normal_form(word: &str) -> Cow<'_, str> {
    if word.len() < 4 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Cow::Borrowed(word);
    }
    let mut form = singular(word);
    // Whatever the table replaces has one of these in it.
    while ["ae", "oe", "our", "mme", "tre", "bre", "isat"].iter().any(|part| form.contains(part)) {
        let Some((british, american)) = SPELLINGS.iter().find(|(british, _)| form.contains(british)) else {
            break;
        };
        form = Cow::Owned(form.replacen(british, american, 1));
    }
    form
}

fn singular(word: &str) -> Cow<'_, str> {
    let Some(stem) = word.strip_suffix('s') else { return Cow::Borrowed(word) };
    if stem.ends_with(['s', 'u', 'i']) {
        return Cow::Borrowed(word);
    }
    if let Some(stem) = stem.strip_suffix("ie").filter(|stem| stem.len() > 2) {
        return Cow::Owned(format!("{stem}y"));
    }
    let sibilant = stem
        .strip_suffix('e')
        .filter(|stem| ["ss", "us", "x", "z", "ch", "sh"].iter().any(|ending| stem.ends_with(ending)));
    Cow::Borrowed(sibilant.unwrap_or(stem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_folded_and_split() {
        let cases: [(&str, &[&str]); 9] = [
            ("", &[]),
            (" -- ", &[]),
            ("COVID-19", &["covid", "19"]),
            ("Sjögren’s Crohn's", &["sjogren", "crohn"]),
            ("CHU d'Angers, l'Ouest, 's", &["chu", "d", "anger", "l", "ouest", "s"]),
            ("x'sy 'tis' a's", &["x", "sy", "tis", "a"]),
            ("TNF-α ﬁbrosis", &["tnf", "α", "fibrosis"]),
            ("İstanbul", &["istanbul"]),
            ("IL6s CD4s", &["il6s", "cd4s"]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), expected, "text: {text:?}");
        }
    }

    #[test]
    fn the_forms_of_a_word_are_one() {
        let same = [
            "tumor tumors tumour tumours tumor's",
            "study studies study's",
            "mass masses",
            "virus viruses",
            "anemia anaemia anaemias",
            "pediatric paediatrics",
            "randomization randomisation randomizations",
            "center centre centres",
            "diarrhea diarrhoea",
        ];
        for forms in same {
            let forms = words(forms);
            assert!(forms.iter().all(|form| *form == forms[0]), "{forms:?}");
        }
        for different in ["arthritis arthriti", "is i", "gas ga", "stress stres", "use us"] {
            let forms = words(different);
            assert_ne!(forms[0], forms[1]);
        }
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(text in ".{0,200}") {
            let once = words(&text);
            prop_assert_eq!(words(&once.join(" ")), once);
        }

        #[test]
        fn a_normal_form_is_its_own(word in "[a-z]{0,12}(haem|aemi|our|ss|us|ies|es|s|isation)?(s|es)?") {
            let once = normal_form(&word).into_owned();
            prop_assert_eq!(normal_form(&once), once.clone());
        }

        #[test]
        fn words_are_bounded(text in "[a-zé]{0,600}") {
            prop_assert!(words(&text).iter().all(|word| word.len() <= WORD_BYTES_MAX));
        }
    }
}

//! `StudyQuery`: what callers ask of a registry, whoever they are and wherever the data lives.

use crate::{
    NctId, Phase, Status,
    areas::Area,
    page::PageToken,
    pieces::{self, Piece},
    text::for_each_word,
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, fmt};

/// A question about studies: which ones, in what order, which page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudyQuery {
    /// Which studies.
    pub matching: Matching,
    /// In what order; see [`Sort`].
    pub sort: Sort,
    /// How many studies a page holds, 1 to [`PAGE_SIZE_MAX`].
    pub page_size: PageSize,
    /// Where the page starts: the token that came with the page before.
    pub page_token: Option<PageToken>,
}

/// Most studies on one page (API v2, `pageSize`).
pub const PAGE_SIZE_MAX: u16 = 1_000;

/// How many studies a page holds, 1 to [`PAGE_SIZE_MAX`]; 10 unless said (API v2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u16);

impl PageSize {
    /// The size, if it is within its bounds.
    pub const fn new(size: u16) -> Option<Self> {
        if size == 0 || size > PAGE_SIZE_MAX { None } else { Some(Self(size)) }
    }

    /// The size as a length.
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(10)
    }
}

/// Which studies: all conditions must hold. Nothing given matches every study.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// Words that must all occur in an area, one entry an area asked.
    pub words: Vec<(&'static Area, Words)>,
    /// The overall status is one of these; empty asks nothing.
    pub statuses: BTreeSet<Status>,
    /// One of the study's phases is one of these; empty asks nothing.
    pub phases: BTreeSet<Phase>,
    /// The study is one of these; empty asks nothing.
    pub nct_ids: BTreeSet<NctId>,
}

/// Plain search words, folded as [`crate::text`] folds records.
///
/// A study has them when every one of them occurs somewhere in the area asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Vec<String>);

/// Longest text read as words, in characters.
pub const WORDS_CHARS_MAX: usize = 2_000;
/// Most words in one text.
pub const WORDS_MAX: usize = 64;

/// Why a text cannot be searched as plain words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WordsError {
    /// There is no letter and no digit in it.
    #[error("there is no word in it; give at least one, such as `asthma`")]
    NoWords,
    /// More than [`WORDS_CHARS_MAX`] characters or [`WORDS_MAX`] words.
    #[error("it is too long: at most {WORDS_MAX} words and {WORDS_CHARS_MAX} characters are searched")]
    TooLong,
    /// It uses the expression language, which word search does not read.
    #[error(
        "`{operator}` belongs to the expression language, which is not served yet; \
         give plain words (all of them must occur; in lower case `and`, `all` and the like are words), and filter with \
         the other parameters"
    )]
    Operator {
        /// The first operator found.
        operator: String,
    },
}

/// Upper-case words and brackets that mean something else than themselves in ClinicalTrials.gov's language.
const OPERATORS: [&str; 15] = [
    "AND",
    "OR",
    "NOT",
    "AREA",
    "SEARCH",
    "RANGE",
    "DISTANCE",
    "TILT",
    "ALL",
    "MISSING",
    "COVERAGE",
    "COVER",
    "EXPANSION",
    "EXPAND",
    "\"",
];

impl Words {
    /// Reads plain words.
    ///
    /// Commas and parentheses only separate here, which is what they mean around plain words.
    ///
    /// # Errors
    ///
    /// [`WordsError`] when there is no word, too much text, or an operator of the expression language, which is
    /// refused rather than searched as a word.
    pub fn parse(text: &str) -> Result<Self, WordsError> {
        if text.chars().nth(WORDS_CHARS_MAX).is_some() {
            return Err(WordsError::TooLong);
        }
        if let Some(operator) = text
            .split(|character: char| character.is_whitespace() || "(),".contains(character))
            .find_map(operator_in)
        {
            return Err(WordsError::Operator { operator });
        }
        let mut words: Vec<String> = Vec::new();
        for_each_word(text, |word| {
            if !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        });
        match words.len() {
            0 => Err(WordsError::NoWords),
            count if count > WORDS_MAX => Err(WordsError::TooLong),
            _ => Ok(Self(words)),
        }
    }

    /// The words, folded, each once, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

fn operator_in(word: &str) -> Option<String> {
    if let Some(bracket) = word.chars().find(|character| "[]\"\\".contains(*character)) {
        return Some(bracket.into());
    }
    OPERATORS.iter().find(|operator| **operator == word).map(|operator| (*operator).to_owned())
}

/// The order of the studies: up to two keys, then the NCT number, so that it is always total.
///
/// A study without a key's value comes last, in both directions (API v2, `sort`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sort(Vec<SortKey>);

/// One key of a [`Sort`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// By what.
    pub by: SortBy,
    /// Whether large values come first.
    pub descending: bool,
}

/// What studies can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// How well the words match.
    Relevance,
    /// A date or a number of the record.
    Piece(SortPiece),
}

/// A piece that studies can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortPiece {
    /// The piece.
    pub piece: Piece,
    /// How its values compare.
    pub kind: SortKind,
}

/// How the values of a [`SortPiece`] compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKind {
    /// Dates; a partial one counts as its first day. Newest first unless said.
    Date,
    /// Whole numbers. Smallest first unless said.
    Number,
}

impl SortPiece {
    /// The piece's value in `study` as one number that compares like it: a date as `yyyymmdd`.
    pub fn key(self, study: &serde_json::Value) -> Option<i64> {
        match self.kind {
            SortKind::Date => date_key(self.piece.text(study)?),
            SortKind::Number => {
                let mut number = None;
                self.piece.for_each_value(study, |value| number = number.or(value.as_i64()));
                number
            }
        }
    }
}

/// `2020-03` → 20200301; nothing for what is not a date.
fn date_key(text: &str) -> Option<i64> {
    let mut parts = text.split('T').next()?.split('-');
    let mut part = |digits: usize, range: std::ops::RangeInclusive<i64>| match parts.next() {
        None => Some(*range.start()),
        Some(text) if text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().ok().filter(|number| range.contains(number))
        }
        Some(_) => None,
    };
    let (year, month, day) = (part(4, 1..=9_999)?, part(2, 1..=12)?, part(2, 1..=31)?);
    Some(year * 10_000 + month * 100 + day)
}

/// Every piece that studies can be ordered by.
pub const SORTABLE: [SortPiece; 16] = {
    const fn date(piece: Piece) -> SortPiece {
        SortPiece { piece, kind: SortKind::Date }
    }
    [
        date(pieces::LAST_UPDATE_POST_DATE),
        date(pieces::START_DATE),
        date(pieces::PRIMARY_COMPLETION_DATE),
        date(pieces::COMPLETION_DATE),
        date(pieces::STUDY_FIRST_POST_DATE),
        date(pieces::RESULTS_FIRST_POST_DATE),
        SortPiece { piece: pieces::ENROLLMENT_COUNT, kind: SortKind::Number },
        date(pieces::STATUS_VERIFIED_DATE),
        date(pieces::STUDY_FIRST_SUBMIT_DATE),
        date(pieces::STUDY_FIRST_SUBMIT_QC_DATE),
        date(pieces::RESULTS_FIRST_SUBMIT_DATE),
        date(pieces::RESULTS_FIRST_SUBMIT_QC_DATE),
        date(pieces::DISP_FIRST_SUBMIT_DATE),
        date(pieces::DISP_FIRST_SUBMIT_QC_DATE),
        date(pieces::DISP_FIRST_POST_DATE),
        date(pieces::LAST_UPDATE_SUBMIT_DATE),
    ]
};

/// Why a text is no [`Sort`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SortError {
    /// No date or number has this name.
    #[error("cannot sort by `{name}`; sort by one of {}, or @relevance", sortable_names())]
    UnknownField {
        /// What was asked, cut to a printable length.
        name: String,
    },
    /// The direction is neither `asc` nor `desc`.
    #[error("`{direction}` is no direction; write `{name}:asc` or `{name}:desc`")]
    UnknownDirection {
        /// The field it stands at.
        name: &'static str,
        /// What was asked, cut to a printable length.
        direction: String,
    },
    /// More than two keys.
    #[error("at most two sort keys are taken, such as `LastUpdatePostDate:desc,EnrollmentCount:desc`")]
    TooManyKeys,
}

fn sortable_names() -> String {
    SORTABLE.map(|sortable| sortable.piece.name()).join(", ")
}

impl Sort {
    /// Most keys of one sort (API v2).
    pub const KEYS_MAX: usize = 2;

    /// Reads `LastUpdatePostDate:desc,EnrollmentCount`; comma or pipe separate, names in any case.
    ///
    /// # Errors
    ///
    /// [`SortError`] names what cannot be sorted by and everything that can.
    pub fn parse(text: &str) -> Result<Self, SortError> {
        let mut keys = Vec::new();
        for item in text.split([',', '|']).map(str::trim).filter(|item| !item.is_empty()) {
            if keys.len() == Self::KEYS_MAX {
                return Err(SortError::TooManyKeys);
            }
            keys.push(SortKey::parse(item)?);
        }
        Ok(Self(keys))
    }

    /// The keys as given, the most significant first.
    pub fn keys(&self) -> &[SortKey] {
        &self.0
    }
}

impl SortKey {
    fn parse(item: &str) -> Result<Self, SortError> {
        let (name, direction) = match item.split_once(':') {
            Some((name, direction)) => (name, Some(direction)),
            None => (item, None),
        };
        let by = if name.eq_ignore_ascii_case("@relevance") {
            SortBy::Relevance
        } else {
            let known = SORTABLE.into_iter().find(|known| known.piece.name().eq_ignore_ascii_case(name));
            SortBy::Piece(
                known.ok_or_else(|| SortError::UnknownField { name: name.chars().take(60).collect() })?,
            )
        };
        let descending = match direction {
            None => by.descending_by_default(),
            Some(direction) if direction.eq_ignore_ascii_case("asc") => false,
            Some(direction) if direction.eq_ignore_ascii_case("desc") => true,
            Some(direction) => {
                let direction = direction.chars().take(60).collect();
                return Err(SortError::UnknownDirection { name: by.name(), direction });
            }
        };
        Ok(Self { by, descending })
    }
}

impl SortBy {
    const fn descending_by_default(self) -> bool {
        !matches!(self, Self::Piece(SortPiece { kind: SortKind::Number, .. }))
    }

    /// The name it is asked by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Relevance => "@relevance",
            Self::Piece(sortable) => sortable.piece.name(),
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, key) in self.0.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            let direction = if key.descending { "desc" } else { "asc" };
            write!(f, "{comma}{}:{direction}", key.by.name())?;
        }
        Ok(())
    }
}

impl StudyQuery {
    /// The keys that really order the answer: those asked; with words and no keys, relevance.
    pub fn sort_keys(&self) -> &[SortKey] {
        const BEST_FIRST: &[SortKey] = &[SortKey { by: SortBy::Relevance, descending: true }];
        if self.sort.0.is_empty() && !self.matching.words.is_empty() { BEST_FIRST } else { &self.sort.0 }
    }

    /// A digest of everything that decides which studies come in which order, and of nothing else.
    ///
    /// Pages of one walk share it; a page token made for another question does not.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Sha256::new();
        let mut item = |tag: &[u8], text: &[u8]| {
            hash.update(tag);
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        for (area, words) in &self.matching.words {
            item(b"a", area.name.as_bytes());
            words.iter().for_each(|word| item(b"w", word.as_bytes()));
        }
        self.matching.statuses.iter().for_each(|status| item(b"s", status.as_str().as_bytes()));
        self.matching.phases.iter().for_each(|phase| item(b"p", phase.as_str().as_bytes()));
        self.matching.nct_ids.iter().for_each(|id| item(b"i", &id.number().to_le_bytes()));
        self.sort_keys()
            .iter()
            .for_each(|key| item(if key.descending { b">" } else { b"<" }, key.by.name().as_bytes()));
        let digest = hash.finalize();
        u64::from_le_bytes(std::array::from_fn(|index| digest[index]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::areas;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn operators_are_refused_by_name_and_words_are_read() {
        let cases = [
            ("Breast  cancer, (HER2)", Ok(vec!["breast", "cancer", "her2"])),
            ("salt and pepper or not", Ok(vec!["salt", "and", "pepper", "or", "not"])),
            ("cancer cancer", Ok(vec!["cancer"])),
            ("asthma AND copd", Err("`AND`")),
            ("(NOT copd)", Err("`NOT`")),
            ("AREA[Phase]PHASE3", Err("`[`")),
            ("\"heart attack\"", Err("`\"`")),
            ("?!", Err("no word")),
            ("", Err("no word")),
        ];
        for (text, expected) in cases {
            match (Words::parse(text), expected) {
                (Ok(words), Ok(expected)) => assert_eq!(words.iter().collect::<Vec<_>>(), expected, "{text}"),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{text}: {error}"),
                (read, expected) => panic!("{text}: {read:?}, expected {expected:?}"),
            }
        }
        assert_eq!(Words::parse(&"x ".repeat(1_001)), Err(WordsError::TooLong));
        let many: String = (0..=WORDS_MAX).map(|n| format!("w{n} ")).collect();
        assert_eq!(Words::parse(&many), Err(WordsError::TooLong));
    }

    #[test]
    fn sorts_are_read_with_their_default_directions() {
        let cases = [
            ("LastUpdatePostDate", Ok("LastUpdatePostDate:desc")),
            ("enrollmentcount", Ok("EnrollmentCount:asc")),
            ("StartDate:asc|EnrollmentCount:DESC", Ok("StartDate:asc,EnrollmentCount:desc")),
            ("@relevance", Ok("@relevance:desc")),
            ("", Ok("")),
            ("BriefTitle", Err("cannot sort by `BriefTitle`")),
            ("StartDate:up", Err("write `StartDate:asc` or `StartDate:desc`")),
            ("StartDate,CompletionDate,EnrollmentCount", Err("at most two")),
        ];
        for (text, expected) in cases {
            match (Sort::parse(text), expected) {
                (Ok(sort), Ok(expected)) => assert_eq!(sort.to_string(), expected, "{text}"),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{text}: {error}"),
                (read, expected) => panic!("{text}: {read:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn dates_and_numbers_become_keys_that_compare_like_them() {
        let cases = [
            ("2020", Some(20_200_101)),
            ("2020-03", Some(20_200_301)),
            ("2020-03-15", Some(20_200_315)),
            ("2020-03-15T08:30", Some(20_200_315)),
            ("2020-13", None),
            ("2020-3", None),
            ("March 2020", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(date_key(text), expected, "{text}");
        }
        let enrollment = SORTABLE.into_iter().find(|known| known.kind == SortKind::Number).unwrap();
        let study =
            |count| json!({"protocolSection": {"designModule": {"enrollmentInfo": {"count": count}}}});
        assert_eq!(enrollment.key(&study(json!(120))), Some(120));
        assert_eq!(enrollment.key(&study(json!("120"))), None);
    }

    #[test]
    fn the_fingerprint_tells_questions_apart_and_ignores_the_page() {
        let words =
            |area, text| Matching { words: vec![(area, Words::parse(text).unwrap())], ..Default::default() };
        let base = StudyQuery { matching: words(&areas::BASIC, "asthma child"), ..Default::default() };
        let mut seen = vec![base.fingerprint()];
        let others = [
            StudyQuery { matching: words(&areas::TITLE, "asthma child"), ..Default::default() },
            StudyQuery { matching: words(&areas::BASIC, "asthmachild"), ..Default::default() },
            StudyQuery { sort: Sort::parse("StartDate").unwrap(), ..base.clone() },
            StudyQuery { sort: Sort::parse("StartDate:asc").unwrap(), ..base.clone() },
            StudyQuery::default(),
        ];
        for other in others {
            assert!(!seen.contains(&other.fingerprint()), "{other:?}");
            seen.push(other.fingerprint());
        }
        let later = StudyQuery { page_size: PageSize::new(50).unwrap(), ..base.clone() };
        assert_eq!(later.fingerprint(), base.fingerprint());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,300}") {
            let _ = (Words::parse(&text), Sort::parse(&text), date_key(&text));
        }
    }
}

//! `Synonyms`: which phrases mean the same, as far as a registry's own records tell.
//!
//! ClinicalTrials.gov expands terms with UMLS, which is not ours to ship. This table is learnt from the records
//! (conditions and their MeSH terms, interventions and their other names, abbreviations and their long forms) and
//! may be added to; it is a stated approximation, and every answer can list what it used.

use std::collections::HashMap;

/// Most synonyms that one phrase has; the best supported are kept.
pub const SYNONYMS_MAX: usize = 32;

/// Phrases and their synonyms. Phrases are compared as [words](crate::text).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Synonyms {
    by_phrase: HashMap<String, Vec<Synonym>>,
}

/// A phrase that means the same as another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synonym {
    /// Its words; see [`crate::text`].
    pub words: Vec<String>,
    /// The phrase as people write it.
    pub label: String,
    /// Where it is known from.
    pub kind: SynonymKind,
    /// How many studies say so; 0 where nobody but [`SynonymKind::Added`] does.
    pub support: u32,
}

/// Where a synonym is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SynonymKind {
    /// A condition and the MeSH term that the registry gave it.
    Mesh,
    /// An intervention and another name of it.
    OtherName,
    /// A long form and its abbreviation.
    Abbreviation,
    /// Said by whoever runs the mirror.
    Added,
}

impl Synonym {
    /// Somebody's word counts more than any number of studies.
    fn rank(&self) -> (bool, u32) {
        (self.kind == SynonymKind::Added, self.support)
    }
}

impl Synonyms {
    /// No synonyms at all.
    pub fn none() -> &'static Self {
        static NONE: std::sync::LazyLock<Synonyms> = std::sync::LazyLock::new(Synonyms::default);
        &NONE
    }

    /// The synonyms of the phrase with these words: those that were added first, then the best supported.
    pub fn of(&self, words: &[String]) -> &[Synonym] {
        if self.by_phrase.is_empty() {
            return &[];
        }
        self.by_phrase.get(&words.join(" ")).map_or(&[], Vec::as_slice)
    }

    /// Lets `synonym` be found for the phrase with `words`. One that is known already is kept once, as the better of
    /// the two; beyond [`SYNONYMS_MAX`] the last goes. A phrase is no synonym of itself.
    pub fn add(&mut self, words: &[String], synonym: Synonym) {
        if words.is_empty() || synonym.words.is_empty() || words == synonym.words.as_slice() {
            return;
        }
        let known = self.by_phrase.entry(words.join(" ")).or_default();
        match known.iter_mut().find(|known| known.words == synonym.words) {
            Some(known) if known.rank() < synonym.rank() => *known = synonym,
            Some(_) => {}
            None => known.push(synonym),
        }
        known.sort_by(|a, b| b.rank().cmp(&a.rank()).then_with(|| a.words.cmp(&b.words)));
        known.truncate(SYNONYMS_MAX);
    }

    /// Every phrase, as words with spaces between, and its synonyms; in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Synonym])> {
        self.by_phrase.iter().map(|(phrase, synonyms)| (phrase.as_str(), synonyms.as_slice()))
    }

    /// How many phrases have synonyms.
    pub fn len(&self) -> usize {
        self.by_phrase.len()
    }

    /// Whether no phrase has a synonym.
    pub fn is_empty(&self) -> bool {
        self.by_phrase.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::words;

    fn synonym(label: &str, support: u32) -> Synonym {
        Synonym { words: words(label), label: label.into(), kind: SynonymKind::Mesh, support }
    }

    #[test]
    fn synonyms_are_found_by_words_best_supported_first_and_bounded() {
        let mut synonyms = Synonyms::default();
        synonyms.add(&words("Heart attacks"), synonym("Myocardial Infarction", 3));
        synonyms.add(&words("heart attack"), synonym("AMI", 9));
        synonyms.add(&words("heart attack"), synonym("ami", 5));
        synonyms.add(&words("heart attack"), synonym("Heart Attack", 50));
        let labels: Vec<_> =
            synonyms.of(&words("heart attack")).iter().map(|found| found.label.as_str()).collect();
        assert_eq!(labels, ["AMI", "Myocardial Infarction"]);
        assert!(synonyms.of(&words("stroke")).is_empty());
        for count in 0..100 {
            synonyms.add(&words("heart attack"), synonym(&format!("x{count}"), 10 + count));
        }
        assert_eq!(synonyms.of(&words("heart attack")).len(), SYNONYMS_MAX);
    }
}

//! Pairs: which studies have a frequent word beside another, so that a phrase with such words has few candidates.
//!
//! Nearly every study has `of` and `the` somewhere: a phrase with them would be looked for in hundreds of thousands of
//! studies, piece by piece. How often they stand beside a certain word is another matter. The field `pair` has every
//! two neighbours of a value of which one is frequent, whatever the piece; studies that lack a pair of a phrase lack
//! the phrase.

use rustc_hash::FxHashSet;
use std::sync::LazyLock;
use tantivy::{Term, schema::Field};

/// Words that stand in most records, in the normal form of [`ctgov::text`].
const FREQUENT: [&str; 28] = [
    "a",
    "after",
    "all",
    "an",
    "and",
    "are",
    "as",
    "at",
    "be",
    "by",
    "for",
    "from",
    "hospital",
    "in",
    "is",
    "of",
    "on",
    "or",
    "that",
    "the",
    "this",
    "to",
    "university",
    "was",
    "were",
    "who",
    "will",
    "with",
];

fn is_frequent(word: &str) -> bool {
    static SET: LazyLock<FxHashSet<&str>> = LazyLock::new(|| FREQUENT.into_iter().collect());
    SET.contains(word)
}

/// Adds the pairs of the values in `folded` to `pairs`, each followed by a line break: values stand in lines, with
/// single spaces between their words.
pub(super) fn add(folded: &str, pairs: &mut String) {
    for value in folded.split('\n') {
        let mut words = value.split(' ').map(|word| (word, is_frequent(word)));
        let Some(mut left) = words.next() else { continue };
        for right in words {
            if left.1 || right.1 {
                pairs.extend([left.0, " ", right.0, "\n"]);
            }
            left = right;
        }
    }
}

/// The terms that every study with the phrase has.
pub(super) fn terms(field: Field, phrase: &[String]) -> Vec<Term> {
    let pairs = phrase.windows(2).filter(|pair| pair.iter().any(|word| is_frequent(word)));
    pairs.map(|pair| Term::from_field_text(field, &pair.join(" "))).collect()
}

/// Those words of a phrase that no pair has.
pub(super) fn others(phrase: &[String]) -> Vec<String> {
    let in_pair = |at: usize| {
        let around = [at.checked_sub(1), at.checked_add(1)];
        let beside = around.into_iter().flatten().filter_map(|other| phrase.get(other));
        beside.into_iter().any(|other| is_frequent(other) || is_frequent(&phrase[at]))
    };
    (0..phrase.len()).filter(|at| !in_pair(*at)).map(|at| phrase[at].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_words_are_in_their_normal_form() {
        for word in FREQUENT {
            assert_eq!(ctgov::text::words(word), [word]);
        }
    }

    #[test]
    fn pairs_have_a_frequent_word_and_stay_within_a_value() {
        let mut pairs = String::new();
        add("lack of sleep in adult human\n\nor", &mut pairs);
        assert_eq!(pairs, "lack of\nof sleep\nsleep in\nin adult\n");
        let phrase = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        assert_eq!(terms(Field::from_field_id(0), &phrase("lack of deep sleep")).len(), 2);
        assert_eq!(others(&phrase("lack of deep sleep")), ["sleep"]);
        assert_eq!(others(&phrase("deep sleep")), ["deep", "sleep"]);
        assert_eq!(others(&phrase("of")), ["of"]);
    }
}

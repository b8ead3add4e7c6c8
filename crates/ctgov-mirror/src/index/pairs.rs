//! Pairs: which studies have a frequent word beside another, so that a phrase with such words has few candidates.
//!
//! Nearly every study has `of` and `the` somewhere: a phrase with them would be looked for in hundreds of thousands of
//! studies, piece by piece. How often they stand beside a certain word is another matter. The field `pair` has every
//! two neighbours of a value of which one is frequent, those outside of `BasicSearch`, the area that most questions
//! look at, with a mark. Studies that lack a pair of a phrase lack the phrase; and of two words the pair says it all.

use ctgov::{
    areas::{self, Area},
    pieces::Piece,
};
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

/// The area whose pairs have no mark.
const UNMARKED: &Area = &areas::BASIC;
/// Follows the pairs of other pieces. No word has it in it.
const ELSEWHERE: char = '\u{1}';

/// Adds the pairs of a piece's values in `folded` to `pairs`, each followed by a line break: values stand in lines,
/// with single spaces between their words.
pub(super) fn add(piece: Piece, folded: &str, pairs: &mut String) {
    let mark = if UNMARKED.pieces().any(|(known, _)| known == piece) { None } else { Some(ELSEWHERE) };
    for value in folded.split('\n') {
        let mut words = value.split(' ').map(|word| (word, is_frequent(word)));
        let Some(mut left) = words.next() else { continue };
        for right in words {
            if left.1 || right.1 {
                pairs.extend([left.0, " ", right.0]);
                pairs.extend(mark);
                pairs.push('\n');
            }
            left = right;
        }
    }
}

/// For each pair of a phrase that is looked for in `area`, the terms of which every study with the phrase has one.
pub(super) fn terms(field: Field, phrase: &[String], area: Option<&Area>) -> Vec<Vec<Term>> {
    let pairs = phrase.windows(2).filter(|pair| pair.iter().any(|word| is_frequent(word)));
    let of_pair = |pair: &[String]| {
        let mut text = pair.join(" ");
        let mut terms = vec![Term::from_field_text(field, &text)];
        if area != Some(UNMARKED) {
            text.push(ELSEWHERE);
            terms.push(Term::from_field_text(field, &text));
        }
        terms
    };
    pairs.map(of_pair).collect()
}

/// The pair that exactly those studies have that have the phrase somewhere in `area`, if one pair says it all.
pub(super) fn says_all(field: Field, phrase: &[String], area: Option<&Area>) -> Option<Term> {
    match terms(field, phrase, area).as_slice() {
        [pair] if phrase.len() == 2 && area == Some(UNMARKED) => pair.first().cloned(),
        _ => None,
    }
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
        add(Piece::named("BriefTitle"), "lack of sleep in adult human\n\nor", &mut pairs);
        assert_eq!(pairs, "lack of\nof sleep\nsleep in\nin adult\n");
        pairs.clear();
        add(Piece::named("WhyStopped"), "lack of interest", &mut pairs);
        assert_eq!(pairs, "lack of\u{1}\nof interest\u{1}\n");
        let phrase = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        let lack = phrase("lack of deep sleep");
        let count = |area| terms(Field::from_field_id(0), &lack, area).iter().map(Vec::len).sum::<usize>();
        assert_eq!((count(Some(UNMARKED)), count(None)), (2, 4));
        let says_all = |text: &str, area| says_all(Field::from_field_id(0), &phrase(text), area).is_some();
        assert!(says_all("of sleep", Some(UNMARKED)));
        assert!(!says_all("of sleep", None) && !says_all("deep sleep", Some(UNMARKED)));
        assert!(!says_all("lack of sleep", Some(UNMARKED)));
        assert_eq!(others(&phrase("lack of deep sleep")), ["sleep"]);
        assert_eq!(others(&phrase("deep sleep")), ["deep", "sleep"]);
        assert_eq!(others(&phrase("of")), ["of"]);
    }
}

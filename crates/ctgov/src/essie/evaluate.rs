//! Whether a study meets a [`Condition`]: the definition of correct.
//!
//! [`matches()`] reads the record itself and takes no shortcut that changes an answer; whatever else answers conditions
//! must agree with it. A study is [`Prepared`] once and asked many things: what a piece's values, words and keys are
//! is worked out when the first condition asks for it, and kept.
//!
//! ```
//! use ctgov::{DEFAULT_AREA, essie::{Target, evaluate::{Prepared, matches}, parse, resolve}, synonyms::Synonyms};
//!
//! let study = serde_json::json!({"protocolSection": {"designModule": {"phases": ["PHASE2", "PHASE3"]}}});
//! let expr = parse("AREA[Phase]PHASE3").unwrap();
//! let condition = resolve(&expr, Target::Area(DEFAULT_AREA), Synonyms::none()).unwrap();
//! assert!(matches(&condition, &Prepared::new(&study)));
//! ```

mod explain;
mod prepared;

pub use explain::{Match, explain};
pub use prepared::Prepared;

use super::{Circle, Condition, Coverage, Expansion, Place, Words};
use crate::{NctId, pieces::Piece};
use prepared::{Value, Whose};
use serde_json::Value as Json;
use std::{borrow::Cow, collections::BTreeSet};

/// Whether the study meets the condition.
pub fn matches(condition: &Condition, study: &Prepared<'_>) -> bool {
    meets(condition, study, Whose::Study)
}

/// Whether the site of the study at this place in its record meets the condition.
pub fn site_matches(condition: &Condition, study: &Prepared<'_>, site: usize) -> bool {
    site < study.sites().len() && meets(condition, study, Whose::Site(site))
}

/// Whether the study, or one of its sites, meets the condition.
fn meets(condition: &Condition, study: &Prepared<'_>, whose: Whose) -> bool {
    match condition {
        Condition::All => true,
        Condition::None => false,
        Condition::Ids(ids) => whose == Whose::Study && id_among(study, ids).is_some(),
        Condition::Words(words) => stands(words, study, whose),
        Condition::OneOf { piece, values, .. } => {
            study.values(*piece).of(whose).iter().any(|value| is_one_of(value, values))
        }
        Condition::Between { measure, interval } => {
            study.keys(*measure).of(whose).iter().any(|key| interval.contains(*key))
        }
        Condition::Within { piece, circle } => {
            study.values(*piece).of(whose).iter().any(|value| is_within(value, circle))
        }
        Condition::Present(pieces) => pieces.iter().any(|piece| is_present(study, *piece, whose)),
        Condition::Sites(inner) => match whose {
            Whose::Study => first_site(inner, study).is_some(),
            // A site is the one site that it knows.
            Whose::Site(_) => meets(inner, study, whose),
        },
        Condition::Study(inner) => meets(inner, study, Whose::Study),
        Condition::And(parts) => parts.iter().all(|part| meets(part, study, whose)),
        Condition::Or(parts) => parts.iter().any(|part| meets(part, study, whose)),
        Condition::Not(inner) => !meets(inner, study, whose),
        Condition::Tilt(_, inner) => meets(inner, study, whose),
    }
}

/// The first site that meets the condition.
fn first_site(condition: &Condition, study: &Prepared<'_>) -> Option<usize> {
    // Words that are in no site together are in none alone.
    if matches!(condition, Condition::Words(words) if !stands(words, study, Whose::Study)) {
        return None;
    }
    (0..study.sites().len()).find(|site| meets(condition, study, Whose::Site(*site)))
}

/// The study's number or former number that is one of `ids`.
fn id_among<'a>(study: &Prepared<'a>, ids: &BTreeSet<NctId>) -> Option<(Piece, &'a Json)> {
    const NUMBERS: [Piece; 2] = [Piece::named("NCTId"), Piece::named("NCTIdAlias")];
    NUMBERS.into_iter().find_map(|piece| {
        let is_among = |value: &&Json| {
            value.as_str().and_then(|id| id.parse().ok()).is_some_and(|id: NctId| ids.contains(&id))
        };
        study.values(piece).of(Whose::Study).iter().copied().find(is_among).map(|value| (piece, value))
    })
}

fn is_one_of(value: &Json, values: &BTreeSet<&'static str>) -> bool {
    match value {
        Json::String(text) => values.contains(text.as_str()),
        Json::Bool(true) => values.contains("true"),
        Json::Bool(false) => values.contains("false"),
        _ => false,
    }
}

fn is_within(point: &Json, circle: &Circle) -> bool {
    let degrees = |key: &str| point.get(key).and_then(Json::as_f64);
    match (degrees("lat"), degrees("lon")) {
        (Some(latitude), Some(longitude)) => circle.contains(latitude, longitude),
        _ => false,
    }
}

fn is_present(study: &Prepared<'_>, piece: Piece, whose: Whose) -> bool {
    study.values(piece).of(whose).iter().any(|value| piece.is_value(value))
}

/// Whether the words stand in the record.
fn stands(words: &Words, study: &Prepared<'_>, whose: Whose) -> bool {
    // Apart first: where they may, it is the wider question, and the quicker one.
    stands_apart(words, study, whose).is_some() || stands_together(words, study, whose).is_some()
}

/// The first value in which the words, or a synonym of them, stand one after the other, and how far they had to be
/// expanded. Without words there is none, whatever the synonyms.
fn stands_together<'a>(
    words: &Words,
    study: &Prepared<'a>,
    whose: Whose,
) -> Option<(Expansion, Piece, &'a str)> {
    if words.words.is_empty() {
        return None;
    }
    know(words, study);
    let verbatim = words.expansion == Expansion::None;
    if let Some(phrase) = study.numbers_of(&words.words) {
        let is_covered = |value: &str| !verbatim || covers_verbatim(value, &words.text, words.coverage);
        if let Some((piece, text)) =
            first_value(&words.pieces, study, whose, &phrase, words.coverage, is_covered)
        {
            let expansion = if verbatim { Expansion::None } else { Expansion::Term };
            return Some((expansion, piece, text));
        }
    }
    if words.expansion < Expansion::Concept {
        return None;
    }
    words.synonyms.iter().find_map(|synonym| {
        let phrase = study.numbers_of(synonym)?;
        let expanded = words.pieces.iter().filter(|place| place.synonyms);
        let found = first_value(expanded, study, whose, &phrase, words.coverage, |_| true);
        found.map(|(piece, text)| (Expansion::Concept, piece, text))
    })
}

/// Whether all of the words, or as many as is enough, stand anywhere in the record, and which of the two.
fn stands_apart(words: &Words, study: &Prepared<'_>, whose: Whose) -> Option<Expansion> {
    let (all, some) = (words.relaxed, words.expansion == Expansion::Lossy);
    if !all && !some {
        return None;
    }
    know(words, study);
    let is_somewhere = |word: &String| {
        study.number_of(word).is_some_and(|word| {
            words.pieces.iter().any(|place| study.texts(place.piece).has_word(word, whose))
        })
    };
    if all && !words.words.is_empty() && words.words.iter().all(is_somewhere) {
        return Some(Expansion::Relaxation);
    }
    (some && words.words.iter().any(is_somewhere)).then_some(Expansion::Lossy)
}

/// Reads the texts that words are looked for in, so that every word in them has its number.
fn know(words: &Words, study: &Prepared<'_>) {
    words.pieces.iter().for_each(|place| _ = study.texts(place.piece));
}

/// The first value that `phrase` covers and that passes `is_covered`.
fn first_value<'a, 'p>(
    places: impl IntoIterator<Item = &'p Place>,
    study: &Prepared<'a>,
    whose: Whose,
    phrase: &[u32],
    coverage: Coverage,
    is_covered: impl Fn(&str) -> bool,
) -> Option<(Piece, &'a str)> {
    places.into_iter().find_map(|place| {
        let texts = study.texts(place.piece);
        if !phrase.iter().all(|word| texts.has_word(*word, Whose::Study)) {
            return None;
        }
        let covered =
            |value: &&Value<'a>| covers(texts.words_of(value), phrase, coverage) && is_covered(value.text);
        texts.of(whose).iter().find(covered).map(|value| (place.piece, value.text))
    })
}

/// Whether `phrase` covers a value with these words as `coverage` says. No words cover nothing.
fn covers(value: &[u32], phrase: &[u32], coverage: Coverage) -> bool {
    let Some((first, rest)) = phrase.split_first() else { return false };
    match coverage {
        Coverage::Contains => {
            let mut firsts = value.iter().enumerate().filter(|(_, word)| *word == first);
            firsts.any(|(at, _)| value[at + 1..].starts_with(rest))
        }
        Coverage::FullMatch => value == phrase,
        Coverage::StartsWith => value.starts_with(phrase),
        Coverage::EndsWith => value.ends_with(phrase),
    }
}

/// Whether `text`, character by character and at the borders of words, covers `value` as `coverage` says. Runs of
/// white space are one space, white space around the value is none.
fn covers_verbatim(value: &str, text: &str, coverage: Coverage) -> bool {
    // Where there is no white space to compare, that of the value makes no difference.
    let as_is = coverage == Coverage::Contains && !text.contains(' ');
    let value = if as_is { Cow::Borrowed(value) } else { one_spaced(value) };
    let value = value.as_ref();
    let Some(first) = text.chars().next() else { return false };
    let last = text.chars().next_back().unwrap_or(first);
    let stands_at = |start: usize| {
        let (before, from) = value.split_at(start);
        let meets_border = |inner: char, outer: Option<char>| {
            !(inner.is_alphanumeric() && outer.is_some_and(char::is_alphanumeric))
        };
        meets_border(first, before.chars().next_back())
            && meets_border(last, from[text.len()..].chars().next())
    };
    match coverage {
        Coverage::FullMatch => value == text,
        Coverage::StartsWith => value.starts_with(text) && stands_at(0),
        Coverage::EndsWith => value.ends_with(text) && stands_at(value.len() - text.len()),
        Coverage::Contains => {
            // One after the other, and not only those that do not overlap.
            let mut from = 0;
            while let Some(at) = value[from..].find(text).map(|at| from + at) {
                if stands_at(at) {
                    return true;
                }
                from = at + first.len_utf8();
            }
            false
        }
    }
}

fn one_spaced(text: &str) -> Cow<'_, str> {
    let is_plain = |text: &str| {
        let mut after_space = false;
        text.chars().all(|character| {
            let is_space = character.is_whitespace();
            let plain = !is_space || (character == ' ' && !after_space);
            after_space = is_space;
            plain
        })
    };
    let text = text.trim();
    if is_plain(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{pieces, text};
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn characters_are_compared_as_they_are_at_the_borders_of_words() {
        use Coverage::{Contains, EndsWith, FullMatch, StartsWith};
        let cases = [
            ("a cat sat", "cat", Contains, true),
            ("a Cat sat", "cat", Contains, false),
            ("concat", "cat", Contains, false),
            ("cats", "cat", Contains, false),
            ("concat cat", "cat", Contains, true),
            ("cat-like", "cat", Contains, true),
            ("cat\u{301}", "cat", Contains, true),
            ("caté", "cat", Contains, false),
            ("f(x)y", "(x)", Contains, true),
            ("aa-aa-a", "aa-a", Contains, true),
            ("the\u{a0} \n cat ", "the cat", Contains, true),
            ("thecat", "the cat", Contains, false),
            ("  the  cat ", "the cat", FullMatch, true),
            ("the cat.", "the cat", FullMatch, false),
            ("  the  cat ", "the", StartsWith, true),
            ("then", "the", StartsWith, false),
            ("  the  cat ", "cat", EndsWith, true),
            ("concat", "cat", EndsWith, false),
            ("cat", "cats", EndsWith, false),
            ("", "cat", Contains, false),
            ("cat", "", Contains, false),
        ];
        for (value, text, coverage, expected) in cases {
            assert_eq!(covers_verbatim(value, text, coverage), expected, "{text:?} {coverage:?} {value:?}");
        }
    }

    #[test]
    fn a_record_of_another_shape_is_asked_like_any_other() {
        let records = [
            json!(null),
            json!("text"),
            json!({"protocolSection": [], "hasResults": "true"}),
            json!({"protocolSection": {"contactsLocationsModule": {"locations": {"city": "Boston"}}}}),
            json!({"protocolSection": {"contactsLocationsModule": {"locations": [null, 3, ["x"], {"geoPoint": 5}]}}}),
            json!({"protocolSection": {"designModule": {"phases": [[null, 7, {}]], "enrollmentInfo": {"count": "many"}}}}),
        ];
        let circle =
            Circle { latitude: 0.0, longitude: 0.0, radius: 1e9, unit: crate::essie::LengthUnit::Miles };
        for record in &records {
            let study = Prepared::new(record);
            for piece in Piece::all() {
                let leaves = [
                    Condition::OneOf { piece, values: BTreeSet::from(["Boston", "PHASE1"]), weight: 1.0 },
                    Condition::Within { piece, circle },
                ];
                for leaf in leaves {
                    let somewhere = Condition::Sites(leaf.clone().into());
                    assert!(!matches(&leaf, &study) && !matches(&somewhere, &study), "{leaf:?} {record}");
                }
                let _ = (study.texts(piece), study.keys(pieces::Measure::Values(piece)));
                let _ = study.keys(pieces::Measure::Size(piece));
            }
        }
    }

    const CITY: Piece = Piece::named("LocationCity");
    const TITLE: Piece = Piece::named("BriefTitle");
    const KEYWORD: Piece = Piece::named("Keyword");

    /// Texts of few words, so that they often have some in common.
    fn some_text() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(vec!["a", "b", "B", "bs", "c-a", " ", "é"]), 0..5)
            .prop_map(|parts| parts.join(" "))
    }

    fn some_words() -> impl Strategy<Value = Words> {
        use Coverage::{Contains, EndsWith, FullMatch, StartsWith};
        use Expansion::{Concept, Lossy, None, Relaxation, Term};
        let place = (prop::sample::select(vec![TITLE, KEYWORD, CITY]), any::<bool>())
            .prop_map(|(piece, synonyms)| Place { piece, weight: 1.0, synonyms });
        (
            some_text(),
            prop::collection::vec(place, 1..3),
            prop::sample::select(vec![None, Term, Concept, Relaxation, Lossy]),
            prop::sample::select(vec![Contains, FullMatch, StartsWith, EndsWith]),
            any::<bool>(),
            prop::collection::vec(some_text(), 0..2),
        )
            .prop_map(|(text, pieces, expansion, coverage, relaxed, synonyms)| {
                let coverage = if expansion > Concept { Contains } else { coverage };
                let synonyms = if expansion >= Concept { synonyms } else { Vec::new() };
                Words {
                    words: text::words(&text),
                    text: text.split_whitespace().collect::<Vec<_>>().join(" "),
                    pieces,
                    area: Option::None,
                    expansion,
                    coverage,
                    relaxed: relaxed && expansion >= Relaxation,
                    synonyms: synonyms.iter().map(|synonym| text::words(synonym)).collect(),
                }
            })
    }

    /// What the documentation of [`Words`] says, word for word, and nothing kept.
    fn plainly(words: &Words, record: &Json, in_site: bool) -> bool {
        let mut values = Vec::new();
        for place in &words.pieces {
            let mut add = |value: &Json| values.push((*place, value.as_str().unwrap_or_default().to_owned()));
            if in_site {
                place.piece.for_each_value_in_site(record, &mut add);
            } else {
                place.piece.for_each_value(record, &mut add);
            }
        }
        let covered = |value: &str, phrase: &[String]| {
            let value = text::words(value);
            !phrase.is_empty()
                && match words.coverage {
                    Coverage::Contains => value.windows(phrase.len()).any(|part| part == phrase),
                    Coverage::FullMatch => value == phrase,
                    Coverage::StartsWith => value.starts_with(phrase),
                    Coverage::EndsWith => value.ends_with(phrase),
                }
        };
        let is_somewhere = |word: &String| values.iter().any(|(_, value)| text::words(value).contains(word));
        let expansion = words.expansion;
        let verbatim =
            |value: &str| expansion > Expansion::None || covers_verbatim(value, &words.text, words.coverage);
        !words.words.is_empty()
            && (values.iter().any(|(_, value)| covered(value, &words.words) && verbatim(value))
                || expansion >= Expansion::Concept
                    && values.iter().any(|(place, value)| {
                        place.synonyms && words.synonyms.iter().any(|synonym| covered(value, synonym))
                    })
                || words.relaxed && words.words.iter().all(is_somewhere)
                || expansion == Expansion::Lossy && words.words.iter().any(is_somewhere))
    }

    proptest! {
        #[test]
        fn what_is_kept_changes_no_answer(
            title in some_text(),
            keywords in prop::collection::vec(some_text(), 0..3),
            cities in prop::collection::vec(some_text(), 0..4),
            asked in prop::collection::vec(some_words(), 1..6),
        ) {
            let sites: Vec<_> = cities.iter().map(|city| json!({"city": city})).collect();
            let record = json!({"protocolSection": {
                "identificationModule": {"briefTitle": title},
                "conditionsModule": {"keywords": keywords},
                "contactsLocationsModule": {"locations": sites},
            }});
            let study = Prepared::new(&record);
            for words in asked {
                let of_study = Condition::Words(words.clone());
                prop_assert_eq!(matches(&of_study, &study), plainly(&words, &record, false), "{:?}", words);
                let of_sites = Condition::Sites(of_study.clone().into());
                let in_some = sites.iter().any(|site| plainly(&words, site, true));
                prop_assert_eq!(matches(&of_sites, &study), in_some, "{:?}", words);
                let in_all = !sites.iter().any(|site| !plainly(&words, site, true));
                let not_one = Condition::Not(Condition::Sites(Condition::Not(of_study.clone().into()).into()).into());
                prop_assert_eq!(matches(&not_one, &study), in_all, "{:?}", words);
                for condition in [of_study, of_sites] {
                    let holds = matches(&condition, &study);
                    prop_assert_eq!(!explain(&condition, &study).is_empty(), holds, "{:?}", words);
                }
            }
        }
    }
}

//! Why a study meets a condition.

use super::{
    Prepared, Whose, first_site, id_among, is_one_of, is_present, is_within, meets, stands_apart,
    stands_together,
};
use crate::{
    essie::{Condition, Expansion, Words},
    pieces::{Measure, Piece},
    text,
};
use serde_json::Value as Json;

/// Longest [`Match::value`], in characters.
const VALUE_CHARS_MAX: usize = 200;

/// What of a record a leaf of a condition was met by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The words that were asked for, if it was words.
    pub text: Option<String>,
    /// How far the words had to be expanded to be found, if it was words.
    pub expansion: Option<Expansion>,
    /// Where it was found.
    pub piece: Piece,
    /// Which site it was found in, by its place in the record, if it was asked of sites.
    pub site: Option<usize>,
    /// What stands there, cut around the words to at most 200 characters.
    pub value: String,
}

/// What of the study the condition is met by: of every leaf that holds the first thing that it holds for, in the order
/// of the condition. Nothing if the condition does not hold, and nothing for what must not be.
pub fn explain(condition: &Condition, study: &Prepared<'_>) -> Vec<Match> {
    let mut matches = Vec::new();
    if meets(condition, study, Whose::Study) {
        collect(condition, study, Whose::Study, &mut matches);
    }
    matches
}

/// Adds what meets `condition`, which holds.
fn collect(condition: &Condition, study: &Prepared<'_>, whose: Whose, matches: &mut Vec<Match>) {
    let mut add = |piece: Piece, value: String| matches.push(Match::new(piece, whose, value));
    match condition {
        Condition::All | Condition::None | Condition::Not(_) => {}
        Condition::Ids(ids) => {
            if let Some((piece, value)) = id_among(study, ids) {
                add(piece, shown(value));
            }
        }
        Condition::Words(words) => matches.extend(of_words(words, study, whose)),
        Condition::OneOf { piece, values, .. } => {
            let holding = study.values(*piece).of(whose).iter().find(|value| is_one_of(value, values));
            holding.into_iter().for_each(|value| add(*piece, shown(value)));
        }
        Condition::Within { piece, circle } => {
            let holding = study.values(*piece).of(whose).iter().find(|value| is_within(value, circle));
            holding.into_iter().for_each(|value| add(*piece, shown(value)));
        }
        Condition::Between { measure, interval } => {
            let keys = study.keys(*measure).of(whose);
            let values = study.values(measure.piece()).of(whose);
            if let Some(at) = keys.iter().position(|key| interval.contains(*key)) {
                // A value that is no date or number has no key, so the two may not go side by side.
                let value = values.get(at).filter(|_| values.len() == keys.len());
                let value = value.filter(|_| matches!(measure, Measure::Values(_)));
                add(measure.piece(), value.map_or_else(|| keys[at].to_string(), |value| shown(value)));
            }
        }
        Condition::Present(pieces) => {
            if let Some(piece) = pieces.iter().find(|piece| is_present(study, **piece, whose)) {
                let first = study.values(*piece).of(whose).first();
                add(*piece, first.map(|value| shown(value)).unwrap_or_default());
            }
        }
        Condition::Sites(inner) => match whose {
            Whose::Study => {
                if let Some(site) = first_site(inner, study) {
                    collect(inner, study, Whose::Site(site), matches);
                }
            }
            Whose::Site(_) => collect(inner, study, whose, matches),
        },
        Condition::Study(inner) => collect(inner, study, Whose::Study, matches),
        Condition::Tilt(_, inner) => collect(inner, study, whose, matches),
        Condition::And(parts) => parts.iter().for_each(|part| collect(part, study, whose, matches)),
        Condition::Or(parts) => {
            let holding = parts.iter().filter(|part| meets(part, study, whose));
            holding.for_each(|part| collect(part, study, whose, matches));
        }
    }
}

impl Match {
    fn new(piece: Piece, whose: Whose, value: String) -> Self {
        let site = match whose {
            Whose::Study => None,
            Whose::Site(site) => Some(site),
        };
        Self { text: None, expansion: None, piece, site, value }
    }
}

fn of_words(words: &Words, study: &Prepared<'_>, whose: Whose) -> Option<Match> {
    let (expansion, piece, value) = match stands_together(words, study, whose) {
        Some(together) => together,
        None => {
            let expansion = stands_apart(words, study, whose)?;
            let (piece, value) = with_most_words(words, study, whose)?;
            (expansion, piece, value)
        }
    };
    let looked_for = match expansion {
        Expansion::Concept => words.synonyms.concat(),
        _ => words.words.clone(),
    };
    let value = excerpt(value, &looked_for);
    let text = Some(words.text.clone());
    Some(Match { text, expansion: Some(expansion), ..Match::new(piece, whose, value) })
}

/// The value with the most of the words, the first of several.
fn with_most_words<'a>(words: &Words, study: &Prepared<'a>, whose: Whose) -> Option<(Piece, &'a str)> {
    let asked: Vec<u32> = words.words.iter().filter_map(|word| study.number_of(word)).collect();
    let mut best = (0, None);
    for place in &words.pieces {
        let texts = study.texts(place.piece);
        for value in texts.of(whose) {
            let has = texts.words_of(value);
            let count = asked.iter().filter(|word| has.contains(word)).count();
            if count > best.0 {
                best = (count, Some((place.piece, value.text)));
            }
        }
    }
    best.1
}

/// `value`, cut to [`VALUE_CHARS_MAX`] characters such that the first of `words` in it is seen.
fn excerpt(value: &str, words: &[String]) -> String {
    if value.chars().count() <= VALUE_CHARS_MAX {
        return value.to_owned();
    }
    let mut start = 0;
    for part in value.split_inclusive(char::is_whitespace) {
        let mut is_asked = false;
        text::for_each_word(part, |word| is_asked |= words.iter().any(|asked| asked == word));
        if is_asked {
            break;
        }
        start += part.len();
    }
    if start == value.len() {
        start = 0;
    }
    // Some of what comes before helps to read it.
    let before = value[..start].char_indices().rev().take(VALUE_CHARS_MAX / 4).last();
    let start = before.map_or(start, |(at, _)| at);
    cut(&value[start..], start > 0)
}

/// `text`, cut to [`VALUE_CHARS_MAX`] characters, `…` standing for what is left out before and after.
fn cut(text: &str, is_continued: bool) -> String {
    let room = VALUE_CHARS_MAX - usize::from(is_continued);
    let mut cut = String::from(if is_continued { "…" } else { "" });
    if text.chars().count() <= room {
        cut.push_str(text);
    } else {
        cut.extend(text.chars().take(room - 1));
        cut.push('…');
    }
    cut
}

fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => cut(text, false),
        other => cut(&other.to_string(), false),
    }
}

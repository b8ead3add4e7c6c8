//! From a record to what the index keeps of it: one entry for the study, one for each of its sites.

use super::{
    fields::{Fields, Form, Style, format_term, style},
    prints::{Print, term},
};
use ctgov::{
    NctId, areas,
    pieces::{self, Order, Piece},
    tabulate::date_format,
    text::for_each_word,
};
use rustc_hash::FxHashMap;
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeSet, fmt::Write as _};
use tantivy::TantivyDocument;

/// What is kept of a study.
#[derive(Debug)]
pub(crate) struct Entry {
    pub study: TantivyDocument,
    pub sites: Vec<TantivyDocument>,
}

/// The schemas that entries are made for.
#[derive(Clone, Debug)]
pub(crate) struct Schemas {
    pub studies: Fields,
    pub sites: Fields,
}

impl Schemas {
    pub(crate) fn new() -> Self {
        use super::fields::Kinds;
        Self { studies: Fields::new(Kinds::Studies), sites: Fields::new(Kinds::Sites) }
    }

    /// The entry of `study`, whose id is `id`.
    pub(crate) fn entry(&self, id: NctId, study: &Value) -> Entry {
        // With those of the sites: areas and pairs are of all a study says.
        let values = Values::of(|piece, each| piece.for_each_value(study, each));
        let words = Words::of(&values);
        let mut entry = common(&self.studies, id, &values, &words);
        for (measure, field) in &self.studies.measures {
            measure.for_each_key(study, |key| entry.add_i64(*field, key));
        }
        add_areas(&self.studies, &words, &mut entry);
        if let Some(field) = self.studies.pair {
            let mut pairs = String::new();
            for piece in Piece::all().filter(|piece| style(*piece) == Style::Positions) {
                super::pairs::add(piece, words.lines(piece), &mut pairs);
            }
            entry.add_text(field, pairs);
        }
        if let Some(field) = self.studies.synonym {
            super::synonyms::for_each_statement(study, |statement| entry.add_text(field, statement));
        }
        let sites = pieces::sites(study).iter().enumerate();
        Entry { study: entry, sites: sites.map(|(position, site)| self.site(id, position, site)).collect() }
    }

    fn site(&self, id: NctId, position: usize, site: &Value) -> TantivyDocument {
        let fields = &self.sites;
        let values = Values::of(|piece, each| piece.for_each_value_in_site(site, each));
        let words = Words::of(&values);
        let mut entry = common(fields, id, &values, &words);
        for (measure, field) in &fields.measures {
            measure.for_each_key_in_site(site, |key| entry.add_i64(*field, key));
        }
        if let (Some(field), Some(point)) = (fields.position, fields.point) {
            entry.add_u64(field, position as u64);
            const POINT: Piece = Piece::named("LocationGeoPoint");
            for (latitude, longitude) in values.get(POINT).iter().filter_map(|value| super::geo::point(value))
            {
                entry.add_bytes(point, &super::geo::key(latitude, longitude));
            }
        }
        entry
    }
}

/// The values of every piece in a study or site, looked up once.
struct Values<'a>(Vec<Vec<&'a Value>>);

impl<'a> Values<'a> {
    /// Takes what `for_each` calls its second argument with.
    fn of(for_each: impl Fn(Piece, &mut dyn FnMut(&'a Value))) -> Self {
        let of_piece = |piece| {
            let mut values = Vec::new();
            for_each(piece, &mut |value| values.push(value));
            values
        };
        Self(Piece::all().map(of_piece).collect())
    }

    fn get(&self, piece: Piece) -> &[&'a Value] {
        &self.0[piece.index()]
    }
}

/// The words of the text pieces of a study or site: the values of each in lines, with single spaces between words.
struct Words(Vec<String>);

impl Words {
    fn of(values: &Values<'_>) -> Self {
        let of_piece = |piece: Piece| {
            let mut lines = String::new();
            if piece.kind().is_text() {
                values.get(piece).iter().for_each(|value| fold(value, &mut lines));
            }
            lines
        };
        Self(Piece::all().map(of_piece).collect())
    }

    fn lines(&self, piece: Piece) -> &str {
        &self.0[piece.index()]
    }
}

/// Adds the words of a value as a line, if there are any.
fn fold(value: &Value, lines: &mut String) {
    let Some(text) = value.as_str() else { return };
    let start = lines.len();
    for_each_word(text, |word| {
        if lines.len() > start {
            lines.push(' ');
        } else if start > 0 {
            lines.push('\n');
        }
        lines.push_str(word);
    });
}

/// What studies and sites have in common.
fn common(fields: &Fields, id: NctId, values: &Values<'_>, words: &Words) -> TantivyDocument {
    let mut entry = TantivyDocument::new();
    entry.add_u64(fields.nct, id.number().into());
    for piece in Piece::all().filter(|piece| values.get(*piece).iter().any(|value| piece.is_value(value))) {
        entry.add_text(fields.present, piece.name());
    }
    for piece in Piece::all().filter(|piece| piece.kind().order() == Some(Order::Dates)) {
        let formats = values.get(piece).iter().filter_map(|value| date_format(value.as_str()?));
        for format in formats.collect::<BTreeSet<_>>() {
            entry.add_text(fields.present, format_term(piece, format));
        }
    }
    for (piece, field) in &fields.values {
        for value in values.get(*piece) {
            match value {
                Value::String(text) => entry.add_text(*field, text),
                Value::Bool(yes) => entry.add_text(*field, if *yes { "true" } else { "false" }),
                _ => {}
            }
        }
    }
    for (piece, field, _) in &fields.texts {
        let lines = words.lines(*piece);
        if !lines.is_empty() {
            entry.add_text(*field, lines);
        }
    }
    add_columns(fields, values, &mut entry);
    entry
}

/// Adds the values of the pieces that have columns, each once.
fn add_columns(fields: &Fields, values: &Values<'_>, entry: &mut TantivyDocument) {
    let mut texts: Vec<Cow<'_, str>> = Vec::new();
    let mut prints: Vec<Print> = Vec::new();
    for (piece, field, form) in &fields.columns {
        texts.extend(values.get(*piece).iter().filter_map(|value| value_text(*piece, value)));
        match form {
            Form::Terms => {
                texts.sort_unstable();
                texts.dedup();
                texts.drain(..).for_each(|text| entry.add_text(*field, term(&text)));
            }
            Form::Prints => {
                prints.extend(texts.drain(..).map(|text| Print::of(&text)));
                prints.sort_unstable();
                prints.dedup();
                prints.drain(..).for_each(|print| entry.add_u64(*field, print.0));
            }
        }
    }
}

/// A value of a piece as text: a text itself, everything else as JSON.
pub(super) fn value_text(piece: Piece, value: &Value) -> Option<Cow<'_, str>> {
    let text = || value.as_str().map_or_else(|| value.to_string().into(), Cow::Borrowed);
    piece.is_value(value).then(text)
}

/// How many levels a word can have in an area.
pub(crate) const LEVELS: u8 = 31;

/// How much a word counts in a value of a piece that has `weight` in the area, as a level from 1 to [`LEVELS`].
///
/// A value that is nothing but the word counts in full; the longer it is, the less it is about one of its words.
pub(crate) fn level(weight: f32, words: usize) -> u8 {
    let share = match words {
        0..=1 => 1.0,
        2..=4 => 0.95,
        5..=12 => 0.9,
        13..=40 => 0.85,
        _ => 0.8,
    };
    (weight * share * f32::from(LEVELS)).round().clamp(1.0, f32::from(LEVELS)) as u8
}

/// Between a word and its level in the terms of an area's field. No word has it in it.
pub(crate) const LEVEL_MARK: char = '\u{1}';

/// Adds to the field of each area every word of its pieces, once, with the best level it has there.
fn add_areas(fields: &Fields, words: &Words, entry: &mut TantivyDocument) {
    /// The best level of a word so far, one an area.
    type Levels = [u8; areas::ALL.len()];
    let mut levels: FxHashMap<&str, Levels> = FxHashMap::default();
    for (piece, weights) in &fields.weights {
        for line in words.lines(*piece).lines() {
            let count = 1 + line.bytes().filter(|byte| *byte == b' ').count();
            for word in line.split(' ') {
                let best = levels.entry(word).or_default();
                for (at, weight) in weights {
                    best[*at] = best[*at].max(level(*weight, count));
                }
            }
        }
    }
    let mut texts = vec![String::new(); fields.areas.len()];
    for (word, levels) in &levels {
        for (text, level) in texts.iter_mut().zip(levels) {
            if *level > 0 {
                // Written to a string, which cannot fail.
                let _ = write!(text, "{word}{LEVEL_MARK}{} ", char::from(b'@' + level));
            }
        }
    }
    for ((_, field), text) in fields.areas.iter().zip(texts) {
        if !text.is_empty() {
            entry.add_text(*field, text);
        }
    }
}

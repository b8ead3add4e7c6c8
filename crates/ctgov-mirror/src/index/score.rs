//! Relevance: how well a study's text matches the words asked.
//!
//! A word counts as much as its best place: the largest, over the area's *strong* pieces, of the piece's weight
//! times BM25. The words' scores add up. A word that occurs only in weak pieces matches but adds nothing.
//!
//! The score depends on the records alone. How rare a word is, is counted over the studies that are there, and how
//! long texts usually are comes with the generation; tantivy's own statistics also count replaced records until
//! their segment is merged, and would give one order on one replica and another on the next, under the same data
//! version. It is a whole number (millionths), so that a page token carries it exactly.

use super::{Fields, StudyIndex};
use ctgov::Matching;
use tantivy::{
    DocId, DocSet, SegmentReader, TERMINATED, Term,
    fieldnorm::FieldNormReader,
    postings::{Postings, SegmentPostings},
    schema::{Field, IndexRecordOption},
};

/// A piece of at least this weight decides about relevance; the rest (contacts, ancestors of terms, outcome
/// descriptions: long, and rarely what a study is about) only matches.
pub(super) const STRONG_WEIGHT_MIN: f32 = 0.3;

/// How soon a word's repetition stops counting, BM25's usual value.
const K1: f64 = 1.2;
/// How much a text's length counts, BM25's usual value.
const B: f64 = 0.75;
const PER_ONE: f64 = 1_000_000.0;

/// The words of a question with what is known about them over all segments.
pub(super) struct Scoring {
    words: Vec<Word>,
}

struct Word {
    rarity: f64,
    places: Vec<Place>,
}

struct Place {
    term: Term,
    field: Field,
    weight: f64,
    usual_length: f64,
}

impl Scoring {
    pub(super) fn new(index: &StudyIndex, matching: &Matching) -> tantivy::Result<Self> {
        let studies = index.studies() as f64;
        let mut words = Vec::new();
        for (area, asked) in &matching.words {
            for word in asked.iter() {
                let strong = area.pieces().filter(|(_, weight)| *weight >= STRONG_WEIGHT_MIN);
                let places = strong.map(|(piece, weight)| {
                    let field = index.fields.piece(piece);
                    let words = index.piece_words.get(piece.name()).copied().unwrap_or_default();
                    Place {
                        term: Term::from_field_text(field, word),
                        field,
                        weight: weight.into(),
                        usual_length: (words as f64 / studies.max(1.0)).max(f64::MIN_POSITIVE),
                    }
                });
                let places = places.collect();
                let found = index.studies_with(&Term::from_field_text(index.fields.area(area), word))?;
                let rarity = (1.0 + (studies - found as f64 + 0.5) / (found as f64 + 0.5)).ln();
                words.push(Word { rarity, places });
            }
        }
        Ok(Self { words })
    }

    /// A scorer for the studies of one segment.
    pub(super) fn segment(&self, segment: &SegmentReader) -> tantivy::Result<SegmentScorer> {
        let mut words = Vec::with_capacity(self.words.len());
        for word in &self.words {
            let mut places = Vec::new();
            for place in &word.places {
                let postings = segment
                    .inverted_index(place.field)?
                    .read_postings(&place.term, IndexRecordOption::WithFreqs)?;
                if let Some(postings) = postings {
                    places.push(SegmentPlace {
                        postings,
                        lengths: segment.get_fieldnorms_reader(place.field)?,
                        weight: place.weight * word.rarity,
                        usual_length: place.usual_length,
                    });
                }
            }
            words.push(places);
        }
        Ok(SegmentScorer { words })
    }
}

impl StudyIndex {
    /// How many studies have the term. Exact: replaced records do not count.
    fn studies_with(&self, term: &Term) -> tantivy::Result<u64> {
        let mut found = 0;
        for segment in &self.segments {
            let inverted = segment.inverted_index(term.field())?;
            found += match (inverted.get_term_info(term)?, segment.alive_bitset()) {
                (None, _) => 0,
                (Some(info), None) => u64::from(info.doc_freq),
                (Some(info), Some(alive)) => {
                    let postings = inverted.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
                    postings.doc_freq_given_deletes(alive).into()
                }
            };
        }
        Ok(found)
    }

    /// How many words all studies together have in each piece, for the manifest.
    pub(crate) fn count_piece_words(&self) -> tantivy::Result<std::collections::BTreeMap<String, u64>> {
        let Fields { pieces, .. } = &self.fields;
        let mut counts = std::collections::BTreeMap::new();
        for (piece, field) in pieces {
            let mut words = 0;
            for segment in &self.segments {
                let lengths = segment.get_fieldnorms_reader(*field)?;
                words += segment.doc_ids_alive().map(|doc| u64::from(lengths.fieldnorm(doc))).sum::<u64>();
            }
            counts.insert(piece.name().to_owned(), words);
        }
        Ok(counts)
    }
}

/// Scores the studies of one segment, which must be asked for in ascending order.
pub(super) struct SegmentScorer {
    words: Vec<Vec<SegmentPlace>>,
}

struct SegmentPlace {
    postings: SegmentPostings,
    lengths: FieldNormReader,
    weight: f64,
    usual_length: f64,
}

impl SegmentScorer {
    pub(super) fn score(&mut self, doc: DocId) -> i64 {
        let words = self.words.iter_mut();
        let score: f64 =
            words.map(|places| places.iter_mut().map(|place| place.score(doc)).fold(0.0, f64::max)).sum();
        (score * PER_ONE).round() as i64
    }
}

impl SegmentPlace {
    fn score(&mut self, doc: DocId) -> f64 {
        let mut at = self.postings.doc();
        if at < doc {
            at = self.postings.seek(doc);
        }
        if at != doc || at == TERMINATED {
            return 0.0;
        }
        let count = f64::from(self.postings.term_freq());
        let length = f64::from(self.lengths.fieldnorm(doc)) / self.usual_length;
        self.weight * count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length))
    }
}

//! Levels: the ways in which a study can have a term, the best first.
//!
//! ```text
//! one word          the lists of the word in the area, a level each
//! several words     a value is the words and nothing else; they stand in a value, one after the other
//! either            a synonym stands in a value
//! ```
//!
//! What a way counts is its share (see [`score`](super::score)); ways of the same share are one level. A study counts
//! by the first level it is in. Those in no level have the words apart, or a synonym where it hardly counts.

use super::{
    bits::Bits,
    execute::{Execution, Of},
    score::{CONCEPT, EXACT, LEXICAL, PHRASE_WEIGHT_MIN, RELAXATION, of_level, single_word},
    words::{for_each_block, level_lists},
};
use ctgov::{
    RegistryError,
    essie::{Coverage, Words},
    pieces::{Kind, Piece},
};
use std::{cmp::Reverse, iter::Peekable, vec::IntoIter};
use tantivy::postings::BlockSegmentPostings;

/// One way to have a term.
enum Way {
    /// The word is in this list, of documents from `start` on.
    Listed { start: u32, list: Box<BlockSegmentPostings> },
    /// The words cover a value of a piece so.
    Phrase(Piece, Coverage),
    /// One of the synonyms is in a value of a piece.
    Synonym(Piece),
}

/// The levels of a term that were not read yet.
pub(super) struct Levels<'a> {
    execution: &'a Execution<'a>,
    words: &'a Words,
    ways: Peekable<IntoIter<(u32, Way)>>,
    /// The studies that can have each synonym, once one was looked for.
    candidates: Vec<Option<Bits>>,
    /// The most that a study can count that is in no level.
    pub below: u32,
}

impl<'a> Levels<'a> {
    pub(super) fn of(execution: &'a Execution<'a>, words: &'a Words) -> Result<Self, RegistryError> {
        let (mut ways, mut below) = (Vec::new(), RELAXATION);
        match single_word(execution, words) {
            Some((field, word)) => {
                below = 1;
                for (start, segment) in execution.index.studies.iter() {
                    let lists = level_lists(segment, field, word);
                    for (level, list) in lists.map_err(|error| execution.index.unavailable(error))? {
                        ways.push((of_level(level), Way::Listed { start, list: list.into() }));
                    }
                }
            }
            None => add_phrases(words, &mut ways),
        }
        if !words.synonyms.is_empty() {
            let places = words.pieces.iter().filter(|place| place.synonyms && is_strong(place.weight, words));
            ways.extend(places.map(|place| ((place.weight * CONCEPT) as u32, Way::Synonym(place.piece))));
        }
        ways.sort_by_key(|(share, _)| Reverse(*share));
        Ok(Self { execution, words, ways: ways.into_iter().peekable(), candidates: Vec::new(), below })
    }

    /// Reads the next level: takes its studies out of `rest` and calls `each` with its share and them.
    ///
    /// Returns the share; nothing when no level is left.
    pub(super) fn read(
        &mut self,
        rest: &mut Bits,
        mut each: impl FnMut(u32, u32),
    ) -> Result<Option<u32>, RegistryError> {
        let Some(share) = self.ways.peek().map(|(share, _)| *share) else { return Ok(None) };
        while let Some((_, way)) = self.ways.next_if(|(other, _)| *other == share) {
            let found = match way {
                Way::Listed { start, list } => {
                    for_each_block(*list, self.execution.budget, |docs| {
                        for study in docs.iter().map(|doc| start + doc) {
                            if rest.contains(study) {
                                rest.remove(study);
                                each(share, study);
                            }
                        }
                    })?;
                    continue;
                }
                Way::Phrase(piece, coverage) => {
                    let mut found = Bits::none(rest.len());
                    let words = &self.words.words;
                    self.execution.in_piece(Of::Studies, piece, words, coverage, Some(rest), &mut found)?;
                    found
                }
                Way::Synonym(piece) => self.with_synonym(piece, rest)?,
            };
            found.iter().for_each(|study| each(share, study));
            rest.and_not(&found);
        }
        Ok(Some(share))
    }

    /// Those of `rest` that have a synonym in `piece`.
    fn with_synonym(&mut self, piece: Piece, rest: &Bits) -> Result<Bits, RegistryError> {
        if self.candidates.is_empty() {
            for synonym in &self.words.synonyms {
                let candidates =
                    self.execution.phrase_candidates(Of::Studies, self.words, synonym, Some(rest))?;
                self.candidates.push(candidates);
            }
        }
        let mut found = Bits::none(rest.len());
        for (synonym, candidates) in self.words.synonyms.iter().zip(&mut self.candidates) {
            if let Some(candidates) = candidates.as_mut() {
                candidates.and(rest);
            }
            let within = candidates.as_ref().or(Some(rest));
            self.execution.in_piece(Of::Studies, piece, synonym, self.words.coverage, within, &mut found)?;
        }
        Ok(found)
    }
}

/// Whether phrases are looked for where words weigh so much.
fn is_strong(weight: f32, words: &Words) -> bool {
    weight >= PHRASE_WEIGHT_MIN || words.area.is_none()
}

/// Adds where several words are looked for, and how they cover their value.
fn add_phrases(words: &Words, ways: &mut Vec<(u32, Way)>) {
    for place in words.pieces.iter().filter(|place| is_strong(place.weight, words)) {
        // Nobody writes a summary of two words.
        if words.coverage == Coverage::Contains && !matches!(place.piece.kind(), Kind::Markup) {
            ways.push(((place.weight * EXACT) as u32, Way::Phrase(place.piece, Coverage::FullMatch)));
        }
        let share = if words.coverage == Coverage::FullMatch { EXACT } else { LEXICAL };
        ways.push(((place.weight * share) as u32, Way::Phrase(place.piece, words.coverage)));
    }
}

//! `Condition`: what an expression asks of a record, with every name, date and default worked out.
//!
//! The index and the evaluator both answer conditions, and nothing else: whatever an expression means is decided
//! once, in [`resolve`](super::resolve()).

use super::ast::{Circle, Coverage, Expansion};
use crate::{
    NctId,
    areas::Area,
    pieces::{Measure, Piece},
};
use std::collections::BTreeSet;

/// What is asked of a record: of a study, or within [`Condition::Sites`] of one of its sites.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Every record.
    All,
    /// No record.
    None,
    /// The study is one of these, by its number or a former one (`NCTIdAlias`). Of studies only.
    Ids(BTreeSet<NctId>),
    /// Words stand in certain pieces.
    Words(Words),
    /// A value of the piece is one of these, character by character. For vocabularies and booleans.
    OneOf {
        /// The piece.
        piece: Piece,
        /// The values, as records have them; a boolean's are `true` and `false`.
        values: BTreeSet<&'static str>,
        /// How much a match counts, above 0 and at most 1.
        weight: f32,
    },
    /// A key of the measure lies in the interval.
    Between {
        /// What is measured.
        measure: Measure,
        /// Where its key must lie.
        interval: Interval,
    },
    /// A point of the piece lies in the circle.
    Within {
        /// A piece of kind [`GeoPoint`](crate::pieces::Kind::GeoPoint).
        piece: Piece,
        /// The circle.
        circle: Circle,
    },
    /// One of the pieces has a value: a leaf a scalar other than null, a struct some leaf below it.
    Present(Vec<Piece>),
    /// Some site of the study meets the condition. Of studies only.
    Sites(Box<Condition>),
    /// The site's study meets the condition. Of sites only.
    Study(Box<Condition>),
    /// All hold; there are two or more.
    And(Vec<Condition>),
    /// One holds; there are two or more.
    Or(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// It holds; among those for which it does, a larger key of the measure is better.
    Tilt(Measure, Box<Condition>),
}

/// An interval of keys (see [`Measure::for_each_key`]), both ends included; `i64::MIN` and `i64::MAX` are open ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Interval {
    /// The least key.
    pub from: i64,
    /// The greatest key.
    pub to: i64,
}

impl Interval {
    /// Whether `key` lies in it.
    pub const fn contains(self, key: i64) -> bool {
        self.from <= key && key <= self.to
    }
}

/// Words that must stand in certain pieces of a record.
///
/// A value is a single text of a piece; its words are those of [`crate::text`]. With `V` the values of `pieces` in the
/// record, the words are found when one of these holds, as far as `expansion` goes:
///
/// 1. *None*: [`words`](Self::words) stand one after the other in a value, covering it as `coverage` says, and so does
///    [`text`](Self::text), character by character at the borders of words, white space aside.
/// 2. *Term*: `words` stand one after the other in a value, covering it as `coverage` says.
/// 3. *Concept*: as 2, for one of `synonyms` in a value of a piece that takes them.
/// 4. *Relaxation*, if [`relaxed`](Self::relaxed): every one of `words` is a word of some value in `V`.
/// 5. *Lossy*: at least one of `words` is a word of some value in `V`.
///
/// Without a word nothing is found.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// What was written, runs of white space one space.
    pub text: String,
    /// The words of `text`, in order, repetitions kept.
    pub words: Vec<String>,
    /// Where they are looked for.
    pub pieces: Vec<Place>,
    /// The area that `pieces` are the text pieces of, if one was named rather than a piece.
    pub area: Option<&'static Area>,
    /// What counts as the same words.
    pub expansion: Expansion,
    /// How much of a value they cover. Other than `Contains` only with `expansion` up to `Concept`.
    pub coverage: Coverage,
    /// Whether the words may stand apart: not for a phrase in quotes, and only from `Relaxation` on.
    pub relaxed: bool,
    /// Other phrases for the same, as words; empty below `Concept`.
    pub synonyms: Vec<Vec<String>>,
}

/// A piece that words are looked for in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The piece.
    pub piece: Piece,
    /// How much a word found here counts, above 0 and at most 1.
    pub weight: f32,
    /// Whether synonyms are looked for here.
    pub synonyms: bool,
}

//! `EssieError`: why a text is no expression, or asks what cannot be asked.

use super::Span;
use crate::pieces::Piece;

/// Why an expression cannot be answered, and where in it.
///
/// `Display` is what ClinicalTrials.gov says where its words are on record, without the `Error parsing query in …: `
/// that comes first there.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{problem}")]
pub struct EssieError {
    /// What is wrong.
    pub problem: Problem,
    /// Where, in bytes of the text that was read.
    pub span: Span,
}

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// It does not follow the grammar. Several mistakes are separated by line breaks.
    #[error("{0}")]
    Syntax(String),
    /// An operator has nothing to work on.
    #[error("inner bool query clause cannot be null")]
    NoOperand,
    /// It is longer or more deeply nested than allowed, or has too many terms.
    #[error("Too complicated query: {0}")]
    TooComplicated(String),
    /// `AREA[…]` names nothing.
    #[error("Unknown area name: `{0}`")]
    UnknownArea(String),
    /// `COVERAGE[…]` has another argument than those there are.
    #[error("Invalid coverage: {0}")]
    InvalidCoverage(String),
    /// `EXPANSION[…]` has another argument than those there are.
    #[error("Invalid expansion: {0}")]
    InvalidExpansion(String),
    /// `SEARCH[…]` has another argument than those there are.
    #[error("Invalid search document: {0}")]
    InvalidScope(String),
    /// `DISTANCE[…]` is of no place on the globe, or not of a length.
    #[error("Invalid distance: {0}")]
    InvalidDistance(String),
    /// A term is no value of the vocabulary it is looked for in.
    #[error("Allowed values for enum field `{}` are {}", .0.path(), allowed(*.0))]
    NotInVocabulary(Piece),
    /// A term or range cannot be read as what the piece's values are.
    #[error("cannot read `{text}` as a value of `{}`: {expected}", .piece.name())]
    NotAValue {
        /// The piece.
        piece: Piece,
        /// What was given, cut to a printable length.
        text: String,
        /// What would be right, with an example.
        expected: &'static str,
    },
    /// What is asked does not go with the piece or area.
    #[error("{operation} does not work on `{name}`: {why}")]
    NotApplicable {
        /// What was asked, `RANGE`.
        operation: &'static str,
        /// The piece or area.
        name: &'static str,
        /// Why, and what to ask instead.
        why: &'static str,
    },
    /// Two operators exclude each other.
    #[error("{0}")]
    Conflict(&'static str),
}

fn allowed(piece: Piece) -> String {
    let values = piece.enumeration().map_or(&[][..], |enumeration| enumeration.values);
    values.iter().map(|value| format!("`{}`", value.value)).collect::<Vec<_>>().join(", ")
}

impl Problem {
    pub(crate) fn at(self, span: Span) -> EssieError {
        EssieError { problem: self, span }
    }
}

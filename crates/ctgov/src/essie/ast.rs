//! `Expr`: a question in ClinicalTrials.gov's expression language, as it is written.
//!
//! The tree says what stands where; what it asks of a record is decided later, by
//! [`resolve`](crate::essie::resolve()).

use crate::{areas::Area, pieces::Measure, pieces::Piece};
use std::ops::Range;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// `ALL`: every record, whatever the context.
    All,
    /// `MISSING`: no value in the area of the context.
    Missing(Span),
    /// Words or a phrase.
    Term(Term),
    /// `RANGE[a,b]`, inclusive.
    Range {
        /// The lower end.
        from: Bound,
        /// The upper end.
        to: Bound,
        /// Where it stands.
        span: Span,
    },
    /// `DISTANCE[latitude,longitude,radius]`.
    Distance {
        /// The circle.
        circle: Circle,
        /// Where it stands.
        span: Span,
    },
    /// `NOT e`.
    Not(Box<Expr>),
    /// `a AND b …`, two or more.
    And(Vec<Expr>),
    /// `a OR b …`, two or more.
    Or(Vec<Expr>),
    /// An operator that says how what follows is read.
    In(Context, Box<Expr>),
}

/// How what follows is read.
#[derive(Clone, Debug, PartialEq)]
pub enum Context {
    /// `AREA[x]`: where to look.
    Area(Target),
    /// `SEARCH[x]`: of what records.
    Search(Scope),
    /// `COVERAGE[x]`: how much of a value the words cover.
    Coverage(Coverage),
    /// `EXPANSION[x]`: what counts as the same words.
    Expansion(Expansion),
    /// `TILT[x]`: what makes one match better than another.
    Tilt(Measure),
}

/// What `AREA[…]` names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// A search area.
    Area(&'static Area),
    /// A piece, by its name, another name or its path.
    Piece(Piece),
    /// `Piece:size`, how many elements a list has.
    Size(Piece),
}

/// `SEARCH[…]`: of what records an expression is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Of whole studies.
    Study,
    /// Of the sites of a study, each by itself.
    Location,
}

/// `COVERAGE[…]`: how much of a value the words cover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Coverage {
    /// They stand somewhere in it.
    #[default]
    Contains,
    /// They are all of it.
    FullMatch,
    /// It starts with them.
    StartsWith,
    /// It ends with them.
    EndsWith,
}

/// `EXPANSION[…]`: what counts as the same words. Each finds what the one before finds, and more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expansion {
    /// The very characters, case and accents included.
    None,
    /// Forms of the words: plural, possessive, spelling, whatever case and accents.
    Term,
    /// Synonyms.
    Concept,
    /// The words in any place of the area.
    #[default]
    Relaxation,
    /// Some of the words.
    Lossy,
}

/// Words to find: a run of bare words is one term, so is a phrase in quotes.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The text without quotes and escapes, white space around it dropped, runs of it one space.
    pub text: String,
    /// Whether it stood in quotes.
    pub quoted: bool,
    /// Where it stands.
    pub span: Span,
}

/// An end of a `RANGE`.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// `MIN`.
    Min,
    /// `MAX`.
    Max,
    /// A date, a number or a duration, as written, white space around it dropped.
    Value(String),
}

/// A circle on the globe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circle {
    /// Degrees north, −90 to 90.
    pub latitude: f64,
    /// Degrees east, −180 to 180.
    pub longitude: f64,
    /// How far, finite and not negative.
    pub radius: f64,
    /// In what unit.
    pub unit: LengthUnit,
}

/// A unit of length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthUnit {
    /// Kilometres, `km`.
    Kilometers,
    /// Miles of 1,609.344 metres, `mi`.
    Miles,
}

/// Where something stands in the text it was read from, in bytes.
///
/// Two trees that say the same are equal wherever their parts stood.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// As a range for slicing.
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Circle {
    /// The mean radius of the earth in metres (IUGG).
    pub const EARTH_RADIUS: f64 = 6_371_008.8;

    /// The radius in metres.
    pub fn radius_meters(&self) -> f64 {
        match self.unit {
            LengthUnit::Kilometers => self.radius * 1_000.0,
            LengthUnit::Miles => self.radius * 1_609.344,
        }
    }

    /// How far a point lies from the centre, in metres along the surface (haversine).
    pub fn distance_meters(&self, latitude: f64, longitude: f64) -> f64 {
        let (from, to) = (self.latitude.to_radians(), latitude.to_radians());
        let half = |difference: f64| (difference / 2.0).sin().powi(2);
        let across =
            half(to - from) + from.cos() * to.cos() * half((longitude - self.longitude).to_radians());
        2.0 * Self::EARTH_RADIUS * across.clamp(0.0, 1.0).sqrt().asin()
    }

    /// Whether a point lies in it, its rim included.
    pub fn contains(&self, latitude: f64, longitude: f64) -> bool {
        self.distance_meters(latitude, longitude) <= self.radius_meters()
    }
}

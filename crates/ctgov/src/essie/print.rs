//! From [`Expr`] back to text, and from any text to text that is read as that very text.

use super::{
    Bound, Circle, Context, Coverage, Expansion, Expr, LengthUnit, Scope, Target, Term,
    lexer::{Keyword, is_special, one_spaced},
};
use crate::pieces::Measure;
use std::fmt::{self, Write};
use unicode_normalization::UnicodeNormalization;

/// What an expression stands in, which decides whether it needs parentheses.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Within {
    /// Nothing, or parentheses.
    Text,
    /// An `OR`.
    Or,
    /// An `AND`, or after an operator.
    And,
}

/// The expression as text that [`parse`](super::parse()) reads as the same expression.
///
/// That holds for what `parse` gives, and for every expression whose `AND`s and `OR`s have two parts or more, whose
/// texts are not empty and have single spaces, and whose circles are on the globe, within the limits of `parse`.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(f, Within::Text)
    }
}

impl Expr {
    fn print(&self, f: &mut fmt::Formatter<'_>, within: Within) -> fmt::Result {
        match self {
            Self::All => f.write_str("ALL"),
            Self::Missing(_) => f.write_str("MISSING"),
            Self::Term(term) => write!(f, "{term}"),
            Self::Range { from, to, .. } => write!(f, "RANGE[{from}, {to}]"),
            Self::Distance { circle, .. } => write!(f, "{circle}"),
            Self::Not(operand) => {
                f.write_str("NOT ")?;
                operand.print(f, Within::And)
            }
            Self::In(context, operand) => {
                write!(f, "{context}")?;
                operand.print(f, Within::And)
            }
            Self::And(parts) => joined(f, parts, " AND ", Within::And, within == Within::And),
            Self::Or(parts) => joined(f, parts, " OR ", Within::Or, within >= Within::Or),
        }
    }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[Expr],
    operator: &str,
    within: Within,
    parenthesised: bool,
) -> fmt::Result {
    if parenthesised {
        f.write_char('(')?;
    }
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(operator)?;
        }
        part.print(f, within)?;
    }
    if parenthesised {
        f.write_char(')')?;
    }
    Ok(())
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.quoted || self.text.trim().is_empty() {
            f.write_str(&quote(&self.text))
        } else {
            f.write_str(&words(&self.text))
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Min => f.write_str("MIN"),
            Self::Max => f.write_str("MAX"),
            Self::Value(text) if text.trim().is_empty() => f.write_str("\"\""),
            Self::Value(text) => f.write_str(&words(text)),
        }
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            LengthUnit::Kilometers => "km",
            LengthUnit::Miles => "mi",
        };
        write!(f, "DISTANCE[{}, {}, {}{unit}]", self.latitude, self.longitude, self.radius)
    }
}

/// The operator with its argument, `AREA[Phase]`.
impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Area(target) => write!(f, "AREA[{target}]"),
            Self::Search(scope) => write!(f, "SEARCH[{}]", scope.name()),
            Self::Coverage(coverage) => write!(f, "COVERAGE[{}]", coverage.name()),
            Self::Expansion(expansion) => write!(f, "EXPANSION[{}]", expansion.name()),
            Self::Tilt(Measure::Values(piece)) => write!(f, "TILT[{}]", Target::Piece(*piece)),
            Self::Tilt(Measure::Size(piece)) => write!(f, "TILT[{}]", Target::Size(*piece)),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Area(area) => f.write_str(area.name),
            Self::Piece(piece) => f.write_str(piece.name()),
            Self::Size(piece) => write!(f, "{}:size", piece.name()),
        }
    }
}

impl Scope {
    pub(super) const ALL: [Self; 2] = [Self::Study, Self::Location];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Study => "Study",
            Self::Location => "Location",
        }
    }
}

impl Coverage {
    pub(super) const ALL: [Self; 4] = [Self::Contains, Self::FullMatch, Self::StartsWith, Self::EndsWith];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Contains => "Contains",
            Self::FullMatch => "FullMatch",
            Self::StartsWith => "StartsWith",
            Self::EndsWith => "EndsWith",
        }
    }
}

impl Expansion {
    pub(super) const ALL: [Self; 5] = [Self::None, Self::Term, Self::Concept, Self::Relaxation, Self::Lossy];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Term => "Term",
            Self::Concept => "Concept",
            Self::Relaxation => "Relaxation",
            Self::Lossy => "Lossy",
        }
    }
}

/// `text` as an exact phrase, whatever is in it: `"…"` with escapes.
///
/// ```
/// use ctgov::essie::quote;
///
/// assert_eq!(quote("Merck Sharp & Dohme LLC"), r#""Merck Sharp & Dohme LLC""#);
/// assert_eq!(quote(r#"the "gold" standard"#), r#""the \"gold\" standard""#);
/// ```
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in one_spaced(text).chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

/// `text` as plain words, whatever is in it: no character and no word of it is an operator. Nothing when nothing
/// remains to search for.
///
/// Brackets, parentheses, quotes and backslashes become spaces, control characters go, operator words are escaped.
/// Commas stay, and what they separate must be found each by itself. An operator in front, `AREA[x]`, covers all of it.
///
/// ```
/// use ctgov::essie::literal;
///
/// assert_eq!(literal("[177Lu]Lu-PSMA-617").as_deref(), Some("177Lu Lu-PSMA-617"));
/// assert_eq!(literal("AML,ALL").as_deref(), Some(r"AML,\ALL"));
/// assert_eq!(literal("()"), None);
/// ```
pub fn literal(text: &str) -> Option<String> {
    let plain = text.nfkc().filter_map(|character| match character {
        '[' | ']' | '(' | ')' | '"' | '\\' => Some(' '),
        _ if character.is_whitespace() => Some(' '),
        _ if character.is_control() => None,
        _ => Some(character),
    });
    let plain = one_spaced(&plain.collect::<String>());
    if plain.chars().all(|character| matches!(character, ',' | ' ')) {
        return None;
    }
    let mut escaped = String::with_capacity(plain.len() + 8);
    let mut rest = plain.as_str();
    while let Some(character) = rest.chars().next() {
        let run = rest.find(|character: char| !character.is_alphanumeric()).unwrap_or(rest.len());
        if Keyword::of(&rest[..run]).is_some() {
            escaped.push('\\');
        }
        let taken = if run > 0 { run } else { character.len_utf8() };
        escaped.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    Some(escaped)
}

/// `text` as a run of bare words that is read as one term, every special character escaped.
fn words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        if Keyword::of(word).is_some() {
            words.push('\\');
        }
        for character in word.chars() {
            if is_special(character) || character == '\\' {
                words.push('\\');
            }
            words.push(character);
        }
    }
    words
}

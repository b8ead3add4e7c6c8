//! `Sort`: in what order studies come.

use crate::pieces::{Measure, Order, Piece};
use std::fmt;

/// The order of the studies: up to two keys, then the NCT number, so that it is always total.
///
/// A study without a key's value comes last, in both directions (API v2, `sort`). Of several values the least counts
/// when ascending, the greatest when descending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sort(Vec<SortKey>);

/// One key of a [`Sort`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// By what.
    pub by: SortBy,
    /// Whether large values come first.
    pub descending: bool,
}

/// What studies can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// How well the searches match.
    Relevance,
    /// The keys of a date, number or duration.
    Piece(Piece),
}

/// Why a text is no [`Sort`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SortError {
    /// No piece has this name.
    #[error(
        "there is no field `{name}` to sort by; sort by a date or a number such as LastUpdatePostDate, StartDate or \
         EnrollmentCount, or by @relevance"
    )]
    UnknownField {
        /// What was asked, cut to a printable length.
        name: String,
    },
    /// Its values have no order.
    #[error(
        "cannot sort by `{}`, which is {}; sort by a date or a number such as LastUpdatePostDate, StartDate or \
         EnrollmentCount, or by @relevance", .piece.name(), .piece.type_name()
    )]
    Unsortable {
        /// The piece.
        piece: Piece,
    },
    /// The direction is neither `asc` nor `desc`.
    #[error("`{direction}` is no direction; write `{name}:asc` or `{name}:desc`")]
    UnknownDirection {
        /// The field it stands at.
        name: &'static str,
        /// What was asked, cut to a printable length.
        direction: String,
    },
    /// More than two keys.
    #[error("at most two sort keys are taken, such as `LastUpdatePostDate:desc,EnrollmentCount:desc`")]
    TooManyKeys,
}

impl Sort {
    /// Most keys of one sort (API v2).
    pub const KEYS_MAX: usize = 2;

    /// The order of these keys.
    ///
    /// # Errors
    ///
    /// [`SortError::TooManyKeys`], [`SortError::Unsortable`].
    pub fn new(keys: Vec<SortKey>) -> Result<Self, SortError> {
        if keys.len() > Self::KEYS_MAX {
            return Err(SortError::TooManyKeys);
        }
        for key in &keys {
            if let SortBy::Piece(piece) = key.by
                && piece.kind().order().is_none()
            {
                return Err(SortError::Unsortable { piece });
            }
        }
        Ok(Self(keys))
    }

    /// Reads `LastUpdatePostDate:desc,EnrollmentCount`; comma or pipe separate, names in any case.
    ///
    /// # Errors
    ///
    /// [`SortError`] says what can be sorted by.
    pub fn parse(text: &str) -> Result<Self, SortError> {
        let mut keys = Vec::new();
        for item in text.split([',', '|']).map(str::trim).filter(|item| !item.is_empty()) {
            if keys.len() == Self::KEYS_MAX {
                return Err(SortError::TooManyKeys);
            }
            keys.push(SortKey::parse(item)?);
        }
        Self::new(keys)
    }

    /// The keys as given, the most significant first.
    pub fn keys(&self) -> &[SortKey] {
        &self.0
    }
}

impl SortKey {
    fn parse(item: &str) -> Result<Self, SortError> {
        let (name, direction) = match item.split_once(':') {
            Some((name, direction)) => (name, Some(direction)),
            None => (item, None),
        };
        let by = if name.eq_ignore_ascii_case("@relevance") {
            SortBy::Relevance
        } else {
            let in_any_case = || Piece::all().find(|piece| piece.name().eq_ignore_ascii_case(name));
            let piece = Piece::find(name).or_else(in_any_case);
            SortBy::Piece(
                piece.ok_or_else(|| SortError::UnknownField { name: name.chars().take(60).collect() })?,
            )
        };
        let descending = match direction {
            None => by.descending_by_default(),
            Some(direction) if direction.eq_ignore_ascii_case("asc") => false,
            Some(direction) if direction.eq_ignore_ascii_case("desc") => true,
            Some(direction) => {
                let direction = direction.chars().take(60).collect();
                return Err(SortError::UnknownDirection { name: by.name(), direction });
            }
        };
        Ok(Self { by, descending })
    }
}

impl SortBy {
    /// Whether large values come first where nothing is said: dates and relevance do, numbers do not (API v2).
    pub fn descending_by_default(self) -> bool {
        match self {
            Self::Relevance => true,
            Self::Piece(piece) => piece.kind().order() == Some(Order::Dates),
        }
    }

    /// The name it is asked by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Relevance => "@relevance",
            Self::Piece(piece) => piece.name(),
        }
    }

    /// What its keys are taken from; nothing for relevance.
    pub const fn measure(self) -> Option<Measure> {
        match self {
            Self::Relevance => None,
            Self::Piece(piece) => Some(Measure::Values(piece)),
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, key) in self.0.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            let direction = if key.descending { "desc" } else { "asc" };
            write!(f, "{comma}{}:{direction}", key.by.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sorts_are_read_with_their_default_directions() {
        let cases = [
            ("LastUpdatePostDate", Ok("LastUpdatePostDate:desc")),
            ("enrollmentcount", Ok("EnrollmentCount:asc")),
            ("StartDate:asc|EnrollmentCount:DESC", Ok("StartDate:asc,EnrollmentCount:desc")),
            ("@relevance", Ok("@relevance:desc")),
            ("NumArmGroups", Ok("NumArmGroups:asc")),
            ("MinimumAge", Ok("MinimumAge:asc")),
            ("", Ok("")),
            ("BriefTitle", Err("cannot sort by `BriefTitle`, which is text")),
            ("Phase", Err("cannot sort by `Phase`, which is Phase")),
            ("Nonsense", Err("there is no field `Nonsense`")),
            ("StartDate:up", Err("write `StartDate:asc` or `StartDate:desc`")),
            ("StartDate,CompletionDate,EnrollmentCount", Err("at most two")),
        ];
        for (text, expected) in cases {
            match (Sort::parse(text), expected) {
                (Ok(sort), Ok(expected)) => assert_eq!(sort.to_string(), expected, "{text}"),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{text}: {error}"),
                (read, expected) => panic!("{text}: {read:?}, expected {expected:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,300}") {
            let _ = Sort::parse(&text);
        }
    }
}

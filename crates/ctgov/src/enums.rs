//! The closed vocabularies of the registry: recruitment status, phase, sponsor class and 38 more.
//!
//! Values and labels are those of `/api/v2/studies/enums`. People and models write either, in any case and
//! punctuation, so both are read; only the value is ever printed.

mod table;

use crate::pieces::Piece;
pub use table::*;

/// A closed vocabulary, `Status`.
#[derive(Debug)]
pub struct Enumeration {
    /// The registry's name for it.
    pub name: &'static str,
    /// Every value, in the registry's order, which is not the clinical one.
    pub values: &'static [EnumValue],
}

/// A value of a vocabulary.
#[derive(Debug)]
pub struct EnumValue {
    /// As records have it, `NOT_YET_RECRUITING`.
    pub value: &'static str,
    /// As people read it, `Not yet recruiting`.
    pub label: &'static str,
    /// What older records call it in certain pieces: piece and label.
    pub exceptions: &'static [(&'static str, &'static str)],
}

/// A text that names no value of the vocabulary it was read for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {}; allowed: {}", .vocabulary.name, .vocabulary.allowed())]
pub struct UnknownValue {
    /// What was given, cut to a printable length.
    pub text: String,
    /// The vocabulary it was read for.
    pub vocabulary: &'static Enumeration,
}

impl Enumeration {
    /// The value that `text` names, by value or label, in any case and punctuation.
    pub fn find(&self, text: &str) -> Option<&'static EnumValue>
    where
        Self: 'static,
    {
        let values: &'static [EnumValue] = self.values;
        let named = |value: &&EnumValue| same_word(text, value.value) || same_word(text, value.label);
        values.iter().find(named)
    }

    /// [`find`](Self::find) for a value of `piece`, which may have labels of its own: `Anticipated` for the estimated
    /// `StartDateType`.
    pub fn find_in(&'static self, piece: Piece, text: &str) -> Option<&'static EnumValue> {
        let own = |value: &&EnumValue| {
            value.exceptions.iter().any(|(of, label)| *of == piece.name() && same_word(text, label))
        };
        self.find(text).or_else(|| self.values.iter().find(own))
    }

    /// [`find`](Self::find) that tells what is allowed.
    ///
    /// # Errors
    ///
    /// [`UnknownValue`].
    pub fn parse(&'static self, text: &str) -> Result<&'static EnumValue, UnknownValue> {
        self.find(text)
            .ok_or_else(|| UnknownValue { text: text.chars().take(60).collect(), vocabulary: self })
    }

    /// The pieces whose values are from it, in the registry's order.
    pub fn pieces(&'static self) -> impl Iterator<Item = Piece> {
        Piece::all().filter(move |piece| piece.enumeration() == Some(self))
    }

    fn allowed(&self) -> String {
        self.values.iter().map(|value| value.value).collect::<Vec<_>>().join(", ")
    }
}

impl PartialEq for Enumeration {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Enumeration {}

/// Whether two texts have the same letters and digits, in whatever case and punctuation.
fn same_word(a: &str, b: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
    }
    a.len() <= 64 && a.is_ascii() && letters(a).eq(letters(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_labels_are_read_in_any_case_and_punctuation() {
        let cases = [
            ("RECRUITING", Some("RECRUITING")),
            ("Active, not recruiting", Some("ACTIVE_NOT_RECRUITING")),
            ("active_not_recruiting", Some("ACTIVE_NOT_RECRUITING")),
            ("unknown", Some("UNKNOWN")),
            ("Unknown status", Some("UNKNOWN")),
            ("open", None),
            ("récruiting", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(STATUS.find(text).map(|value| value.value), expected, "text: {text:?}");
        }
        for (text, expected) in [("Phase 2", "PHASE2"), ("phase2", "PHASE2"), ("na", "NA")] {
            assert_eq!(PHASE.parse(text).unwrap().value, expected, "text: {text:?}");
        }
    }

    #[test]
    fn labels_of_a_pieces_own_are_read_there_and_nowhere_else() {
        let estimated = |piece, text| DATE_TYPE.find_in(Piece::named(piece), text).map(|value| value.value);
        for (piece, text, expected) in [
            ("StartDateType", "anticipated", Some("ESTIMATED")),
            ("StartDateType", "Estimated", Some("ESTIMATED")),
            ("StartDateType", "Estimate", None),
            ("ResultsFirstPostDateType", "Estimate", Some("ESTIMATED")),
            ("ResultsFirstPostDateType", "Anticipated", None),
        ] {
            assert_eq!(estimated(piece, text), expected, "{piece} {text}");
        }
    }

    #[test]
    fn a_wrong_value_is_answered_with_the_right_ones() {
        let message = PHASE.parse("open").unwrap_err().to_string();
        assert_eq!(
            message,
            "`open` is not a Phase; allowed: NA, EARLY_PHASE1, PHASE1, PHASE2, PHASE3, PHASE4"
        );
    }

    #[test]
    fn every_vocabulary_has_pieces() {
        assert_eq!(ALL.len(), 41);
        for vocabulary in ALL {
            assert!(vocabulary.pieces().next().is_some(), "{}", vocabulary.name);
        }
    }
}

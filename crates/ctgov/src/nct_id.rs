//! `NctId`: the registry's number for a study.

use std::{fmt, str::FromStr};

/// A registry number, `NCT` and eight digits.
///
/// Read as ClinicalTrials.gov reads it (API v2, parameter `nctId`, pattern `^[Nn][Cc][Tt]0*[1-9]\d{0,7}$`):
/// any case, with missing or superfluous leading zeros. Always printed in the one canonical form.
///
/// ```
/// use ctgov::NctId;
/// let id: NctId = "nct2576665".parse()?;
/// assert_eq!(id.to_string(), "NCT02576665");
/// assert!("NCT00000000".parse::<NctId>().is_err());
/// # Ok::<(), ctgov::InvalidNctId>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NctId(u32);

/// The text is not a registry number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an NCT number: expected `NCT` and up to eight digits, like NCT04280705")]
pub struct InvalidNctId;

/// Numbers from here on are never assigned to real studies here: they mark synthetic ones.
const SYNTHETIC_FROM: u32 = 90_000_000;
const NUMBER_MAX: u32 = 99_999_999;
/// Longest text read: more leading zeros than this are a mistake, not a number.
const TEXT_BYTES_MAX: usize = 64;

impl NctId {
    /// The id with this number, 1 to 99,999,999.
    ///
    /// # Errors
    ///
    /// [`InvalidNctId`] for a number outside that range.
    pub const fn new(number: u32) -> Result<Self, InvalidNctId> {
        if number == 0 || number > NUMBER_MAX { Err(InvalidNctId) } else { Ok(Self(number)) }
    }

    /// The digits as a number: the key by which everything about a study is joined.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Whether the number lies in the range this project reserves for made-up studies (`NCT9…`).
    pub const fn is_synthetic(self) -> bool {
        self.0 >= SYNTHETIC_FROM
    }
}

impl FromStr for NctId {
    type Err = InvalidNctId;

    fn from_str(text: &str) -> Result<Self, InvalidNctId> {
        let digits = match text.as_bytes() {
            [b'N' | b'n', b'C' | b'c', b'T' | b't', digits @ ..] if text.len() <= TEXT_BYTES_MAX => digits,
            _ => return Err(InvalidNctId),
        };
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        let significant = &digits[zeros..];
        if digits.is_empty() || significant.len() > 8 || !significant.iter().all(u8::is_ascii_digit) {
            return Err(InvalidNctId);
        }
        Self::new(significant.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
    }
}

impl fmt::Display for NctId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NCT{:08}", self.0)
    }
}

impl fmt::Debug for NctId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_are_read_as_the_registry_reads_them() {
        let cases = [
            ("NCT02576665", Some("NCT02576665")),
            ("nCt2576665", Some("NCT02576665")),
            ("NCT00000000001", Some("NCT00000001")),
            ("NCT99999999", Some("NCT99999999")),
            ("NCT00000000", None),
            ("NCT", None),
            ("NCT123456789", None),
            ("NCT0257666x", None),
            ("NCT+1", None),
            ("NCT１", None),
            (" NCT02576665", None),
            ("NTC02576665", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let read = text.parse::<NctId>().ok().map(|id| id.to_string());
            assert_eq!(read.as_deref(), expected, "text: {text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,80}") {
            let _ = text.parse::<NctId>();
        }

        #[test]
        fn printing_then_parsing_gives_the_same_id(number in 1..=NUMBER_MAX) {
            let id = NctId::new(number).unwrap();
            prop_assert_eq!(id.to_string().parse::<NctId>(), Ok(id));
        }
    }
}

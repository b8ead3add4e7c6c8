//! `Print`: a value as a number, for columns of texts that hardly ever recur.
//!
//! A dictionary of such texts would be as large as the texts. Their prints tell them apart, say which is the longest,
//! and any study that has a value can be asked for its text.

use std::{borrow::Cow, fmt::Write as _};
use xxhash_rust::xxh3::xxh3_64;

/// A value's length in characters above 48 bits of its hash.
///
/// Two values are taken for one when both are the same. Of a million values of one length any two are with a
/// probability of 1 in 560, and of as many that are as long as titles are (a few hundred lengths), 1 in some 50,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Print(pub u64);

/// How prints are made and what stands in dictionaries: part of what a mirror was built with.
pub(super) const MAKING: &str = "prints: characters u16, xxh3 u48; terms: up to 255 bytes";

const HASH_BITS: u32 = 48;

/// The length from which on prints do not tell lengths apart.
pub(super) const CHARACTERS_MAX: u64 = u16::MAX as u64;

impl Print {
    pub(super) fn of(text: &str) -> Self {
        let characters = (text.chars().count() as u64).min(CHARACTERS_MAX);
        Self(characters << HASH_BITS | xxh3_64(text.as_bytes()) >> (u64::BITS - HASH_BITS))
    }

    /// How many characters the value has, or [`CHARACTERS_MAX`] if it has more.
    pub(super) fn characters(self) -> u64 {
        self.0 >> HASH_BITS
    }
}

/// The longest value that stands in a dictionary as it is.
const TERM_BYTES_MAX: usize = 255;

/// Before the print that stands in a dictionary for a value. No value in a dictionary begins with it.
const MARK: char = '\0';

/// What stands for a value in a dictionary: itself, or its print where it is far longer than what recurs.
pub(super) fn term(text: &str) -> Cow<'_, str> {
    if text.len() <= TERM_BYTES_MAX && !text.starts_with(MARK) {
        return Cow::Borrowed(text);
    }
    let mut term = String::from(MARK);
    // Written to a string, which cannot fail.
    let _ = write!(term, "{:016x}", Print::of(text).0);
    Cow::Owned(term)
}

/// The print of a value that a dictionary has no more of.
pub(super) fn print_of_term(term: &str) -> Option<Print> {
    u64::from_str_radix(term.strip_prefix(MARK)?, 16).ok().map(Print)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn longer_values_have_greater_prints() {
        let texts = ["", "a", "ü", "b", "ab", "üü", &"x".repeat(254), &"y".repeat(70_000)];
        for (one, other) in texts.iter().flat_map(|one| texts.iter().map(move |other| (*one, *other))) {
            let longer = one.chars().count() > other.chars().count();
            assert!(!longer || Print::of(one) > Print::of(other), "{one:?} {other:?}");
            assert_eq!(Print::of(one) == Print::of(other), one == other, "{one:?} {other:?}");
        }
        assert_eq!(Print::of("üü").characters(), 2);
        assert_eq!(Print::of(&"y".repeat(70_000)).characters(), CHARACTERS_MAX);
    }

    proptest! {
        #[test]
        fn a_term_is_the_value_or_its_print(text in "\0?[ab0-9é]{0,300}") {
            let term = term(&text);
            prop_assert!(term.len() <= TERM_BYTES_MAX);
            match print_of_term(&term) {
                Some(print) => prop_assert_eq!(print, Print::of(&text)),
                None => prop_assert_eq!(&*term, &text),
            }
        }
    }
}

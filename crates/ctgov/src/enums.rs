//! The closed vocabularies a query can filter by: recruitment status and phase.
//!
//! Values and legacy labels are those of `/api/v2/studies/enums`. People and models write either, in any
//! case and punctuation, so both are read; only the value is ever printed.

use std::{fmt, str::FromStr};

/// A text that names no value of the vocabulary it was read for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {vocabulary}; allowed: {}", .allowed.join(", "))]
pub struct UnknownValue {
    /// What was given, cut to a printable length.
    pub text: String,
    /// The vocabulary's name in words, `recruitment status` or `phase`.
    pub vocabulary: &'static str,
    /// Every value there is, in the registry's order.
    pub allowed: &'static [&'static str],
}

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident, $words:literal, { $($variant:ident = $value:literal, $label:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = $label] $variant,)+
        }

        impl $name {
            /// Every value, in the registry's order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
            /// Every value as the API writes it.
            pub const VALUES: &[&str] = &[$($value),+];

            /// The value as the API writes it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $value),+ }
            }

            /// The label people know from the website.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownValue;

            fn from_str(text: &str) -> Result<Self, UnknownValue> {
                Self::ALL
                    .iter()
                    .find(|value| same_word(text, value.as_str()) || same_word(text, value.label()))
                    .copied()
                    .ok_or_else(|| UnknownValue {
                        text: text.chars().take(60).collect(),
                        vocabulary: $words,
                        allowed: Self::VALUES,
                    })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

vocabulary!(
    /// A study's overall recruitment status (API v2 enum `Status`).
    Status, "recruitment status", {
    ActiveNotRecruiting = "ACTIVE_NOT_RECRUITING", "Active, not recruiting";
    Completed = "COMPLETED", "Completed";
    EnrollingByInvitation = "ENROLLING_BY_INVITATION", "Enrolling by invitation";
    NotYetRecruiting = "NOT_YET_RECRUITING", "Not yet recruiting";
    Recruiting = "RECRUITING", "Recruiting";
    Suspended = "SUSPENDED", "Suspended";
    Terminated = "TERMINATED", "Terminated";
    Withdrawn = "WITHDRAWN", "Withdrawn";
    Available = "AVAILABLE", "Available";
    NoLongerAvailable = "NO_LONGER_AVAILABLE", "No longer available";
    TemporarilyNotAvailable = "TEMPORARILY_NOT_AVAILABLE", "Temporarily not available";
    ApprovedForMarketing = "APPROVED_FOR_MARKETING", "Approved for marketing";
    Withheld = "WITHHELD", "Withheld";
    Unknown = "UNKNOWN", "Unknown status";
});

vocabulary!(
    /// A phase of a study (API v2 enum `Phase`). A study can have two; `NA` is a value, not an absence.
    Phase, "phase", {
    NotApplicable = "NA", "Not Applicable";
    EarlyPhase1 = "EARLY_PHASE1", "Early Phase 1";
    Phase1 = "PHASE1", "Phase 1";
    Phase2 = "PHASE2", "Phase 2";
    Phase3 = "PHASE3", "Phase 3";
    Phase4 = "PHASE4", "Phase 4";
});

/// Whether two texts have the same letters and digits, in whatever case and punctuation.
fn same_word(a: &str, b: &str) -> bool {
    let letters = |text: &str| {
        text.bytes()
            .filter(u8::is_ascii_alphanumeric)
            .map(|byte| byte.to_ascii_lowercase())
            .collect::<Vec<_>>()
    };
    a.len() <= 64 && letters(a) == letters(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_labels_are_read_in_any_case_and_punctuation() {
        let cases = [
            ("RECRUITING", Ok(Status::Recruiting)),
            ("Active, not recruiting", Ok(Status::ActiveNotRecruiting)),
            ("active_not_recruiting", Ok(Status::ActiveNotRecruiting)),
            ("unknown", Ok(Status::Unknown)),
            ("Unknown status", Ok(Status::Unknown)),
            ("open", Err(())),
            ("", Err(())),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Status>().map_err(drop), expected, "text: {text:?}");
        }
        for (text, expected) in
            [("Phase 2", Phase::Phase2), ("phase2", Phase::Phase2), ("na", Phase::NotApplicable)]
        {
            assert_eq!(text.parse(), Ok(expected), "text: {text:?}");
        }
    }

    #[test]
    fn a_wrong_value_is_answered_with_the_right_ones() {
        let message = "open".parse::<Phase>().unwrap_err().to_string();
        assert_eq!(
            message,
            "`open` is not a phase; allowed: NA, EARLY_PHASE1, PHASE1, PHASE2, PHASE3, PHASE4"
        );
    }
}

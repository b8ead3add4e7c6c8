//! Which coded values does the making of a study turn on?
//!
//! The codes are those of the registry's data structure. Values that are only written out, and
//! decide nothing, stand as text where they are written.

/// How far a study has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    ActiveNotRecruiting,
    Completed,
    EnrollingByInvitation,
    NotYetRecruiting,
    Recruiting,
    Suspended,
    Terminated,
    Withdrawn,
    Available,
    NoLongerAvailable,
    TemporarilyNotAvailable,
    ApprovedForMarketing,
    Withheld,
    Unknown,
}

impl Status {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::ActiveNotRecruiting => "ACTIVE_NOT_RECRUITING",
            Self::Completed => "COMPLETED",
            Self::EnrollingByInvitation => "ENROLLING_BY_INVITATION",
            Self::NotYetRecruiting => "NOT_YET_RECRUITING",
            Self::Recruiting => "RECRUITING",
            Self::Suspended => "SUSPENDED",
            Self::Terminated => "TERMINATED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Available => "AVAILABLE",
            Self::NoLongerAvailable => "NO_LONGER_AVAILABLE",
            Self::TemporarilyNotAvailable => "TEMPORARILY_NOT_AVAILABLE",
            Self::ApprovedForMarketing => "APPROVED_FOR_MARKETING",
            Self::Withheld => "WITHHELD",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The status of a treatment offered outside a study.
    pub(crate) const fn is_expanded_access(self) -> bool {
        matches!(
            self,
            Self::Available
                | Self::NoLongerAvailable
                | Self::TemporarilyNotAvailable
                | Self::ApprovedForMarketing
        )
    }

    /// The study takes people in, or is about to: it names whom to call.
    pub(crate) const fn names_contacts(self) -> bool {
        matches!(
            self,
            Self::Recruiting
                | Self::NotYetRecruiting
                | Self::EnrollingByInvitation
                | Self::Available
                | Self::TemporarilyNotAvailable
        )
    }

    /// Enrollment has ended, so its number is a count and no longer a plan.
    pub(crate) const fn has_enrolled(self) -> bool {
        matches!(self, Self::Completed | Self::Terminated | Self::Withdrawn | Self::ActiveNotRecruiting)
    }
}

/// The stage of research on a drug or another product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    NotApplicable,
    EarlyOne,
    One,
    OneAndTwo,
    Two,
    TwoAndThree,
    Three,
    Four,
}

impl Phase {
    /// One code, or the two of a combined phase.
    pub(crate) const fn codes(self) -> &'static [&'static str] {
        match self {
            Self::NotApplicable => &["NA"],
            Self::EarlyOne => &["EARLY_PHASE1"],
            Self::One => &["PHASE1"],
            Self::OneAndTwo => &["PHASE1", "PHASE2"],
            Self::Two => &["PHASE2"],
            Self::TwoAndThree => &["PHASE2", "PHASE3"],
            Self::Three => &["PHASE3"],
            Self::Four => &["PHASE4"],
        }
    }

    /// The phase in a title; none where phases do not apply.
    pub(crate) const fn words(self) -> Option<&'static str> {
        match self {
            Self::NotApplicable => None,
            Self::EarlyOne => Some("Early Phase 1"),
            Self::One => Some("Phase 1"),
            Self::OneAndTwo => Some("Phase 1/2"),
            Self::Two => Some("Phase 2"),
            Self::TwoAndThree => Some("Phase 2/3"),
            Self::Three => Some("Phase 3"),
            Self::Four => Some("Phase 4"),
        }
    }

    /// First use in people, when safety is the question.
    pub(crate) const fn is_early(self) -> bool {
        matches!(self, Self::EarlyOne | Self::One)
    }
}

/// What an intervention is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Behavioral,
    Biological,
    CombinationProduct,
    Device,
    DiagnosticTest,
    DietarySupplement,
    Drug,
    Genetic,
    Procedure,
    Radiation,
    Other,
}

impl Kind {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Behavioral => "BEHAVIORAL",
            Self::Biological => "BIOLOGICAL",
            Self::CombinationProduct => "COMBINATION_PRODUCT",
            Self::Device => "DEVICE",
            Self::DiagnosticTest => "DIAGNOSTIC_TEST",
            Self::DietarySupplement => "DIETARY_SUPPLEMENT",
            Self::Drug => "DRUG",
            Self::Genetic => "GENETIC",
            Self::Procedure => "PROCEDURE",
            Self::Radiation => "RADIATION",
            Self::Other => "OTHER",
        }
    }

    /// The kind as it stands before a name: `Drug: Metformin`.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Behavioral => "Behavioral",
            Self::Biological => "Biological",
            Self::CombinationProduct => "Combination Product",
            Self::Device => "Device",
            Self::DiagnosticTest => "Diagnostic Test",
            Self::DietarySupplement => "Dietary Supplement",
            Self::Drug => "Drug",
            Self::Genetic => "Genetic",
            Self::Procedure => "Procedure",
            Self::Radiation => "Radiation",
            Self::Other => "Other",
        }
    }

    /// Something else can be made to look like it, so that nobody knows who gets what.
    pub(crate) const fn can_be_imitated(self) -> bool {
        matches!(self, Self::Biological | Self::DietarySupplement | Self::Drug)
    }

    /// Research on it goes through phases.
    pub(crate) const fn has_phases(self) -> bool {
        matches!(self, Self::Biological | Self::CombinationProduct | Self::Drug | Self::Genetic)
    }
}

/// Whom a study admits by sex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sex {
    All,
    Female,
    Male,
}

impl Sex {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Female => "FEMALE",
            Self::Male => "MALE",
        }
    }
}

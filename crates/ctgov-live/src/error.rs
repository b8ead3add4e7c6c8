//! `LiveError`: every way in which the service did not answer as it should.

use ctgov::RegistryError;
use std::time::Duration;

/// Why the service did not give an answer that can be used. It is the source of a
/// [`RegistryError::Remote`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// There was no connection.
    #[error("ClinicalTrials.gov cannot be reached ({cause})")]
    Unreachable {
        /// What the network said.
        cause: String,
    },
    /// An attempt took longer than it may.
    #[error("ClinicalTrials.gov did not answer within {} s", .limit.as_secs_f32())]
    TimedOut {
        /// How long it may take.
        limit: Duration,
    },
    /// Nothing is known yet of the data there is.
    #[error("ClinicalTrials.gov has not said yet which data it has")]
    NotYet,
    /// The caller's time was up before there was an answer.
    #[error("there was no answer from ClinicalTrials.gov in the time that a call may take")]
    OutOfTime,
    /// The connection broke off in the middle of an answer.
    #[error("the answer of ClinicalTrials.gov broke off ({cause})")]
    CutOff {
        /// What the network said.
        cause: String,
    },
    /// A page for people came instead of data.
    #[error("ClinicalTrials.gov answered with a web page instead of data (status {status})")]
    WebPage {
        /// The status it came with.
        status: u16,
    },
    /// The answer is not JSON, or ends in the middle of it.
    #[error("the answer of ClinicalTrials.gov is not whole JSON ({cause})")]
    NotJson {
        /// What is wrong, and where.
        cause: String,
    },
    /// The answer is JSON of another shape than the API's.
    #[error("the answer of ClinicalTrials.gov has not the shape that its API has ({cause})")]
    WrongShape {
        /// What is wrong.
        cause: String,
    },
    /// The answer is larger than is read.
    #[error("the answer of ClinicalTrials.gov has more than {bytes_max} bytes")]
    TooLarge {
        /// How much is read.
        bytes_max: usize,
    },
    /// Status 5xx.
    #[error("ClinicalTrials.gov failed (status {status})")]
    Failing {
        /// The status.
        status: u16,
    },
    /// Status 429.
    #[error("ClinicalTrials.gov says that it is asked too often")]
    TooOften {
        /// How long it wants to be left alone, if it said so.
        retry_after: Option<Duration>,
    },
    /// Status 403: in front of the service some programs and networks are turned away.
    #[error("ClinicalTrials.gov turns requests from here away (status 403)")]
    TurnedAway,
    /// Status 400: the service refuses the question. Becomes [`RegistryError::Refused`].
    #[error("ClinicalTrials.gov refused the query: {text}")]
    Refused {
        /// Its words, cut to a printable length.
        text: String,
    },
    /// Status 414.
    #[error("the question is too long for ClinicalTrials.gov")]
    TooLong,
    /// A status that the API does not have.
    #[error("ClinicalTrials.gov answered with status {status}, which its API does not have here")]
    UnknownStatus {
        /// The status.
        status: u16,
    },
    /// Parts of an answer come from two states of the data.
    #[error("the data of ClinicalTrials.gov changed while it was asked")]
    DataChanged,
}

impl LiveError {
    /// What whoever asked can do next.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => {
                "check the network and the address that is set for the API, then ask again"
            }
            Self::TimedOut { .. } | Self::OutOfTime => "ask again in a moment, or for less at once",
            Self::NotYet
            | Self::CutOff { .. }
            | Self::NotJson { .. }
            | Self::WebPage { .. }
            | Self::Failing { .. } => "ask again in a moment",
            Self::WrongShape { .. } | Self::UnknownStatus { .. } => {
                "check that the address that is set is that of the API v2"
            }
            Self::TooLarge { .. } => "ask for fewer studies on a page",
            Self::TooOften { .. } => "wait before asking again",
            Self::TurnedAway => "ask from another network, or import the data and use the mirror",
            Self::Refused { .. } => "ask it in another way",
            Self::TooLong => "shorten the query",
            Self::DataChanged => "ask again",
        }
    }

    /// Whether the same request may well be answered a little later.
    pub(crate) const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::TimedOut { .. }
                | Self::CutOff { .. }
                | Self::WebPage { .. }
                | Self::NotJson { .. }
                | Self::Failing { .. }
                | Self::TooOften { .. }
        )
    }
}

impl From<LiveError> for RegistryError {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::Refused { text } => Self::Refused { text },
            error => Self::Remote {
                problem: error.to_string(),
                advice: error.advice(),
                retry_after: match error {
                    LiveError::TooOften { retry_after } => retry_after,
                    _ => None,
                },
                source: Box::new(error),
            },
        }
    }
}

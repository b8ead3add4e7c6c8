//! Why a session was refused: one reason for the operator, one face for the client.

use crate::store::{Cap, StoreError};
use crate::{Binding, CallerKey, InvalidSessionId, NamesNobody};

/// Why a request for a session was refused. For the operator: a client learns the
/// [`face`](Self::face) and no more, so that nobody can find out which ids exist.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The id is not one.
    #[error(transparent)]
    Malformed(#[from] InvalidSessionId),
    /// There is no such session.
    #[error("there is no such session")]
    Unknown,
    /// The session had rested for longer than the policy allows, and has ended.
    #[error("the session was idle for too long and has ended")]
    Stale,
    /// The session had reached its lifetime, and has ended.
    #[error("the session reached its lifetime and has ended")]
    Expired,
    /// The session belongs to another identity.
    #[error("the session belongs to another identity")]
    OtherIdentity,
    /// The session belongs to an identity, and the caller has none.
    #[error("the session belongs to an identity and the caller is anonymous")]
    AnonymousCaller,
    /// The session was opened anonymously, and the caller has an identity.
    #[error("the session is anonymous and the caller has an identity")]
    AuthenticatedCaller,
    /// The caller counts as identified and has no claim at all: what the host makes of its tokens is
    /// broken, and all their bearers would be one.
    #[error("the caller counts as identified and has no claim at all")]
    Nameless,
    /// There are as many sessions as the policy allows.
    #[error("{}", match .0 {
        Cap::Total => "there are as many sessions as the policy allows",
        Cap::Identity => "the identity has as many sessions as the policy allows",
    })]
    AtCapacity(Cap),
    /// The store failed: whether the caller may use the session is not known.
    #[error(transparent)]
    StoreUnavailable(#[from] StoreError),
}

/// All that a client learns about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// There is no session of this id for this caller. It opens a new one.
    NotFound,
    /// There is no room for another session now. It tries again later.
    AtCapacity,
    /// It cannot be said now. It keeps its session and tries again.
    Unavailable,
}

impl Rejection {
    /// What the client learns.
    #[must_use]
    pub const fn face(&self) -> Face {
        match self {
            Self::Malformed(_)
            | Self::Unknown
            | Self::Stale
            | Self::Expired
            | Self::OtherIdentity
            | Self::AnonymousCaller
            | Self::AuthenticatedCaller => Face::NotFound,
            Self::AtCapacity(_) => Face::AtCapacity,
            Self::Nameless | Self::StoreUnavailable(_) => Face::Unavailable,
        }
    }

    /// The reason in one word, for log fields and counters.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Unknown => "unknown",
            Self::Stale => "stale",
            Self::Expired => "expired",
            Self::OtherIdentity => "other_identity",
            Self::AnonymousCaller => "anonymous_caller",
            Self::AuthenticatedCaller => "authenticated_caller",
            Self::Nameless => "nameless",
            Self::AtCapacity(Cap::Total) => "capacity",
            Self::AtCapacity(Cap::Identity) => "identity_capacity",
            Self::StoreUnavailable(_) => "store_unavailable",
        }
    }

    /// The reason why `caller` may not use a session bound like this.
    pub(crate) const fn mismatch(binding: Binding, caller: CallerKey) -> Self {
        match (binding, caller) {
            (_, CallerKey::Anonymous) => Self::AnonymousCaller,
            (Binding::Anonymous, CallerKey::Identified(_)) => Self::AuthenticatedCaller,
            (Binding::Bound(_) | Binding::Unbound, CallerKey::Identified(_)) => Self::OtherIdentity,
        }
    }
}

impl From<NamesNobody> for Rejection {
    fn from(_: NamesNobody) -> Self {
        Self::Nameless
    }
}

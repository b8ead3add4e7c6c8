//! What a session store does, and what it promises.
//!
//! A store keeps a [`Record`] under a [`SessionKey`]. It owns its clock: no verb takes the time, so
//! that stores shared by several processes can use one. Every verb is atomic: of two that
//! meet on one session, one comes first and the other sees what it did.
//!
//! A store promises that
//!
//! 1. it never returns, changes or reveals a session to a caller whom its binding does not
//!    [admit](Binding::admits). A store that keeps sessions apart by identity may answer
//!    [`Verdict::Unknown`] where this page says [`Verdict::Mismatch`];
//! 2. checks come in one order: the session exists; it is within its time, or is removed
//!    by the very call; its binding admits the caller. A caller who is refused never prolongs it;
//! 3. a binding, once to somebody, never changes, and whoever binds binds the whole identity at once;
//! 4. once `terminate` has returned, no call that starts later finds the session, on any replica;
//! 5. it never holds more sessions than the caps allow, and never gives up a living session for
//!    a new one;
//! 6. it fails with [`StoreError`] when it cannot know. It never guesses.

#[cfg(feature = "file")]
pub(crate) mod file;
pub(crate) mod memory;
#[cfg(feature = "redis")]
pub(crate) mod redis;

use std::error::Error;

use crate::{Binding, CallerKey, IdentityDigest, Policy, Record, SessionKey, SessionState, SessionSummary};

/// A place where sessions are kept. [The module](self) says what it promises.
///
/// Verbs get the [`Policy`] with every call: [`Policy::age`] is the one rule of what is past its time.
pub trait SessionStore: Send + Sync + 'static {
    /// Keeps a new session under `key`, unless a cap is reached. Before it refuses for a cap, it
    /// removes sessions that are past their time and count towards it.
    fn create(
        &self,
        key: &SessionKey,
        binding: Binding,
        state: SessionState,
        policy: &Policy,
    ) -> impl Future<Output = Result<Creation, StoreError>> + Send;

    /// Whether `caller` may use the session; a [`Verdict::Valid`] one counts as used now if
    /// `touch` is set. Never binds.
    fn validate(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        touch: bool,
        policy: &Policy,
    ) -> impl Future<Output = Result<Verdict, StoreError>> + Send;

    /// Resumes the session as `validate` with a touch does, or makes it when there is none within
    /// its time, bound as [`Policy::binding_for`] says. With [`Policy::lazy_binding`], an unbound
    /// one goes to the first identified caller.
    fn get_or_create(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        state: SessionState,
        policy: &Policy,
    ) -> impl Future<Output = Result<Adoption, StoreError>> + Send;

    /// Removes the session if `validate` would find it valid. The verdict is the one `validate` would
    /// have given.
    fn terminate(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        policy: &Policy,
    ) -> impl Future<Output = Result<Verdict, StoreError>> + Send;

    /// Removes every session bound to `identity` and tells how many that were.
    fn terminate_all(
        &self,
        identity: &IdentityDigest,
    ) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// The living sessions bound to `identity`, in no particular order.
    fn list(
        &self,
        identity: &IdentityDigest,
        policy: &Policy,
    ) -> impl Future<Output = Result<Vec<SessionSummary>, StoreError>> + Send;

    /// Removes sessions that are past their time and tells how many that were. Takes time in
    /// proportion to what it removes, and keeps nobody waiting meanwhile.
    fn sweep(&self, policy: &Policy) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Whether the store keeps sessions apart by identity, so that it answers [`Verdict::Unknown`] to a foreign
    /// caller. Then [`probe`](Self::probe) is asked in the background, for the operator's alert, about as many ids as
    /// [`Sessions`](crate::Sessions) lets wait.
    fn keeps_apart(&self) -> bool {
        false
    }

    /// To whom the session under `key` belongs, whoever asks; `None` when there is none, or nobody can
    /// say. For the operator only: no caller is ever told.
    fn probe(&self, key: &SessionKey) -> impl Future<Output = Result<Option<Binding>, StoreError>> + Send {
        let _ = key;
        async { Ok(None) }
    }

    /// How many sessions are kept, those past their time and not yet removed included. A store
    /// shared by several processes may answer approximately.
    fn count(&self) -> impl Future<Output = Result<usize, StoreError>> + Send;
}

/// What a store makes of a request for a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is there, within its time, and the caller's.
    Valid(Record),
    /// There is none.
    Unknown,
    /// It had rested for too long; this call removed it.
    Stale,
    /// It had reached its lifetime; this call removed it.
    Expired,
    /// It is not the caller's. Nothing changed.
    Mismatch {
        /// To whom it belongs.
        binding: Binding,
    },
}

/// What a store makes of a new session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation {
    /// It is kept.
    Created(Record),
    /// There is one under this key already. Nothing changed.
    Taken,
    /// There are too many. No living session was removed.
    AtCapacity(Cap),
}

/// What a store makes of an id that a host brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adoption {
    /// There was none within its time; now there is.
    Created {
        /// What is kept.
        record: Record,
        /// Whether one past its time was removed for it.
        replaced: bool,
    },
    /// It was there and is the caller's; it counts as used now.
    Resumed(Record),
    /// It was nobody's and is the caller's from now on; it counts as used now.
    Bound(Record),
    /// It is not the caller's. Nothing changed.
    Mismatch {
        /// To whom it belongs.
        binding: Binding,
    },
    /// There are too many, of all or of the caller's. No living session was removed or bound.
    AtCapacity(Cap),
}

/// Which limit on the number of sessions is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cap {
    /// [`Policy::max_sessions`].
    Total,
    /// [`Policy::max_per_identity`].
    Identity,
}

/// The store could not do what was asked, and nothing is known about the session. The call may be
/// repeated. The reason is the [`source`](Error::source).
#[derive(Debug, thiserror::Error)]
#[error("the session store could not {action}")]
pub struct StoreError {
    action: &'static str,
    source: Box<dyn Error + Send + Sync>,
}

impl StoreError {
    /// `action` completes the sentence "the session store could not …".
    pub fn new(action: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { action, source: source.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_error_says_what_and_its_source_says_why() {
        let error = StoreError::new("validate a session", "connection refused");
        assert_eq!(error.to_string(), "the session store could not validate a session");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("connection refused"));
    }
}

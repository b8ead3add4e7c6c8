//! `Sessions`: the operations, the policy over them, and what is reported of them.

use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval_at, sleep};
use tracing::field::display;

use crate::store::{Adoption, Cap, Creation, SessionStore, StoreError, Verdict};
use crate::{
    Binding, Caller, CallerKey, Fingerprint, Identity, IdentityDigest, Policy, PolicyError, Record,
    Rejection, SessionId, SessionKey, SessionState, SessionSummary,
};

/// The target of every event of this crate.
pub(crate) const TARGET: &str = "mcp_sessions";

/// A session that a caller may use, as far as this request is concerned. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Session {
    key: SessionKey,
    caller: Caller,
    state: Arc<SessionState>,
    /// How old it was when it was last used, by the store's clock.
    age: Duration,
}

impl Session {
    /// What logs may call the session.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.key.fingerprint()
    }

    /// Who makes this request; the session is theirs.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// What the client said of itself when it opened the session.
    #[must_use]
    pub fn state(&self) -> &SessionState {
        &self.state
    }

    #[cfg(feature = "http")]
    pub(crate) const fn key(&self) -> &SessionKey {
        &self.key
    }

    /// How old it was when it was last used, which after [`Sessions::validate`] is now.
    #[must_use]
    pub const fn age(&self) -> Duration {
        self.age
    }
}

/// The sessions of one server: a store under a policy. Clones share both.
///
/// Every operation reports what it did as a `tracing` event of target `mcp_sessions`: `created`,
/// `bound` and `stale_cleanup` at debug, `terminated` at info, a refusal for whose the session is at
/// warn, a failing store and a nameless caller at error, that no more sessions fit at info, any other
/// refusal at debug. Events name sessions by their [`Fingerprint`].
///
/// Over a store that [keeps identities apart](SessionStore::keeps_apart), whose a session is that was refused as
/// unknown is found out a moment later. When more than 4,096 ids wait for that, `not_looked_into` tells at warn, once a
/// minute at most, how many more there were.
pub struct Sessions<S> {
    inner: Arc<Inner<S>>,
}

struct Inner<S> {
    store: S,
    policy: Policy,
    probes: Arc<Probes>,
    kind: Kind,
}

/// What the records of a store stand for, for those who read events.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Session,
    Handle,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Handle => "handle",
        }
    }
}

/// Looks into unknown ids, of which strangers can send any number.
///
/// First come, first served, whoever sends them: a share for each caller would let a thief hide one stolen id behind
/// many of their own making.
struct Probes {
    /// How many more may wait or be under way.
    waiting: Arc<Semaphore>,
    /// How many more may be under way.
    running: Semaphore,
    /// How many did not even wait since that was reported.
    missed: AtomicUsize,
}

/// How many unknown ids are looked into at once, so that requests have the store to themselves.
const PROBES_AT_ONCE: usize = 8;

/// How many unknown ids wait for that at most, which takes a few megabytes.
const PROBES_MAX: usize = 4_096;

/// How often at most it is reported that unknown ids were not looked into.
const MISSED: Duration = Duration::from_secs(60);

impl<S> Clone for Sessions<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<S: SessionStore> Sessions<S> {
    /// The sessions in `store`, and a background task that [sweeps](Self::sweep) them every
    /// [`Policy::sweep_interval`] until the last clone is dropped.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] when the policy contradicts itself.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub fn start(store: S, policy: Policy) -> Result<Self, PolicyError> {
        Ok(Self::new(store, policy)?.sweeping())
    }

    /// The sessions in `store`, without a background task: the host calls [`sweep`](Self::sweep).
    ///
    /// # Errors
    ///
    /// [`PolicyError`] when the policy contradicts itself.
    pub fn new(store: S, policy: Policy) -> Result<Self, PolicyError> {
        Self::of(Kind::Session, store, policy)
    }

    /// The records in `store`, whatever they stand for.
    pub(crate) fn of(kind: Kind, store: S, policy: Policy) -> Result<Self, PolicyError> {
        let probes = Arc::new(Probes {
            waiting: Arc::new(Semaphore::new(PROBES_MAX)),
            running: Semaphore::new(PROBES_AT_ONCE),
            missed: AtomicUsize::new(0),
        });
        Ok(Self { inner: Arc::new(Inner { store, policy: policy.checked()?, probes, kind }) })
    }

    /// Itself, swept in the background until the last clone is dropped.
    pub(crate) fn sweeping(self) -> Self {
        tokio::spawn(sweep_until_dropped(Arc::downgrade(&self.inner)));
        self
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// Opens a session for `caller` and returns its id, which nobody else will learn from here.
    ///
    /// # Errors
    ///
    /// [`Rejection::Nameless`], [`Rejection::AtCapacity`] and [`Rejection::StoreUnavailable`].
    pub async fn create(&self, caller: &Caller, state: SessionState) -> Result<SessionId, Rejection> {
        let caller_key = self.key_of(caller)?;
        let id = SessionId::random();
        self.open(id.key(), caller, caller_key, state).await.map(|_| id)
    }

    /// Resumes the session of an id that the host brings, or opens it under that id.
    ///
    /// For hosts whose ids come from a trusted place. Never pass an id that a client made up:
    /// whoever chose it knows it.
    ///
    /// # Errors
    ///
    /// Every [`Rejection`] but [`Rejection::Unknown`], [`Rejection::Stale`] and
    /// [`Rejection::Expired`]: such a session is made anew.
    pub async fn get_or_create(&self, id: &str, caller: &Caller) -> Result<Session, Rejection> {
        let (caller_key, key) = (self.key_of(caller)?, self.parse(id, caller)?);
        let (store, policy) = (&self.inner.store, &self.inner.policy);
        let outcome = match store.get_or_create(&key, caller_key, SessionState::default(), policy).await {
            Ok(Adoption::Created { record, replaced }) => {
                if replaced {
                    terminated(self.inner.kind, &key, "past its time", None);
                }
                created(self.inner.kind, &key, record.binding);
                Ok(record)
            }
            Ok(Adoption::Bound(record)) => {
                let session = key.fingerprint();
                let owner = shown(caller);
                tracing::debug!(target: TARGET, event = "bound", %session, owner, "bound session {session} to {owner}");
                Ok(record)
            }
            Ok(Adoption::Resumed(record)) => Ok(record),
            Ok(Adoption::Mismatch { binding }) => Err(Rejection::mismatch(binding, caller_key)),
            Ok(Adoption::AtCapacity(cap)) => Err(Rejection::AtCapacity(cap)),
            Err(error) => Err(error.into()),
        };
        self.conclude(key, caller, outcome)
    }

    /// The one check of every request: returns the session if it is there, within its time and the
    /// caller's, and counts it as used now.
    ///
    /// # Errors
    ///
    /// Every [`Rejection`] but [`Rejection::AtCapacity`].
    pub async fn validate(&self, id: &str, caller: &Caller) -> Result<Session, Rejection> {
        let caller_key = self.key_of(caller)?;
        self.look(self.parse(id, caller)?, caller, caller_key, true).await
    }

    /// Like [`validate`](Self::validate), but does not count the session as used.
    ///
    /// # Errors
    ///
    /// As [`validate`](Self::validate).
    pub async fn check(&self, id: &str, caller: &Caller) -> Result<Session, Rejection> {
        let caller_key = self.key_of(caller)?;
        self.look(self.parse(id, caller)?, caller, caller_key, false).await
    }

    /// Ends a session, on every replica before their next request. `false` when there was none
    /// to end, so that ending one twice is no mistake.
    ///
    /// # Errors
    ///
    /// [`Rejection::Malformed`], [`Rejection::Nameless`], [`Rejection::StoreUnavailable`], and the three that say that the
    /// session is not the caller's.
    pub async fn terminate(&self, id: &str, caller: &Caller) -> Result<bool, Rejection> {
        let (caller_key, key) = (self.key_of(caller)?, self.parse(id, caller)?);
        self.end(key, caller, caller_key).await
    }

    /// Ends every session of `identity` and tells how many that were: log-out everywhere.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn terminate_all(&self, identity: &Identity) -> Result<usize, StoreError> {
        let digest = identity.digest();
        let ended = self.inner.store.terminate_all(&digest).await?;
        if ended > 0 {
            let owner = digest.fingerprint();
            let kind = self.inner.kind.word();
            tracing::info!(target: TARGET, event = "terminated", kind, %owner, ended, "ended {ended} {kind}s of {owner}");
        }
        Ok(ended)
    }

    /// What `identity` has open.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn list(&self, identity: &Identity) -> Result<Vec<SessionSummary>, StoreError> {
        self.list_of(&identity.digest()).await
    }

    /// Removes the sessions that are past their time and tells how many that were.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn sweep(&self) -> Result<usize, StoreError> {
        let removed = self.inner.store.sweep(&self.inner.policy).await?;
        if removed > 0 {
            let kind = self.inner.kind.word();
            tracing::debug!(target: TARGET, event = "stale_cleanup", kind, removed, "removed {removed} {kind}s past their time");
        }
        Ok(removed)
    }

    /// How many sessions there are. Also tells whether a store outside of this process can be reached.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn count(&self) -> Result<usize, StoreError> {
        self.inner.store.count().await
    }

    /// Keeps a new record under a key that nobody has, and returns it.
    pub(crate) async fn open(
        &self,
        key: SessionKey,
        caller: &Caller,
        caller_key: CallerKey,
        state: SessionState,
    ) -> Result<Record, Rejection> {
        let Inner { store, policy, kind, .. } = &*self.inner;
        let binding = policy.binding_for(caller_key);
        let outcome = match store.create(&key, binding, state, policy).await {
            Ok(Creation::Created(record)) => Ok(record),
            Ok(Creation::AtCapacity(cap)) => Err(Rejection::AtCapacity(cap)),
            Ok(Creation::Taken) => {
                Err(StoreError::new("create a session", "it knows the id that was just drawn").into())
            }
            Err(error) => Err(error.into()),
        };
        match &outcome {
            Ok(_) => created(*kind, &key, binding),
            Err(rejection) => self.report(rejection, Some(&key), caller),
        }
        outcome
    }

    /// The check under [`validate`](Self::validate), for callers that have the keys already.
    pub(crate) async fn look(
        &self,
        key: SessionKey,
        caller: &Caller,
        caller_key: CallerKey,
        touch: bool,
    ) -> Result<Session, Rejection> {
        let verdict = self.inner.store.validate(&key, caller_key, touch, &self.inner.policy).await;
        if matches!(verdict, Ok(Verdict::Unknown)) {
            self.look_into(key, caller, caller_key);
        }
        self.conclude(key, caller, judged(verdict, caller_key))
    }

    /// The end under [`terminate`](Self::terminate), for callers that have the keys already.
    pub(crate) async fn end(
        &self,
        key: SessionKey,
        caller: &Caller,
        caller_key: CallerKey,
    ) -> Result<bool, Rejection> {
        let verdict = self.inner.store.terminate(&key, caller_key, &self.inner.policy).await;
        match &verdict {
            Ok(Verdict::Valid(record)) => {
                let last_ms = record.last_used_ms.unwrap_or(record.created_ms);
                let used_ms = last_ms.saturating_sub(record.created_ms);
                terminated(self.inner.kind, &key, "asked for", Some(used_ms));
            }
            Ok(Verdict::Unknown) => self.look_into(key, caller, caller_key),
            _ => {}
        }
        match self.conclude(key, caller, judged(verdict, caller_key)) {
            Ok(_) => Ok(true),
            Err(Rejection::Unknown | Rejection::Stale | Rejection::Expired) => Ok(false),
            Err(rejection) => Err(rejection),
        }
    }

    /// What is kept for the owner with this digest.
    pub(crate) async fn list_of(&self, owner: &IdentityDigest) -> Result<Vec<SessionSummary>, StoreError> {
        self.inner.store.list(owner, &self.inner.policy).await
    }

    /// Finds out in the background whether an id that is unknown to a store that keeps identities apart is
    /// somebody else's, and reports that as the stores do that can tell at once. The caller has their answer by
    /// then, and it took no longer.
    fn look_into(&self, key: SessionKey, caller: &Caller, caller_key: CallerKey) {
        if !self.inner.store.keeps_apart() {
            return;
        }
        let Ok(waiting) = Arc::clone(&self.inner.probes.waiting).try_acquire_owned() else {
            return miss(&self.inner.probes);
        };
        let (inner, caller) = (Arc::clone(&self.inner), caller.clone());
        tokio::spawn(async move {
            let _permits = (inner.probes.running.acquire().await, waiting);
            if let Ok(Some(binding)) = inner.store.probe(&key).await
                && !binding.admits(caller_key)
            {
                report(inner.kind, &Rejection::mismatch(binding, caller_key), Some(&key), &caller);
            }
        });
    }

    /// What stores see of the caller. A caller who cannot be told from others is refused before all else.
    pub(crate) fn key_of(&self, caller: &Caller) -> Result<CallerKey, Rejection> {
        caller.key().map_err(|error| self.refuse(error, caller))
    }

    fn parse(&self, id: &str, caller: &Caller) -> Result<SessionKey, Rejection> {
        SessionId::parse(id).map(|id| id.key()).map_err(|error| self.refuse(error, caller))
    }

    fn refuse(&self, error: impl Into<Rejection>, caller: &Caller) -> Rejection {
        let rejection = error.into();
        self.report(&rejection, None, caller);
        rejection
    }

    /// Makes the session of a record, or reports the refusal.
    fn conclude(
        &self,
        key: SessionKey,
        caller: &Caller,
        outcome: Result<Record, Rejection>,
    ) -> Result<Session, Rejection> {
        match outcome {
            Ok(record) => {
                let last_used_ms = record.last_used_ms.unwrap_or(record.created_ms);
                let age = Duration::from_millis(last_used_ms.saturating_sub(record.created_ms));
                Ok(Session { key, caller: caller.clone(), state: record.state, age })
            }
            Err(rejection) => {
                self.report(&rejection, Some(&key), caller);
                Err(rejection)
            }
        }
    }

    fn report(&self, rejection: &Rejection, key: Option<&SessionKey>, caller: &Caller) {
        report(self.inner.kind, rejection, key, caller);
    }
}

impl<S: fmt::Debug> fmt::Debug for Sessions<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { store, policy, .. } = &*self.inner;
        f.debug_struct("Sessions").field("store", store).field("policy", policy).finish()
    }
}

/// Sweeps until nobody holds the sessions any more. A failing store is reported and asked again.
async fn sweep_until_dropped<S: SessionStore>(sessions: Weak<Inner<S>>) {
    /// No time can be told that is further away.
    const FOR_EVER: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);
    let Some(period) = sessions.upgrade().map(|inner| inner.policy.sweep_interval().min(FOR_EVER)) else {
        return;
    };
    let mut ticks = interval_at(tokio::time::Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(inner) = sessions.upgrade() else { return };
        if let Err(error) = (Sessions { inner }).sweep().await {
            tracing::error!(target: TARGET, cause = causes(&error), "{error}");
        }
    }
}

/// Counts an id that is not looked into; the first one sees to it that all of the next minute are reported.
fn miss(probes: &Arc<Probes>) {
    if probes.missed.fetch_add(1, Ordering::Relaxed) > 0 {
        return;
    }
    let probes = Arc::clone(probes);
    tokio::spawn(async move {
        sleep(MISSED).await;
        let count = probes.missed.swap(0, Ordering::Relaxed);
        tracing::warn!(target: TARGET, event = "not_looked_into", count, "{count} unknown ids were not looked into");
    });
}

fn judged(verdict: Result<Verdict, StoreError>, caller: CallerKey) -> Result<Record, Rejection> {
    match verdict? {
        Verdict::Valid(record) => Ok(record),
        Verdict::Unknown => Err(Rejection::Unknown),
        Verdict::Stale => Err(Rejection::Stale),
        Verdict::Expired => Err(Rejection::Expired),
        Verdict::Mismatch { binding } => Err(Rejection::mismatch(binding, caller)),
    }
}

/// The caller as logs may show it.
fn shown(caller: &Caller) -> String {
    match caller {
        Caller::Anonymous => "anonymous".to_owned(),
        Caller::Identified(identity) => identity.digest().fingerprint().to_string(),
    }
}

/// What led to a store's failure, from the nearest cause to the first.
fn causes(error: &StoreError) -> String {
    let chain = successors(error.source(), |&cause| cause.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

// A fingerprint costs as much as the whole look at a session: it is taken where an event has somebody who wants it.

fn created(kind: Kind, key: &SessionKey, binding: Binding) {
    let kind = kind.word();
    tracing::debug!(
        target: TARGET,
        event = "created",
        kind,
        session = %key.fingerprint(),
        owner = binding.owner().map(|owner| display(owner.fingerprint())),
        "created {kind} {}",
        key.fingerprint()
    );
}

fn terminated(kind: Kind, key: &SessionKey, why: &'static str, used_ms: Option<u64>) {
    let (event, kind) = ("terminated", kind.word());
    tracing::info!(target: TARGET, event, kind, session = %key.fingerprint(), why, used_ms, "ended {kind} {}: {why}", key.fingerprint());
}

/// Reports a refusal once, where it is decided. Only what an id's holder can cause is a warning:
/// anybody can send unknown ids, and a log must not fill at a stranger's will.
fn report(kind: Kind, rejection: &Rejection, key: Option<&SessionKey>, caller: &Caller) {
    let (reason, kind) = (rejection.reason(), kind.word());
    let session = || key.map(|key| display(key.fingerprint()));
    match rejection {
        Rejection::OtherIdentity | Rejection::AnonymousCaller | Rejection::AuthenticatedCaller => {
            tracing::warn!(
                target: TARGET,
                event = "rejected",
                kind,
                reason,
                session = session(),
                caller = shown(caller),
                "possible {kind} hijack: {rejection}"
            );
        }
        Rejection::StoreUnavailable(error) => {
            let cause = causes(error);
            tracing::error!(target: TARGET, event = "rejected", kind, reason, session = session(), cause, "{rejection}");
        }
        Rejection::Nameless => {
            tracing::error!(target: TARGET, event = "rejected", kind, reason, "{rejection}");
        }
        // Whoever has all they may have can ask for more as often as they like.
        Rejection::AtCapacity(Cap::Identity) => {
            tracing::debug!(target: TARGET, event = "rejected", kind, reason, caller = shown(caller), "{rejection}");
        }
        Rejection::AtCapacity(Cap::Total) => {
            tracing::info!(target: TARGET, event = "rejected", kind, reason, caller = shown(caller), "{rejection}");
        }
        Rejection::Stale | Rejection::Expired => {
            tracing::info!(target: TARGET, event = "terminated", kind, why = reason, session = session(), "{rejection}");
        }
        Rejection::Malformed(_) | Rejection::Unknown => {
            tracing::debug!(target: TARGET, event = "rejected", kind, reason, session = session(), "{rejection}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no connection")]
    struct NoConnection(#[source] std::io::Error);

    #[test]
    fn the_whole_chain_of_causes_is_told() {
        let refused = NoConnection(std::io::Error::other("connection refused"));
        assert_eq!(causes(&StoreError::new("count sessions", refused)), "no connection: connection refused");
    }
}

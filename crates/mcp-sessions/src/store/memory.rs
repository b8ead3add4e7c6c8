//! Sessions in this process's memory.
//!
//! ```text
//! key ──▶ shard (one of 1024)     sessions  key → binding, times, state
//!                                 due       (when to look at which next), in order
//!                                 states    what clients said, once where many said the same
//! identity ──▶ owners (1 of 1024) identity → its keys       for its cap, list, log-out
//! ```
//!
//! A request takes the read lock of one shard, and writes no more than an atomic time of last
//! use. `due` is therefore too early, never too late: the sweep looks at what is due, removes what
//! is past its time and puts the rest back at its real time, so that it looks at a
//! living session once per idle timeout, however often that is used.
//!
//! **Lock order**: one `owners` lock first, one shard lock after it, never two of a kind. Whatever
//! adds, removes or binds an identity's session holds that identity's `owners` lock throughout,
//! which makes its cap exact. The cap on all sessions is an atomic count, reserved before a
//! session is put in.

mod shard;
mod table;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use self::shard::{Entry, Shard};
use super::{Adoption, Cap, Creation, SessionStore, StoreError, Verdict};
use crate::sync::{AtomicBool, AtomicUsize, Mutex, RwLock};
use crate::{
    Age, Binding, CallerKey, Clock, IdentityDigest, Policy, Record, SessionKey, SessionState, SessionSummary,
    SystemClock,
};

/// Many, so that a shard is small: what it does at once while others wait, such as growing, is then short.
/// Few where the order in which threads meet is tried out: there each is costly.
const SHARDS: usize = if cfg!(shuttle) { 4 } else { 1_024 };

/// A [`SessionStore`] in memory: as fast as it gets, gone with the process.
///
/// Sessions of clients that said the same of themselves share what they said.
pub struct MemoryStore<C = SystemClock> {
    clock: C,
    shards: Vec<RwLock<Shard>>,
    owners: Vec<Mutex<Owners>>,
    count: AtomicUsize,
    /// What a store around this one that keeps the sessions elsewhere too has to hear of.
    changes: Option<Changes>,
}

/// What has changed without the store around this one having asked for it.
#[derive(Default)]
struct Changes {
    /// The keys of what was removed, or used for the first time.
    keys: Mutex<HashSet<SessionKey>>,
    /// Whether there was a first use since somebody asked: from then on another timeout holds.
    first_use: AtomicBool,
}

type Owners = HashMap<IdentityDigest, Vec<SessionKey>>;

/// What a look at a session found, with nothing changed but the time of last use.
enum Found {
    Nothing,
    Past(Age, Binding),
    Foreign(Binding),
    Open(Record),
}

/// Why a session was not put in.
enum Refusal {
    Taken,
    AtCapacity(Cap),
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_clock(SystemClock::default())
    }
}

impl<C: Clock> MemoryStore<C> {
    /// An empty store that reads this clock.
    #[must_use]
    pub fn with_clock(clock: C) -> Self {
        Self {
            clock,
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            owners: (0..SHARDS).map(|_| Mutex::default()).collect(),
            count: AtomicUsize::new(0),
            changes: None,
        }
    }

    /// Takes a session out of its shard, and of the count. Whoever calls holds its owner's lock, and sees to
    /// what is kept there.
    fn take_out(&self, key: &SessionKey, doomed: impl Fn(&Entry) -> bool) -> bool {
        let was_there = self.shard(key).write().remove_if(key, doomed);
        if was_there {
            self.count.fetch_sub(1, Ordering::Relaxed);
            if let Some(changes) = &self.changes {
                changes.keys.lock().insert(*key);
            }
        }
        was_there
    }

    fn shard(&self, key: &SessionKey) -> &RwLock<Shard> {
        &self.shards[part(key.as_bytes())]
    }

    fn owners(&self, owner: &IdentityDigest) -> &Mutex<Owners> {
        &self.owners[part(owner.as_bytes())]
    }

    fn look(&self, key: &SessionKey, caller: CallerKey, touch: bool, policy: &Policy, now_ms: u64) -> Found {
        let shard = self.shard(key).read();
        let Some(entry) = shard.get(key) else { return Found::Nothing };
        match entry.age(policy, now_ms) {
            Age::Live if !entry.binding.admits(caller) => Found::Foreign(entry.binding),
            Age::Live => {
                if touch
                    && entry.touch(now_ms)
                    && let Some(changes) = &self.changes
                {
                    changes.keys.lock().insert(*key);
                    changes.first_use.store(true, Ordering::Relaxed);
                }
                Found::Open(entry.record())
            }
            past => Found::Past(past, entry.binding),
        }
    }

    /// Puts a session in if the caps allow it.
    async fn insert(
        &self,
        key: &SessionKey,
        binding: Binding,
        state: &Arc<SessionState>,
        policy: &Policy,
        now_ms: u64,
    ) -> Result<Record, Refusal> {
        loop {
            match self.insert_now(key, binding, state, policy, now_ms) {
                // Room for a few is enough: the sweep sees to the rest.
                Err(Refusal::AtCapacity(Cap::Total)) if self.remove_some_past(policy, now_ms).await => {}
                outcome => return outcome,
            }
        }
    }

    fn insert_now(
        &self,
        key: &SessionKey,
        binding: Binding,
        state: &Arc<SessionState>,
        policy: &Policy,
        now_ms: u64,
    ) -> Result<Record, Refusal> {
        let owner = binding.owner();
        let mut owners = owner.map(|owner| self.owners(&owner).lock());
        if let (Some(owner), Some(owners)) = (&owner, &mut owners) {
            self.make_room(owners, owner, policy, now_ms)?;
        }
        let mut shard = self.shard(key).write();
        if shard.get(key).is_some() {
            return Err(Refusal::Taken);
        }
        let one_more = |count| (count < policy.max_sessions()).then_some(count + 1);
        if self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
            return Err(Refusal::AtCapacity(Cap::Total));
        }
        let record = Record { binding, created_ms: now_ms, last_used_ms: None, state: Arc::clone(state) };
        shard.insert(Entry::new(*key, record.clone(), policy));
        if let (Some(owner), Some(owners)) = (owner, &mut owners) {
            owners.entry(owner).or_default().push(*key);
        }
        Ok(record)
    }

    /// Gives an unbound session to `owner`. `None` when it is not there, or not unbound, any more.
    fn bind(
        &self,
        key: &SessionKey,
        owner: IdentityDigest,
        policy: &Policy,
        now_ms: u64,
    ) -> Option<Result<Record, Refusal>> {
        let mut owners = self.owners(&owner).lock();
        let room = self.make_room(&mut owners, &owner, policy, now_ms);
        let mut shard = self.shard(key).write();
        let entry = shard.get_mut(key)?;
        if entry.binding != Binding::Unbound || entry.age(policy, now_ms) != Age::Live {
            return None;
        }
        Some(room.map(|()| {
            entry.binding = Binding::Bound(owner);
            entry.touch(now_ms);
            owners.entry(owner).or_default().push(*key);
            entry.record()
        }))
    }

    /// Makes sure that `owner` may have one session more, removing those past their time if it
    /// may not.
    fn make_room(
        &self,
        owners: &mut Owners,
        owner: &IdentityDigest,
        policy: &Policy,
        now_ms: u64,
    ) -> Result<(), Refusal> {
        let Some(keys) = owners.get_mut(owner) else { return Ok(()) };
        if keys.len() >= policy.max_per_identity() {
            keys.retain(|key| !self.take_out(key, |entry| entry.age(policy, now_ms) != Age::Live));
        }
        let count = keys.len();
        if count == 0 {
            owners.remove(owner);
        }
        if count < policy.max_per_identity() { Ok(()) } else { Err(Refusal::AtCapacity(Cap::Identity)) }
    }

    /// Removes a session if its binding is still this one and `doomed` holds.
    fn remove(&self, key: &SessionKey, binding: Binding, doomed: impl Fn(&Entry) -> bool) -> bool {
        let owner = binding.owner();
        let owners = owner.map(|owner| self.owners(&owner).lock());
        let removed = self.take_out(key, |entry| entry.binding == binding && doomed(entry));
        if removed && let (Some(owner), Some(mut owners)) = (owner, owners) {
            forget(&mut owners, &owner, key);
        }
        removed
    }

    /// Removes some session past its time, and a few more while it is there. `false` when there is none. Others on
    /// this thread have their turn while it looks at those that are alive.
    async fn remove_some_past(&self, policy: &Policy, now_ms: u64) -> bool {
        for shard in &self.shards {
            while let Some(removed) = self.remove_some_of(shard, policy, now_ms) {
                if removed > 0 {
                    return true;
                }
                tokio::task::yield_now().await;
            }
        }
        false
    }

    /// Removes some of a shard's sessions past their time and tells how many. `None` when nothing is due to be
    /// looked at.
    fn remove_some_of(&self, shard: &RwLock<Shard>, policy: &Policy, now_ms: u64) -> Option<usize> {
        if !shard.read().is_due(now_ms) {
            return None;
        }
        let past = shard.write().past(policy, now_ms);
        let still_past = |entry: &Entry| entry.age(policy, now_ms) != Age::Live;
        Some(past.iter().filter(|(key, binding)| self.remove(key, *binding, still_past)).count())
    }
}

/// Which shard, or which part of the owners, a digest belongs to.
fn part(digest: &[u8; 32]) -> usize {
    let [a, b, ..] = *digest;
    usize::from(u16::from_le_bytes([a, b])) % SHARDS
}

/// What a store around this one needs that keeps the sessions elsewhere too.
#[cfg(feature = "file")]
impl<C: Clock> MemoryStore<C> {
    /// An empty store that remembers what has changed until it is [asked](Self::take_changed).
    pub(super) fn that_tells_changes(clock: C) -> Self {
        Self { changes: Some(Changes::default()), ..Self::with_clock(clock) }
    }

    /// The keys of what was removed, or used for the first time, since the last call. Under some of them there
    /// may be a session again.
    pub(super) fn take_changed(&self) -> HashSet<SessionKey> {
        self.changes.as_ref().map(|changes| std::mem::take(&mut *changes.keys.lock())).unwrap_or_default()
    }

    /// Whether what is kept under this key has changed since the last [`take_changed`](Self::take_changed).
    pub(super) fn has_changed(&self, key: &SessionKey) -> bool {
        self.changes.as_ref().is_some_and(|changes| changes.keys.lock().contains(key))
    }

    /// Whether a session was used for the first time since the last call.
    pub(super) fn take_first_use(&self) -> bool {
        self.changes.as_ref().is_some_and(|changes| {
            // Looked at by every request: only what was written is written again.
            changes.first_use.load(Ordering::Relaxed) && changes.first_use.swap(false, Ordering::Relaxed)
        })
    }

    /// What is kept under a key, whoever asks.
    pub(super) fn record(&self, key: &SessionKey) -> Option<Record> {
        self.shard(key).read().get(key).map(Entry::record)
    }

    /// The keys of the sessions that were used at this time or later. Looks at every session, one shard after
    /// the other.
    pub(super) fn used_since(&self, time_ms: u64) -> Vec<SessionKey> {
        let mut keys = Vec::new();
        for shard in &self.shards {
            let shard = shard.read();
            keys.extend(
                shard.entries().filter(|entry| entry.was_used_since(time_ms)).map(|entry| *entry.key()),
            );
        }
        keys
    }

    /// Takes out a session that could not be kept elsewhere.
    pub(super) fn discard(&self, key: &SessionKey, binding: Binding) {
        self.remove(key, binding, |_| true);
    }

    /// Takes in a session that was kept elsewhere, whatever the caps say.
    pub(super) fn restore(&self, key: SessionKey, record: Record, policy: &Policy) {
        if let Some(owner) = record.binding.owner() {
            self.owners(&owner).lock().entry(owner).or_default().push(key);
        }
        self.shard(&key).write().insert(Entry::new(key, record, policy));
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Says that what was kept elsewhere under a key is not taken in.
    pub(super) fn forget_restored(&self, key: SessionKey) {
        if let Some(changes) = &self.changes {
            changes.keys.lock().insert(key);
        }
    }

    /// The time that this store goes by.
    pub(super) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }
}

fn forget(owners: &mut Owners, owner: &IdentityDigest, key: &SessionKey) {
    let Some(keys) = owners.get_mut(owner) else { return };
    if let Some(position) = keys.iter().position(|kept| kept == key) {
        keys.swap_remove(position);
    }
    if keys.is_empty() {
        owners.remove(owner);
    }
}

impl<C: Clock> SessionStore for MemoryStore<C> {
    async fn create(
        &self,
        key: &SessionKey,
        binding: Binding,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Creation, StoreError> {
        Ok(match self.insert(key, binding, &Arc::new(state), policy, self.clock.now_ms()).await {
            Ok(record) => Creation::Created(record),
            Err(Refusal::Taken) => Creation::Taken,
            Err(Refusal::AtCapacity(cap)) => Creation::AtCapacity(cap),
        })
    }

    async fn validate(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        touch: bool,
        policy: &Policy,
    ) -> Result<Verdict, StoreError> {
        let now_ms = self.clock.now_ms();
        loop {
            return Ok(match self.look(key, caller, touch, policy, now_ms) {
                Found::Nothing => Verdict::Unknown,
                Found::Foreign(binding) => Verdict::Mismatch { binding },
                Found::Open(record) => Verdict::Valid(record),
                Found::Past(age, binding) => {
                    if !self.remove(key, binding, |entry| entry.age(policy, now_ms) != Age::Live) {
                        // Somebody who read the clock a moment earlier has used it since, or it is gone.
                        continue;
                    }
                    if age == Age::Expired { Verdict::Expired } else { Verdict::Stale }
                }
            });
        }
    }

    async fn get_or_create(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Adoption, StoreError> {
        let state = Arc::new(state);
        let fresh = policy.binding_for(caller);
        let now_ms = self.clock.now_ms();
        let mut replaced = false;
        // Another caller can come between a look and what follows from it: then look again.
        loop {
            let outcome = match self.look(key, caller, false, policy, now_ms) {
                Found::Foreign(binding) => return Ok(Adoption::Mismatch { binding }),
                Found::Past(_, binding) => {
                    replaced |= self.remove(key, binding, |entry| entry.age(policy, now_ms) != Age::Live);
                    continue;
                }
                Found::Nothing => self
                    .insert(key, fresh, &state, policy, now_ms)
                    .await
                    .map(|record| Adoption::Created { record, replaced }),
                Found::Open(Record { binding: Binding::Unbound, .. })
                    if policy.lazy_binding()
                        && let CallerKey::Identified(owner) = caller =>
                {
                    match self.bind(key, owner, policy, now_ms) {
                        Some(bound) => bound.map(Adoption::Bound),
                        None => continue,
                    }
                }
                Found::Open(_) => match self.look(key, caller, true, policy, now_ms) {
                    Found::Open(record) => Ok(Adoption::Resumed(record)),
                    Found::Nothing | Found::Past(..) | Found::Foreign(_) => continue,
                },
            };
            match outcome {
                Ok(adoption) => return Ok(adoption),
                Err(Refusal::AtCapacity(cap)) => return Ok(Adoption::AtCapacity(cap)),
                Err(Refusal::Taken) => {}
            }
        }
    }

    async fn terminate(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        policy: &Policy,
    ) -> Result<Verdict, StoreError> {
        loop {
            let verdict = self.validate(key, caller, false, policy).await?;
            // A session that went to another owner in between is looked at again.
            match &verdict {
                Verdict::Valid(record) if !self.remove(key, record.binding, |_| true) => {}
                _ => return Ok(verdict),
            }
        }
    }

    async fn terminate_all(&self, identity: &IdentityDigest) -> Result<usize, StoreError> {
        let mut owners = self.owners(identity).lock();
        let keys = owners.remove(identity).unwrap_or_default();
        Ok(keys.iter().filter(|key| self.take_out(key, |_| true)).count())
    }

    async fn list(
        &self,
        identity: &IdentityDigest,
        policy: &Policy,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        let now_ms = self.clock.now_ms();
        let owners = self.owners(identity).lock();
        let keys = owners.get(identity).map_or(&[][..], Vec::as_slice);
        let summary = |key: &SessionKey| {
            let shard = self.shard(key).read();
            let entry = shard.get(key).filter(|entry| entry.age(policy, now_ms) == Age::Live)?;
            Some(SessionSummary::new(key, &entry.record()))
        };
        Ok(keys.iter().filter_map(summary).collect())
    }

    async fn sweep(&self, policy: &Policy) -> Result<usize, StoreError> {
        let now_ms = self.clock.now_ms();
        let mut removed = 0;
        for shard in &self.shards {
            while let Some(some) = self.remove_some_of(shard, policy, now_ms) {
                removed += some;
                // Others on this thread have their turn.
                tokio::task::yield_now().await;
            }
        }
        Ok(removed)
    }

    async fn count(&self) -> Result<usize, StoreError> {
        Ok(self.count.load(Ordering::Relaxed))
    }
}

impl<C: Clock> fmt::Debug for MemoryStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.count.load(Ordering::Relaxed);
        f.debug_struct("MemoryStore").field("clock", &self.clock).field("sessions", &count).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Identity, ManualClock, SessionId};

    fn people(count: usize) -> impl Iterator<Item = Identity> {
        (0..count).map(|number| Identity::default().with_subject(number.to_string()))
    }

    #[tokio::test]
    async fn nothing_is_left_of_what_ended() {
        let (clock, policy) = (ManualClock::default(), Policy::default());
        let store = MemoryStore::with_clock(clock.clone());
        for (number, person) in people(300).enumerate() {
            let caller = CallerKey::Identified(person.digest());
            let key = SessionId::random().key();
            let state = SessionState::default();
            store.get_or_create(&key, caller, state, &policy).await.expect("memory does not fail");
            match number % 3 {
                0 => drop(store.terminate(&key, caller, &policy).await),
                1 => drop(store.terminate_all(&person.digest()).await),
                _ => {}
            }
        }
        assert_eq!(store.count().await.expect("memory does not fail"), 100);
        clock.advance(Duration::from_secs(3600));
        assert_eq!(store.sweep(&policy).await.expect("memory does not fail"), 100);
        assert_eq!(store.count().await.expect("memory does not fail"), 0);
        assert!(store.owners.iter().all(|owners| owners.lock().is_empty()));
        assert!(store.shards.iter().all(|shard| shard.read().is_empty()));
    }

    /// Between the look that finds a session past its time and its removal somebody may use it, or bind it.
    #[tokio::test]
    async fn what_has_changed_since_the_look_stays() {
        let (policy, key) = (Policy::default(), SessionId::random().key());
        let store = MemoryStore::with_clock(ManualClock::default());
        let owner = |subject: &str| Binding::Bound(Identity::default().with_subject(subject).digest());
        let (ana, ben) = (owner("ana"), owner("ben"));
        store.create(&key, ana, SessionState::default(), &policy).await.expect("memory does not fail");
        assert!(!store.remove(&key, ana, |_| false));
        assert!(!store.remove(&key, ben, |_| true));
        assert!(store.record(&key).is_some_and(|record| record.binding == ana));
        assert!(store.remove(&key, ana, |_| true));
        assert!(store.record(&key).is_none());
    }

    #[tokio::test]
    async fn the_second_of_two_that_bind_at_once_looks_again() {
        let (policy, key) = (Policy::default().with_lazy_binding(true), SessionId::random().key());
        let store = MemoryStore::with_clock(ManualClock::default());
        let state = SessionState::default();
        store.create(&key, Binding::Unbound, state, &policy).await.expect("memory does not fail");
        let bound: Vec<_> =
            people(2).map(|person| store.bind(&key, person.digest(), &policy, 0).is_some()).collect();
        assert_eq!(bound, [true, false]);
    }

    #[tokio::test]
    async fn a_session_used_while_it_is_swept_is_swept_later() {
        let (clock, policy) = (ManualClock::default(), Policy::default());
        let store = MemoryStore::with_clock(clock.clone());
        let key = SessionId::random().key();
        let state = SessionState::default();
        store.create(&key, Binding::Anonymous, state, &policy).await.expect("memory does not fail");
        let too_late_ms = 5 * 60 * 1000 + 1;
        let past = store.shard(&key).write().past(&policy, too_late_ms);
        assert_eq!(past.len(), 1);
        // Somebody who read the clock a moment earlier gets in before it is removed.
        store.look(&key, CallerKey::Anonymous, true, &policy, too_late_ms - 1);
        assert!(!store.remove_some_past(&policy, too_late_ms).await);
        clock.advance(Duration::from_secs(3600));
        assert_eq!(store.sweep(&policy).await.expect("memory does not fail"), 1);
    }
}

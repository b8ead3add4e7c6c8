//! One of the parts of a memory store: its sessions, and when to look at each of them again.

use std::collections::BTreeSet;
use std::collections::hash_map::{Entry as State, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::table::{Table, look};
use crate::sync::AtomicU64;
use crate::{Age, Binding, Policy, Record, SessionKey, SessionState};

/// How many sessions a sweep looks at in a shard before it lets others in.
const SWEEP_BATCH: usize = 64;

/// Sessions by key, and in the order in which they are to be looked at.
#[derive(Default)]
pub(super) struct Shard {
    sessions: Table,
    /// When to look at which session, by its [`look`].
    due: BTreeSet<(u64, u64)>,
    /// What clients said of themselves, and of how many sessions here. Most say one of a few things.
    states: HashMap<Arc<SessionState>, u32>,
}

/// One session.
pub(super) struct Entry {
    key: SessionKey,
    pub(super) binding: Binding,
    created_ms: u64,
    last_used: LastUsed,
    /// Its place in `due`: no later than the last millisecond at which it is alive.
    due_ms: u64,
    state: Arc<SessionState>,
}

/// A time that may be absent, moves forward only, and can be set through a shared reference. Holds
/// the millisecond after, so that zero can mean never.
struct LastUsed(AtomicU64);

impl Shard {
    pub(super) fn get(&self, key: &SessionKey) -> Option<&Entry> {
        self.sessions.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &SessionKey) -> Option<&mut Entry> {
        self.sessions.get_mut(key)
    }

    /// Puts in a session whose key is not there.
    pub(super) fn insert(&mut self, mut entry: Entry) {
        entry.state = self.share(entry.state);
        entry.due_ms = self.remind(entry.due_ms, look(&entry.key));
        self.sessions.insert(entry);
    }

    pub(super) fn remove_if(&mut self, key: &SessionKey, doomed: impl Fn(&Entry) -> bool) -> bool {
        if !self.sessions.get(key).is_some_and(doomed) {
            return false;
        }
        if let Some(entry) = self.sessions.remove(key) {
            self.due.remove(&(entry.due_ms, look(key)));
            self.unshare(&entry.state);
        }
        true
    }

    /// Has a session looked at again when it is `due_ms`, or a little earlier if that is taken, and says when.
    fn remind(&mut self, mut due_ms: u64, look: u64) -> u64 {
        while !self.due.insert((due_ms, look)) && due_ms > 0 {
            due_ms -= 1;
        }
        due_ms
    }

    #[cfg(feature = "file")]
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.sessions.iter()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.sessions.iter().next().is_none() && self.due.is_empty() && self.states.is_empty()
    }

    pub(super) fn is_due(&self, now_ms: u64) -> bool {
        self.due.first().is_some_and(|(due_ms, _)| *due_ms < now_ms)
    }

    /// The equal state of another session here, if there is one: what is shared takes no room of its own, and
    /// need not be fetched from afar.
    fn share(&mut self, state: Arc<SessionState>) -> Arc<SessionState> {
        match self.states.entry(state) {
            State::Occupied(mut known) => {
                *known.get_mut() += 1;
                Arc::clone(known.key())
            }
            State::Vacant(new) => {
                let state = Arc::clone(new.key());
                new.insert(1);
                state
            }
        }
    }

    fn unshare(&mut self, state: &Arc<SessionState>) {
        if let Some(sessions) = self.states.get_mut(state) {
            *sessions -= 1;
            if *sessions == 0 {
                self.states.remove(state);
            }
        }
    }

    /// Looks at some of what is due: puts the living back at their real time and returns the others,
    /// which stay until they are removed.
    pub(super) fn past(&mut self, policy: &Policy, now_ms: u64) -> Vec<(SessionKey, Binding)> {
        let due = self.due.iter().take_while(|(due_ms, _)| *due_ms < now_ms).take(SWEEP_BATCH);
        let mut past = Vec::new();
        for (due_ms, look) in due.copied().collect::<Vec<_>>() {
            let session = self.sessions.get_by_look(look, |entry| entry.due_ms == due_ms);
            if let Some(entry) = session.filter(|entry| entry.age(policy, now_ms) != Age::Live) {
                past.push((entry.key, entry.binding));
                continue;
            }
            let living = session.map(|entry| (entry.key, entry.alive_until_ms(policy)));
            self.due.remove(&(due_ms, look));
            let Some((key, until_ms)) = living else { continue };
            let again_ms = self.remind(until_ms, look);
            if let Some(entry) = self.sessions.get_mut(&key) {
                entry.due_ms = again_ms;
            }
        }
        past
    }
}

impl Entry {
    /// The session that a record tells of.
    pub(super) fn new(key: SessionKey, record: Record, policy: &Policy) -> Self {
        let Record { binding, created_ms, last_used_ms, state } = record;
        let due_ms = policy.alive_until_ms(created_ms, last_used_ms);
        Self { key, binding, created_ms, last_used: LastUsed::new(last_used_ms), due_ms, state }
    }

    pub(super) fn key(&self) -> &SessionKey {
        &self.key
    }

    /// Whether it was used at this time or later.
    #[cfg(feature = "file")]
    pub(super) fn was_used_since(&self, time_ms: u64) -> bool {
        self.last_used.get().is_some_and(|used_ms| used_ms >= time_ms)
    }

    pub(super) fn age(&self, policy: &Policy, now_ms: u64) -> Age {
        policy.age(self.created_ms, self.last_used.get(), now_ms)
    }

    fn alive_until_ms(&self, policy: &Policy) -> u64 {
        policy.alive_until_ms(self.created_ms, self.last_used.get())
    }

    /// Counts a use, and says whether it was the first.
    pub(super) fn touch(&self, now_ms: u64) -> bool {
        self.last_used.0.fetch_max(now_ms.saturating_add(1), Ordering::Relaxed) == 0
    }

    pub(super) fn record(&self) -> Record {
        Record {
            binding: self.binding,
            created_ms: self.created_ms,
            last_used_ms: self.last_used.get(),
            state: Arc::clone(&self.state),
        }
    }
}

impl LastUsed {
    fn new(time_ms: Option<u64>) -> Self {
        Self(AtomicU64::new(time_ms.map_or(0, |time_ms| time_ms.saturating_add(1))))
    }

    fn get(&self) -> Option<u64> {
        self.0.load(Ordering::Relaxed).checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_that_look_alike_are_looked_at_one_after_the_other() {
        let mut shard = Shard::default();
        assert_eq!([5, 5, 5, 9].map(|due_ms| shard.remind(due_ms, 7)), [5, 4, 3, 9]);
        assert_eq!([0, 0].map(|due_ms| shard.remind(due_ms, 7)), [0, 0]);
        assert_eq!(shard.remind(5, 8), 5);
    }

    #[test]
    fn only_the_first_use_is_the_first_and_time_does_not_go_back() {
        let record =
            Record { binding: Binding::Anonymous, created_ms: 1, last_used_ms: None, state: Arc::default() };
        let entry = Entry::new(crate::SessionId::random().key(), record, &Policy::default());
        assert_eq!([0, 6, 3].map(|now_ms| entry.touch(now_ms)), [true, false, false]);
        assert_eq!(entry.record().last_used_ms, Some(6));
    }

    #[test]
    fn a_state_is_shared_until_the_last_session_that_has_it_is_gone() {
        let mut shard = Shard::default();
        let state = |version| Arc::new(SessionState::default().with_protocol_version(version));
        let shared = ["a", "a", "a", "b"].map(|version| shard.share(state(version)));
        assert!(Arc::ptr_eq(&shared[0], &shared[2]) && !Arc::ptr_eq(&shared[0], &shared[3]));
        for left in [2, 1] {
            shard.unshare(&state("a"));
            assert_eq!(shard.states.get(&state("a")), Some(&left));
        }
        shard.unshare(&state("a"));
        assert_eq!((shard.states.get(&state("a")), shard.states.len()), (None, 1));
    }
}

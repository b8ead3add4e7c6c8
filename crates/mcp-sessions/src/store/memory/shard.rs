//! One of the parts of a memory store: its sessions, and when to look at each of them again.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Age, Binding, Policy, Record, SessionKey, SessionState};

/// How many sessions a sweep takes out of a shard before it lets others in.
const SWEEP_BATCH: usize = 256;

/// Sessions by key, and in the order in which they are to be looked at.
#[derive(Default)]
pub(super) struct Shard {
    entries: HashMap<SessionKey, Entry>,
    due: BTreeSet<(u64, SessionKey)>,
}

/// One session.
pub(super) struct Entry {
    pub(super) binding: Binding,
    created_ms: u64,
    last_used: LastUsed,
    /// Its place in `due`: no later than the last millisecond at which it is alive.
    due_ms: u64,
    state: Arc<SessionState>,
}

/// A time that may be absent, moves forward only, and can be set through a shared reference. Holds
/// the millisecond after, so that zero can mean never.
#[derive(Default)]
struct LastUsed(AtomicU64);

impl Shard {
    pub(super) fn get(&self, key: &SessionKey) -> Option<&Entry> {
        self.entries.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &SessionKey) -> Option<&mut Entry> {
        self.entries.get_mut(key)
    }

    pub(super) fn insert(&mut self, key: SessionKey, entry: Entry) {
        self.due.insert((entry.due_ms, key));
        self.entries.insert(key, entry);
    }

    pub(super) fn remove_if(&mut self, key: &SessionKey, doomed: impl Fn(&Entry) -> bool) -> bool {
        let Some(entry) = self.entries.get(key).filter(|entry| doomed(entry)) else { return false };
        self.due.remove(&(entry.due_ms, *key));
        self.entries.remove(key);
        true
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.due.is_empty()
    }

    pub(super) fn is_due(&self, now_ms: u64) -> bool {
        self.due.first().is_some_and(|(due_ms, _)| *due_ms < now_ms)
    }

    /// Looks at some of what is due: puts the living back at their real time and returns the others,
    /// which stay until they are removed.
    pub(super) fn past(&mut self, policy: &Policy, now_ms: u64) -> Vec<(SessionKey, Binding)> {
        let due = self.due.iter().take_while(|(due_ms, _)| *due_ms < now_ms).take(SWEEP_BATCH);
        let mut past = Vec::new();
        for (due_ms, key) in due.copied().collect::<Vec<_>>() {
            let Some(entry) = self.entries.get_mut(&key) else { continue };
            if entry.age(policy, now_ms) == Age::Live {
                entry.due_ms = policy.alive_until_ms(entry.created_ms, entry.last_used.get());
                self.due.remove(&(due_ms, key));
                self.due.insert((entry.due_ms, key));
            } else {
                past.push((key, entry.binding));
            }
        }
        past
    }
}

impl Entry {
    pub(super) fn new(binding: Binding, state: Arc<SessionState>, policy: &Policy, now_ms: u64) -> Self {
        let due_ms = policy.alive_until_ms(now_ms, None);
        Self { binding, created_ms: now_ms, last_used: LastUsed::default(), due_ms, state }
    }

    pub(super) fn age(&self, policy: &Policy, now_ms: u64) -> Age {
        policy.age(self.created_ms, self.last_used.get(), now_ms)
    }

    pub(super) fn touch(&self, now_ms: u64) {
        self.last_used.0.fetch_max(now_ms.saturating_add(1), Ordering::Relaxed);
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
    fn get(&self) -> Option<u64> {
        self.0.load(Ordering::Relaxed).checked_sub(1)
    }
}

//! One of the parts of a memory store: its sessions, and when to look at each of them again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hashbrown::HashTable;
use slab::Slab;

use crate::sync::AtomicU64;
use crate::{Age, Binding, Policy, Record, SessionKey, SessionState};

/// How many sessions a sweep takes out of a shard before it lets others in.
const SWEEP_BATCH: usize = 256;

/// Sessions by key, and in the order in which they are to be looked at.
///
/// Sessions stand in numbered slots, and everything else knows them by their number: that is what keeps
/// a session small.
#[derive(Default)]
pub(super) struct Shard {
    slots: Slab<Entry>,
    by_key: HashTable<u32>,
    due: BTreeSet<(u64, u32)>,
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

/// A key is a digest already, and only ids that were minted here are put in: any eight bytes of it
/// spread as well as a hash would. The first one has chosen the shard.
fn spread(key: &SessionKey) -> u64 {
    let [_, a, b, c, d, e, f, g, h, ..] = *key.as_bytes();
    u64::from_ne_bytes([a, b, c, d, e, f, g, h])
}

impl Shard {
    pub(super) fn get(&self, key: &SessionKey) -> Option<&Entry> {
        self.slot(key).map(|slot| &self.slots[slot])
    }

    pub(super) fn get_mut(&mut self, key: &SessionKey) -> Option<&mut Entry> {
        self.slot(key).map(|slot| &mut self.slots[slot])
    }

    fn slot(&self, key: &SessionKey) -> Option<usize> {
        let found = self.by_key.find(spread(key), |slot| self.slots[*slot as usize].key == *key);
        found.map(|slot| *slot as usize)
    }

    /// Puts in a session whose key is not there.
    pub(super) fn insert(&mut self, entry: Entry) {
        let (key, due_ms) = (entry.key, entry.due_ms);
        let slot = u32::try_from(self.slots.insert(entry)).expect("four billion sessions fit no memory");
        self.due.insert((due_ms, slot));
        self.by_key.insert_unique(spread(&key), slot, |slot| spread(&self.slots[*slot as usize].key));
    }

    pub(super) fn remove_if(&mut self, key: &SessionKey, doomed: impl Fn(&Entry) -> bool) -> bool {
        let is_it = |slot: &u32| self.slots[*slot as usize].key == *key;
        let Ok(place) = self.by_key.find_entry(spread(key), is_it) else { return false };
        let slot = *place.get();
        if !doomed(&self.slots[slot as usize]) {
            return false;
        }
        place.remove();
        let entry = self.slots.remove(slot as usize);
        self.due.remove(&(entry.due_ms, slot));
        true
    }

    #[cfg(feature = "file")]
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.slots.iter().map(|(_, entry)| entry)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty() && self.by_key.is_empty() && self.due.is_empty()
    }

    pub(super) fn is_due(&self, now_ms: u64) -> bool {
        self.due.first().is_some_and(|(due_ms, _)| *due_ms < now_ms)
    }

    /// Looks at some of what is due: puts the living back at their real time and returns the others,
    /// which stay until they are removed.
    pub(super) fn past(&mut self, policy: &Policy, now_ms: u64) -> Vec<(SessionKey, Binding)> {
        let due = self.due.iter().take_while(|(due_ms, _)| *due_ms < now_ms).take(SWEEP_BATCH);
        let mut past = Vec::new();
        for (due_ms, slot) in due.copied().collect::<Vec<_>>() {
            let entry = &mut self.slots[slot as usize];
            if entry.age(policy, now_ms) == Age::Live {
                entry.due_ms = policy.alive_until_ms(entry.created_ms, entry.last_used.get());
                let again_ms = entry.due_ms;
                self.due.remove(&(due_ms, slot));
                self.due.insert((again_ms, slot));
            } else {
                past.push((entry.key, entry.binding));
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

    #[cfg(feature = "file")]
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

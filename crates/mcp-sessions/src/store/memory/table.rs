//! The sessions of a shard, by key.
//!
//! A look-up among very many sessions waits for memory more than it computes, so a session stands in the table itself, at
//! or near the place where its key belongs: one look at far memory, where a list of sessions beside a table of their
//! numbers takes two or three. One byte for each place, which tells most others apart from the one that is looked for,
//! is all that a look-up passes on its way.
//!
//! Linear probing. Keys are digests of ids that were minted here, so that nobody can choose them to crowd one place,
//! and at least one place in eight is vacant.

use super::shard::Entry;
use crate::SessionKey;

/// Sessions by key.
#[derive(Default)]
pub(super) struct Table {
    /// What stands in each place: [`VACANT`], [`REMOVED`], or bits of a key.
    tags: Vec<u8>,
    /// The places, in pieces of one size: the memory that one table leaves behind serves any other.
    #[expect(clippy::vec_box, reason = "side by side they would be one block of memory, of any size")]
    pieces: Vec<Box<Piece>>,
    taken: usize,
    /// How many places have something in them, or had.
    used: usize,
}

const PIECE: usize = 16;
type Piece = [Option<Entry>; PIECE];

/// Nothing has stood here since the table was built: a search ends.
const VACANT: u8 = 0;
/// What stood here was removed: a search goes on.
const REMOVED: u8 = 1;

impl Table {
    pub(super) fn get(&self, key: &SessionKey) -> Option<&Entry> {
        let place = self.place_of(key)?;
        self.place(place).as_ref()
    }

    pub(super) fn get_mut(&mut self, key: &SessionKey) -> Option<&mut Entry> {
        let place = self.place_of(key)?;
        self.place_mut(place).as_mut()
    }

    /// The session of this look that `is_it`.
    pub(super) fn get_by_look(&self, look: u64, is_it: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        let place = self.find(look, |entry| self::look(entry.key()) == look && is_it(entry))?;
        self.place(place).as_ref()
    }

    /// Puts in a session whose key is not there.
    pub(super) fn insert(&mut self, entry: Entry) {
        if self.used >= self.tags.len() / 8 * 7 {
            self.rebuild();
        }
        self.put(entry);
    }

    pub(super) fn remove(&mut self, key: &SessionKey) -> Option<Entry> {
        let place = self.place_of(key)?;
        self.taken -= 1;
        self.tags[place] = if self.tags[self.after(place)] == VACANT {
            self.used -= 1;
            VACANT
        } else {
            REMOVED
        };
        let entry = self.place_mut(place).take();
        if self.taken < self.tags.len() / 8 && self.pieces.len() > 1 {
            self.rebuild();
        }
        entry
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.pieces.iter().flat_map(|piece| piece.iter()).flatten()
    }

    fn place_of(&self, key: &SessionKey) -> Option<usize> {
        self.find(look(key), |entry| entry.key() == key)
    }

    fn find(&self, look: u64, is_it: impl Fn(&Entry) -> bool) -> Option<usize> {
        if self.tags.is_empty() {
            return None;
        }
        let (tag, mut place) = (tag(look), self.home(look));
        loop {
            match self.tags[place] {
                VACANT => return None,
                it if it == tag && self.place(place).as_ref().is_some_and(&is_it) => return Some(place),
                _ => place = self.after(place),
            }
        }
    }

    fn put(&mut self, entry: Entry) {
        let look = look(entry.key());
        let mut place = self.home(look);
        while !matches!(self.tags[place], VACANT | REMOVED) {
            place = self.after(place);
        }
        self.used += usize::from(self.tags[place] == VACANT);
        self.taken += 1;
        self.tags[place] = tag(look);
        *self.place_mut(place) = Some(entry);
    }

    /// Leaves room for an eighth more than there is, at least, and forgets what was removed.
    fn rebuild(&mut self) {
        let enough = (self.taken + self.taken / 8 + 1) * 8 / 7 + 1;
        let before = std::mem::take(self);
        self.pieces.resize_with(enough.div_ceil(PIECE), || Box::new([const { None }; PIECE]));
        self.tags.resize(self.pieces.len() * PIECE, VACANT);
        before.pieces.into_iter().flat_map(|piece| *piece).flatten().for_each(|entry| self.put(entry));
    }

    fn place(&self, place: usize) -> &Option<Entry> {
        &self.pieces[place / PIECE][place % PIECE]
    }

    fn place_mut(&mut self, place: usize) -> &mut Option<Entry> {
        &mut self.pieces[place / PIECE][place % PIECE]
    }

    /// The place where a key of this look belongs.
    fn home(&self, look: u64) -> usize {
        let spread = u64::from((look >> 8) as u32);
        ((spread * self.tags.len() as u64) >> 32) as usize
    }

    fn after(&self, place: usize) -> usize {
        if place + 1 == self.tags.len() { 0 } else { place + 1 }
    }
}

/// What places go by. A key is a digest: any bits of it spread as well as a hash would; its first two bytes
/// have chosen the shard.
pub(super) fn look(key: &SessionKey) -> u64 {
    let [_, _, a, b, c, d, e, f, g, h, ..] = *key.as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

fn tag(look: u64) -> u8 {
    look as u8 | 0x80
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::{Binding, Policy, Record, SessionState};

    /// Keys that crowd the first and the last places, and share looks.
    fn key(number: u8) -> SessionKey {
        let mut bytes = [0; 32];
        bytes[6] = [0, 1, 0xff, 0x80][usize::from(number % 4)];
        bytes[2] = number % 3;
        bytes[31] = number;
        SessionKey::from(bytes)
    }

    fn entry(key: SessionKey) -> Entry {
        let state = Arc::new(SessionState::default());
        let record = Record { binding: Binding::Anonymous, created_ms: 0, last_used_ms: None, state };
        Entry::new(key, record, &Policy::default())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn it_holds_what_a_set_would(steps in proptest::collection::vec(any::<(bool, u8)>(), 0..200)) {
            let (mut table, mut set) = (Table::default(), HashSet::new());
            for (adds, number) in steps {
                let key = key(number);
                if !adds {
                    prop_assert_eq!(table.remove(&key).is_some(), set.remove(&key));
                } else if set.insert(key) {
                    table.insert(entry(key));
                }
                prop_assert_eq!(table.iter().map(|entry| *entry.key()).collect::<HashSet<_>>(), set.clone());
                for key in (0..=u8::MAX).map(self::key) {
                    prop_assert_eq!(table.get(&key).map(|entry| *entry.key()), set.get(&key).copied());
                    let by_look = table.get_by_look(look(&key), |entry| entry.key() == &key);
                    prop_assert_eq!(by_look.is_some(), set.contains(&key));
                }
                prop_assert!(table.tags.is_empty() || table.tags.contains(&VACANT));
                let used = table.tags.iter().filter(|tag| **tag != VACANT).count();
                prop_assert_eq!((table.taken, table.used), (set.len(), used));
            }
        }
    }

    #[test]
    fn what_was_removed_takes_no_room_for_good() {
        let mut table = Table::default();
        let keys = (0_u32..).map(|number| {
            let mut bytes = [0; 32];
            bytes[2..6].copy_from_slice(&number.wrapping_mul(0x9E37_79B9).to_le_bytes());
            bytes[28..].copy_from_slice(&number.to_le_bytes());
            SessionKey::from(bytes)
        });
        let keys: Vec<_> = keys.take(100_000).collect();
        for (number, key) in keys.iter().enumerate() {
            table.insert(entry(*key));
            if let Some(oldest) = number.checked_sub(1_000) {
                assert!(table.remove(&keys[oldest]).is_some());
            }
        }
        assert!(table.tags.len() < 2_000, "{} places for 1,000 sessions", table.tags.len());
        keys.iter().for_each(|key| drop(table.remove(key)));
        assert_eq!((table.taken, table.tags.len()), (0, PIECE));
    }
}

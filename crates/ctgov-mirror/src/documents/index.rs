//! `documents.index`: where each record lies, and what it is.
//!
//! ```text
//! header    "CTGOVDOC", entries u64, xxh3-128 of all entries
//! entry     NCT number u32, updated u32, pack u32, frame bytes u32, bytes u32, offset u64, hash u128
//! ```
//!
//! Little-endian, fixed width, sorted by NCT number. The file is read whole (25 MB for the whole registry) and
//! never trusted: every number is checked before it is used.

use crate::manifest::Digest;
use ctgov::{DOCUMENT_BYTES_MAX, NctId};

const MAGIC: [u8; 8] = *b"CTGOVDOC";
const HEADER_BYTES: usize = 8 + 8 + 16;
const ENTRY_BYTES: usize = 5 * 4 + 8 + 16;

/// Where one record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub nct_id: NctId,
    /// `LastUpdatePostDate` as `yyyymmdd`, 0 without one: which of two records is the newer.
    pub updated: u32,
    /// The pack, counted as the manifest lists them.
    pub pack: u32,
    /// The compressed size.
    pub frame_bytes: u32,
    /// The size of the record.
    pub bytes: u32,
    pub offset: u64,
    /// Of the record's bytes.
    pub hash: Digest,
}

impl Entry {
    /// Whether the frame lies in a pack of this length.
    pub(crate) fn lies_within(&self, pack_bytes: &[u64]) -> bool {
        let end = self.offset.checked_add(self.frame_bytes.into());
        pack_bytes.get(self.pack as usize).is_some_and(|bytes| end.is_some_and(|end| end <= *bytes))
    }
}

/// The entry of `id` in sorted `entries`.
pub(crate) fn find(entries: &[Entry], id: NctId) -> Option<&Entry> {
    entries.binary_search_by_key(&id, |entry| entry.nct_id).ok().map(|at| &entries[at])
}

/// The file for `entries`, which must be sorted.
pub(crate) fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut body = Vec::with_capacity(entries.len() * ENTRY_BYTES);
    for entry in entries {
        for number in [entry.nct_id.number(), entry.updated, entry.pack, entry.frame_bytes, entry.bytes] {
            body.extend(number.to_le_bytes());
        }
        body.extend(entry.offset.to_le_bytes());
        body.extend(entry.hash.0.to_le_bytes());
    }
    let mut file = Vec::with_capacity(HEADER_BYTES + body.len());
    file.extend(MAGIC);
    file.extend((entries.len() as u64).to_le_bytes());
    file.extend(Digest::of(&body).0.to_le_bytes());
    file.extend(body);
    file
}

/// Reads the file; the error says how it is damaged.
pub(crate) fn decode(file: &[u8]) -> Result<Vec<Entry>, &'static str> {
    const SHORT: &str = "it is cut off";
    let mut rest = file;
    if take::<8>(&mut rest).ok_or(SHORT)? != MAGIC {
        return Err("it is no document index");
    }
    let count = u64::from_le_bytes(take(&mut rest).ok_or(SHORT)?);
    let hash = u128::from_le_bytes(take(&mut rest).ok_or(SHORT)?);
    if count.checked_mul(ENTRY_BYTES as u64) != Some(rest.len() as u64) {
        return Err("its length does not fit its number of entries");
    }
    if Digest::of(rest).0 != hash {
        return Err("its checksum does not fit");
    }
    let mut entries: Vec<Entry> = Vec::with_capacity(rest.len() / ENTRY_BYTES);
    while !rest.is_empty() {
        let entry = decode_entry(&mut rest).ok_or("an entry makes no sense")?;
        if entries.last().is_some_and(|last| last.nct_id >= entry.nct_id) {
            return Err("its entries are not in order");
        }
        entries.push(entry);
    }
    Ok(entries)
}

/// The file with `body` for its entries, with a count and a checksum that fit: what an adversary would write.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn sealed(body: &[u8]) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    file.extend(((body.len() / ENTRY_BYTES) as u64).to_le_bytes());
    file.extend(Digest::of(body).0.to_le_bytes());
    file.extend(body);
    file
}

fn decode_entry(rest: &mut &[u8]) -> Option<Entry> {
    let mut number = || take(rest).map(u32::from_le_bytes);
    let (nct, updated, pack, frame_bytes, bytes) = (number()?, number()?, number()?, number()?, number()?);
    let offset = u64::from_le_bytes(take(rest)?);
    let hash = Digest(u128::from_le_bytes(take(rest)?));
    // Reading a record allocates this much: the bounds are what keeps a made-up entry harmless.
    let bounded = bytes as usize <= DOCUMENT_BYTES_MAX && frame_bytes as usize <= 2 * DOCUMENT_BYTES_MAX;
    let nct_id = NctId::new(nct).ok()?;
    bounded.then_some(Entry { nct_id, updated, pack, frame_bytes, bytes, offset, hash })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entries(numbers: &[u32]) -> Vec<Entry> {
        let entry = |number: &u32| Entry {
            nct_id: NctId::new(*number).unwrap(),
            updated: 20_240_131,
            pack: 1,
            frame_bytes: 70,
            bytes: 200,
            offset: u64::from(*number) * 70,
            hash: Digest::of(&number.to_le_bytes()),
        };
        numbers.iter().map(entry).collect()
    }

    #[test]
    fn entries_come_back_and_are_found() {
        let entries = entries(&[3, 5, 90_000_001]);
        let read = decode(&encode(&entries)).unwrap();
        assert_eq!(read, entries);
        assert_eq!(find(&read, NctId::new(5).unwrap()), Some(&entries[1]));
        assert_eq!(find(&read, NctId::new(4).unwrap()), None);
        assert_eq!(decode(&encode(&[])), Ok(Vec::new()));
    }

    #[test]
    fn every_kind_of_damage_has_its_name() {
        let good = encode(&entries(&[3, 5]));
        let changed = |at: usize, byte: u8| {
            let mut file = good.clone();
            file[at] = byte;
            file
        };
        let cases = [
            (good[..20].to_vec(), "it is cut off"),
            (good[..good.len() - 1].to_vec(), "its length does not fit its number of entries"),
            (changed(0, b'X'), "it is no document index"),
            (changed(15, 0xff), "its length does not fit its number of entries"),
            (changed(HEADER_BYTES, 4), "its checksum does not fit"),
            (sealed(&changed(HEADER_BYTES, 5)[HEADER_BYTES..]), "its entries are not in order"),
            (sealed(&changed(HEADER_BYTES, 0)[HEADER_BYTES..]), "an entry makes no sense"),
            (sealed(&changed(HEADER_BYTES + 19, 0xff)[HEADER_BYTES..]), "an entry makes no sense"),
        ];
        for (file, what) in cases {
            assert_eq!(decode(&file), Err(what));
        }
    }

    #[test]
    fn a_frame_must_lie_in_its_pack() {
        let entry = entries(&[2])[0];
        assert!(entry.lies_within(&[0, 210]));
        assert!(!entry.lies_within(&[0, 209]));
        assert!(!entry.lies_within(&[300]));
        assert!(!Entry { offset: u64::MAX, ..entry }.lies_within(&[0, 210]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn any_sealed_entries_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..3)
            .prop_flat_map(|count| prop::collection::vec(any::<u8>(), count.len() * ENTRY_BYTES)))
        {
            let file = sealed(&body);
            if let Ok(entries) = decode(&file) {
                prop_assert_eq!(encode(&entries), file);
            }
        }

        #[test]
        fn a_changed_byte_is_noticed(at in 0..HEADER_BYTES + 2 * ENTRY_BYTES, flip in 1..=255_u8) {
            let mut file = encode(&entries(&[3, 5]));
            file[at] ^= flip;
            prop_assert!(decode(&file).is_err());
        }
    }
}

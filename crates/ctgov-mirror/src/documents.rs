//! Documents: the records themselves, by NCT number.
//!
//! ```text
//! NCT number ─▶ documents.index (in memory) ─▶ pack, offset, length ─▶ zstd frame ─▶ checked bytes
//! ```
//!
//! A record's bytes are returned as they were stored or not at all: the frame carries a checksum of its own, and
//! the index the hash of what must come out.

pub(crate) mod index;
pub(crate) mod pack;

use crate::{
    error::{At, MirrorError},
    manifest::{Digest, Manifest},
};
use ctgov::{Document, NctId, tabulate::RecordSizes};
use index::Entry;
use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

pub(crate) const INDEX_FILE: &str = "documents.index";
pub(crate) const PACKS: &str = "documents";

/// The records of one generation.
#[derive(Debug)]
pub(crate) struct Documents {
    entries: Vec<Entry>,
    /// Opened with the generation, so that it stays readable after its directory is removed.
    packs: Vec<(PathBuf, File)>,
}

impl Documents {
    pub(crate) fn open(directory: &Path, manifest: &Manifest) -> Result<Self, MirrorError> {
        let path = directory.join(INDEX_FILE);
        let entries = index::decode(&fs::read(&path).at("read", &path)?)
            .map_err(|what| MirrorError::damaged(&path, what))?;
        let mut packs = Vec::with_capacity(manifest.packs.len());
        for name in &manifest.packs {
            let path = directory.join(name);
            let file = File::open(&path).at("open", &path)?;
            packs.push((path, file));
        }
        let lengths: Vec<u64> =
            manifest.packs.iter().map(|name| manifest.files.get(name).map_or(0, |file| file.bytes)).collect();
        if let Some(stray) = entries.iter().find(|entry| !entry.lies_within(&lengths)) {
            return Err(MirrorError::damaged(&path, format!("{} lies outside its pack", stray.nct_id)));
        }
        Ok(Self { entries, packs })
    }

    /// Every record's entry, by NCT number.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn find(&self, id: NctId) -> Option<&Entry> {
        index::find(&self.entries, id)
    }

    /// Reads a record and checks that it is the one stored.
    pub(crate) fn read(&self, entry: &Entry) -> Result<Document, MirrorError> {
        let (path, file) = &self.packs[entry.pack as usize];
        let mut frame = vec![0; entry.frame_bytes as usize];
        file.read_exact_at(&mut frame, entry.offset).at("read", path)?;
        let damaged = |what: &str| MirrorError::damaged(path, format!("{}: {what}", entry.nct_id));
        let bytes = zstd::bulk::decompress(&frame, entry.bytes as usize)
            .map_err(|_| damaged("the record cannot be decompressed"))?;
        if Digest::of(&bytes) != entry.hash {
            return Err(damaged("the record is not the one that was stored"));
        }
        let json = String::from_utf8(bytes).map_err(|_| damaged("the record is not UTF-8 text"))?;
        Ok(Document::from_checked(entry.nct_id, json))
    }

    /// How large the records are.
    pub(crate) fn sizes(&self) -> RecordSizes {
        let mut bytes: Vec<(u64, NctId)> =
            self.entries.iter().map(|entry| (u64::from(entry.bytes), entry.nct_id)).collect();
        bytes.sort_unstable_by_key(|(bytes, id)| (std::cmp::Reverse(*bytes), *id));
        let studies = bytes.len() as u64;
        let mean = bytes.iter().map(|(bytes, _)| bytes).sum::<u64>() / studies.max(1);
        // Largest first: the size that `percent` lie below stands so far from the end.
        let percentile = |percent: u8| {
            let below = (bytes.len() * usize::from(percent) / 100).min(bytes.len().saturating_sub(1));
            bytes.iter().rev().nth(below).map(|(bytes, _)| (percent, *bytes))
        };
        let percentiles = [5, 10, 25, 50, 75, 90, 95, 99].into_iter().filter_map(percentile).collect();
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for (bytes, _) in bytes.iter().rev() {
            let end = bytes.next_power_of_two().max(1 << 10);
            match ranges.last_mut() {
                Some((last, studies)) if *last == end => *studies += 1,
                _ => ranges.push((end, 1)),
            }
        }
        let largest = bytes.iter().take(10).map(|(bytes, id)| (*id, *bytes)).collect();
        RecordSizes { studies, mean, largest, percentiles, ranges }
    }
}

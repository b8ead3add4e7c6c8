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
use ctgov::{Document, NctId};
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
}

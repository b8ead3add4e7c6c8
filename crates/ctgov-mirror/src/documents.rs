//! Documents: the records themselves, by NCT number.
//!
//! ```text
//! NCT number ─▶ documents.index (in memory) ─▶ pack, offset, length ─▶ zstd frame, dictionary ─▶ checked bytes
//! ```
//!
//! A record's bytes are returned as they were stored or not at all: the frame carries a checksum of its own, and
//! the index the hash of what must come out.

pub(crate) mod dictionary;
pub(crate) mod frame;
pub(crate) mod index;
pub(crate) mod pack;

use crate::{
    error::{At, MirrorError},
    manifest::{Digest, Manifest},
};
use ctgov::{Document, NctId, tabulate::RecordSizes};
use dictionary::Dictionary;
use index::Entry;
use std::{
    collections::HashMap,
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use zstd::dict::DecoderDictionary;

pub(crate) const INDEX_FILE: &str = "documents.index";
pub(crate) const PACKS: &str = "documents";

/// The records of one generation.
#[derive(Debug)]
pub(crate) struct Documents {
    entries: Vec<Entry>,
    packs: Vec<Pack>,
}

struct Pack {
    path: PathBuf,
    /// Opened with the generation, so that it stays readable after its directory is removed.
    file: File,
    dictionary: Option<Arc<DecoderDictionary<'static>>>,
}

impl std::fmt::Debug for Pack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pack({})", self.path.display())
    }
}

impl Documents {
    pub(crate) fn open(directory: &Path, manifest: &Manifest) -> Result<Self, MirrorError> {
        let path = directory.join(INDEX_FILE);
        let entries = index::decode(&fs::read(&path).at("read", &path)?)
            .map_err(|what| MirrorError::damaged(&path, what))?;
        let mut packs = Vec::with_capacity(manifest.packs.len());
        let mut dictionaries: HashMap<&str, Arc<DecoderDictionary<'static>>> = HashMap::new();
        for pack in &manifest.packs {
            let path = directory.join(&pack.file);
            let file = File::open(&path).at("open", &path)?;
            let dictionary = match pack.dictionary.as_deref() {
                None => None,
                Some(name) => Some(match dictionaries.get(name) {
                    Some(dictionary) => dictionary.clone(),
                    None => {
                        let prepared = read_dictionary(directory, manifest, name)?.decoder();
                        let prepared = Arc::new(prepared.at("prepare", &directory.join(name))?);
                        dictionaries.insert(name, prepared.clone());
                        prepared
                    }
                }),
            };
            packs.push(Pack { path, file, dictionary });
        }
        let bytes_of = |file: &String| manifest.files.get(file).map_or(0, |file| file.bytes);
        let lengths: Vec<u64> = manifest.packs.iter().map(|pack| bytes_of(&pack.file)).collect();
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
        let Pack { path, file, dictionary } = &self.packs[entry.pack as usize];
        let damaged = |what: &str| MirrorError::damaged(path, format!("{}: {what}", entry.nct_id));
        let bytes = frame::read(file, entry, dictionary.as_deref())
            .at("read", path)?
            .ok_or_else(|| damaged("the record cannot be decompressed"))?;
        if Digest::of(&bytes) != entry.hash {
            return Err(damaged("the record is not the one that was stored"));
        }
        let json = String::from_utf8(bytes).map_err(|_| damaged("the record is not UTF-8 text"))?;
        Ok(Document::from_checked(entry.nct_id, json))
    }

    /// The pack that a record lies in.
    pub(crate) fn pack_path(&self, entry: &Entry) -> &Path {
        &self.packs[entry.pack as usize].path
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

/// Reads one of the dictionaries that `manifest` lists.
pub(crate) fn read_dictionary(
    directory: &Path,
    manifest: &Manifest,
    name: &str,
) -> Result<Dictionary, MirrorError> {
    let path = directory.join(name);
    let mut bytes = Vec::new();
    let file = File::open(&path).at("open", &path)?;
    file.take(dictionary::BYTES_MAX + 1).read_to_end(&mut bytes).at("read", &path)?;
    if bytes.len() as u64 > dictionary::BYTES_MAX {
        return Err(MirrorError::damaged(&path, "it is far larger than any dictionary"));
    }
    manifest.check_content(directory, name, &bytes)?;
    Ok(bytes.into())
}

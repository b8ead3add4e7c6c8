//! `Draft`: a generation in the making, from the one before and the records that come in.

use super::{ImportSummary, record::Prepared};
use crate::{
    data_dir::{Current, DataDir, Unfinished},
    documents::{
        self, Documents,
        dictionary::Dictionary,
        index::Entry,
        pack::{self, PackWriter},
    },
    error::{At, MirrorError},
    generation::read_manifest,
    index::{self, EntryWriter, Schemas},
    manifest::{Digest, FileEntry, Manifest, PackEntry},
    synonyms::{self, Additions},
};
use ctgov::NctId;
use std::{
    collections::HashMap,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

/// When there are so many packs, an import takes the records of the small ones into its own: each pack is an open file.
const PACKS_MAX: usize = 16;
/// The largest packs, which stay as they are then.
const PACKS_LEFT: usize = 4;
/// What each indexing thread collects before it writes a segment.
const INDEX_BYTES_PER_THREAD: usize = 64 << 20;
/// What those of a mirror's first import collect together: the larger its segments, the less there is to merge.
const FIRST_INDEX_BYTES: usize = 512 << 20;

/// The generation before, as far as a new one builds on it.
pub(super) struct Parent {
    pub(super) current: Current,
    pub(super) directory: PathBuf,
    pub(super) manifest: Manifest,
    pub(super) documents: Documents,
}

/// A generation in the making.
pub(super) struct Draft {
    parent: Option<Parent>,
    ordinal: u64,
    pack: PackWriter,
    /// The packs of the generation before that stay, by their places in its list.
    kept_packs: Vec<usize>,
    studies: EntryWriter,
    /// What this import stored, by study.
    fresh: HashMap<NctId, Entry>,
    /// Last, because fields are dropped in order: whoever writes into the directory must have ended.
    directory: Unfinished,
}

impl Draft {
    pub(super) fn start(data_dir: &DataDir, schemas: &Schemas, threads: usize) -> Result<Self, MirrorError> {
        let parent = data_dir.current()?.map(|current| Parent::open(data_dir, current)).transpose()?;
        let ordinal = next_ordinal(data_dir)?;
        let directory = data_dir.create_unfinished()?;
        let packs = directory.path().join(documents::PACKS);
        fs::create_dir(&packs).at("create", &packs)?;
        let kept_packs = parent.as_ref().map_or_else(Vec::new, Parent::packs_to_keep);
        if let Some(parent) = &parent {
            let made_anew = [documents::INDEX_FILE, synonyms::FILE];
            let kept: Vec<_> = kept_packs.iter().map(|at| &parent.manifest.packs[*at]).collect();
            let in_use = |name: &str| {
                let of_pack =
                    |pack: &&PackEntry| pack.file == name || pack.dictionary.as_deref() == Some(name);
                kept.iter().any(of_pack) || parent.newest_dictionary() == Some(name)
            };
            parent.link_into(directory.path(), |name| {
                let is_pack = Path::new(name).starts_with(documents::PACKS);
                !made_anew.contains(&name) && (!is_pack || in_use(name))
            })?;
        }
        let pack = PackWriter::create(&packs.join(pack_file(ordinal)))?;
        // One more thread writes the sites.
        let bytes = if parent.is_some() { INDEX_BYTES_PER_THREAD } else { FIRST_INDEX_BYTES / (threads + 1) };
        let studies = EntryWriter::open(directory.path(), schemas, threads, threads * bytes)?;
        if parent.is_none() {
            studies.merge_at_the_end();
        }
        Ok(Self { parent, ordinal, pack, kept_packs, studies, fresh: HashMap::new(), directory })
    }

    /// The dictionary that there is already.
    pub(super) fn dictionary(&self) -> Result<Option<Dictionary>, MirrorError> {
        let Some(parent) = &self.parent else { return Ok(None) };
        let read = |name| documents::read_dictionary(&parent.directory, &parent.manifest, name);
        parent.newest_dictionary().map(read).transpose()
    }

    fn before(&self, id: NctId) -> Option<&Entry> {
        self.parent.as_ref().and_then(|parent| parent.documents.find(id))
    }

    /// Stores a record unless what is there is the same or newer.
    pub(super) fn take(&mut self, record: Prepared, summary: &mut ImportSummary) -> Result<(), MirrorError> {
        let id = record.nct_id;
        let superseded = self.fresh.get(&id);
        let there = superseded.or_else(|| self.before(id));
        match there {
            Some(there) if there.hash == record.hash => {
                summary.unchanged += 1;
                return Ok(());
            }
            Some(there) if there.updated > record.updated => {
                summary.older += 1;
                return Ok(());
            }
            _ => {}
        }
        summary.older += u64::from(superseded.is_some());
        if there.is_some() {
            self.studies.remove(id);
        }
        let entry = Entry {
            nct_id: id,
            updated: record.updated,
            pack: self.kept_packs.len() as u32,
            frame_bytes: record.frame.len() as u32,
            bytes: record.bytes,
            offset: self.pack.append(&record.frame)?,
            hash: record.hash,
        };
        self.studies.add(record.entry)?;
        self.fresh.insert(id, entry);
        summary.stored = self.fresh.len() as u64;
        Ok(())
    }

    /// Tells the stored records apart by what was there before the import.
    pub(super) fn count(&self, summary: &mut ImportSummary) {
        summary.stored = 0;
        for entry in self.fresh.values() {
            match self.before(entry.nct_id) {
                None => summary.new += 1,
                Some(before) if before.hash == entry.hash => summary.unchanged += 1,
                Some(_) => summary.changed += 1,
            }
        }
    }

    /// Whether the generation before was made with other additions to the synonyms.
    pub(super) fn has_other_additions(&self, additions: &Additions) -> bool {
        self.parent.as_ref().is_some_and(|parent| parent.manifest.additions != additions.digest())
    }

    /// Takes the records of the packs that do not stay into the new one.
    fn gather(&mut self, dictionary: Option<&Dictionary>) -> Result<(), MirrorError> {
        let Some(parent) = &self.parent else { return Ok(()) };
        if self.kept_packs.len() == parent.manifest.packs.len() {
            return Ok(());
        }
        let mut compressor = pack::compressor(dictionary).at("write", self.directory.path())?;
        for entry in parent.documents.entries() {
            let stays = self.kept_packs.contains(&(entry.pack as usize));
            if stays || self.fresh.contains_key(&entry.nct_id) {
                continue;
            }
            let record = parent.documents.read(entry)?;
            let frame = compressor
                .compress(record.json().as_bytes())
                .at("compress a record of", parent.documents.pack_path(entry))?;
            let (pack, frame_bytes) = (self.kept_packs.len() as u32, frame.len() as u32);
            let moved = Entry { pack, frame_bytes, offset: self.pack.append(&frame)?, ..*entry };
            self.fresh.insert(entry.nct_id, moved);
        }
        Ok(())
    }

    /// Completes the index, the list of documents and the synonyms. The new pack was compressed with `dictionary`.
    /// Nothing comes of it when `go_on` breaks, which is asked several times a second.
    pub(super) fn finish(
        mut self,
        additions: &Additions,
        dictionary: Option<&Dictionary>,
        go_on: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Option<Finished>, MirrorError> {
        self.gather(dictionary)?;
        if self.parent.is_none() && self.studies.merge_all(go_on)?.is_break() {
            return Ok(None);
        }
        self.studies.finish()?;
        let synonyms = synonyms::file_of(self.directory.path(), additions)?;
        let (before, packs_before) = self.parent.as_ref().map_or((&[][..], &[][..]), |parent| {
            (parent.documents.entries(), parent.manifest.packs.as_slice())
        });
        let mut packs: Vec<PackEntry> = self.kept_packs.iter().map(|at| packs_before[*at].clone()).collect();
        let mut entries: Vec<Entry> = before
            .iter()
            .filter(|entry| !self.fresh.contains_key(&entry.nct_id))
            .filter_map(|entry| {
                let pack = self.kept_packs.iter().position(|at| *at == entry.pack as usize)?;
                Some(Entry { pack: pack as u32, ..*entry })
            })
            .chain(self.fresh.values().copied())
            .collect();
        entries.sort_unstable_by_key(|entry| entry.nct_id);
        let pack = if self.fresh.is_empty() {
            self.pack.discard()?;
            None
        } else {
            let inherited = self.parent.as_ref().and_then(Parent::newest_dictionary);
            let dictionary = match (inherited, dictionary) {
                (Some(inherited), _) => Some(inherited.to_owned()),
                (None, Some(trained)) => Some(trained.write(self.directory.path(), self.ordinal)?),
                (None, None) => None,
            };
            let file = format!("{}/{}", documents::PACKS, pack_file(self.ordinal));
            packs.push(PackEntry { file: file.clone(), dictionary });
            Some((file, self.pack.finish()?))
        };
        let parent = self.parent.map(|parent| (parent.current, parent.manifest));
        Ok(Some(Finished {
            directory: self.directory,
            parent,
            ordinal: self.ordinal,
            packs,
            pack,
            entries,
            synonyms,
            additions: additions.digest(),
        }))
    }
}

impl Parent {
    pub(super) fn open(data_dir: &DataDir, current: Current) -> Result<Self, MirrorError> {
        let manifest = read_manifest(data_dir, current)?;
        let directory = data_dir.generation(current.name);
        manifest.check_contents(&directory)?;
        let documents = Documents::open(&directory, &manifest)?;
        Ok(Self { current, directory, manifest, documents })
    }

    /// The packs that the next import leaves as they are, by their places: all, unless there are too many.
    fn packs_to_keep(&self) -> Vec<usize> {
        let packs = &self.manifest.packs;
        let mut kept: Vec<usize> = (0..packs.len()).collect();
        if packs.len() >= PACKS_MAX {
            let bytes = |at: &usize| self.manifest.files.get(&packs[*at].file).map_or(0, |file| file.bytes);
            kept.sort_by_key(|at| std::cmp::Reverse(bytes(at)));
            kept.truncate(PACKS_LEFT);
            kept.sort_unstable();
        }
        kept
    }

    /// Links the files that `wanted` names into a generation in the making.
    pub(super) fn link_into(
        &self,
        directory: &Path,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(), MirrorError> {
        for name in index::DIRECTORIES {
            let index = directory.join(name);
            fs::create_dir(&index).at("create", &index)?;
        }
        for name in self.manifest.files.keys().filter(|name| wanted(name)) {
            let (from, to) = (self.directory.join(name), directory.join(name));
            fs::hard_link(&from, &to).at("link", &to)?;
        }
        Ok(())
    }

    /// The path of the dictionary of the newest pack that has one.
    fn newest_dictionary(&self) -> Option<&str> {
        self.manifest.packs.iter().rev().find_map(|pack| pack.dictionary.as_deref())
    }
}

/// A generation that has everything but its manifest.
pub(super) struct Finished {
    pub(super) directory: Unfinished,
    pub(super) parent: Option<(Current, Manifest)>,
    pub(super) ordinal: u64,
    pub(super) packs: Vec<PackEntry>,
    /// The new one among them, if there is one; it is durable already.
    pub(super) pack: Option<(String, FileEntry)>,
    /// Sorted by NCT number.
    pub(super) entries: Vec<Entry>,
    /// The content of [`synonyms::FILE`], and the additions it was made with.
    pub(super) synonyms: Vec<u8>,
    pub(super) additions: Digest,
}

/// The number of the next generation.
pub(super) fn next_ordinal(data_dir: &DataDir) -> Result<u64, MirrorError> {
    Ok(data_dir.names()?.last().map_or(1, |newest| newest.ordinal + 1))
}

pub(super) fn pack_file(ordinal: u64) -> String {
    format!("{ordinal:06}.pack")
}

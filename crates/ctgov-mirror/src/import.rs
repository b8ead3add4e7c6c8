//! Import: from files of records to a new generation.
//!
//! ```text
//! sources ─▶ pipeline: read ─▶ parse, compress, fold ─▶ in order ─▶ newer than what is there? ─▶ pack + index
//!                                                                                                  │
//!                            CURRENT ◀── publish: hash, sync, rename ◀──────────────────────────────┘
//! ```
//!
//! A record that cannot be taken is refused with its place and the reason, and the import goes on. Of several
//! records of one study the one with the newest `LastUpdatePostDate` is kept, of equally new ones the last, so that
//! nobody silently gets an outdated record. Memory does not grow with the input but for some sixty bytes a study.

mod in_flight;
mod pipeline;
mod publish;
mod record;
mod source;
mod summary;

pub use source::Source;
pub use summary::{ImportSummary, REFUSALS_MAX, Refusal, RefusalPlace};

use crate::{
    data_dir::{Current, DataDir, Unfinished, WriterLock, sync_directory},
    documents::{self, Documents, index::Entry, pack::PackWriter},
    error::{At, MirrorError},
    generation::read_manifest,
    index::{self, EntryWriter, Schemas},
    manifest::{Digest, Manifest},
    synonyms::{self, Additions},
};
#[cfg(feature = "fuzzing")]
use ctgov::Document;
use ctgov::NctId;
use pipeline::{Pipeline, Step};
use record::Prepared;
use std::{
    collections::HashMap,
    fs,
    num::NonZeroUsize,
    ops::ControlFlow,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// A writer that has just looked at `status` gives its lock back within microseconds: worth a second try.
const LOCK_TRIES: u32 = 5;
const LOCK_RETRY_AFTER: Duration = Duration::from_millis(20);
/// How often the observer hears of progress, and how soon a cancelled import ends.
const PROGRESS_EVERY: Duration = Duration::from_millis(50);
/// What each indexing thread collects before it writes a segment.
const INDEX_BYTES_PER_THREAD: usize = 64 << 20;
/// More threads only wait for the one that keeps the order.
const THREADS_MAX: usize = 8;

/// Reads what is in `source` and makes the entries that the index would get of it.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_entries(source: Source) {
    static SCHEMAS: std::sync::LazyLock<Schemas> = std::sync::LazyLock::new(Schemas::new);
    let sources = vec![source];
    let progress = std::sync::Arc::new(source::Progress::new(&sources));
    source::read_all(sources, &progress, &mut |item| {
        if let source::Item::Record { bytes, .. } = item
            && let Ok((document, study)) = Document::parse(&bytes)
        {
            SCHEMAS.entry(document.nct_id(), &study);
        }
        ControlFlow::Continue(())
    });
}

/// Why an import failed. It published nothing, and what was there before is untouched; [`Importer::import`] tells
/// of the one exception.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Another process is importing into the same directory.
    #[error(
        "{} is being written by another import{}; wait until it ends", .data_dir.display(),
        .process_id.map(|id| format!(" (process {id})")).unwrap_or_default()
    )]
    Locked {
        /// The directory.
        data_dir: PathBuf,
        /// The other process, if it left its id.
        process_id: Option<u32>,
    },
    /// Not one record could be read. The summary says why, source by source.
    #[error("no study record was found in what was given")]
    NothingRead {
        /// What was refused and why.
        summary: Box<ImportSummary>,
    },
    /// The observer asked to stop.
    #[error("the import was cancelled; nothing was published")]
    Cancelled,
    /// The data directory could not be read or written.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
}

/// How an import uses the machine.
#[derive(Clone, Copy, Debug)]
pub struct ImportOptions {
    threads: NonZeroUsize,
}

impl Default for ImportOptions {
    /// As many threads as there are processors, at most 8.
    fn default() -> Self {
        Self { threads: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN) }
    }
}

impl ImportOptions {
    /// Parses and indexes with this many threads each, at most 8.
    #[must_use]
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }
}

/// What an import is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ImportPhase {
    /// Reading records; they are compressed and indexed as they come.
    Reading,
    /// Writing the search index out.
    Indexing,
    /// Making everything durable and current. The last moment to cancel is the start of this.
    Publishing,
}

/// How far an import is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ImportProgress {
    /// What it is doing.
    pub phase: ImportPhase,
    /// How many bytes of the sources were read, as they are on disk.
    pub bytes_read: u64,
    /// How many there are, if that is known.
    pub bytes_total: Option<u64>,
    /// How many records were taken or refused.
    pub records: u64,
}

/// Hears how far an import is, and can end it.
///
/// Every closure from [`ImportProgress`] to [`ControlFlow`] is one.
pub trait ImportObserver {
    /// Called at the start of each phase, and several times a second while records are read. [`ImportPhase::Indexing`]
    /// and [`ImportPhase::Publishing`] say nothing until they are over, which can take minutes. Breaking cancels the
    /// import.
    fn progress(&mut self, progress: &ImportProgress) -> ControlFlow<()>;
}

impl<F: FnMut(&ImportProgress) -> ControlFlow<()>> ImportObserver for F {
    fn progress(&mut self, progress: &ImportProgress) -> ControlFlow<()> {
        self(progress)
    }
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl ImportObserver for Unobserved {
    fn progress(&mut self, _: &ImportProgress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The one writer of a data directory.
#[derive(Debug)]
pub struct Importer {
    data_dir: DataDir,
    _lock: WriterLock,
}

impl Importer {
    /// Becomes the writer of `data_dir`, which is created if need be, and removes what an interrupted one left.
    ///
    /// # Errors
    ///
    /// [`ImportError::Locked`] while there is another one.
    pub fn open(data_dir: &Path) -> Result<Self, ImportError> {
        let data_dir = DataDir::new(data_dir);
        data_dir.create()?;
        let mut tries = 0;
        let lock = loop {
            tries += 1;
            match data_dir.lock()? {
                Ok(lock) => break lock,
                Err(process_id) if tries == LOCK_TRIES => {
                    return Err(ImportError::Locked { data_dir: data_dir.root().to_owned(), process_id });
                }
                Err(_) => thread::sleep(LOCK_RETRY_AFTER),
            }
        };
        let current = data_dir.current()?;
        if let Some(current) = current {
            // Nothing is removed on the word of a `CURRENT` that cannot be followed.
            read_manifest(&data_dir, current)?;
        }
        data_dir.remove_unfinished(current)?;
        Ok(Self { data_dir, _lock: lock })
    }

    /// Imports everything in `sources` and publishes it as one new generation, if it changes anything.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; nothing is published then, and the unfinished work is removed. There is one exception: when
    /// the very last step, making the replaced `CURRENT` durable, fails with [`MirrorError::Io`] for the data
    /// directory itself, the new generation is being served, but a power failure may bring back the one before.
    pub fn import(
        self,
        sources: Vec<Source>,
        options: &ImportOptions,
        observer: &mut dyn ImportObserver,
    ) -> Result<ImportSummary, ImportError> {
        let threads = options.threads.get().min(THREADS_MAX);
        let additions = Additions::of(&self.data_dir)?;
        let schemas = Schemas::new();
        let mut draft = Draft::start(&self.data_dir, &schemas, threads)?;
        let mut pipeline = Pipeline::start(sources, &schemas, threads);
        let mut report = Report { observer, phase: ImportPhase::Reading, records: 0, told: Instant::now() };
        let mut summary = ImportSummary::default();
        report.tell(&pipeline)?;
        loop {
            match pipeline.next(PROGRESS_EVERY) {
                Step::Record(record) => draft.take(record, &mut summary)?,
                Step::Refused(refusal) => summary.refuse(refusal),
                Step::Waiting => {}
                Step::End => break,
            }
            report.records = summary.records();
            if report.told.elapsed() >= PROGRESS_EVERY {
                report.tell(&pipeline)?;
            }
        }
        summary.bytes = pipeline.bytes_read();
        summary.other_files = pipeline.finish();
        draft.count(&mut summary);
        if summary.records() == summary.refused {
            return Err(ImportError::NothingRead { summary: Box::new(summary) });
        }
        if summary.new + summary.changed > 0 || draft.has_other_additions(&additions) {
            report.enter(ImportPhase::Indexing, &pipeline)?;
            let finished = draft.finish(&additions)?;
            report.enter(ImportPhase::Publishing, &pipeline)?;
            summary.published = Some(publish::publish(&self.data_dir, finished, SystemTime::now())?);
        }
        Ok(summary)
    }
}

/// Tells the observer, and turns its wish to stop into the error that stops.
struct Report<'a> {
    observer: &'a mut dyn ImportObserver,
    phase: ImportPhase,
    records: u64,
    told: Instant,
}

impl Report<'_> {
    fn enter(&mut self, phase: ImportPhase, pipeline: &Pipeline) -> Result<(), ImportError> {
        self.phase = phase;
        self.tell(pipeline)
    }

    fn tell(&mut self, pipeline: &Pipeline) -> Result<(), ImportError> {
        self.told = Instant::now();
        let progress = ImportProgress {
            phase: self.phase,
            bytes_read: pipeline.bytes_read(),
            bytes_total: pipeline.bytes_total(),
            records: self.records,
        };
        match self.observer.progress(&progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ImportError::Cancelled),
        }
    }
}

/// The generation before, as far as a new one builds on it.
struct Parent {
    current: Current,
    directory: PathBuf,
    manifest: Manifest,
    documents: Documents,
}

/// A generation in the making.
struct Draft {
    parent: Option<Parent>,
    ordinal: u64,
    pack: PackWriter,
    /// The new pack's place in the manifest's list.
    pack_at: u32,
    studies: EntryWriter,
    /// What this import stored, by study.
    fresh: HashMap<NctId, Entry>,
    /// Last, because fields are dropped in order: whoever writes into the directory must have ended.
    directory: Unfinished,
}

impl Draft {
    fn start(data_dir: &DataDir, schemas: &Schemas, threads: usize) -> Result<Self, MirrorError> {
        let parent = data_dir.current()?.map(|current| Parent::open(data_dir, current)).transpose()?;
        let ordinal = data_dir.names()?.last().map_or(1, |newest| newest.ordinal + 1);
        let directory = data_dir.create_unfinished()?;
        let packs = directory.path().join(documents::PACKS);
        fs::create_dir(&packs).at("create", &packs)?;
        if let Some(parent) = &parent {
            for name in index::DIRECTORIES {
                let index = directory.path().join(name);
                fs::create_dir(&index).at("create", &index)?;
            }
            let made_anew = [documents::INDEX_FILE, synonyms::FILE];
            for name in parent.manifest.files.keys().filter(|name| !made_anew.contains(&name.as_str())) {
                let (from, to) = (parent.directory.join(name), directory.path().join(name));
                fs::hard_link(&from, &to).at("link", &to)?;
            }
        }
        let pack = PackWriter::create(&packs.join(pack_file(ordinal)))?;
        let pack_at = parent.as_ref().map_or(0, |parent| parent.manifest.packs.len()) as u32;
        let studies =
            EntryWriter::open(directory.path(), schemas, threads, threads * INDEX_BYTES_PER_THREAD)?;
        Ok(Self { parent, ordinal, pack, pack_at, studies, fresh: HashMap::new(), directory })
    }

    fn before(&self, id: NctId) -> Option<&Entry> {
        self.parent.as_ref().and_then(|parent| parent.documents.find(id))
    }

    /// Stores a record unless what is there is the same or newer.
    fn take(&mut self, record: Prepared, summary: &mut ImportSummary) -> Result<(), MirrorError> {
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
            pack: self.pack_at,
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
    fn count(&self, summary: &mut ImportSummary) {
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
    fn has_other_additions(&self, additions: &Additions) -> bool {
        self.parent.as_ref().is_some_and(|parent| parent.manifest.additions != additions.digest())
    }

    /// Completes the index, the list of documents and the synonyms.
    fn finish(self, additions: &Additions) -> Result<Finished, MirrorError> {
        self.studies.finish()?;
        let synonyms = synonyms::file_of(self.directory.path(), additions)?;
        let pack_name = format!("{}/{}", documents::PACKS, pack_file(self.ordinal));
        let pack_entry = self.pack.finish()?;
        let before = self.parent.as_ref().map_or(&[][..], |parent| parent.documents.entries());
        let kept = before.iter().filter(|entry| !self.fresh.contains_key(&entry.nct_id));
        let mut entries: Vec<Entry> = kept.chain(self.fresh.values()).copied().collect();
        entries.sort_unstable_by_key(|entry| entry.nct_id);
        sync_directory(&self.directory.path().join(documents::PACKS))?;
        let parent = self.parent.map(|parent| (parent.current.name, parent.manifest));
        Ok(Finished {
            directory: self.directory,
            parent,
            ordinal: self.ordinal,
            pack: (pack_name, pack_entry),
            entries,
            synonyms,
            additions: additions.digest(),
        })
    }
}

impl Parent {
    fn open(data_dir: &DataDir, current: Current) -> Result<Self, MirrorError> {
        let manifest = read_manifest(data_dir, current)?;
        let directory = data_dir.generation(current.name);
        manifest.check_contents(&directory)?;
        let documents = Documents::open(&directory, &manifest)?;
        Ok(Self { current, directory, manifest, documents })
    }
}

/// A generation that has everything but its manifest.
struct Finished {
    directory: Unfinished,
    parent: Option<(crate::data_dir::GenerationName, Manifest)>,
    ordinal: u64,
    pack: (String, crate::manifest::FileEntry),
    /// Sorted by NCT number.
    entries: Vec<Entry>,
    /// The content of [`synonyms::FILE`], and the additions it was made with.
    synonyms: Vec<u8>,
    additions: Digest,
}

fn pack_file(ordinal: u64) -> String {
    format!("{ordinal:06}.pack")
}

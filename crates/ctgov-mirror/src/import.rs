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

mod compact;
mod dealer;
mod draft;
mod in_flight;
mod pipeline;
mod publish;
mod record;
mod source;
mod summary;

pub(crate) use publish::version_id;
pub(crate) use record::last_update;

pub use compact::CompactSummary;
pub use source::Source;
pub use summary::{ImportSummary, REFUSALS_MAX, Refusal, RefusalPlace};

use crate::{
    data_dir::{DataDir, WriterLock},
    error::MirrorError,
    generation::read_manifest,
    index::Schemas,
    synonyms::Additions,
};
#[cfg(feature = "fuzzing")]
use ctgov::Document;
use draft::Draft;
use pipeline::{Pipeline, Step};
use std::{
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
    #[error("cancelled; nothing was published")]
    Cancelled,
    /// What is about to be written does not fit on the disk.
    #[error(
        "there is no room for a second copy in {}: it takes {needed} bytes and {available} are free; make room, or \
         move the data directory to a larger disk", .data_dir.display()
    )]
    NoRoom {
        /// The directory.
        data_dir: PathBuf,
        /// How many bytes are needed.
        needed: u64,
        /// How many are free.
        available: u64,
    },
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
    /// Called at the start of each phase, and several times a second while records are read. Of
    /// [`ImportPhase::Indexing`] this is heard only where a new mirror's index is merged, and of
    /// [`ImportPhase::Publishing`] its start. Breaking cancels the import.
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
        let mut pipeline = Pipeline::start(sources, &schemas, threads, draft.dictionary()?);
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
            let mut go_on = || match report.tell(&pipeline) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            };
            let finished = draft.finish(&additions, pipeline.dictionary(), &mut go_on)?;
            let finished = finished.ok_or(ImportError::Cancelled)?;
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

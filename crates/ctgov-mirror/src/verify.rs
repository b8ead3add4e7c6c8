//! Verifying: everything in a data directory is read and held against what was written.
//!
//! ```text
//! CURRENT ─▶ manifest ─▶ every file's length and hash ─▶ every record ─▶ the index knows the same studies
//!               └─▶ manifest of the generation before ─▶ its files, as far as they are not the same ─▶ …
//! ```
//!
//! What cannot be judged, because what it depends on is damaged, is left out and said.

use crate::{
    data_dir::{Current, DataDir},
    documents::{Documents, index::Entry},
    error::{MirrorError, with_causes},
    generation::{GenerationInfo, read_linked},
    import::{last_update, version_id},
    index::{self, Contents},
    manifest::{Digest, Manifest},
    synonyms,
};
use ctgov::{Document, NctId};
use std::{
    collections::HashMap,
    fs::File,
    io::Read as _,
    ops::ControlFlow,
    os::unix::fs::MetadataExt,
    panic,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};
use xxhash_rust::xxh3::Xxh3;

/// Most damages kept with their descriptions; beyond, only their number is.
pub const DAMAGES_MAX: usize = 1_000;

/// How often the observer hears of progress, and how soon a cancelled check ends.
const PROGRESS_EVERY: Duration = Duration::from_millis(50);
/// Records that are read between two looks at the observer, all threads together.
const RECORDS_AT_A_TIME: usize = 512;
const THREADS_MAX: usize = 8;

/// What a check found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verification {
    /// The current generation.
    pub current: GenerationInfo,
    /// How many files were read, those of older generations included. Generations share files: each counts once.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many records of the current generation were read.
    pub records: u64,
    /// Older generations whose files were read, too, newest first.
    pub others: Vec<String>,
    /// Older generations that nothing vouches for any more: they are never served.
    pub unreachable: Vec<String>,
    /// The first [`DAMAGES_MAX`] damages.
    pub damages: Vec<Damage>,
    /// How many there are in all.
    pub damages_in_all: u64,
    /// What could not be judged because of them, in words.
    pub left_out: Vec<&'static str>,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Whose record it hits, if it is one record.
    pub study: Option<NctId>,
    /// How it shows.
    pub what: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", self.path.display())?;
        if let Some(study) = self.study {
            write!(f, "{study}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// How far a check is.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct VerifyProgress {
    /// How many bytes of files were read.
    pub bytes: u64,
    /// How many there are.
    pub bytes_total: u64,
    /// How many records were read; they come after the files.
    pub records: u64,
    /// How many there are.
    pub records_total: u64,
}

/// Why a check came to no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The observer asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// There is no mirror, or `CURRENT` or the current manifest are damaged, without which nothing can be judged.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
}

/// Reads everything in `data_dir` and holds it against what was written. `observer` hears of progress at the
/// start and several times a second; breaking ends the check.
///
/// Takes no lock: an import may run meanwhile, and what it publishes is not looked at.
///
/// # Errors
///
/// [`VerifyError`]; that something is damaged is no error.
pub fn verify(
    data_dir: &Path,
    observer: &mut dyn FnMut(&VerifyProgress) -> ControlFlow<()>,
) -> Result<Verification, VerifyError> {
    let data_dir = DataDir::new(data_dir);
    let not_found = || MirrorError::NotFound { data_dir: data_dir.root().to_owned() };
    let current = data_dir.current()?.ok_or_else(not_found)?;
    let manifest = read_linked(&data_dir, current)?;
    let mut check = Check {
        progress: VerifyProgress {
            bytes_total: manifest.bytes(),
            records_total: manifest.studies,
            ..VerifyProgress::default()
        },
        told: Instant::now(),
        observer,
        seen: HashMap::new(),
        result: Verification {
            current: GenerationInfo::new(current.name, &manifest),
            files: 0,
            bytes: 0,
            records: 0,
            others: Vec::new(),
            unreachable: Vec::new(),
            damages: Vec::new(),
            damages_in_all: 0,
            left_out: Vec::new(),
        },
    };
    let directory = data_dir.generation(current.name);
    check.tell_now()?;
    check.generation(&directory, &manifest)?;
    check.others(&data_dir, current, &manifest)?;
    check.contents(&directory, current, &manifest)?;
    Ok(check.result)
}

struct Check<'a> {
    observer: &'a mut dyn FnMut(&VerifyProgress) -> ControlFlow<()>,
    progress: VerifyProgress,
    told: Instant,
    /// The hash of every file read so far, by device and inode: generations share files by hard links.
    seen: HashMap<(u64, u64), Digest>,
    result: Verification,
}

impl Check<'_> {
    fn damaged(&mut self, path: &Path, study: Option<NctId>, what: impl Into<String>) {
        self.result.damages_in_all += 1;
        if self.result.damages.len() < DAMAGES_MAX {
            self.result.damages.push(Damage { path: path.to_owned(), study, what: what.into() });
        }
    }

    fn left_out(&mut self, what: &'static str) {
        self.result.left_out.push(what);
    }

    fn tell(&mut self) -> Result<(), VerifyError> {
        if self.told.elapsed() < PROGRESS_EVERY { Ok(()) } else { self.tell_now() }
    }

    fn tell_now(&mut self) -> Result<(), VerifyError> {
        self.told = Instant::now();
        match (self.observer)(&self.progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(VerifyError::Cancelled),
        }
    }

    /// Every file of a generation against its length and hash.
    fn generation(&mut self, directory: &Path, manifest: &Manifest) -> Result<(), VerifyError> {
        for (name, expected) in &manifest.files {
            let path = directory.join(name);
            match self.hash(&path) {
                Err(Unread::Cancelled) => return Err(VerifyError::Cancelled),
                Err(Unread::Io(error)) => self.damaged(&path, None, format!("it cannot be read: {error}")),
                Ok((bytes, _)) if bytes != expected.bytes => {
                    self.damaged(&path, None, format!("it has {bytes} bytes instead of {}", expected.bytes));
                }
                Ok((_, hash)) if hash != expected.xxh3 => {
                    self.damaged(&path, None, "its content is not what was written");
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// The length and hash of a file, which is read only once however many names it has.
    fn hash(&mut self, path: &Path) -> Result<(u64, Digest), Unread> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let identity = (metadata.dev(), metadata.ino());
        if let Some(hash) = self.seen.get(&identity) {
            return Ok((metadata.len(), *hash));
        }
        let (mut hash, mut buffer, mut bytes) = (Xxh3::new(), vec![0; 1 << 18], 0);
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
            bytes += read as u64;
            self.progress.bytes += read as u64;
            self.tell().map_err(|_| Unread::Cancelled)?;
        }
        let hash = Digest(hash.digest128());
        self.seen.insert(identity, hash);
        self.result.files += 1;
        self.result.bytes += bytes;
        Ok((bytes, hash))
    }

    /// The generations before the current one.
    fn others(
        &mut self,
        data_dir: &DataDir,
        current: Current,
        manifest: &Manifest,
    ) -> Result<(), VerifyError> {
        let mut unreachable = data_dir.names()?;
        unreachable.retain(|name| name.ordinal < current.name.ordinal);
        let mut before = manifest.before();
        while let Some(other) = before.filter(|other| data_dir.generation(other.name).is_dir()) {
            unreachable.retain(|name| *name != other.name);
            let directory = data_dir.generation(other.name);
            match read_linked(data_dir, other) {
                Ok(manifest) => {
                    self.progress.bytes_total += manifest.bytes();
                    self.generation(&directory, &manifest)?;
                    self.result.others.push(other.name.to_string());
                    before = manifest.before();
                }
                // It is removed when nobody needs it any more, perhaps just now.
                Err(_) if !directory.is_dir() => break,
                Err(error) => {
                    let (path, what) = told(error, &directory);
                    self.damaged(&path, None, what);
                    break;
                }
            }
        }
        self.result.unreachable = unreachable.iter().rev().map(ToString::to_string).collect();
        Ok(())
    }

    /// What the current generation's files say, and whether it agrees.
    fn contents(
        &mut self,
        directory: &Path,
        current: Current,
        manifest: &Manifest,
    ) -> Result<(), VerifyError> {
        let index_is_whole = {
            let damages = &self.result.damages;
            let below = |damage: &Damage| {
                index::DIRECTORIES.iter().any(|name| damage.path.starts_with(directory.join(name)))
            };
            // Of more damages than are kept nothing is known.
            damages.len() < DAMAGES_MAX && !damages.iter().any(below)
        };
        let synonyms = directory.join(synonyms::FILE);
        let synonyms_hash = manifest.files.get(synonyms::FILE).map(|file| file.xxh3);
        if let Err(error) = synonyms::file::read(directory, manifest) {
            self.damaged_unless_known(&synonyms, error);
        }
        let documents = match Documents::open(directory, manifest) {
            Ok(documents) => documents,
            Err(error) => {
                self.damaged_unless_known(directory, error);
                self.left_out("the records, because where they lie or how they are compressed is not known");
                return Ok(());
            }
        };
        self.records(directory, manifest, &documents)?;
        let entries = documents.entries();
        let id = synonyms_hash.map(|synonyms| version_id(entries, synonyms));
        if entries.len() as u64 != manifest.studies || id != Some(current.name.id) {
            self.damaged(directory, None, "its records are not those that its name stands for");
        }
        if !index_is_whole {
            self.left_out("whether the search index knows the same studies, because it is damaged");
            return Ok(());
        }
        match Contents::read(directory) {
            Ok(contents) => self.index(directory, entries, &contents),
            Err(error) => self.damaged_unless_known(directory, error),
        }
        Ok(())
    }

    /// Every record: that it comes out, that it is one, and that it is the one it is stored as.
    fn records(
        &mut self,
        directory: &Path,
        manifest: &Manifest,
        documents: &Documents,
    ) -> Result<(), VerifyError> {
        let mut entries: Vec<&Entry> = documents.entries().iter().collect();
        entries.sort_unstable_by_key(|entry| (entry.pack, entry.offset));
        let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        for entries in entries.chunks(RECORDS_AT_A_TIME) {
            let wrong: Vec<(Entry, String)> = thread::scope(|scope| {
                let share = entries.len().div_ceil(threads);
                let workers: Vec<_> = entries
                    .chunks(share)
                    .map(|entries| {
                        scope.spawn(move || {
                            let wrong =
                                |entry: &&Entry| record(documents, entry).err().map(|what| (**entry, what));
                            entries.iter().filter_map(wrong).collect::<Vec<_>>()
                        })
                    })
                    .collect();
                let found = |worker: thread::ScopedJoinHandle<'_, Vec<_>>| {
                    worker.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
                };
                workers.into_iter().flat_map(found).collect()
            });
            for (entry, what) in wrong {
                let pack = manifest.packs.get(entry.pack as usize).map_or("", |pack| &pack.file);
                self.damaged(&directory.join(pack), Some(entry.nct_id), what);
            }
            self.result.records += entries.len() as u64;
            self.progress.records += entries.len() as u64;
            self.tell()?;
        }
        Ok(())
    }

    /// That the index knows the studies that there are records of, and sites of no others.
    fn index(&mut self, directory: &Path, entries: &[Entry], contents: &Contents) {
        let stored =
            |number: &u32| entries.binary_search_by_key(number, |entry| entry.nct_id.number()).is_ok();
        let id = |number: u32| NctId::new(number).ok();
        let studies = directory.join(index::STUDIES);
        for pair in contents.studies.windows(2).filter(|pair| pair[0] == pair[1]) {
            self.damaged(&studies, id(pair[0]), "the study is in the index twice");
        }
        for number in contents.studies.iter().filter(|number| !stored(number)) {
            self.damaged(&studies, id(*number), "the index knows the study, and there is no record of it");
        }
        for entry in entries {
            if contents.studies.binary_search(&entry.nct_id.number()).is_err() {
                self.damaged(
                    &studies,
                    Some(entry.nct_id),
                    "there is a record, and the index does not know the study",
                );
            }
        }
        let mut sites = contents.sites.clone();
        sites.dedup();
        for number in sites.into_iter().filter(|number| !stored(number)) {
            self.damaged(
                &directory.join(index::SITES),
                id(number),
                "there are sites, and no study of theirs",
            );
        }
    }

    /// Adds a damage, unless the file is known to be damaged: then this is only how that shows.
    fn damaged_unless_known(&mut self, path: &Path, error: MirrorError) {
        let (path, what) = told(error, path);
        if !self.result.damages.iter().any(|damage| damage.path == path) {
            self.damaged(&path, None, what);
        }
    }
}

/// Why a file has no hash.
enum Unread {
    Cancelled,
    Io(std::io::Error),
}

impl From<std::io::Error> for Unread {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// Where an error lies and what it says.
fn told(error: MirrorError, otherwise: &Path) -> (PathBuf, String) {
    match error {
        MirrorError::Damaged { path, what } => (path, what),
        MirrorError::Io { ref path, .. } | MirrorError::Index { ref path, .. } => {
            (path.clone(), with_causes(&error))
        }
        _ => (otherwise.to_owned(), with_causes(&error)),
    }
}

/// Reads a record; the error says what is wrong with it.
fn record(documents: &Documents, entry: &Entry) -> Result<(), String> {
    let document = documents.read(entry).map_err(|error| match error {
        MirrorError::Damaged { what, .. } => what,
        error => with_causes(&error),
    })?;
    let (parsed, study) = Document::parse(document.json().as_bytes()).map_err(|error| with_causes(&error))?;
    if parsed.nct_id() != entry.nct_id {
        return Err(format!("the record is of {}", parsed.nct_id()));
    }
    if parsed.json() != document.json() {
        return Err("the record is stored with white space between its tokens".to_owned());
    }
    if last_update(&study) != entry.updated {
        return Err("it is filed under another date of its last update than it has".to_owned());
    }
    Ok(())
}

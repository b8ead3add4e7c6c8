//! The data directory: which generation is current, who may write, and what can go.
//!
//! ```text
//! CURRENT              000007-1f2e3d4c5b6a7988 <hash of its manifest>
//! LOCK                 held while somebody writes; the holder's process id
//! generations/         000006-… 000007-…, never modified once published; .tmp-… unfinished
//! ```
//!
//! `CURRENT` is replaced by a rename, the last step of publishing: before it the old generation holds, after it
//! the new one. Readers take no lock.

use crate::{
    error::{At, MirrorError},
    manifest::{self, Digest},
};
use ctgov::VersionId;
use std::{
    fmt,
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    str::FromStr,
    time::{Duration, SystemTime},
};

/// A generation that is neither the current one nor the one before it is kept this long after it was published.
///
/// The others serve the next pages of answers that began in them, and a process that read `CURRENT` just before it was
/// swapped and is still opening what it named; and people, who go back to one by writing its name and manifest hash
/// into `CURRENT`.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

const UNFINISHED_PREFIX: &str = ".tmp-";
/// A generation's name and a hash take some sixty bytes.
const CURRENT_BYTES_MAX: u64 = 256;

/// A generation's directory name: a number that counts up, and the id of its content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct GenerationName {
    pub ordinal: u64,
    pub id: VersionId,
}

impl fmt::Display for GenerationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}-{}", self.ordinal, self.id)
    }
}

impl fmt::Debug for GenerationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for GenerationName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (ordinal, id) = text.split_once('-')?;
            let id = u64::from_str_radix(id, 16).ok()?;
            Some(Self { ordinal: ordinal.parse().ok()?, id: VersionId(id.to_be_bytes()) })
        };
        // Only the spelling we write: the name is used as a path.
        read().filter(|name| name.to_string() == text).ok_or("no generation's name")
    }
}

/// What `CURRENT` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Current {
    pub name: GenerationName,
    pub manifest: Digest,
}

impl Current {
    /// Reads the file's content; only the spelling we write.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let (name, manifest) = std::str::from_utf8(text).ok()?.strip_suffix('\n')?.split_once(' ')?;
        Some(Self { name: name.parse().ok()?, manifest: manifest.parse().ok()? })
    }
}

/// The file's content.
impl fmt::Display for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.name, self.manifest)
    }
}

/// Tells one `CURRENT` file from the next without reading it: every swap makes a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

/// A data directory.
#[derive(Clone, Debug)]
pub(crate) struct DataDir {
    root: PathBuf,
}

impl DataDir {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn generations(&self) -> PathBuf {
        self.root.join("generations")
    }

    /// Creates whatever of it is missing, so that not even a power failure takes it away again.
    pub(crate) fn create(&self) -> Result<(), MirrorError> {
        let generations = self.generations();
        let missing: Vec<&Path> = generations.ancestors().take_while(|path| !path.exists()).collect();
        fs::create_dir_all(&generations).at("create", &generations)?;
        for created in missing {
            // The working directory, in which a relative path starts, has no name there.
            match created.parent() {
                Some(parent) if parent.as_os_str().is_empty() => sync_directory(Path::new("."))?,
                Some(parent) => sync_directory(parent)?,
                None => {}
            }
        }
        Ok(())
    }

    pub(crate) fn generation(&self, name: GenerationName) -> PathBuf {
        self.generations().join(name.to_string())
    }

    fn current_file(&self) -> PathBuf {
        self.root.join("CURRENT")
    }

    /// The current generation, if there is one.
    pub(crate) fn current(&self) -> Result<Option<Current>, MirrorError> {
        let path = self.current_file();
        let mut text = Vec::new();
        match File::open(&path).at("open", &path) {
            Err(error) if error.is_missing_file() => return Ok(None),
            file => file?.take(CURRENT_BYTES_MAX + 1).read_to_end(&mut text).at("read", &path)?,
        };
        let what = "it does not name a generation and the hash of its manifest";
        Current::parse(&text).map(Some).ok_or_else(|| MirrorError::damaged(&path, what))
    }

    /// What tells whether `CURRENT` was swapped since; nothing when there is none.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        let metadata = fs::metadata(self.current_file()).ok()?;
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Some(Stamp { inode: metadata.ino(), bytes: metadata.len(), modified })
    }

    /// Makes `current` the current generation. This is the moment of publishing; syncing the root makes it last.
    pub(crate) fn swap_current(&self, current: Current) -> Result<(), MirrorError> {
        let unfinished = self.root.join("CURRENT.tmp");
        let mut file = File::create(&unfinished).at("create", &unfinished)?;
        write!(file, "{current}").at("write", &unfinished)?;
        file.sync_all().at("sync", &unfinished)?;
        let path = self.current_file();
        fs::rename(&unfinished, &path).at("replace", &path)
    }

    /// Every published or half-published generation, oldest first. Names that are not ours are left alone.
    pub(crate) fn names(&self) -> Result<Vec<GenerationName>, MirrorError> {
        let directory = self.generations();
        let entries = match fs::read_dir(&directory).at("list", &directory) {
            Err(error) if error.is_missing_file() => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.at("list", &directory)?.file_name();
            names.extend(name.to_str().and_then(|name| name.parse::<GenerationName>().ok()));
        }
        names.sort_by_key(|name| name.ordinal);
        Ok(names)
    }

    /// An empty directory for a generation in the making.
    pub(crate) fn create_unfinished(&self) -> Result<Unfinished, MirrorError> {
        let path = self.generations().join(format!("{UNFINISHED_PREFIX}{}", std::process::id()));
        fs::create_dir_all(&path).at("create", &path)?;
        Ok(Unfinished { path, published: false })
    }

    /// Removes what an interrupted writer left behind. Only for the holder of the lock.
    ///
    /// A generation numbered above the current one was never published: its writer ended before the swap. Without
    /// a `CURRENT` nothing tells such a one from a registry whose `CURRENT` was lost, so it stays.
    pub(crate) fn remove_unfinished(&self, current: Option<Current>) -> Result<(), MirrorError> {
        let directory = self.generations();
        for entry in fs::read_dir(&directory).at("list", &directory)? {
            let name = entry.at("list", &directory)?.file_name();
            let Some(name) = name.to_str() else { continue };
            let unpublished = match (name.parse::<GenerationName>(), current) {
                (Ok(name), Some(current)) => name.ordinal > current.name.ordinal,
                _ => name.starts_with(UNFINISHED_PREFIX),
            };
            if unpublished {
                let path = directory.join(name);
                fs::remove_dir_all(&path).at("remove", &path)?;
            }
        }
        let path = self.root.join("CURRENT.tmp");
        match fs::remove_file(&path).at("remove", &path) {
            Err(error) if error.is_missing_file() => Ok(()),
            removed => removed,
        }
    }

    /// Removes generations that nobody needs any more: neither the current one, nor the one before it, nor one
    /// published less than [`KEPT_FOR`] ago. Readers that still have one open keep reading it.
    pub(crate) fn remove_old(&self, now: SystemTime) -> Result<(), MirrorError> {
        let names = self.names()?;
        for name in names.iter().rev().skip(2) {
            let path = self.generation(*name);
            // The manifest is the last file written, and never touched again.
            let published = fs::metadata(path.join(manifest::FILE_NAME)).and_then(|file| file.modified());
            // One from the future, by a clock that was set back, has no age that says it is old.
            let old = |at| now.duration_since(at).is_ok_and(|age| age >= KEPT_FOR);
            let young = published.is_ok_and(|at| !old(at));
            if !young {
                fs::remove_dir_all(&path).at("remove", &path)?;
            }
        }
        Ok(())
    }

    fn lock_file(&self) -> PathBuf {
        self.root.join("LOCK")
    }

    /// Takes the writer's lock, or says who has it.
    pub(crate) fn lock(&self) -> Result<Result<WriterLock, Option<u32>>, MirrorError> {
        let path = self.lock_file();
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = file.at("open", &path)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).at("write", &path)?;
                writeln!(file, "{}", std::process::id()).at("write", &path)?;
                Ok(Ok(WriterLock { _file: file }))
            }
            Err(TryLockError::WouldBlock) => Ok(Err(holder(&mut file))),
            Err(TryLockError::Error(error)) => Err(error).at("lock", &path),
        }
    }

    /// Whether somebody is writing, and the process id if it is known.
    ///
    /// Looks with a shared lock that is given back at once, so that a look never keeps a writer out for long.
    pub(crate) fn writer(&self) -> Result<Option<Option<u32>>, MirrorError> {
        let path = self.lock_file();
        let mut file = match File::open(&path).at("open", &path) {
            Err(error) if error.is_missing_file() => return Ok(None),
            file => file?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(holder(&mut file))),
            Err(TryLockError::Error(error)) => Err(error).at("lock", &path),
        }
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// The right to write. Given back when dropped, and by the operating system when the process ends.
#[derive(Debug)]
pub(crate) struct WriterLock {
    _file: File,
}

/// A generation in the making. Its directory goes away with it unless it is published.
#[derive(Debug)]
pub(crate) struct Unfinished {
    path: PathBuf,
    published: bool,
}

impl Unfinished {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the directory its final name. It is complete, but nobody reads it before `CURRENT` is swapped.
    pub(crate) fn rename(&mut self, path: PathBuf) -> Result<(), MirrorError> {
        fs::rename(&self.path, &path).at("rename", &self.path)?;
        self.path = path;
        Ok(())
    }

    /// Keeps the directory: it is current now.
    pub(crate) fn keep(mut self) {
        self.published = true;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.published {
            return;
        }
        // A merge that was under way ends on its own, and may add a file while the directory is being emptied.
        const TRIES: u32 = 20;
        for attempt in 1..=TRIES {
            match fs::remove_dir_all(&self.path) {
                Ok(()) => return,
                Err(error) if attempt == TRIES => {
                    let path = self.path.display();
                    tracing::warn!(%error, "could not remove the unfinished {path}; the next import will");
                }
                Err(_) => std::thread::sleep(Duration::from_millis(25)),
            }
        }
    }
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> Result<(), MirrorError> {
    File::open(path).and_then(|directory| directory.sync_all()).at("sync", path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(ordinal: u64) -> GenerationName {
        GenerationName { ordinal, id: VersionId([0xab; 8]) }
    }

    #[test]
    fn current_comes_back_as_written_and_damage_is_named() {
        let root = tempfile::tempdir().unwrap();
        let data_dir = DataDir::new(root.path());
        assert_eq!(data_dir.current().unwrap(), None);
        let current = Current { name: name(7), manifest: Digest(5) };
        data_dir.swap_current(current).unwrap();
        assert_eq!(data_dir.current().unwrap(), Some(current));
        for damage in ["", "000007-abababababababab", "../x 00", "000007-abababababababab 05\n"] {
            fs::write(data_dir.current_file(), damage).unwrap();
            let error = data_dir.current().unwrap_err();
            assert!(matches!(error, MirrorError::Damaged { .. }), "{damage:?}: {error}");
        }
    }

    #[test]
    fn a_directory_is_created_with_all_above_it_and_once() {
        let root = tempfile::tempdir().unwrap();
        let data_dir = DataDir::new(&root.path().join("a/b/data"));
        for _ in 0..2 {
            data_dir.create().unwrap();
            assert!(data_dir.generations().is_dir());
        }
    }

    #[test]
    fn a_second_writer_learns_who_the_first_is() {
        let root = tempfile::tempdir().unwrap();
        let data_dir = DataDir::new(root.path());
        assert_eq!(data_dir.writer().unwrap(), None);
        let lock = data_dir.lock().unwrap().unwrap();
        assert_eq!(data_dir.lock().unwrap().unwrap_err(), Some(std::process::id()));
        assert_eq!(data_dir.writer().unwrap(), Some(Some(std::process::id())));
        drop(lock);
        assert_eq!(data_dir.writer().unwrap(), None);
        assert!(data_dir.lock().unwrap().is_ok());
    }

    #[test]
    fn the_last_two_and_the_young_are_kept() {
        let root = tempfile::tempdir().unwrap();
        let data_dir = DataDir::new(root.path());
        let now = SystemTime::now();
        for (ordinal, age_hours) in [(1, 90), (2, 25), (3, 23), (4, -5), (5, 80), (6, 70)] {
            let directory = data_dir.generation(name(ordinal));
            fs::create_dir_all(&directory).unwrap();
            let manifest = File::create(directory.join(manifest::FILE_NAME)).unwrap();
            let age = Duration::from_secs(i64::unsigned_abs(age_hours) * 3_600);
            manifest.set_modified(if age_hours < 0 { now + age } else { now - age }).unwrap();
        }
        data_dir.remove_old(now).unwrap();
        assert_eq!(data_dir.names().unwrap(), [name(3), name(4), name(5), name(6)]);
    }

    #[test]
    fn what_an_interrupted_writer_left_goes_and_the_rest_stays() {
        let root = tempfile::tempdir().unwrap();
        let data_dir = DataDir::new(root.path());
        for directory in [".tmp-77", "000001-abababababababab", "000002-abababababababab", "notes"] {
            fs::create_dir_all(data_dir.generations().join(directory)).unwrap();
        }
        data_dir.remove_unfinished(None).unwrap();
        assert_eq!(data_dir.names().unwrap(), [name(1), name(2)]);
        let current = Current { name: name(1), manifest: Digest(5) };
        data_dir.remove_unfinished(Some(current)).unwrap();
        assert_eq!(data_dir.names().unwrap(), [name(1)]);
        assert!(data_dir.generations().join("notes").exists());
        assert!(!data_dir.generations().join(".tmp-77").exists());
    }

    proptest! {
        #[test]
        fn any_current_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let root = tempfile::tempdir().unwrap();
            let data_dir = DataDir::new(root.path());
            fs::write(data_dir.current_file(), &bytes).unwrap();
            prop_assert!(data_dir.current().is_err());
        }

        #[test]
        fn any_name_is_read_or_refused(text in "[0-9]{1,7}-[0-9a-fA-F]{14,17}") {
            if let Ok(name) = text.parse::<GenerationName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}

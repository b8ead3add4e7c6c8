//! The file: what is in it, how it is opened, and one write to it.
//!
//! A [redb](https://docs.rs/redb) database of two tables: `sessions`, key → record as
//! [`Record::to_bytes`] writes it, and `meta`, which tells the format of the first.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use redb::backends::FileBackend;
use redb::{Builder, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};

use crate::{Record, SessionKey};

const SESSIONS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("sessions");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// The format of `sessions`, in `meta`. Raised with every change that an older version would misread.
const FORMAT: u64 = 1;
const FORMAT_KEY: &str = "format";

/// How long a store waits for one that is on its way out, whose process is being replaced or has begun another.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);
const LOCK_INTERVAL: Duration = Duration::from_millis(10);

/// Sessions are in memory already: the database needs no more than its inner pages.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// Why a session file was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileStoreError {
    /// Another store has it.
    #[error(
        "the session file {} is in use by another process: stop that one, give this one a file of its own, or let both \
         share sessions through Redis",
        path.display()
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A newer version of this crate wrote it.
    #[error(
        "the session file {} is of format {found} and this version knows up to {known}: use the version that wrote it, \
         or move the file away to start without sessions",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format that it says it has.
        found: u64,
        /// The newest format that is known here.
        known: u64,
    },
    /// It is no session file, or not a whole one.
    #[error(
        "the session file {} is damaged, or is something else: move it away to start without sessions",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system refused.
    #[error("the session file {} cannot be opened", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The open file.
pub(super) struct Database {
    path: PathBuf,
    /// Held for as long as the store lives: redb's own lock goes with every handle that is given up after a failure.
    _lock: File,
    /// `None` after a write failed: what the file holds is then read again before the next.
    database: Option<redb::Database>,
}

impl Database {
    /// Opens the file, or makes it, and reads the sessions in it.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<(SessionKey, Record)>), FileStoreError> {
        let opening = Opening { path };
        let lock = opening.lock()?;
        let file = opening.file().map_err(|source| FileStoreError::Io { path: path.into(), source })?;
        let backend = FileBackend::new(file).map_err(|error| opening.failed(error))?;
        let database = builder().create_with_backend(backend).map_err(|error| opening.failed(error))?;
        opening.format(&database)?;
        let sessions = opening.sessions(&database)?;
        Ok((Self { path: path.into(), _lock: lock, database: Some(database) }, sessions))
    }

    /// Writes what there is now under each of these keys, durably and all at once: a record to keep, or none.
    pub(super) fn write(&mut self, changes: &[(SessionKey, Option<Record>)]) -> Result<(), WriteError> {
        let database = match self.database.take() {
            Some(database) => database,
            None => {
                let database = builder().open(&self.path)?;
                // Somebody may have put another file there.
                Opening { path: &self.path }.format(&database)?;
                database
            }
        };
        write(&database, changes)?;
        self.database = Some(database);
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Why nothing was written.
type WriteError = Box<dyn std::error::Error + Send + Sync>;

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder
}

fn write(database: &redb::Database, changes: &[(SessionKey, Option<Record>)]) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut sessions = transaction.open_table(SESSIONS)?;
        for (key, record) in changes {
            match record {
                Some(record) => drop(sessions.insert(key.as_bytes(), &*record.to_bytes())?),
                None => drop(sessions.remove(key.as_bytes())?),
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

/// A file that its owner may read and write and nobody else, made if it is not there.
fn for_the_owner(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(file)
}

/// A file that is being opened, for its errors.
struct Opening<'a> {
    path: &'a Path,
}

impl Opening<'_> {
    /// The lock of the file: one beside it, of the same name and `.lock`.
    fn lock(&self) -> Result<File, FileStoreError> {
        let io = |source| FileStoreError::Io { path: self.path.into(), source };
        if let Some(folder) = self.folder() {
            std::fs::create_dir_all(folder).map_err(io)?;
        }
        let mut name = self.path.as_os_str().to_owned();
        name.push(".lock");
        let lock = for_the_owner(Path::new(&name)).map_err(io)?;
        let patience = Instant::now() + LOCK_PATIENCE;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::WouldBlock) if Instant::now() < patience => {
                    std::thread::sleep(LOCK_INTERVAL);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(FileStoreError::InUse { path: self.path.into() });
                }
                Err(TryLockError::Error(source)) => return Err(io(source)),
            }
        }
    }

    fn folder(&self) -> Option<&Path> {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty())
    }

    /// The file, in a folder that knows of it whatever happens next.
    fn file(&self) -> io::Result<File> {
        let file = for_the_owner(self.path)?;
        #[cfg(unix)]
        File::open(self.folder().unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(file)
    }

    /// Checks the format, or writes it into a new file.
    fn format(&self, database: &redb::Database) -> Result<(), FileStoreError> {
        let damaged = |error| self.damaged(error);
        let found = (|| -> Result<Option<u64>, redb::Error> {
            let reading = database.begin_read()?;
            match reading.open_table(META) {
                Ok(meta) => Ok(Some(meta.get(FORMAT_KEY)?.map_or(0, |format| format.value()))),
                Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })();
        match found.map_err(damaged)? {
            Some(FORMAT) => Ok(()),
            Some(found) if found > FORMAT => {
                Err(FileStoreError::Newer { path: self.path.into(), found, known: FORMAT })
            }
            Some(found) => Err(self.damaged(format!("no session file has format {found}"))),
            None => (|| -> Result<(), redb::Error> {
                let writing = database.begin_write()?;
                writing.open_table(SESSIONS)?;
                writing.open_table(META)?.insert(FORMAT_KEY, FORMAT)?;
                Ok(writing.commit()?)
            })()
            .map_err(damaged),
        }
    }

    fn sessions(&self, database: &redb::Database) -> Result<Vec<(SessionKey, Record)>, FileStoreError> {
        let read = || -> Result<Vec<_>, Box<dyn std::error::Error + Send + Sync>> {
            let sessions = database.begin_read()?.open_table(SESSIONS)?;
            let mut kept = Vec::new();
            for entry in sessions.iter()? {
                let (key, record) = entry?;
                kept.push((SessionKey::from(*key.value()), Record::from_bytes(record.value())?));
            }
            Ok(kept)
        };
        read().map_err(|error| self.damaged(error))
    }

    fn failed(&self, error: DatabaseError) -> FileStoreError {
        let path = self.path.into();
        match error {
            DatabaseError::DatabaseAlreadyOpen => FileStoreError::InUse { path },
            DatabaseError::Storage(redb::StorageError::Io(source))
                if source.kind() != io::ErrorKind::InvalidData =>
            {
                FileStoreError::Io { path, source }
            }
            other => self.damaged(other),
        }
    }

    fn damaged(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> FileStoreError {
        FileStoreError::Damaged { path: self.path.into(), source: source.into() }
    }
}

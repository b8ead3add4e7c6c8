//! Sessions in this process's memory, and in a file from which they come back.
//!
//! ```text
//! validate ──▶ memory                                                    nothing is written
//! create, bind, terminate ──▶ memory ──▶ journal ──▶ one commit for all that wait ──▶ reply
//! a session's first use ──▶ memory ──▶ journal                            nobody waits
//! every ten seconds       uses and removals since ──▶ journal
//! ```
//!
//! [`MemoryStore`] decides; `journal` writes down what it has come to, in a thread of its own, and `database` is the
//! file. What is written is not what was done but *what there is now* under a key, so that the file can fall
//! behind, fail and catch up without ever being wrong about the order of things.
//!
//! A process that dies loses the uses of its last ten seconds: a session may have ten seconds less to rest than it
//! was promised. Its first use, from which on it may rest for longer, is written at once. The time in which nothing runs
//! counts as rest. While the file cannot be written, sessions are neither made nor bound, those that are there are
//! served, and one that is ended is ended in memory, which its caller is told is not certain to last.

mod database;
mod journal;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use self::database::Database;
pub use self::database::FileStoreError;
use self::journal::Journal;
use super::memory::MemoryStore;
use super::{Adoption, Creation, SessionStore, StoreError, Verdict};
use crate::{
    Age, Binding, CallerKey, Clock, IdentityDigest, Policy, Record, SessionKey, SessionState, SessionSummary,
    SystemClock,
};

/// How often uses are written down.
const TOUCH_INTERVAL: Duration = Duration::from_secs(10);

/// A [`SessionStore`] for one process whose sessions survive it.
///
/// The file belongs to one store at a time. What it holds opens no session (keys are digests, and so are
/// identities), but names clients: it is readable by its owner only.
pub struct FileStore<C = SystemClock> {
    memory: Arc<MemoryStore<C>>,
    journal: Journal,
}

impl FileStore {
    /// Opens the file, or makes it, its folder included, and takes in the sessions that are within their time. Waits
    /// for half a second for a store that is on its way out.
    ///
    /// # Errors
    ///
    /// [`FileStoreError`], which says what to do.
    pub fn open(path: impl AsRef<Path>, policy: &Policy) -> Result<Self, FileStoreError> {
        Self::open_with_clock(path, policy, SystemClock::default())
    }
}

impl<C: Clock + Clone> FileStore<C> {
    /// [`open`](FileStore::open), by this clock. It must go on from where it was when the file was last
    /// written, as the time since the Unix epoch does.
    ///
    /// # Errors
    ///
    /// As [`open`](FileStore::open).
    pub fn open_with_clock(
        path: impl AsRef<Path>,
        policy: &Policy,
        clock: C,
    ) -> Result<Self, FileStoreError> {
        let (database, kept) = Database::open(path.as_ref())?;
        let now_ms = clock.now_ms();
        let memory = Arc::new(MemoryStore::that_tells_changes(clock));
        for (key, mut record) in kept {
            // A clock that was set back must not make a session that lives longer than any other.
            record.created_ms = record.created_ms.min(now_ms);
            record.last_used_ms = record.last_used_ms.map(|used_ms| used_ms.min(now_ms));
            if policy.age(record.created_ms, record.last_used_ms, now_ms) == Age::Live {
                memory.restore(key, record, policy);
            } else {
                memory.forget_restored(key);
            }
        }
        let journal = Journal::start(database, Arc::clone(&memory), TOUCH_INTERVAL)
            .map_err(|source| FileStoreError::Io { path: path.as_ref().into(), source })?;
        Ok(Self { memory, journal })
    }
}

impl<C: Clock> FileStore<C> {
    /// Whether the file may not hold what there is now under this key.
    fn is_behind(&self, key: &SessionKey) -> bool {
        // In this order: what has changed goes from memory to the journal, never back.
        self.memory.has_changed(key) || self.journal.is_behind(key)
    }
}

impl<C: Clock> SessionStore for FileStore<C> {
    async fn create(
        &self,
        key: &SessionKey,
        binding: Binding,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Creation, StoreError> {
        if let Some(error) = self.journal.failing() {
            return Err(StoreError::new("create a session", error));
        }
        let creation = self.memory.create(key, binding, state, policy).await?;
        if let Creation::Created(_) = creation
            && let Err(error) = self.journal.write(Some(*key)).await
        {
            // Nobody has learnt its id, and nobody will.
            self.memory.discard(key, binding);
            return Err(StoreError::new("create a session", error));
        }
        Ok(creation)
    }

    async fn validate(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        touch: bool,
        policy: &Policy,
    ) -> Result<Verdict, StoreError> {
        let verdict = self.memory.validate(key, caller, touch, policy).await?;
        if self.memory.take_first_use() {
            self.journal.poke();
        }
        Ok(verdict)
    }

    async fn get_or_create(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Adoption, StoreError> {
        let is_bound = |record: Record| record.binding != Binding::Unbound;
        if let Some(error) = self.journal.failing()
            && !self.memory.record(key).is_some_and(is_bound)
        {
            return Err(StoreError::new("keep a session", error));
        }
        let adoption = self.memory.get_or_create(key, caller, state, policy).await?;
        let changed = match &adoption {
            Adoption::Created { .. } | Adoption::Bound(_) => true,
            // Made or bound by somebody who still waits for the file, or waited in vain.
            Adoption::Resumed(_) => self.is_behind(key),
            Adoption::Mismatch { .. } | Adoption::AtCapacity(_) => false,
        };
        if changed {
            self.journal.write(Some(*key)).await.map_err(|error| StoreError::new("keep a session", error))?;
        }
        Ok(adoption)
    }

    async fn terminate(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        policy: &Policy,
    ) -> Result<Verdict, StoreError> {
        let verdict = self.memory.terminate(key, caller, policy).await?;
        let is_to_be_written = match &verdict {
            Verdict::Valid(_) => true,
            // A stranger learns nothing, not even by waiting.
            Verdict::Mismatch { .. } => false,
            // Ended before, but perhaps not yet in the file.
            Verdict::Unknown | Verdict::Stale | Verdict::Expired => self.is_behind(key),
        };
        if is_to_be_written {
            self.journal.write(None).await.map_err(|error| StoreError::new("end a session", error))?;
        }
        Ok(verdict)
    }

    async fn terminate_all(&self, identity: &IdentityDigest) -> Result<usize, StoreError> {
        let ended = self.memory.terminate_all(identity).await?;
        self.journal
            .write(None)
            .await
            .map_err(|error| StoreError::new("end all sessions of an identity", error))?;
        Ok(ended)
    }

    async fn list(
        &self,
        identity: &IdentityDigest,
        policy: &Policy,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        self.memory.list(identity, policy).await
    }

    async fn sweep(&self, policy: &Policy) -> Result<usize, StoreError> {
        self.memory.sweep(policy).await
    }

    async fn count(&self) -> Result<usize, StoreError> {
        self.memory.count().await
    }
}

impl<C: Clock> fmt::Debug for FileStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("memory", &self.memory).field("journal", &self.journal).finish()
    }
}

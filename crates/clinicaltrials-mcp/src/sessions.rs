//! Where sessions are kept: the store that the settings ask for.

use crate::settings::{SessionPlace, SessionSettings};
use anyhow::Context as _;
use mcp_sessions::{
    Binding, CallerKey, FileStore, IdentityDigest, MemoryStore, Policy, RedisStore, SessionKey, SessionState,
    SessionStore, SessionSummary, StoreError,
    store::{Adoption, Creation, Verdict},
};
use std::path::Path;

/// One of the stores there are.
#[derive(Debug)]
pub enum Store {
    /// This process, and no longer than it.
    Memory(MemoryStore),
    /// This process, and a file from which they come back.
    File(FileStore),
    /// A server that all replicas share.
    Redis(RedisStore),
}

impl Store {
    /// The session file of a server whose settings name none, in the data directory.
    pub const FILE: &str = "sessions.redb";

    /// Opens the store that the settings ask for.
    ///
    /// # Errors
    ///
    /// When a session file cannot be used, which says what to do. A Redis server that cannot be reached now may be
    /// reached later: that is no error.
    pub fn open(settings: &SessionSettings, data_dir: &Path) -> anyhow::Result<Self> {
        Ok(match &settings.place {
            SessionPlace::Memory => Self::Memory(MemoryStore::default()),
            SessionPlace::File(path) => {
                let default = data_dir.join(Self::FILE);
                let path = path.as_deref().unwrap_or(&default);
                let store = FileStore::open(path, &settings.policy);
                Self::File(
                    store.context("sessions cannot be kept in a file (--sessions memory does without)")?,
                )
            }
            SessionPlace::Redis(redis) => Self::Redis(redis.store()?),
        })
    }
}

/// Puts a question to the store that there is.
macro_rules! ask {
    ($this:expr, $store:ident => $question:expr) => {
        match $this {
            Store::Memory($store) => $question.await,
            Store::File($store) => $question.await,
            Store::Redis($store) => $question.await,
        }
    };
}

impl SessionStore for Store {
    async fn create(
        &self,
        key: &SessionKey,
        binding: Binding,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Creation, StoreError> {
        ask!(self, store => store.create(key, binding, state, policy))
    }

    async fn validate(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        touch: bool,
        policy: &Policy,
    ) -> Result<Verdict, StoreError> {
        ask!(self, store => store.validate(key, caller, touch, policy))
    }

    async fn get_or_create(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Adoption, StoreError> {
        ask!(self, store => store.get_or_create(key, caller, state, policy))
    }

    async fn terminate(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        policy: &Policy,
    ) -> Result<Verdict, StoreError> {
        ask!(self, store => store.terminate(key, caller, policy))
    }

    async fn terminate_all(&self, identity: &IdentityDigest) -> Result<usize, StoreError> {
        ask!(self, store => store.terminate_all(identity))
    }

    async fn list(
        &self,
        identity: &IdentityDigest,
        policy: &Policy,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        ask!(self, store => store.list(identity, policy))
    }

    async fn sweep(&self, policy: &Policy) -> Result<usize, StoreError> {
        ask!(self, store => store.sweep(policy))
    }

    async fn count(&self) -> Result<usize, StoreError> {
        ask!(self, store => store.count())
    }

    fn keeps_apart(&self) -> bool {
        matches!(self, Self::Redis(_))
    }

    async fn probe(&self, key: &SessionKey) -> Result<Option<Binding>, StoreError> {
        ask!(self, store => store.probe(key))
    }
}

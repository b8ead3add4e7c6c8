//! How the checks and attacks that every store withstands get one of each.

use std::time::Duration;

use mcp_sessions::conformance::World;
use mcp_sessions::{FileStore, ManualClock, MemoryStore, Policy, RedisStore};
use tempfile::TempDir;

use super::bytes::ByteStore;
use crate::redis::server::Server;

/// A test of each row on each store. One thread each, which is what a log is taken of.
macro_rules! on_every_store {
    ($($row:ident)*) => {
        mod memory {
            $(#[tokio::test]
            async fn $row() { super::$row(&crate::support::worlds::Memory::default()).await; })*
        }
        mod file {
            $(#[tokio::test]
            async fn $row() { super::$row(&crate::support::worlds::File::new()).await; })*
        }
        mod redis {
            $(#[tokio::test]
            async fn $row() {
                if let Some(world) = crate::support::worlds::Redis::new() {
                    super::$row(&world).await;
                }
            })*
        }
    };
}

pub(crate) use on_every_store;

#[derive(Default)]
pub(crate) struct Memory(pub(crate) ManualClock);

impl World for Memory {
    type Store = MemoryStore<ManualClock>;

    async fn store(&self) -> Self::Store {
        MemoryStore::with_clock(self.0.clone())
    }

    async fn pass(&self, time: Duration) {
        self.0.advance(time);
    }
}

#[derive(Default)]
pub(crate) struct Bytes(ManualClock);

impl World for Bytes {
    type Store = ByteStore;

    async fn store(&self) -> Self::Store {
        ByteStore::with_clock(self.0.clone())
    }

    async fn pass(&self, time: Duration) {
        self.0.advance(time);
    }
}

pub(crate) struct File {
    pub(crate) folder: TempDir,
    pub(crate) clock: ManualClock,
    policy: Policy,
}

impl File {
    pub(crate) fn new() -> Self {
        Self::with_policy(Policy::default())
    }

    /// One that is opened under this policy: what is past its time then is not taken in.
    pub(crate) fn with_policy(policy: Policy) -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), clock: ManualClock::default(), policy }
    }
}

impl World for File {
    type Store = FileStore<ManualClock>;

    async fn store(&self) -> Self::Store {
        let path = self.folder.path().join("sessions.redb");
        FileStore::open_with_clock(path, &self.policy, self.clock.clone()).expect("it opens")
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    async fn reopened(&self, store: Self::Store) -> Option<Self::Store> {
        drop(store);
        Some(self.store().await)
    }
}

pub(crate) struct Redis(Server);

impl Redis {
    /// A server of its own; `None`, and a word about it, where the program is not here.
    pub(crate) fn new() -> Option<Self> {
        Server::start_or_skip(&[]).map(Self)
    }
}

impl World for Redis {
    type Store = RedisStore;

    async fn store(&self) -> RedisStore {
        self.0.store()
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn replica(&self) -> Option<RedisStore> {
        Some(self.0.store())
    }

    async fn reopened(&self, store: RedisStore) -> Option<RedisStore> {
        drop(store);
        Some(self.0.store())
    }

    fn tick(&self) -> Duration {
        Duration::from_millis(600)
    }

    fn time_stands_still(&self) -> bool {
        false
    }
}

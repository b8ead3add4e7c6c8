//! The store keeps the promises of all stores, alone and as two replicas.

use std::time::Duration;

use mcp_sessions::conformance::World;
use mcp_sessions::{RedisStore, conformance_tests};

use crate::server::Server;

struct Redis(Server);

impl Redis {
    fn new() -> Option<Self> {
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

conformance_tests!(Redis::new());

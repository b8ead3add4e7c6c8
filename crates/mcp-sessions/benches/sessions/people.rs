//! Identities and their sessions, as many as a part needs.

use mcp_sessions::{Caller, Identity, Policy, SessionState, SessionStore, Sessions};
use tokio::runtime::{Builder, Runtime};

pub(crate) const IDENTITIES: usize = 10_000;

/// Ids as clients write them, one behind the other.
#[derive(Default)]
pub(crate) struct Ids(String);

/// The length of an id.
const LENGTH: usize = 64;

impl Ids {
    /// No ids yet, and touched memory for so many.
    pub(crate) fn with_room_for(count: usize) -> Self {
        let mut text = "0".repeat(count * LENGTH);
        text.clear();
        Self(text)
    }

    pub(crate) fn push(&mut self, id: &str) {
        assert_eq!(id.len(), LENGTH);
        self.0.push_str(id);
    }

    pub(crate) fn get(&self, number: usize) -> &str {
        &self.0[number * LENGTH..(number + 1) * LENGTH]
    }

    pub(crate) fn set(&mut self, number: usize, id: &str) {
        self.0.replace_range(number * LENGTH..(number + 1) * LENGTH, id);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Identities as the program's tokens name them, their digests computed.
pub(crate) fn callers(count: usize) -> Vec<Caller> {
    let caller = |number| {
        let identity = Identity::default()
            .with_issuer("https://idp.example")
            .with_tenant("9f0c2f1e-6f3b-4d55-a1c6-3a1f64c60a11")
            .with_client("desktop")
            .with_subject(format!("person-{number}@example.org"));
        // It is remembered.
        let _ = identity.digest();
        Caller::Identified(identity)
    };
    (0..count).map(caller).collect()
}

/// Limits that no part reaches.
pub(crate) fn policy() -> Policy {
    Policy::default().with_max_sessions(4_000_000).with_max_per_identity(4_000)
}

/// Opens `count` sessions; the n-th is that of the n-th of `callers`, beginning again at their end.
pub(crate) fn open<S: SessionStore>(sessions: &Sessions<S>, callers: &[Caller], count: usize) -> Ids {
    let mut ids = Ids::with_room_for(count);
    runtime().block_on(async {
        for number in 0..count {
            let caller = &callers[number % callers.len()];
            let id = sessions.create(caller, SessionState::default()).await.unwrap();
            ids.push(&id.expose_hex());
        }
    });
    ids
}

/// A runtime of one thread, the one that blocks on it.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

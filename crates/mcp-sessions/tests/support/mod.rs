//! What several test files need: people, sessions under a clock that stands still, captured logs.

pub(crate) mod bytes;
pub(crate) mod faulty;
pub(crate) mod http;
pub(crate) mod unreachable;
pub(crate) mod worlds;

use std::cell::RefCell;
use std::io;
use std::sync::Once;
use std::time::Duration;

use mcp_sessions::{Caller, Identity, ManualClock, MemoryStore, Policy, Sessions};

pub(crate) type TestSessions = Sessions<MemoryStore<ManualClock>>;

/// Somebody whose claims are all there, and long enough to be found in a log.
pub(crate) fn identity(who: &str) -> Identity {
    Identity::default()
        .with_issuer("https://idp.example")
        .with_tenant("tenant-north")
        .with_client("desktop-client")
        .with_subject(format!("{who}@example.org"))
}

pub(crate) fn ana() -> Caller {
    Caller::Identified(identity("ana"))
}

pub(crate) fn ben() -> Caller {
    Caller::Identified(identity("ben"))
}

pub(crate) fn sessions_with(policy: Policy) -> (TestSessions, ManualClock) {
    Log::install();
    let clock = ManualClock::default();
    let store = MemoryStore::with_clock(clock.clone());
    (Sessions::new(store, policy).expect("the policy agrees with itself"), clock)
}

pub(crate) fn sessions() -> (TestSessions, ManualClock) {
    sessions_with(Policy::default())
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

thread_local! {
    static LOGGED: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Collects every event of this thread while it lives.
///
/// One subscriber serves the whole program, set before anything is logged: with one per test, a thread
/// that has none can switch off an event for all others.
pub(crate) struct Log(());

impl Log {
    pub(crate) fn start() -> Self {
        Self::install();
        LOGGED.set(Some(Vec::new()));
        Self(())
    }

    /// What was logged since the last call.
    pub(crate) fn take(&self) -> String {
        let bytes = LOGGED.replace(Some(Vec::new())).expect("it is collecting");
        String::from_utf8(bytes).expect("logs are text")
    }

    pub(crate) fn install() {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_ansi(false)
                .without_time()
                .with_writer(|| ThisThread)
                .init();
        });
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        LOGGED.set(None);
    }
}

struct ThisThread;

impl io::Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.as_mut().map(|logged| logged.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! Where a store that keeps its own time gets it from.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since a point that does not move. A reading may repeat; whoever subtracts two of
/// them saturates, so that even a clock that steps back ends no session.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time now.
    fn now_ms(&self) -> u64;
}

/// The time since the Unix epoch when the clock was made, monotonic from there on: setting the
/// machine's clock neither ends nor prolongs a session.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    epoch_ms: u64,
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { epoch_ms: millis(since_epoch), start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        self.epoch_ms.saturating_add(millis(self.start.elapsed()))
    }
}

/// A clock for tests that stands still until it is moved. Clones show the same time.
///
/// ```
/// use std::time::Duration;
/// use mcp_sessions::{Clock, ManualClock};
///
/// let clock = ManualClock::default();
/// let hands = clock.clone();
/// hands.advance(Duration::from_secs(2));
/// assert_eq!(clock.now_ms(), 2_000);
/// ```
#[derive(Debug, Clone, Default)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        self.set_ms(self.now_ms().saturating_add(millis(by)));
    }

    /// Sets the clock, backwards as well.
    pub fn set_ms(&self, now_ms: u64) {
        self.0.store(now_ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Whole milliseconds, at most `u64::MAX` of them.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

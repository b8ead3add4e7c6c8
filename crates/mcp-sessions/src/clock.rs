//! Where a store that keeps its own time gets it from.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since a point that does not move. A reading may repeat; whoever subtracts two of
/// them saturates, so that even a clock that steps back ends no session.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time now.
    fn now_ms(&self) -> u64;
}

/// The time since the Unix epoch when the clock was made, monotonic from there on: setting the
/// machine's clock neither ends nor prolongs a session. On Unix the time that the machine sleeps counts.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    epoch_ms: u64,
    start: Start,
}

#[cfg(not(unix))]
type Start = std::time::Instant;

/// A moment, as the time since the machine was started: what [`Instant`](std::time::Instant) knows stands still while it
/// sleeps.
#[cfg(unix)]
#[derive(Debug, Clone, Copy)]
struct Start(Duration);

#[cfg(unix)]
impl Start {
    fn now() -> Self {
        #[cfg(any(target_os = "android", target_os = "linux"))]
        const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Boottime;
        #[cfg(not(any(target_os = "android", target_os = "linux")))]
        const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Monotonic;
        // No such clock ever shows a time before the start.
        Self(rustix::time::clock_gettime(CLOCK).try_into().unwrap_or_default())
    }

    fn elapsed(self) -> Duration {
        Self::now().0.saturating_sub(self.0)
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { epoch_ms: millis(since_epoch), start: Start::now() }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_as_the_machines_does() {
        let clock = SystemClock::default();
        let wall_ms = || millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        let before_ms = (clock.now_ms(), wall_ms());
        std::thread::sleep(Duration::from_millis(50));
        let after_ms = (clock.now_ms(), wall_ms());
        assert!(after_ms.0 - before_ms.0 >= 50);
        assert!(before_ms.0 <= before_ms.1 && after_ms.1.saturating_sub(after_ms.0) < 1_000, "{after_ms:?}");
    }
}

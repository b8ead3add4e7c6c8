//! When the next request may go: one at a time, so many a second, none while the service wants to be left alone.

use std::time::Duration;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};

/// Requests that may go at once after a silence; a person's first question needs two.
const BURST: u32 = 2;

/// Lets requests go in the order in which they came.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    /// When the next may go. Who waits for that holds it, and gives it back unchanged when they no longer want to.
    next: Mutex<Instant>,
    /// The service wants no request before.
    silence: std::sync::Mutex<Option<Instant>>,
}

impl Pace {
    pub(crate) fn new(interval: Duration) -> Self {
        Self { interval, next: Mutex::new(earliest(interval)), silence: std::sync::Mutex::default() }
    }

    /// Waits for the turn of the caller.
    pub(crate) async fn turn(&self) {
        let mut next = self.next.lock().await;
        sleep_until(*next).await;
        // Asked anew: the service may have said so meanwhile.
        while let Some(left) = self.silence_left() {
            tokio::time::sleep(left).await;
        }
        *next = earliest(self.interval).max(*next) + self.interval;
    }

    /// Lets nothing go for `time`.
    pub(crate) fn be_silent(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut silence = self.silence.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *silence = Some(silence.map_or(until, |before| before.max(until)));
    }

    /// How long nothing will go because the service wants to be left alone.
    pub(crate) fn silence_left(&self) -> Option<Duration> {
        let silence = self.silence.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        silence.map(|until| until.duration_since(Instant::now())).filter(|left| !left.is_zero())
    }
}

/// Since when a turn could be free after a long silence.
fn earliest(interval: Duration) -> Instant {
    let now = Instant::now();
    now.checked_sub(interval * (BURST - 1)).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn two_go_at_once_and_then_one_a_second() {
        let pace = Pace::new(SECOND);
        let start = Instant::now();
        let mut seconds = Vec::new();
        for _ in 0..4 {
            pace.turn().await;
            seconds.push(start.elapsed().as_secs());
        }
        assert_eq!(seconds, [0, 0, 1, 2]);
        // A long silence saves up no more than that.
        tokio::time::sleep(60 * SECOND).await;
        let start = Instant::now();
        let mut seconds = Vec::new();
        for _ in 0..3 {
            pace.turn().await;
            seconds.push(start.elapsed().as_secs());
        }
        assert_eq!(seconds, [0, 0, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_leaves_takes_nobodys_turn() {
        let pace = Arc::new(Pace::new(SECOND));
        let start = Instant::now();
        pace.turn().await;
        pace.turn().await;
        let leaves = tokio::time::timeout(SECOND / 2, pace.turn());
        assert!(leaves.await.is_err());
        pace.turn().await;
        assert_eq!(start.elapsed().as_secs(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_goes_while_the_service_wants_silence() {
        let pace = Pace::new(SECOND);
        let start = Instant::now();
        pace.turn().await;
        pace.be_silent(10 * SECOND);
        // A shorter one does not end it.
        pace.be_silent(SECOND);
        assert_eq!(pace.silence_left(), Some(10 * SECOND));
        pace.turn().await;
        assert_eq!(start.elapsed().as_secs(), 10);
        assert_eq!(pace.silence_left(), None);
    }
}

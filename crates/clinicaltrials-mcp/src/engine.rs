//! From async callers to the blocking registry: as many calls at once as there are cores, each within a budget.
//!
//! Looking up a study takes a fraction of a millisecond, a search can take seconds: they do not wait for each other.
//! A call ends early when its caller cancels it, drops it, or the time is up; how far it is goes to whoever asked.

use crate::telemetry::{figures, traces};
use ctgov::{Budget, PageToken, Registry, RegistryError, Snapshot, VersionId};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::available_parallelism,
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// Most calls waiting or working; who comes then is told to come back.
const CALLS_MAX: usize = 1_024;

/// Most calls at once that wait for another service: it is that, and not this machine, that is to be spared.
const REMOTE_CALLS_MAX: usize = 64;

/// Runs questions to a registry. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    registry: Arc<dyn Registry>,
    /// Places to wait or work in.
    places: Arc<Semaphore>,
    /// Permits to search.
    searches: Arc<Semaphore>,
    /// Permits to look up a study.
    lookups: Arc<Semaphore>,
    /// Calls wait for another service instead of working here.
    is_remote: bool,
}

/// What connects a call to its caller.
#[derive(Default)]
pub struct CallControl {
    /// Fired when the caller no longer wants the answer.
    pub cancellations: Vec<CancellationToken>,
    /// Told how many steps of how many are done.
    pub progress: Option<watch::Sender<(u64, u64)>>,
    /// Asks this state of the data while it is there; else, or when it is gone, the newest.
    pub version: Option<VersionId>,
}

impl CallControl {
    /// Asks the state of the data that the page before came from.
    #[must_use]
    pub fn continuing(mut self, token: Option<&PageToken>) -> Self {
        self.version = token.map(|token| token.version);
        self
    }
}

impl Engine {
    /// Longest a call may wait and work before it is ended with a clear error.
    pub const CALL_TIME_MAX: Duration = Duration::from_secs(30);

    /// An engine over a registry that works on this machine.
    pub fn new(registry: Arc<dyn Registry>) -> Self {
        let cores = available_parallelism().map_or(2, usize::from);
        Self::with_calls_at_once(registry, cores, false)
    }

    /// An engine over a registry that asks another service, and bounds by itself how much it asks.
    pub fn remote(registry: Arc<dyn Registry>) -> Self {
        Self::with_calls_at_once(registry, REMOTE_CALLS_MAX, true)
    }

    fn with_calls_at_once(registry: Arc<dyn Registry>, calls: usize, is_remote: bool) -> Self {
        let [places, searches, lookups] =
            [CALLS_MAX, calls, calls].map(|count| Arc::new(Semaphore::new(count)));
        Self { registry, places, searches, lookups, is_remote }
    }

    /// Whether calls wait for another service, which is to be spared.
    pub fn is_remote(&self) -> bool {
        self.is_remote
    }

    /// The newest state of the data that is known without waiting.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Unavailable`] and [`RegistryError::Remote`] when there is none.
    pub fn snapshot(&self) -> Result<Arc<dyn Snapshot>, RegistryError> {
        self.registry.snapshot()
    }

    /// Runs `question` on the newest snapshot, or the one that `control` asks for, off the async threads.
    ///
    /// # Errors
    ///
    /// The question's own, [`RegistryError::Cancelled`] as soon as one of the caller's tokens fires, and
    /// [`RegistryError::Busy`] when too many calls wait already, or its turn does not come.
    pub async fn ask<T: Send + 'static>(
        &self,
        control: CallControl,
        question: impl FnOnce(&dyn Snapshot, &Budget) -> Result<T, RegistryError> + Send + 'static,
    ) -> Result<T, RegistryError> {
        self.ask_within(Self::CALL_TIME_MAX, control, question).await
    }

    /// [`ask`](Self::ask) for a question that may work no longer than `work_time_max` once it is its turn. Waiting for
    /// another service is no work.
    ///
    /// # Errors
    ///
    /// As [`ask`](Self::ask).
    pub async fn ask_within<T: Send + 'static>(
        &self,
        work_time_max: Duration,
        control: CallControl,
        question: impl FnOnce(&dyn Snapshot, &Budget) -> Result<T, RegistryError> + Send + 'static,
    ) -> Result<T, RegistryError> {
        self.run("search", &self.searches, work_time_max, control, question).await
    }

    /// [`ask`](Self::ask) for what is known by the number of a study, which does not wait behind searches.
    ///
    /// # Errors
    ///
    /// As [`ask`](Self::ask).
    pub async fn look_up<T: Send + 'static>(
        &self,
        control: CallControl,
        question: impl FnOnce(&dyn Snapshot, &Budget) -> Result<T, RegistryError> + Send + 'static,
    ) -> Result<T, RegistryError> {
        self.run("look_up", &self.lookups, Self::CALL_TIME_MAX, control, question).await
    }

    async fn run<T: Send + 'static>(
        &self,
        kind: &'static str,
        permits: &Arc<Semaphore>,
        work_time_max: Duration,
        control: CallControl,
        question: impl FnOnce(&dyn Snapshot, &Budget) -> Result<T, RegistryError> + Send + 'static,
    ) -> Result<T, RegistryError> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| RegistryError::Busy)?;
        let asked_at = Instant::now();
        let deadline = asked_at + Self::CALL_TIME_MAX;
        let cancelled = any_cancelled(&control.cancellations);
        tokio::pin!(cancelled);
        let permit = tokio::select! {
            biased;
            () = &mut cancelled => return Err(RegistryError::Cancelled),
            () = tokio::time::sleep_until(deadline.into()) => return Err(RegistryError::Busy),
            permit = permits.clone().acquire_owned() => permit,
        };
        let stop = StopOnDrop(Arc::new(AtomicBool::new(false)));
        let deadline = if self.is_remote { deadline } else { deadline.min(Instant::now() + work_time_max) };
        let budget = budget(deadline, stop.0.clone(), control.progress);
        let registry = self.registry.clone();
        let span = tracing::info_span!(target: traces::TARGET, "question", kind);
        let answer = tokio::task::spawn_blocking(move || {
            let _held = (place, permit);
            let _within = span.entered();
            let (waited, begun) = (asked_at.elapsed(), Instant::now());
            let answer = (|| {
                budget.check()?;
                let asked =
                    control.version.map(|version| registry.snapshot_of(version)).transpose()?.flatten();
                let snapshot = asked.map_or_else(|| registry.snapshot_within(&budget), Ok)?;
                question(snapshot.as_ref(), &budget)
            })();
            figures::questioned(kind, waited, begun.elapsed());
            answer
        });
        tokio::select! {
            biased;
            () = cancelled => Err(RegistryError::Cancelled),
            answer = answer => answer.unwrap_or_else(|panic| Err(RegistryError::Unavailable(panic.into()))),
        }
    }
}

fn budget(deadline: Instant, stop: Arc<AtomicBool>, progress: Option<watch::Sender<(u64, u64)>>) -> Budget {
    let budget = Budget::unlimited().with_deadline(deadline).with_cancellation(stop);
    match progress {
        Some(listener) => budget.with_progress(move |done, total| _ = listener.send((done, total))),
        None => budget,
    }
}

async fn any_cancelled(tokens: &[CancellationToken]) {
    match tokens {
        [] => std::future::pending().await,
        [one] => one.cancelled().await,
        [first, rest @ ..] => tokio::select! {
            () = first.cancelled() => {}
            () = Box::pin(any_cancelled(rest)) => {}
        },
    }
}

/// Tells the blocking side to stop when nobody waits for its answer any more.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

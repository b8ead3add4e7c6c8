//! From async callers to the blocking registry: as many calls at once as there are cores, each within a budget.
//!
//! A call ends early when its caller cancels it, drops it, or the time is up; how far it is goes to whoever asked.

use ctgov::{Budget, Registry, RegistryError, Snapshot};
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

/// Longest a call may work before it is ended with a clear error.
const CALL_TIME_MAX: Duration = Duration::from_secs(30);

/// Runs questions to a registry. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    registry: Arc<dyn Registry>,
    permits: Arc<Semaphore>,
}

/// What connects a call to its caller.
#[derive(Default)]
pub struct CallControl {
    /// Fired when the caller no longer wants the answer.
    pub cancellations: Vec<CancellationToken>,
    /// Told how many steps of how many are done.
    pub progress: Option<watch::Sender<(u64, u64)>>,
}

impl Engine {
    /// An engine over `registry`.
    pub fn new(registry: Arc<dyn Registry>) -> Self {
        let cores = available_parallelism().map_or(2, usize::from);
        Self { registry, permits: Arc::new(Semaphore::new(cores)) }
    }

    /// Whether there is data to answer from.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Unavailable`] when there is none.
    pub fn ready(&self) -> Result<Arc<dyn Snapshot>, RegistryError> {
        self.registry.snapshot()
    }

    /// Runs `question` on the newest snapshot, off the async threads.
    ///
    /// # Errors
    ///
    /// The question's own, and [`RegistryError::Cancelled`] as soon as one of the caller's tokens fires.
    pub async fn ask<T: Send + 'static>(
        &self,
        control: CallControl,
        question: impl FnOnce(&dyn Snapshot, &Budget) -> Result<T, RegistryError> + Send + 'static,
    ) -> Result<T, RegistryError> {
        let cancelled = any_cancelled(&control.cancellations);
        tokio::pin!(cancelled);
        let permit = tokio::select! {
            biased;
            () = &mut cancelled => return Err(RegistryError::Cancelled),
            permit = self.permits.clone().acquire_owned() => permit,
        };
        let stop = StopOnDrop(Arc::new(AtomicBool::new(false)));
        let budget = budget(stop.0.clone(), control.progress);
        let registry = self.registry.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            budget.check()?;
            question(registry.snapshot()?.as_ref(), &budget)
        });
        tokio::select! {
            biased;
            () = cancelled => Err(RegistryError::Cancelled),
            answer = answer => answer.unwrap_or_else(|panic| Err(RegistryError::Unavailable(panic.into()))),
        }
    }
}

fn budget(stop: Arc<AtomicBool>, progress: Option<watch::Sender<(u64, u64)>>) -> Budget {
    let budget = Budget::unlimited().with_deadline(Instant::now() + CALL_TIME_MAX).with_cancellation(stop);
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

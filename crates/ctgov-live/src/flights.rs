//! Requests under way: whoever asks what is being asked already waits for the same answer.
//!
//! Callers wait on their own threads, and no longer than they want to. A request that nobody waits for any more is given
//! up.

use crate::{answer::Answer, error::LiveError};
use ctgov::{Budget, RegistryError};
use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{runtime::Handle, task::AbortHandle};

/// How often a waiting caller looks whether it still wants the answer.
const LOOK_EVERY: Duration = Duration::from_millis(10);

type Outcome = Result<Arc<Answer>, LiveError>;

/// The requests under way, by what they ask.
#[derive(Debug)]
pub(crate) struct Flights {
    runtime: Handle,
    /// Most requests under way.
    max: usize,
    under_way: Mutex<HashMap<String, Flight>>,
}

#[derive(Debug)]
struct Flight {
    landing: Arc<Landing>,
    /// How many callers wait for it.
    waiting: usize,
    /// What ends it; there as soon as it has started.
    task: Option<AbortHandle>,
}

/// Where callers wait for the outcome.
#[derive(Debug, Default)]
struct Landing {
    outcome: Mutex<Option<Outcome>>,
    landed: Condvar,
}

impl Flights {
    pub(crate) fn new(runtime: Handle, max: usize) -> Self {
        Self { runtime, max, under_way: Mutex::default() }
    }

    /// The outcome of `request`, which starts unless what it asks, `target`, is under way.
    ///
    /// # Errors
    ///
    /// Its own; [`RegistryError::Busy`] when too many others are under way; [`RegistryError::Cancelled`] and
    /// [`LiveError::OutOfTime`] when the budget ends first.
    pub(crate) fn join<F>(
        self: &Arc<Self>,
        target: &str,
        budget: &Budget,
        request: impl FnOnce() -> F,
    ) -> Result<Arc<Answer>, RegistryError>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        in_time(budget)?;
        let seat = self.board(target, request)?;
        let mut outcome = lock(&seat.landing.outcome);
        loop {
            if let Some(outcome) = &*outcome {
                return outcome.clone().map_err(RegistryError::from);
            }
            in_time(budget)?;
            let woken = seat.landing.landed.wait_timeout(outcome, LOOK_EVERY);
            outcome = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn board<F>(
        self: &Arc<Self>,
        target: &str,
        request: impl FnOnce() -> F,
    ) -> Result<Seat<'_>, RegistryError>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut under_way = lock(&self.under_way);
        if let Some(flight) = under_way.get_mut(target) {
            flight.waiting += 1;
            return Ok(Seat { flights: self, target: target.to_owned(), landing: flight.landing.clone() });
        }
        if under_way.len() >= self.max {
            return Err(RegistryError::Busy);
        }
        let landing = Arc::new(Landing::default());
        let arrival = Arrival { flights: self.clone(), target: target.to_owned(), landing: landing.clone() };
        under_way.insert(target.to_owned(), Flight { landing: landing.clone(), waiting: 1, task: None });
        // A runtime that stops drops the task at once, and that looks at the list.
        drop(under_way);
        let request = request();
        let task = self.runtime.spawn(async move {
            let outcome = request.await;
            arrival.with(outcome);
        });
        self.with_flight(target, &landing, |flight| {
            flight.task = Some(task.abort_handle());
            false
        });
        Ok(Seat { flights: self, target: target.to_owned(), landing })
    }

    /// Changes the flight that lands at `landing`, if it is under way, and takes it off the list if `change` says so.
    fn with_flight(
        &self,
        target: &str,
        landing: &Arc<Landing>,
        change: impl FnOnce(&mut Flight) -> bool,
    ) -> Option<Flight> {
        let mut under_way = lock(&self.under_way);
        let flight = under_way.get_mut(target).filter(|flight| Arc::ptr_eq(&flight.landing, landing))?;
        if change(flight) { under_way.remove(target) } else { None }
    }
}

/// The budget's word, where the end of time is nobody's fault but the service's.
fn in_time(budget: &Budget) -> Result<(), RegistryError> {
    budget.check().map_err(|error| match error {
        RegistryError::DeadlineExceeded { .. } => LiveError::OutOfTime.into(),
        error => error,
    })
}

/// A caller's place on a flight.
struct Seat<'a> {
    flights: &'a Flights,
    target: String,
    landing: Arc<Landing>,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let given_up = self.flights.with_flight(&self.target, &self.landing, |flight| {
            flight.waiting -= 1;
            flight.waiting == 0
        });
        if let Some(task) = given_up.and_then(|flight| flight.task) {
            task.abort();
        }
    }
}

/// Brings the outcome; a request that ends without one, because it panicked or the runtime stops, brings an error.
struct Arrival {
    flights: Arc<Flights>,
    target: String,
    landing: Arc<Landing>,
}

impl Arrival {
    fn with(self, outcome: Outcome) {
        *lock(&self.landing.outcome) = Some(outcome);
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        // Who asks from here on asks anew.
        self.flights.with_flight(&self.target, &self.landing, |_| true);
        let ended = LiveError::CutOff { cause: "the request was given up".to_owned() };
        lock(&self.landing.outcome).get_or_insert(Err(ended));
        self.landing.landed.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

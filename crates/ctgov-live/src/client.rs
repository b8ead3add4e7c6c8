//! From a question to its answer: kept on disk, under way already, or asked, in turn and more than once if need be.

use crate::{
    answer::Answer,
    cache::{Cache, Kept},
    error::LiveError,
    flights::Flights,
    http::{Fetched, Http},
    live::OpenError,
    options::LiveOptions,
    pace::Pace,
};
use ctgov::{Budget, RegistryError, VersionId};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{runtime::Handle, sync::Semaphore, task::spawn_blocking, time::sleep};

/// The target of an event of every request, with its `outcome` and the milliseconds that it took, `took_ms`.
const REQUESTS: &str = "ctgov_live::requests";
/// Most different questions under way; who comes then is told to come back.
const UNDER_WAY_MAX: usize = 32;
/// Most answers on their way at once: each can be large.
const TRANSFERS_MAX: usize = 4;
/// How often a request is tried.
const ATTEMPTS_MAX: u32 = 4;
/// Longest wait before a request is repeated.
const WAIT_MAX: Duration = Duration::from_secs(8);
/// Longest that the service's wish to be left alone is waited out; a longer one is told to whoever asks.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// What is taken for an answer without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// What was kept of the same data version.
    Kept,
    /// Nothing: the service says whether what was kept is still true.
    Nothing,
}

/// An answer, and where it is from.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) answer: Arc<Answer>,
    /// The service gave or confirmed it for this question.
    pub(crate) is_new: bool,
}

/// Asks one API.
#[derive(Debug)]
pub(crate) struct Client {
    http: Http,
    pace: Pace,
    cache: Option<Cache>,
    flights: Arc<Flights>,
    transfers: Semaphore,
    first_wait: Duration,
}

impl Client {
    pub(crate) fn new(options: &LiveOptions, runtime: Handle) -> Result<Self, OpenError> {
        let cache = options.cache.clone();
        Ok(Self {
            http: Http::new(options)?,
            pace: Pace::new(options.interval),
            cache: cache.map(|folder| Cache::new(folder, options.cache_bytes_max, options.body_bytes_max)),
            flights: Arc::new(Flights::new(runtime, UNDER_WAY_MAX)),
            transfers: Semaphore::new(TRANSFERS_MAX),
            first_wait: options.first_wait,
        })
    }

    /// The answer to `target`, `/studies?…`, of the data `version`.
    pub(crate) fn ask(
        self: &Arc<Self>,
        target: &str,
        version: VersionId,
        trust: Trust,
        budget: &Budget,
    ) -> Result<Given, RegistryError> {
        let kept = self.cache.as_ref().and_then(|cache| cache.read(&self.http.address(target)));
        match kept {
            Some(kept) if trust == Trust::Kept && kept.version == version => {
                Ok(Given { answer: Arc::new(kept.answer), is_new: false })
            }
            kept => {
                let (client, asked) = (self.clone(), target.to_owned());
                let answer = self.flights.join(target, budget, || client.fetch(asked, version, kept))?;
                Ok(Given { answer, is_new: true })
            }
        }
    }

    async fn fetch(
        self: Arc<Self>,
        target: String,
        version: VersionId,
        kept: Option<Kept>,
    ) -> Result<Arc<Answer>, LiveError> {
        let etag = kept.as_ref().and_then(|kept| kept.answer.etag.clone());
        let mut attempt = 0;
        let fetched = loop {
            attempt += 1;
            let error = match self.attempt(&target, etag.as_deref()).await {
                Ok(fetched) => break fetched,
                Err(error) => error,
            };
            match self.wait_after(attempt, &error) {
                Some(wait) => sleep(wait).await,
                None => {
                    if !matches!(error, LiveError::Refused { .. }) {
                        tracing::warn!(%error, attempt, "ClinicalTrials.gov gave no answer");
                    }
                    return Err(error);
                }
            }
        };
        let answer = match (fetched, kept) {
            (Some(answer), _) => answer,
            (None, Some(kept)) => kept.answer,
            // Nothing was said to be known.
            (None, None) => return Err(LiveError::UnknownStatus { status: 304 }),
        };
        let keeping = spawn_blocking(move || {
            if let Some(cache) = &self.cache {
                cache.write(&self.http.address(&target), version, &answer);
            }
            Arc::new(answer)
        });
        keeping.await.map_err(|error| LiveError::CutOff { cause: error.to_string() })
    }

    /// One try. Nothing comes back where what is kept is still true.
    async fn attempt(&self, target: &str, etag: Option<&str>) -> Result<Option<Answer>, LiveError> {
        if let Some(left) = self.pace.silence_left().filter(|left| *left > SILENCE_MAX) {
            return Err(LiveError::TooOften { retry_after: Some(left) });
        }
        // Nobody closes it.
        let _transfer = self.transfers.acquire().await;
        self.pace.turn().await;
        let started = Instant::now();
        let fetched = self.http.get(target, etag).await;
        let outcome = match &fetched {
            Ok(Fetched::Answer(_)) => "answered",
            Ok(Fetched::NotModified) => "unchanged",
            Err(LiveError::Refused { .. }) => "refused",
            Err(LiveError::TooOften { .. }) => "too_often",
            Err(_) => "failed",
        };
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(target: REQUESTS, outcome, took_ms, "asked ClinicalTrials.gov");
        let Fetched::Answer(answer) = fetched? else { return Ok(None) };
        // A large body is looked through off the async threads.
        let checked = spawn_blocking(move || answer.check().map(|()| answer)).await;
        checked.map_err(|error| LiveError::CutOff { cause: error.to_string() })?.map(Some)
    }

    /// How long to wait before the next try; nothing if there is none.
    fn wait_after(&self, attempt: u32, error: &LiveError) -> Option<Duration> {
        let wait = (self.first_wait * 2_u32.pow(attempt - 1)).min(WAIT_MAX);
        // Between half of it and all of it, so that servers that failed together do not come back together.
        let share = getrandom::u32().unwrap_or(u32::MAX);
        let wait = wait.mul_f64(0.5 + 0.5 * f64::from(share) / f64::from(u32::MAX));
        let mut is_over = attempt == ATTEMPTS_MAX || !error.is_passing();
        if let LiveError::TooOften { retry_after } = error {
            let silence = retry_after.unwrap_or(wait);
            self.pace.be_silent(silence);
            is_over |= silence > SILENCE_MAX;
        }
        (!is_over).then_some(wait)
    }
}

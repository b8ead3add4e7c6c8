//! The keys of an authorization server: known, kept, and asked for again.
//!
//! One task asks, so that however many requests want to know of a new key, the server is asked once; a request that goes
//! away stops nothing. A token with a key that is not known makes it ask at once, but no more often than the cooldown
//! allows. While the server cannot be asked, its keys are used for a bounded time.

use super::{
    issuer::{Issuer, IssuerError},
    key::TrustedKey,
};
use crate::settings::{KeyTimes, OauthSettings};
use jsonwebtoken::Algorithm;
use reqwest::Url;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
    time::{sleep_until, timeout},
};

/// How old keys are when they are asked for again, at most.
const REFRESH_TIME_MAX: Duration = Duration::from_secs(300);
/// How long to wait after a first failure; after more of them, twice as long each.
const RETRY_TIME_MIN: Duration = Duration::from_secs(1);
const RETRY_TIME_MAX: Duration = Duration::from_secs(60);

/// The keys, and the task that asks for them; it ends with this.
pub(super) struct Keys {
    shared: Arc<Shared>,
    task: AbortHandle,
}

/// Why there is no key for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoKey {
    /// The authorization server has none of that name and kind.
    Unknown,
    /// It cannot be asked.
    Unavailable {
        /// When it will be asked again.
        retry_after: Duration,
    },
}

struct Shared {
    state: watch::Sender<State>,
    /// Somebody has a token with a key that is not known.
    wanted: Notify,
    times: KeyTimes,
}

/// What is known.
#[derive(Clone)]
struct State {
    keys: Vec<Arc<TrustedKey>>,
    /// When the keys were told.
    told: Option<Instant>,
    /// How often they were asked for.
    attempts: u64,
    /// When that began last, and whether it failed.
    attempted: Option<Instant>,
    failed: bool,
    /// When they are asked for next.
    next: Instant,
}

/// What the known keys say about a token's.
enum Found {
    Key(Arc<TrustedKey>),
    /// It is known, and not for that algorithm; or there are several, and the token does not say which.
    Useless,
    Unknown,
}

impl State {
    /// The keys, unless they are too old.
    fn keys(&self, keep_time_max: Duration) -> &[Arc<TrustedKey>] {
        if self.told.is_some_and(|told| told.elapsed() <= keep_time_max) { &self.keys } else { &[] }
    }

    fn find(&self, keep_time_max: Duration, id: Option<&str>, algorithm: Algorithm) -> Found {
        let keys = self.keys(keep_time_max);
        let mut named = keys.iter().filter(|key| id.is_none() || key.id() == id).peekable();
        if named.peek().is_none() {
            return Found::Unknown;
        }
        let mut fitting = named.filter(|key| key.algorithms().contains(&algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Found::Key(key.clone()),
            (Some(key), Some(_)) if id.is_some() => Found::Key(key.clone()),
            _ => Found::Useless,
        }
    }
}

impl Keys {
    /// Begins to ask; must be called within a Tokio runtime.
    pub(super) fn start(settings: &OauthSettings) -> Self {
        let state = State {
            keys: Vec::new(),
            told: None,
            attempts: 0,
            attempted: None,
            failed: false,
            next: Instant::now(),
        };
        let shared = Arc::new(Shared {
            state: watch::Sender::new(state),
            wanted: Notify::new(),
            times: settings.times,
        });
        let task = tokio::spawn(ask(settings.clone(), shared.clone())).abort_handle();
        Self { shared, task }
    }

    /// Whether there are keys.
    pub(super) fn are_known(&self) -> bool {
        !self.shared.state.borrow().keys(self.shared.times.keep_time_max).is_empty()
    }

    /// The key of a token that says this of it.
    ///
    /// # Errors
    ///
    /// [`NoKey`] says whether there may be one later.
    pub(super) async fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<TrustedKey>, NoKey> {
        let times = self.shared.times;
        let find = |state: &State| state.find(times.keep_time_max, id, algorithm);
        let (attempts, is_worth_asking) = {
            let state = self.shared.state.borrow();
            match find(&state) {
                Found::Key(key) => return Ok(key),
                Found::Useless => return Err(NoKey::Unknown),
                Found::Unknown => {}
            }
            // Without any key the task asks as often as it is good for; with some, only when it is told to.
            let is_worth_asking = state.attempts == 0
                || !state.keys.is_empty() && state.attempted.is_none_or(|at| at.elapsed() >= times.cooldown);
            (state.attempts, is_worth_asking)
        };
        if is_worth_asking {
            let mut states = self.shared.state.subscribe();
            self.shared.wanted.notify_one();
            // The task bounds each of its requests; whoever waits does not wait for all of them.
            let _ = timeout(times.request_time_max, states.wait_for(|state| state.attempts > attempts)).await;
        }
        let state = self.shared.state.borrow();
        match find(&state) {
            Found::Key(key) => Ok(key),
            Found::Useless => Err(NoKey::Unknown),
            Found::Unknown if state.failed || state.attempts == attempts && is_worth_asking => {
                let wait = state.next.saturating_duration_since(Instant::now());
                Err(NoKey::Unavailable { retry_after: wait.max(RETRY_TIME_MIN) })
            }
            Found::Unknown => Err(NoKey::Unknown),
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Asks for the keys, again and again.
async fn ask(settings: OauthSettings, shared: Arc<Shared>) {
    let times = shared.times;
    let refresh_time = REFRESH_TIME_MAX.min(times.keep_time_max / 4);
    // Where the keys are; without it, the authorization server's metadata says.
    let mut address: Option<Url> = None;
    let mut issuer = None;
    let mut failures = 0_u32;
    loop {
        let attempted = Instant::now();
        let answer = attempt(&settings, &mut issuer, &mut address).await;
        let wait = match &answer {
            Ok(keys) => {
                let ids = |keys: &mut dyn Iterator<Item = &TrustedKey>| -> Vec<Option<String>> {
                    keys.map(|key| key.id().map(str::to_owned)).collect()
                };
                let before = ids(&mut shared.state.borrow().keys.iter().map(AsRef::as_ref));
                if failures > 0 || before != ids(&mut keys.iter()) {
                    tracing::info!(
                        issuer = settings.issuer,
                        keys = keys.len(),
                        "the authorization server's keys are known"
                    );
                }
                failures = 0;
                refresh_time
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                let kept = shared.state.borrow().keys(times.keep_time_max).len();
                let retry = RETRY_TIME_MIN.saturating_mul(1 << (failures - 1).min(8)).min(RETRY_TIME_MAX);
                if kept == 0 {
                    tracing::error!(
                        issuer = settings.issuer, %error, retry_seconds = retry.as_secs(),
                        "the authorization server's keys cannot be had: requests with tokens are answered with 503 until they can"
                    );
                } else {
                    tracing::warn!(
                        issuer = settings.issuer, %error, retry_seconds = retry.as_secs(), keys = kept,
                        "the authorization server's keys cannot be had again: those that are known are used for a while"
                    );
                }
                retry
            }
        };
        let next = Instant::now() + wait;
        shared.state.send_modify(|state| {
            state.failed = answer.is_err();
            if let Ok(keys) = answer {
                state.keys = keys.into_iter().map(Arc::new).collect();
                state.told = Some(attempted);
            }
            state.attempts += 1;
            state.attempted = Some(attempted);
            state.next = next;
        });
        tokio::select! {
            // What the metadata says is asked for again, too: the keys may have moved.
            () = sleep_until(next.into()) => address = None,
            () = wanted(&shared, attempted) => {}
        }
    }
}

async fn attempt(
    settings: &OauthSettings,
    issuer: &mut Option<Issuer>,
    address: &mut Option<Url>,
) -> Result<Vec<TrustedKey>, IssuerError> {
    let issuer = match issuer {
        Some(issuer) => issuer,
        None => issuer.insert(Issuer::new(settings)?),
    };
    let keys_at = match address.take() {
        Some(address) => address,
        None => issuer.keys_address().await?,
    };
    let keys = issuer.keys(&keys_at).await?;
    *address = Some(keys_at);
    Ok(keys)
}

/// Waits until somebody has a token with an unknown key, and asking is allowed again.
async fn wanted(shared: &Shared, attempted: Instant) {
    loop {
        shared.wanted.notified().await;
        // A wish of before the last answer has been granted by it.
        if attempted.elapsed() >= shared.times.cooldown {
            return;
        }
    }
}

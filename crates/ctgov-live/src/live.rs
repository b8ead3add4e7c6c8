//! `Live`: the registry, and what is known of the data it has now.

use crate::{
    answer,
    client::{Client, Trust},
    error::LiveError,
    options::{Base, LiveOptions},
    snapshot::LiveSnapshot,
};
use ctgov::{Budget, DataSource, DataVersion, Registry, RegistryError, ServiceVersion, Snapshot, VersionId};
use sha2::{Digest as _, Sha256};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::runtime::Handle;

/// How long a data version is gone by that cannot be asked for again.
const KNOWN_TIME_MAX: Duration = Duration::from_secs(24 * 3_600);
/// How long after a try the next one comes.
const TRIED_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// What the answer is kept under that says which data there is.
const ANY_VERSION: VersionId = VersionId([0; 8]);
/// Longest that a try takes that nobody waits for.
const UNASKED_TIME_MAX: Duration = Duration::from_secs(30);

/// ClinicalTrials.gov's API as a registry.
///
/// ```no_run
/// use ctgov::{Budget, Matching, Registry as _};
/// use ctgov_live::{Live, LiveOptions};
///
/// let runtime = tokio::runtime::Runtime::new()?;
/// let live = Live::open(&LiveOptions::default(), runtime.handle().clone())?;
/// let budget = Budget::unlimited();
/// let snapshot = live.snapshot_within(&budget)?;
/// let mut matching = Matching::default();
/// matching.filter("AREA[Phase]PHASE3")?;
/// println!("{} studies", snapshot.count(&matching, &budget)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Live {
    shared: Arc<Shared>,
}

/// Why the API cannot be asked at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The system has no certificates to know the service by.
    #[error("the system has no certificates of authorities (install the package ca-certificates)")]
    NoCertificates,
    /// TLS does not work as it is set up here.
    #[error("TLS cannot be set up")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What snapshots share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) client: Arc<Client>,
    runtime: Handle,
    base: Base,
    version_age_max: Duration,
    known: Mutex<Known>,
}

/// What is known of the data there is.
#[derive(Debug, Default)]
struct Known {
    state: Option<State>,
    /// When somebody last tried to ask.
    tried: Option<Instant>,
}

#[derive(Debug)]
struct State {
    version: DataVersion,
    etag: Option<String>,
    checked: Instant,
    /// An answer was of another state of the data.
    is_doubtful: bool,
}

impl Live {
    /// A registry that asks as `options` say, with requests on `runtime`. Nothing is asked yet.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when this machine is not able to ask.
    pub fn open(options: &LiveOptions, runtime: Handle) -> Result<Self, OpenError> {
        let shared = Shared {
            client: Arc::new(Client::new(options, runtime.clone())?),
            runtime,
            base: options.base.clone(),
            version_age_max: options.version_age_max,
            known: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }
}

impl Registry for Live {
    /// What was last known, without waiting; what is old is asked for behind it, not more than twice a minute.
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, RegistryError> {
        let shared = &self.shared;
        let mut known = shared.known();
        if !known.is_good(shared.version_age_max) && !known.was_just_tried() {
            known.tried = Some(Instant::now());
            let asking = self.clone();
            shared.runtime.spawn_blocking(move || {
                let budget = Budget::unlimited().with_deadline(Instant::now() + UNASKED_TIME_MAX);
                if let Err(error) = asking.shared.ask_version(&budget) {
                    tracing::warn!(%error, "ClinicalTrials.gov does not say which data it has");
                }
            });
        }
        shared.snapshot(&known).ok_or_else(|| LiveError::NotYet.into())
    }

    fn snapshot_within(&self, budget: &Budget) -> Result<Arc<dyn Snapshot>, RegistryError> {
        let shared = &self.shared;
        {
            let mut known = shared.known();
            let is_usable = known.is_good(shared.version_age_max) || known.was_just_tried();
            if let Some(snapshot) = shared.snapshot(&known).filter(|_| is_usable) {
                return Ok(snapshot);
            }
            known.tried = Some(Instant::now());
        }
        match shared.ask_version(budget) {
            Err(error @ RegistryError::Cancelled) => Err(error),
            // Its answers may be on disk, and it may be back by the time it is asked.
            Err(error) => shared.snapshot(&shared.known()).ok_or(error),
            Ok(()) => shared.snapshot(&shared.known()).ok_or_else(|| LiveError::NotYet.into()),
        }
    }

    fn snapshot_of(&self, version: VersionId) -> Result<Option<Arc<dyn Snapshot>>, RegistryError> {
        let known = self.shared.known();
        let is_it = known.state.as_ref().is_some_and(|state| state.version.id == version);
        let is_good = is_it && known.is_good(self.shared.version_age_max);
        Ok(self.shared.snapshot(&known).filter(|_| is_good))
    }
}

impl Known {
    fn is_good(&self, age_max: Duration) -> bool {
        self.state.as_ref().is_some_and(|state| {
            let age = state.checked.elapsed();
            age < age_max && (!state.is_doubtful || age < TRIED_AGAIN_AFTER)
        })
    }

    fn was_just_tried(&self) -> bool {
        self.tried.is_some_and(|tried| tried.elapsed() < TRIED_AGAIN_AFTER)
    }
}

impl Shared {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn snapshot(self: &Arc<Self>, known: &Known) -> Option<Arc<dyn Snapshot>> {
        let state = known.state.as_ref().filter(|state| state.checked.elapsed() < KNOWN_TIME_MAX)?;
        Some(Arc::new(LiveSnapshot::new(self.clone(), state.version.clone())))
    }

    fn ask_version(&self, budget: &Budget) -> Result<(), RegistryError> {
        let answer = self.client.ask("/version", ANY_VERSION, Trust::Nothing, budget)?.answer;
        let service = answer::version(answer.body()?)?;
        let version = DataVersion {
            id: self.id(&service),
            source: DataSource::Live,
            studies: None,
            // The registry has none; a server of this project may, and says so, but not how many.
            synthetic: (!answer.synthetic).then_some(0),
            newest_update: None,
            service: Some(service),
        };
        let (checked, etag) = (Instant::now(), answer.etag.clone());
        self.known().state = Some(State { version, etag, checked, is_doubtful: false });
        Ok(())
    }

    /// The name of what the service says of its data.
    fn id(&self, service: &ServiceVersion) -> VersionId {
        let ServiceVersion { api_version, data_timestamp } = service;
        let moment = data_timestamp.as_deref().unwrap_or_default();
        let digest = Sha256::digest(format!("{}\n{api_version}\n{moment}", self.base.as_str()));
        VersionId(std::array::from_fn(|index| digest[index]))
    }

    /// Takes note of the state of the data that an answer says it is of: the service names one for everything it has.
    pub(crate) fn saw(&self, etag: Option<&str>) {
        if let Some(state) = &mut self.known().state
            && etag.is_some()
            && state.etag.as_deref() != etag
        {
            state.is_doubtful = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGE_MAX: Duration = Duration::from_secs(300);

    fn known(checked_s: u64, is_doubtful: bool, tried_s: Option<u64>) -> Known {
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        let version = DataVersion {
            id: VersionId([1; 8]),
            source: DataSource::Live,
            studies: None,
            synthetic: Some(0),
            newest_update: None,
            service: None,
        };
        let state = State { version, etag: Some("\"a\"".into()), checked: ago(checked_s), is_doubtful };
        Known { state: Some(state), tried: tried_s.map(ago) }
    }

    #[test]
    fn what_is_known_is_good_for_a_while_and_shorter_when_there_is_doubt() {
        let cases =
            [(0, false, true), (299, false, true), (301, false, false), (29, true, true), (31, true, false)];
        for (checked, is_doubtful, expected) in cases {
            assert_eq!(
                known(checked, is_doubtful, None).is_good(AGE_MAX),
                expected,
                "{checked} {is_doubtful}"
            );
        }
        assert!(!Known::default().is_good(AGE_MAX));
        let tried = [(Some(0), true), (Some(29), true), (Some(31), false), (None, false)];
        for (tried, expected) in tried {
            assert_eq!(known(0, false, tried).was_just_tried(), expected, "{tried:?}");
        }
    }
}

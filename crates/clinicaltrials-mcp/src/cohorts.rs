//! Cohorts: questions that callers keep under a handle, to ask them again and to build others on them.
//!
//! A cohort is a question, not a list: it follows the data. It is an expression of ClinicalTrials.gov's own language, so
//! whoever has it can ask it anywhere. A handle is bound to whoever made it, as a session is, and needs no session: clients
//! of the stateless revision have cohorts too.

use crate::{
    sessions::Store,
    settings::{SessionPlace, SessionSettings},
};
use anyhow::Context as _;
use ctgov::essie::{EssieError, Expr, parse};
use mcp_sessions::{
    CONTENT_BYTES_MAX, Caller, Face, Handle, HandleError, Handles, Identity, MemoryStore, Policy,
    PolicyError, Rejection, StoreError, store::Cap,
};
use serde::{Deserialize, Serialize};
use std::{path::Path, time::Duration};

/// How long a cohort is kept that was never used.
const UNUSED_DAYS: u32 = 1;
/// How long a cohort is kept after its last use.
const IDLE_DAYS: u32 = 7;
/// How long it is kept in all.
const LIFETIME_DAYS: u32 = 30;
/// How many one caller has at most.
const PER_CALLER_MAX: usize = 100;
/// How many there are at most.
const ALL_MAX: usize = 10_000;

/// Everybody's cohorts. Clones share them.
#[derive(Clone)]
pub struct Cohorts {
    handles: Handles<Store>,
    /// How long one is kept, as callers are told.
    kept: String,
}

/// One caller's cohorts.
pub struct OwnCohorts {
    cohorts: Cohorts,
    caller: Caller,
}

/// A question that a caller keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cohort {
    /// What the caller names it by.
    pub id: String,
    /// What it is.
    pub kept: Kept,
}

/// What is kept of a cohort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// What its maker calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which studies are in it.
    pub expression: String,
    /// How many studies were in it when it was made.
    pub studies: u64,
    /// The data version in which they were counted.
    pub version: String,
}

/// Why a cohort cannot be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum CohortError {
    /// There is none of this id for this caller.
    #[error("you have no such cohort")]
    Unknown,
    /// The question is too long to be kept.
    #[error("the cohort takes {bytes} bytes, and {CONTENT_BYTES_MAX} can be kept")]
    TooLarge {
        /// How long it is.
        bytes: usize,
    },
    /// The caller has as many as one may have, or everybody together has.
    #[error("{}", match .0 {
        Cap::Identity => "you have as many cohorts as one caller may have",
        Cap::Total => "this server keeps as many cohorts as it may",
    })]
    Full(Cap),
    /// It cannot be said now.
    #[error("saved cohorts cannot be read or written just now")]
    Unavailable,
    /// What is kept is no question any more: an earlier version of this program kept it.
    #[error("the cohort cannot be read by this version of the server")]
    Unreadable,
}

impl Cohorts {
    /// Cohorts that are kept where sessions are, in a store of their own.
    ///
    /// # Errors
    ///
    /// When a file cannot be used, which says what to do.
    pub fn open(sessions: &SessionSettings, data_dir: &Path) -> anyhow::Result<Self> {
        let place = match &sessions.place {
            SessionPlace::Memory => SessionPlace::Memory,
            SessionPlace::File(path) => {
                let sessions = path.clone().unwrap_or_else(|| data_dir.join(Store::FILE));
                let mut path = sessions.into_os_string();
                path.push(".cohorts");
                SessionPlace::File(Some(path.into()))
            }
            SessionPlace::Redis(redis) => SessionPlace::Redis(redis.under("cohorts:")),
        };
        let store = Store::open(&SessionSettings { place, policy: policy() }, data_dir)
            .context("saved cohorts have no place; their file is called like the session file, with `.cohorts` after it")?;
        Ok(Self::over(store)?)
    }

    /// Cohorts that are gone when the process ends; must be called within a Tokio runtime.
    ///
    /// # Errors
    ///
    /// None that the policy, which is a constant, does not have.
    pub fn in_memory() -> Result<Self, PolicyError> {
        Self::over(Store::Memory(MemoryStore::default()))
    }

    fn over(store: Store) -> Result<Self, PolicyError> {
        let until_stopped = match store {
            Store::Memory(_) => ", but not beyond this server's next stop",
            Store::File(_) | Store::Redis(_) => "",
        };
        let kept = format!(
            "{UNUSED_DAYS} day, or {IDLE_DAYS} days after its last use, and {LIFETIME_DAYS} days at most{until_stopped}"
        );
        Ok(Self { handles: Handles::start(store, policy())?, kept })
    }

    /// How long one is kept, as callers are told.
    #[must_use]
    pub fn kept(&self) -> &str {
        &self.kept
    }

    /// Forgets everything that `identity` has saved, and tells how many cohorts that were.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn forget_all(&self, identity: &Identity) -> Result<usize, StoreError> {
        self.handles.remove_all(identity).await
    }

    /// The cohorts of `caller`. Callers who are not authenticated are one.
    pub fn of(&self, caller: Caller) -> OwnCohorts {
        OwnCohorts { cohorts: self.clone(), caller }
    }
}

impl OwnCohorts {
    /// [`Cohorts::kept`]
    #[must_use]
    pub fn kept(&self) -> &str {
        &self.cohorts.kept
    }

    /// Keeps a question.
    ///
    /// # Errors
    ///
    /// [`CohortError`]
    pub async fn keep(&self, kept: Kept) -> Result<Cohort, CohortError> {
        let text = serde_json::to_string(&kept).map_err(|_| CohortError::Unreadable)?;
        let handle = self.cohorts.handles.create(&self.caller, &text).await?;
        Ok(Cohort { id: handle.id().to_owned(), kept })
    }

    /// The cohort of this id; it counts as used.
    ///
    /// # Errors
    ///
    /// [`CohortError`], the same for one that is somebody else's as for one that never was.
    pub async fn get(&self, id: &str) -> Result<Cohort, CohortError> {
        let handle = self.cohorts.handles.get(&spelled(id), &self.caller).await?;
        Cohort::of(&handle).ok_or(CohortError::Unreadable)
    }

    /// All of them, the oldest first.
    ///
    /// # Errors
    ///
    /// [`CohortError::Unavailable`]
    pub async fn list(&self) -> Result<Vec<Cohort>, CohortError> {
        Ok(self.cohorts.handles.list(&self.caller).await?.iter().filter_map(Cohort::of).collect())
    }

    /// Forgets one; `false` when there was none.
    ///
    /// # Errors
    ///
    /// [`CohortError::Unavailable`]
    pub async fn delete(&self, id: &str) -> Result<bool, CohortError> {
        match self.cohorts.handles.remove(&spelled(id), &self.caller).await {
            Ok(was_there) => Ok(was_there),
            Err(rejection) if rejection.face() == Face::NotFound => Ok(false),
            Err(rejection) => Err(rejection.into()),
        }
    }
}

impl Cohort {
    /// Which studies are in it.
    ///
    /// # Errors
    ///
    /// When an earlier version of this program kept what this one cannot read.
    pub fn expr(&self) -> Result<Expr, EssieError> {
        parse(&self.kept.expression)
    }

    fn of(handle: &Handle) -> Option<Self> {
        let kept = serde_json::from_str(handle.content()).ok()?;
        Some(Self { id: handle.id().to_owned(), kept })
    }
}

impl From<HandleError> for CohortError {
    fn from(error: HandleError) -> Self {
        match error {
            HandleError::TooLarge { bytes } => Self::TooLarge { bytes },
            HandleError::Rejected(rejection) => rejection.into(),
            _ => Self::Unavailable,
        }
    }
}

impl From<Rejection> for CohortError {
    fn from(rejection: Rejection) -> Self {
        match (rejection.face(), rejection) {
            (Face::NotFound, _) => Self::Unknown,
            (_, Rejection::AtCapacity(cap)) => Self::Full(cap),
            _ => Self::Unavailable,
        }
    }
}

/// An id as it was given out, however it is given back.
pub fn spelled(id: &str) -> String {
    id.trim().to_ascii_lowercase()
}

fn policy() -> Policy {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    Policy::default()
        .with_unused_timeout(DAY * UNUSED_DAYS)
        .with_idle_timeout(DAY * IDLE_DAYS)
        .with_lifetime(DAY * LIFETIME_DAYS)
        .with_max_per_identity(PER_CALLER_MAX)
        .with_max_sessions(ALL_MAX)
        .with_sweep_interval(Duration::from_secs(10 * 60))
}

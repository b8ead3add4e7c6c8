//! `Registry`: where studies are asked for, whether they live on this disk or behind the API.

use crate::{
    Document, Matching, NctId, Page, StudyQuery, VersionId,
    essie::EssieError,
    pieces::Piece,
    synonyms::Synonyms,
    tabulate::{FieldStats, ListSizes, RecordSizes, Table, TableQuery},
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// A source of studies that changes over time.
pub trait Registry: Send + Sync {
    /// The newest state of the data. Everything asked of one snapshot agrees with itself.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Unavailable`] when there is no data to serve.
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, RegistryError>;

    /// [`snapshot`](Self::snapshot), which never waits, for callers that can: a registry that must ask somebody else
    /// what its newest state is asks here, within `budget`.
    ///
    /// # Errors
    ///
    /// As [`snapshot`](Self::snapshot), and those of the budget.
    fn snapshot_within(&self, budget: &Budget) -> Result<Arc<dyn Snapshot>, RegistryError> {
        budget.check()?;
        self.snapshot()
    }

    /// The state of the data that is called `version`, if it can still be asked: the next page of an answer comes
    /// from the state that the page before came from.
    ///
    /// # Errors
    ///
    /// As [`snapshot`](Self::snapshot); that the state is gone is no error.
    fn snapshot_of(&self, version: VersionId) -> Result<Option<Arc<dyn Snapshot>>, RegistryError> {
        let newest = self.snapshot()?;
        let is_it = newest.data_version().id == version;
        Ok(is_it.then_some(newest))
    }
}

/// One state of the data.
///
/// Calls block and can take as long as their [`Budget`] allows: run them off the async threads.
pub trait Snapshot: Send + Sync {
    /// Which state this is.
    fn data_version(&self) -> &DataVersion;

    /// Passes the studies of the page that `query` asks for to `each`, in order, and returns what else the page says.
    ///
    /// One record at a time is in memory: a page of the largest would not be small.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`]; an error of `each` ends the search.
    fn search(
        &self,
        query: &StudyQuery,
        budget: &Budget,
        each: &mut dyn FnMut(Document) -> Result<(), RegistryError>,
    ) -> Result<Page, RegistryError>;

    /// [`search`](Self::search) without the records: which studies the page has, in order.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`].
    fn find(&self, query: &StudyQuery, budget: &Budget) -> Result<(Vec<NctId>, Page), RegistryError>;

    /// The synonyms that questions are expanded with.
    fn synonyms(&self) -> &Synonyms;

    /// How many studies match.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`].
    fn count(&self, matching: &Matching, budget: &Budget) -> Result<u64, RegistryError>;

    /// One study's record, if there is such a study.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`].
    fn study(&self, id: NctId, budget: &Budget) -> Result<Option<Document>, RegistryError>;

    /// The study that `id` is a former number of (`NCTIdAlias`), if there is one.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`].
    fn successor(&self, id: NctId, budget: &Budget) -> Result<Option<NctId>, RegistryError>;

    /// How many of the matching studies have which values.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`].
    fn tabulate(&self, query: &TableQuery, budget: &Budget) -> Result<Table, RegistryError>;

    /// What the values of a piece are among the matching studies.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`]; [`RegistryError::Unsupported`] for a piece without values.
    fn field_stats(
        &self,
        piece: Piece,
        matching: &Matching,
        budget: &Budget,
    ) -> Result<FieldStats, RegistryError>;

    /// How long the lists of a piece are.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`]; [`RegistryError::Unsupported`] for a piece that is no list.
    fn list_sizes(&self, piece: Piece, budget: &Budget) -> Result<ListSizes, RegistryError>;

    /// How large the records are.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`].
    fn record_sizes(&self, budget: &Budget) -> Result<RecordSizes, RegistryError>;

    /// At most `count` values of a piece that begin with what somebody has typed so far, the commonest first, and after
    /// them those in which a later word does; case and accents do not matter. NCT numbers come in their order.
    ///
    /// For answers while somebody types: of a piece with many values only the [`ROWS_MAX`](crate::tabulate::ROWS_MAX) commonest are known.
    ///
    /// # Errors
    ///
    /// See [`RegistryError`]; [`RegistryError::Unsupported`] for a piece without values, and by a source that does not
    /// know its values.
    fn suggest(
        &self,
        piece: Piece,
        typed: &str,
        count: usize,
        budget: &Budget,
    ) -> Result<Vec<String>, RegistryError> {
        let _ = (typed, count, budget);
        let why = format!("this source of studies does not know all values of `{}`", piece.name());
        Err(RegistryError::Unsupported { operation: "suggesting values", why })
    }
}

/// Which state of the data answered: goes with every answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataVersion {
    /// Derived from the content, or from what a remote service says of its content: the same on every replica that
    /// serves the same records with the same synonyms.
    pub id: VersionId,
    /// Where the data comes from.
    pub source: DataSource,
    /// How many studies there are, if that is known without asking.
    pub studies: Option<u64>,
    /// How many of them are made up (`NCT9…`); unknown where some may be.
    pub synthetic: Option<u64>,
    /// The newest `LastUpdatePostDate` among them, as published: how fresh the data is.
    pub newest_update: Option<String>,
    /// What a remote service says of its data; nothing where the data is here.
    pub service: Option<ServiceVersion>,
}

/// What a remote service says of its data (API v2, `/version`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceVersion {
    /// Which version of the API it serves, `2.0.5`.
    pub api_version: String,
    /// When its data was published, as it writes it, `2026-08-14T09:00:05`.
    pub data_timestamp: Option<String>,
}

/// Where data comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataSource {
    /// A local copy of the registry.
    Mirror,
    /// The registry's own API, asked for every answer.
    Live,
    /// Made-up studies, for trying things out.
    Sample,
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mirror => "mirror",
            Self::Live => "live",
            Self::Sample => "sample",
        })
    }
}

/// How much a call may spend, and whom it tells how far it is.
#[derive(Default)]
pub struct Budget {
    deadline: Option<Instant>,
    cancelled: Option<Arc<AtomicBool>>,
    checks_left: Option<AtomicU64>,
    progress: Option<Box<dyn Fn(u64, u64) + Send + Sync>>,
}

impl Budget {
    /// No limit, nobody listening.
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// Ends the call at `deadline`.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Ends the call once `flag` is set.
    #[must_use]
    pub fn with_cancellation(mut self, flag: Arc<AtomicBool>) -> Self {
        self.cancelled = Some(flag);
        self
    }

    /// Ends the call at the first check after so many: a limit that does not depend on how fast the machine is.
    #[must_use]
    pub fn with_checks_max(mut self, checks: u64) -> Self {
        self.checks_left = Some(AtomicU64::new(checks));
        self
    }

    /// How many checks are left, if they are bounded.
    pub fn checks_left(&self) -> Option<u64> {
        self.checks_left.as_ref().map(|left| left.load(Ordering::Relaxed))
    }

    /// Tells `listener` how many steps of how many are done.
    #[must_use]
    pub fn with_progress(mut self, listener: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        self.progress = Some(Box::new(listener));
        self
    }

    /// Checks whether the call may go on. Engines ask every few hundred microseconds of work.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Cancelled`] or [`RegistryError::DeadlineExceeded`].
    pub fn check(&self) -> Result<(), RegistryError> {
        if self.cancelled.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Err(RegistryError::Cancelled);
        }
        let used_up = |left: &AtomicU64| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
        };
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
            || self.checks_left.as_ref().is_some_and(used_up)
        {
            return Err(RegistryError::DeadlineExceeded { costly: None });
        }
        Ok(())
    }

    /// [`check`](Self::check), and tells the listener that `done` of `total` steps are done.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn step(&self, done: u64, total: u64) -> Result<(), RegistryError> {
        self.check()?;
        if let Some(progress) = &self.progress {
            progress(done, total);
        }
        Ok(())
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("deadline", &self.deadline)
            .field("cancelled", &self.cancelled)
            .field("checks_left", &self.checks_left)
            .finish_non_exhaustive()
    }
}

/// Why a registry did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// There is no data, or it cannot be read. The source says why.
    #[error("the registry cannot be read")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The page token was made for another question.
    #[error("the page token belongs to another query; leave it out to start from the first page")]
    ForeignPageToken,
    /// The page token's data is gone, and its order cannot be continued on newer data.
    #[error("the page token has expired: the data changed; leave it out to start from the first page")]
    ExpiredPageToken,
    /// The page token was made over another source of data, on which its place means nothing here.
    #[error(
        "the page token was made by a server over another source of data; leave it out to start from the first page"
    )]
    OtherSourcePageToken,
    /// The question asks something that cannot be asked.
    #[error("error parsing the query: {0}")]
    Query(#[from] EssieError),
    /// This source cannot answer that.
    #[error("{operation} is not possible: {why}")]
    Unsupported {
        /// What was asked.
        operation: &'static str,
        /// Why it cannot be answered, and what to ask instead.
        why: String,
    },
    /// The service that has the data refused the question.
    #[error("ClinicalTrials.gov refused the query: {text}")]
    Refused {
        /// Its words, cut to a printable length.
        text: String,
    },
    /// The service that has the data did not answer as it should. The source says more.
    #[error("{problem}; {advice}")]
    Remote {
        /// What happened.
        problem: String,
        /// What to do next.
        advice: &'static str,
        /// When it is worth asking again, if the service said so.
        retry_after: Option<Duration>,
        /// What led to it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Too many calls are waiting already.
    #[error("the server is busy; ask again in a moment")]
    Busy,
    /// The caller no longer wants the answer.
    #[error("cancelled")]
    Cancelled,
    /// The answer took longer than allowed.
    #[error("the query took too long{}; narrow it down", .costly.as_deref().map(|costly| format!(" at {costly}")).unwrap_or_default())]
    DeadlineExceeded {
        /// The part of the question that was being worked on, if it is known.
        costly: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn a_budget_ends_a_call_and_tells_how_far_it_is() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (flag, ear) = (Arc::new(AtomicBool::new(false)), heard.clone());
        let budget = Budget::unlimited()
            .with_cancellation(flag.clone())
            .with_progress(move |done, total| ear.lock().unwrap().push((done, total)));
        assert!(budget.step(1, 2).is_ok());
        flag.store(true, Ordering::Relaxed);
        assert!(matches!(budget.step(2, 2), Err(RegistryError::Cancelled)));
        assert_eq!(*heard.lock().unwrap(), [(1, 2)]);

        let late = Budget::unlimited().with_deadline(Instant::now() - Duration::from_millis(1));
        assert!(matches!(late.check(), Err(RegistryError::DeadlineExceeded { costly: None })));

        let twice = Budget::unlimited().with_checks_max(2);
        let checks = [(); 4].map(|()| twice.check().is_ok());
        assert_eq!((checks, twice.checks_left()), ([true, true, false, false], Some(0)));
    }
}

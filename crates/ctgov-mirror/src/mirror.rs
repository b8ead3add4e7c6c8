//! `Mirror`: the current generation, kept current.

use crate::{
    data_dir::{DataDir, Stamp},
    error::MirrorError,
    generation::Generation,
};
use arc_swap::ArcSwap;
use ctgov::{DataSource, Registry, RegistryError, Snapshot};
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How often a look at `CURRENT` is worth its microseconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The registry in a data directory.
///
/// Serves the newest generation it could open. When another process publishes one, the next
/// [`snapshot`](Registry::snapshot) about a second later is of the new one; when that cannot be opened, the old one
/// goes on serving and the reason is logged.
#[derive(Debug)]
pub struct Mirror {
    data_dir: DataDir,
    source: DataSource,
    generation: ArcSwap<Generation>,
    watch: Mutex<Watch>,
}

/// What was last seen of `CURRENT`.
#[derive(Debug)]
struct Watch {
    looked: Instant,
    /// Of the generation being served.
    served: Option<Stamp>,
    /// Of one that could not be opened, so that its failure is logged once.
    failed: Option<Stamp>,
}

impl Mirror {
    /// Opens the registry in `data_dir`.
    ///
    /// # Errors
    ///
    /// [`MirrorError::NotFound`] when nothing was imported there yet; otherwise what is wrong with it.
    pub fn open(data_dir: &Path) -> Result<Self, MirrorError> {
        Self::open_as(data_dir, DataSource::Mirror)
    }

    /// [`open`](Self::open), with answers that name `source` as where the data comes from.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_as(data_dir: &Path, source: DataSource) -> Result<Self, MirrorError> {
        let data_dir = DataDir::new(data_dir);
        // The stamp is taken first: a swap in between is noticed at the next look.
        let watch = Watch { looked: Instant::now(), served: data_dir.stamp(), failed: None };
        let generation = open_current(&data_dir, source)?;
        Ok(Self { data_dir, source, generation: ArcSwap::from_pointee(generation), watch: Mutex::new(watch) })
    }

    /// Looks for a new generation now instead of within a second, and returns whether there was one.
    ///
    /// # Errors
    ///
    /// Why the new one cannot be opened. The old one goes on serving.
    pub fn refresh(&self) -> Result<bool, MirrorError> {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        watch.looked = Instant::now();
        let stamp = self.data_dir.stamp();
        if stamp == watch.served {
            return Ok(false);
        }
        let opened = open_current(&self.data_dir, self.source);
        watch.failed = opened.is_err().then_some(stamp).flatten();
        let generation = opened?;
        let id = generation.data_version().id;
        let changed = self.generation.load().data_version().id != id;
        self.generation.store(Arc::new(generation));
        watch.served = stamp;
        tracing::info!(version = %id, "serving data version {id}");
        Ok(changed)
    }

    fn refresh_if_due(&self) {
        // Whoever finds the lock taken is served from what is there: somebody else is looking.
        let Ok(watch) = self.watch.try_lock() else { return };
        let (due, failed) = (watch.looked.elapsed() >= LOOK_EVERY, watch.failed);
        drop(watch);
        if due
            && let Err(error) = self.refresh()
            && failed != self.data_dir.stamp()
        {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%error, cause, "cannot open the new data version; serving the one before");
        }
    }
}

fn open_current(data_dir: &DataDir, source: DataSource) -> Result<Generation, MirrorError> {
    let not_found = || MirrorError::NotFound { data_dir: data_dir.root().to_owned() };
    Generation::open(data_dir, data_dir.current()?.ok_or_else(not_found)?, source)
}

impl Registry for Mirror {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, RegistryError> {
        self.refresh_if_due();
        Ok(self.generation.load_full())
    }
}

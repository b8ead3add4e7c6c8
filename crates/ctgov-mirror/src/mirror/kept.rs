//! `KeptOpen`: a few older generations, open for as long as somebody pages through them.

use crate::generation::Generation;
use ctgov::{Snapshot as _, VersionId};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Each takes some memory of its own, whatever the page cache holds of it.
const OPEN_MAX: usize = 2;
/// One that nobody asked for so long is closed.
const OPEN_FOR: Duration = Duration::from_secs(10 * 60);

/// The generations, the one asked for last at the end.
#[derive(Debug, Default)]
pub(super) struct KeptOpen(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    generation: Arc<Generation>,
    asked: Instant,
}

impl KeptOpen {
    /// Keeps a generation that is open already.
    pub(super) fn keep(&self, generation: Arc<Generation>) {
        put(&mut self.lock(), generation);
    }

    /// The generation called `version`, from `open` if it is not open.
    pub(super) fn get(
        &self,
        version: VersionId,
        open: impl FnOnce() -> Option<Generation>,
    ) -> Option<Arc<Generation>> {
        let mut kept = self.lock();
        let there = kept.iter().position(|kept| kept.generation.data_version().id == version);
        let generation = match there {
            Some(at) => kept.remove(at).generation,
            // While it is opened others wait who also ask for an older one: most likely for the same.
            None => Arc::new(open()?),
        };
        put(&mut kept, generation.clone());
        Some(generation)
    }

    /// Closes those that nobody asked for in a while.
    pub(super) fn close_unused(&self) {
        self.lock().retain(|kept| kept.asked.elapsed() < OPEN_FOR);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        // A panic while one is opened leaves the list whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(kept: &mut Vec<Kept>, generation: Arc<Generation>) {
    kept.push(Kept { generation, asked: Instant::now() });
    if kept.len() > OPEN_MAX {
        kept.remove(0);
    }
}

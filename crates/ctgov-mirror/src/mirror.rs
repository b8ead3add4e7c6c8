//! `Mirror`: the current generation, kept current, and older ones for whoever is in the middle of an answer.

mod kept;

use crate::{
    data_dir::{DataDir, Stamp},
    error::{MirrorError, with_causes},
    generation::{self, Generation},
};
use arc_swap::ArcSwap;
use ctgov::{DataSource, Registry, RegistryError, Snapshot, VersionId};
use kept::KeptOpen;
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError, TryLockError},
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
    kept: KeptOpen,
}

/// What was last seen of `CURRENT`.
#[derive(Debug)]
struct Watch {
    looked: Instant,
    /// Of the generation being served.
    served: Option<Stamp>,
    /// Of what could not be opened, without a stamp when `CURRENT` was gone: its failure is logged once.
    failed: Option<Option<Stamp>>,
}

impl Mirror {
    /// Opens the registry in `data_dir`.
    ///
    /// Damage is found now or when a study is read, and is never served. Only of a search index of more than
    /// 256 MiB the contents are not checked here, as that would take seconds.
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
        let (generation, watch) = (ArcSwap::from_pointee(generation), Mutex::new(watch));
        Ok(Self { data_dir, source, generation, watch, kept: KeptOpen::default() })
    }

    /// Looks for a new generation now instead of within a second, and returns whether there was one.
    ///
    /// # Errors
    ///
    /// Why the new one cannot be opened. The old one goes on serving.
    pub fn refresh(&self) -> Result<bool, MirrorError> {
        // Nothing in it is left half changed by a panic.
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        self.look(&mut watch)
    }

    fn look(&self, watch: &mut Watch) -> Result<bool, MirrorError> {
        watch.looked = Instant::now();
        let stamp = self.data_dir.stamp();
        if stamp == watch.served {
            watch.failed = None;
            return Ok(false);
        }
        let opened = open_current(&self.data_dir, self.source);
        watch.failed = opened.is_err().then_some(stamp);
        let generation = opened?;
        let id = generation.data_version().id;
        let before = self.generation.swap(Arc::new(generation));
        let changed = before.data_version().id != id;
        if changed {
            self.kept.keep(before);
        }
        watch.served = stamp;
        tracing::info!(version = %id, "serving data version {id}");
        Ok(changed)
    }

    /// Looks for a new generation if it is time to, and returns a failure that was not there at the last look.
    fn look_if_due(&self) -> Option<MirrorError> {
        let mut watch = match self.watch.try_lock() {
            Ok(watch) => watch,
            // A panic while a generation was opened must not be the last look.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Somebody else is looking: until then everybody is served from what is there.
            Err(TryLockError::WouldBlock) => return None,
        };
        if watch.looked.elapsed() < LOOK_EVERY {
            return None;
        }
        self.kept.close_unused();
        let failed = watch.failed;
        let error = self.look(&mut watch).err()?;
        (watch.failed != failed).then_some(error)
    }
}

fn open_current(data_dir: &DataDir, source: DataSource) -> Result<Generation, MirrorError> {
    let not_found = || MirrorError::NotFound { data_dir: data_dir.root().to_owned() };
    Generation::open(data_dir, data_dir.current()?.ok_or_else(not_found)?, source)
}

impl Registry for Mirror {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, RegistryError> {
        if let Some(error) = self.look_if_due() {
            let error = with_causes(&error);
            tracing::warn!(error, "cannot open the new data version; serving the one before");
        }
        Ok(self.generation.load_full())
    }

    fn snapshot_of(&self, version: VersionId) -> Result<Option<Arc<dyn Snapshot>>, RegistryError> {
        let newest = self.snapshot()?;
        if newest.data_version().id == version {
            return Ok(Some(newest));
        }
        let kept = self.kept.get(version, || open_kept(&self.data_dir, version, self.source));
        Ok(kept.map(|generation| generation as Arc<dyn Snapshot>))
    }
}

/// Opens an older generation, if it is still there and whole.
fn open_kept(data_dir: &DataDir, version: VersionId, source: DataSource) -> Option<Generation> {
    let open = || -> Result<Option<Generation>, MirrorError> {
        // Hardly more than a look whether it is worth while: any token can ask for any version.
        if !data_dir.names()?.iter().any(|name| name.id == version) {
            return Ok(None);
        }
        let Some(current) = data_dir.current()? else { return Ok(None) };
        let kept = generation::kept(data_dir, current).find(|kept| kept.name.id == version);
        kept.map(|kept| Generation::open(data_dir, kept, source)).transpose()
    };
    open().unwrap_or_else(|error| {
        // It may have been removed just now; a page that cannot go on there is served from newer data or refused.
        let error = with_causes(&error);
        tracing::warn!(%version, error, "cannot open an older data version");
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ImportOptions, Importer, Source, Unobserved};
    use std::{fs, io::Cursor, panic, thread};

    fn import(data_dir: &Path, number: u32) {
        let study = serde_json::json!({
            "protocolSection": {
                "identificationModule": {"nctId": format!("NCT{number:08}")},
                "statusModule": {"lastUpdatePostDateStruct": {"date": "2024-01-01"}},
                "sponsorCollaboratorsModule": {},
            },
            "derivedSection": {"miscInfoModule": {"versionHolder": "2026-01-02"}},
            "hasResults": false,
        });
        let study = study.to_string();
        let importer = Importer::open(data_dir).unwrap();
        let sources = vec![Source::reader("test", Cursor::new(study))];
        importer.import(sources, &ImportOptions::default(), &mut Unobserved).unwrap();
    }

    /// As if the last look were long ago.
    fn make_due(mirror: &Mirror) {
        let mut watch = mirror.watch.lock().unwrap_or_else(PoisonError::into_inner);
        watch.looked = Instant::now().checked_sub(LOOK_EVERY).unwrap();
    }

    #[test]
    fn a_panic_during_a_look_does_not_end_the_looking() {
        let root = tempfile::tempdir().unwrap();
        import(root.path(), 1);
        let mirror = Mirror::open(root.path()).unwrap();
        thread::scope(|scope| {
            let looking = scope.spawn(|| {
                let _watch = mirror.watch.lock().unwrap();
                panic::resume_unwind(Box::new("a panic that prints nothing"));
            });
            assert!(looking.join().is_err());
        });
        import(root.path(), 2);
        make_due(&mirror);
        assert_eq!(mirror.snapshot().unwrap().data_version().studies, Some(2));
    }

    #[test]
    fn a_failure_is_told_once_and_again_after_it_was_mended() {
        let root = tempfile::tempdir().unwrap();
        import(root.path(), 1);
        let mirror = Mirror::open(root.path()).unwrap();
        let (current, away) = (root.path().join("CURRENT"), root.path().join("away"));
        let told = || {
            make_due(&mirror);
            mirror.look_if_due().map(|error| error.to_string())
        };
        assert_eq!(told(), None);
        for _ in 0..2 {
            fs::rename(&current, &away).unwrap();
            assert!(told().unwrap().starts_with("there is no registry in"));
            assert_eq!(told(), None);
            fs::write(&current, "nonsense").unwrap();
            assert!(told().unwrap().contains("CURRENT is damaged"));
            assert_eq!(told(), None);
            fs::rename(&away, &current).unwrap();
            assert_eq!(told(), None);
        }
        assert_eq!(mirror.snapshot().unwrap().data_version().studies, Some(1));
    }
}

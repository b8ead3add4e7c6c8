//! Generations: what is published stays as it is, and everybody sees whole ones.

use crate::support::{
    Random, ids, import, import_studies, ndjson, plain_study, search, snapshot, source, studies, words_in,
};
use ctgov::{Budget, NctId, PageSize, Registry as _, Snapshot, Sort, StudyQuery, areas};
use ctgov_mirror::{
    ImportError, ImportOptions, Importer, Mirror, MirrorError, Source, Unobserved, status, verify,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    ops::ControlFlow,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

/// Every file below `directory` with its content.
fn contents(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

fn generations(data_dir: &Path) -> Vec<String> {
    let names = fs::read_dir(data_dir.join("generations")).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn equal_records_make_an_equal_version_and_an_equal_order_whatever_their_history() {
    let old = studies(120, 1);
    let mut new = old.clone();
    new.splice(..60, studies(60, 2));

    let at_once = tempfile::tempdir().unwrap();
    import_studies(at_once.path(), &new);
    let backwards = tempfile::tempdir().unwrap();
    let reversed: Vec<Value> = new.iter().rev().cloned().collect();
    import_studies(backwards.path(), &reversed);
    let step_by_step = tempfile::tempdir().unwrap();
    import_studies(step_by_step.path(), &old[..90]);
    import_studies(step_by_step.path(), &new[..60]);
    import_studies(step_by_step.path(), &old[90..]);

    let snapshots = [&at_once, &backwards, &step_by_step].map(|root| snapshot(root.path()));
    let mut random = Random(7);
    for _ in 0..50 {
        let mut query = StudyQuery { page_size: PageSize::new(1_000).unwrap(), ..StudyQuery::default() };
        let area = areas::ALL[random.below(4)];
        query.matching.search(ctgov::essie::Target::Area(area), &random.words(2)).unwrap();
        let pages = snapshots.each_ref().map(|snapshot| search(snapshot.as_ref(), &query));
        let orders = pages.each_ref().map(ids);
        assert_eq!(orders[0], orders[1], "{query:?}");
        assert_eq!(orders[0], orders[2], "{query:?}");
    }
    let versions = snapshots.map(|snapshot| snapshot.data_version().clone());
    assert_eq!(versions[0], versions[1]);
    assert_eq!(versions[0], versions[2]);
    assert_eq!((versions[0].studies, versions[0].synthetic), (Some(120), Some(120)));
    assert_eq!(versions[0].newest_update.as_deref(), Some("2024-05-01"));
    let other = tempfile::tempdir().unwrap();
    import_studies(other.path(), &old);
    assert_ne!(snapshot(other.path()).data_version().id, versions[0].id);
}

#[test]
fn a_published_generation_is_never_modified() {
    let root = tempfile::tempdir().unwrap();
    let mut seen = BTreeMap::new();
    for round in 0..5 {
        import_studies(root.path(), &studies(40, round));
        seen.extend(contents(&root.path().join("generations")));
        // Reading leaves nothing behind either.
        search(snapshot(root.path()).as_ref(), &StudyQuery::default());
        let now = contents(&root.path().join("generations"));
        assert!(
            seen == now,
            "after round {round}: {:?}",
            now.keys().filter(|name| !seen.contains_key(*name))
        );
    }
    let locks = seen.keys().filter(|name| name.ends_with(".lock")).count();
    assert_eq!(locks, 0);
}

#[test]
fn importing_nothing_new_publishes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let first = import_studies(root.path(), &studies(10, 1)).published.unwrap();
    let before = contents(root.path());
    let again = import_studies(root.path(), &studies(10, 1));
    assert_eq!((again.unchanged, again.published), (10, None));
    assert!(contents(root.path()) == before);
    assert_eq!(status(root.path()).unwrap().current, first);
}

#[test]
fn a_second_writer_is_refused_and_told_who_the_first_is() {
    let root = tempfile::tempdir().unwrap();
    let missing = status(root.path()).unwrap_err();
    assert!(matches!(missing, MirrorError::NotFound { .. }), "{missing}");
    import_studies(root.path(), &studies(3, 1));
    assert_eq!(status(root.path()).unwrap().writer, None);
    let first = Importer::open(root.path()).unwrap();
    let error = Importer::open(root.path()).unwrap_err();
    let ImportError::Locked { process_id, .. } = &error else { panic!("{error}") };
    assert_eq!(*process_id, Some(std::process::id()));
    let (dir, id) = (root.path().display(), std::process::id());
    let message = format!("{dir} is being written by another import (process {id}); wait until it ends");
    assert_eq!(error.to_string(), message);
    assert_eq!(status(root.path()).unwrap().writer.unwrap().process_id, Some(id));
    // Reading goes on.
    search(snapshot(root.path()).as_ref(), &StudyQuery::default());
    drop(first);
    assert!(Importer::open(root.path()).is_ok());
}

#[test]
fn a_snapshot_stays_what_it_was_while_others_see_the_new_generation() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &[plain_study(1, "2024-01-01", "one")]);
    let mirror = Mirror::open(root.path()).unwrap();
    let before = mirror.snapshot().unwrap();
    assert!(!mirror.refresh().unwrap());
    for round in 0..4 {
        import_studies(root.path(), &[plain_study(2 + round, "2024-01-01", "two")]);
    }
    // Everything but the last two generations is gone from disk, as if a day had passed.
    for name in &generations(root.path())[..3] {
        fs::remove_dir_all(root.path().join("generations").join(name)).unwrap();
    }
    assert_eq!(ids(&search(before.as_ref(), &StudyQuery::default())), [1]);
    let started = Instant::now();
    while mirror.snapshot().unwrap().data_version().studies == Some(1) {
        assert!(started.elapsed() < Duration::from_secs(5), "the new generation was not noticed");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(ids(&search(mirror.snapshot().unwrap().as_ref(), &StudyQuery::default())), [1, 2, 3, 4, 5]);
    assert_eq!(ids(&search(before.as_ref(), &StudyQuery::default())), [1]);
}

/// Sets its flag however the scope it stands in ends: whoever waits for it must not wait for ever.
struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn readers_never_see_a_mixture_during_twenty_swaps() {
    const SWAPS: u32 = 20;
    let title = |round: u32| format!("round {round}");
    // Every round has one study more, and all of them another title.
    let all = |round: u32| {
        let records = (1..=20 + round).map(|number| plain_study(number, "2024-01-01", &title(round)));
        records.collect::<Vec<_>>()
    };
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &all(0));
    let mirror = Mirror::open(root.path()).unwrap();
    let (done, seen) = (AtomicBool::new(false), Mutex::new(BTreeSet::new()));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let snapshot = mirror.snapshot().unwrap();
                    let round = look(snapshot.as_ref());
                    seen.lock().unwrap().insert(round);
                }
            });
        }
        let _done = SetAtEnd(&done);
        for round in 1..=SWAPS {
            let published = import_studies(root.path(), &all(round)).published.unwrap();
            // A reader may have noticed it already.
            mirror.refresh().unwrap();
            assert_eq!(mirror.snapshot().unwrap().data_version().id, published.id);
            assert_eq!(look(mirror.snapshot().unwrap().as_ref()), title(round));
        }
    });
    assert!(seen.lock().unwrap().len() > 2, "the readers saw hardly any swap");

    // Packs do not become ever more: each is an open file.
    let directory = root.path().join("generations").join(status(root.path()).unwrap().current.name);
    let packs = fs::read_dir(directory.join("documents")).unwrap().count();
    assert!((2..=16).contains(&packs), "{packs} packs after {SWAPS} imports");
    let found = verify(root.path(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((found.damages_in_all, found.records, found.others.len()), (0, 40, 20), "{found:?}");
}

/// Asks for everything in every way, checks that it agrees, and returns the title that all studies have.
fn look(snapshot: &dyn Snapshot) -> String {
    let everything = StudyQuery { page_size: PageSize::new(100).unwrap(), ..StudyQuery::default() };
    let page = search(snapshot, &everything);
    let titles: BTreeSet<String> = page.studies.iter().map(brief_title).collect();
    assert_eq!(titles.len(), 1, "{titles:?}");
    let title = titles.into_iter().next().unwrap();
    let studies = snapshot.data_version().studies.unwrap();
    let count = |query: &StudyQuery| snapshot.count(&query.matching, &Budget::unlimited()).unwrap();
    assert_eq!([page.total, page.studies.len() as u64, count(&everything)], [studies; 3], "{title}");
    // The index and the records are of one round, too.
    assert_eq!(count(&words_in(&areas::BASIC, &format!("\"{title}\""))), studies, "{title}");
    for id in page.studies.iter().map(ctgov::Document::nct_id) {
        let study = snapshot.study(id, &Budget::unlimited()).unwrap().unwrap();
        assert_eq!(brief_title(&study), title, "{id}");
    }
    title
}

fn brief_title(study: &ctgov::Document) -> String {
    let value = study.value().unwrap();
    value["protocolSection"]["identificationModule"]["briefTitle"].as_str().unwrap().to_owned()
}

#[test]
fn old_generations_go_after_a_day_but_for_the_last_two() {
    let root = tempfile::tempdir().unwrap();
    for round in 1..=4 {
        import_studies(root.path(), &[plain_study(round, "2024-01-01", "a title")]);
    }
    assert_eq!(generations(root.path()).len(), 4);
    assert_eq!(status(root.path()).unwrap().others.len(), 3);
    for name in generations(root.path()) {
        let manifest = root.path().join("generations").join(name).join("manifest.json");
        let long_ago = SystemTime::now() - Duration::from_secs(25 * 3_600);
        File::open(manifest).unwrap().set_modified(long_ago).unwrap();
    }
    import_studies(root.path(), &[plain_study(5, "2024-01-01", "a title")]);
    let left = generations(root.path());
    assert_eq!(left.iter().map(|name| &name[..6]).collect::<Vec<_>>(), ["000004", "000005"]);
    // What was imported into the generations that went is still there.
    let all = StudyQuery { sort: Sort::default(), ..StudyQuery::default() };
    assert_eq!(ids(&search(snapshot(root.path()).as_ref(), &all)), [1, 2, 3, 4, 5]);
}

#[test]
fn status_tells_what_is_there() {
    let root = tempfile::tempdir().unwrap();
    let real = plain_study(4_280_705, "2023-02-01", "a title");
    import(root.path(), source([ndjson(&studies(5, 1)), ndjson(&[real])].concat()));
    let status = status(root.path()).unwrap();
    assert_eq!((status.current.studies, status.current.synthetic), (6, 5));
    assert_eq!(status.current.newest_update.as_deref(), Some("2024-05-01"));
    assert_eq!(status.current.name, format!("000001-{}", status.current.id));
    assert!(status.current.created.starts_with("20") && status.current.created.ends_with('Z'));
    assert!(status.disk.documents > 500 && status.disk.index > 500);
    assert_eq!(status.disk.total(), status.disk.documents + status.disk.index);
}

#[test]
fn a_read_only_directory_serves() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(5, 1));
    let before = contents(root.path());
    let snapshot = snapshot(root.path());
    let study = snapshot.study(NctId::new(90_000_007).unwrap(), &Budget::unlimited()).unwrap();
    assert!(study.is_some());
    assert!(snapshot.study(NctId::new(1).unwrap(), &Budget::unlimited()).unwrap().is_none());
    status(root.path()).unwrap();
    for name in before.keys().filter(|name| name.contains("/studies/")) {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o666;
        assert_eq!(mode(Path::new(name)), mode(Path::new(name).parent().unwrap()), "{name}");
    }
    // The tests may run as root, whom no permission stops: nothing being written is the proof.
    assert!(contents(root.path()) == before);
}

#[test]
fn a_failure_of_the_disk_names_the_file_and_leaves_everything_as_it_was() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(5, 1));
    let importer = Importer::open(root.path()).unwrap();
    // A directory where `CURRENT.tmp` is to be written: the very last step fails.
    let obstacle = root.path().join("CURRENT.tmp");
    fs::create_dir(&obstacle).unwrap();
    let before = contents(root.path());
    let sources = vec![Source::reader("test", std::io::Cursor::new(ndjson(&studies(9, 2))))];
    let error = importer.import(sources, &ImportOptions::default(), &mut Unobserved).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot create {}", obstacle.display()));
    assert!(contents(root.path()) == before);
    fs::remove_dir(&obstacle).unwrap();
    assert_eq!(import_studies(root.path(), &studies(9, 2)).new, 4);
}

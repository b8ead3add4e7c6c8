//! Compacting and dictionaries: less on disk, the same answers.

use crate::support::{
    bulky_study, ids, import_studies, ndjson, plain_study, search, snapshot, source, studies, walk, words_in,
};
use ctgov::{Budget, PageSize, Registry as _, Snapshot, Sort, StudyQuery, areas};
use ctgov_mirror::{
    CompactSummary, ImportError, ImportOptions, ImportPhase, ImportProgress, Importer, Mirror, MirrorError,
    Unobserved, status, verify,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

fn compact(data_dir: &Path) -> CompactSummary {
    Importer::open(data_dir).unwrap().compact(&ImportOptions::default(), &mut Unobserved).unwrap()
}

fn generation(data_dir: &Path) -> PathBuf {
    data_dir.join("generations").join(status(data_dir).unwrap().current.name)
}

fn manifest(data_dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(generation(data_dir).join("manifest.json")).unwrap()).unwrap()
}

/// How many files of the current generation end so.
fn files(data_dir: &Path, ending: &str) -> usize {
    let manifest = manifest(data_dir);
    manifest["files"].as_object().unwrap().keys().filter(|name| name.ends_with(ending)).count()
}

fn segments(data_dir: &Path) -> [usize; 2] {
    ["studies", "sites"].map(|index| {
        let meta = fs::read(generation(data_dir).join(index).join("meta.json")).unwrap();
        let meta: Value = serde_json::from_slice(&meta).unwrap();
        meta["segments"].as_array().unwrap().len()
    })
}

fn everything() -> StudyQuery {
    StudyQuery { page_size: PageSize::new(1_000).unwrap(), ..StudyQuery::default() }
}

/// Every record, and the order of several questions' answers.
fn answers(snapshot: &dyn Snapshot) -> (BTreeMap<u32, String>, Vec<Vec<u32>>) {
    let all = search(snapshot, &everything());
    let records = all.studies.iter().map(|study| (study.nct_id().number(), study.json().to_owned()));
    let questions = ["asthma", "\"heart failure\"", "cancer OR insulin", "NOT pain"].map(|words| {
        let query = words_in(&areas::BASIC, words);
        StudyQuery { page_size: PageSize::new(7).unwrap(), ..query }
    });
    let by_date = StudyQuery { sort: Sort::parse("StartDate:desc").unwrap(), ..everything() };
    let orders = questions.iter().chain([&by_date]).map(|query| walk(snapshot, query)).collect();
    (records.collect(), orders)
}

fn assert_whole(data_dir: &Path) {
    let found = verify(data_dir, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(found.damages.is_empty() && found.left_out.is_empty(), "{found:?}");
    assert_eq!(found.records, status(data_dir).unwrap().current.studies);
}

#[test]
fn compacting_keeps_every_record_and_answer_and_drops_what_was_replaced() {
    let root = tempfile::tempdir().unwrap();
    for (count, seed) in [(60, 1), (40, 2), (20, 3), (10, 4)] {
        import_studies(root.path(), &studies(count, seed));
    }
    let mirror = Mirror::open(root.path()).unwrap();
    let before = answers(mirror.snapshot().unwrap().as_ref());
    let version = mirror.snapshot().unwrap().data_version().clone();
    let first = search(mirror.snapshot().unwrap().as_ref(), &words_in(&areas::BASIC, "asthma OR pain"));
    assert_eq!(files(root.path(), ".pack"), 4);

    let done = compact(root.path());
    assert_eq!((done.studies, done.published.as_ref().unwrap().id), (60, version.id));
    assert!(done.bytes_after < done.bytes_before, "{done:?}");
    assert_eq!(files(root.path(), ".pack"), 1);
    assert_eq!(segments(root.path()), [1, 1]);
    assert_eq!(files(root.path(), ".del"), 0);
    assert_whole(root.path());
    // The same version: for who pages through it nothing happened.
    assert!(!mirror.refresh().unwrap());
    assert_eq!(mirror.snapshot().unwrap().data_version(), &version);
    assert_eq!(answers(mirror.snapshot().unwrap().as_ref()), before);
    let next = StudyQuery { page_token: first.next, ..words_in(&areas::BASIC, "asthma OR pain") };
    assert!(!search(mirror.snapshot().unwrap().as_ref(), &next).studies.is_empty());

    let again = compact(root.path());
    assert!(again.published.is_none() && again.bytes_after == again.bytes_before, "{again:?}");
    // And it goes on from there.
    assert_eq!(import_studies(root.path(), &studies(61, 4)).new, 1);
    assert_whole(root.path());
}

#[test]
fn the_first_import_ends_in_one_segment_an_index() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(300, 1));
    assert_eq!(segments(root.path()), [1, 1]);
    assert!(compact(root.path()).published.is_none());
}

/// Enough records for an import to train a dictionary on: more than 32 MB.
const MANY: u32 = 800;

#[test]
fn a_large_first_import_makes_a_dictionary_that_later_ones_use() {
    let root = tempfile::tempdir().unwrap();
    let records: Vec<Value> = (1..=MANY).map(bulky_study).collect();
    let summary = import_studies(root.path(), &records);
    assert_eq!(summary.new, u64::from(MANY));
    assert_eq!([".dictionary", ".pack"].map(|ending| files(root.path(), ending)), [1, 1]);
    let changed: Vec<Value> = (1..=5).map(|number| plain_study(number, "2025-01-01", "changed")).collect();
    assert_eq!(import_studies(root.path(), &changed).changed, 5);
    assert_eq!([".dictionary", ".pack"].map(|ending| files(root.path(), ending)), [1, 2]);
    let manifest = manifest(root.path());
    for pack in manifest["packs"].as_array().unwrap() {
        assert_eq!(pack["dictionary"], "documents/000001.dictionary");
    }
    assert_whole(root.path());
    let snapshot = snapshot(root.path());
    for record in changed.iter().chain(&records[5..]) {
        let id = record["protocolSection"]["identificationModule"]["nctId"].as_str().unwrap();
        let study = snapshot.study(id.parse().unwrap(), &Budget::unlimited()).unwrap().unwrap();
        assert_eq!(study.json(), record.to_string());
    }
    // A damaged dictionary is told when the generation is opened.
    let path = generation(root.path()).join("documents/000001.dictionary");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let error = Mirror::open(root.path()).unwrap_err();
    assert!(matches!(&error, MirrorError::Damaged { path: named, .. } if *named == path), "{error}");
    let found = verify(root.path(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(found.damages.iter().any(|damage| damage.path == path), "{found:?}");
}

#[test]
fn a_mirror_that_grew_out_of_a_small_one_gets_its_dictionary_when_compacted() {
    let root = tempfile::tempdir().unwrap();
    for numbers in [1..=50, 51..=100] {
        import_studies(root.path(), &numbers.map(bulky_study).collect::<Vec<_>>());
    }
    let before = answers(snapshot(root.path()).as_ref());
    assert_eq!(files(root.path(), ".dictionary"), 0);
    assert!(compact(root.path()).published.is_some());
    assert_eq!([".dictionary", ".pack"].map(|ending| files(root.path(), ending)), [1, 1]);
    assert_eq!(answers(snapshot(root.path()).as_ref()), before);
    assert_whole(root.path());
}

#[test]
fn compacting_can_be_cancelled_at_any_phase_and_leaves_nothing_behind() {
    let root = tempfile::tempdir().unwrap();
    for seed in 1..=3 {
        import_studies(root.path(), &studies(20, seed));
    }
    let current = status(root.path()).unwrap();
    for phase in [ImportPhase::Reading, ImportPhase::Indexing, ImportPhase::Publishing] {
        let mut observer = |progress: &ImportProgress| match progress.phase {
            now if now == phase => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        let importer = Importer::open(root.path()).unwrap();
        let error = importer.compact(&ImportOptions::default(), &mut observer).unwrap_err();
        assert!(matches!(error, ImportError::Cancelled), "{phase:?}: {error}");
        assert_eq!(fs::read_dir(root.path().join("generations")).unwrap().count(), 3, "{phase:?}");
        assert_eq!(status(root.path()).unwrap().current, current.current, "{phase:?}");
    }
    assert_eq!(ids(&search(snapshot(root.path()).as_ref(), &everything())).len(), 20);
}

#[test]
fn there_is_nothing_to_compact_in_an_empty_directory() {
    let root = tempfile::tempdir().unwrap();
    let importer = Importer::open(root.path()).unwrap();
    let error = importer.compact(&ImportOptions::default(), &mut Unobserved).unwrap_err();
    assert!(matches!(error, ImportError::Mirror(MirrorError::NotFound { .. })), "{error}");
}

#[test]
fn an_import_of_nothing_but_refusals_keeps_the_dictionary_and_the_mirror() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(3, 1));
    let importer = Importer::open(root.path()).unwrap();
    let sources = vec![source([ndjson(&studies(3, 1)), b"{}\n".to_vec()].concat())];
    let summary = importer.import(sources, &ImportOptions::default(), &mut Unobserved).unwrap();
    assert_eq!((summary.unchanged, summary.refused, summary.published), (3, 1, None));
}

//! Interrupted imports: the generation before holds, and the next writer cleans up.

use crate::support::{import_studies, ndjson, snapshot, source, studies};
use ctgov_mirror::{ImportError, ImportOptions, ImportPhase, ImportProgress, Importer, status};
use std::{
    fs,
    io::{self, Read},
    ops::ControlFlow,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const PHASES: [ImportPhase; 3] = [ImportPhase::Reading, ImportPhase::Indexing, ImportPhase::Publishing];

fn entries(data_dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(data_dir.join("generations")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_cancelled_import_leaves_nothing_behind() {
    for phase in PHASES {
        for with_parent in [false, true] {
            let root = tempfile::tempdir().unwrap();
            if with_parent {
                import_studies(root.path(), &studies(5, 1));
            }
            fs::create_dir_all(root.path().join("generations")).unwrap();
            let before = entries(root.path());
            let mut observer = |progress: &ImportProgress| match progress.phase {
                now if now == phase => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            };
            let importer = Importer::open(root.path()).unwrap();
            let sources = vec![source(ndjson(&studies(50, 2)))];
            let error = importer.import(sources, &ImportOptions::default(), &mut observer).unwrap_err();
            assert!(matches!(error, ImportError::Cancelled), "{phase:?}: {error}");
            assert_eq!(entries(root.path()), before, "{phase:?}");
            assert_eq!(status(root.path()).is_ok(), with_parent, "{phase:?}");
        }
    }
}

/// A pipe that never says anything again.
struct Silent;

impl Read for Silent {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        std::thread::sleep(Duration::from_secs(3_600));
        Ok(0)
    }
}

#[test]
fn an_import_that_waits_for_its_input_can_be_cancelled() {
    let root = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let mut observer = |_: &ImportProgress| match started.elapsed() {
        waited if waited > Duration::from_millis(200) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let input = ctgov_mirror::Source::reader("pipe", io::Cursor::new(ndjson(&studies(5, 1))).chain(Silent));
    let importer = Importer::open(root.path()).unwrap();
    let error = importer.import(vec![input], &ImportOptions::default(), &mut observer).unwrap_err();
    assert!(matches!(error, ImportError::Cancelled), "{error}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

/// Names the phase at which the test below, run in a process of its own, is to die. It stands in that process's
/// working directory and nowhere else.
const DIE_AT: &str = "die-at";

/// Imports, and dies without a word at `phase`.
fn die_at(phase: &str) {
    let mut observer = |progress: &ImportProgress| {
        if format!("{:?}", progress.phase) == phase && progress.records >= u64::from(phase != "Reading") {
            std::process::abort();
        }
        ControlFlow::Continue(())
    };
    let importer = Importer::open(Path::new("data")).unwrap();
    let _ = importer.import(vec![source(ndjson(&studies(50, 2)))], &ImportOptions::default(), &mut observer);
}

#[test]
fn a_process_that_dies_leaves_the_generation_before_and_the_next_writer_cleans_up() {
    if let Ok(phase) = fs::read_to_string(DIE_AT) {
        return die_at(&phase);
    }
    for phase in PHASES {
        let root = tempfile::tempdir().unwrap();
        let data_dir = root.path().join("data");
        import_studies(&data_dir, &studies(5, 1));
        let before = entries(&data_dir);
        fs::write(root.path().join(DIE_AT), format!("{phase:?}")).unwrap();
        let status = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "crash::a_process_that_dies_leaves_the_generation_before_and_the_next_writer_cleans_up",
            ])
            .current_dir(root.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(!status.success(), "{phase:?}");
        assert_eq!(entries(&data_dir).len(), 2, "{phase:?}: there is unfinished work");
        assert_eq!(snapshot(&data_dir).data_version().studies, Some(5), "{phase:?}");

        // The lock went with the process.
        drop(Importer::open(&data_dir).unwrap());
        assert_eq!(entries(&data_dir), before, "{phase:?}");
        assert_eq!(import_studies(&data_dir, &studies(50, 2)).new, 45, "{phase:?}");
    }
}

#[test]
fn a_generation_that_was_finished_but_never_became_current_goes() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(5, 1));
    let current = fs::read(root.path().join("CURRENT")).unwrap();
    import_studies(root.path(), &studies(9, 1));
    // As if the writer had died right before the swap.
    fs::write(root.path().join("CURRENT"), &current).unwrap();
    fs::write(root.path().join("CURRENT.tmp"), "half").unwrap();
    assert_eq!(snapshot(root.path()).data_version().studies, Some(5));
    drop(Importer::open(root.path()).unwrap());
    assert_eq!(entries(root.path()).len(), 1);
    assert!(!root.path().join("CURRENT.tmp").exists());
    assert_eq!(import_studies(root.path(), &studies(9, 1)).new, 4);
}

#[test]
fn nothing_is_removed_on_the_word_of_a_current_that_leads_nowhere() {
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies(5, 1));
    import_studies(root.path(), &studies(9, 1));
    let path = root.path().join("CURRENT");
    let current = fs::read_to_string(&path).unwrap();
    let before = entries(root.path());
    fs::write(&path, current.replace("000002-", "000001-")).unwrap();
    assert!(Importer::open(root.path()).is_err());
    assert_eq!(entries(root.path()), before);
    fs::write(&path, current).unwrap();
    assert_eq!(snapshot(root.path()).data_version().studies, Some(9));
}

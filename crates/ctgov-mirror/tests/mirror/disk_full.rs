//! A disk without room: refused with the reason, nothing left behind, and what was there is served on.
//!
//! The writer is this test once more, in a process of its own that may not write as much as it wants to: on a small
//! file system where one can be mounted, and everywhere under a limit on the size of files.

use crate::support::{bulky_study, import_studies, ndjson, search, source, studies};
use ctgov::{Registry as _, StudyQuery};
use ctgov_mirror::{ImportError, ImportOptions, Importer, Mirror, MirrorError, Unobserved, status, verify};
use serde_json::Value;
use std::{
    error::Error,
    fs,
    io::Write as _,
    ops::ControlFlow,
    path::Path,
    process::{Command, Output},
};

/// In the working directory of a writer's process, and nowhere else.
const MARK: &str = "is-the-writer";

fn import_too_much(data_dir: &Path) -> Result<(), ImportError> {
    let records: Vec<Value> = (1..=120).map(bulky_study).collect();
    let importer = Importer::open(data_dir)?;
    importer.import(vec![source(ndjson(&records))], &ImportOptions::default(), &mut Unobserved).map(drop)
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Has a mirror, fails to import more into it, and finds everything as it was. Returns what was told.
fn fail_to_import(data_dir: &Path) -> String {
    let mirror = Mirror::open(data_dir).unwrap();
    let before = status(data_dir).unwrap();
    let error = import_too_much(data_dir).expect_err("there was no room for it");
    assert!(
        matches!(error, ImportError::Mirror(MirrorError::Io { .. } | MirrorError::Index { .. })),
        "{error:?}"
    );
    let names = fs::read_dir(data_dir.join("generations")).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names == [before.current.name.as_str()], "{names:?}");
    let after = status(data_dir).unwrap();
    assert_eq!((after.current, after.disk), (before.current, before.disk));
    assert!(!mirror.refresh().unwrap());
    for mirror in [mirror, Mirror::open(data_dir).unwrap()] {
        assert_eq!(search(mirror.snapshot().unwrap().as_ref(), &StudyQuery::default()).total, 5);
    }
    let found = verify(data_dir, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(found.damages.is_empty(), "{found:?}");
    with_causes(&error)
}

/// Runs `test` in a process of its own, by way of a shell script that ends with `exec "$@"`.
fn run(folder: &Path, script: &str, test: &str) -> Output {
    fs::write(folder.join(MARK), "").unwrap();
    Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .current_dir(folder)
        .output()
        .unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

#[test]
fn a_file_that_may_not_grow_fails_the_import_and_nothing_else() {
    if Path::new(MARK).exists() {
        let told = fail_to_import(Path::new("data"));
        assert!(told.contains("File too large"), "{told}");
        return;
    }
    // In blocks of 512 or 1,024 bytes, as the shell pleases: too little for a segment, for the pack.
    for blocks in [24, 200] {
        let folder = tempfile::tempdir().unwrap();
        import_studies(&folder.path().join("data"), &studies(5, 1));
        // A process that takes no notice of the signal is told by an error.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let test = "disk_full::a_file_that_may_not_grow_fails_the_import_and_nothing_else";
        let output = run(folder.path(), &script, test);
        assert!(output.status.success(), "{blocks}: {}", told(&output));
        // With room again it works.
        import_too_much(&folder.path().join("data")).unwrap();
    }
}

#[test]
fn a_full_disk_fails_imports_and_compacting_and_nothing_else() {
    const MOUNTED: &str = "the small file system is there";
    if Path::new(MARK).exists() {
        println!("{MOUNTED}");
        let data_dir = Path::new("small/data");
        import_studies(data_dir, &studies(5, 1));
        let told = fail_to_import(data_dir);
        assert!(told.contains("No space left on device"), "{told}");
        // Without room for a second copy compacting does not even begin.
        let importer = Importer::open(data_dir).unwrap();
        let error = importer.compact(&ImportOptions::default(), &mut Unobserved).unwrap_err();
        assert!(matches!(error, ImportError::NoRoom { .. }), "{error:?}");
        assert!(error.to_string().contains("there is no room for a second copy in small/data"), "{error}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("small")).unwrap();
    // A mount that only this process and its children see, and that goes away with them.
    let script = "exec unshare --map-root-user --mount \
                  sh -c 'mount -t tmpfs -o size=1500k small small && exec \"$@\"' sh \"$@\"";
    let test = "disk_full::a_full_disk_fails_imports_and_compacting_and_nothing_else";
    let output = run(folder.path(), script, test);
    if !told(&output).contains(MOUNTED) {
        // Past the test harness, which keeps what passing tests print to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no small file system can be mounted here: a full disk");
        return;
    }
    assert!(output.status.success(), "{}", told(&output));
}

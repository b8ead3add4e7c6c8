//! Writers that are killed at any moment: what is there afterwards is one state or the other, whole.
//!
//! The writer is this test once more, in a process of its own. What it is to do stands in a file in its working
//! directory and nowhere else.

use crate::support::{Random, import_studies, ndjson, search, snapshot, source, studies};
use ctgov::{PageSize, StudyQuery};
use ctgov_mirror::{ImportOptions, Importer, Unobserved, verify};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    ops::ControlFlow,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};

/// The seed of the records to import, or `compact`.
const TASK: &str = "task";
const STUDIES: u32 = 40;

fn work(task: &str) {
    let importer = Importer::open(Path::new("data")).unwrap();
    let options = ImportOptions::default();
    match task.parse() {
        Ok(seed) => {
            let sources = vec![source(ndjson(&studies(STUDIES, seed)))];
            importer.import(sources, &options, &mut Unobserved).unwrap();
        }
        Err(_) => drop(importer.compact(&options, &mut Unobserved).unwrap()),
    }
}

/// Starts this test again in `folder`, to do what is written there.
fn start(folder: &Path, task: &str, test: &str) -> Child {
    fs::write(folder.join(TASK), task).unwrap();
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--include-ignored"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn records_of(seed: u64) -> BTreeSet<String> {
    studies(STUDIES, seed).iter().map(Value::to_string).collect()
}

/// Everything in the mirror, after it was found sound.
fn records(data_dir: &Path) -> BTreeSet<String> {
    let found = verify(data_dir, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(found.damages.is_empty() && found.unreachable.is_empty(), "{found:?}");
    let all = StudyQuery { page_size: PageSize::new(1_000).unwrap(), ..StudyQuery::default() };
    let page = search(snapshot(data_dir).as_ref(), &all);
    assert_eq!(page.total, page.studies.len() as u64);
    page.studies.iter().map(|study| study.json().to_owned()).collect()
}

/// Kills a writer at `times` random points of its work, and looks what it left each time.
fn kill(times: u64, test: &str) {
    if let Ok(task) = fs::read_to_string(TASK) {
        return work(&task);
    }
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let mut seed = 1;
    import_studies(&data_dir, &studies(STUDIES, seed));
    let begun = Instant::now();
    assert!(start(folder.path(), "2", test).wait().unwrap().success());
    let takes = begun.elapsed();
    seed = 2;
    let (mut random, mut killed, mut finished) = (Random(5), 0, 0);
    for round in 0..times {
        // Every fifth time it is compacting that is killed: the records stay the same.
        let next = if round % 5 == 4 { seed } else { 100 + round };
        let task = if next == seed { "compact".to_owned() } else { next.to_string() };
        let mut child = start(folder.path(), &task, test);
        thread::sleep(takes.mul_f64(random.below(1_000) as f64 / 900.0));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        let there = records(&data_dir);
        if there != records_of(seed) {
            assert!(there == records_of(next), "round {round}: a mixture, or something else altogether");
            seed = next;
            finished += 1;
        }
        killed += u32::from(!status.success());
        // And the next writer finds its way.
        drop(Importer::open(&data_dir).unwrap());
        let unfinished = fs::read_dir(data_dir.join("generations")).unwrap();
        let unfinished =
            unfinished.filter(|entry| entry.as_ref().unwrap().file_name().as_encoded_bytes()[0] == b'.');
        assert_eq!(unfinished.count(), 0, "round {round}");
    }
    assert!(killed > 0, "nobody was killed in {times} rounds, {finished} of which changed something");
    import_studies(&data_dir, &studies(STUDIES, 1));
    assert!(records(&data_dir) == records_of(1));
}

#[test]
fn a_writer_killed_at_any_moment_leaves_one_state_or_the_other() {
    kill(6, "killed::a_writer_killed_at_any_moment_leaves_one_state_or_the_other");
}

#[test]
#[ignore = "takes minutes; part of the deep tests"]
fn a_writer_killed_at_fifty_moments_leaves_one_state_or_the_other() {
    kill(50, "killed::a_writer_killed_at_fifty_moments_leaves_one_state_or_the_other");
}

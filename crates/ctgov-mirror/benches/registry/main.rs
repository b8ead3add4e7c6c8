//! Measures a mirror from within one process: `cargo bench -p ctgov-mirror --bench registry -- DATA_DIR FOLDER`.
//!
//! ```text
//! records of DATA_DIR ─▶ questions ─▶ measured, one after the other ─▶ checked by the evaluator ─▶ figures.json
//!                             ├──▶ questions.json: the same questions for whoever else is measured
//!                             └──▶ log.json: others, mixed, as clients of `/api/v2` ask them
//! ```
//!
//! Each question is asked once, after others of its kind, so that what is measured is finding the answer, not
//! remembering it. Wall time and the thread's CPU time are taken of each.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on should end, and say where"
)]

mod check;
mod log;
mod measure;
mod questions;

use ctgov::{Budget, Registry as _, Snapshot, tabulate::TableQuery};
use ctgov_mirror::Mirror;
use measure::{Figures, Stopwatch};
use questions::{Asked, Kind, Questions};
use serde_json::json;
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// How many questions of each kind are measured, and how many are asked before.
const MEASURED: usize = 400;
const WARMING: usize = 100;
/// How many records are read by id.
const RECORDS: usize = 20_000;
/// How often a generation is opened.
const OPENINGS: usize = 15;
/// How many times a hundred requests the log has.
const LOG_HUNDREDS: usize = 500;

fn main() {
    // Cargo adds its own flag.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [data_dir, folder] = arguments.as_slice() else {
        println!("usage: registry DATA_DIR FOLDER");
        return;
    };
    let (data_dir, folder) = (Path::new(data_dir), Path::new(folder));
    let opening = opening(data_dir);
    let mirror = Mirror::open(data_dir).unwrap();
    let snapshot = mirror.snapshot().unwrap();
    let studies = snapshot.data_version().studies.unwrap_or_default();
    println!("{studies} studies; opened in {:.0} ms", opening.wall_us(0.5) / 1_000.0);
    let idle = measure::own_memory_kib();

    let mut figures = vec![("opening", opening), ("study by id", records(snapshot.as_ref()))];
    let mut questions = Questions::of(snapshot.as_ref());
    let mut asked = Vec::new();
    for kind in Kind::ALL {
        let (figure, some) = ask(snapshot.as_ref(), &mut questions, kind);
        println!("{}: {figure}", kind.name());
        figures.push((kind.name(), figure));
        asked.extend(some);
    }
    let busy = measure::own_memory_kib();
    println!("own memory: {idle} KiB opened, {busy} KiB after everything was asked");
    fs::write(
        folder.join("questions.json"),
        json!(asked.iter().map(Asked::to_json).collect::<Vec<_>>()).to_string(),
    )
    .unwrap();

    fs::write(folder.join("log.json"), json!(log::requests(&mut questions, LOG_HUNDREDS)).to_string())
        .unwrap();

    let start = Instant::now();
    let checked = check::check(snapshot.as_ref(), &asked);
    println!("{checked} answers are what the evaluator finds ({:.0} s)", start.elapsed().as_secs_f64());
    let rows = figures.iter().map(|(name, figure)| figure.to_json(name)).collect::<Vec<_>>();
    let result = json!({
        "studies": studies,
        "figures": rows,
        "ownMemoryKib": {"opened": idle, "asked": busy},
        "checked": checked,
    });
    fs::write(folder.join("figures.json"), format!("{result:#}\n")).unwrap();
}

fn opening(data_dir: &Path) -> Figures {
    let mut figures = Figures::default();
    for _ in 0..OPENINGS {
        let watch = Stopwatch::start();
        let mirror = Mirror::open(data_dir).unwrap();
        figures.add(&watch, mirror.snapshot().unwrap().data_version().studies.unwrap_or_default());
    }
    figures
}

/// Whole records, in an order that no reading ahead helps, each read before: what is measured is memory, not the disk.
fn records(snapshot: &dyn Snapshot) -> Figures {
    let ids = questions::some_ids(snapshot, RECORDS);
    let mut figures = Figures::default();
    for id in &ids {
        snapshot.study(*id, &Budget::unlimited()).unwrap();
    }
    for id in ids {
        let watch = Stopwatch::start();
        let document = snapshot.study(id, &Budget::unlimited()).unwrap().unwrap();
        figures.add(&watch, document.json().len() as u64);
    }
    println!("study by id: {figures}");
    figures
}

/// Asks questions of a kind and returns some of them with their answers.
fn ask(snapshot: &dyn Snapshot, questions: &mut Questions<'_>, kind: Kind) -> (Figures, Vec<Asked>) {
    for _ in 0..WARMING {
        answer(snapshot, &questions.next(kind));
    }
    let mut figures = Figures::default();
    let mut asked = Vec::new();
    for _ in 0..MEASURED {
        let question = questions.next(kind);
        let watch = Stopwatch::start();
        let studies = answer(snapshot, &question);
        figures.add(&watch, studies);
        asked.push(Asked { kind, question, studies });
    }
    (figures, asked)
}

/// How many studies match; the page or the table is worked out, too.
fn answer(snapshot: &dyn Snapshot, question: &questions::Question) -> u64 {
    let budget = Budget::unlimited().with_deadline(Instant::now() + Duration::from_secs(60));
    if !question.by.is_empty() {
        let query = TableQuery { matching: question.query.matching.clone(), by: question.by.clone() };
        return snapshot.tabulate(&query, &budget).unwrap().studies;
    }
    if question.with_records {
        return snapshot.search(&question.query, &budget, &mut |_| Ok(())).unwrap().total;
    }
    snapshot.find(&question.query, &budget).unwrap().1.total
}

//! What does a file under the sessions cost?
//!
//! A request writes nothing, so it should take what it takes in memory. Opening and ending a session wait for the
//! disk, together with all others that do at the time.

use crate::{
    measure::{Chance, Stopwatch, Table, figure, median, quantile},
    people::{self, Ids},
};
use mcp_sessions::{Caller, FileStore, MemoryStore, SessionState, SessionStore, Sessions};
use serde_json::json;
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};

const SESSIONS: usize = 100_000;
const IDENTITIES: usize = 1_000;
/// How many open sessions at once where the opening itself is not measured.
const OPENING: usize = 512;
const ROUNDS: usize = 9;
const BATCH: usize = 1_000;
const BATCHES: usize = 200;
const WRITING: Duration = Duration::from_secs(4);

pub(crate) fn measure(folder: &Path) -> Vec<Table> {
    let place = tempfile::tempdir_in(folder).unwrap();
    let store = FileStore::open(place.path().join("sessions.redb"), &people::policy()).unwrap();
    let in_file = Sessions::new(store, people::policy()).unwrap();
    let in_memory = Sessions::new(MemoryStore::default(), people::policy()).unwrap();
    let callers = people::callers(IDENTITIES);
    vec![reads(&in_memory, &in_file, &callers), writes(&in_file, &callers)]
}

fn reads(in_memory: &Sessions<MemoryStore>, in_file: &Sessions<FileStore>, callers: &[Caller]) -> Table {
    let memory_ids = people::open(in_memory, callers, SESSIONS);
    let file_ids = threads().block_on(open_together(in_file, callers));
    let (mut memory_ns, mut file_ns) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        // In turns, so that whatever else the machine does befalls both.
        let memory = validate(in_memory, &memory_ids, callers, round as u64);
        let file = validate(in_file, &file_ids, callers, round as u64);
        if round > 0 {
            memory_ns.push(memory);
            file_ns.push(file);
        }
    }
    let (memory, file) = (median(&memory_ns), median(&file_ns));
    let mut table = Table::new(
        format!("validate, {SESSIONS} sessions of {IDENTITIES} identities, one thread"),
        &["store", "CPU ns each", "of memory", "aim"],
    );
    table.row(vec![json!("memory"), figure(memory), figure(1.0), json!("")]);
    table.row(vec![json!("file"), figure(file), figure(file / memory), json!("<= 1.2")]);
    table
}

/// CPU nanoseconds of one validate.
fn validate<S: SessionStore>(sessions: &Sessions<S>, ids: &Ids, callers: &[Caller], seed: u64) -> f64 {
    let (mut watch, mut chance) = (Stopwatch::default(), Chance::new(seed));
    let mut batch = Ids::with_room_for(BATCH);
    people::runtime().block_on(async {
        for _ in 0..BATCHES {
            batch.clear();
            let numbers: Vec<usize> = (0..BATCH).map(|_| chance.below(SESSIONS)).collect();
            numbers.iter().for_each(|number| batch.push(ids.get(*number)));
            watch
                .add(async {
                    for (at, number) in numbers.iter().enumerate() {
                        let caller = &callers[number % IDENTITIES];
                        sessions.validate(batch.get(at), caller).await.unwrap();
                    }
                })
                .await;
        }
    });
    watch.sum().cpu_ns as f64 / (BATCH * BATCHES) as f64
}

/// Opens sessions from many tasks, which share commits.
async fn open_together(sessions: &Sessions<FileStore>, callers: &[Caller]) -> Ids {
    let mut tasks = JoinSet::new();
    for task in 0..OPENING {
        let (sessions, callers) = (sessions.clone(), callers.to_vec());
        tasks.spawn(async move {
            let mut opened = Vec::new();
            for number in (task..SESSIONS).step_by(OPENING) {
                let caller = &callers[number % IDENTITIES];
                let id = sessions.create(caller, SessionState::default()).await.unwrap();
                opened.push((number, id.expose_hex()));
            }
            opened
        });
    }
    let mut opened: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    opened.sort_unstable();
    let mut ids = Ids::with_room_for(SESSIONS);
    opened.iter().for_each(|(_, id)| ids.push(id));
    ids
}

fn writes(sessions: &Sessions<FileStore>, callers: &[Caller]) -> Table {
    let mut table = Table::new(
        format!("sessions opened and ended in a file that holds {SESSIONS}"),
        &["operation", "callers at once", "per second", "p50 ms", "p99 ms", "aim"],
    );
    for at_once in [1, 16, 256] {
        let start = Instant::now();
        let (mut creates_ns, mut terminates_ns) =
            threads().block_on(open_and_end(sessions, callers, at_once));
        let seconds = start.elapsed().as_secs_f64();
        for (name, times) in [("create", &mut creates_ns), ("terminate", &mut terminates_ns)] {
            let [p50, p99] = [0.5, 0.99].map(|share| quantile(times, share) as f64 / 1e6);
            let per_second = times.len() as f64 / seconds;
            let cells = [per_second, p50, p99].map(figure);
            table.row([vec![json!(name), json!(at_once)], cells.to_vec(), vec![json!("")]].concat());
        }
    }
    table
}

/// Each caller opens a session and ends it, over and over; how long each of the two took.
async fn open_and_end(
    sessions: &Sessions<FileStore>,
    callers: &[Caller],
    at_once: usize,
) -> (Vec<u64>, Vec<u64>) {
    let until = Instant::now() + WRITING;
    let mut tasks = JoinSet::new();
    for task in 0..at_once {
        let (sessions, caller) = (sessions.clone(), callers[task % callers.len()].clone());
        tasks.spawn(async move {
            let (mut creates_ns, mut terminates_ns) = (Vec::new(), Vec::new());
            while Instant::now() < until {
                let start = Instant::now();
                let id = sessions.create(&caller, SessionState::default()).await.unwrap().expose_hex();
                creates_ns.push(start.elapsed().as_nanos() as u64);
                let start = Instant::now();
                assert!(sessions.terminate(&id, &caller).await.unwrap());
                terminates_ns.push(start.elapsed().as_nanos() as u64);
            }
            (creates_ns, terminates_ns)
        });
    }
    let (mut creates_ns, mut terminates_ns) = (Vec::new(), Vec::new());
    for (creates, terminates) in tasks.join_all().await {
        creates_ns.extend(creates);
        terminates_ns.extend(terminates);
    }
    (creates_ns, terminates_ns)
}

fn threads() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap()
}

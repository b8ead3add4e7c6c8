//! What does a request cost among a million sessions in memory?
//!
//! Times are taken around a thousand operations each, whose ids and callers lie ready as those of a request do
//! that has just been read. Quantiles are taken in rounds of their own, because a clock costs as much as some of
//! what it measures.

use crate::{
    measure::{Chance, Stopwatch, Table, Times, figure, median, quantile},
    people::{self, IDENTITIES, Ids},
};
use mcp_sessions::{Caller, MemoryStore, SessionState, Sessions};
use serde_json::json;
use std::{collections::VecDeque, sync::Barrier, thread, time::Instant};

const SESSIONS: usize = 1_000_000;
/// How many of them are replaced by others, on each thread.
const REPLACED: usize = 25_000;
const WORKING_SET: usize = 10_000;
const ROUNDS: usize = 5;
const BATCH: usize = 1_000;
const BATCHES: usize = 1_000;
const LOOKS: usize = 4_000_000;
/// One of so many operations ends a session and opens another.
const RENEWAL: usize = 20;

/// What a thread does.
#[derive(Clone, Copy)]
struct Load {
    /// Among how many sessions it chooses.
    among: usize,
    renews: bool,
    /// Whether each operation is timed by itself.
    each: bool,
}

#[derive(Default)]
struct Outcome {
    times: Times,
    validates_ns: Vec<u64>,
    creates_ns: Vec<u64>,
    terminates_ns: Vec<u64>,
}

/// The sessions, and those that a thread may end.
struct World {
    sessions: Sessions<MemoryStore>,
    callers: Vec<Caller>,
    stable: Ids,
}

pub(crate) fn measure() -> Vec<Table> {
    let sessions = Sessions::new(MemoryStore::default(), people::policy()).unwrap();
    let callers = people::callers(IDENTITIES);
    let stable = people::open(&sessions, &callers, SESSIONS - 2 * REPLACED);
    let world = World { sessions, callers, stable };
    let mut renewed: Vec<VecDeque<(usize, String)>> = (0..2).map(|thread| world.to_replace(thread)).collect();

    let mut costs = Table::new(
        format!("{SESSIONS} sessions of {IDENTITIES} identities in memory, from the hexadecimal id"),
        &["operations", "sessions asked for", "threads", "CPU ns each", "wall ns each", "per second", "aim"],
    );
    let mut waits = Table::new(
        "one operation by itself, with the time of the clock",
        &["operation", "sessions asked for", "threads", "p50 ns", "p99 ns", "aim"],
    );
    for among in [world.stable_count(), WORKING_SET] {
        let reach = if among == WORKING_SET { "10,000" } else { "all" };
        for threads in [1, 2] {
            for (name, renews) in [("validate", false), ("95 % validate, 5 % terminate and create", true)] {
                let load = Load { among, renews, each: false };
                let rounds = rounds(&world, &mut renewed[..threads], load);
                let operations = (BATCH * BATCHES) as f64;
                let each = |of: fn(&Times) -> u64| {
                    median(&rounds.iter().map(|round| of(round) as f64 / operations).collect::<Vec<_>>())
                };
                let (cpu, wall) = (each(|times| times.cpu_ns), each(|times| times.wall_ns));
                let per_second = threads as f64 * 1e9 / wall;
                let aim = if renews { "" } else { "<= 500 ns" };
                costs.row(vec![
                    json!(name),
                    json!(reach),
                    json!(threads),
                    figure(cpu),
                    figure(wall),
                    figure(per_second),
                    json!(aim),
                ]);
            }
            let load = Load { among, renews: true, each: true };
            let mut outcome = world.run(&mut renewed[..threads], load, 1);
            for (name, times) in [
                ("validate", &mut outcome.validates_ns),
                ("create", &mut outcome.creates_ns),
                ("terminate", &mut outcome.terminates_ns),
            ] {
                let [p50, p99] = [0.5, 0.99].map(|share| quantile(times, share));
                waits.row(vec![json!(name), json!(reach), json!(threads), json!(p50), json!(p99), json!("")]);
            }
        }
    }
    let waits_for_memory = latency();
    costs.row(vec![
        json!("one look at 128 MiB that depends on the one before"),
        json!(""),
        json!(1),
        figure(waits_for_memory.cpu_ns as f64 / LOOKS as f64),
        figure(waits_for_memory.wall_ns as f64 / LOOKS as f64),
        json!(""),
        json!(""),
    ]);
    let mut clock: Vec<u64> = (0..100_000).map(|_| Instant::now().elapsed().as_nanos() as u64).collect();
    let [p50, p99] = [0.5, 0.99].map(|share| quantile(&mut clock, share));
    waits.row(vec![json!("nothing: the clock"), json!(""), json!(1), json!(p50), json!(p99), json!("")]);
    vec![costs, waits]
}

/// How long this machine's memory takes, which a look-up among very many sessions waits for several times.
fn latency() -> Times {
    const LINES: usize = 2 << 20;
    let mut chance = Chance::new(5);
    let mut order: Vec<usize> = (0..LINES).collect();
    for at in (1..LINES).rev() {
        order.swap(at, chance.below(at + 1));
    }
    let mut lines = vec![[0_usize; 8]; LINES];
    for (at, line) in order.iter().enumerate() {
        lines[*line][0] = order[(at + 1) % LINES];
    }
    let mut watch = Stopwatch::default();
    let last =
        people::runtime().block_on(watch.add(async { (0..LOOKS).fold(order[0], |line, _| lines[line][0]) }));
    std::hint::black_box(last);
    watch.sum()
}

/// The times of each thread in each round, after one that does not count.
fn rounds(world: &World, renewed: &mut [VecDeque<(usize, String)>], load: Load) -> Vec<Times> {
    (0..=ROUNDS).map(|round| world.run(renewed, load, round as u64).times).skip(1).collect()
}

impl World {
    fn stable_count(&self) -> usize {
        SESSIONS - 2 * REPLACED
    }

    /// Sessions for a thread to end, with the number of whose they are.
    fn to_replace(&self, thread: usize) -> VecDeque<(usize, String)> {
        let mut chance = Chance::new(1_000 + thread as u64);
        people::runtime().block_on(async {
            let mut renewed = VecDeque::new();
            for _ in 0..REPLACED {
                let caller = chance.below(IDENTITIES);
                let id = self.sessions.create(&self.callers[caller], SessionState::default()).await.unwrap();
                renewed.push_back((caller, id.expose_hex()));
            }
            renewed
        })
    }

    /// Puts the load on as many threads as there are sessions to replace for; times are those of one thread, on average.
    fn run(&self, renewed: &mut [VecDeque<(usize, String)>], load: Load, seed: u64) -> Outcome {
        let threads = renewed.len();
        let barrier = Barrier::new(threads);
        let outcomes: Vec<Outcome> = thread::scope(|scope| {
            let workers: Vec<_> = renewed
                .iter_mut()
                .enumerate()
                .map(|(thread, renewed)| {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        let chance = Chance::new(seed * 100 + thread as u64);
                        barrier.wait();
                        people::runtime().block_on(self.work(renewed, load, chance))
                    })
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        });
        let mut all = Outcome::default();
        for outcome in outcomes {
            all.times.wall_ns += outcome.times.wall_ns / threads as u64;
            all.times.cpu_ns += outcome.times.cpu_ns / threads as u64;
            all.validates_ns.extend(outcome.validates_ns);
            all.creates_ns.extend(outcome.creates_ns);
            all.terminates_ns.extend(outcome.terminates_ns);
        }
        all
    }

    async fn work(&self, renewed: &mut VecDeque<(usize, String)>, load: Load, mut chance: Chance) -> Outcome {
        let (mut outcome, mut watch) = (Outcome::default(), Stopwatch::default());
        let (mut ids, mut callers) = (Ids::with_room_for(BATCH), Vec::with_capacity(BATCH));
        for _ in 0..BATCHES {
            ids.clear();
            callers.clear();
            for _ in 0..BATCH {
                let number = chance.below(load.among);
                ids.push(self.stable.get(number));
                callers.push(self.callers[number % IDENTITIES].clone());
            }
            watch
                .add(async {
                    for (number, caller) in callers.iter().enumerate() {
                        if load.renews && number % RENEWAL == 0 {
                            self.renew(renewed, load.each, &mut outcome).await;
                        } else if load.each {
                            let start = Instant::now();
                            self.sessions.validate(ids.get(number), caller).await.unwrap();
                            outcome.validates_ns.push(start.elapsed().as_nanos() as u64);
                        } else {
                            self.sessions.validate(ids.get(number), caller).await.unwrap();
                        }
                    }
                })
                .await;
        }
        outcome.times = watch.sum();
        outcome
    }

    /// Ends the oldest of the sessions that may end, and opens another of the same identity.
    async fn renew(&self, renewed: &mut VecDeque<(usize, String)>, each: bool, outcome: &mut Outcome) {
        let (number, id) = renewed.pop_front().unwrap();
        let caller = &self.callers[number];
        let start = each.then(Instant::now);
        assert!(self.sessions.terminate(&id, caller).await.unwrap());
        let ended = each.then(Instant::now);
        let id = self.sessions.create(caller, SessionState::default()).await.unwrap().expose_hex();
        if let (Some(start), Some(ended)) = (start, ended) {
            outcome.creates_ns.push(ended.elapsed().as_nanos() as u64);
            outcome.terminates_ns.push((ended - start).as_nanos() as u64);
        }
        renewed.push_back((number, id));
    }
}

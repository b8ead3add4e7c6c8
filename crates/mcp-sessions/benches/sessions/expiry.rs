//! How long do requests wait while a million sessions end at once?
//!
//! Requests come at a steady pace, whatever happens to those before them: a request that had to wait for another
//! counts all of its waiting.

use crate::{
    measure::{Table, figure, median, quantile},
    people::{self, IDENTITIES, Ids},
};
use mcp_sessions::{Caller, ManualClock, MemoryStore, Policy, SessionState, Sessions};
use serde_json::json;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

const SESSIONS: usize = 1_000_000;
const LIVING: usize = 10_000;
const PACE: Duration = Duration::from_micros(20);
/// One of so many requests opens a session.
const OPENING: usize = 20;
const ROUNDS: usize = 5;
/// How long requests come while nothing ends.
const QUIET: Duration = Duration::from_secs(1);

/// Where the sweep runs.
#[derive(Clone, Copy, PartialEq)]
enum Sweeper {
    None,
    /// In a thread of its own, through a store of its own: what two busy threads do to each other on this machine.
    Elsewhere,
    /// In a thread of its own.
    Thread,
    /// In the one thread that also serves the requests.
    Task,
}

/// How long requests took, and the sweep.
struct Round {
    waits_ns: Vec<u64>,
    sweep: Duration,
}

pub(crate) fn measure() -> Vec<Table> {
    let callers = people::callers(IDENTITIES);
    let mut table = Table::new(
        format!(
            "{SESSIONS} sessions are past their time and swept while others are used, {} requests/s",
            1_000_000 / PACE.as_micros()
        ),
        &[
            "sweep",
            "took ms",
            "p50 us",
            "p99.9 us",
            "longest us, median of rounds",
            "longest us, best round",
            "aim",
        ],
    );
    for (name, sweeper, aim) in [
        ("none", Sweeper::None, ""),
        ("of another store, in another thread", Sweeper::Elsewhere, ""),
        ("in another thread", Sweeper::Thread, "longest <= 1,000 us more than of another store"),
        ("in the thread of the requests", Sweeper::Task, "longest <= 1,000 us more than without"),
    ] {
        let mut rounds: Vec<Round> = (0..ROUNDS).map(|_| round(&callers, sweeper)).collect();
        let mut of = |share| -> Vec<f64> {
            rounds.iter_mut().map(|round| quantile(&mut round.waits_ns, share) as f64 / 1_000.0).collect()
        };
        let longest = of(1.0);
        let best = longest.iter().copied().fold(f64::INFINITY, f64::min);
        let (p50, p999) = (median(&of(0.5)), median(&of(0.999)));
        let took = median(&rounds.iter().map(|round| round.sweep.as_secs_f64() * 1e3).collect::<Vec<_>>());
        table.row(vec![
            json!(name),
            figure(took),
            figure(p50),
            figure(p999),
            figure(median(&longest)),
            figure(best),
            json!(aim),
        ]);
    }
    vec![table, full(&callers)]
}

fn round(callers: &[Caller], sweeper: Sweeper) -> Round {
    let (sessions, living) = world(callers, people::policy());
    let stop = AtomicBool::new(false);
    let beside = |work: &dyn Fn() -> Duration| {
        thread::scope(|scope| {
            let requests =
                scope.spawn(|| people::runtime().block_on(requests(&sessions, &living, callers, &stop)));
            let sweep = work();
            stop.store(true, Ordering::Relaxed);
            Round { waits_ns: requests.join().unwrap(), sweep }
        })
    };
    match sweeper {
        Sweeper::None => beside(&|| {
            thread::sleep(QUIET);
            Duration::ZERO
        }),
        Sweeper::Elsewhere => {
            let (others, _) = world(callers, people::policy());
            beside(&|| people::runtime().block_on(sweep(&others)))
        }
        Sweeper::Thread => beside(&|| people::runtime().block_on(sweep(&sessions))),
        Sweeper::Task => people::runtime().block_on(async {
            let ending = async {
                let took = sweep(&sessions).await;
                stop.store(true, Ordering::Relaxed);
                took
            };
            let (waits_ns, sweep) = tokio::join!(requests(&sessions, &living, callers, &stop), ending);
            Round { waits_ns, sweep }
        }),
    }
}

/// Sessions past their time, and some that are not.
fn world(callers: &[Caller], policy: Policy) -> (Sessions<MemoryStore<ManualClock>>, Ids) {
    let clock = ManualClock::default();
    let sessions = Sessions::new(MemoryStore::with_clock(clock.clone()), policy).unwrap();
    drop(people::open(&sessions, callers, SESSIONS));
    clock.advance(sessions.policy().idle_timeout() * 2);
    let living = people::open(&sessions, callers, LIVING);
    (sessions, living)
}

async fn sweep(sessions: &Sessions<MemoryStore<ManualClock>>) -> Duration {
    let start = Instant::now();
    assert_eq!(sessions.sweep().await.unwrap(), SESSIONS);
    start.elapsed()
}

/// Uses and opens sessions, one when its time has come, until it is told to stop.
async fn requests(
    sessions: &Sessions<MemoryStore<ManualClock>>,
    living: &Ids,
    callers: &[Caller],
    stop: &AtomicBool,
) -> Vec<u64> {
    let mut waits_ns = Vec::with_capacity(1 << 20);
    let start = Instant::now();
    for number in 0_usize.. {
        let due = start + PACE * number as u32;
        // Requests whose time has come are served even if everything ended while they waited.
        while Instant::now() < due {
            if stop.load(Ordering::Relaxed) {
                return waits_ns;
            }
            tokio::task::yield_now().await;
        }
        let which = number % LIVING;
        let caller = &callers[which % IDENTITIES];
        if number % OPENING == 0 {
            sessions.create(caller, SessionState::default()).await.unwrap();
        } else {
            sessions.validate(living.get(which), caller).await.unwrap();
        }
        waits_ns.push(due.elapsed().as_nanos() as u64);
    }
    waits_ns
}

/// What a newcomer waits who finds the store full of sessions that are past their time.
fn full(callers: &[Caller]) -> Table {
    let mut table = Table::new(
        "a session is opened where all that may be are there and past their time",
        &["sessions", "took us", "aim"],
    );
    let clock = ManualClock::default();
    let policy = people::policy().with_max_sessions(SESSIONS);
    let sessions = Sessions::new(MemoryStore::with_clock(clock.clone()), policy).unwrap();
    drop(people::open(&sessions, callers, SESSIONS));
    clock.advance(sessions.policy().idle_timeout() * 2);
    let start = Instant::now();
    people::runtime().block_on(sessions.create(&callers[0], SessionState::default())).unwrap();
    table.row(vec![json!(SESSIONS), figure(start.elapsed().as_secs_f64() * 1e6), json!("<= 1,000")]);
    table
}

//! What do ids of others and ids of nobody cost, and does the time tell them apart?
//!
//! Through the whole layer, in this process and without a network: what a caller over one could measure is fainter.
//! Kinds of ids follow each other by chance, and Welch's t compares the times of two kinds. Its size says how sure it
//! is that there is a difference; whether the difference matters is what the nanoseconds say.

use crate::{
    measure::{Chance, Stopwatch, Table, figure, median, quantile},
    people::{self, Ids},
};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use mcp_sessions::{Caller, MemoryStore, SessionId, SessionLayer, Sessions};
use serde_json::json;
use std::{convert::Infallible, io, time::Instant};
use tower::{Layer, Service, service_fn};

/// As many as the program has by default.
const SESSIONS: usize = 10_000;
const IDENTITIES: usize = 200;
const SAMPLES: usize = 600_000;
const BODY: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
const ROUNDS: usize = 9;
const BATCH: usize = 1_000;
const BATCHES: usize = 200;

/// An id, as seen by the caller who sends it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Own,
    Foreign,
    Unknown,
}

const KINDS: [(Kind, &str); 3] =
    [(Kind::Own, "one's own"), (Kind::Foreign, "another identity's"), (Kind::Unknown, "unknown")];

struct World {
    sessions: Sessions<MemoryStore>,
    callers: Vec<Caller>,
    known: Ids,
    unknown: Ids,
}

pub(crate) fn measure() -> Vec<Table> {
    let sessions = Sessions::new(MemoryStore::default(), people::policy()).unwrap();
    let callers = people::callers(IDENTITIES);
    let known = people::open(&sessions, &callers, SESSIONS);
    let mut unknown = Ids::with_room_for(SESSIONS);
    (0..SESSIONS).for_each(|_| unknown.push(&SessionId::random().expose_hex()));
    let world = World { sessions, callers, known, unknown };

    let mut times = Table::new(
        format!(
            "a POST with an unknown id beside one with another identity's, {SESSIONS} sessions in memory, {SAMPLES} requests"
        ),
        &["log", "times", "t", "another's takes ns more", "unknown ns, mean"],
    );
    let mut costs = Table::new(
        format!("validate, {SESSIONS} sessions in memory, one thread"),
        &["log", "id", "CPU ns each", "of one's own", "aim"],
    );
    world.costs("off", &mut costs);
    world.compare("off", &mut times);
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(io::sink).init();
    world.costs("info, written to nowhere", &mut costs);
    world.compare("info, written to nowhere", &mut times);
    vec![costs, times]
}

impl World {
    fn id(&self, kind: Kind, number: usize) -> &str {
        if kind == Kind::Unknown { self.unknown.get(number) } else { self.known.get(number) }
    }

    fn caller(&self, kind: Kind, number: usize) -> &Caller {
        let owner = number % IDENTITIES;
        &self.callers[if kind == Kind::Own { owner } else { (owner + 1) % IDENTITIES }]
    }

    /// What `validate` costs.
    fn costs(&self, log: &str, table: &mut Table) {
        let mut rounds = vec![Vec::new(); KINDS.len()];
        for round in 0..=ROUNDS {
            for (at, (kind, _)) in KINDS.into_iter().enumerate() {
                let ns = self.validate(kind, round as u64);
                if round > 0 {
                    rounds[at].push(ns);
                }
            }
        }
        let own = median(&rounds[0]);
        for ((kind, name), rounds) in KINDS.into_iter().zip(&rounds) {
            let ns = median(rounds);
            let aim = if kind == Kind::Own { "" } else { "<= 1" };
            table.row(vec![json!(log), json!(name), figure(ns), figure(ns / own), json!(aim)]);
        }
    }

    fn validate(&self, kind: Kind, seed: u64) -> f64 {
        let (mut watch, mut chance) = (Stopwatch::default(), Chance::new(seed));
        people::runtime().block_on(async {
            for _ in 0..BATCHES {
                let numbers: Vec<usize> = (0..BATCH).map(|_| chance.below(SESSIONS)).collect();
                watch
                    .add(async {
                        for number in numbers {
                            let outcome = self
                                .sessions
                                .validate(self.id(kind, number), self.caller(kind, number))
                                .await;
                            assert_eq!(outcome.is_ok(), kind == Kind::Own);
                        }
                    })
                    .await;
            }
        });
        watch.sum().cpu_ns as f64 / (BATCH * BATCHES) as f64
    }

    /// Sends requests through the layer and compares the two kinds that are answered alike.
    fn compare(&self, log: &str, table: &mut Table) {
        let mut samples = [Vec::new(), Vec::new()];
        people::runtime().block_on(async {
            let engine = service_fn(|_: Request<Full<Bytes>>| async {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"{}"))))
            });
            let mut service = SessionLayer::new(self.sessions.clone()).layer(engine);
            let mut chance = Chance::new(7);
            for _ in 0..SAMPLES {
                let (which, number) = (chance.below(2), chance.below(SESSIONS));
                let kind = [Kind::Unknown, Kind::Foreign][which];
                let request = request(self.id(kind, number), self.caller(kind, number));
                let start = Instant::now();
                let response = service.call(request).await.unwrap();
                samples[which].push(start.elapsed().as_nanos() as u64);
                assert_eq!(response.status(), StatusCode::NOT_FOUND);
            }
        });
        let limit = quantile(&mut samples.concat(), 0.95);
        let few =
            samples.clone().map(|times| times.into_iter().filter(|ns| *ns <= limit).collect::<Vec<_>>());
        for (which, [unknown, foreign]) in [("all", samples), ("without the slowest 5 %", few)] {
            let (unknown, foreign) = (Moments::of(&unknown), Moments::of(&foreign));
            let difference = foreign.mean - unknown.mean;
            let t = difference / (unknown.error() + foreign.error()).sqrt();
            table.row(vec![json!(log), json!(which), figure(t), figure(difference), figure(unknown.mean)]);
        }
    }
}

fn request(id: &str, caller: &Caller) -> Request<Full<Bytes>> {
    Request::post("/mcp")
        .header(header::CONTENT_TYPE, "application/json")
        .header("mcp-protocol-version", "2025-11-25")
        .header("mcp-session-id", id)
        .extension(caller.clone())
        .body(Full::new(Bytes::from_static(BODY.as_bytes())))
        .unwrap()
}

struct Moments {
    mean: f64,
    variance: f64,
    count: f64,
}

impl Moments {
    fn of(times_ns: &[u64]) -> Self {
        let count = times_ns.len() as f64;
        let mean = times_ns.iter().map(|ns| *ns as f64).sum::<f64>() / count;
        let variance = times_ns.iter().map(|ns| (*ns as f64 - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Self { mean, variance, count }
    }

    /// The square of the mean's standard error.
    fn error(&self) -> f64 {
        self.variance / self.count
    }
}

//! What does `validate` cost on a Redis server, beside the least that a server can be asked?
//!
//! A PING over the same kind of connection, one that all callers share, is that least: whatever it takes is the
//! network's, the kernel's and the client library's.

use crate::{
    measure::{Chance, Table, figure, quantile},
    people::{self, Ids},
};
use mcp_sessions::{Caller, RedisStore, SessionState, Sessions};
use redis::aio::MultiplexedConnection;
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{runtime::Builder, task::JoinSet};

const SESSIONS: usize = 10_000;
const IDENTITIES: usize = 200;
const TIME: Duration = Duration::from_secs(3);
/// Each is measured so many times, in turns.
const ROUNDS: usize = 3;

/// What callers ask.
#[derive(Clone, Copy)]
enum Question {
    Ping,
    Validate,
}

struct World {
    connection: MultiplexedConnection,
    sessions: Sessions<RedisStore>,
    callers: Vec<Caller>,
    ids: Ids,
}

pub(crate) fn measure(url: &str) -> Vec<Table> {
    let mut table = Table::new(
        format!("Redis on this machine, {SESSIONS} sessions of {IDENTITIES} identities, one connection"),
        &["question", "callers at once", "per second", "p50 us", "p99 us", "p50 of PING's", "aim"],
    );
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
        let world = Arc::new(World::open(url).await);
        for at_once in [1, 64] {
            let (mut ping, mut validate) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                ping.extend(ask(&world, Question::Ping, at_once).await);
                validate.extend(ask(&world, Question::Validate, at_once).await);
            }
            let least = quantile(&mut ping, 0.5) as f64;
            for (name, times, aim) in [("PING", &mut ping, ""), ("validate", &mut validate, "<= 2")] {
                let [p50, p99] = [0.5, 0.99].map(|share| quantile(times, share) as f64);
                let per_second = times.len() as f64 / (TIME * ROUNDS as u32).as_secs_f64();
                let cells = [per_second, p50 / 1e3, p99 / 1e3, p50 / least].map(figure);
                table.row([vec![json!(name), json!(at_once)], cells.to_vec(), vec![json!(aim)]].concat());
            }
        }
    });
    vec![table]
}

/// The times of all answers.
async fn ask(world: &Arc<World>, question: Question, at_once: usize) -> Vec<u64> {
    let until = Instant::now() + TIME;
    let mut tasks = JoinSet::new();
    for task in 0..at_once {
        let world = Arc::clone(world);
        tasks.spawn(async move {
            let (mut times_ns, mut chance) = (Vec::new(), Chance::new(task as u64));
            let mut connection = world.connection.clone();
            while Instant::now() < until {
                let number = chance.below(SESSIONS);
                let start = Instant::now();
                match question {
                    Question::Ping => {
                        let () = redis::cmd("PING").exec_async(&mut connection).await.unwrap();
                    }
                    Question::Validate => {
                        let caller = &world.callers[number % IDENTITIES];
                        world.sessions.validate(world.ids.get(number), caller).await.unwrap();
                    }
                }
                times_ns.push(start.elapsed().as_nanos() as u64);
            }
            times_ns
        });
    }
    tasks.join_all().await.concat()
}

impl World {
    async fn open(url: &str) -> Self {
        let client = redis::Client::open(url).unwrap();
        let connection = client.get_multiplexed_async_connection().await.unwrap();
        let sessions = Sessions::new(RedisStore::connect(url).unwrap(), people::policy()).unwrap();
        let callers = people::callers(IDENTITIES);
        let mut ids = Ids::with_room_for(SESSIONS);
        for number in 0..SESSIONS {
            let caller = &callers[number % IDENTITIES];
            let id = sessions.create(caller, SessionState::default()).await.unwrap();
            ids.push(&id.expose_hex());
        }
        Self { connection, sessions, callers, ids }
    }
}

//! Under load: everybody at once for a while, and patient attackers; nothing fails that should not, and memory is flat.
//!
//! In short here; for an hour among the deep tests.

use crate::support::{Caller, LEGACY, Program, SECRET, import, sample_mirror, servers::Other};
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

const JWT: (&str, &str) = ("MCP_AUTH_SECRET_KEY", SECRET);
const STUDIES: u32 = 300;
const PEOPLE: usize = 8;
/// By how much the memory of the second half may be more than that of the first.
const GROWTH_MAX: f64 = 0.05;

/// What one person saw.
#[derive(Default)]
struct Seen {
    micros: Vec<u32>,
    vanished: u64,
    wrong: Vec<String>,
}

/// A person who works with the server until it is time to stop, in both eras, and sometimes does not wait for an answer.
async fn work(url: String, person: usize, stop: Arc<AtomicBool>) -> Seen {
    let claims = json!({"sub": format!("person {person}"), "client_id": "app", "exp": 4_000_000_000_u64});
    let caller = Caller::new(&url).bearing(&claims);
    let modern = caller.clone().stateless();
    let questions = [
        json!({"name": "clinicaltrials_get_study_count", "arguments": {"conditionQuery": "diabetes"}}),
        json!({"name": "clinicaltrials_search_studies", "arguments": {"query": "asthma OR pain", "pageSize": 20}}),
        json!({"name": "clinicaltrials_find_eligible", "arguments": {"age": 50, "sex": "Female", "conditions": ["cancer"]}}),
        json!({"name": "clinicaltrials_analyze_trends", "arguments": {"analysisType": "countByPhase"}}),
    ];
    let mut seen = Seen::default();
    let mut round = person;
    while !stop.load(Ordering::Relaxed) {
        let opened = caller.initialize(LEGACY).await;
        let Some(id) = opened.header("mcp-session-id") else {
            seen.wrong.push(format!("no session: {opened:?}"));
            break;
        };
        let in_session = caller.clone().in_session(id);
        for caller in [&in_session, &modern].into_iter().cycle().take(20) {
            round += 1;
            let question = questions[round % questions.len()].clone();
            let started = Instant::now();
            let asking = caller.request(round as u64, "tools/call", question);
            if round.is_multiple_of(17) {
                let patience = Duration::from_micros(500);
                seen.vanished += u64::from(tokio::time::timeout(patience, asking).await.is_err());
                continue;
            }
            let reply = asking.await;
            seen.micros.push(u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX));
            let is_error = |reply: &Value| reply.get("error").is_some() || reply["result"]["isError"] == true;
            if reply.status != 200 || is_error(&reply.message()) {
                seen.wrong.push(format!("{reply:?}"));
            }
        }
        let ended = in_session.delete().await;
        if ended.status != 204 {
            seen.wrong.push(format!("not ended: {ended:?}"));
        }
    }
    seen
}

/// New versions of the data, one after the other, while it is asked for.
async fn publish(folder: std::path::PathBuf, every: Duration, stop: Arc<AtomicBool>) -> u32 {
    let mut published = 0;
    let mut last = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if last.elapsed() < every {
            continue;
        }
        last = Instant::now();
        published += 1;
        let folder = folder.clone();
        let publishing = tokio::task::spawn_blocking(move || {
            // One study more each time.
            let file = folder.join(format!("more-{published}.ndjson"));
            let lines: String = ctgov_sample::Sample::new(STUDIES + published)
                .iter()
                .skip(STUDIES as usize)
                .map(|study| study + "\n")
                .collect();
            std::fs::write(&file, lines).unwrap();
            import(&file, &folder);
        });
        publishing.await.unwrap();
    }
    published
}

fn resident_kib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

/// What was resident on average, at every second of the second and of the last quarter.
struct Memory {
    early_kib: f64,
    late_kib: f64,
}

async fn watch(pid: u32, time: Duration) -> Memory {
    let started = Instant::now();
    let (mut early, mut late) = (Vec::new(), Vec::new());
    while started.elapsed() < time {
        tokio::time::sleep(Duration::from_secs(1).min(time / 40)).await;
        let share = started.elapsed().as_secs_f64() / time.as_secs_f64();
        match share {
            0.25..0.5 => early.push(resident_kib(pid)),
            0.75.. => late.push(resident_kib(pid)),
            _ => {}
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    Memory { early_kib: mean(&early), late_kib: mean(&late) }
}

/// Everybody at once for so long, with new data every so often.
async fn everybody(time: Duration, publish_every: Duration, sessions: &str) -> Memory {
    let mirror = sample_mirror(STUDIES);
    let arguments = ["--auth", "jwt"];
    let variables = [JWT, ("MCP_SESSIONS", sessions), ("MCP_RATE_LIMIT_PER_IDENTITY", "0")];
    let server = Program::serve(mirror.path(), &arguments, &variables);
    let stop = Arc::new(AtomicBool::new(false));
    let mut people = JoinSet::new();
    (0..PEOPLE).for_each(|person| _ = people.spawn(work(server.url.clone(), person, stop.clone())));
    let publishing = tokio::spawn(publish(mirror.path().to_owned(), publish_every, stop.clone()));
    let memory = watch(server.pid(), time).await;
    stop.store(true, Ordering::Relaxed);
    let (mut micros, mut vanished, mut wrong) = (Vec::new(), 0, Vec::new());
    for seen in people.join_all().await {
        micros.extend(seen.micros);
        vanished += seen.vanished;
        wrong.extend(seen.wrong);
    }
    let published = publishing.await.unwrap();
    assert!(wrong.is_empty(), "{} of {}, the first: {}", wrong.len(), micros.len(), wrong[0]);
    assert!(micros.len() > 100 && vanished > 0 && published > 0, "{} {vanished} {published}", micros.len());
    micros.sort_unstable();
    let quantile = |share: f64| f64::from(micros[(micros.len() as f64 * share) as usize]) / 1_000.0;
    let figure = format!(
        "FIGURE: {} calls of {PEOPLE} people in {:.0} s, {vanished} not waited for, {published} imports: p50 {:.1} ms, \
         p99 {:.1} ms; resident {:.0} MiB, later {:.0} MiB\n",
        micros.len(),
        time.as_secs_f64(),
        quantile(0.5),
        quantile(0.99),
        memory.early_kib / 1_024.0,
        memory.late_kib / 1_024.0,
    );
    let _ = std::io::stderr().write_all(figure.as_bytes());
    memory
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mix_of_everything_is_answered_while_new_data_comes() {
    everybody(Duration::from_secs(8), Duration::from_secs(3), "memory").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "an hour; part of the deep tests"]
async fn an_hour_of_everything_takes_no_more_memory_than_its_beginning() {
    let Some(redis) = Other::redis() else { return };
    let sessions = format!("redis://{}", redis.address);
    let memory = everybody(Duration::from_secs(3_600), Duration::from_secs(300), &sessions).await;
    let growth = memory.late_kib / memory.early_kib - 1.0;
    assert!(growth < GROWTH_MAX, "{:.1} % more", growth * 100.0);
}

fn address_of(server: &Program) -> SocketAddr {
    server.url.strip_prefix("http://").unwrap().strip_suffix("/mcp").unwrap().parse().unwrap()
}

fn guarded(mirror: &Path) -> Program {
    Program::serve(mirror, &["--auth", "jwt", "--sessions", "memory", "--trusted-proxy", "127.0.0.1"], &[JWT])
}

async fn is_served(server: &Program, times: usize) {
    let claims = json!({"sub": "ana", "client_id": "app", "exp": 4_000_000_000_u64});
    let ana = Caller::new(&server.url).bearing(&claims).stateless();
    for id in 0..times {
        assert_eq!(ana.request(id, "tools/list", json!({})).await.status, 200);
    }
}

/// Connections that say nothing, or begin a request and never end it, take nobody's turn.
#[tokio::test(flavor = "multi_thread")]
async fn those_who_do_not_finish_hold_up_nobody() {
    let mirror = sample_mirror(5);
    let server = guarded(mirror.path());
    let connect = |text: &str| {
        let mut connection = TcpStream::connect(address_of(&server)).unwrap();
        connection.write_all(text.as_bytes()).unwrap();
        connection
    };
    let head = "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n";
    let held: Vec<_> = (0..300)
        .map(|number| match number % 3 {
            0 => connect(""),
            1 => connect(head),
            _ => connect(&format!("{head}\r\n{{")),
        })
        .collect();
    is_served(&server, 50).await;
    // Who has no token is told so, whatever is still to come.
    let mut answer = [0; 12];
    let mut unfinished = &held[2];
    unfinished.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    unfinished.read_exact(&mut answer).unwrap();
    assert!(answer.ends_with(b" 401"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "ten thousand connections and half a minute of waiting; part of the deep tests"]
async fn ten_thousand_that_do_nothing_are_let_go() {
    const CONNECTIONS: usize = 9_000;
    let mirror = sample_mirror(5);
    let server = guarded(mirror.path());
    let before = resident_kib(server.pid());
    let held: Vec<_> = (0..CONNECTIONS).map(|_| TcpStream::connect(address_of(&server)).unwrap()).collect();
    is_served(&server, 50).await;
    let with = resident_kib(server.pid());
    // A head that does not come is waited for for half a minute.
    tokio::time::sleep(Duration::from_secs(40)).await;
    let closed = held
        .iter()
        .filter(|connection| {
            connection.set_nonblocking(true).unwrap();
            (&mut &**connection).read(&mut [0; 256]).is_ok()
        })
        .count();
    assert_eq!(closed, CONNECTIONS);
    let each = (with - before) / CONNECTIONS as f64;
    let figure =
        format!("FIGURE: {CONNECTIONS} idle connections: {each:.1} KiB each, all closed after 30 s\n");
    let _ = std::io::stderr().write_all(figure.as_bytes());
    is_served(&server, 5).await;
}

/// Tokens that are not valid, without a pause, from one address: they are held off, and others are served.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_bad_tokens_is_held_off() {
    let mirror = sample_mirror(5);
    let server = guarded(mirror.path());
    let flood = Caller::new(&server.url)
        .with("x-forwarded-for", "192.0.2.66")
        .with("authorization", "Bearer e30.e30.c2lnbmF0dXJl")
        .stateless();
    let flooding = tokio::spawn(async move {
        let mut statuses = std::collections::BTreeMap::new();
        for id in 0..3_000 {
            *statuses.entry(flood.request(id, "tools/list", json!({})).await.status).or_insert(0) += 1;
        }
        statuses
    });
    is_served(&server, 100).await;
    let statuses = flooding.await.unwrap();
    // Those of the burst and of the time it took are looked at, the others not.
    assert!(statuses.keys().eq(&[401, 429]), "{statuses:?}");
}

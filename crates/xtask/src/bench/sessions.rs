//! `cargo xtask bench sessions`: what sessions cost, and what they withstand.
//!
//! ```text
//! benches/sessions of mcp-sessions ─▶ memory, bytes, expiry, file, foreign, redis     within one process each
//! the program, in memory, a file, Redis ─▶ requests, open sessions, a flood           over HTTP
//! ```
//!
//! Results are under `target/bench-sessions`: tables whose last column is what is aimed at.

use super::{
    process::resident_kib,
    program::prepare_data,
    session_server::{CONNECTIONS, INITIALIZE, SessionServer, token},
};
use crate::{
    load::{self, Connection, post},
    steps::{cargo, run, say, step, target_dir},
    tools,
};
use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// The parts that need nothing but the machine.
const PARTS: [&str; 6] = ["memory", "bytes", "bytes-with-state", "expiry", "file", "foreign"];
const IDENTITIES: usize = 200;
const SESSIONS_PER_IDENTITY: usize = 50;
const FLOOD_CONNECTIONS: usize = 8;
const FLOOD: Duration = Duration::from_secs(5);

pub(crate) fn run_sessions() -> anyhow::Result<()> {
    step("release build", || {
        run(&mut cargo(["build", "--release", "--locked", "--package", "clinicaltrials-mcp"]))?;
        run(inside().arg("--no-run"))
    })?;
    let target = target_dir()?;
    let folder = target.join("bench-sessions");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("emptying the folder")?;
    }
    fs::create_dir_all(&folder).context("making the folder")?;
    let mut tables = Vec::new();
    for part in PARTS {
        step(part, || run(inside().arg("--").arg(&folder).arg(part)))?;
        tables.extend(written(&folder, part)?);
    }
    let redis = RedisServer::start(&target, &folder)?;
    if let Some(redis) = &redis {
        step("redis", || run(inside().arg("--").arg(&folder).args(["redis", &redis.url])))?;
        tables.extend(written(&folder, "redis")?);
    }
    let mut stores = vec![
        ("memory", "memory".to_owned()),
        ("file", format!("file:{}", folder.join("sessions.redb").display())),
    ];
    stores.extend(redis.as_ref().map(|redis| ("redis", redis.url.clone())));
    let (program, data_dir) = (target.join("release/clinicaltrials-mcp"), folder.join("data"));
    let studies = prepare_data(&program, &data_dir, None)?;
    step("the program", || {
        tables.extend(OverHttp { program, data_dir, studies, stores }.tables()?);
        Ok(())
    })?;
    fs::write(folder.join("result.json"), format!("{:#}\n", json!(tables))).context("writing the result")?;
    say(&tables.iter().map(shown).collect::<String>());
    Ok(())
}

fn inside() -> Command {
    cargo(["bench", "--locked", "--package", "mcp-sessions", "--bench", "sessions"])
}

/// The tables that a part wrote.
fn written(folder: &Path, part: &str) -> anyhow::Result<Vec<Value>> {
    let path = folder.join(format!("{part}.json"));
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// A table for people.
fn shown(table: &Value) -> String {
    let cells = |row: &Value| -> String {
        let cells = row.as_array().into_iter().flatten();
        cells
            .map(|cell| format!(" {} |", cell.as_str().map_or_else(|| cell.to_string(), str::to_owned)))
            .collect()
    };
    let columns = table["columns"].as_array().map_or(0, Vec::len);
    let title = table["title"].as_str().unwrap_or_default();
    let mut text = format!("\n{title}\n\n|{}\n|{}\n", cells(&table["columns"]), "---|".repeat(columns));
    for row in table["rows"].as_array().into_iter().flatten() {
        text += &format!("|{}\n", cells(row));
    }
    text
}

/// The program with its sessions in different places.
struct OverHttp {
    program: PathBuf,
    data_dir: PathBuf,
    /// What is in the mirror.
    studies: String,
    /// A store's name, and what `--sessions` calls it.
    stores: Vec<(&'static str, String)>,
}

impl OverHttp {
    fn tables(&self) -> anyhow::Result<Vec<Value>> {
        let (mut lists, mut houses, mut floods) = (Vec::new(), Vec::new(), Vec::new());
        for (name, store) in &self.stores {
            lists.push(self.list(name, store)?);
            houses.push(self.full_house(name, store)?);
            floods.push(self.flood(name, store)?);
        }
        let open = IDENTITIES * SESSIONS_PER_IDENTITY;
        Ok(vec![
            json!({
                "title": format!("the program, `tools/list` in a session, jwt, {}, {CONNECTIONS} connections", self.studies),
                "columns": ["sessions in", "per second", "p50 ms", "p99 ms", "CPU ms each", "aim"],
                "rows": lists,
            }),
            json!({
                "title": format!("the program, {IDENTITIES} identities open {SESSIONS_PER_IDENTITY} sessions each"),
                "columns": ["sessions in", "resident MiB before", format!("with {open}"), "bytes a session", "opened per second", "aim"],
                "rows": houses,
            }),
            json!({
                "title": format!("one identity opens sessions on {FLOOD_CONNECTIONS} connections as fast as it can for {} s", FLOOD.as_secs()),
                "columns": ["sessions in", "opened", "refused", "resident MiB before", "after", "another's p99 ms before", "meanwhile"],
                "rows": floods,
            }),
        ])
    }

    fn start(&self, store: &str) -> anyhow::Result<SessionServer> {
        empty(store).context("removing the sessions of the server before")?;
        SessionServer::start(&self.program, "mirror", &self.data_dir, store)
    }

    fn list(&self, name: &str, store: &str) -> anyhow::Result<Value> {
        let server = self.start(store)?;
        let token = token(0)?;
        let session = server.open_session(&token)?;
        let figures = server.measure(list_tools(server.address, &token, &session))?;
        let aim = if name == "redis" { "" } else { ">= 10,000/s, <= 0.12 ms CPU" };
        Ok(json!([
            name,
            figures.per_second.round(),
            rounded(figures.p50_ms),
            rounded(figures.p99_ms),
            rounded(figures.cpu_ms),
            aim,
        ]))
    }

    /// As many sessions as a server takes by default.
    fn full_house(&self, name: &str, store: &str) -> anyhow::Result<Value> {
        let server = self.start(store)?;
        let before = resident_kib(server.pid())?;
        let start = Instant::now();
        in_threads(CONNECTIONS as usize, |thread| {
            let mut connection = Connection::open(server.address)?;
            for identity in (thread..IDENTITIES).step_by(CONNECTIONS as usize) {
                let token = token(identity)?;
                for _ in 0..SESSIONS_PER_IDENTITY {
                    server.open_session_on(&mut connection, &token)?;
                }
            }
            Ok(())
        })?;
        let seconds = start.elapsed().as_secs_f64();
        let after = resident_kib(server.pid())?;
        let open = (IDENTITIES * SESSIONS_PER_IDENTITY) as f64;
        Ok(json!([
            name,
            mib(before),
            mib(after),
            (after.saturating_sub(before) as f64 * 1_024.0 / open).round(),
            (open / seconds).round(),
            "<= 60 MB",
        ]))
    }

    /// One identity takes what it can get while another one works.
    fn flood(&self, name: &str, store: &str) -> anyhow::Result<Value> {
        let server = self.start(store)?;
        let (worker, flooder) = (token(0)?, token(1)?);
        let session = server.open_session(&worker)?;
        let work = list_tools(server.address, &worker, &session);
        load::run(server.address, 1, Duration::from_secs(1), &work)?;
        let quiet = load::run(server.address, 1, FLOOD, &work)?;
        let before = resident_kib(server.pid())?;
        let stop = AtomicBool::new(false);
        let (loud, counts) = thread::scope(|scope| {
            let flood = scope.spawn(|| {
                in_threads(FLOOD_CONNECTIONS, |_| {
                    let (mut opened, mut refused) = (0_u64, 0_u64);
                    let mut connection = Connection::open(server.address)?;
                    while !stop.load(Ordering::Relaxed) {
                        match connection.send(&post(server.address, &flooder, None, INITIALIZE))?.status {
                            200 => opened += 1,
                            503 => refused += 1,
                            status => bail!("an initialize was answered with {status}"),
                        }
                    }
                    Ok((opened, refused))
                })
            });
            let loud = load::run(server.address, 1, FLOOD, &work);
            stop.store(true, Ordering::Relaxed);
            (loud, flood.join())
        });
        let (loud, counts) = (loud?, counts.map_err(|_| anyhow::anyhow!("the flood panicked"))??);
        let (opened, refused) =
            counts.iter().fold((0, 0), |(opened, refused), count| (opened + count.0, refused + count.1));
        Ok(json!([
            name,
            opened,
            refused,
            mib(before),
            mib(resident_kib(server.pid())?),
            rounded(quiet.quantile_ms(0.99)),
            rounded(loud.quantile_ms(0.99)),
        ]))
    }
}

/// Empties a store that outlives its server.
fn empty(store: &str) -> anyhow::Result<()> {
    if let Some(file) = store.strip_prefix("file:")
        && Path::new(file).exists()
    {
        fs::remove_file(file)?;
    }
    if let Some(address) = store.strip_prefix("redis://") {
        let mut answer = [0; 5];
        let mut stream = TcpStream::connect(address.trim_end_matches("/0"))?;
        stream.write_all(b"FLUSHALL\r\n")?;
        stream.read_exact(&mut answer)?;
        ensure!(&answer == b"+OK\r\n", "it cannot be emptied");
    }
    Ok(())
}

fn list_tools(address: SocketAddr, token: &str, session: &str) -> impl Fn(u64, u64) -> Vec<u8> + Sync {
    move |connection, number| {
        let body = format!(r#"{{"jsonrpc":"2.0","id":"{connection}-{number}","method":"tools/list"}}"#);
        post(address, token, Some(session), &body)
    }
}

/// Does something in so many threads at once; the first error is the outcome.
fn in_threads<T: Send>(
    threads: usize,
    work: impl Fn(usize) -> anyhow::Result<T> + Sync,
) -> anyhow::Result<Vec<T>> {
    thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
        let joined = workers.into_iter().map(thread::ScopedJoinHandle::join);
        joined.map(|outcome| outcome.map_err(|_| anyhow::anyhow!("a thread panicked"))?).collect()
    })
}

fn mib(kib: u64) -> f64 {
    (kib as f64 / 102.4).round() / 10.0
}

/// Three digits behind the point: microseconds of milliseconds.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// A Redis server of one's own that writes nothing to the disk, killed when dropped.
struct RedisServer {
    child: Child,
    url: String,
}

impl RedisServer {
    /// `None` where there is no such program and none can be had, which is said.
    fn start(target: &Path, folder: &Path) -> anyhow::Result<Option<Self>> {
        let found = tools::fetch(target);
        let Some((_, program)) = found.found.iter().find(|(variable, _)| *variable == "REDIS_SERVER") else {
            say(&format!("nothing is measured on Redis: {}\n", found.missing.join("; ")));
            return Ok(None);
        };
        let free = TcpListener::bind("127.0.0.1:0").context("looking for a free port")?;
        let address = free.local_addr().context("looking for a free port")?;
        drop(free);
        let child = Command::new(program)
            .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(folder)
            .stdout(Stdio::null())
            .spawn()
            .context("starting redis-server")?;
        let server = Self { child, url: format!("redis://{address}/0") };
        let patience = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            ensure!(Instant::now() < patience, "redis-server does not listen at {address}");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(server))
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing else to do about it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

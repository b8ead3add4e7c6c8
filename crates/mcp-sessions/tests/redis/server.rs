//! A Redis server of a test's own, gone with it.

use std::ffi::OsString;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use mcp_sessions::{
    CallerKey, Identity, IdentityDigest, Policy, RedisStore, SessionId, SessionKey, StoreError,
};
use tempfile::TempDir;

pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    pub(crate) folder: TempDir,
    settings: Vec<String>,
}

/// Says on the real standard error, past the test harness, that a test cannot run here.
pub(crate) fn skipped(reason: &str) {
    // In one piece, for other tests write at the same time.
    let _ = std::io::stderr().write_all(format!("SKIPPED: {reason}\n").as_bytes());
}

/// Starts a server for a test, or says that there is none and ends the test.
macro_rules! server {
    ($($setting:literal),*) => {
        $crate::redis::server::server!(@ &[$($setting),*])
    };
    (@ $settings:expr) => {
        match $crate::redis::server::Server::start_or_skip($settings) {
            Some(server) => server,
            None => return,
        }
    };
}
pub(crate) use server;

/// `REDIS_SERVER`, else the one that is installed, else the one that `cargo xtask tools` fetched.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says where the server is")]
fn program() -> Option<&'static OsString> {
    static PROGRAM: OnceLock<Option<OsString>> = OnceLock::new();
    let fetched = || Some(Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join("tools/bin/redis-server"));
    let runs = |program: &OsString| {
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    PROGRAM
        .get_or_init(|| {
            std::env::var_os("REDIS_SERVER")
                .into_iter()
                .chain([OsString::from("redis-server")])
                .chain(fetched().map(PathBuf::into_os_string))
                .find(runs)
        })
        .as_ref()
}

impl Server {
    /// A server with these settings (`--name`, `value`, …); `None`, and a word about it, when the program is not here.
    pub(crate) fn start_or_skip(settings: &[&str]) -> Option<Self> {
        if program().is_none() {
            let test = thread::current().name().unwrap_or("a test").to_owned();
            skipped(&format!("{test}: no redis-server; `cargo xtask tools` fetches it"));
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect::<Vec<_>>();
        for _ in 0..20 {
            let port = free_port();
            let mut child = spawn(port, folder.path(), &settings);
            if answers(port, &mut child) {
                return Some(Self { child, port, folder, settings });
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("no server came up");
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    pub(crate) fn store(&self) -> RedisStore {
        RedisStore::connect(&self.url()).expect("a good URL")
    }

    /// A connection beside those of the store.
    pub(crate) fn connection(&self) -> redis::Connection {
        redis::Client::open(self.url()).and_then(|client| client.get_connection()).expect("it is up")
    }

    pub(crate) fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        ask(&mut self.connection(), command)
    }

    /// The keys there are.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.ask(&["KEYS", "*"])
    }

    /// Ends the server as a crash does.
    pub(crate) fn crash(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ended");
    }

    /// Starts it again, on the same port, without what it knew.
    pub(crate) fn restart(&mut self) {
        self.child = spawn(self.port, self.folder.path(), &self.settings);
        assert!(answers(self.port, &mut self.child), "it came up again");
    }

    /// Stops the server without closing anything, or lets it go on.
    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.expect("kill is there").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(port: u16, folder: &Path, settings: &[String]) -> Child {
    let program = program().expect("looked for before");
    let common =
        ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "warning", "--dir"];
    let mut command = Command::new(program);
    command.arg("--port").arg(port.to_string()).args(common).arg(folder).args(settings);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it was found")
}

/// Whether this very process answers before long.
fn answers(port: u16, child: &mut Child) -> bool {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).expect("a good URL");
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        if child.try_wait().expect("it is ours").is_some() {
            return false;
        }
        // A server that wants a password has answered, too.
        let answer = client.get_connection_with_timeout(Duration::from_millis(200));
        let pid = answer
            .and_then(|mut connection| redis::cmd("INFO").arg("server").query::<String>(&mut connection));
        match pid {
            Ok(info) => return info.contains(&format!("process_id:{}\r", child.id())),
            Err(error) if !error.is_io_error() => return true,
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
    false
}

/// A port that nobody listened on a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

pub(crate) fn ask<T: redis::FromRedisValue>(connection: &mut redis::Connection, command: &[&str]) -> T {
    let mut asked = redis::cmd(command[0]);
    for argument in &command[1..] {
        asked.arg(*argument);
    }
    asked.query(connection).unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

pub(crate) fn digest(who: &str) -> IdentityDigest {
    Identity::default().with_issuer("https://idp.example").with_subject(who).digest()
}

pub(crate) fn caller(who: &str) -> CallerKey {
    CallerKey::Identified(digest(who))
}

pub(crate) fn fresh_key() -> SessionKey {
    SessionId::random().key()
}

/// Sessions live for hours, but only 5 of one identity and 50 in all.
pub(crate) fn policy() -> Policy {
    Policy::default().with_max_sessions(50).with_max_per_identity(5)
}

/// Sessions live for parts of a second.
pub(crate) fn short_policy() -> Policy {
    let ms = Duration::from_millis;
    policy().with_unused_timeout(ms(400)).with_idle_timeout(ms(800)).with_lifetime(ms(2_000))
}

/// Asks until there is an answer, which takes as long as the pause between two attempts to connect.
pub(crate) async fn recovered<T>(ask: impl AsyncFn() -> Result<T, StoreError>) -> T {
    let start = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) if start.elapsed() > Duration::from_secs(10) => {
                panic!("it does not recover: {error:?}")
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

//! Other people's servers that tests start: Redis, a load balancer, an authorization server. Gone with the test.

use super::skipped;
use std::{
    ffi::OsString,
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A server of a test's own.
pub(crate) struct Other {
    child: Child,
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

impl Other {
    /// An empty Redis server that keeps nothing on disk, if the program is here.
    pub(crate) fn redis() -> Option<Self> {
        let program = program("redis-server", "REDIS_SERVER", "--version")?;
        let folder = tempfile::tempdir().unwrap();
        let address = free_address();
        let mut command = Command::new(program);
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"]);
        command.arg(address.port().to_string()).arg("--dir").arg(folder.path());
        Some(Self::start(&mut command, address, folder, |address| {
            let mut answer = [0; 5];
            let mut stream = TcpStream::connect(address)?;
            stream.write_all(b"PING\r\n")?;
            stream.read_exact(&mut answer)?;
            Ok(&answer == b"+PONG")
        }))
    }

    /// A load balancer that sends every request to the next of these servers that is ready, if the program is here. The
    /// answer's header `x-replica` tells which one it was: `0`, `1`, …
    pub(crate) fn balancer(replicas: &[SocketAddr]) -> Option<Self> {
        let program = program("haproxy", "HAPROXY", "-v")?;
        let folder = tempfile::tempdir().unwrap();
        let address = free_address();
        let servers: String = replicas
            .iter()
            .enumerate()
            .map(|(number, replica)| format!("  server {number} {replica}\n"))
            .collect();
        let text = format!(
            "defaults\n  mode http\n  timeout connect 1s\n  timeout client 60s\n  timeout server 60s\n\
             frontend clients\n  bind {address}\n  default_backend replicas\n\
             backend replicas\n  balance roundrobin\n  retries 3\n  option redispatch 1\n  retry-on conn-failure\n  \
             option httpchk GET /readyz\n  default-server check inter 100ms fall 1 rise 1\n  \
             http-response set-header x-replica %s\n{servers}"
        );
        let file = folder.path().join("haproxy.cfg");
        fs::write(&file, text).unwrap();
        let mut command = Command::new(program);
        command.arg("-db").arg("-f").arg(&file);
        Some(Self::start(&mut command, address, folder, |address| {
            let mut answer = [0; 12];
            let mut stream = TcpStream::connect(address)?;
            stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n")?;
            stream.read_exact(&mut answer)?;
            Ok(answer.ends_with(b" 200"))
        }))
    }

    /// An authorization server that is started by this script with these modules.
    pub(crate) fn authorization_server(script: &Path, modules: &Path) -> Self {
        let address = free_address();
        let mut command = Command::new("node");
        command.arg(script).arg(modules).arg(address.port().to_string());
        Self::start(&mut command, address, tempfile::tempdir().unwrap(), |address| {
            let mut answer = [0; 12];
            let mut stream = TcpStream::connect(address)?;
            stream.write_all(b"GET /jwks HTTP/1.0\r\n\r\n")?;
            stream.read_exact(&mut answer)?;
            Ok(answer.ends_with(b" 200"))
        })
    }

    /// Stops it without closing anything, or lets it go on.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    fn start(
        command: &mut Command,
        address: SocketAddr,
        folder: TempDir,
        answers: impl Fn(SocketAddr) -> std::io::Result<bool>,
    ) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut server = Self { child, address, _folder: folder };
        // Longer than a busy machine needs.
        let end = Instant::now() + Duration::from_secs(60);
        while !answers(address).unwrap_or(false) {
            assert!(Instant::now() < end, "{command:?} does not answer");
            assert!(server.child.try_wait().unwrap().is_none(), "{command:?} has ended");
            thread::sleep(Duration::from_millis(20));
        }
        server
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that nobody listened on a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The program that a variable names, else the one that is installed, else the one that `cargo xtask tools` fetched.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says where the server is")]
fn program(name: &str, variable: &str, version: &str) -> Option<OsString> {
    let fetched = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join("tools/bin").join(name);
    let candidates = [std::env::var_os(variable), Some(name.into()), Some(fetched.into_os_string())];
    let runs = |program: &OsString| {
        Command::new(program).arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    let found = candidates.into_iter().flatten().find(runs);
    if found.is_none() {
        skipped(&format!("there is no {name}; `cargo xtask tools` fetches it"));
    }
    found
}

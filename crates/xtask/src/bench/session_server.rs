//! A server that tells callers apart, and what its clients send.

use super::process::{Server, TICKS_PER_SECOND, cpu_ticks};
use crate::load::{self, Connection, post};
use anyhow::Context as _;
use std::{net::SocketAddr, path::Path, time::Duration};

pub(crate) const CONNECTIONS: u64 = 16;
const LOAD_TIME: Duration = Duration::from_secs(5);
const SECRET: &str = "a secret of the benchmark, long enough";
pub(crate) const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#;

pub(crate) struct SessionServer {
    server: Server,
    pub(crate) address: SocketAddr,
}

/// What a load of one kind of requests measured.
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// The server's own.
    pub(crate) cpu_ms: f64,
}

impl SessionServer {
    /// A server whose sessions are where `--sessions` says.
    pub(crate) fn start(
        program: &Path,
        source: &str,
        data_dir: &Path,
        sessions: &str,
    ) -> anyhow::Result<Self> {
        let more = ["--auth", "jwt", "--sessions", sessions];
        // Counted as for everybody, and never enough.
        let environment = [
            ("MCP_AUTH_SECRET_KEY", SECRET),
            ("MCP_RATE_LIMIT_PER_IDENTITY", "1000000"),
            ("MCP_REQUESTS_AT_ONCE_PER_IDENTITY", "100000"),
        ];
        let server = Server::start(program, source, data_dir, &more, &environment)?;
        Ok(Self { address: server.address, server })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.server.pid()
    }

    pub(crate) fn open_session(&self, token: &str) -> anyhow::Result<String> {
        self.open_session_on(&mut Connection::open(self.address)?, token)
    }

    pub(crate) fn open_session_on(&self, connection: &mut Connection, token: &str) -> anyhow::Result<String> {
        let reply = connection.send(&post(self.address, token, None, INITIALIZE))?;
        reply
            .session_id
            .with_context(|| format!("no session: {} {}", reply.status, String::from_utf8_lossy(&reply.body)))
    }

    /// Sends requests from all connections, after some that do not count.
    pub(crate) fn measure(&self, request: impl Fn(u64, u64) -> Vec<u8> + Sync) -> anyhow::Result<Figures> {
        self.measure_with(CONNECTIONS, LOAD_TIME, request)
    }

    /// Sends requests from so many connections for so long, after some that do not count.
    pub(crate) fn measure_with(
        &self,
        connections: u64,
        time: Duration,
        request: impl Fn(u64, u64) -> Vec<u8> + Sync,
    ) -> anyhow::Result<Figures> {
        load::run(self.address, connections, Duration::from_secs(1), &request)?;
        let before = cpu_ticks(self.pid())?;
        let measured = load::run(self.address, connections, time, &request)?;
        let ticks = cpu_ticks(self.pid())? - before;
        Ok(Figures {
            per_second: measured.per_second(),
            p50_ms: measured.quantile_ms(0.5),
            p99_ms: measured.quantile_ms(0.99),
            cpu_ms: ticks as f64 * 1_000.0 / TICKS_PER_SECOND / measured.requests as f64,
        })
    }
}

/// A token of the n-th identity.
pub(crate) fn token(number: usize) -> anyhow::Result<String> {
    let claims = serde_json::json!({"sub": format!("person-{number}"), "client_id": "bench", "exp": 4_000_000_000_u64});
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).context("signing a token")
}

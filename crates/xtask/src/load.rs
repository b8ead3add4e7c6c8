//! A load on an HTTP server: blocking connections that each send the next request when the last is answered.
//!
//! It shares the machine with the server, so rates are what both reach together; CPU time per request is the
//! server's own.

use anyhow::{Context as _, bail, ensure};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// A connection that is kept between requests.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) session_id: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What a load measured.
pub(crate) struct Measured {
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
    latencies_us: Vec<u32>,
}

impl Measured {
    pub(crate) fn per_second(&self) -> f64 {
        self.requests as f64 / self.seconds
    }

    /// The latency that this share of requests did not exceed, in milliseconds.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        let index = ((self.latencies_us.len() as f64 * share) as usize)
            .min(self.latencies_us.len().saturating_sub(1));
        self.latencies_us.get(index).map_or(0.0, |latency| f64::from(*latency) / 1_000.0)
    }
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).context("connecting")?;
        stream.set_nodelay(true).context("TCP_NODELAY")?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).context("setting the timeout")?;
        Ok(Self { stream: BufReader::with_capacity(64 << 10, stream) })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn send(&mut self, request: &[u8]) -> anyhow::Result<Reply> {
        self.stream.get_mut().write_all(request).context("sending")?;
        let (mut status, mut length, mut session_id) = (0, None, None);
        let mut line = String::new();
        loop {
            line.clear();
            ensure!(self.stream.read_line(&mut line).context("reading the head")? > 0, "the server closed");
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if let Some(rest) = text.strip_prefix("HTTP/1.1 ") {
                status = rest.get(..3).and_then(|code| code.parse().ok()).context("no status")?;
            } else if let Some((name, value)) = text.split_once(':') {
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => {
                        length = Some(value.trim().parse::<usize>().context("content-length")?);
                    }
                    "mcp-session-id" => session_id = Some(value.trim().to_owned()),
                    _ => {}
                }
            }
        }
        let body = match length {
            Some(length) => {
                let mut body = vec![0; length];
                self.stream.read_exact(&mut body).context("reading the body")?;
                body
            }
            None => self.chunks()?,
        };
        Ok(Reply { status, session_id, body })
    }

    fn chunks(&mut self) -> anyhow::Result<Vec<u8>> {
        let (mut body, mut line) = (Vec::new(), String::new());
        loop {
            line.clear();
            self.stream.read_line(&mut line).context("reading a chunk's size")?;
            let size = usize::from_str_radix(line.trim(), 16).context("a chunk's size")?;
            let start = body.len();
            body.resize(start + size + 2, 0);
            self.stream.read_exact(&mut body[start..]).context("reading a chunk")?;
            body.truncate(start + size);
            if size == 0 {
                return Ok(body);
            }
        }
    }
}

/// An HTTP POST of a JSON-RPC message.
pub(crate) fn post(address: SocketAddr, token: &str, session_id: Option<&str>, body: &str) -> Vec<u8> {
    let session = session_id
        .map(|id| format!("Mcp-Session-Id: {id}\r\nMCP-Protocol-Version: 2025-11-25\r\n"))
        .unwrap_or_default();
    format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{session}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Keeps `connections` busy for `duration`; `request` makes the n-th request of a connection.
pub(crate) fn run(
    address: SocketAddr,
    connections: u64,
    duration: Duration,
    request: impl Fn(u64, u64) -> Vec<u8> + Sync,
) -> anyhow::Result<Measured> {
    let stop = AtomicBool::new(false);
    let start = Instant::now();
    let results = thread::scope(|scope| {
        let workers: Vec<_> = (0..connections)
            .map(|connection| {
                let (stop, request) = (&stop, &request);
                scope.spawn(move || -> anyhow::Result<Vec<u32>> {
                    let mut open = Connection::open(address)?;
                    let mut latencies_us = Vec::with_capacity(1 << 16);
                    for number in 0.. {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let bytes = request(connection, number);
                        let sent = Instant::now();
                        let reply = open.send(&bytes)?;
                        latencies_us.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
                        let says =
                            |words: &[u8]| reply.body.windows(words.len()).any(|window| window == words);
                        let refused =
                            reply.body.len() < 4_096 && (says(b"\"error\"") || says(b"\"isError\":true"));
                        if reply.status != 200 || refused {
                            bail!("status {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
                        }
                    }
                    Ok(latencies_us)
                })
            })
            .collect();
        thread::sleep(duration);
        stop.store(true, Ordering::Relaxed);
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| anyhow::anyhow!("a connection panicked"))?)
            .collect::<Vec<_>>()
    });
    let seconds = start.elapsed().as_secs_f64();
    let mut latencies_us = Vec::new();
    for result in results {
        latencies_us.extend(result?);
    }
    latencies_us.sort_unstable();
    Ok(Measured { requests: latencies_us.len() as u64, seconds, latencies_us })
}

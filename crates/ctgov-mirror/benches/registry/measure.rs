//! Clocks, quantiles and memory.

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::{fmt, fs, time::Instant};

/// Wall and CPU time since it was started.
pub(crate) struct Stopwatch {
    wall: Instant,
    cpu_ns: u64,
}

/// The CPU time of this thread so far.
fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { cpu_ns: cpu_ns(), wall: Instant::now() }
    }
}

/// Times of one kind, and how much was found in all.
#[derive(Default)]
pub(crate) struct Figures {
    wall_ns: Vec<u64>,
    cpu_ns: Vec<u64>,
    found: u64,
}

impl Figures {
    pub(crate) fn add(&mut self, watch: &Stopwatch, found: u64) {
        self.wall_ns.push(watch.wall.elapsed().as_nanos() as u64);
        self.cpu_ns.push(cpu_ns() - watch.cpu_ns);
        self.found += found;
    }

    pub(crate) fn wall_us(&self, share: f64) -> f64 {
        quantile_us(&self.wall_ns, share)
    }

    fn mean_found(&self) -> f64 {
        self.found as f64 / self.wall_ns.len().max(1) as f64
    }

    pub(crate) fn to_json(&self, name: &str) -> Value {
        let times = |all: &[u64]| {
            let [p50, p95, p99, max] = [0.5, 0.95, 0.99, 1.0].map(|share| quantile_us(all, share));
            json!({"p50": p50, "p95": p95, "p99": p99, "max": max})
        };
        json!({
            "name": name,
            "asked": self.wall_ns.len(),
            "found": self.mean_found(),
            "wallUs": times(&self.wall_ns),
            "cpuUs": times(&self.cpu_ns),
        })
    }
}

fn quantile_us(times_ns: &[u64], share: f64) -> f64 {
    let mut sorted = times_ns.to_vec();
    sorted.sort_unstable();
    let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |ns| (*ns as f64 / 100.0).round() / 10.0)
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "wall p50 {} p95 {} p99 {} max {} µs, CPU p50 {} p99 {} µs, {:.0} found",
            self.wall_us(0.5),
            self.wall_us(0.95),
            self.wall_us(0.99),
            self.wall_us(1.0),
            quantile_us(&self.cpu_ns, 0.5),
            quantile_us(&self.cpu_ns, 0.99),
            self.mean_found()
        )
    }
}

/// The memory of this process that is its own, not the page cache's, in KiB (`RssAnon` in `/proc/self/status`).
pub(crate) fn own_memory_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

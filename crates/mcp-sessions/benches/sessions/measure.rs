//! Clocks, quantiles, memory, chance, and the tables that figures go into.

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::{fs, future::Future, time::Instant};

/// Wall and CPU time of a thread, in nanoseconds.
#[derive(Clone, Copy, Default)]
pub(crate) struct Times {
    pub(crate) wall_ns: u64,
    pub(crate) cpu_ns: u64,
}

/// Adds up the times of a thread between its starts and its stops.
#[derive(Default)]
pub(crate) struct Stopwatch {
    sum: Times,
}

fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

impl Stopwatch {
    pub(crate) async fn add<T>(&mut self, work: impl Future<Output = T>) -> T {
        let (cpu, wall) = (cpu_ns(), Instant::now());
        let outcome = work.await;
        self.sum.wall_ns += wall.elapsed().as_nanos() as u64;
        self.sum.cpu_ns += cpu_ns() - cpu;
        outcome
    }

    pub(crate) fn sum(&self) -> Times {
        self.sum
    }
}

/// The time that this share of others does not exceed.
pub(crate) fn quantile(times: &mut [u64], share: f64) -> u64 {
    times.sort_unstable();
    let at = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
    times.get(at).copied().unwrap_or_default()
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The memory of this process that is its own, not the page cache's, in bytes (`RssAnon` in `/proc/self/status`).
pub(crate) fn own_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1_024
}

/// Numbers that look drawn by chance, the same in every run (xorshift).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((u128::from(self.0) * limit as u128) >> 64) as usize
    }
}

/// What was measured, as people read it; the last column is what is aimed at.
pub(crate) struct Table {
    title: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
}

impl Table {
    pub(crate) fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { title: title.into(), columns: columns.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: Vec<Value>) {
        assert_eq!(cells.len(), self.columns.len(), "{}", self.title);
        println!("{}: {}", self.title, json!(cells));
        self.rows.push(cells);
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({"title": self.title, "columns": self.columns, "rows": self.rows})
    }
}

/// A figure with as many digits as mean something.
pub(crate) fn figure(value: f64) -> Value {
    match value.abs() {
        magnitude if magnitude >= 100.0 => json!(value.round() as i64),
        magnitude if magnitude >= 10.0 => json!((value * 10.0).round() / 10.0),
        _ => json!((value * 100.0).round() / 100.0),
    }
}

//! Programs being measured: how they are started, and what the operating system says of them (`/proc`, Linux).

use anyhow::Context as _;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A server, killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Held open: a server that prints into a closed pipe would be another case.
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts `program serve` over a source; what it keeps is in `data_dir`.
    pub(crate) fn start(
        program: &Path,
        source: &str,
        data_dir: &Path,
        more: &[&str],
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn", "--source", source])
            .args(more)
            .arg("--data-dir")
            .arg(data_dir)
            .envs(environment.iter().copied());
        Self::spawn(&mut command)
    }

    /// Starts any server whose first line says at which URL it serves.
    pub(crate) fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn().context("starting the server")?;
        let mut stdout = BufReader::new(child.stdout.take().context("stdout")?);
        let mut line = String::new();
        stdout.read_line(&mut line).context("reading where it serves")?;
        let address =
            line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).context("no address")?;
        Ok(Self { child, address: address.parse().context("the address")?, _stdout: stdout })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing else to do about it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program took that ran to its end.
pub(crate) struct Taken {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    /// The most memory of its own, and the most with the page cache it had mapped, in KiB. Looked at every 50 ms.
    pub(crate) own_kib: u64,
    pub(crate) resident_kib: u64,
}

/// Runs a program to its end and looks at what it takes.
pub(crate) fn run_watched(command: &mut Command) -> anyhow::Result<Taken> {
    let start = Instant::now();
    let mut child = command.spawn().context("starting the program")?;
    let mut taken = Taken { wall: Duration::ZERO, cpu: Duration::ZERO, own_kib: 0, resident_kib: 0 };
    let status = loop {
        if let Some(status) = child.try_wait().context("waiting for the program")? {
            break status;
        }
        // Between its end and its being waited for, there is nothing to be read.
        let memory = |name| memory_kib(child.id(), name).unwrap_or_default();
        taken.own_kib = taken.own_kib.max(memory("RssAnon:"));
        taken.resident_kib = taken.resident_kib.max(memory("VmHWM:"));
        if let Ok(ticks) = cpu_ticks(child.id()) {
            taken.cpu = Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND);
        }
        thread::sleep(Duration::from_millis(50));
    };
    taken.wall = start.elapsed();
    anyhow::ensure!(status.success(), "it ended with {status}");
    Ok(taken)
}

/// `sysconf(_SC_CLK_TCK)`, 100 on every Linux.
pub(crate) const TICKS_PER_SECOND: f64 = 100.0;

/// User and system time of a process so far (`/proc/PID/stat`, fields 14 and 15).
pub(crate) fn cpu_ticks(pid: u32) -> anyhow::Result<u64> {
    let stat = read(&format!("/proc/{pid}/stat"))?;
    let fields = stat.rsplit(')').next().context("stat")?.split_whitespace().collect::<Vec<_>>();
    let field = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok()).context("stat");
    Ok(field(11)? + field(12)?)
}

/// Resident memory of a process, in KiB.
pub(crate) fn resident_kib(pid: u32) -> anyhow::Result<u64> {
    memory_kib(pid, "VmRSS:")
}

/// A line of `/proc/PID/status`, in KiB.
pub(crate) fn memory_kib(pid: u32, name: &str) -> anyhow::Result<u64> {
    let status = read(&format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with(name)).with_context(|| name.to_owned())?;
    line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).with_context(|| name.to_owned())
}

fn read(path: &str) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("{path} (the benchmark needs Linux)"))
}

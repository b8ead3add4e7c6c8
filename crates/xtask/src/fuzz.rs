//! Fuzz targets: built with coverage counters, and run over their seeds for a while.
//!
//! The counters are a pass of LLVM that the pinned toolchain has: libFuzzer needs neither a nightly one nor cargo-fuzz.

use crate::steps::{self, available, cargo, say, workspace};
use anyhow::{Context as _, bail};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
};

/// What cargo-fuzz passes, less what a sanitizer needs.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                        -Cllvm-args=-sanitizer-coverage-pc-table \
                        -Cllvm-args=-sanitizer-coverage-trace-compares";

/// What one input may take, in megabytes and seconds.
const MEMORY_MB_MAX: u32 = 1_024;
const INPUT_SECONDS_MAX: u32 = 30;
/// Longest input that is made up, in bytes. Limits of the parsers are some tens of thousands.
const INPUT_BYTES_MAX: u32 = 100_000;

/// How long a target is run.
#[derive(Clone, Copy)]
pub(crate) enum Effort {
    /// So many inputs, the same every time.
    Inputs(u32),
    /// So many seconds, from where the last run ended.
    Seconds(u32),
}

/// What a run of a target came to.
pub(crate) struct Ran {
    pub target: String,
    pub inputs: u64,
    /// How many places of the program the inputs have reached.
    pub reached: u64,
}

/// The targets, built; nothing without a C++ compiler, which libFuzzer is compiled with.
pub(crate) struct Fuzzers {
    binaries: PathBuf,
    directory: PathBuf,
    targets: Vec<String>,
}

impl Fuzzers {
    /// Why there are none here, if there are none.
    pub(crate) fn missing() -> Option<&'static str> {
        (!available("c++", "--version")).then_some("fuzz targets: there is no C++ compiler (c++)")
    }

    pub(crate) fn build(target_dir: &Path) -> anyhow::Result<Self> {
        let (directory, host) = (target_dir.join("fuzz"), host()?);
        let mut targets = Vec::new();
        for entry in fs::read_dir(workspace().join("fuzz/fuzz_targets")).context("listing fuzz targets")? {
            let path = entry?.path();
            targets.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
        targets.sort();
        // With a target named, flags are for the target only, and not for what runs while building.
        let mut build =
            cargo(["build", "--bins", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target", &host]);
        build.arg("--target-dir").arg(&directory);
        build.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", COVERAGE);
        steps::run(&mut build)?;
        Ok(Self { binaries: directory.join(host).join("debug"), directory, targets })
    }

    /// Runs every target, as many at once as there are cores.
    pub(crate) fn run(&self, effort: Effort) -> anyhow::Result<Vec<Ran>> {
        let waiting = Mutex::new(self.targets.iter());
        let next = || waiting.lock().map(|mut waiting| waiting.next()).ok().flatten();
        let at_once = thread::available_parallelism().map_or(1, usize::from);
        let mut ran = thread::scope(|scope| -> anyhow::Result<Vec<Ran>> {
            let run_all = || -> anyhow::Result<Vec<Ran>> {
                std::iter::from_fn(next).map(|target| self.run_one(target, effort)).collect()
            };
            let runners: Vec<_> = (0..at_once).map(|_| scope.spawn(run_all)).collect();
            let mut ran = Vec::new();
            for runner in runners {
                ran.extend(
                    runner
                        .join()
                        .map_err(|_| anyhow::anyhow!("a thread that runs fuzz targets panicked"))??,
                );
            }
            Ok(ran)
        })?;
        ran.sort_by(|a, b| a.target.cmp(&b.target));
        Ok(ran)
    }

    fn run_one(&self, target: &str, effort: Effort) -> anyhow::Result<Ran> {
        let place = |kind: &str| self.directory.join(kind).join(target);
        let (corpus, artifacts) = match effort {
            Effort::Inputs(_) => (place("tried"), place("artifacts")),
            Effort::Seconds(_) => (place("corpus"), place("artifacts")),
        };
        if matches!(effort, Effort::Inputs(_)) && corpus.exists() {
            fs::remove_dir_all(&corpus).with_context(|| format!("removing {}", corpus.display()))?;
        }
        for directory in [&corpus, &artifacts] {
            fs::create_dir_all(directory).with_context(|| format!("creating {}", directory.display()))?;
        }
        let log = self.directory.join(format!("{target}.log"));
        let file = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let mut command = Command::new(self.binaries.join(target));
        // What is found goes to the first folder.
        command.arg(&corpus).arg(workspace().join("fuzz/seeds").join(target));
        command.args(match effort {
            Effort::Inputs(inputs) => ["-seed=1".to_owned(), format!("-runs={inputs}")],
            Effort::Seconds(seconds) => ["-reload=0".to_owned(), format!("-max_total_time={seconds}")],
        });
        command.arg(format!("-artifact_prefix={}/", artifacts.display()));
        command.args([
            format!("-rss_limit_mb={MEMORY_MB_MAX}"),
            format!("-timeout={INPUT_SECONDS_MAX}"),
            format!("-max_len={INPUT_BYTES_MAX}"),
            "-print_final_stats=1".to_owned(),
        ]);
        let status = command.stdout(file.try_clone()?).stderr(file).status();
        let status = status.with_context(|| format!("cannot start the fuzz target {target}"))?;
        let told = fs::read(&log).with_context(|| format!("reading {}", log.display()))?;
        let told = String::from_utf8_lossy(&told);
        if !status.success() {
            let lines: Vec<&str> = told.lines().collect();
            say(&format!("{}\n", lines[lines.len().saturating_sub(40)..].join("\n")));
            bail!("the fuzz target {target} ended with {status}; its input is in {}", artifacts.display());
        }
        let after = |mark: &str| {
            let rest = &told[told.rfind(mark)? + mark.len()..];
            rest.split_whitespace().next()?.parse().ok()
        };
        let inputs =
            after("stat::number_of_executed_units:").context("libFuzzer does not say how much it did")?;
        let reached =
            after(" cov: ").with_context(|| format!("{target} was built without coverage counters"))?;
        Ok(Ran { target: target.to_owned(), inputs, reached })
    }
}

/// The triple of this machine.
fn host() -> anyhow::Result<String> {
    let output = Command::new("rustc").arg("-vV").current_dir(workspace()).output().context("rustc -vV")?;
    let told = String::from_utf8_lossy(&output.stdout);
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc -vV names no host")
}

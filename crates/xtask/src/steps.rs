//! Running programs one after the other, with what they say passed on and kept where it is needed.

use anyhow::{Context as _, bail};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

/// Prints to standard error, in order with what the programs print.
pub(crate) fn say(text: &str) {
    // If nobody reads it any more, the exit code still tells.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Runs one step and says how long it took.
pub(crate) fn step(name: &str, action: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    say(&format!("\n==> {name}\n"));
    let start = Instant::now();
    action().with_context(|| format!("step `{name}`"))?;
    say(&format!("<== {name}: {:.1} s\n", start.elapsed().as_secs_f64()));
    Ok(())
}

/// The root of the workspace.
pub(crate) fn workspace() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_owned()
}

/// Where builds, and everything fetched, go.
pub(crate) fn target_dir() -> anyhow::Result<PathBuf> {
    let metadata =
        cargo(["metadata", "--format-version=1", "--no-deps"]).output().context("cargo metadata")?;
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).context("cargo metadata")?;
    metadata["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .context("cargo metadata names no target directory")
}

/// Cargo, in the workspace.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(workspace());
    command
}

/// Runs a program to its end; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs a program and returns what it prints; anything but success is an error, which tells what it
/// complained about.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("{} ended with {}: {}", shown(command), output.status, complaint.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program, passes its standard error on, and returns what stands after `marker` in the lines that start with it.
pub(crate) fn run_and_collect(command: &mut Command, marker: &'static str) -> anyhow::Result<Vec<String>> {
    let told = run_and_collect_all(command, &[marker])?;
    Ok(told.into_iter().map(|(_, text)| text).collect())
}

/// [`run_and_collect`] with several markers; each text with its own.
pub(crate) fn run_and_collect_all(
    command: &mut Command,
    markers: &[&'static str],
) -> anyhow::Result<Vec<(&'static str, String)>> {
    let name = shown(command);
    let mut child = command.stderr(Stdio::piped()).spawn().with_context(|| format!("cannot start {name}"))?;
    let mut collected = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines() {
            let line = line.with_context(|| format!("reading what {name} says"))?;
            say(&format!("{line}\n"));
            let told = markers
                .iter()
                .find_map(|marker| Some((*marker, line.strip_prefix(marker)?.trim().to_owned())));
            collected.extend(told);
        }
    }
    let status = child.wait().with_context(|| format!("waiting for {name}"))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(collected)
}

/// Whether a program can be started.
pub(crate) fn available(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(argument).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
}

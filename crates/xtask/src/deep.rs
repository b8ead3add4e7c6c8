//! `cargo xtask deep`: what takes too long to run before every change.

use crate::{
    clients, conformance,
    fuzz::{Effort, Fuzzers, Ran},
    steps::{self, cargo, run_and_collect_all, say, target_dir},
    test::SKIPPED,
    tools,
};
use anyhow::{Context as _, ensure};

/// What a test writes to standard error when it has a figure to tell.
const FIGURE: &str = "FIGURE:";

/// How many cases every property test tries.
const PROPERTY_CASES: &str = "2000";

/// Runs every fuzz target for so many seconds, and all tests that others leave out.
pub(crate) fn run(seconds: u32) -> anyhow::Result<()> {
    let (mut skipped, mut figures, mut fuzzed) = (Vec::new(), Vec::new(), Vec::new());
    steps::step("fetching the real clients", || {
        clients::fetch(&target_dir()?)?;
        clients::fetch_more(&target_dir()?)
    })?;
    let mut test = |name: &str, command: &mut std::process::Command| {
        steps::step(name, || {
            let told = run_and_collect_all(command, &[SKIPPED, FIGURE])?;
            for (marker, text) in told {
                if marker == SKIPPED { &mut skipped } else { &mut figures }.push(text);
            }
            Ok(())
        })
    };
    let tests = ["test", "--profile", "deep", "--workspace", "--locked"];
    let servers = tools::fetch(&target_dir()?);
    let ignored = ["--lib", "--bins", "--tests", "--no-fail-fast", "--", "--ignored"];
    test("tests that take minutes", cargo(tests).args(ignored).envs(servers.found))?;
    test(
        "property tests, with many cases",
        cargo(tests).args(["--lib", "--test", "essie_syntax"]).env("PROPTEST_CASES", PROPERTY_CASES),
    )?;
    test(
        "orders in which threads meet in the session store",
        cargo([
            "test",
            "--profile",
            "deep",
            "--locked",
            "--package",
            "mcp-sessions",
            "--no-default-features",
        ])
        .args(["--test", "schedules", "--target-dir"])
        .arg(target_dir()?.join("shuttle"))
        .env("RUSTFLAGS", "--cfg shuttle"),
    )?;
    let conformance = conformance::run()?;
    steps::step("one fault at a time in what decides about sessions", || {
        let mutants = tools::cargo_mutants(&target_dir()?)?;
        let mut mutants = std::process::Command::new(mutants);
        mutants.args(["mutants", "--package", "mcp-sessions", "--no-times", "--colors", "never", "--output"]);
        let status = mutants.arg(target_dir()?).current_dir(steps::workspace()).status();
        let status = status.context("cannot start cargo-mutants")?;
        // 2 says that some were missed; 3 that some made a test run for ever, which is noticed, missed or not others.
        ensure!(matches!(status.code(), Some(0 | 2 | 3)), "cargo-mutants ended with {status}");
        let missed = target_dir()?.join("mutants.out/missed.txt");
        let missed = std::fs::read_to_string(missed).context("what cargo-mutants has left")?;
        ensure!(missed.is_empty(), "no test notices:\n{missed}");
        Ok(())
    })?;
    match Fuzzers::missing() {
        Some(why) => skipped.push(why.to_owned()),
        None => {
            let mut fuzzers = None;
            steps::step("building the fuzz targets", || {
                fuzzers = Some(Fuzzers::build(&target_dir()?)?);
                Ok(())
            })?;
            steps::step(&format!("fuzz targets, {seconds} seconds each"), || {
                let ran =
                    fuzzers.as_ref().map(|fuzzers| fuzzers.run(Effort::Seconds(seconds))).transpose()?;
                fuzzed.extend(ran.unwrap_or_default());
                Ok(())
            })?;
        }
    }
    skipped.extend(servers.missing);
    say("\nEverything passed.\n\n");
    figures.iter().chain(&conformance).for_each(|figure| say(&format!("  {figure}\n")));
    for Ran { target, inputs, reached } in &fuzzed {
        say(&format!("  fuzz target {target}: {inputs} inputs, {reached} places reached, no fault\n"));
    }
    skipped.iter().for_each(|reason| say(&format!("  skipped: {reason}\n")));
    Ok(())
}

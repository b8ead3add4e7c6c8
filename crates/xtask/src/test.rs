//! `cargo xtask test`: what must pass before a change lands.

use crate::{
    clients,
    fuzz::{Effort, Fuzzers},
    steps::{self, available, cargo, run_and_collect, say, step, target_dir},
    tools::{self, Tools},
};

/// What a test writes to standard error when it cannot run here.
pub(crate) const SKIPPED: &str = "SKIPPED:";

/// How many inputs every fuzz target is given.
const FUZZ_INPUTS: u32 = 20_000;

fn check() -> anyhow::Result<Vec<String>> {
    let target = target_dir()?;
    let mut skipped = Vec::new();
    step("format", || {
        steps::run(&mut cargo(["fmt", "--all", "--check"]))?;
        steps::run(&mut cargo(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
    })?;
    step("clippy", || {
        steps::run(&mut cargo(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
    })?;
    step("docs", || {
        let mut doc = cargo(["doc", "--workspace", "--no-deps", "--locked", "--document-private-items"]);
        steps::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    step("licences, sources and duplicates of dependencies", || {
        if available("cargo-deny", "--version") {
            return steps::run(&mut cargo(["deny", "check", "bans", "licenses", "sources"]));
        }
        skipped.push("cargo deny: cargo-deny is not installed (cargo install cargo-deny)".to_owned());
        Ok(())
    })?;
    step("fetching the real clients", || clients::fetch(&target))?;
    let mut servers = Tools::default();
    step("fetching the servers that tests start", || {
        servers = tools::fetch(&target);
        Ok(())
    })?;
    skipped.append(&mut servers.missing);
    step("unit, property, documentation and end-to-end tests", || {
        let mut test = cargo(["test", "--workspace", "--locked"]);
        skipped.extend(run_and_collect(test.envs(servers.found), SKIPPED)?);
        Ok(())
    })?;
    step("fuzz targets, built and tried", || {
        if let Some(why) = Fuzzers::missing() {
            skipped.push(why.to_owned());
            return Ok(());
        }
        Fuzzers::build(&target)?.run(Effort::Inputs(FUZZ_INPUTS)).map(drop)
    })?;
    Ok(skipped)
}

/// Runs every check and says what was skipped.
pub(crate) fn run() -> anyhow::Result<()> {
    let skipped = check()?;
    say("\nEverything passed.\n");
    if skipped.is_empty() {
        say("Nothing was skipped.\n");
    } else {
        say(&format!("Skipped here ({}):\n", skipped.len()));
        skipped.iter().for_each(|reason| say(&format!("  {reason}\n")));
    }
    Ok(())
}

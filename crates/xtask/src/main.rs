//! `cargo xtask …`: what a developer and CI run, set up by itself on a fresh machine.

mod bench;
mod clients;
mod conformance;
mod deep;
mod fuzz;
mod load;
mod steps;
mod test;
mod tools;

use std::{path::Path, process::ExitCode};

const HELP: &str = "\
cargo xtask test     everything CI checks: format, lints, docs, all tests, real MCP clients
cargo xtask deep [SECONDS]
                     what takes longer: tests that are ignored otherwise (more real clients, and all
                     the tasks of agents), the conformance suite, property tests with many cases, every
                     fuzz target for so many seconds (120)
cargo xtask conformance
                     the official conformance suite, in both its versions, against the HTTP stack with the suite's
                     fixtures on it, and against the program
cargo xtask bench [STUDIES]
                     builds a release and measures it over the study records in the file STUDIES
                     (default: the real ones beside the checkout, else made-up ones)
cargo xtask bench registry [--studies N]
                     measures the mirror over N made-up studies (default 50000; 600000 is the registry's size and
                     takes twenty minutes and 8 GB under target/), beside SQLite up to 50000
cargo xtask bench tools [--studies N]
                     measures every tool over HTTP with tokens and sessions, over as many (600000), which it makes and
                     imports first unless `bench registry` has left them
cargo xtask bench sessions
                     measures sessions, a million of them in one process and ten thousand over HTTP, in memory, in a
                     file and on Redis: ten minutes
cargo xtask tools    fetches the servers that tests start, as `test` and `deep` do

The clients and servers that tests need are fetched into target/; nothing is installed system-wide.
";

fn number_of(studies: &str) -> anyhow::Result<u32> {
    studies.parse().map_err(|_| anyhow::anyhow!("`{studies}` is no number of studies"))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => test::run(),
        ["deep"] => deep::run(120),
        ["deep", seconds] => seconds.parse().map_err(anyhow::Error::from).and_then(deep::run),
        ["conformance"] => conformance::run().map(drop),
        ["tools"] => tools::run(),
        ["bench"] => bench::run_program(None),
        ["bench", "registry"] => bench::run_registry(bench::REGISTRY_STUDIES),
        ["bench", "registry", "--studies", studies] => number_of(studies).and_then(bench::run_registry),
        ["bench", "tools"] => bench::run_tools(bench::TOOLS_STUDIES),
        ["bench", "tools", "--studies", studies] => number_of(studies).and_then(bench::run_tools),
        ["bench", "sessions"] => bench::run_sessions(),
        ["bench", studies] => bench::run_program(Some(Path::new(studies))),
        _ => {
            steps::say(HELP);
            return ExitCode::from(64);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            steps::say(&format!("\nFAILED: {error:#}\n"));
            ExitCode::FAILURE
        }
    }
}

//! `cargo xtask …`: what a developer and CI run, set up by itself on a fresh machine.

mod bench;
mod clients;
mod load;
mod steps;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask test     everything CI checks: format, lints, docs, all tests, real MCP clients
cargo xtask bench    builds a release and measures it; the figures of docs/benchmarks.md

Both fetch the clients they need into target/; nothing is installed system-wide.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => test::run(),
        ["bench"] => bench::run_program(),
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

//! `cargo xtask conformance`: what the official conformance suite says.
//!
//! ```text
//! whole suites ─────────────────────▶ conformance_server: their fixtures, on the HTTP stack of the program
//! scenarios that need no fixture ───▶ clinicaltrials-mcp serve --source sample
//! ```
//!
//! What may fail stands beside the example, with reasons, in files of the suite's own form, by which it judges. It
//! passes over checks that it skips and entries that nothing comes of; this does not: what is listed has to be seen
//! to fail or to be skipped, and nothing else may.

use crate::{
    bench::process::Server,
    clients,
    steps::{self, cargo, say, step, target_dir, workspace},
};
use anyhow::{Context as _, ensure};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The suite's released version, which ends with 2025-11-25.
const RELEASED: &str = "0.1.16";
/// The one that knows 2026-07-28.
const NEXT: &str = "0.2.0-alpha.12";

/// What is run at once: a version of the suite against a server.
struct Batch {
    against: Against,
    suite: &'static str,
    revision: &'static str,
    /// Everything it has for the revision if there are none.
    scenarios: &'static [&'static str],
    /// The file that says what fails.
    expected: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq)]
enum Against {
    Fixtures,
    Program,
}

const BATCHES: [Batch; 7] = [
    fixtures(NEXT, "2026-07-28", None),
    fixtures(NEXT, "2025-11-25", Some("expected-2025-11-25.yaml")),
    fixtures(RELEASED, "2025-11-25", Some("expected-2025-11-25.yaml")),
    program(
        NEXT,
        "2026-07-28",
        Some("expected-of-the-program.yaml"),
        &[
            "caching",
            "dns-rebinding-protection",
            "http-custom-header-server-validation",
            "http-header-validation",
            "input-required-result-unsupported-methods",
            "prompts-list",
            "resources-list",
            "sep-2164-resource-not-found",
            "server-sse-multiple-streams",
            "server-stateless",
            "tools-list",
        ],
    ),
    program(
        NEXT,
        "2025-11-25",
        None,
        &[
            "dns-rebinding-protection",
            "ping",
            "prompts-list",
            "resources-list",
            "server-initialize",
            "server-session-lifecycle",
            "server-sse-multiple-streams",
            "server-sse-polling",
            "tools-list",
        ],
    ),
    program(
        NEXT,
        "2025-06-18",
        None,
        &[
            "ping",
            "prompts-list",
            "resources-list",
            "server-initialize",
            "server-session-lifecycle",
            "tools-list",
        ],
    ),
    program(
        RELEASED,
        "2025-11-25",
        None,
        &[
            "dns-rebinding-protection",
            "ping",
            "prompts-list",
            "resources-list",
            "server-initialize",
            "server-sse-multiple-streams",
            "server-sse-polling",
            "tools-list",
        ],
    ),
];

const fn fixtures(suite: &'static str, revision: &'static str, expected: Option<&'static str>) -> Batch {
    Batch { against: Against::Fixtures, suite, revision, scenarios: &[], expected }
}

const fn program(
    suite: &'static str,
    revision: &'static str,
    expected: Option<&'static str>,
    scenarios: &'static [&'static str],
) -> Batch {
    Batch { against: Against::Program, suite, revision, scenarios, expected }
}

/// Runs every batch; returns a line about each if all is as expected.
pub(crate) fn run() -> anyhow::Result<Vec<String>> {
    let target = target_dir()?;
    let mut suites = BTreeMap::new();
    step("fetching the conformance suite", || {
        for version in [RELEASED, NEXT] {
            suites.insert(version, clients::fetch_conformance(&target, version)?);
        }
        Ok(())
    })?;
    step("building what it is run against", || {
        steps::run(&mut cargo([
            "build",
            "--locked",
            "--package=clinicaltrials-mcp",
            "--bin=clinicaltrials-mcp",
            "--example=conformance_server",
        ]))
    })?;
    let mut lines = Vec::new();
    let mut wrong = Vec::new();
    step("the conformance suite", || {
        let folder = target.join("conformance");
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let log = |name: &str| fs::File::create(folder.join(name)).with_context(|| format!("writing {name}"));
        let mut program = Command::new(target.join("debug/clinicaltrials-mcp"));
        program
            .args(["serve", "--listen", "127.0.0.1:0", "--source", "sample", "--auth", "none"])
            .args(["--sessions", "memory", "--data-dir"])
            .arg(folder.join("data"))
            .stderr(log("program.log")?);
        let program = Server::spawn(&mut program)?;
        let mut fixtures = Command::new(target.join("debug/examples/conformance_server"));
        let fixtures =
            Server::spawn(fixtures.args(["--listen", "127.0.0.1:0"]).stderr(log("fixtures.log")?))?;
        for batch in &BATCHES {
            let server = if batch.against == Against::Fixtures { &fixtures } else { &program };
            let results = folder.join(batch.name().replace(", ", "-"));
            let tally =
                batch.run(&suites[batch.suite], &format!("http://{}/mcp", server.address), &results)?;
            let line = format!("conformance {}: {}", batch.name(), tally.line());
            say(&format!("{line}\n"));
            wrong.extend(tally.wrong.iter().map(|what| format!("{}: {what}", batch.name())));
            lines.push(line);
        }
        ensure!(wrong.is_empty(), "not as expected:\n  {}", wrong.join("\n  "));
        Ok(())
    })?;
    Ok(lines)
}

impl Batch {
    fn name(&self) -> String {
        let against = if self.against == Against::Fixtures { "fixtures" } else { "program" };
        format!("{}, {}, {against}", self.suite, self.revision)
    }

    /// Runs it with Node and the suite's script, and leaves the suite's results in an emptied folder.
    fn run(&self, [node, script]: &[PathBuf; 2], url: &str, results: &Path) -> anyhow::Result<Tally> {
        let folder = workspace().join("crates/clinicaltrials-mcp/examples/conformance_server");
        let file = self.expected.map(|name| folder.join(name));
        let expected = match &file {
            Some(file) => read_expected(&fs::read_to_string(file).context("what is expected to fail")?)?,
            None => Vec::new(),
        };
        if results.exists() {
            fs::remove_dir_all(results).with_context(|| format!("emptying {}", results.display()))?;
        }
        let one = self.scenarios.iter().map(|scenario| ["--scenario", *scenario]);
        let all = self.scenarios.is_empty().then_some(["--suite", "all"]);
        let mut complaints = String::new();
        for what in one.chain(all) {
            let mut suite = Command::new(node);
            suite.arg(script).args(["server", "--url", url, "--spec-version", self.revision]).args(what);
            suite.arg("-o").arg(results);
            if let Some(file) = &file {
                suite.arg("--expected-failures").arg(file);
            }
            let output = suite.output().context("starting the suite")?;
            if !output.status.success() {
                complaints += &String::from_utf8_lossy(&output.stdout);
                complaints += &String::from_utf8_lossy(&output.stderr);
            }
        }
        let tally = Tally::of(results, self.scenarios, &expected).with_context(|| complaints.clone())?;
        ensure!(complaints.is_empty() || !tally.wrong.is_empty(), "the suite alone complains: {complaints}");
        Ok(tally)
    }
}

/// The entries of a file of expected failures: `scenario`, all of whose checks may fail, or `scenario:check`.
fn read_expected(text: &str) -> anyhow::Result<Vec<String>> {
    let entries = text.lines().filter_map(|line| line.trim().strip_prefix("- "));
    entries
        .map(|entry| {
            let (entry, _) = entry.split_once(" # ").with_context(|| format!("no reason: {entry}"))?;
            Ok(entry.trim().to_owned())
        })
        .collect()
}

/// What a batch came to.
#[derive(Debug, Default)]
struct Tally {
    scenarios: usize,
    passed: usize,
    expected: usize,
    /// Scenarios in which nothing was checked, as what they are about is optional.
    idle: Vec<String>,
    /// What failed and is not listed, and what is listed and did not.
    wrong: Vec<String>,
}

impl Tally {
    /// Reads what the suite left: a folder for each scenario, `server-NAME-TIME`, with its checks.
    fn of(results: &Path, asked: &[&str], expected: &[String]) -> anyhow::Result<Self> {
        const TIME_CHARS: usize = "-2026-11-27T17-47-46-988Z".len();
        let (mut tally, mut seen) = (Self::default(), BTreeSet::new());
        let mut missing: BTreeSet<&str> = asked.iter().copied().collect();
        let mut folders: Vec<PathBuf> = Vec::new();
        for folder in fs::read_dir(results).with_context(|| format!("reading {}", results.display()))? {
            folders.push(folder?.path());
        }
        folders.sort();
        for folder in folders {
            let name =
                folder.file_name().and_then(|name| name.to_str()).context("a folder without a name")?;
            let scenario = name
                .strip_prefix("server-")
                .and_then(|name| name.get(..name.len().checked_sub(TIME_CHARS)?))
                .with_context(|| format!("{name} is no folder of a scenario"))?;
            let checks = fs::read(folder.join("checks.json")).with_context(|| format!("checks of {name}"))?;
            let checks: Vec<serde_json::Value> = serde_json::from_slice(&checks).context("checks.json")?;
            ensure!(!checks.is_empty(), "{scenario}: nothing was run");
            missing.remove(scenario);
            tally.add(scenario, &checks, expected, &mut seen);
        }
        let told = |what: &str, why| format!("{what}: {why}");
        tally.wrong.extend(missing.iter().map(|scenario| told(scenario, "was not run")));
        let stale = expected.iter().filter(|entry| !seen.contains(entry.as_str()));
        tally.wrong.extend(stale.map(|entry| told(entry, "is listed, and does not fail")));
        Ok(tally)
    }

    fn add<'a>(
        &mut self,
        scenario: &str,
        checks: &[serde_json::Value],
        expected: &'a [String],
        seen: &mut BTreeSet<&'a str>,
    ) {
        let before = self.passed + self.expected + self.wrong.len();
        for check in checks {
            let text = |field: &str| check[field].as_str().unwrap_or_default();
            let name = format!("{scenario}:{}", text("id"));
            match text("status") {
                "INFO" => {}
                "SUCCESS" => self.passed += 1,
                status => match expected.iter().find(|entry| **entry == scenario || **entry == name) {
                    Some(entry) => {
                        self.expected += 1;
                        seen.insert(entry);
                    }
                    None => self.wrong.push(format!("{name}: {status} {}", text("errorMessage"))),
                },
            }
        }
        self.scenarios += 1;
        if self.passed + self.expected + self.wrong.len() == before {
            self.idle.push(scenario.to_owned());
        }
    }

    fn line(&self) -> String {
        let mut line = format!("{} scenarios, {} checks passed", self.scenarios, self.passed);
        if self.expected > 0 {
            line += &format!(", {} failed or skipped as expected", self.expected);
        }
        if !self.wrong.is_empty() {
            line += &format!(", {} not as expected", self.wrong.len());
        }
        if !self.idle.is_empty() {
            line += &format!(" (nothing to check: {})", self.idle.join(", "));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_expected_is_exact() {
        let check = |id: &str, status: &str| json!({"id": id, "status": status, "errorMessage": "why"});
        let checks = [
            check("a", "SUCCESS"),
            check("b", "FAILURE"),
            check("c", "WARNING"),
            check("d", "SKIPPED"),
            check("e", "INFO"),
        ];
        let expected = ["s:b", "s:d", "t", "u"].map(ToOwned::to_owned);
        let (mut tally, mut seen) = (Tally::default(), BTreeSet::new());
        tally.add("s", &checks, &expected, &mut seen);
        tally.add("t", &checks[1..], &expected, &mut seen);
        tally.add("idle", &checks[4..], &expected, &mut seen);
        assert_eq!(
            (tally.scenarios, tally.passed, tally.expected, tally.idle),
            (3, 1, 5, vec!["idle".to_owned()])
        );
        assert_eq!(tally.wrong, ["s:c: WARNING why"]);
        assert_eq!(seen, BTreeSet::from(["s:b", "s:d", "t"]));
    }

    #[test]
    fn an_expected_failure_needs_a_reason() {
        let text = "# Why this file is there.\nserver:\n  - a:b # it cannot\n  - c  # nor this\n";
        assert_eq!(read_expected(text).unwrap(), ["a:b", "c"]);
        assert!(read_expected("server:\n  - a:b\n").is_err());
    }
}

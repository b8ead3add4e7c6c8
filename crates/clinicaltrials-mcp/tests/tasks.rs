//! Questions that agents are asked, as scripts of tool calls over the real studies: do the answers have the facts?
//!
//! The scripts are in `tests/tasks`, whose `README.md` says how to read and add to them. Real clients perform them. What
//! an answer must say is worked out from the records by `tests/tasks/derive.py`, and is looked for in what is sent as a
//! value and in what is sent as text: clients show their model the one or the other.

use crate::{
    clients::{client, script},
    live::serve_live,
    support::{
        LEGACY, MODERN, Program, skipped, token,
        toolbox::{leaves, plain, real_studies},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    tasks: Vec<Task>,
}

/// A question, the calls that answer it, and what the answers must say.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Task {
    name: String,
    question: String,
    /// Performed before every change, not only by `cargo xtask deep`.
    #[serde(default)]
    quick: bool,
    calls: Vec<Call>,
    facts: Vec<Fact>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Call {
    r#as: String,
    tool: String,
    arguments: Map<String, Value>,
    /// What the answer says instead when ClinicalTrials.gov itself is asked, which cannot do this.
    live: Option<String>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Fact {
    /// The answer it is in, or several.
    call: Value,
    at: String,
    /// Whether it is about how many values there are.
    #[serde(default)]
    counted: bool,
    is: Option<Value>,
    has: Option<Vec<Value>>,
    has_not: Option<Vec<Value>>,
    only: Option<Vec<Value>>,
    at_least: Option<f64>,
    says: Option<String>,
    /// What `derive.py` worked it out from.
    from: Option<String>,
    /// Why it is no fact when ClinicalTrials.gov itself is asked.
    mirror_only: Option<String>,
}

/// An answer as a client saw it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    is_error: bool,
    text: String,
    structured: Value,
}

type Answers = BTreeMap<String, Answer>;

/// Every file of tasks.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tasks");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

fn tasks() -> Vec<Task> {
    let read = |path: &PathBuf| {
        let file: Result<File, _> = serde_json::from_str(&fs::read_to_string(path).unwrap());
        file.unwrap_or_else(|error| panic!("{}: {error}", path.display())).tasks
    };
    files().iter().flat_map(read).collect()
}

/// The values at a place in an answer: a JSON pointer in which `*` stands for every element and `[key=value,…]` for those
/// that have these values.
fn at<'a>(answer: &'a Value, place: &str) -> Vec<&'a Value> {
    place.split('/').skip(1).fold(vec![answer], |within, step| {
        let below = within.into_iter().flat_map(|value| match (value, step) {
            (Value::Array(elements), "*") => elements.iter().collect::<Vec<_>>(),
            (Value::Array(elements), step) if step.starts_with('[') => {
                elements.iter().filter(|element| fits(element, step)).collect()
            }
            (value, step) => value.pointer(&format!("/{step}")).into_iter().collect(),
        });
        below.collect()
    })
}

fn fits(element: &Value, selector: &str) -> bool {
    selector.trim_matches(['[', ']']).split(',').all(|pair| {
        let (key, wanted) = pair.split_once('=').unwrap();
        match &element[key] {
            Value::String(text) => text == wanted,
            other => wanted.parse::<Value>().is_ok_and(|wanted| wanted == *other),
        }
    })
}

/// Whether a text says a value: between other letters and digits it is another one.
fn is_said(text: &str, value: &str) -> bool {
    let value = plain(value);
    text.match_indices(&value).any(|(start, _)| {
        let is_apart = |next: Option<char>| next.is_none_or(|next| !next.is_alphanumeric());
        is_apart(text[..start].chars().next_back()) && is_apart(text[start + value.len()..].chars().next())
    })
}

impl Fact {
    fn calls(&self) -> Vec<&str> {
        match &self.call {
            Value::Array(calls) => calls.iter().map(|call| call.as_str().unwrap()).collect(),
            call => vec![call.as_str().unwrap()],
        }
    }

    /// What is wrong with the answers, if anything is.
    fn fault(&self, answers: &Answers) -> Option<String> {
        let mut found = Vec::new();
        let mut texts = String::new();
        for call in self.calls() {
            let Some(answer) = answers.get(call) else { return Some(format!("`{call}` was not asked")) };
            if answer.is_error {
                return Some(format!("`{call}` was refused: {}", answer.text));
            }
            found.extend(at(&answer.structured, &self.at).into_iter().cloned());
            texts.push_str(&plain(&answer.text));
            texts.push(' ');
        }
        if self.counted {
            found = vec![found.len().into()];
        }
        let wrong = |wanted: &dyn std::fmt::Display| {
            let found = Value::from(found.clone()).to_string();
            Some(format!("{wanted}, but there is {}", found.chars().take(600).collect::<String>()))
        };
        // What the text must say, too.
        let mut said = Vec::new();
        if let Some(is) = &self.is {
            let is_list = self.at.contains('*') && !self.counted;
            if if is_list { Value::from(found.clone()) != *is } else { found != [is.clone()] } {
                return wrong(&format!("is {is}"));
            }
            if !self.counted {
                leaves(is, &mut said);
            }
        }
        if let Some(has) = &self.has {
            if let Some(missing) = has.iter().find(|value| !found.contains(value)) {
                return wrong(&format!("has {missing}"));
            }
            has.iter().for_each(|value| leaves(value, &mut said));
        }
        if let Some(value) = self.has_not.iter().flatten().find(|value| found.contains(value)) {
            return wrong(&format!("has not {value}"));
        }
        if let Some(only) = &self.only
            && (found.is_empty() || found.iter().any(|value| !only.contains(value)))
        {
            return wrong(&format!("only {only:?}"));
        }
        if let Some(least) = self.at_least {
            if found.is_empty() || found.iter().any(|value| value.as_f64().is_none_or(|it| it < least)) {
                return wrong(&format!("at least {least}"));
            }
            found.iter().for_each(|value| leaves(value, &mut said));
        }
        if let Some(says) = &self.says {
            if !found.iter().any(|value| value.as_str().is_some_and(|text| text.contains(says.as_str()))) {
                return wrong(&format!("says {says}"));
            }
            if !texts.contains(&plain(says)) {
                return Some(format!("the text does not say {says}"));
            }
        }
        let unsaid = said.into_iter().find(|value| !is_said(&texts, value));
        unsaid.map(|value| format!("the text does not say {value}"))
    }
}

/// Holds what a client saw against what the tasks say, all of them, and names every fault.
fn check(tasks: &[Task], mut seen: Value, is_live: bool, who: &str) {
    let performed: BTreeMap<String, Answers> = serde_json::from_value(seen["tasks"].take()).unwrap();
    let mut faults = Vec::new();
    for task in tasks {
        let answers = &performed[&task.name];
        let mut fault = |fault: String| faults.push(format!("{}: {}: {fault}", task.name, task.question));
        let refused: BTreeMap<&str, &str> = task
            .calls
            .iter()
            .filter(|_| is_live)
            .filter_map(|call| Some((call.r#as.as_str(), call.live.as_deref()?)))
            .collect();
        for (call, why) in &refused {
            let answer = &answers[*call];
            if !answer.is_error || !answer.text.contains(why) {
                fault(format!("`{call}` should say `{why}`, and says {}", answer.text));
            }
        }
        for fact in &task.facts {
            let is_void = is_live && fact.mirror_only.is_some()
                || fact.calls().iter().any(|call| refused.contains_key(call));
            if let Some(wrong) = fact.fault(answers).filter(|_| !is_void) {
                fault(format!("{} {}: {wrong}", fact.call, fact.at));
            }
        }
    }
    assert!(faults.is_empty(), "{who}:\n{}", faults.join("\n"));
}

/// Which client, and what it is told to speak.
#[derive(Clone, Copy)]
enum Sdk {
    Python,
    TypeScript1,
    TypeScript2,
}

impl Sdk {
    /// The command that performs a file of tasks in an era, if the client is here.
    fn command(self, era: &str, tasks: &Path) -> Option<Command> {
        let mode = if era == LEGACY { "legacy" } else { era };
        let mut command = match self {
            Self::Python => {
                let mut python = Command::new(client("python/bin/python")?);
                python.arg(script("task_client.py"));
                python
            }
            Self::TypeScript1 | Self::TypeScript2 => {
                let folder = match self {
                    Self::TypeScript1 => "typescript/node_modules",
                    _ => "typescript2/node_modules",
                };
                let modules = client(folder)?;
                let mut node = Command::new("node");
                node.arg(script("task_client.mjs")).arg(modules);
                node
            }
        };
        command.arg(mode).arg(tasks);
        Some(command)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Python => "the Python SDK",
            Self::TypeScript1 => "the TypeScript SDK 1",
            Self::TypeScript2 => "the TypeScript SDK 2",
        }
    }
}

/// Performs tasks and returns what the client saw.
fn perform(sdk: Sdk, era: &str, tasks: &[Task], way: impl FnOnce(&mut Command)) -> Option<Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tasks.json");
    fs::write(&file, serde_json::to_vec(tasks).unwrap()).unwrap();
    let mut command = sdk.command(era, &file)?;
    way(&mut command);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} in {era}: {told}", sdk.name());
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen["protocol"], era, "{}", sdk.name());
    Some(seen)
}

fn over_http(program: &Program) -> impl FnOnce(&mut Command) {
    let (url, token) = (program.url.clone(), token(&json!({"sub": "ana", "client_id": "tasks"})));
    move |command| {
        command.args(["http", &url, &token]);
    }
}

fn over_stdio(mirror: &Path) -> impl FnOnce(&mut Command) {
    let mirror = mirror.to_owned();
    move |command| {
        command.args(["stdio", env!("CARGO_BIN_EXE_clinicaltrials-mcp"), "stdio"]);
        command.args(["--log-level", "error", "--data-dir"]).arg(mirror);
    }
}

/// Performs tasks over HTTP, with tokens, and over stdio, each in its eras.
fn perform_all(sdk: Sdk, tasks: &[Task], http: &[&str], stdio: &[&str]) {
    let Some((_, mirror)) = real_studies() else { return };
    let program = Program::jwt(mirror, &["--sessions", "memory"]);
    for era in http {
        let Some(seen) = perform(sdk, era, tasks, over_http(&program)) else { return };
        check(tasks, seen, false, &format!("{} over HTTP in {era}", sdk.name()));
    }
    for era in stdio {
        let Some(seen) = perform(sdk, era, tasks, over_stdio(mirror)) else { return };
        check(tasks, seen, false, &format!("{} over stdio in {era}", sdk.name()));
    }
}

#[test]
fn the_tasks_are_forty_one_of_which_ten_are_quick_and_every_fact_says_something() {
    let tasks = tasks();
    assert_eq!((tasks.len(), tasks.iter().filter(|task| task.quick).count()), (41, 10));
    let names: std::collections::BTreeSet<&str> = tasks.iter().map(|task| task.name.as_str()).collect();
    assert_eq!(names.len(), tasks.len(), "two tasks have one name");
    for task in &tasks {
        let calls: Vec<&str> = task.calls.iter().map(|call| call.r#as.as_str()).collect();
        assert!(!task.facts.is_empty() && task.question.len() > 20, "{}", task.name);
        for fact in &task.facts {
            assert!(fact.calls().iter().all(|call| calls.contains(call)), "{}: {}", task.name, fact.call);
            let kinds = [
                fact.is.is_some(),
                fact.has.as_ref().is_some_and(|has| !has.is_empty()),
                fact.has_not.is_some(),
                fact.only.is_some(),
                fact.at_least.is_some(),
                fact.says.is_some(),
            ];
            assert_eq!(kinds.into_iter().filter(|kind| *kind).count(), 1, "{}: {}", task.name, fact.at);
        }
    }
}

#[test]
fn what_answers_must_say_follows_from_the_records() {
    let Some((file, _)) = real_studies() else { return };
    let derive = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tasks/derive.py");
    let Ok(output) = Command::new("python3").arg(derive).arg(file).args(files()).output() else {
        skipped("there is no python3 to work out what answers of tasks must say");
        return;
    };
    let told = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&told));
}

#[test]
fn ten_tasks_through_the_python_sdk() {
    let tasks: Vec<Task> = tasks().into_iter().filter(|task| task.quick).collect();
    perform_all(Sdk::Python, &tasks, &[MODERN], &[LEGACY]);
}

#[test]
#[ignore = "all tasks in four ways: `cargo xtask deep`"]
fn all_tasks_through_the_python_sdk() {
    perform_all(Sdk::Python, &tasks(), &[LEGACY, MODERN], &[LEGACY, MODERN]);
}

#[test]
#[ignore = "all tasks in two ways: `cargo xtask deep`"]
fn all_tasks_through_the_typescript_sdk_1() {
    perform_all(Sdk::TypeScript1, &tasks(), &[LEGACY], &[LEGACY]);
}

#[test]
#[ignore = "all tasks in four ways: `cargo xtask deep`"]
fn all_tasks_through_the_typescript_sdk_2() {
    perform_all(Sdk::TypeScript2, &tasks(), &[LEGACY, MODERN], &[LEGACY, MODERN]);
}

/// Live: the same facts, whatever the order, and where the service cannot tell, an answer that says so.
#[test]
#[ignore = "all tasks against a server that asks another: `cargo xtask deep`"]
fn all_tasks_live_have_the_facts_of_the_mirror_behind() {
    let Some((_, mirrored)) = real_studies() else { return };
    let slow = [("CLINICALTRIALS_API_QUERY_TIMEOUT_MS", "30000")];
    let mirror = Program::serve(mirrored, &["--sessions", "memory"], &slow);
    let folder = tempfile::tempdir().unwrap();
    let live = serve_live(
        folder.path(),
        &["--source", "live", "--sessions", "memory"],
        &mirror.url.replace("/mcp", "/api/v2"),
    );
    let tasks = tasks();
    let Some(seen) = perform(Sdk::Python, MODERN, &tasks, over_http(&live)) else { return };
    check(&tasks, seen, true, "live");
}

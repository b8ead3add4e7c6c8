//! `cargo xtask bench`: the whole program, measured from outside as its users meet it.

use super::{
    process::resident_kib,
    session_server::{CONNECTIONS, Figures, INITIALIZE, SessionServer, token},
};
use crate::{
    load::{Connection, post},
    steps::{cargo, run, say, step, target_dir, workspace},
};
use anyhow::{Context as _, ensure};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const SESSIONS: usize = 10_000;
const SESSIONS_PER_IDENTITY: usize = 100;
const COLD_STARTS: usize = 21;

pub(crate) fn run_program(studies: Option<&Path>) -> anyhow::Result<()> {
    step("release build", || {
        run(&mut cargo(["build", "--release", "--locked", "--package", "clinicaltrials-mcp"]))
    })?;
    let target = target_dir()?;
    let program = target.join("release/clinicaltrials-mcp");
    let data_dir = target.join("bench-data");
    let studies = prepare_data(&program, &data_dir, studies)?;
    let mut report = format!("| what | figure |\n|---|---|\n| studies in the mirror | {studies} |\n");
    step("cold start over stdio", || {
        report += &cold_start(&program, &data_dir)?;
        Ok(())
    })?;
    step("HTTP with jwt", || {
        report += &http(&program, &data_dir)?;
        Ok(())
    })?;
    say(&format!("\n{report}"));
    Ok(())
}

/// Imports the studies to measure with, and says what they are.
pub(crate) fn prepare_data(
    program: &Path,
    data_dir: &Path,
    studies: Option<&Path>,
) -> anyhow::Result<String> {
    if data_dir.exists() {
        fs::remove_dir_all(data_dir).context("emptying the data directory")?;
    }
    fs::create_dir_all(data_dir).context("making the data directory")?;
    let beside = workspace().join("../shared/data/studies.ndjson.gz");
    let made_up = data_dir.with_extension("ndjson");
    let file = match studies {
        Some(studies) => studies.to_owned(),
        None if beside.exists() => beside,
        None => {
            let lines: String = ctgov_sample::Sample::default().iter().map(|study| study + "\n").collect();
            fs::write(&made_up, lines).context("writing made-up studies")?;
            made_up
        }
    };
    let start = Instant::now();
    step("import", || run(Command::new(program).arg("import").arg(&file).arg("--data-dir").arg(data_dir)))?;
    let seconds = start.elapsed().as_secs_f64();
    let status = Command::new(program).args(["status", "--json", "--data-dir"]).arg(data_dir).output();
    let status: serde_json::Value =
        serde_json::from_slice(&status.context("status")?.stdout).context("status")?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("{} of `{name}`, imported in {seconds:.1} s", status["studies"]))
}

/// Time from starting the process to the first line of its answer to `initialize`.
fn cold_start(program: &Path, data_dir: &Path) -> anyhow::Result<String> {
    let mut times_ms = Vec::new();
    let mut resident = 0;
    for _ in 0..COLD_STARTS {
        let start = Instant::now();
        let mut child = Command::new(program)
            .args(["stdio", "--source", "mirror", "--log-level", "error", "--data-dir"])
            .arg(data_dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the server")?;
        let mut stdin = child.stdin.take().context("stdin")?;
        writeln!(stdin, "{INITIALIZE}").context("sending initialize")?;
        let mut answer = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut answer).context("reading")?;
        times_ms.push(start.elapsed().as_secs_f64() * 1_000.0);
        ensure!(answer.contains("\"result\""), "initialize was answered with {answer}");
        resident = resident_kib(child.id())?;
        drop(stdin);
        child.wait().context("waiting for the server")?;
    }
    times_ms.sort_by(f64::total_cmp);
    Ok(format!(
        "| cold start to the answered `initialize`, stdio | median {:.1} ms, min {:.1}, max {:.1} ({COLD_STARTS} starts) |\n\
         | resident memory then | {:.1} MiB |\n",
        times_ms[COLD_STARTS / 2],
        times_ms[0],
        times_ms[COLD_STARTS - 1],
        resident as f64 / 1_024.0
    ))
}

fn http(program: &Path, data_dir: &Path) -> anyhow::Result<String> {
    let server = SessionServer::start(program, "mirror", data_dir, "memory")?;
    let mut report = String::new();
    thread::sleep(Duration::from_secs(2));
    report += &format!(
        "| idle, serving HTTP | {:.1} MiB resident |\n",
        resident_kib(server.pid())? as f64 / 1_024.0
    );
    let token = token(0)?;
    let session = server.open_session(&token)?;
    let list = |connection, number| {
        let body = format!(r#"{{"jsonrpc":"2.0","id":"{connection}-{number}","method":"tools/list"}}"#);
        post(server.address, &token, Some(&session), &body)
    };
    report += &row("`tools/list`", &server.measure(list)?);
    let mut one = Connection::open(server.address)?;
    let study = any_study(&server, &mut one, &token, &session)?;
    let record = |connection, number| {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":"{connection}-{number}","method":"tools/call","params":{{"name":"clinicaltrials_get_study_record","arguments":{{"nctId":"{study}"}}}}}}"#
        );
        post(server.address, &token, Some(&session), &body)
    };
    let size = one.send(&record(99, 99))?.body.len();
    let what = format!("`get_study_record`, an answer of {} KB", size / 1_000);
    report += &row(&what, &server.measure(record)?);
    drop(server);
    report += &full_house(program, data_dir)?;
    Ok(report)
}

/// As many sessions as a server takes, in a fresh one.
fn full_house(program: &Path, data_dir: &Path) -> anyhow::Result<String> {
    let server = SessionServer::start(program, "mirror", data_dir, "memory")?;
    let mut connection = Connection::open(server.address)?;
    let start = Instant::now();
    for number in 0..SESSIONS / SESSIONS_PER_IDENTITY {
        let token = token(number)?;
        for _ in 0..SESSIONS_PER_IDENTITY {
            server.open_session_on(&mut connection, &token)?;
        }
    }
    let per_second = SESSIONS as f64 / start.elapsed().as_secs_f64();
    let resident = resident_kib(server.pid())? as f64 / 1_024.0;
    Ok(format!(
        "| {SESSIONS} sessions open | {resident:.1} MiB resident; opened at {per_second:.0}/s on one connection |\n"
    ))
}

/// The study with the lowest number.
fn any_study(
    server: &SessionServer,
    connection: &mut Connection,
    token: &str,
    session: &str,
) -> anyhow::Result<String> {
    let body = r#"{"jsonrpc":"2.0","id":"any","method":"tools/call","params":{"name":"clinicaltrials_search_studies","arguments":{"pageSize":1}}}"#;
    let reply = connection.send(&post(server.address, token, Some(session), body))?;
    let reply: serde_json::Value = serde_json::from_slice(&reply.body).context("the search's answer")?;
    let study = &reply["result"]["structuredContent"]["studies"][0]["nctId"];
    study.as_str().map(str::to_owned).context("the search found nothing")
}

fn row(what: &str, figures: &Figures) -> String {
    format!(
        "| {what}, 2025 session, jwt, {CONNECTIONS} connections | {:.0}/s, p50 {:.2} ms, p99 {:.2} ms, {:.3} ms CPU each |\n",
        figures.per_second, figures.p50_ms, figures.p99_ms, figures.cpu_ms
    )
}

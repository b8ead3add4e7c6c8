//! `cargo xtask bench registry`: the mirror at the size of the registry.
//!
//! ```text
//! made-up studies ─▶ import, watched ─▶ benches/registry of ctgov-mirror: figures.json, questions.json
//!                                    ├▶ the same questions over /api/v2, 16 clients
//!                                    ├▶ the same questions to SQLite FTS5, up to 50,000 studies
//!                                    └▶ 1,000 changed studies imported
//! ```
//!
//! Everything is made under `target/bench-registry/STUDIES`; the results stay there, and all that are there make the
//! picture of growth.

use super::{
    growth, log,
    process::{Server, TICKS_PER_SECOND, Taken, cpu_ticks, memory_kib, run_watched},
};
use crate::{
    load,
    steps::{cargo, run, say, step, target_dir, workspace},
};
use anyhow::{Context as _, ensure};
use ctgov_sample::Sample;
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// How many studies are measured where nobody says.
pub(crate) const STUDIES: u32 = 50_000;
/// SQLite is measured with no more studies than this: beyond, it takes hours.
const SQLITE_STUDIES_MAX: u32 = 50_000;
const CHANGED: u32 = 1_000;
const CLIENTS: u64 = 16;
const LOAD_TIME: Duration = Duration::from_secs(20);
const SQLITE: &str = include_str!("sqlite.py");

pub(crate) fn run_registry(studies: u32) -> anyhow::Result<()> {
    step("release build", || {
        run(&mut cargo(["build", "--release", "--locked", "--package", "clinicaltrials-mcp"]))?;
        run(&mut cargo(["bench", "--locked", "--package", "ctgov-mirror", "--bench", "registry", "--no-run"]))
    })?;
    let bench = Bench::new(studies)?;
    bench.empty()?;
    let mut result = json!({"studies": studies});
    step("making up studies", || {
        result["rawBytes"] = bench.write_studies()?.into();
        Ok(())
    })?;
    step("import", || {
        result["import"] = to_json(&bench.import(&bench.file())?);
        result["status"] = bench.status()?;
        Ok(())
    })?;
    step("questions within the process", || {
        bench.warm()?;
        let mut inside =
            cargo(["bench", "--locked", "--package", "ctgov-mirror", "--bench", "registry", "--"]);
        run(inside.arg(bench.data_dir()).arg(&bench.folder))?;
        result["inside"] = read_json(&bench.folder.join("figures.json"))?;
        Ok(())
    })?;
    step("questions over HTTP", || {
        bench.warm()?;
        result["http"] = bench.http()?;
        Ok(())
    })?;
    if studies <= SQLITE_STUDIES_MAX {
        step("the same questions to SQLite", || {
            result["sqlite"] = bench.sqlite()?;
            Ok(())
        })?;
    }
    step("import of changed studies", || {
        let changed = bench.write_changed()?;
        result["changed"] = to_json(&bench.import(&changed)?);
        Ok(())
    })?;
    fs::write(bench.folder.join("result.json"), format!("{result:#}\n")).context("writing the result")?;
    say(&format!("\n{}", report(&result)));
    growth::draw(&target_dir()?.join("bench-registry"))
}

/// One size being measured.
pub(crate) struct Bench {
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
    studies: u32,
}

impl Bench {
    pub(crate) fn new(studies: u32) -> anyhow::Result<Self> {
        let target = target_dir()?;
        let folder = target.join("bench-registry").join(studies.to_string());
        Ok(Self { program: target.join("release/clinicaltrials-mcp"), folder, studies })
    }

    fn empty(&self) -> anyhow::Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).context("emptying the folder")?;
        }
        fs::create_dir_all(&self.folder).context("making the folder")
    }

    /// Makes and imports the studies, unless an earlier benchmark of this size has left them.
    pub(crate) fn prepare(&self) -> anyhow::Result<()> {
        if self.status().is_ok_and(|status| status["studies"] == self.studies) {
            say(&format!("{} studies are in {}\n", self.studies, self.data_dir().display()));
            return Ok(());
        }
        self.empty()?;
        step("making up studies", || self.write_studies().map(drop))?;
        step("import", || self.import(&self.file()).map(drop))
    }

    fn file(&self) -> PathBuf {
        self.folder.join("studies.ndjson.zst")
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Writes the studies and returns how many bytes of JSON they are.
    fn write_studies(&self) -> anyhow::Result<u64> {
        let file = File::create(self.file()).context("creating the file of studies")?;
        let mut file = zstd::Encoder::new(BufWriter::new(file), 1).context("compressing")?;
        let mut bytes = 0;
        for study in Sample::new(self.studies).iter() {
            bytes += study.len() as u64;
            file.write_all(study.as_bytes())
                .and_then(|()| file.write_all(b"\n"))
                .context("writing studies")?;
        }
        file.finish().and_then(|mut file| file.flush()).context("writing studies")?;
        Ok(bytes)
    }

    /// Studies here and there with another title and date, as a day's update has them.
    fn write_changed(&self) -> anyhow::Result<PathBuf> {
        let path = self.folder.join("changed.ndjson");
        let mut file = BufWriter::new(File::create(&path).context("creating the file of changes")?);
        let sample = Sample::new(self.studies);
        for number in 0..CHANGED.min(self.studies) {
            let number = 1 + (u64::from(number) * u64::from(self.studies) / u64::from(CHANGED)) as u32;
            let mut study: Value = serde_json::from_str(&sample.study(number)).context("a made-up study")?;
            study["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"]["date"] =
                "2026-07-01".into();
            let title = &mut study["protocolSection"]["identificationModule"]["briefTitle"];
            *title = format!("Changed: {}", title.as_str().unwrap_or_default()).into();
            writeln!(file, "{study}").context("writing changes")?;
        }
        file.flush().context("writing changes")?;
        Ok(path)
    }

    fn import(&self, file: &Path) -> anyhow::Result<Taken> {
        run_watched(
            Command::new(&self.program).arg("import").arg(file).arg("--data-dir").arg(self.data_dir()),
        )
    }

    /// Reads all of the mirror once, as a server that ran for a while has: memory that is free holds it then.
    pub(crate) fn warm(&self) -> anyhow::Result<()> {
        let mut folders = vec![self.data_dir()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let mut file = File::open(&path).with_context(|| path.display().to_string())?;
                    std::io::copy(&mut file, &mut std::io::sink()).context("reading the mirror")?;
                }
            }
        }
        Ok(())
    }

    fn status(&self) -> anyhow::Result<Value> {
        let mut status = Command::new(&self.program);
        let status = status.args(["status", "--json", "--data-dir"]).arg(self.data_dir()).output();
        serde_json::from_slice(&status.context("status")?.stdout).context("status")
    }

    /// The log's requests, from as many clients as there are.
    fn http(&self) -> anyhow::Result<Value> {
        let server = Server::start(&self.program, "mirror", &self.data_dir(), &["--auth", "none"], &[])?;
        let requests = read_json(&self.folder.join("log.json"))?;
        let requests = requests.as_array().context("the log")?.iter();
        let paths = requests.map(log::path).collect::<anyhow::Result<Vec<_>>>()?;
        ensure!(!paths.is_empty(), "the log is empty");
        let request = |client: u64, number: u64| {
            // Each client walks through all of it, from another start.
            let at = (client as usize * paths.len() / CLIENTS as usize + number as usize) % paths.len();
            format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", paths[at], server.address).into_bytes()
        };
        load::run(server.address, CLIENTS, Duration::from_secs(5), request)?;
        let before = cpu_ticks(server.pid())?;
        let measured = load::run(server.address, CLIENTS, LOAD_TIME, request)?;
        let ticks = cpu_ticks(server.pid())? - before;
        Ok(json!({
            "perSecond": measured.per_second(),
            "p50Ms": measured.quantile_ms(0.5),
            "p95Ms": measured.quantile_ms(0.95),
            "p99Ms": measured.quantile_ms(0.99),
            "cpuMs": ticks as f64 * 1_000.0 / TICKS_PER_SECOND / measured.requests as f64,
            "ownKib": memory_kib(server.pid(), "RssAnon:")?,
        }))
    }

    fn sqlite(&self) -> anyhow::Result<Value> {
        let script = self.folder.join("sqlite.py");
        fs::write(&script, SQLITE).context("writing the script")?;
        let mut python = Command::new("python3")
            .arg(&script)
            .arg(self.folder.join("sqlite.db"))
            .arg(self.folder.join("questions.json"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .current_dir(workspace())
            .spawn()
            .context("starting python3")?;
        let studies = File::open(self.file()).context("opening the studies")?;
        let mut studies = zstd::Decoder::new(BufReader::new(studies)).context("decompressing")?;
        let mut stdin = python.stdin.take().context("stdin")?;
        let copied = std::io::copy(&mut studies, &mut stdin);
        drop(stdin);
        let output = python.wait_with_output().context("waiting for python3")?;
        ensure!(output.status.success(), "python3 ended with {}", output.status);
        copied.context("passing the studies")?;
        serde_json::from_slice(&output.stdout).context("what SQLite was measured with")
    }
}

fn read_json(path: &Path) -> anyhow::Result<Value> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

fn to_json(taken: &Taken) -> Value {
    json!({
        "wallSeconds": taken.wall.as_secs_f64(),
        "cpuSeconds": taken.cpu.as_secs_f64(),
        "ownKib": taken.own_kib,
        "residentKib": taken.resident_kib,
    })
}

/// The result for people.
fn report(result: &Value) -> String {
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let mib = |value: &Value| number(value) / 1_024.0;
    let mut text = format!("{} made-up studies\n\n", result["studies"]);
    text += "| question | found | wall p50 | p95 | p99 | max | CPU p50 | p99 | SQLite p50 | p99 |\n";
    text += "|---|---|---|---|---|---|---|---|---|---|\n";
    for row in result["inside"]["figures"].as_array().into_iter().flatten() {
        let (wall, cpu) = (&row["wallUs"], &row["cpuUs"]);
        let name = row["name"].as_str().unwrap_or_default();
        let sqlite = &result["sqlite"]["figures"][name];
        let ms =
            |value: &Value| value.as_f64().map_or_else(String::new, |us| format!("{:.3} ms", us / 1_000.0));
        text += &format!(
            "| {name} | {:.0} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
            number(&row["found"]),
            ms(&wall["p50"]),
            ms(&wall["p95"]),
            ms(&wall["p99"]),
            ms(&wall["max"]),
            ms(&cpu["p50"]),
            ms(&cpu["p99"]),
            ms(&sqlite["p50"]),
            ms(&sqlite["p99"]),
        );
    }
    let (raw, disk) = (number(&result["rawBytes"]), &result["status"]["diskBytes"]);
    let on_disk = number(&disk["documents"]) + number(&disk["index"]);
    text += "\n| what | figure |\n|---|---|\n";
    for (name, taken) in
        [("import", &result["import"]), ("import of 1,000 changed studies", &result["changed"])]
    {
        text += &format!(
            "| {name} | {:.1} s, {:.1} s CPU, {:.0} MiB own memory, {:.0} MiB with the page cache |\n",
            number(&taken["wallSeconds"]),
            number(&taken["cpuSeconds"]),
            mib(&taken["ownKib"]),
            mib(&taken["residentKib"]),
        );
    }
    text += &format!(
        "| on disk | {:.2} GB, {:.3} of {:.2} GB JSON ({:.2} GB records, {:.2} GB index) |\n",
        on_disk / 1e9,
        on_disk / raw,
        raw / 1e9,
        number(&disk["documents"]) / 1e9,
        number(&disk["index"]) / 1e9,
    );
    let own = &result["inside"]["ownMemoryKib"];
    text += &format!(
        "| own memory beside the page cache | {:.0} MiB opened, {:.0} MiB after all questions |\n",
        mib(&own["opened"]),
        mib(&own["asked"]),
    );
    let http = &result["http"];
    text += &format!(
        "| {CLIENTS} clients over `/api/v2` | {:.0}/s, p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms, {:.3} ms CPU each, {:.0} MiB own memory |\n",
        number(&http["perSecond"]),
        number(&http["p50Ms"]),
        number(&http["p95Ms"]),
        number(&http["p99Ms"]),
        number(&http["cpuMs"]),
        mib(&http["ownKib"]),
    );
    text += &format!("| answers counted by the evaluator, too | {} |\n", result["inside"]["checked"]);
    if !result["sqlite"].is_null() {
        text += &format!(
            "| SQLite {} | built in {:.0} s, {:.2} GB |\n",
            result["sqlite"]["version"].as_str().unwrap_or_default(),
            number(&result["sqlite"]["buildSeconds"]),
            number(&result["sqlite"]["bytes"]) / 1e9,
        );
    }
    text
}

//! What tests of tools share: a server of made-up or real studies, and its answers as text and as values.

use super::{Caller, Program, import, shared_data};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// How many made-up studies there are.
pub(crate) const STUDIES: u32 = 300;

/// A server of its own for each test, over one mirror for all of them.
pub(crate) struct Toolbox {
    pub(crate) program: Program,
    records: Vec<Value>,
}

impl Toolbox {
    /// Over made-up studies.
    pub(crate) fn sample() -> Self {
        static MIRROR: OnceLock<PathBuf> = OnceLock::new();
        let lines: Vec<String> = ctgov_sample::Sample::new(STUDIES).iter().collect();
        let mirror = MIRROR.get_or_init(|| {
            let folder = empty_folder("made-up-studies");
            let file = folder.join("studies.ndjson");
            fs::write(&file, lines.join("\n")).unwrap();
            import(&file, &folder);
            folder
        });
        Self::over(mirror, lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    /// Over real studies, if they are next to the checkout.
    pub(crate) fn real() -> Option<Self> {
        let (file, mirror) = real_studies()?;
        let lines = BufReader::new(GzDecoder::new(fs::File::open(&file).unwrap())).lines();
        let records = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        Some(Self::over(mirror, records))
    }

    fn over(mirror: &Path, records: Vec<Value>) -> Self {
        // Several servers over one mirror do not share a file of sessions.
        Self { program: Program::serve(mirror, &["--sessions", "memory"], &[]), records }
    }

    /// Every record, parsed.
    pub(crate) fn records(&self) -> &[Value] {
        &self.records
    }

    pub(crate) fn caller(&self) -> Caller {
        Caller::new(&self.program.url).stateless()
    }

    /// What a tool answers, text and value.
    pub(crate) async fn answer(&self, tool: &str, arguments: Value) -> (String, Value) {
        let mut result = self.caller().call(&format!("clinicaltrials_{tool}"), arguments.clone()).await;
        assert_ne!(result["isError"], true, "{tool} {arguments}: {result}");
        let blocks =
            result["content"].as_array().unwrap().iter().map(|block| block["text"].as_str().unwrap());
        (blocks.collect::<Vec<_>>().join("\n"), result["structuredContent"].take())
    }

    /// What a tool answers, as a value.
    pub(crate) async fn value(&self, tool: &str, arguments: Value) -> Value {
        self.answer(tool, arguments).await.1
    }

    /// What a tool says that it cannot do, and what to do instead.
    pub(crate) async fn refusal(&self, tool: &str, arguments: Value) -> (String, String) {
        let result = self.caller().call(&format!("clinicaltrials_{tool}"), arguments.clone()).await;
        assert_eq!(result["isError"], true, "{tool} {arguments}: {result}");
        let told = result["content"][0]["text"].as_str().unwrap();
        let (problem, hint) = told.split_once("\nHint: ").unwrap_or_else(|| panic!("{told}"));
        (problem.to_owned(), hint.to_owned())
    }

    /// Every tool's definition.
    pub(crate) async fn definitions(&self) -> Vec<Value> {
        let tools = self.caller().request(1, "tools/list", json!({})).await.result()["tools"].take();
        tools.as_array().unwrap().clone()
    }
}

/// The file of real studies, if it is next to the checkout, and a mirror of them, one for all tests.
pub(crate) fn real_studies() -> Option<(PathBuf, &'static Path)> {
    static MIRROR: OnceLock<PathBuf> = OnceLock::new();
    let file = shared_data("studies.ndjson.gz")?;
    let mirror = MIRROR.get_or_init(|| {
        let folder = empty_folder("real-studies");
        import(&file, &folder);
        folder
    });
    Some((file, mirror))
}

/// A folder beside what is built, emptied of what an earlier run left there: what is made once is never dropped.
fn empty_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The number of a record's study.
pub(crate) fn id(record: &Value) -> &str {
    record["protocolSection"]["identificationModule"]["nctId"].as_str().unwrap()
}

/// Every text, number and truth value in `value`, as people read them.
pub(crate) fn leaves(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| leaves(element, found)),
        Value::Object(members) => members.values().for_each(|member| leaves(member, found)),
        Value::String(text) => found.push(text.clone()),
        Value::Bool(yes) => found.push(if *yes { "yes" } else { "no" }.to_owned()),
        Value::Null => {}
        other => found.push(other.to_string()),
    }
}

/// A text with every run of white space one space, and tables' escapes undone.
pub(crate) fn plain(text: &str) -> String {
    text.replace("\\|", "|").split_whitespace().collect::<Vec<_>>().join(" ")
}

//! MCP over standard input and output, with the real program.

use crate::support::{LEGACY, MODERN, SlowRegistry, program, sample_mirror};
use clinicaltrials_mcp::{cohorts::Cohorts, commands::stdio, engine::Engine, mcp::McpServer};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

struct Conversation {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Conversation {
    fn start(data_dir: &std::path::Path) -> Self {
        let mut child = program()
            .args(["stdio", "--log-level", "trace", "--data-dir"])
            .arg(data_dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, stdin, stdout }
    }

    fn write(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn ask(&mut self, message: &Value) -> Value {
        self.write(&message.to_string());
        self.read()
    }

    fn initialize(&mut self) -> Value {
        let params = json!({"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        let answer = self.ask(&json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}));
        self.write(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string());
        answer
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn call(id: u32, tool: &str, arguments: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
}

#[test]
fn a_2025_client_initializes_and_calls() {
    let mirror = sample_mirror(20);
    let mut client = Conversation::start(mirror.path());
    let initialized = client.initialize();
    assert_eq!(initialized["result"]["protocolVersion"], LEGACY);
    assert_eq!(initialized["result"]["serverInfo"]["name"], "clinicaltrials-mcp");
    let counted = client.ask(&call(1, "clinicaltrials_get_study_count", &json!({})));
    assert_eq!(counted["result"]["structuredContent"]["totalCount"], 20);
    // A broken line has no id to answer to; it does not end the conversation.
    client.write("{broken");
    assert_eq!(client.ask(&json!({"jsonrpc": "2.0", "id": 2, "method": "ping"}))["result"], json!({}));
}

#[test]
fn a_2026_client_calls_at_once() {
    let mirror = sample_mirror(20);
    let mut client = Conversation::start(mirror.path());
    let mut message = call(1, "clinicaltrials_get_study_count", &json!({}));
    message["params"]["_meta"] = json!({"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}});
    assert_eq!(client.ask(&message)["result"]["structuredContent"]["totalCount"], 20);
}

#[test]
fn closing_the_input_ends_the_program_after_what_was_asked_is_answered() {
    let mirror = sample_mirror(20);
    let mut client = Conversation::start(mirror.path());
    client.initialize();
    let asked = 10;
    for id in 1..=asked {
        client.write(&call(id, "clinicaltrials_search_studies", &json!({"pageSize": 20})).to_string());
    }
    drop(client.stdin.take());
    let mut answered: Vec<u64> = (0..asked).map(|_| client.read()["id"].as_u64().unwrap()).collect();
    answered.sort_unstable();
    assert_eq!(answered, (1..=u64::from(asked)).collect::<Vec<_>>());
    assert!(client.child.wait().unwrap().success());
}

#[test]
fn it_stops_when_asked_though_its_input_stays_open() {
    let mirror = sample_mirror(20);
    let mut client = Conversation::start(mirror.path());
    client.initialize();
    let killed = std::process::Command::new("kill").arg(client.child.id().to_string()).status().unwrap();
    assert!(killed.success());
    assert!(client.child.wait().unwrap().success());
}

/// A client of a server in this process, whose searches are slow.
struct SlowClient {
    read: tokio::io::BufReader<ReadHalf<DuplexStream>>,
    write: WriteHalf<DuplexStream>,
    registry: Arc<SlowRegistry>,
    stop: CancellationToken,
    serving: JoinHandle<anyhow::Result<()>>,
}

impl SlowClient {
    async fn connect(search_time: Duration) -> Self {
        let registry = SlowRegistry::new(search_time);
        let server = McpServer::new(Engine::new(registry.clone()), Cohorts::in_memory().unwrap(), 200);
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let ((input, output), (read, write)) = (tokio::io::split(theirs), tokio::io::split(ours));
        let stop = CancellationToken::new();
        let serving = tokio::spawn(stdio::serve(server, input, output, stop.clone()));
        let mut client = Self { read: tokio::io::BufReader::new(read), write, registry, stop, serving };
        let params = json!({"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        client.say(&json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params})).await;
        assert_eq!(client.hear().await["id"], 0);
        client.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        client
    }

    async fn say(&mut self, message: &Value) {
        self.write.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.read.read_line(&mut line).await.unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_reads_no_more_and_finishes_what_runs() {
    let mut client = SlowClient::connect(Duration::from_millis(400)).await;
    client.say(&call(1, "clinicaltrials_search_studies", &json!({}))).await;
    client.registry.started(1).await;
    client.stop.cancel();
    let answer = client.hear().await;
    assert_eq!((&answer["id"], &answer["result"]["structuredContent"]["totalCount"]), (&json!(1), &json!(0)));
    client.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn progress_is_told_and_a_cancelled_call_is_not_answered() {
    let mut client = SlowClient::connect(Duration::from_millis(700)).await;
    let mut search = call(1, "clinicaltrials_search_studies", &json!({}));
    search["params"]["_meta"]["progressToken"] = "p".into();
    client.say(&search).await;
    let mut told = 0;
    let answer = loop {
        let message = client.hear().await;
        match message["method"].as_str() {
            Some("notifications/progress") => told += 1,
            _ => break message,
        }
    };
    assert!(told >= 2 && answer["id"] == 1, "{told} reports, then {answer}");

    search["id"] = 2.into();
    search["params"].as_object_mut().unwrap().remove("_meta");
    client.say(&search).await;
    client.registry.started(2).await;
    client
        .say(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 2}}))
        .await;
    client.say(&json!({"jsonrpc": "2.0", "id": 3, "method": "ping"})).await;
    let next = client.hear().await;
    assert_eq!(next["id"], 3, "the next answer is to the ping: {next}");
}

#[test]
fn without_the_mirror_that_was_asked_for_it_says_which_commands_help() {
    let folder = tempfile::tempdir().unwrap();
    let mut stdio = program();
    stdio.args(["stdio", "--source", "mirror", "--data-dir"]).arg(folder.path());
    let output = stdio.stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    for command in
        ["clinicaltrials-mcp import", "--source live", "--source sample", "clinicaltrials-mcp demo"]
    {
        assert!(told.contains(command), "{told}");
    }
    assert_eq!(output.stdout, b"");
}

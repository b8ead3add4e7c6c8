//! The MCP Inspector's command line finds nothing to complain about in the tools, over HTTP and stdio, in both eras.
//!
//! `cargo xtask deep` fetches it, and the Node that it needs, into `target/clients`.

use crate::{
    clients::{STUDIES, client},
    support::{Program, sample_mirror, token},
};
use serde_json::{Value, json};
use std::process::Command;

/// What it answers to a method, with its own exit code for what is not portable.
fn inspect(era: &str, target: &[&str], method: &[&str]) -> Option<Value> {
    let (node, modules) = (client("node/bin/node")?, client("inspector/node_modules")?);
    // Catalogues of servers and tokens of whoever runs the test are none of its business.
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(node);
    command.env("HOME", home.path()).arg(modules.join(".bin/mcp-inspector")).arg("--cli");
    let output = command.args(target).args(["--protocol-era", era, "--format", "json"]).args(method).output();
    let output = output.unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{method:?} in {era}: {}: {told}", output.status);
    assert!(!told.lines().any(|line| line.starts_with("Error: tool")), "{told}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
#[ignore = "it is fetched by `cargo xtask deep`"]
fn the_inspector_finds_the_tools_portable() {
    let mirror = sample_mirror(STUDIES);
    let server = Program::jwt(mirror.path(), &["--sessions", "memory"]);
    let token = token(&json!({"sub": "ana", "client_id": "inspector"}));
    let header = format!("Authorization: Bearer {token}");
    let http = ["--server-url", &server.url, "--transport", "http", "--header", &header];
    let data_dir = mirror.path().to_str().unwrap();
    let program = env!("CARGO_BIN_EXE_clinicaltrials-mcp");
    let stdio = [program, "stdio", "--source", "mirror", "--log-level", "error", "--data-dir", data_dir];
    for target in [&http[..], &stdio[..]] {
        for era in ["legacy", "modern"] {
            let Some(listed) = inspect(era, target, &["--method", "tools/list", "--strict"]) else { return };
            let tools = listed.pointer("/result/tools").or(listed.get("tools")).and_then(Value::as_array);
            assert_eq!(tools.map(|tools| tools.len() >= 9), Some(true), "{listed}");
            let count = ["--method", "tools/call", "--tool-name", "clinicaltrials_get_study_count"];
            let counted = inspect(era, target, &[&count[..], &["--tool-args-json", "{}"]].concat()).unwrap();
            assert!(counted.to_string().contains(&format!("\"totalCount\":{STUDIES}")), "{counted}");
        }
    }
}

//! The official clients talk to the real program: Python SDK in both eras over HTTP and stdio, TypeScript SDK over HTTP,
//! with a token that it was given and with one that it gets for itself from a real authorization server.
//!
//! `cargo xtask test` fetches them into `target/clients`; without it these tests say that they were skipped.

use crate::support::{
    Program, sample_mirror,
    servers::{Other, free_address},
    skipped, token,
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

pub(crate) const STUDIES: u32 = 120;
const STUDY: u32 = 7;

pub(crate) fn client(relative: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join("clients").join(relative);
    if !path.exists() {
        skipped(&format!("clients/{relative} is not in the target directory; `cargo xtask test` fetches it"));
        return None;
    }
    Some(path)
}

pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

/// Runs a conversation and returns what the client saw.
pub(crate) fn converse(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(!told.contains("failed"), "the client complained: {told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Checks it against the sample itself.
pub(crate) fn check(seen: &Value, protocol: &str) {
    let sample = ctgov_sample::Sample::new(STUDIES);
    let records: Vec<Value> = sample.iter().map(|text| serde_json::from_str(&text).unwrap()).collect();
    let status = |record: &Value| {
        record["protocolSection"]["statusModule"]["overallStatus"].as_str().unwrap().to_owned()
    };
    let updated = |record: &Value| {
        record["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"]["date"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let id = |record: &Value| {
        record["protocolSection"]["identificationModule"]["nctId"].as_str().unwrap().to_owned()
    };
    let mut expected: Vec<_> = records
        .iter()
        .filter(|record| ["COMPLETED", "RECRUITING"].contains(&status(record).as_str()))
        .collect();
    expected.sort_by(|a, b| updated(b).cmp(&updated(a)).then(id(a).cmp(&id(b))));
    let expected: Vec<_> = expected.into_iter().map(id).collect();
    assert!(expected.len() > 14, "too few studies to have several pages");

    assert_eq!(seen["protocol"], protocol);
    assert_eq!(
        seen["tools"],
        json!([
            "clinicaltrials_analyze_trends",
            "clinicaltrials_compare_studies",
            "clinicaltrials_create_cohort",
            "clinicaltrials_delete_cohort",
            "clinicaltrials_find_eligible",
            "clinicaltrials_get_field_definitions",
            "clinicaltrials_get_field_values",
            "clinicaltrials_get_study_count",
            "clinicaltrials_get_study_record",
            "clinicaltrials_get_study_results",
            "clinicaltrials_list_cohorts",
            "clinicaltrials_search_studies"
        ])
    );
    assert_eq!((&seen["count"], &seen["total"]), (&json!(STUDIES), &json!(expected.len())));
    assert_eq!(seen["ids"], json!(expected));
    assert_eq!(seen["record"], json!(sample.study(STUDY)));
    assert_eq!(seen["resource"], seen["record"]);
    assert_eq!(seen["refusedIsError"], true);
    assert!(seen["refused"].as_str().unwrap().starts_with("`geoFilter`: `Boston` is no circle"), "{seen}");
}

pub(crate) fn study_id() -> String {
    ctgov::NctId::new(90_000_000 + STUDY).unwrap().to_string()
}

#[test]
fn the_python_sdk_over_http_in_both_eras() {
    let Some(python) = client("python/bin/python") else { return };
    let mirror = sample_mirror(STUDIES);
    let server = Program::jwt(mirror.path(), &[]);
    let token = token(&json!({"sub": "ana", "client_id": "python"}));
    for (mode, protocol) in [
        ("legacy", crate::support::LEGACY),
        (crate::support::MODERN, crate::support::MODERN),
        ("auto", crate::support::MODERN),
    ] {
        let arguments = [mode, "http", &server.url, &token, &study_id()];
        check(&converse(Command::new(&python).arg(script("python_client.py")).args(arguments)), protocol);
    }
}

#[test]
fn the_python_sdk_over_stdio_in_both_eras() {
    let Some(python) = client("python/bin/python") else { return };
    let mirror = sample_mirror(STUDIES);
    for (mode, protocol) in
        [("legacy", crate::support::LEGACY), (crate::support::MODERN, crate::support::MODERN)]
    {
        let mut command = Command::new(&python);
        command.arg(script("python_client.py")).args([mode, "stdio", &study_id()]);
        command.arg(env!("CARGO_BIN_EXE_clinicaltrials-mcp")).args([
            "stdio",
            "--log-level",
            "error",
            "--data-dir",
        ]);
        check(&converse(command.arg(mirror.path())), protocol);
    }
}

#[test]
fn the_typescript_sdk_over_http() {
    let Some(modules) = client("typescript/node_modules") else { return };
    let mirror = sample_mirror(STUDIES);
    let server = Program::jwt(mirror.path(), &[]);
    let token = token(&json!({"sub": "ana", "client_id": "typescript"}));
    let mut command = Command::new("node");
    command.arg(script("typescript_client.mjs")).arg(modules).args([&server.url, &token, &study_id()]);
    let seen = converse(&mut command);
    check(&seen, crate::support::LEGACY);
    assert_eq!((&seen["sessionIdIs64Hex"], &seen["statusAfterTermination"]), (&json!(true), &json!(404)));
}

/// a client that is given nothing but the address finds everything else out: from the 401 to the metadata,
/// the authorization server, its own registration, a person's consent (PKCE), a token for this server, the call.
#[test]
fn the_typescript_sdk_gets_its_own_token_from_an_authorization_server() {
    let Some(modules) = client("typescript/node_modules") else { return };
    let Some(server_modules) = client("authorization-server/node_modules") else { return };
    let issuer = Other::authorization_server(&script("authorization_server.mjs"), &server_modules);
    let issuer_url = format!("http://{}", issuer.address);
    let mirror = sample_mirror(STUDIES);
    let address = free_address();
    let server = Program::serve(
        mirror.path(),
        &["--auth", "oauth", "--listen", &address.to_string()],
        &[("OAUTH_ISSUER_URL", &issuer_url), ("MCP_PUBLIC_URL", &format!("http://{address}"))],
    );
    let seen = converse(Command::new("node").arg(script("oauth_client.mjs")).arg(modules).arg(&server.url));
    assert_eq!(seen["challenged"], true);
    assert_eq!((&seen["asked"]["resource"], &seen["audience"]), (&json!(server.url), &json!(server.url)));
    assert_eq!(seen["asked"]["code_challenge_method"], "S256");
    let scope = "clinicaltrials:read";
    assert_eq!((&seen["asked"]["scope"], &seen["scope"]), (&json!(scope), &json!(scope)));
    assert_eq!(seen["count"], json!(STUDIES));
}

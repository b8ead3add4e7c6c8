//! The command line as its users meet it: exit codes, import, status, demo.

use crate::support::{Caller, Program, program, sample_mirror, shared_data, skipped};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Output},
};

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = program().args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn wrong_usage_and_wrong_settings_have_their_own_exit_codes() {
    let (code, _, told) = run(&["search-everything"]);
    assert_eq!(code, Some(64), "{told}");
    let (code, _, told) = run(&["serve", "--auth", "jwt", "--listen", "nowhere"]);
    assert_eq!(code, Some(78), "{told}");
    assert!(
        told.contains("--listen: `nowhere`") && told.contains("MCP_AUTH_SECRET_KEY: is not set"),
        "{told}"
    );
    let (code, told, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for command in ["demo", "serve", "stdio", "import", "status", "verify", "compact"] {
        assert!(told.contains(command), "{told}");
    }
}

#[test]
fn import_says_what_became_of_every_record() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let file = folder.path().join("records.ndjson");
    let sample = ctgov_sample::Sample::new(3);
    let projection =
        r#"{"protocolSection":{"identificationModule":{"nctId":"NCT00000001"}},"hasResults":false}"#;
    let escaping = r#"{"\u001b[2J":1,"\u001b[2J":2}"#;
    fs::write(
        &file,
        format!("{}\n{projection}\n{}\n{}\n{escaping}\n", sample.study(1), sample.study(2), sample.study(1)),
    )
    .unwrap();
    let import = || run(&["import", file.to_str().unwrap(), "--data-dir", data_dir.to_str().unwrap()]);
    let (code, told, refused) = import();
    assert_eq!(code, Some(2), "imported, but not everything: {told}");
    assert!(told.contains("2 new, 0 changed, 1 unchanged, 0 older than what is there, 2 refused"), "{told}");
    assert!(refused.contains("records.ndjson, line 2: NCT00000001 has no"), "{refused}");
    assert!(refused.contains("records.ndjson, line 5: "), "{refused}");
    assert!(refused.contains("\\u{1b}[2J") && !refused.contains('\u{1b}'), "{refused}");
    let (_, told, _) = import();
    assert!(told.contains("0 new, 0 changed, 3 unchanged"), "{told}");
    assert!(told.contains("nothing new"), "{told}");

    let (code, told, _) = run(&["status", "--json", "--data-dir", data_dir.to_str().unwrap()]);
    assert_eq!(code, Some(0));
    let status: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&status["studies"], &status["syntheticStudies"]), (&json!(2), &json!(2)));
    let (code, _, told) = run(&["import", "/no/such/file", "--data-dir", data_dir.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("/no/such/file"), "{told}");
}

#[test]
fn the_demo_shows_a_stolen_session_refused_and_no_id() {
    let (code, told, errors) = run(&["demo"]);
    assert_eq!(code, Some(0), "{told}{errors}");
    for part in [
        "Ana opens a session",
        "studies match",
        "<- 404",
        "\"Session not found\"",
        "Claude Desktop",
        "Inspector",
    ] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
    let longest_hex = told.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max().unwrap();
    assert!(longest_hex <= 16, "an id is shown: {told}");
}

#[test]
fn the_request_that_serve_prints_is_answered() {
    let mirror = sample_mirror(10);
    for arguments in [&[][..], &["--listen", "0.0.0.0:0", "--allow-unauthenticated"]] {
        let mut server = Program::serve(mirror.path(), arguments, &[]);
        let request = server.request_to_copy();
        let Ok(answer) = Command::new("sh").args(["-c", &request]).output() else {
            unreachable!("there is a shell")
        };
        if answer.status.code() == Some(127) {
            return skipped("there is no curl to run the request that serve prints");
        }
        let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
        assert!(answer["result"]["structuredContent"]["totalCount"].is_u64(), "{request}: {answer}");
    }
}

#[tokio::test]
async fn a_running_server_takes_up_what_another_process_imports() {
    let mirror = sample_mirror(10);
    let server = Program::serve(mirror.path(), &[], &[]);
    let caller = Caller::new(&server.url).stateless();
    let count =
        async || caller.call("clinicaltrials_get_study_count", json!({})).await["structuredContent"].clone();
    let before = count().await;
    assert_eq!(before["totalCount"], 10);
    let file = mirror.path().join("more.ndjson");
    fs::write(&file, ctgov_sample::Sample::new(11).study(11)).unwrap();
    crate::support::import(&file, mirror.path());
    let after = loop {
        let after = count().await;
        if after["totalCount"] == 11 {
            break after;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_ne!(before["data"]["version"], after["data"]["version"]);
}

#[tokio::test]
async fn every_real_record_comes_back_as_it_was_published() {
    let Some(file) = shared_data("studies.ndjson.gz") else { return };
    let folder = tempfile::tempdir().unwrap();
    crate::support::import(&file, folder.path());
    let server = Program::serve(folder.path(), &[], &[]);
    let caller = Caller::new(&server.url).stateless();
    let mut equal = 0;
    for line in BufReader::new(GzDecoder::new(fs::File::open(&file).unwrap())).lines() {
        let line = line.unwrap();
        let source: Value = serde_json::from_str(&line).unwrap();
        let id = source["protocolSection"]["identificationModule"]["nctId"].as_str().unwrap();
        let answer = caller.call("clinicaltrials_get_study_record", json!({"nctId": id})).await;
        let text = answer["content"][1]["text"].as_str().unwrap();
        // The source has no white space between tokens, so the text is the line itself; printing the value again
        // compares the order of the keys as well.
        assert_eq!(text, line.trim(), "{id}");
        assert_eq!(answer["structuredContent"]["studies"][0]["study"], source, "{id}");
        assert_eq!(
            answer["structuredContent"]["studies"][0]["study"].to_string(),
            source.to_string(),
            "{id}"
        );
        equal += 1;
    }
    assert_eq!(equal, 1_575);
}

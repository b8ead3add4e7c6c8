//! What clients and operators meet when the data changes: walks that go on in the state they began in, `verify`,
//! `compact`.

use crate::support::{Caller, Program, import, program, sample_mirror};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Output};

const SEARCH: &str = "clinicaltrials_search_studies";
const WORD: &str = "synthetic";

/// A page by the REST API: its status, version, notice and body.
async fn page(program: &Program, query: &str) -> (u16, String, String, String) {
    let base = program.url.strip_suffix("/mcp").unwrap();
    let answer = reqwest::get(format!("{base}/api/v2/studies?pageSize=3&{query}")).await.unwrap();
    let header = |name| answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let (status, version, notice) = (answer.status().as_u16(), header("x-data-version"), header("x-notice"));
    (status, version, notice, answer.text().await.unwrap())
}

fn next(body: &str) -> String {
    serde_json::from_str::<Value>(body).unwrap()["nextPageToken"].as_str().unwrap().to_owned()
}

/// Adds the `number`th study of the sample, which has fewer.
fn add(mirror: &Path, number: u32) {
    let file = mirror.join("more.ndjson");
    fs::write(&file, ctgov_sample::Sample::new(number).study(number)).unwrap();
    import(&file, mirror);
}

#[tokio::test]
async fn a_walk_goes_on_in_the_state_it_began_in_until_that_is_gone() {
    let mirror = sample_mirror(20);
    let server = Program::serve(mirror.path(), &[], &[]);
    let caller = |server: &Program| Caller::new(&server.url).stateless();
    let search =
        async |server: &Program, arguments: &Value| caller(server).call(SEARCH, arguments.clone()).await;
    let by_relevance = json!({"query": WORD, "pageSize": 3});
    let first = search(&server, &by_relevance).await["structuredContent"].take();
    let began = first["data"]["version"].as_str().unwrap().to_owned();
    let by_relevance =
        json!({"query": WORD, "pageSize": 3, "pageToken": first["nextPageToken"].as_str().unwrap()});
    let (_, version, _, body) = page(&server, &format!("query.term={WORD}")).await;
    assert!(version.starts_with(&began), "{version}");
    let api_by_relevance = format!("query.term={WORD}&pageToken={}", next(&body));
    let (_, _, _, body) = page(&server, "sort=LastUpdatePostDate").await;
    let api_by_date = format!("sort=LastUpdatePostDate&pageToken={}", next(&body));

    add(mirror.path(), 21);
    let told = loop {
        let (_, version, _, _) = page(&server, "").await;
        if !version.starts_with(&began) {
            break version;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    // The server that had it open, and one that has to open it.
    for server in [&server, &Program::serve(mirror.path(), &["--sessions", "memory"], &[])] {
        let second = search(server, &by_relevance).await["structuredContent"].take();
        assert_eq!(second["data"]["version"], began, "{second}");
        assert_eq!(second["data"]["studies"], 20, "{second}");
        for query in [&api_by_relevance, &api_by_date] {
            let (status, version, notice, body) = page(server, query).await;
            assert!(version.starts_with(&began) && notice.is_empty(), "{version} {notice}");
            assert_eq!((status, body.matches("\"nctId\"").count() >= 3), (200, true), "{body}");
        }
    }

    for state in fs::read_dir(mirror.path().join("generations")).unwrap() {
        let state = state.unwrap();
        if state.file_name().to_string_lossy().ends_with(&began) {
            fs::remove_dir_all(state.path()).unwrap();
        }
    }
    let server = Program::serve(mirror.path(), &["--sessions", "memory"], &[]);
    let expired = search(&server, &by_relevance).await;
    assert_eq!(expired["isError"], true, "{expired}");
    assert!(expired["content"][0]["text"].as_str().unwrap().contains("expired"), "{expired}");
    let (status, _, _, body) = page(&server, &api_by_relevance).await;
    assert_eq!((status, body.contains("expired")), (400, true), "{body}");
    let (status, version, notice, _) = page(&server, &api_by_date).await;
    assert_eq!((status, &version), (200, &told));
    assert!(notice.contains("The data changed between the pages"), "{notice}");
}

fn run(command: &str, data_dir: &Path) -> (Option<i32>, String, String) {
    let output = program().arg(command).arg("--data-dir").arg(data_dir).output().unwrap();
    let Output { status, stdout, stderr } = output;
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn verify_names_what_is_damaged_and_compact_keeps_the_version() {
    let mirror = sample_mirror(20);
    add(mirror.path(), 21);
    let (code, told, errors) = run("verify", mirror.path());
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{told}");
    assert!(told.contains(": sound\n") && told.contains("21 records read"), "{told}");
    let version = told.split([' ', ':']).nth(2).unwrap().to_owned();
    let (code, told, errors) = run("compact", mirror.path());
    assert_eq!(code, Some(0), "{told}{errors}");
    assert!(told.contains("21 studies compacted") && told.contains(&version), "{told}");
    let (code, told, _) = run("compact", mirror.path());
    assert!(code == Some(0) && told.contains("nothing to gain"), "{told}");
    let (code, told, _) = run("verify", mirror.path());
    assert!(code == Some(0) && told.contains("older states: the files of 000002-"), "{told}");

    let mut states: Vec<_> = fs::read_dir(mirror.path().join("generations")).unwrap().collect();
    states.sort_by_key(|state| state.as_ref().unwrap().file_name());
    let pack = states.pop().unwrap().unwrap().path().join("documents/000003.pack");
    let mut bytes = fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let (code, told, errors) = run("verify", mirror.path());
    assert_eq!(code, Some(1), "{told}{errors}");
    let named = format!("damaged: {}: NCT9", pack.display());
    assert!(errors.contains(&named) && told.contains("2 damages"), "{told}{errors}");
    let (code, _, errors) = run("verify", &mirror.path().join("nowhere"));
    assert!(code == Some(1) && errors.contains("there is no registry in"), "{errors}");
}

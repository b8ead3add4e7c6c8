//! `--source live` over our own `/api/v2`: what tools answer live is what they answer over the mirror behind it.

use crate::support::{
    Caller, Program, SECRET, import, program, sample_mirror, servers::free_address, shared_data, skipped,
    token,
};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

const SEARCH: &str = "clinicaltrials_search_studies";
const COUNT: &str = "clinicaltrials_get_study_count";
const RECORD: &str = "clinicaltrials_get_study_record";

/// A server over a mirror, and one that asks it live.
struct Pair {
    mirror: Program,
    live: Program,
    _folders: [TempDir; 2],
}

impl Pair {
    fn over(mirrored: TempDir) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mirror = Program::serve(mirrored.path(), &["--source", "mirror"], &SLOW_SEARCHES);
        let live = serve_live(folder.path(), &["--source", "live"], &api(&mirror));
        Self { mirror, live, _folders: [mirrored, folder] }
    }

    fn callers(&self) -> [Caller; 2] {
        [&self.mirror, &self.live].map(|program| Caller::new(&program.url).stateless())
    }

    /// What both answer to a call, less what says which data answered.
    async fn answers(&self, tool: &str, arguments: &Value) -> [Value; 2] {
        let [mirror, live] = self.callers();
        let mut answers =
            [mirror.call(tool, arguments.clone()).await, live.call(tool, arguments.clone()).await];
        for (answer, source) in answers.iter_mut().zip(["mirror", "live"]) {
            if answer["isError"] != true {
                let data = answer["structuredContent"]["data"].take();
                assert_eq!(data["source"], source, "{arguments}");
                assert_eq!(data.get("apiVersion").is_some(), source == "live", "{data}");
            }
        }
        answers
    }

    /// Every study of every page, as the search tells it, and the totals it told.
    async fn walks(&self, arguments: &Value) -> [(BTreeMap<String, Value>, Vec<Value>); 2] {
        let mut walks = Vec::new();
        for caller in self.callers() {
            let (mut arguments, mut studies, mut totals) = (arguments.clone(), BTreeMap::new(), Vec::new());
            loop {
                let page = caller.call(SEARCH, arguments.clone()).await["structuredContent"].take();
                totals.push(page["totalCount"].clone());
                for study in page["studies"].as_array().unwrap_or_else(|| panic!("{arguments}: {page}")) {
                    let id = study["nctId"].as_str().unwrap().to_owned();
                    assert_eq!(studies.insert(id, study.clone()), None, "twice in a walk: {arguments}");
                }
                match page.get("nextPageToken") {
                    Some(token) => arguments["pageToken"] = token.clone(),
                    None => break,
                }
            }
            walks.push((studies, totals));
        }
        walks.try_into().unwrap()
    }
}

/// Searches of unoptimised builds take their time.
const SLOW_SEARCHES: [(&str, &str); 1] = [("CLINICALTRIALS_API_QUERY_TIMEOUT_MS", "30000")];

/// The address of the API that `program` serves.
fn api(program: &Program) -> String {
    program.url.replace("/mcp", "/api/v2")
}

pub(crate) fn serve_live(data_dir: &Path, arguments: &[&str], api: &str) -> Program {
    let variables = [("CT_API_BASE_URL", api), ("CLINICALTRIALS_LIVE_REQUESTS_PER_SECOND", "1000")];
    Program::serve(data_dir, arguments, &variables)
}

/// Questions that people ask, and what some of them get wrong.
fn questions() -> Vec<Value> {
    vec![
        json!({}),
        json!({"query": "cancer OR asthma"}),
        json!({"conditionQuery": "diabetes AND NOT AREA[Phase]PHASE1"}),
        json!({"conditionQuery": "\"breast cancer\"", "interventionQuery": "placebo"}),
        json!({"titleQuery": "study of (children OR adults)"}),
        json!({"sponsorQuery": "university"}),
        json!({"statusFilter": ["RECRUITING", "COMPLETED"], "phaseFilter": "PHASE2"}),
        json!({"query": "AREA[StartDate]RANGE[2020, MAX]", "sort": "StartDate:desc,EnrollmentCount"}),
        json!({"query": "SEARCH[Location](AREA[LocationCountry]United States AND AREA[LocationStatus]RECRUITING)"}),
        json!({"query": "AREA[MinimumAge]RANGE[18 years, MAX] AND AREA[Sex]\"ALL\"", "sort": "EnrollmentCount"}),
        json!({"query": "EXPANSION[None]Study AND COVERAGE[StartsWith]\"a\""}),
        json!({"query": "\\AND \\NOT 100% a+b c&d é"}),
        json!({"query": "nothing-at-all-is-called-like-this"}),
    ]
}

/// Questions to the REST API that the tools do not ask yet.
const API_QUESTIONS: [&str; 12] = [
    "query.lead=university&query.locn=Boston",
    "query.outc=survival OR mortality&query.patient=adults",
    "query.id=NCT90000007&filter.overallStatus=COMPLETED",
    "query.term=(NCT90000007)&filter.advanced=AREA[StudyType]OBSERVATIONAL",
    "filter.geo=distance(40.7,-74,500km)&postFilter.geo=distance(48.8,2.3,3000mi)",
    "filter.geo=distance(40.7,-74,5000mi)&query.cond=cancer OR asthma&geoDecay=func:linear,scale:100km,offset:0km,decay:0.1",
    "aggFilters=phase:2 3,sex:f,results:without&postFilter.advanced=AREA[Phase:size]RANGE[1,MAX]",
    "filter.ids=NCT90000001|NCT90000002,nct90000003&postFilter.ids=NCT90000002,NCT90000003",
    "filter.advanced=NOT AREA[StartDate]MISSING AND (AREA[EnrollmentCount]RANGE[10,500] OR AREA[Sex]FEMALE)",
    "filter.advanced=AREA[LocationGeoPoint]DISTANCE[40.7,-74,5000km]&sort=LastUpdatePostDate:asc,@relevance",
    "query.term=TILT[StartDate](study) AND EXPANSION[Term]\"children\"",
    "query.cond=ALL&filter.advanced=SEARCH[Location](NOT AREA[LocationStatus]RECRUITING)",
];

/// The first page of both, by number, and how many there are in all.
async fn first_pages(pair: &Pair, question: &str) -> [(Value, BTreeSet<String>); 2] {
    let mut pages = Vec::new();
    for program in [&pair.mirror, &pair.live] {
        let address =
            format!("{}/studies?countTotal=true&pageSize=1000&fields=NCTId&{question}", api(program));
        let answer = reqwest::get(address).await.unwrap();
        assert_eq!(answer.status(), 200, "{question}: {}", answer.text().await.unwrap());
        let page: Value = answer.json().await.unwrap();
        let id = |study: &Value| study["protocolSection"]["identificationModule"]["nctId"].to_string();
        pages
            .push((page["totalCount"].clone(), page["studies"].as_array().unwrap().iter().map(id).collect()));
    }
    pages.try_into().unwrap()
}

async fn compare(pair: &Pair) {
    let mut found = 0;
    for question in API_QUESTIONS {
        let [mirror, live] = first_pages(pair, question).await;
        assert_eq!(mirror, live, "{question}");
        found += usize::from(!mirror.1.is_empty());
    }
    assert!(found >= 8, "{found} of these questions find something");
    for question in questions() {
        let mut counted = question.clone();
        counted.as_object_mut().unwrap().retain(|name, _| name != "sort");
        let [mut mirror, live] = pair.answers(COUNT, &counted).await;
        // Which synonyms were used, a mirror knows.
        let counts = mirror["structuredContent"].as_object_mut().unwrap();
        counts.remove("expanded");
        assert_eq!(Some(&*counts), live["structuredContent"].as_object(), "{question}");
        let mut paged = question.clone();
        paged["pageSize"] = 100.into();
        let [(mirror, totals), (live, live_totals)] = pair.walks(&paged).await;
        assert_eq!(mirror, live, "{question}");
        assert_eq!(totals, live_totals, "{question}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn live_answers_are_those_of_the_mirror_behind_them() {
    let pair = Pair::over(sample_mirror(250));
    compare(&pair).await;
    // Lists of numbers, long ones too: the answer is put together from several.
    let ids: Vec<String> = (1..=1_000).map(|number| format!("NCT{}", 90_000_000 + number)).collect();
    for count in [1, 3, 1_000] {
        let [(mirror, totals), (live, live_totals)] =
            pair.walks(&json!({"nctIds": ids[..count], "pageSize": 70, "statusFilter": "COMPLETED"})).await;
        assert_eq!((mirror, totals), (live, live_totals), "{count} numbers");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn live_records_are_those_of_the_mirror_to_the_byte() {
    let pair = Pair::over(sample_mirror(40));
    let [mirror, live] = pair.callers();
    for number in 1..=41 {
        let id = json!({"nctId": format!("NCT{}", 90_000_000 + number)});
        let [here, there] = [mirror.call(RECORD, id.clone()).await, live.call(RECORD, id.clone()).await];
        assert_eq!(here["isError"], there["isError"], "{id}");
        assert_eq!(here["content"][1]["text"], there["content"][1]["text"], "{id}");
        let [here, there] = [here, there].map(|answer| answer["structuredContent"]["studies"].to_string());
        assert_eq!(here, there, "{id}");
        assert_eq!(here.contains("protocolSection"), number <= 40, "{id}: {here}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn live_errors_are_those_of_the_mirror() {
    let pair = Pair::over(sample_mirror(30));
    let [mirror, live] = pair.callers();
    let first = json!({"query": "study", "pageSize": 5});
    let token = |answer: Value| answer["structuredContent"]["nextPageToken"].clone();
    let tokens =
        [token(mirror.call(SEARCH, first.clone()).await), token(live.call(SEARCH, first.clone()).await)];
    let wrong = [
        (SEARCH, json!({"query": "asthma AND ("})),
        (SEARCH, json!({"query": "AREA[Nowhere]x"})),
        (SEARCH, json!({"query": "AREA[OverallStatus]running"})),
        (SEARCH, json!({"sort": "BriefTitle"})),
        (SEARCH, json!({"pageToken": "NF0g5JGBlPMuwQY"})),
        (SEARCH, json!({"nctIds": "NTC1"})),
        (COUNT, json!({"statusFilter": "RUNNING"})),
        (RECORD, json!({"nctId": "1"})),
    ];
    for (tool, arguments) in wrong {
        let [mirror, live] = pair.answers(tool, &arguments).await;
        assert_eq!((&mirror["isError"], &mirror), (&json!(true), &live), "{arguments}");
    }
    for (caller, own, other) in [(&mirror, &tokens[0], &tokens[1]), (&live, &tokens[1], &tokens[0])] {
        let with = |query: &str, token: &Value| json!({"query": query, "pageSize": 5, "pageToken": token});
        let foreign = caller.call(SEARCH, with("another question", own)).await;
        assert!(said(&foreign).contains("belongs to another query"), "{foreign}");
        let elsewhere = caller.call(SEARCH, with("study", other)).await;
        assert!(said(&elsewhere).contains("over another source of data"), "{elsewhere}");
        assert_eq!(caller.call(SEARCH, with("study", own)).await["isError"], false);
    }
}

fn said(answer: &Value) -> &str {
    answer["content"][0]["text"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_live_answer_says_that_it_is_live_of_which_data_and_that_studies_may_be_made_up() {
    let pair = Pair::over(sample_mirror(20));
    let [mirror, live] = pair.callers();
    let answer = live.call(COUNT, json!({})).await;
    let data = &answer["structuredContent"]["data"];
    let moment = data["dataTimestamp"].as_str().unwrap();
    assert_eq!(
        said(&answer),
        format!(
            "20 studies matching.\n(data version {}, live, API 2.0.5, published {moment}; some may be SYNTHETIC (NCT9…), \
             no real studies)\n\n- Total count: 20\n",
            data["version"].as_str().unwrap()
        )
    );
    let newest = mirror.call(COUNT, json!({})).await["structuredContent"]["data"]["newestUpdate"].take();
    assert_eq!(moment, format!("{}T00:00:00", newest.as_str().unwrap()), "as the API behind it says");
    let names: Vec<&String> = data.as_object().unwrap().keys().collect();
    assert_eq!(names, ["version", "source", "apiVersion", "dataTimestamp"]);

    // The REST API, too.
    let page = "/studies?query.term=study&countTotal=true&pageSize=3&sort=StartDate&fields=NCTId";
    let [here, there] = [&pair.mirror, &pair.live].map(|program| api(program) + page);
    let [here, there] = [reqwest::get(here).await.unwrap(), reqwest::get(there).await.unwrap()];
    let header = |name: &str| there.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert!(header("x-data-version").unwrap().ends_with("; source=live"));
    assert_eq!((header("x-synthetic").as_deref(), header("x-synonyms")), (Some("true"), None));
    assert!(here.headers().get("x-synonyms").is_some());
    let without_token = |page: Map<String, Value>| {
        let mut page = page;
        assert!(page.remove("nextPageToken").is_some());
        page
    };
    let [here, there] = [here.json().await.unwrap(), there.json().await.unwrap()].map(without_token);
    assert_eq!(here, there);
    for (fields, status) in [("", 400), ("?types=ENUM&fields=Sex,Phase", 200)] {
        let told = reqwest::get(format!("{}/stats/field/values{fields}", api(&pair.live))).await.unwrap();
        assert_eq!(told.status(), status, "{fields}");
    }
    let version: Value = reqwest::get(api(&pair.live) + "/version").await.unwrap().json().await.unwrap();
    assert_eq!(version["dataTimestamp"], moment);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mirror_auto_is_live_and_with_one_it_is_the_mirror() {
    let mirrored = sample_mirror(20);
    let mirror = Program::serve(mirrored.path(), &[], &[]);
    let empty = tempfile::tempdir().unwrap();
    let live = serve_live(empty.path(), &[], &api(&mirror));
    for (program, source) in [(&mirror, "mirror"), (&live, "live")] {
        let answer = Caller::new(&program.url).stateless().call(COUNT, json!({})).await;
        assert_eq!(answer["structuredContent"]["data"]["source"], source);
        assert_eq!(answer["structuredContent"]["totalCount"], 20);
        assert!(said(&answer).contains(&format!(", {source},")), "{answer}");
        assert_eq!(reqwest::get(program.url.replace("/mcp", "/readyz")).await.unwrap().status(), 200);
    }
    assert!(empty.path().join("live").is_dir(), "answers are kept in the data directory");
}

/// T-43
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_down_is_told_of_and_the_server_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let live = serve_live(folder.path(), &["--source", "live"], "http://127.0.0.1:1/api/v2");
    let status = async |path| reqwest::get(live.url.replace("/mcp", path)).await.unwrap().status().as_u16();
    assert_eq!((status("/healthz").await, status("/readyz").await), (200, 503));
    let answer = Caller::new(&live.url).stateless().call(COUNT, json!({})).await;
    assert_eq!(answer["isError"], true, "{answer}");
    let text = said(&answer);
    assert!(text.starts_with("ClinicalTrials.gov cannot be reached ("), "{text}");
    assert!(text.contains("Hint: check the network and the address that is set"), "{text}");
}

/// A certificate of `localhost` that an authority of its own vouches for, in a folder.
fn certificates(folder: &Path) -> bool {
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(&format!("req -x509 {key} -days 2 -keyout ca.key -out ca.pem -subj /CN=authority"))
        && openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN=localhost"))
        && openssl(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem",
        )
}

/// Answers of an API behind TLS, each a file that is called as it is asked for.
fn serve_files(folder: &Path, port: u16) -> Child {
    let files = folder.join("api/v2");
    std::fs::create_dir_all(&files).unwrap();
    let write = |name: &str, body: &str| {
        let head =
            format!("HTTP/1.0 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
        std::fs::write(files.join(name), format!("{head}\r\n\r\n{body}")).unwrap();
    };
    write("version", r#"{"apiVersion":"2.0.5","dataTimestamp":"2026-08-14T09:00:05"}"#);
    write("studies?countTotal=true&pageSize=1&fields=NCTId", r#"{"totalCount":7,"studies":[]}"#);
    Command::new("openssl")
        .args(["s_server", "-quiet", "-HTTP", "-cert", "server.pem", "-key", "server.key", "-accept"])
        .arg(port.to_string())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Ends a process with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A proxy that counts who it connects.
async fn proxy() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, connected) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = connected.clone();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let counted = counted.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let target = head.strip_prefix("CONNECT ").unwrap().split(' ').next().unwrap();
                assert!(head.to_ascii_lowercase().contains("proxy-authorization: basic "), "{head}");
                counted.fetch_add(1, Ordering::Relaxed);
                let mut server = TcpStream::connect(target).await.unwrap();
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (address, connected)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_behind_tls_is_known_by_certificates_and_reached_through_a_proxy() {
    let folder = tempfile::tempdir().unwrap();
    if !certificates(folder.path()) {
        return skipped("an API behind TLS: there is no openssl to make certificates");
    }
    let port = free_address().port();
    let _api = Ended(serve_files(folder.path(), port));
    let ca = folder.path().join("ca.pem");
    let (proxy, connected) = proxy().await;
    let proxy = format!("http://ana:secret@{proxy}");
    let serve = |host: &str, more: &[(&str, &str)]| {
        let data_dir = folder.path().join(host).join(more.len().to_string());
        let api = format!("https://{host}:{port}/api/v2");
        let variables = [&[("CT_API_BASE_URL", api.as_str())], more].concat();
        Program::serve(&data_dir, &["--source", "live"], &variables)
    };
    let trusted = ("SSL_CERT_FILE", ca.to_str().unwrap());
    let count = async |live: &Program| Caller::new(&live.url).stateless().call(COUNT, json!({})).await;
    for more in [&[trusted][..], &[trusted, ("HTTPS_PROXY", &proxy)]] {
        let answer = count(&serve("localhost", more)).await;
        assert_eq!(answer["structuredContent"]["totalCount"], 7, "{answer}");
    }
    assert!(connected.load(Ordering::Relaxed) > 0);
    // It is not the certificate of this host, and without the authority of none.
    for live in [serve("127.0.0.1", &[trusted]), serve("localhost", &[])] {
        let answer = count(&live).await;
        assert!(said(&answer).contains("certificate"), "{answer}");
    }
}

#[test]
fn what_is_wrong_with_the_live_settings_is_reported_with_all_else() {
    let output = program()
        .args(["stdio", "--source", "remote"])
        .envs([
            ("CT_API_BASE_URL", "https://ana:secret@example.org"),
            ("CT_REQUEST_TIMEOUT_MS", "1"),
            ("CLINICALTRIALS_LIVE_REQUESTS_PER_SECOND", "inf"),
            ("CLINICALTRIALS_LIVE_CACHE_BYTES", "-1"),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: these settings are wrong:\n  \
         --source: `remote` is not one of auto, mirror, live, sample\n  \
         CT_API_BASE_URL: not an http or https address without user, query and fragment, such as \
         https://clinicaltrials.gov/api/v2\n  \
         CT_REQUEST_TIMEOUT_MS: `1` is not milliseconds from 100 to 300000\n  \
         CLINICALTRIALS_LIVE_REQUESTS_PER_SECOND: `inf` is not a number from 0.1 to 1000\n  \
         CLINICALTRIALS_LIVE_CACHE_BYTES: `-1` is not a number of bytes from 0 (nothing is kept) to 1099511627776\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn live_answers_over_real_studies_are_those_of_the_mirror() {
    let Some(file) = shared_data("studies.ndjson.gz") else { return };
    let mirrored = tempfile::tempdir().unwrap();
    import(&file, mirrored.path());
    compare(&Pair::over(mirrored)).await;
}

/// H-5, A-12: what the registry's API is asked has nothing of who asks.
#[tokio::test(flavor = "multi_thread")]
async fn a_callers_token_stays_here() {
    let (told, mut heads) = tokio::sync::mpsc::unbounded_channel();
    let registry = axum::Router::new().fallback(move |request: axum::extract::Request| {
        told.send(format!("{:?}", request.into_parts().0).to_lowercase()).unwrap();
        async { axum::http::StatusCode::NOT_FOUND }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/api/v2", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, registry).await });
    let folder = tempfile::tempdir().unwrap();
    let variables = [("CT_API_BASE_URL", address.as_str()), ("MCP_AUTH_SECRET_KEY", SECRET)];
    let program = Program::serve(folder.path(), &["--source", "live", "--auth", "jwt"], &variables);
    let token = token(&json!({"sub": "ana"}));
    let caller = Caller::new(&program.url).with("authorization", format!("Bearer {token}")).stateless();
    caller.call(COUNT, json!({"conditionQuery": "asthma"})).await;
    drop(program);
    let mut questions = 0;
    while let Ok(head) = heads.try_recv() {
        assert!(!head.contains("authorization") && !head.contains("bearer"), "{head}");
        assert!(!head.contains(&token.to_lowercase()), "{head}");
        questions += 1;
    }
    assert!(questions > 0, "the registry was asked");
}

//! What an operator sees: figures, the audit log, ids of requests; and what nobody may see in any of them.

use crate::support::{Caller, Program, SECRET, sample_mirror, servers::free_address, token};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

const JWT: (&str, &str) = ("MCP_AUTH_SECRET_KEY", SECRET);

fn claims(subject: &str) -> Value {
    json!({"sub": subject, "client_id": "app", "exp": 4_000_000_000_u64})
}

/// A server that is watched.
struct Watched {
    server: Program,
    metrics: String,
    folder: tempfile::TempDir,
}

impl Watched {
    fn start(log_level: &str) -> Self {
        let folder = sample_mirror(20);
        let address = free_address().to_string();
        let audit_log = folder.path().join("audit.ndjson");
        let arguments = [
            "--auth",
            "jwt",
            "--metrics",
            &address,
            "--audit-log",
            audit_log.to_str().unwrap(),
            "--log-format",
            "json",
            "--log-level",
            log_level,
        ];
        let server = Program::serve(folder.path(), &arguments, &[JWT]);
        Self { server, metrics: format!("http://{address}/metrics"), folder }
    }

    fn caller(&self, subject: &str) -> Caller {
        Caller::new(&self.server.url).bearing(&claims(subject))
    }

    /// Every figure, by its name and labels.
    async fn figures(&self) -> BTreeMap<String, f64> {
        let shown = Caller::new(&self.metrics).send(reqwest::Method::GET, "").await;
        assert!(shown.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"), "{shown:?}");
        let lines = shown.body.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        lines
            .map(|line| {
                let (name, value) = line.rsplit_once(' ').unwrap();
                (name.to_owned(), value.parse().unwrap())
            })
            .collect()
    }

    /// What stands in the audit log.
    fn audit(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join("audit.ndjson")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Ana works in a session, Ben tries it, a stranger tries things, Ana saves a cohort and logs out. Returns every
    /// secret that was used.
    async fn scenario(&self) -> Vec<String> {
        let (ana, ben) = (self.caller("ana"), self.caller("ben"));
        let session = ana.open_session().await;
        let in_session = ana.clone().in_session(&session);
        let count = in_session.call("clinicaltrials_get_study_count", json!({})).await;
        assert_eq!(count["structuredContent"]["totalCount"], 20);
        let cohort = json!({"name": "mine", "conditionQuery": "diabetes"});
        let cohort = in_session.call("clinicaltrials_create_cohort", cohort).await;
        let cohort = cohort["structuredContent"]["cohortId"].as_str().unwrap().to_owned();
        let wrong = in_session.call("clinicaltrials_get_study_record", json!({"nctIds": "NCT1"})).await;
        assert_eq!(wrong["isError"], true);
        let unknown = "d1ce5e1ec7ab1e5f".repeat(4);
        for (caller, id, expected) in [(&ben, &session, 404), (&ana, &unknown, 404)] {
            let reply = caller.clone().in_session(id).request(1, "tools/list", json!({})).await;
            assert_eq!(reply.status, expected);
        }
        let forged =
            Caller::new(&self.server.url).with("authorization", "Bearer e30.e30.c2lnbmF0dXJl").stateless();
        assert_eq!(forged.request(1, "tools/list", json!({})).await.status, 401);
        let nobody = Caller::new(&self.server.url).stateless();
        assert_eq!(nobody.request(1, "tools/list", json!({})).await.status, 401);
        let elsewhere = in_session.clone().with("origin", "https://evil.example");
        assert_eq!(elsewhere.request(1, "tools/list", json!({})).await.status, 403);
        assert_eq!(in_session.delete().await.status, 204);
        assert_eq!(in_session.request(1, "tools/list", json!({})).await.status, 404);
        vec![session, cohort, unknown, token(&claims("ana")), token(&claims("ben"))]
    }
}

#[tokio::test]
async fn everything_that_happens_is_counted() {
    let watched = Watched::start("info");
    watched.scenario().await;
    let figures = watched.figures().await;
    let figure =
        |name: &str| figures.get(name).copied().unwrap_or_else(|| panic!("no {name} in {figures:#?}"));
    let tool = |tool: &str, outcome: &str| {
        figure(&format!(
            "mcp_requests_total{{method=\"tools/call\",tool=\"clinicaltrials_{tool}\",outcome=\"{outcome}\"}}"
        ))
    };
    assert_eq!(tool("get_study_count", "ok"), 1.0);
    assert_eq!(tool("create_cohort", "ok"), 1.0);
    assert_eq!(tool("get_study_record", "refused"), 1.0);
    let event = |kind: &str, event: &str, reason: &str| {
        figure(&format!("mcp_sessions_events_total{{kind=\"{kind}\",event=\"{event}\",reason=\"{reason}\"}}"))
    };
    assert_eq!(event("session", "created", ""), 1.0);
    assert_eq!(event("session", "terminated", "asked for"), 1.0);
    assert_eq!(event("session", "rejected", "other_identity"), 1.0);
    // The made-up id, and the ended one.
    assert_eq!(event("session", "rejected", "unknown"), 2.0);
    assert_eq!(event("handle", "created", ""), 1.0);
    assert_eq!(figure("mcp_session_duration_seconds_count"), 1.0);
    assert_eq!(figure("mcp_sessions_active"), 0.0);
    assert_eq!(figure("mcp_auth_attempts_total{outcome=\"invalid\"}"), 1.0);
    assert_eq!(figure("mcp_auth_attempts_total{outcome=\"missing\"}"), 1.0);
    assert_eq!(figure("http_rejections_total{reason=\"origin\"}"), 1.0);
    assert_eq!(figure("http_requests_total{route=\"mcp\",method=\"DELETE\",status=\"204\"}"), 1.0);
    assert!(figure("registry_question_duration_seconds_count{kind=\"search\"}") >= 1.0);
    assert_eq!(figure("registry_studies"), 20.0);
    assert!(figure("registry_newest_update_timestamp_seconds") > 1e9);
}

#[tokio::test]
async fn an_audit_log_has_what_happened_to_sessions_and_who_was_not_let_in() {
    let watched = Watched::start("error");
    watched.scenario().await;
    let audit = watched.audit();
    let entry = |event: &str, reason: Option<&str>| {
        let found: Vec<_> = audit
            .iter()
            .filter(|entry| entry["event"] == event && entry["reason"].as_str() == reason)
            .collect();
        assert!(!found.is_empty(), "no {event} {reason:?} in {audit:#?}");
        found[0].clone()
    };
    let created = entry("created", None);
    assert!(created["time"].as_str().unwrap().starts_with("20") && created["kind"] == "session", "{created}");
    let ended = entry("terminated", None);
    assert_eq!((&ended["session"], &ended["why"]), (&created["session"], &json!("asked for")));
    let hijack = entry("rejected", Some("other_identity"));
    assert_eq!(hijack["session"], created["session"]);
    assert_ne!(hijack["caller"], created["owner"]);
    assert_eq!(entry("not_let_in", Some("invalid"))["address"], "127.0.0.1");
    // What strangers can cause without end is counted, and written nowhere.
    assert!(audit.iter().all(|entry| entry["reason"] != "unknown"), "{audit:#?}");
}

#[tokio::test]
async fn an_answers_id_leads_to_what_was_logged_of_its_request() {
    let watched = Watched::start("debug");
    let session = watched.caller("ana").open_session().await;
    let refused = reqwest::Client::new()
        .post(&watched.server.url)
        .header("authorization", format!("Bearer {}", token(&claims("ben"))))
        .header("mcp-session-id", &session)
        .body(r#"{"jsonrpc": "2.0", "id": 1, "method": "ping"}"#);
    let refused = refused.send().await.unwrap();
    let id = refused.headers()["x-request-id"].to_str().unwrap();
    assert_eq!((refused.status().as_u16(), id.len()), (404, 16));
    let (_, written) = stopped(watched.server);
    let lines = written.lines().filter(|line| line.contains(id));
    let hijack = lines.filter(|line| line.contains("possible session hijack")).count();
    assert_eq!(hijack, 1, "{id}: {written}");
}

/// Invariant: secrets of the people who use it appear nowhere, whole or in part.
#[tokio::test]
async fn no_id_of_a_session_and_no_token_is_in_anything_that_is_written() {
    let watched = Watched::start("trace");
    let secrets = watched.scenario().await;
    let shown = Caller::new(&watched.metrics).send(reqwest::Method::GET, "").await.body;
    let Watched { server, folder, .. } = watched;
    let (_, written) = stopped(server);
    let mut places =
        vec![("figures".to_owned(), shown.into_bytes()), ("logs".to_owned(), written.into_bytes())];
    files(folder.path(), &mut places);
    assert!(places.iter().any(|(name, _)| name.ends_with("audit.ndjson")));
    assert!(places.iter().any(|(name, _)| name.ends_with("sessions.redb")));
    // Where cohorts are kept their ids have to be: their owner is told them again.
    let cohort = &secrets[1];
    for secret in &secrets {
        // Of a token, each part.
        for part in secret.split('.') {
            let start = &part.as_bytes()[..8];
            for (name, bytes) in &places {
                let found = bytes.windows(8).any(|window| window == start);
                let is_place = secret == cohort && name.ends_with(".cohorts");
                assert!(!found || is_place, "{name} has {part}");
            }
        }
    }
}

/// A collector that keeps what it is sent.
async fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let received = Arc::new(Mutex::new(Vec::new()));
    let keep = received.clone();
    let take = move |body: axum::body::Bytes| {
        keep.lock().unwrap().extend_from_slice(&body);
        async {}
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/v1/traces", axum::routing::post(take));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, received)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_on_where_the_head_or_the_message_says() {
    let (address, received) = collector().await;
    let mirror = sample_mirror(5);
    let variables = [
        ("OTEL_ENABLED", "true"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", address.as_str()),
        ("OTEL_SERVICE_NAME", "trials-of-a-test"),
    ];
    let server = Program::serve(mirror.path(), &["--log-level", "error"], &variables);
    let traces = [[0xa1_u8; 16], [0xb2; 16]];
    let parent = |trace: &[u8; 16]| {
        let trace: String = trace.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("00-{trace}-00f067aa0ba902b7-01")
    };
    let caller = Caller::new(&server.url).stateless().with("traceparent", parent(&traces[0]));
    let params = json!({
        "name": "clinicaltrials_get_study_count", "arguments": {}, "_meta": {"traceparent": parent(&traces[1])},
    });
    assert_eq!(caller.request(1, "tools/call", params).await.status, 200);
    // A trace of nonsense is nobody's.
    let odd = Caller::new(&server.url).stateless().with("traceparent", "00-nonsense");
    assert_eq!(odd.request(1, "tools/list", json!({})).await.status, 200);
    let (code, written) = stopped(server);
    assert_eq!(code, Some(0), "{written}");
    let received = received.lock().unwrap();
    let has = |part: &[u8]| received.windows(part.len()).any(|window| window == part);
    assert!(traces.iter().all(|trace| has(trace)), "{} bytes, {written}", received.len());
    for name in ["trials-of-a-test", "request", "tools/call", "question", "clinicaltrials_get_study_count"] {
        assert!(has(name.as_bytes()), "no {name}");
    }
}

#[tokio::test]
async fn a_collector_that_is_not_there_stops_nothing() {
    let mirror = sample_mirror(5);
    let nowhere = format!("http://{}", free_address());
    let variables = [("OTEL_ENABLED", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", nowhere.as_str())];
    let server = Program::serve(mirror.path(), &[], &variables);
    let caller = Caller::new(&server.url).stateless();
    assert_eq!(caller.request(1, "tools/list", json!({})).await.status, 200);
    let (code, written) = stopped(server);
    assert_eq!(code, Some(0), "{written}");
}

fn stopped(server: Program) -> (Option<i32>, String) {
    server.signal("TERM");
    server.finish()
}

fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.to_string_lossy().into_owned(), fs::read(&path).unwrap()));
        }
    }
}

/// What the dashboard and the alerts ask for is counted under that name.
#[test]
fn the_dashboard_and_the_alerts_ask_for_figures_that_there_are() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let counted =
        fs::read_to_string(repository.join("crates/clinicaltrials-mcp/src/telemetry/figures.rs")).unwrap();
    for file in ["dashboard.json", "alerts.yml"] {
        let text = fs::read_to_string(repository.join("docs/operating").join(file)).unwrap();
        let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        let names: Vec<&str> = words
            .filter(|word| {
                ["http_", "mcp_", "registry_", "live_"].iter().any(|start| word.starts_with(start))
            })
            .map(|word| word.strip_suffix("_bucket").unwrap_or(word))
            .collect();
        assert!(names.len() > 5, "{file}: {names:?}");
        for name in names {
            assert!(counted.contains(&format!("\"{name}\"")), "{file} asks for {name}");
        }
    }
}

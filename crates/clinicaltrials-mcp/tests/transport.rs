//! The HTTP transport in both protocol eras: what is accepted, what is refused, what is cancelled, what finishes.

use crate::support::{Caller, InProcess, LEGACY, MODERN, SlowRegistry};
use clinicaltrials_mcp::settings::AuthSettings;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

async fn serving(search_time: Duration) -> (InProcess, Arc<SlowRegistry>) {
    let registry = SlowRegistry::new(search_time);
    (InProcess::start(registry.clone(), AuthSettings::None).await, registry)
}

const QUICK: Duration = Duration::ZERO;
/// Far longer than any test waits: a search that ends sooner was cancelled.
const ENDLESS: Duration = Duration::from_secs(25);
const SEARCH: &str = "clinicaltrials_search_studies";

/// T-23, T-37
#[tokio::test]
async fn each_era_is_served_in_its_own_way() {
    let (server, _) = serving(QUICK).await;
    let caller = Caller::new(&server.url);
    for (asked, agreed) in
        [("2025-06-18", "2025-06-18"), (LEGACY, LEGACY), ("2024-11-05", LEGACY), ("1999-01-01", LEGACY)]
    {
        let reply = caller.initialize(asked).await;
        assert_eq!(reply.result()["protocolVersion"], agreed, "asked for {asked}");
        let session = caller.clone().in_session(reply.header("mcp-session-id").unwrap());
        assert_eq!(
            session.request("x", "tools/list", json!({})).await.result()["tools"].as_array().unwrap().len(),
            12
        );
        assert_eq!(session.request(2, "ping", json!({})).await.result(), json!({}));
    }
    let modern = caller.stateless();
    let discovered = modern.request(1, "server/discover", json!({})).await;
    assert_eq!(discovered.result()["supportedVersions"], json!(["2025-06-18", "2025-11-25", "2026-07-28"]));
    let listed = modern.request(1, "tools/list", json!({})).await;
    assert_eq!((listed.status, listed.header("mcp-session-id")), (200, None));
    // An id means nothing here: neither a wrong nor a well-formed one changes the answer.
    let with_id = modern.with("mcp-session-id", "f".repeat(64)).request(1, "tools/list", json!({})).await;
    assert_eq!(with_id, listed);
}

/// T-6
#[tokio::test]
async fn what_is_no_single_message_is_refused() {
    let (server, _) = serving(QUICK).await;
    let caller = Caller::new(&server.url);
    let caller = caller.clone().in_session(&caller.open_session().await);
    let too_large =
        json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"pad": "x".repeat(70 << 10)}});
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let cases = [
        ("{", 400, -32_700),
        ("", 400, -32_700),
        ("[]", 400, -32_600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, 400, -32_600),
        ("null", 400, -32_600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":PARAMS}"#, 400, -32_700),
    ];
    for (body, status, code) in cases {
        let reply = caller.send(reqwest::Method::POST, body.replace("PARAMS", &deep)).await;
        let told = reply.message()["error"]["code"].as_i64();
        assert_eq!(
            (reply.status, told),
            (status, Some(code)),
            "{} {}",
            &body[..body.len().min(40)],
            reply.body
        );
    }
    assert_eq!(caller.send(reqwest::Method::POST, too_large.to_string()).await.status, 413);
    for method in [reqwest::Method::GET, reqwest::Method::PUT] {
        assert_eq!(caller.send(method, "").await.status, 405);
    }
}

/// T-2, T-3
#[tokio::test]
async fn foreign_hosts_and_origins_are_turned_away_everywhere_but_at_health_checks() {
    let (server, _) = serving(QUICK).await;
    let caller = Caller::new(&server.url);
    let cases = [
        ("host", "evil.example", 403),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("host", "mcp.example.org", 200),
        ("origin", "http://localhost:5173", 200),
    ];
    for (name, value, status) in cases {
        assert_eq!(
            caller.clone().with(name, value).initialize(LEGACY).await.status,
            status,
            "{name}: {value}"
        );
        let modern = caller.clone().stateless().with(name, value).request(1, "tools/list", json!({})).await;
        assert_eq!(modern.status, status, "{name}: {value}");
    }
    let health = Caller::new(&server.url.replace("/mcp", "/healthz")).with("host", "10.1.2.3:80");
    assert_eq!(health.send(reqwest::Method::GET, "").await.status, 200);
    let ready = Caller::new(&server.url.replace("/mcp", "/readyz"));
    assert_eq!(ready.send(reqwest::Method::GET, "").await.body, r#"{"status":"ready"}"#);
}

#[tokio::test]
async fn a_session_client_cancels_with_a_notification() {
    let (server, registry) = serving(ENDLESS).await;
    let caller = Caller::new(&server.url);
    let session = caller.clone().in_session(&caller.open_session().await);
    let running = tokio::spawn({
        let session = session.clone();
        async move { session.request("long", "tools/call", json!({"name": SEARCH, "arguments": {}})).await }
    });
    let cancel =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "long"}});
    registry.started(1).await;
    assert_eq!(session.post(&cancel).await.status, 202);
    let answer = running.await.unwrap();
    assert!(answer.message().get("error").is_some(), "{answer:?}");
}

#[tokio::test]
async fn a_study_is_looked_up_while_searches_take_all_there_is() {
    let (server, registry) = serving(ENDLESS).await;
    let modern = Caller::new(&server.url).stateless();
    let cores = std::thread::available_parallelism().unwrap().get();
    let searches: Vec<_> = (0..2 * cores)
        .map(|id| {
            let modern = modern.clone();
            tokio::spawn(async move {
                modern.request(id, "tools/call", json!({"name": SEARCH, "arguments": {}})).await
            })
        })
        .collect();
    registry.started(cores).await;
    let looked_up = modern.call("clinicaltrials_get_study_record", json!({"nctId": "NCT00000001"}));
    let answer = tokio::time::timeout(ENDLESS / 2, looked_up).await.expect("it waits behind the searches");
    assert_eq!(answer["isError"], true, "{answer}");
    assert!(searches.iter().all(|search| !search.is_finished()));
    searches.iter().for_each(tokio::task::JoinHandle::abort);
}

/// T-15, T-34
#[tokio::test]
async fn a_stateless_client_cancels_by_going_away_and_a_session_client_does_not() {
    // As many calls work as there are cores, the others wait; when all are cancelled, a call gets through at once.
    let (server, registry) = serving(ENDLESS).await;
    let modern = Caller::new(&server.url).stateless();
    let calls: Vec<_> = (0..64)
        .map(|id| {
            let modern = modern.clone();
            tokio::spawn(async move {
                modern.request(id, "tools/call", json!({"name": SEARCH, "arguments": {}})).await
            })
        })
        .collect();
    registry.started(1).await;
    calls.iter().for_each(tokio::task::JoinHandle::abort);
    let count =
        tokio::time::timeout(ENDLESS / 2, modern.call("clinicaltrials_get_study_count", json!({}))).await;
    assert_eq!(count.expect("the searches were not cancelled")["structuredContent"]["totalCount"], 1);

    let (server, registry) = serving(ENDLESS).await;
    let caller = Caller::new(&server.url);
    let session = caller.clone().in_session(&caller.open_session().await);
    let gone = tokio::spawn({
        let session = session.clone();
        async move { session.request(7, "tools/call", json!({"name": SEARCH, "arguments": {}})).await }
    });
    registry.started(1).await;
    gone.abort();
    assert!(gone.await.is_err_and(|error| error.is_cancelled()));
    // Still running: its id is still taken.
    let duplicate = session.request(7, "ping", json!({})).await;
    assert_eq!((duplicate.status, duplicate.message()["error"]["code"].clone()), (400, json!(-32_600)));
}

/// T-42
#[tokio::test]
async fn progress_is_told_to_who_asks_in_both_eras() {
    let (server, _) = serving(Duration::from_millis(800)).await;
    let caller = Caller::new(&server.url);
    let session = caller.clone().in_session(&caller.open_session().await);
    for caller in [session, caller.stateless()] {
        let params = json!({"name": SEARCH, "arguments": {}, "_meta": {"progressToken": "p"}});
        let reply = caller.request(3, "tools/call", params).await;
        let events: Vec<Value> = reply
            .body
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .filter_map(|data| serde_json::from_str(data).ok())
            .collect();
        let (last, progress) = events.split_last().unwrap_or_else(|| panic!("{reply:?}"));
        assert_eq!(last["id"], 3, "{reply:?}");
        assert!(progress.len() >= 2, "{reply:?}");
        let told: Vec<_> =
            progress.iter().map(|event| event["params"]["progress"].as_f64().unwrap()).collect();
        assert!(told.is_sorted_by(|a, b| a < b), "{told:?}");
        assert!(progress.iter().all(|event| event["params"]["progressToken"] == "p"), "{reply:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_lets_running_calls_finish() {
    let (mut server, registry) = serving(Duration::from_secs(1)).await;
    let caller = Caller::new(&server.url);
    let session = caller.clone().in_session(&caller.open_session().await);
    let running = [session, caller.clone().stateless()].map(|caller| {
        tokio::spawn(async move {
            caller.request(9, "tools/call", json!({"name": SEARCH, "arguments": {}})).await
        })
    });
    registry.started(2).await;
    server.stop();
    // It says so first, while it still takes requests.
    let ready = Caller::new(&server.url.replace("/mcp", "/readyz"));
    let refused = loop {
        let reply = ready.send(reqwest::Method::GET, "").await;
        if reply.status != 200 {
            break reply;
        }
    };
    assert_eq!((refused.status, &refused.message()["problem"]), (503, &json!("draining")));
    for call in running {
        let reply = call.await.unwrap();
        assert_eq!(reply.result()["structuredContent"]["totalCount"], 0, "{reply:?}");
    }
    let url = server.url.clone();
    server.stopped().await;
    let refused = reqwest::Client::new().get(url).send().await;
    assert!(refused.is_err_and(|error| error.is_connect()));
}

/// T-25
#[tokio::test]
async fn the_modern_version_must_agree_with_itself() {
    let (server, _) = serving(QUICK).await;
    let modern = Caller::new(&server.url).stateless();
    let mismatch = modern.clone().with("mcp-protocol-version", LEGACY);
    let reply = mismatch.request(1, "tools/list", json!({})).await;
    assert_eq!((reply.status, reply.message()["error"]["code"].clone()), (400, json!(-32_020)), "{reply:?}");
    assert_eq!(modern.request(1, "no/such", json!({})).await.status, 404);
    let unsupported = Caller::new(&server.url).with("mcp-protocol-version", "2099-01-01");
    let reply = unsupported.request(1, "tools/list", json!({})).await;
    assert_eq!(reply.status, 400, "{MODERN} is the newest there is: {reply:?}");
    // A message that names a revision is told which there are; one where the header names another, that they differ.
    for (header, code) in [("v999.0.0", -32_022), (MODERN, -32_020)] {
        let meta = json!({"io.modelcontextprotocol/protocolVersion": "v999.0.0", "io.modelcontextprotocol/clientCapabilities": {}});
        let message =
            json!({"jsonrpc": "2.0", "id": 7, "method": "server/discover", "params": {"_meta": meta}});
        let caller = Caller::new(&server.url).with("mcp-protocol-version", header);
        let reply = caller.with("mcp-method", "server/discover").post(&message).await;
        let told = reply.message();
        assert_eq!(
            (reply.status, &told["error"]["code"], &told["id"]),
            (400, &json!(code), &json!(7)),
            "{told}"
        );
    }
    // What only sessions have is no method of this revision.
    for method in ["initialize", "ping"] {
        let reply = modern.request(1, method, json!({"client": []})).await;
        assert_eq!(
            (reply.status, reply.message()["error"]["code"].clone()),
            (404, json!(-32_601)),
            "{method}"
        );
    }
}

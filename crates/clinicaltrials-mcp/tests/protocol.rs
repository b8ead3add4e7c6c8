//! What the transport of each revision demands of a server, item by item of the checklist in `docs/security.md`.

use crate::support::{Caller, InProcess, LEGACY, MODERN, Reply, SlowRegistry};
use clinicaltrials_mcp::settings::AuthSettings;
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

const COUNT: &str = "clinicaltrials_get_study_count";
/// Takes as long as the registry is told to.
const SEARCH: &str = "clinicaltrials_search_studies";

async fn serving(search_time: Duration) -> InProcess {
    InProcess::start(SlowRegistry::new(search_time), AuthSettings::None).await
}

async fn in_session(server: &InProcess) -> Caller {
    let caller = Caller::new(&server.url);
    caller.clone().in_session(&caller.open_session().await)
}

/// A modern client that sends exactly this.
async fn send(server: &InProcess, headers: &[(&'static str, &str)], message: &Value) -> Reply {
    let caller =
        headers.iter().fold(Caller::new(&server.url), |caller, (name, value)| caller.with(name, *value));
    caller.send(Method::POST, message.to_string()).await
}

fn modern_meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

fn code(reply: &Reply) -> i64 {
    reply.message()["error"]["code"].as_i64().unwrap_or_else(|| panic!("{reply:?}"))
}

/// T-1, T-16, T-36: one address; POST in both eras, and neither streams by GET nor, without sessions, an end by DELETE.
#[tokio::test]
async fn one_address_takes_messages_and_nothing_else() {
    let server = serving(Duration::ZERO).await;
    let session = in_session(&server).await;
    let modern = Caller::new(&server.url).stateless();
    assert_eq!(session.request(1, "ping", json!({})).await.status, 200);
    assert_eq!(modern.request(1, "tools/list", json!({})).await.status, 200);
    for method in [Method::GET, Method::PUT, Method::PATCH] {
        for caller in [&session, &modern] {
            let reply = caller.clone().with("accept", "text/event-stream").send(method.clone(), "").await;
            assert_eq!(reply.status, 405, "{method}: {reply:?}");
        }
    }
    assert_eq!(modern.delete().await.status, 405);
    // Neither of them is looked at, and none is given out.
    let stale = modern.clone().with("mcp-session-id", "f".repeat(64)).with("last-event-id", "1-1");
    let reply = stale.request(1, "tools/list", json!({})).await;
    assert_eq!((reply.status, reply.header("mcp-session-id")), (200, None));
}

/// T-6, T-7: one message in a body; what asks for nothing is answered with 202 and nothing.
#[tokio::test]
async fn what_asks_for_nothing_gets_nothing() {
    let server = serving(Duration::ZERO).await;
    let session = in_session(&server).await;
    let messages = [
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99}}),
    ];
    for message in messages {
        let reply = session.send(Method::POST, message.to_string()).await;
        assert_eq!((reply.status, reply.body.as_str()), (202, ""), "{message}: {reply:?}");
    }
    // Nothing is asked of clients, so that there is nothing to answer; one revision does not know answers at all.
    let answer = json!({"jsonrpc": "2.0", "id": 7, "result": {}});
    let reply = session.send(Method::POST, answer.to_string()).await;
    assert_eq!(reply.status, 400, "{reply:?}");
    let headers = [("mcp-protocol-version", MODERN), ("mcp-method", "x")];
    let reply = send(&server, &headers, &answer).await;
    assert_eq!(reply.status, 400, "{reply:?}");
}

/// T-8, T-9, T-13, T-14, T-17, T-18, T-19, T-20, T-35: an answer is JSON, or a stream that ends with it and has before it only what
/// belongs to its request, in events of its own, unbuffered; nothing is ever asked of the client.
#[tokio::test]
async fn a_stream_is_of_one_request_and_ends_with_its_answer() {
    let server = serving(Duration::from_millis(600)).await;
    for caller in [in_session(&server).await, Caller::new(&server.url).stateless()] {
        let plain = caller.request(1, "tools/call", json!({"name": SEARCH, "arguments": {}})).await;
        assert_eq!(plain.header("content-type"), Some("application/json"), "{plain:?}");
        let call = async |id: u32| {
            let meta = json!({"progressToken": format!("p{id}")});
            caller.request(id, "tools/call", json!({"name": SEARCH, "arguments": {}, "_meta": meta})).await
        };
        let (one, two) = tokio::join!(call(2), call(3));
        let mut event_ids = BTreeSet::new();
        for (id, stream) in [(2, &one), (3, &two)] {
            assert_eq!(stream.header("content-type"), Some("text/event-stream"), "{stream:?}");
            assert_eq!(stream.header("x-accel-buffering"), Some("no"), "{stream:?}");
            let data = stream.body.lines().filter_map(|line| line.strip_prefix("data: "));
            let messages: Vec<Value> = data.filter_map(|data| serde_json::from_str(data).ok()).collect();
            let (answer, before) = messages.split_last().unwrap();
            assert_eq!((&answer["id"], answer.get("result").is_some()), (&json!(id), true), "{stream:?}");
            assert!(!before.is_empty(), "{stream:?}");
            for message in before {
                // A notification, so nothing that the client would have to answer.
                assert_eq!((&message["method"], message.get("id")), (&json!("notifications/progress"), None));
                assert_eq!(message["params"]["progressToken"], format!("p{id}"));
            }
            for event_id in stream.body.lines().filter_map(|line| line.strip_prefix("id: ")) {
                assert!(event_ids.insert(event_id.to_owned()) || event_id.is_empty(), "{event_id} twice");
            }
        }
    }
}

/// T-21, T-22, T-23: a version that is not known is refused; without the header the session knows it.
#[tokio::test]
async fn the_version_is_known_or_agreed() {
    let server = serving(Duration::ZERO).await;
    let session = in_session(&server).await;
    for unknown in ["1.0.0", "2099-01-01", "latest", ""] {
        let reply = session.clone().with("mcp-protocol-version", unknown).request(1, "ping", json!({})).await;
        assert_eq!(reply.status, 400, "{unknown}: {reply:?}");
    }
    let mut silent = session;
    silent.headers.retain(|(name, _)| *name != "mcp-protocol-version");
    assert_eq!(silent.request(1, "ping", json!({})).await.status, 200);
    let newest = Caller::new(&server.url).initialize("2030-01-01").await;
    assert_eq!(newest.result()["protocolVersion"], LEGACY);
}

/// T-25, T-26, T-27, T-32: a request of the revision without sessions says its version twice, and what its client can do.
#[tokio::test]
async fn a_request_without_a_session_says_what_a_session_would_know() {
    let server = serving(Duration::ZERO).await;
    let message =
        |meta: Value| json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": meta}});
    let headers = [("mcp-protocol-version", MODERN), ("mcp-method", "tools/list")];
    assert_eq!(send(&server, &headers, &message(modern_meta())).await.status, 200);

    let mut other = modern_meta();
    other["io.modelcontextprotocol/protocolVersion"] = LEGACY.into();
    // What names a revision with sessions needs one, whatever its head says.
    let reply = send(&server, &headers, &message(other)).await;
    assert_eq!(reply.status, 400, "{reply:?}");
    let reply = send(&server, &[("mcp-protocol-version", LEGACY), headers[1]], &message(modern_meta())).await;
    assert_eq!((reply.status, code(&reply)), (400, -32_020), "{reply:?}");

    let mut future = modern_meta();
    future["io.modelcontextprotocol/protocolVersion"] = "2099-01-01".into();
    let reply = send(&server, &[("mcp-protocol-version", "2099-01-01"), headers[1]], &message(future)).await;
    assert_eq!((reply.status, code(&reply)), (400, -32_022), "{reply:?}");
    assert!(reply.body.contains(MODERN), "{reply:?}");

    for missing in ["io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientCapabilities"] {
        let mut meta = modern_meta();
        meta.as_object_mut().unwrap().remove(missing);
        let reply = send(&server, &headers, &message(meta)).await;
        assert_eq!(reply.status, 400, "{missing}: {reply:?}");
    }
    let unknown = json!({"jsonrpc": "2.0", "id": 1, "method": "no/such", "params": {"_meta": modern_meta()}});
    let reply = send(&server, &[headers[0], ("mcp-method", "no/such")], &unknown).await;
    assert_eq!((reply.status, code(&reply)), (404, -32_601), "{reply:?}");
}

/// T-28, T-29: the head says which method and which tool the body asks for, or it is refused.
#[tokio::test]
async fn the_head_says_what_the_body_says() {
    let server = serving(Duration::ZERO).await;
    let params = json!({"name": COUNT, "arguments": {}, "_meta": modern_meta()});
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let version = ("mcp-protocol-version", MODERN);
    let (method, name) = (("mcp-method", "tools/call"), ("mcp-name", COUNT));
    // In base64, as names that are no plain text have to be.
    let encoded = "=?base64?Y2xpbmljYWx0cmlhbHNfZ2V0X3N0dWR5X2NvdW50?=";
    for good in [[version, method, name], [version, method, ("mcp-name", encoded)]] {
        let reply = send(&server, &good, &message).await;
        assert_eq!(reply.status, 200, "{good:?}: {reply:?}");
    }
    let bad: [&[(&'static str, &str)]; 6] = [
        &[version, name],
        &[version, method],
        &[version, ("mcp-method", "tools/list"), name],
        &[version, ("mcp-method", "TOOLS/CALL"), name],
        &[version, method, ("mcp-name", "clinicaltrials_search_studies")],
        &[version, method, ("mcp-name", "=?base64?!!?=")],
    ];
    for headers in bad {
        let reply = send(&server, headers, &message).await;
        assert_eq!((reply.status, code(&reply)), (400, -32_020), "{headers:?}: {reply:?}");
    }
}

/// T-38, T-40, T-41: what it is can be discovered; results say their kind; an answer has its request's id, which is not null.
#[tokio::test]
async fn answers_are_told_apart() {
    let server = serving(Duration::ZERO).await;
    let modern = Caller::new(&server.url).stateless();
    let discovered = modern.request("first", "server/discover", json!({})).await;
    assert_eq!(discovered.message()["id"], "first");
    let discovered = discovered.result();
    assert_eq!(discovered["supportedVersions"], json!(["2025-06-18", LEGACY, MODERN]));
    assert!(discovered.to_string().contains("clinicaltrials-mcp"), "{discovered}");
    for method in ["tools/list", "prompts/list", "resources/templates/list"] {
        assert_eq!(modern.request(1, method, json!({})).await.result()["resultType"], "complete", "{method}");
    }
    for id in [json!(0), json!(-5), json!("a \"quoted\" id"), json!(9_007_199_254_740_991_i64)] {
        assert_eq!(modern.request(id.clone(), "tools/list", json!({})).await.message()["id"], id);
    }
    let session = in_session(&server).await;
    for caller in [&modern, &session] {
        let reply = caller.request(Value::Null, "tools/list", json!({})).await;
        assert!((400..500).contains(&reply.status), "{reply:?}");
        let reply = caller.request(1, "tools/call", json!({"name": "no_such_tool", "arguments": {}})).await;
        // Of JSON-RPC's own codes, none of those that a revision has kept for itself.
        assert_eq!(code(&reply), -32_602, "{reply:?}");
    }
}

//! What the layer makes of a request's method, body and era.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::middleware::{Next, from_fn};
use http::{Method, Request};
use http_body::Frame;
use mcp_sessions::{Caller, Identity, ManualClock, Policy, SessionId, SessionLayer, Sessions};
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::ServiceExt;

use crate::support::bytes::ByteStore;
use crate::support::http::{EngineService, INITIALIZE, LIST, delete, post, request, server, server_on};
use crate::support::{Log, ana, ben, identity};

/// H-1: no request passes whose sender was not looked at.
#[tokio::test]
async fn a_request_without_a_caller_fails_closed() {
    let (server, _) = server();
    let log = Log::start();
    for method in [Method::POST, Method::DELETE, Method::GET] {
        let request = Request::builder().method(method).body(Body::from(INITIALIZE)).expect("a request");
        assert_eq!(server.send(request).await.status, 500);
        assert!(log.take().contains("ERROR"));
    }
    assert_eq!(server.engine.calls(), 0);
}

#[tokio::test]
async fn a_caller_identified_as_nobody_fails_closed() {
    let (server, _) = server();
    let id = server.open(&Caller::Anonymous).await;
    let calls = server.engine.calls();
    let nameless = Caller::Identified(Identity::default());
    let log = Log::start();
    let mut modern = modern(None);
    modern.extensions_mut().insert(nameless.clone());
    let requests = [
        post(&nameless, None, INITIALIZE),
        post(&nameless, Some(&id), LIST),
        delete(&nameless, Some(&id)),
        modern,
    ];
    for request in requests {
        let answer = server.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.error().0), (500, -32603));
        assert!(log.take().contains("ERROR"));
    }
    assert_eq!(server.engine.calls(), calls);
    assert_eq!(server.status(&Caller::Anonymous, &id).await, 200);
    let tenant = Caller::Identified(Identity::default().with_tenant("north"));
    assert_eq!(server.send(post(&tenant, None, INITIALIZE)).await.status, 200, "it is told from others");
}

#[tokio::test]
async fn only_post_and_delete_are_known() {
    let (server, _) = server();
    let id = server.open(&ana()).await;
    for method in [Method::GET, Method::PUT, Method::HEAD, Method::OPTIONS, Method::PATCH] {
        let answer = server.send(request(method.clone(), &ana(), Some(&id), "")).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some("POST, DELETE")), "{method}");
    }
    for method in [Method::GET, Method::DELETE] {
        let mut request = request(method.clone(), &ana(), Some(&id), "");
        request.headers_mut().insert("mcp-protocol-version", "2026-07-28".parse().expect("a value"));
        let answer = server.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some("POST")), "{method}");
    }
    assert_eq!(server.status(&ana(), &id).await, 200, "it was not deleted");
}

/// S-4: no id is another mistake than a wrong one.
#[tokio::test]
async fn a_missing_id_is_a_bad_request() {
    let (server, _) = server();
    for request in [post(&ana(), None, LIST), delete(&ana(), None)] {
        let answer = server.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, (-32600, Value::Null)));
    }
    assert_eq!(server.engine.calls(), 0);
}

#[tokio::test]
async fn what_is_not_one_message_goes_no_further() {
    let (server, _) = server();
    let id = server.open(&ana()).await;
    let calls = server.engine.calls();
    let batch = format!("[{LIST},{INITIALIZE}]");
    let deep = format!(r#"{{"method":"x","params":{}}}"#, "[".repeat(2_000));
    let cases = [
        ("{", -32700),
        ("", -32700),
        (&*deep, -32700),
        (&*batch, -32600),
        (r#"{"method":"a","method":"initialize"}"#, -32600),
        (r#"{"id":[],"method":"a"}"#, -32600),
    ];
    for (body, code) in cases {
        let answer = server.send(post(&ana(), Some(&id), body)).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, (code, Value::Null)), "{body}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{body}");
    }
    let answer = server.send(post(&ana(), Some(&id), &batch)).await;
    assert!(answer.body.contains("batches are not supported"), "{}", answer.body);
    assert_eq!(server.engine.calls(), calls);
}

#[tokio::test]
async fn bodies_are_bounded_announced_or_not() {
    let (server, _) = server();
    let large = format!(r#"{{"method":"{}"}}"#, "x".repeat(4096));
    let mut announced = post(&ana(), None, "");
    announced.headers_mut().insert("content-length", "4097".parse().expect("a value"));
    for request in [post(&ana(), None, &large), announced] {
        assert_eq!(server.send(request).await.status, 413);
    }
    let exact = format!(r#"{{"id":1,"method":"{}"}}"#, "x".repeat(4096 - 20));
    assert_eq!(exact.len(), 4096);
    let id = server.open(&ana()).await;
    assert_eq!(server.send(post(&ana(), Some(&id), &exact)).await.status, 200);
}

/// A body of which half is there and the rest never comes.
struct Half(Option<Bytes>);

impl http_body::Body for Half {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.take().map_or(Poll::Pending, |half| Poll::Ready(Some(Ok(Frame::data(half)))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let (server, _) = server();
    let id = server.open(&ana()).await;
    let calls = server.engine.calls();
    for id in [None, Some(&*id)] {
        let started = Instant::now();
        let half = Half(Some(Bytes::from(&LIST[..20])));
        let answer = server.send(post(&ana(), id, "").map(|_| Body::new(half))).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (408, (-32600, Value::Null)));
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(started.elapsed().as_secs(), 30);
    }
    assert_eq!(server.engine.calls(), calls);
    assert_eq!(server.status(&ana(), &id).await, 200);
}

fn modern(id: Option<&str>) -> Request<Body> {
    let body = json!({
        "jsonrpc": "2.0", "id": 7, "method": "tools/list",
        "params": {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}},
    });
    post(&ana(), id, &body.to_string())
}

/// H-6: an event id resumes nothing, and does not reach the engine.
#[tokio::test]
async fn requests_of_an_era_without_sessions_pass_without_one() {
    let (server, clock) = server();
    let id = server.open(&ana()).await;
    clock.advance(crate::support::MINUTE * 6);
    let mut by_header = post(&ana(), Some(&id), LIST);
    by_header.headers_mut().insert("mcp-protocol-version", "2026-07-28".parse().expect("a value"));
    by_header.headers_mut().insert("last-event-id", "3".parse().expect("a value"));

    for request in [modern(None), modern(Some(&id)), modern(Some("nonsense")), by_header] {
        let answer = server.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.session_id()), (200, None));
        let seen = server.engine.last.lock().take().expect("it was called");
        assert!(seen.session.is_none() && seen.cancellation.is_none());
        assert!(seen.headers.get("mcp-session-id").is_none() && seen.headers.get("last-event-id").is_none());
        assert!(seen.body.starts_with(b"{"));
    }
    assert_eq!(
        server.sessions.count().await.expect("memory does not fail"),
        1,
        "the stale one was not looked at"
    );
}

#[tokio::test]
async fn the_message_names_its_era_before_the_header_does() {
    let (server, _) = server();
    let body = r#"{"id":1,"method":"x","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-11-25"}}}"#;
    let mut legacy = post(&ana(), None, body);
    legacy.headers_mut().insert("mcp-protocol-version", "2026-07-28".parse().expect("a value"));
    assert_eq!(server.send(legacy).await.status, 400, "it needs a session");

    for version in ["2025-11-25", "nonsense", "9999999999"] {
        let mut request = post(&ana(), None, LIST);
        request.headers_mut().insert("mcp-protocol-version", version.parse().expect("a value"));
        assert_eq!(server.send(request).await.status, 400, "{version} needs a session");
    }

    let unknown = body.replace("2025-11-25", "nonsense");
    assert_eq!(server.send(post(&ana(), None, &unknown)).await.status, 200, "it is the engine's to refuse");
}

#[tokio::test]
async fn an_initialize_belongs_to_the_era_with_sessions_whatever_it_says() {
    let (server, _) = server();
    let body = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}},
    });
    let stolen = SessionId::random().expose_hex();
    let mut request = post(&ana(), Some(&stolen), &body.to_string());
    request.headers_mut().insert("mcp-protocol-version", "2026-07-28".parse().expect("a value"));
    assert_eq!(server.send(request).await.status, 404);
    assert!(server.send(post(&ana(), None, &body.to_string())).await.session_id().is_some());
}

#[tokio::test]
async fn notifications_and_responses_pass_inside_a_session() {
    let (server, _) = server();
    let id = server.open(&ana()).await;
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(server.send(post(&ana(), Some(&id), notification)).await.status, 202);
    let response = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    assert_eq!(server.send(post(&ana(), Some(&id), response)).await.status, 200);
    let seen = server.engine.last.lock().take().expect("it was called");
    assert!(seen.session.is_some() && seen.cancellation.is_none());
}

#[tokio::test]
async fn the_layer_fits_into_an_axum_router() {
    let (server, _) = server();
    let layer = SessionLayer::new(server.sessions.clone());
    let engine = EngineService(server.engine.clone());
    let authenticated = from_fn(async |mut request: axum::extract::Request, next: Next| {
        request.extensions_mut().insert(Caller::Anonymous);
        next.run(request).await
    });
    let nested = Router::new().nest_service("/nested", tower::Layer::layer(&layer, engine));
    let handler = axum::routing::any(async || r#"{"jsonrpc":"2.0","id":0,"result":{}}"#);
    let app = nested.merge(Router::new().route("/layered", handler).layer(layer)).layer(authenticated);
    for (path, opens) in [("/nested", true), ("/layered", false)] {
        let request = Request::post(path).body(Body::from(INITIALIZE)).expect("a request");
        let response = app.clone().oneshot(request).await.expect("a router does not fail");
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(
            response.headers().contains_key("mcp-session-id"),
            opens,
            "{path}: only JSON or events open one"
        );
    }
}

#[tokio::test]
async fn a_store_that_keeps_only_bytes_serves_as_well() {
    let store = ByteStore::with_clock(ManualClock::default());
    let server = server_on(Sessions::new(store, Policy::default()).expect("agrees"));
    let (hers, his) = (server.open(&ana()).await, server.open(&ben()).await);
    assert_eq!(server.status(&ana(), &hers).await, 200);
    assert_eq!(server.status(&ana(), &his).await, 404);
    let session = server.sessions.validate(&hers, &ana()).await.expect("it is hers");
    let state = session.state();
    assert_eq!((state.client_name(), state.capabilities()), ("desk", Some(r#"{"roots":{}}"#)));
    let listed = server.sessions.list(&identity("ana")).await.expect("memory does not fail");
    let [summary] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((summary.fingerprint, summary.state.client_name()), (session.fingerprint(), "desk"));
    assert_eq!(server.send(delete(&ana(), Some(&hers))).await.status, 204);
    assert_eq!(server.status(&ana(), &hers).await, 404);
}

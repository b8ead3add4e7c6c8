//! The layer in front of an engine that does what a test tells it to.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use mcp_sessions::http::SessionService;
use mcp_sessions::{
    Caller, ManualClock, MemoryStore, Policy, RequestCancellation, Session, SessionLayer, SessionStore,
    Sessions,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower::{Layer, Service, ServiceExt};

/// What the engine was asked, and what it is to do.
#[derive(Default)]
pub(crate) struct Engine {
    pub(crate) calls: AtomicUsize,
    pub(crate) finished: AtomicUsize,
    pub(crate) cancelled: AtomicUsize,
    pub(crate) last: Mutex<Option<Seen>>,
    /// Lets waiting `wait` calls finish.
    pub(crate) release: tokio::sync::Notify,
    /// Feeds the last `stream` call.
    pub(crate) stream: Mutex<Option<UnboundedSender<Bytes>>>,
    /// How often a `stream` call's body was read to its end.
    pub(crate) drained: Arc<AtomicUsize>,
}

/// What the engine saw of a request.
pub(crate) struct Seen {
    pub(crate) headers: HeaderMap,
    pub(crate) session: Option<Session>,
    pub(crate) cancellation: Option<RequestCancellation>,
    pub(crate) body: Bytes,
}

#[derive(Clone)]
pub(crate) struct EngineService(pub(crate) Arc<Engine>);

impl Service<Request<Full<Bytes>>> for EngineService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let engine = Arc::clone(&self.0);
        Box::pin(async move { Ok(engine.answer(request).await) })
    }
}

impl Engine {
    async fn answer(&self, request: Request<Full<Bytes>>) -> Response<Body> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let (parts, body) = request.into_parts();
        let body = body.collect().await.expect("a full body").to_bytes();
        let message: Value = serde_json::from_slice(&body).expect("the layer let JSON through only");
        let cancellation = parts.extensions.get::<RequestCancellation>().cloned();
        *self.last.lock() = Some(Seen {
            headers: parts.headers,
            session: parts.extensions.get().cloned(),
            cancellation: cancellation.clone(),
            body,
        });
        let id = message["id"].clone();
        let result = |result: Value| json!({"jsonrpc": "2.0", "id": id, "result": result});
        match message["method"].as_str() {
            Some("initialize") => initialize(&message),
            Some("wait") => {
                let cancellation = cancellation.expect("a request has one");
                tokio::select! {
                    () = self.release.notified() => {}
                    () = cancellation.token().cancelled() => { self.cancelled.fetch_add(1, Ordering::SeqCst); }
                }
                self.finished.fetch_add(1, Ordering::SeqCst);
                reply(StatusCode::OK, "application/json", result(json!({})).to_string())
            }
            Some("deaf") => {
                self.release.notified().await;
                reply(StatusCode::OK, "application/json", result(json!({})).to_string())
            }
            Some("stream") => {
                let (sender, receiver) = unbounded_channel();
                *self.stream.lock() = Some(sender);
                let body = Events { receiver, drained: Arc::clone(&self.drained) };
                let mut response = Response::new(Body::new(body));
                response.headers_mut().insert("content-type", "text/event-stream".parse().expect("a value"));
                response
            }
            Some(_) if id.is_null() => reply(StatusCode::ACCEPTED, "text/plain", String::new()),
            _ => reply(StatusCode::OK, "application/json", result(json!({"tools": []})).to_string()),
        }
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

/// `params.answer` says how: `json` (the default), `events`, `error`, `refused`, `other`.
fn initialize(message: &Value) -> Response<Body> {
    let id = &message["id"];
    let result = json!({"jsonrpc": "2.0", "id": id, "result": {"protocolVersion": "2025-06-18"}}).to_string();
    let error = json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32602, "message": "no"}}).to_string();
    let mut response = match message["params"]["answer"].as_str() {
        Some("events") => {
            let events = format!("id: 0\ndata:\n\nevent: message\ndata: {result}\n\n");
            reply(StatusCode::OK, "text/event-stream", events)
        }
        Some("error events") => reply(StatusCode::OK, "text/event-stream", format!("data: {error}\n\n")),
        Some("error") => reply(StatusCode::OK, "application/json; charset=utf-8", error),
        Some("refused") => reply(StatusCode::BAD_REQUEST, "application/json", result),
        Some("other") => reply(StatusCode::OK, "text/plain", result),
        _ => reply(StatusCode::OK, "application/json", result),
    };
    // An id that an engine makes up must not reach the client.
    response.headers_mut().insert("mcp-session-id", "engine".parse().expect("a value"));
    response
}

fn reply(status: StatusCode, content_type: &str, body: String) -> Response<Body> {
    let response = Response::builder().status(status).header("content-type", content_type);
    response.body(Body::from(body)).expect("a response")
}

struct Events {
    receiver: UnboundedReceiver<Bytes>,
    drained: Arc<AtomicUsize>,
}

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let polled = self.receiver.poll_recv(cx);
        if let Poll::Ready(None) = polled {
            self.drained.fetch_add(1, Ordering::SeqCst);
        }
        polled.map(|data| data.map(|data| Ok(Frame::data(data))))
    }
}

/// A server under test, with its clock and its engine at hand.
pub(crate) struct Server<S = MemoryStore<ManualClock>> {
    pub(crate) service: SessionService<EngineService, S>,
    pub(crate) sessions: Sessions<S>,
    pub(crate) engine: Arc<Engine>,
}

/// A response that has arrived.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn session_id(&self) -> Option<&str> {
        self.headers.get("mcp-session-id").map(|id| id.to_str().expect("ids are text"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    /// The JSON-RPC error: its code, and the id it is about.
    pub(crate) fn error(&self) -> (i64, Value) {
        let body: Value = serde_json::from_str(&self.body).expect("a JSON-RPC error");
        (body["error"]["code"].as_i64().expect("a code"), body["id"].clone())
    }
}

pub(crate) const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{
    "protocolVersion":"2025-06-18","capabilities":{"roots":{}},"clientInfo":{"name":"desk","version":"1.2"}}}"#;
pub(crate) const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

pub(crate) fn server_with(policy: Policy) -> (Server, ManualClock) {
    let (sessions, clock) = super::sessions_with(policy);
    (server_on(sessions), clock)
}

pub(crate) fn server() -> (Server, ManualClock) {
    server_with(Policy::default())
}

pub(crate) fn server_on<S: SessionStore>(sessions: Sessions<S>) -> Server<S> {
    let layer = SessionLayer::new(sessions.clone()).with_max_body_bytes(4096);
    server_of(sessions, &layer)
}

pub(crate) fn server_of<S: SessionStore>(sessions: Sessions<S>, layer: &SessionLayer<S>) -> Server<S> {
    let engine = Arc::new(Engine::default());
    Server { service: layer.layer(EngineService(Arc::clone(&engine))), sessions, engine }
}

pub(crate) fn request(method: Method, caller: &Caller, id: Option<&str>, body: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri("/mcp");
    if let Some(id) = id {
        request = request.header("mcp-session-id", id);
    }
    request.extension(caller.clone()).body(Body::from(body.to_owned())).expect("a request")
}

pub(crate) fn post(caller: &Caller, id: Option<&str>, body: &str) -> Request<Body> {
    request(Method::POST, caller, id, body)
}

pub(crate) fn delete(caller: &Caller, id: Option<&str>) -> Request<Body> {
    request(Method::DELETE, caller, id, "")
}

impl<S: SessionStore> Server<S> {
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let Ok(response) = self.service.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body ends well").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).expect("text"),
        }
    }

    /// Opens a session and returns its id.
    pub(crate) async fn open(&self, caller: &Caller) -> String {
        let answer = self.send(post(caller, None, INITIALIZE)).await;
        answer.session_id().expect("initialize succeeded").to_owned()
    }

    /// The status of a `tools/list` in a session.
    pub(crate) async fn status(&self, caller: &Caller, id: &str) -> StatusCode {
        self.send(post(caller, Some(id), LIST)).await.status
    }
}

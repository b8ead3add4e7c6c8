//! What is told of every request: its id, in log lines and in the answer, and that it was answered.

use crate::telemetry::{figures, traces};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue, Method};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use tracing::Instrument as _;

/// The header of an answer that has the request's id.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What requests are told apart by.
pub(super) struct Observer {
    endpoint: String,
    /// The next id. Where they begin nobody can tell, so that those of replicas and restarts differ.
    next_id: AtomicU64,
}

impl Observer {
    pub(super) fn new(endpoint: String) -> Self {
        Self { endpoint, next_id: AtomicU64::new(getrandom::u64().unwrap_or_default()) }
    }

    /// A word for an address: there are few of them, whatever is asked for.
    fn route(&self, path: &str) -> &'static str {
        match path {
            path if path == self.endpoint => "mcp",
            "/healthz" | "/readyz" => "health",
            path if path.starts_with("/api/v2/") => "api",
            path if path.starts_with("/.well-known/") => "metadata",
            _ => "none",
        }
    }
}

/// Gives a request its id and counts it.
pub(super) async fn observe(State(observer): State<Arc<Observer>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = format!("{:016x}", observer.next_id.fetch_add(1, Ordering::Relaxed));
    let (route, method) = (observer.route(request.uri().path()), word(request.method()));
    // Of the highest level, so that every line has it however few there are.
    let span = tracing::error_span!("request", id);
    traces::continue_head(&span, request.headers());
    let mut response = next.run(request).instrument(span).await;
    figures::http_answered(route, method, response.status().as_u16(), started.elapsed());
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// A method as a word: there are few of them, whatever is sent.
const fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::HEAD => "HEAD",
        _ => "other",
    }
}

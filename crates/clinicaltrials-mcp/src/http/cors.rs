//! What browsers let pages of other origins do here, which they ask before they do it.

use super::Gate;
use http::{HeaderName, HeaderValue, Method, request::Parts};
use std::{sync::Arc, time::Duration};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

/// How long a browser may keep an answer.
const KEPT_FOR: Duration = Duration::from_secs(3_600);

/// What a client may send. Those of MCP's revisions, and where a stream broke off.
const SENT: [&str; 9] = [
    "accept",
    "authorization",
    "content-type",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "traceparent",
];
/// What a client may read, besides what it always may.
const READ: [&str; 5] =
    ["mcp-protocol-version", "mcp-session-id", "retry-after", "www-authenticate", "x-request-id"];

/// Any page may read it.
pub(super) fn of_what_is_public() -> CorsLayer {
    CorsLayer::new().allow_origin(Any).allow_headers(Any).allow_methods([Method::GET]).max_age(KEPT_FOR)
}

/// Pages of the origins that the guard lets call.
pub(super) fn of_the_endpoint(gate: Arc<Gate>) -> CorsLayer {
    let lets_call = move |origin: &HeaderValue, _: &Parts| {
        origin.to_str().is_ok_and(|origin| gate.guard.lets_call(origin))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(lets_call))
        .allow_headers(SENT.map(HeaderName::from_static))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .expose_headers(READ.map(HeaderName::from_static))
        .max_age(KEPT_FOR)
}

//! Every reply that this layer gives itself.

use std::time::Duration;

use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

use super::body::{self, SessionBody};
use super::message::{Fault, INVALID_REQUEST, RequestId};
use crate::{Face, Policy, Rejection};

const SESSION_NOT_FOUND: i32 = -32001;
const INTERNAL_ERROR: i32 = -32603;

/// When to ask a store again that failed.
const STORE_RETRY: Duration = Duration::from_secs(5);

/// When to try again in a session in which too much is running.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// The one answer to every id that opens nothing, whatever the reason.
pub(super) fn not_found() -> Response<SessionBody> {
    error(StatusCode::NOT_FOUND, SESSION_NOT_FOUND, "Session not found", None)
}

/// The face of a refusal.
pub(super) fn refused(rejection: &Rejection, policy: &Policy) -> Response<SessionBody> {
    let (message, retry_after) = match rejection.face() {
        Face::NotFound => return not_found(),
        Face::AtCapacity => ("Too many sessions, try again later", policy.sweep_interval()),
        Face::Unavailable => ("Sessions are unavailable, try again later", STORE_RETRY),
    };
    try_again(message, None, retry_after)
}

pub(super) fn missing_session_id() -> Response<SessionBody> {
    bad_request("Mcp-Session-Id header is required", None)
}

pub(super) fn already_initialized() -> Response<SessionBody> {
    bad_request("The session is already initialized", None)
}

pub(super) fn already_running(id: &RequestId) -> Response<SessionBody> {
    bad_request("A request with this id is still running in this session", Some(id))
}

pub(super) fn unreadable_body() -> Response<SessionBody> {
    bad_request("The request body could not be read", None)
}

pub(super) fn bad_message(fault: Fault) -> Response<SessionBody> {
    error(StatusCode::BAD_REQUEST, fault.code, fault.message, None)
}

/// Asks for the connection to be closed: the rest of the body may come at any time, and is no request.
pub(super) fn too_slow() -> Response<SessionBody> {
    let mut response =
        error(StatusCode::REQUEST_TIMEOUT, INVALID_REQUEST, "The request body took too long to arrive", None);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

pub(super) fn too_many_running(id: Option<&RequestId>) -> Response<SessionBody> {
    let message = "Too many requests are running in this session, try again later";
    try_again(message, id, BUSY_RETRY)
}

pub(super) fn too_large(max_body_bytes: usize) -> Response<SessionBody> {
    let message = format!("The request body is larger than {max_body_bytes} bytes");
    error(StatusCode::PAYLOAD_TOO_LARGE, INVALID_REQUEST, &message, None)
}

/// Something went wrong on this side; the log says what.
pub(super) fn internal() -> Response<SessionBody> {
    error(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL_ERROR, "Internal error", None)
}

pub(super) fn method_not_allowed(allow: &'static str) -> Response<SessionBody> {
    let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}

pub(super) fn accepted() -> Response<SessionBody> {
    empty(StatusCode::ACCEPTED)
}

pub(super) fn terminated() -> Response<SessionBody> {
    empty(StatusCode::NO_CONTENT)
}

fn try_again(message: &str, id: Option<&RequestId>, retry_after: Duration) -> Response<SessionBody> {
    let mut response = error(StatusCode::SERVICE_UNAVAILABLE, INTERNAL_ERROR, message, id);
    response.headers_mut().insert(RETRY_AFTER, retry_after.as_secs().max(1).into());
    response
}

fn bad_request(message: &str, id: Option<&RequestId>) -> Response<SessionBody> {
    error(StatusCode::BAD_REQUEST, INVALID_REQUEST, message, id)
}

/// A JSON-RPC error. `message` holds nothing that JSON would escape.
fn error(status: StatusCode, code: i32, message: &str, id: Option<&RequestId>) -> Response<SessionBody> {
    let id = id.map_or_else(|| "null".to_owned(), RequestId::to_json);
    let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":"{message}"}}}}"#);
    let mut response = Response::new(body::full(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn empty(status: StatusCode) -> Response<SessionBody> {
    let mut response = Response::new(body::full(""));
    *response.status_mut() = status;
    response
}

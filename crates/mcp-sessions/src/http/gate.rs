//! What becomes of a request: refused here, answered here, or handed to the engine.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method as HttpMethod, Request, Response};
use http_body::Body;
use http_body_util::Full;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout};

use super::body::{self, SessionBody, Unread};
use super::engine::Engine;
use super::in_flight::{Busy, InFlight};
use super::message::{Message, Method, is_modern};
use super::outlive::{Outlive, RunningBody, until};
use super::{SESSION_ID, answer, handshake};
use crate::sessions::TARGET;
use crate::{Caller, CallerKey, Rejection, SessionId, SessionStore, Sessions};

const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How much earlier a session counts as having lived its time when it comes to what is running in it.
const LIFETIME_MARGIN: Duration = Duration::from_secs(1);

/// Longer than any process runs, and short enough to be added to any time.
const FOR_EVER: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 100);

/// What all requests share.
#[derive(Debug)]
pub(super) struct Gate<S> {
    pub(super) sessions: Sessions<S>,
    pub(super) in_flight: Arc<InFlight>,
}

/// How much one request, and one session, may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) max_body_bytes: usize,
    pub(super) body_timeout: Duration,
    pub(super) max_in_flight: usize,
}

impl Default for Limits {
    /// Bodies of 1 MiB that arrive within 30 seconds, and 64 requests of a session at once.
    fn default() -> Self {
        Self { max_body_bytes: 1024 * 1024, body_timeout: Duration::from_secs(30), max_in_flight: 64 }
    }
}

/// Who asks, and what stores and tables know them by.
struct Who {
    caller: Caller,
    key: CallerKey,
}

impl<S: SessionStore> Gate<S> {
    /// Takes a request to its answer.
    pub(super) async fn pass<B>(
        &self,
        engine: impl Engine,
        request: Request<B>,
        limits: Limits,
    ) -> Response<SessionBody>
    where
        B: Body<Data = Bytes>,
    {
        let (mut parts, body) = request.into_parts();
        let Some(caller) = parts.extensions.get::<Caller>().cloned() else {
            tracing::error!(target: TARGET, "a request without a caller: nothing in front authenticates");
            return answer::internal();
        };
        let who = match caller.key() {
            Ok(key) => Who { caller, key },
            Err(error) => {
                let error: &dyn Error = &error;
                tracing::error!(target: TARGET, error, "a caller who is identified as nobody: the claims are not read");
                return answer::internal();
            }
        };
        // Nothing behind this layer may see an id, or an event id that would resume a stream.
        let session_id = take_session_id(&mut parts.headers);
        parts.headers.remove(LAST_EVENT_ID);

        let modern_header = names_modern_version(&parts.headers);
        match parts.method {
            HttpMethod::POST => {}
            HttpMethod::DELETE if !modern_header => {
                return self.delete(session_id.as_deref(), who).await;
            }
            _ if modern_header => return answer::method_not_allowed("POST"),
            _ => return answer::method_not_allowed("POST, DELETE"),
        }

        let reading = body::read(&parts.headers, body, limits.max_body_bytes);
        let bytes = match timeout(limits.body_timeout, reading).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(Unread::TooLarge)) => return answer::too_large(limits.max_body_bytes),
            Ok(Err(Unread::Broken)) => return answer::unreadable_body(),
            Err(Elapsed { .. }) => return answer::too_slow(),
        };
        let message = match Message::read(&bytes) {
            Ok(message) => message,
            Err(fault) => return answer::bad_message(fault),
        };
        let request = Request::from_parts(parts, Full::new(bytes.clone()));
        if message.method == Some(Method::Initialize) {
            return self.initialize(engine, request, &message, session_id.as_deref(), &who.caller).await;
        }
        if message.modern.unwrap_or(modern_header) {
            return engine.answer(request).await;
        }
        match session_id {
            Some(id) => self.call(engine, request, &message, &id, &who, limits.max_in_flight).await,
            None => answer::missing_session_id(),
        }
    }

    /// Ends the caller's session and what they are running in it, whether the client waits for that or not.
    async fn delete(&self, session_id: Option<&str>, who: Who) -> Response<SessionBody> {
        let Some(id) = session_id else { return answer::missing_session_id() };
        let (sessions, in_flight, id) = (self.sessions.clone(), Arc::clone(&self.in_flight), id.to_owned());
        let ending = tokio::spawn(async move {
            let ended = sessions.terminate(&id, &who.caller).await;
            if let Ok(id) = SessionId::parse(&id) {
                let theirs = (id.key(), who.key);
                match &ended {
                    Ok(true) | Err(Rejection::StoreUnavailable(_)) => in_flight.end(&theirs),
                    // It had ended before; what has run on since then they may stop.
                    Ok(false) => in_flight.cancel_all(&theirs),
                    Err(_) => {}
                }
            }
            ended
        });
        match ending.await {
            Ok(Ok(true)) => answer::terminated(),
            Ok(Ok(false)) => answer::not_found(),
            Ok(Err(rejection)) => answer::refused(&rejection, self.sessions.policy()),
            // It has panicked, or the runtime is going away.
            Err(_) => answer::internal(),
        }
    }

    /// Hands an `initialize` on, and opens a session if it succeeds. An id that the client
    /// brings is never adopted.
    async fn initialize(
        &self,
        engine: impl Engine,
        request: Request<Full<Bytes>>,
        message: &Message<'_>,
        session_id: Option<&str>,
        caller: &Caller,
    ) -> Response<SessionBody> {
        if let Some(id) = session_id {
            return match self.sessions.check(id, caller).await {
                Ok(_) => answer::already_initialized(),
                Err(rejection) => answer::refused(&rejection, self.sessions.policy()),
            };
        }
        let response = engine.answer(request).await;
        let (version, mut response) = match handshake::outcome(response).await {
            Ok((Some(version), response)) => (version, response),
            Ok((None, response)) => return response,
            Err(error) => {
                tracing::error!(target: TARGET, cause = error, "the engine's answer to initialize broke off");
                return answer::internal();
            }
        };
        let state = message.client().with_protocol_version(&version);
        match self.sessions.create(caller, state).await {
            Ok(id) => {
                let mut value =
                    HeaderValue::from_str(&id.expose_hex()).expect("hexadecimal text is a header value");
                value.set_sensitive(true);
                response.headers_mut().insert(SESSION_ID, value);
                response
            }
            Err(rejection) => answer::refused(&rejection, self.sessions.policy()),
        }
    }

    /// Lets a message into its session.
    async fn call(
        &self,
        engine: impl Engine,
        mut request: Request<Full<Bytes>>,
        message: &Message<'_>,
        session_id: &str,
        who: &Who,
        max_in_flight: usize,
    ) -> Response<SessionBody> {
        let endings = self.in_flight.endings();
        let session = match self.sessions.validate(session_id, &who.caller).await {
            Ok(session) => session,
            Err(rejection) => {
                // Of a session that has lived its time something may still be running: whose it is may stop it.
                if message.method == Some(Method::Cancelled)
                    && let (Some(id), Ok(session)) = (message.cancelled_id(), SessionId::parse(session_id))
                {
                    self.in_flight.cancel(&(session.key(), who.key), &id);
                }
                return answer::refused(&rejection, self.sessions.policy());
            }
        };
        if message.method == Some(Method::Cancelled) {
            if let Some(id) = message.cancelled_id() {
                self.in_flight.cancel(&(*session.key(), who.key), &id);
            }
            return answer::accepted();
        }
        let left = self.sessions.policy().lifetime().saturating_sub(session.age());
        // The clocks of a store and of this process are not one: what ends in the very last moment may finish too.
        let ends = Instant::now() + left.saturating_sub(LIFETIME_MARGIN).min(FOR_EVER);
        let call = match self.in_flight.begin(&session, who.key, ends, message.request_id(), max_in_flight) {
            Ok(call) => call,
            Err(Busy::SameId(id)) => return answer::already_running(id),
            Err(Busy::Full) => {
                let session = session.fingerprint();
                tracing::debug!(target: TARGET, event = "rejected", reason = "in_flight", %session,
                    "as many requests of session {session} are running as may");
                return answer::too_many_running(message.request_id());
            }
        };
        // A session that ended between its check and the entry took along what was entered then,
        // which this request was not: it is checked again, once, and only if some session has ended.
        if self.in_flight.endings() != endings
            && let Err(rejection) = self.sessions.look(*session.key(), &who.caller, who.key, false).await
        {
            return answer::refused(&rejection, self.sessions.policy());
        }
        if message.request_id().is_some() {
            request.extensions_mut().insert(call.cancellation());
        }
        request.extensions_mut().insert(session);
        let cancelled = call.cancellation().token().clone();
        let ended = call.ended().clone();
        let work = async move {
            let response = engine.answer(request).await;
            response.map(|body| body::boxed(RunningBody::new(body, call)))
        };
        // Who was logged out gets no answer any more, though the engine may not have noticed.
        let work = async move { until(work, &ended).await.unwrap_or_else(answer::not_found) };
        Outlive::new(work, cancelled).await
    }
}

/// Takes the session id out of the headers. Two ids, or one that is not text, are as good as an
/// empty one: none that was ever given out.
fn take_session_id(headers: &mut HeaderMap) -> Option<String> {
    let mut values = headers.get_all(SESSION_ID).into_iter();
    let id = match (values.next()?.to_str(), values.next()) {
        (Ok(id), None) => id.to_owned(),
        _ => String::new(),
    };
    headers.remove(SESSION_ID);
    Some(id)
}

fn names_modern_version(headers: &HeaderMap) -> bool {
    headers.get(PROTOCOL_VERSION).and_then(|version| version.to_str().ok()).and_then(is_modern) == Some(true)
}

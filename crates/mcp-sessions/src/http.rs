//! The HTTP layer in front of an MCP engine that runs without sessions of its own.
//!
//! ```text
//! authentication ─▶ Caller ─▶ SessionLayer
//!   POST, 2026-07-28 or later ───────────────────────────────▶ engine     no session, no store
//!   POST that names a revision there is none of ─────────────▶ engine     refuses it
//!   POST initialize ──────────▶ engine ─▶ a result? ─▶ mint ─▶ Mcp-Session-Id
//!   POST of a session ─▶ validate ─▶ Session, RequestCancellation ─▶ engine
//!   POST notifications/cancelled ─▶ validate ─▶ cancel
//!   DELETE ─▶ terminate
//! ```
//!
//! `layer` joins it to tower, `gate` decides what becomes of a request, `message` reads as much of
//! the body as that takes, `engine` is what answers,
//! `handshake` waits for the answer to `initialize`, `in_flight` knows what
//! is running, `outlive` lets it run on when a client goes away, and `answer` holds every reply.
//!
//! # What the host does
//!
//! * It authenticates outside this layer, answers 401 and 403 itself, and puts a
//!   [`Caller`](crate::Caller) into the request's extensions. A request without one is answered with 500: an
//!   authentication that was forgotten must not make everybody anonymous. So is one whose caller is identified and has no claim at all.
//! * It checks `Host` and `Origin`, limits connections and answers CORS preflights.
//! * Its engine refuses a message that names a revision of the protocol which it does not know.
//! * Its tools watch [`RequestCancellation`] if they can run for long.
//!
//! # What a client sees
//!
//! | situation | answer |
//! |---|---|
//! | an id that is unknown, malformed, given twice, somebody else's, idle for too long, ended | one 404, always the same bytes |
//! | no id where one is needed | 400 |
//! | `initialize` inside a session | 400 |
//! | not one JSON-RPC message: bad JSON, a batch, too deep | 400 with −32700 or −32600 |
//! | a request id that is still running in the session | 400 with −32600 and that id |
//! | a body over the limit | 413 |
//! | a body that does not arrive in time | 408, and the connection is to be closed |
//! | as many requests of the session are running as may | 503 with `Retry-After`, −32603 and the request's id |
//! | no room for another session; the store fails | 503 with `Retry-After` |
//! | DELETE of one's own session | 204, and what was running in it is cancelled |
//! | any other method | 405 |
//!
//! A request inside a session runs to its end even when its connection is lost, unless it is cancelled or its
//! session ends: then it is dropped, and a stream that nobody reads any more with it. One of the later
//! revisions, and an `initialize`, end with their connection. A session whose requests run longer than its
//! idle timeout stays alive: a background task counts every running request as a use, four times per
//! idle timeout, and cancels those whose session was ended elsewhere: what is running is known to this layer and its
//! clones only. At the end of a session's lifetime, and of the token that its requests came with, nothing new is let
//! in and what is running finishes.

mod answer;
mod body;
mod engine;
mod gate;
mod handshake;
mod in_flight;
mod layer;
mod message;
mod outlive;

pub use self::body::SessionBody;
pub use self::in_flight::RequestCancellation;
pub use self::layer::{SessionLayer, SessionService};

/// Reads a body as the layer does: a door for the fuzz target, which only wants to see that it does not panic.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing {
    use super::message::{Message, RequestId};
    use serde_json::value::RawValue;

    /// One JSON-RPC message, and everything that is asked of it.
    pub fn message(bytes: &[u8]) {
        if let Ok(message) = Message::read(bytes) {
            let _ = message.client();
            for id in [message.request_id().cloned(), message.cancelled_id()].into_iter().flatten() {
                // A number can be larger than any that a `Value` holds.
                assert!(serde_json::from_str::<&RawValue>(&RequestId::to_json(&id)).is_ok());
            }
        }
    }
}

/// The one header in which an id travels.
const SESSION_ID: http::HeaderName = http::HeaderName::from_static("mcp-session-id");

type BoxError = Box<dyn std::error::Error + Send + Sync>;

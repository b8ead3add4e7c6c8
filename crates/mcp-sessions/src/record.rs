//! What is stored of a session: whose it is, when it was used, and what its client said of itself.

mod bytes;

use std::fmt;
use std::sync::Arc;

pub use self::bytes::DamagedRecord;
use crate::{Binding, Fingerprint, SessionKey};

/// What a store keeps under a [`SessionKey`]. Times are the store's own, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// To whom the session belongs.
    pub binding: Binding,
    /// When it was made.
    pub created_ms: u64,
    /// When it was last used; `None` when nobody came back after it was made.
    pub last_used_ms: Option<u64>,
    /// What its client said of itself.
    pub state: Arc<SessionState>,
}

/// What a client said of itself when it opened the session, in at most
/// [`MAX_BYTES`](Self::MAX_BYTES), or what a [handle](crate::Handles) stands for.
///
/// Everything is copied: a state keeps no request alive. What is too long is trimmed when it is
/// set, as each setter says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SessionState {
    protocol_version: Box<str>,
    client_name: Box<str>,
    client_version: Box<str>,
    capabilities: Option<Box<str>>,
    handle: Option<Kept>,
}

/// What is kept for a client, which is nobody else's business: it is not shown.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Kept(Box<str>);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl SessionState {
    /// The most bytes of text that the state of a session holds.
    pub const MAX_BYTES: usize =
        Self::MAX_PROTOCOL_VERSION + Self::MAX_NAME + Self::MAX_VERSION + Self::MAX_CAPABILITIES;

    /// The most bytes of text that a handle holds.
    pub(crate) const MAX_HANDLE: usize = crate::handles::ID_CHARS + crate::handles::CONTENT_BYTES_MAX;

    const MAX_PROTOCOL_VERSION: usize = 32;
    const MAX_NAME: usize = 256;
    const MAX_VERSION: usize = 128;
    const MAX_CAPABILITIES: usize = 1632;

    /// The protocol version agreed upon, cut to 32 bytes at a character's end.
    #[must_use]
    pub fn with_protocol_version(mut self, version: &str) -> Self {
        self.protocol_version = cut(version, Self::MAX_PROTOCOL_VERSION);
        self
    }

    /// The client's name, cut to 256 bytes at a character's end.
    #[must_use]
    pub fn with_client_name(mut self, name: &str) -> Self {
        self.client_name = cut(name, Self::MAX_NAME);
        self
    }

    /// The client's version, cut to 128 bytes at a character's end.
    #[must_use]
    pub fn with_client_version(mut self, version: &str) -> Self {
        self.client_version = cut(version, Self::MAX_VERSION);
        self
    }

    /// The client's capabilities as JSON text; left out when longer than 1,632 bytes, because half
    /// a JSON text is none.
    #[must_use]
    pub fn with_capabilities(mut self, json: &str) -> Self {
        self.capabilities = (json.len() <= Self::MAX_CAPABILITIES).then(|| json.into());
        self
    }

    /// The protocol version agreed upon, or an empty text.
    #[must_use]
    pub fn protocol_version(&self) -> &str {
        &self.protocol_version
    }

    /// The client's name, or an empty text.
    #[must_use]
    pub fn client_name(&self) -> &str {
        &self.client_name
    }

    /// The client's version, or an empty text.
    #[must_use]
    pub fn client_version(&self) -> &str {
        &self.client_version
    }

    /// The client's capabilities as JSON text; `None` when it named none or too many.
    #[must_use]
    pub fn capabilities(&self) -> Option<&str> {
        self.capabilities.as_deref()
    }

    /// A handle's id and what it stands for, which together are no longer than a handle may be.
    pub(crate) fn of_handle(text: String) -> Self {
        Self { handle: Some(Kept(text.into())), ..Self::default() }
    }

    /// A handle's id and what it stands for; `None` when this is the state of a session.
    pub(crate) fn handle(&self) -> Option<&str> {
        self.handle.as_ref().map(|kept| &*kept.0)
    }
}

fn cut(text: &str, max_bytes: usize) -> Box<str> {
    text[..text.floor_char_boundary(max_bytes)].into()
}

/// A session as its owner sees it in a list of what is open. It cannot be used to enter it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSummary {
    /// What logs of this process call the session.
    pub fingerprint: Fingerprint,
    /// When it was made.
    pub created_ms: u64,
    /// When it was last used.
    pub last_used_ms: Option<u64>,
    /// What its client said of itself.
    pub state: Arc<SessionState>,
}

impl SessionSummary {
    /// The summary of what a store keeps under `key`.
    #[must_use]
    pub fn new(key: &SessionKey, record: &Record) -> Self {
        Self {
            fingerprint: key.fingerprint(),
            created_ms: record.created_ms,
            last_used_ms: record.last_used_ms,
            state: Arc::clone(&record.state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_stays_small_whatever_a_client_says() {
        let long = "é".repeat(5_000);
        let state = SessionState::default()
            .with_protocol_version(&long)
            .with_client_name(&format!("x{long}"))
            .with_client_version(&long)
            .with_capabilities(&long);
        assert_eq!(state.protocol_version().len(), 32);
        assert_eq!(state.client_name().len(), 255, "256 bytes would end inside a character");
        assert_eq!(state.client_version().len(), 128);
        assert_eq!(state.capabilities(), None);
        assert_eq!(SessionState::MAX_BYTES, 2048);
    }
}

//! Under which keys things are kept, and so in which slots of a cluster.
//!
//! ```text
//! prefix{owner}:s:session   a session of an identity                   hash  c u d e
//! prefix{owner}:i           its sessions, by until when they live      sorted set
//! prefix{owner}:e           its epoch: sessions of another are over    string
//! prefix{session}:h         the holder: to whom the session belongs    hash  b, and c u d e r
//! prefix{live:00}…{live:15} all sessions, by until when they live      sorted sets
//! ```
//!
//! What is in braces decides about the slot: everything of one identity is in one, so that one script
//! can see it all. A session that belongs to no identity is kept in its holder.

use crate::{IdentityDigest, SessionKey};

/// In how many sets all sessions are counted.
pub(super) const LIVE_SETS: u8 = 16;

/// A key. It is part of no message: who reads a log learns no key from it.
pub(super) struct Key(String);

impl Key {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Makes keys.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    /// `None` when the prefix has a brace, which would decide about slots.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        (!prefix.contains(['{', '}'])).then(|| Self { prefix: prefix.to_owned() })
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A session of an identity, the identity's index, and its epoch.
    pub(super) fn owned(&self, owner: &IdentityDigest, session: &SessionKey) -> [Key; 3] {
        [self.session(owner, session), self.index(owner), self.epoch(owner)]
    }

    pub(super) fn session(&self, owner: &IdentityDigest, session: &SessionKey) -> Key {
        self.tagged(&hex(owner.as_bytes()), &format!(":s:{}", hex(session.as_bytes())))
    }

    pub(super) fn index(&self, owner: &IdentityDigest) -> Key {
        self.tagged(&hex(owner.as_bytes()), ":i")
    }

    pub(super) fn epoch(&self, owner: &IdentityDigest) -> Key {
        self.tagged(&hex(owner.as_bytes()), ":e")
    }

    pub(super) fn holder(&self, session: &SessionKey) -> Key {
        self.tagged(&hex(session.as_bytes()), ":h")
    }

    /// The holder of a session and, in its slot, a key that is never there.
    pub(super) fn open(&self, session: &SessionKey) -> [Key; 2] {
        [self.holder(session), self.tagged(&hex(session.as_bytes()), ":n")]
    }

    /// One of the sets in which all sessions are counted.
    pub(super) fn live(&self, set: u8) -> Key {
        self.tagged(&format!("live:{set:02}"), "")
    }

    /// A key that is never there.
    pub(super) fn nothing(&self) -> Key {
        self.tagged("nothing", "")
    }

    fn tagged(&self, tag: &str, rest: &str) -> Key {
        Key(format!("{}{{{tag}}}{rest}", self.prefix))
    }
}

/// In which of the sets a session is counted.
pub(super) fn live_set(session: &SessionKey) -> u8 {
    session.as_bytes()[0] % LIVE_SETS
}

fn hex(bytes: &[u8; 32]) -> String {
    const_hex::encode(bytes)
}

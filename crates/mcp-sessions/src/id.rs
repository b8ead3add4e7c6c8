//! Session ids: how one is made, read, kept and shown.
//!
//! ```text
//! SessionId      32 random bytes, known to the client      shown once, in one header
//!    │ SHA-256
//! SessionKey     what a store sees and keeps               cannot be turned back into an id
//!    │ salted SHA-256, four bytes
//! Fingerprint    what logs and listings show               means something in this process only
//! ```

use std::fmt;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

/// What a key is of: an id of one kind finds nothing of the other, whatever a store holds.
const SESSION_KIND: u8 = 1;
const HANDLE_KIND: u8 = 2;

/// An unguessable session id. Who holds one may ask; whether the session is theirs is decided
/// by their identity.
///
/// There is no `Display` and no serialisation, and `Debug` shows the [`Fingerprint`] only:
/// an id leaves the process through [`expose_hex`](Self::expose_hex) or not at all.
///
/// ```
/// use mcp_sessions::SessionId;
///
/// let id = SessionId::random();
/// assert_eq!(SessionId::parse(&id.expose_hex()), Ok(id));
/// assert!(SessionId::parse("my-own-id").is_err());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SessionId([u8; 32]);

impl SessionId {
    /// Makes an id of 256 bits from the operating system's generator.
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give, where nothing secret can be made.
    #[must_use]
    pub fn random() -> Self {
        Self(os_random())
    }

    /// Reads an id: exactly 64 lower-case hexadecimal characters, nothing before or after.
    ///
    /// One id has one spelling, so that no cache, log or limit along the way can be led to
    /// take one session for two.
    ///
    /// # Errors
    ///
    /// [`InvalidSessionId`] for everything else. It does not repeat what it was given.
    pub fn parse(text: &str) -> Result<Self, InvalidSessionId> {
        let lower_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        // Looks at all characters, whatever it has found: that takes a quarter of the time of stopping early.
        let all_lower_hex = |text: &[u8; 64]| text.iter().fold(true, |all, byte| all & lower_hex(byte));
        if !text.as_bytes().try_into().is_ok_and(all_lower_hex) {
            return Err(InvalidSessionId);
        }
        let mut bytes = [0; 32];
        const_hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidSessionId)?;
        Ok(Self(bytes))
    }

    /// The id as the client gets it. Meant for the response header that hands it out.
    #[must_use]
    pub fn expose_hex(&self) -> String {
        const_hex::encode(self.0)
    }

    /// The key under which a store keeps the session.
    #[must_use]
    pub fn key(&self) -> SessionKey {
        let mut kind_and_id = [SESSION_KIND; 33];
        kind_and_id[1..].copy_from_slice(&self.0);
        SessionKey(Sha256::digest(kind_and_id).into())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({})", self.key().fingerprint())
    }
}

/// The text is not a session id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Invalid session ID format. Session IDs must be 64 hexadecimal characters.")]
pub struct InvalidSessionId;

impl InvalidSessionId {
    /// The JSON-RPC error code of this mistake: invalid params.
    pub const JSON_RPC_CODE: i32 = -32602;
}

/// All that a store sees of an id: its SHA-256. A stolen copy of a store opens no session, and
/// how long a look-up takes tells nothing about ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// The 32 bytes, for stores that keep records elsewhere.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What logs and listings may show of this session.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(b"session", &self.0)
    }

    /// The key of the handle that this text names.
    pub(crate) fn of_handle(id: &str) -> Self {
        Self(Sha256::new().chain_update([HANDLE_KIND]).chain_update(id).finalize().into())
    }
}

/// For stores that read records back.
impl From<[u8; 32]> for SessionKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey({})", self.fingerprint())
    }
}

/// Eight hexadecimal characters that stand for a session or an identity in logs.
///
/// It is cut from a hash with a salt that is drawn anew by every process, so it is no prefix of
/// an id or a key, and nobody can test a guessed id or e-mail address against a log.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 4]);

impl Fingerprint {
    pub(crate) fn of(kind: &[u8], digest: &[u8; 32]) -> Self {
        static SALT: OnceLock<[u8; 32]> = OnceLock::new();
        let salt = SALT.get_or_init(os_random::<32>);
        let hash = Sha256::new().chain_update(salt).chain_update(kind).chain_update(digest).finalize();
        Self([hash[0], hash[1], hash[2], hash[3]])
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Random bytes of the operating system.
///
/// # Panics
///
/// When it has none to give.
pub(crate) fn os_random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has a random number generator");
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let good = "0123456789abcdef".repeat(4);
        let cases = [
            ("as minted", good.clone(), true),
            ("empty", String::new(), false),
            ("upper case", good.to_uppercase(), false),
            ("one short", good[1..].to_owned(), false),
            ("one long", format!("{good}0"), false),
            ("prefixed, same length", format!("0x{}", &good[2..]), false),
            ("prefixed", format!("0x{good}"), false),
            ("space before", format!(" {}", &good[1..]), false),
            ("newline after", format!("{}\n", &good[1..]), false),
            ("not hexadecimal", format!("g{}", &good[1..]), false),
            ("64 bytes of wide characters", "é".repeat(32), false),
        ];
        for (case, text, accepted) in cases {
            assert_eq!(SessionId::parse(&text).is_ok(), accepted, "{case}: {text:?}");
        }
    }

    #[test]
    fn nothing_shown_of_an_id_is_part_of_it() {
        let id = SessionId::random();
        let (hex, key) = (id.expose_hex(), const_hex::encode(id.key().as_bytes()));
        let shown = id.key().fingerprint().to_string();
        assert_eq!(shown.len(), 8);
        for text in [&hex, &key] {
            assert!(!text.contains(&shown));
            for debug in [format!("{id:?}"), format!("{:?}", id.key())] {
                assert!(!debug.contains(&text[..8]), "{debug}");
            }
        }
    }

    #[test]
    fn two_random_ids_differ() {
        assert_ne!(SessionId::random(), SessionId::random());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ = SessionId::parse(&text);
        }

        #[test]
        fn what_is_exposed_parses_back(bytes: [u8; 32]) {
            let id = SessionId(bytes);
            prop_assert_eq!(SessionId::parse(&id.expose_hex()), Ok(id));
        }
    }
}

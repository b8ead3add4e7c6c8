//! Handles: what a client without a session holds on to between two requests.
//!
//! The stateless revision of MCP has no sessions: a client that goes on with something — a saved query, a job —
//! names it in an argument of its calls. A handle is such a name, and is guarded as a session is: it belongs to whoever
//! made it, and to know it gives nobody else anything.

use std::fmt;

use crate::id::os_random;
use crate::sessions::Kind;
use crate::{
    Caller, CallerKey, Identity, IdentityDigest, Policy, PolicyError, Rejection, SessionKey, SessionState,
    SessionStore, Sessions, StoreError,
};

/// The most bytes of text that a handle stands for.
pub const CONTENT_BYTES_MAX: usize = 4_096;

/// How long an id is: 64 random bits. It need not be a secret, only another one each time.
pub(crate) const ID_CHARS: usize = 16;

/// What clients hold on to between requests, kept in a store of its own under a [`Policy`]. Clones share both.
///
/// What the policy says of sessions holds for handles: how long they live, and how many one identity may have.
/// Callers who are [anonymous](Caller::Anonymous) are one owner together: they see each other's handles, and share one
/// identity's cap. An identified caller is never one of them.
///
/// A handle is short enough for a model to repeat: 16 lower-case hexadecimal characters.
///
/// ```
/// use mcp_sessions::{Caller, Handles, Identity, MemoryStore, Policy};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let handles = Handles::start(MemoryStore::default(), Policy::default())?;
/// let ana = Caller::Identified(Identity::default().with_subject("ana"));
/// let handle = handles.create(&ana, "phase 3 trials near Boston").await?;
/// assert_eq!(handles.get(handle.id(), &ana).await?.content(), "phase 3 trials near Boston");
///
/// let eve = Caller::Identified(Identity::default().with_subject("eve"));
/// assert!(handles.get(handle.id(), &eve).await.is_err());
/// # Ok(())
/// # }
/// ```
pub struct Handles<S> {
    records: Sessions<S>,
}

/// A handle of its caller.
#[derive(Clone, PartialEq, Eq)]
pub struct Handle {
    /// The id, and what follows it.
    text: Box<str>,
}

/// Why there is no handle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandleError {
    /// What it should stand for is longer than [`CONTENT_BYTES_MAX`].
    #[error("{bytes} bytes are to be kept under a handle, and {CONTENT_BYTES_MAX} can be")]
    TooLarge {
        /// How long it is.
        bytes: usize,
    },
    /// As for a session.
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

impl Handle {
    /// What the client calls it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.text[..ID_CHARS]
    }

    /// What it stands for.
    #[must_use]
    pub fn content(&self) -> &str {
        &self.text[ID_CHARS..]
    }

    /// The handle that a state is of. A store may be damaged, or be shared with sessions.
    fn of(state: &SessionState) -> Option<Self> {
        let text = state.handle().filter(|text| text.is_char_boundary(ID_CHARS) && text.len() >= ID_CHARS)?;
        Some(Self { text: text.into() })
    }
}

/// Does not show what it stands for.
impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", SessionKey::of_handle(self.id()).fingerprint())
    }
}

impl<S> Clone for Handles<S> {
    fn clone(&self) -> Self {
        Self { records: self.records.clone() }
    }
}

impl<S: SessionStore> Handles<S> {
    /// The handles in `store`, which is to have nothing else in it, and a background task that removes those that are past
    /// their time, until the last clone is dropped.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] when the policy contradicts itself.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub fn start(store: S, policy: Policy) -> Result<Self, PolicyError> {
        Ok(Self { records: Sessions::of(Kind::Handle, store, policy)?.sweeping() })
    }

    /// Makes a handle that stands for `content`, for `caller` alone.
    ///
    /// # Errors
    ///
    /// [`HandleError::TooLarge`], and what [`Sessions::create`] refuses.
    pub async fn create(&self, caller: &Caller, content: &str) -> Result<Handle, HandleError> {
        if content.len() > CONTENT_BYTES_MAX {
            return Err(HandleError::TooLarge { bytes: content.len() });
        }
        let owner = self.owner(caller)?;
        let id = const_hex::encode(os_random::<{ ID_CHARS / 2 }>());
        let key = SessionKey::of_handle(&id);
        let text = id + content;
        let handle = Handle { text: text.as_str().into() };
        let state = SessionState::of_handle(text);
        self.records.open(key, caller, CallerKey::Identified(owner), state).await?;
        Ok(handle)
    }

    /// The handle of this id, if it is there, within its time and the caller's; it counts as used now.
    ///
    /// # Errors
    ///
    /// Every [`Rejection`] but [`Rejection::Malformed`] and [`Rejection::AtCapacity`].
    pub async fn get(&self, id: &str, caller: &Caller) -> Result<Handle, Rejection> {
        let owner = CallerKey::Identified(self.owner(caller)?);
        let found = self.records.look(SessionKey::of_handle(id), caller, owner, true).await?;
        Handle::of(found.state()).ok_or(Rejection::Unknown)
    }

    /// Removes the caller's handle of this id. `false` when there was none, so that removing one twice is no mistake.
    ///
    /// # Errors
    ///
    /// As [`Sessions::terminate`].
    pub async fn remove(&self, id: &str, caller: &Caller) -> Result<bool, Rejection> {
        let owner = CallerKey::Identified(self.owner(caller)?);
        self.records.end(SessionKey::of_handle(id), caller, owner).await
    }

    /// The caller's handles, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Rejection::Nameless`] and [`Rejection::StoreUnavailable`].
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Handle>, Rejection> {
        let owner = self.owner(caller)?;
        let mut kept = self.records.list_of(&owner).await?;
        kept.sort_by(|a, b| (a.created_ms, a.state.handle()).cmp(&(b.created_ms, b.state.handle())));
        Ok(kept.iter().filter_map(|summary| Handle::of(&summary.state)).collect())
    }

    /// Removes every handle of `identity` and tells how many that were.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails.
    pub async fn remove_all(&self, identity: &Identity) -> Result<usize, StoreError> {
        self.records.terminate_all(identity).await
    }

    /// How long handles live and how many there may be.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        self.records.policy()
    }

    /// To whom the caller's handles belong.
    fn owner(&self, caller: &Caller) -> Result<IdentityDigest, Rejection> {
        Ok(match self.records.key_of(caller)? {
            CallerKey::Identified(owner) => owner,
            CallerKey::Anonymous => IdentityDigest::of_nobody(),
        })
    }
}

impl<S: fmt::Debug> fmt::Debug for Handles<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handles").field("records", &self.records).finish()
    }
}

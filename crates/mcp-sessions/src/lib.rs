#![cfg_attr(feature = "http", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "http"), doc = "Identity-bound sessions for MCP servers, without the HTTP layer.")]
#![warn(missing_docs)]

mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
mod handles;
#[cfg(feature = "http")]
pub mod http;
mod id;
mod identity;
mod policy;
mod record;
mod rejection;
mod sessions;
pub mod store;
mod sync;

#[doc = include_str!("parity.md")]
pub mod parity {}

pub use clock::{Clock, ManualClock, SystemClock};
pub use handles::{CONTENT_BYTES_MAX, Handle, HandleError, Handles};
#[cfg(feature = "http")]
pub use http::{RequestCancellation, SessionLayer};
pub use id::{Fingerprint, InvalidSessionId, SessionId, SessionKey};
pub use identity::{Binding, Caller, CallerKey, Identity, IdentityDigest, NamesNobody};
pub use policy::{Age, Policy, PolicyError};
pub use record::{DamagedRecord, Record, SessionState, SessionSummary};
pub use rejection::{Face, Rejection};
pub use sessions::{Session, Sessions};
#[cfg(feature = "file")]
pub use store::file::{FileStore, FileStoreError};
pub use store::memory::MemoryStore;
#[cfg(feature = "redis")]
pub use store::redis::{RedisStore, RedisUrlError};
pub use store::{SessionStore, StoreError};

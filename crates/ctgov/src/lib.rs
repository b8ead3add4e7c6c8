//! ClinicalTrials.gov's language, without I/O.
//!
//! ```text
//! text, filters, sort ──▶ StudyQuery ──▶ Registry ─▶ Snapshot ──▶ Page of Documents
//! ```
//!
//! Whoever asks for studies makes a [`StudyQuery`]; whoever has studies answers through [`Registry`] and
//! [`Snapshot`]. What both must agree on is here: how ids are written ([`NctId`]), which pieces a search looks at
//! ([`areas`], [`pieces`]), how text becomes words ([`text`]), what a record is ([`Document`]).

#![warn(missing_docs, missing_debug_implementations)]

pub mod areas;
mod document;
mod enums;
mod nct_id;
mod page;
pub mod pieces;
mod query;
mod registry;
pub mod text;

pub use document::{DOCUMENT_BYTES_MAX, Document, DocumentError};
pub use enums::{Phase, Status, UnknownValue};
pub use nct_id::{InvalidNctId, NctId};
pub use page::{InvalidPageToken, Page, PageToken, VersionId};
pub use query::{
    Matching, PAGE_SIZE_MAX, PageSize, SORTABLE, Sort, SortBy, SortError, SortKey, SortKind, SortPiece,
    StudyQuery, WORDS_CHARS_MAX, WORDS_MAX, Words, WordsError,
};
pub use registry::{Budget, DataSource, DataVersion, Registry, RegistryError, Snapshot};

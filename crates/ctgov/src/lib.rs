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

pub mod api;
pub mod areas;
mod document;
pub mod enums;
pub mod essie;
mod nct_id;
mod page;
pub mod pieces;
mod projection;
mod query;
mod registry;
pub mod synonyms;
pub mod tabulate;
pub mod text;

pub use document::{DOCUMENT_BYTES_MAX, Document, DocumentError};
pub use nct_id::{InvalidNctId, NctId};
pub use page::{InvalidPageToken, Page, PageToken, Place, RemotePlace, VersionId};
pub use projection::{Projection, UnknownField};
pub use query::{
    Conditions, DEFAULT_AREA, DecayFunction, Expanded, Filter, GeoDecay, Matching, PAGE_SIZE_MAX, PageSize,
    Search, Sort, SortBy, SortError, SortKey, StudyQuery,
};
pub use registry::{Budget, DataSource, DataVersion, Registry, RegistryError, ServiceVersion, Snapshot};

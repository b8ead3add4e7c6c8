//! A local copy of the registry: import it once, search it from disk.
//!
//! ```text
//! files, folders, pipes ──▶ Importer ──▶ generation on disk ──▶ CURRENT
//!                                                                  ▼
//!               Documents, one by one ◀── Snapshot ◀── Mirror (a ctgov::Registry)
//! ```
//!
//! The copy lives in one directory and changes by whole *generations*. A generation holds the records
//! (`documents/*.pack` with their dictionaries, `documents.index`), the search index (`studies/`, `sites/`), the
//! synonyms learnt (`synonyms.tsv`) and a manifest that names every file with its length and hash; once published, none
//! of them is ever modified. A new generation shares the unchanged files of the one before by hard links, adds its own,
//! and becomes current when the file `CURRENT` is replaced.
//!
//! What holds:
//!
//! - A crash, a full disk or a cancelled import leaves the generation before as it was.
//! - Readers take no lock and write nothing, so a read-only directory serves. A [`ctgov::Snapshot`] stays on its
//!   generation for as long as it is held, and a [`Mirror`] notices a new one within about a second, whoever
//!   published it.
//! - Equal records and equal additions to the synonyms make an equal [`ctgov::VersionId`], wherever and in whatever
//!   order they were imported, and equal answers in an equal order: relevance depends on them alone. A page token of one
//!   replica continues on another that has the same version.
//! - A record comes out byte for byte as it was stored, or not at all; [`verify()`] reads everything and names what is
//!   damaged.
//! - What was replaced can be asked for a day: [`ctgov::Registry::snapshot_of`].
//!
//! ```no_run
//! use ctgov::{Budget, Registry as _, StudyQuery};
//! use ctgov_mirror::{ImportOptions, Importer, Mirror, Source, Unobserved};
//! use std::path::Path;
//!
//! let data_dir = Path::new("data");
//! let sources = vec![Source::path("studies.ndjson.gz")];
//! let summary = Importer::open(data_dir)?.import(sources, &ImportOptions::default(), &mut Unobserved)?;
//! println!("{} new studies", summary.new);
//!
//! let snapshot = Mirror::open(data_dir)?.snapshot()?;
//! let page = snapshot.search(&StudyQuery::default(), &Budget::unlimited(), &mut |study| {
//!     println!("{}", study.nct_id());
//!     Ok(())
//! })?;
//! println!("{} studies in all", page.total);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(missing_docs)]

mod data_dir;
mod documents;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod generation;
mod import;
mod index;
mod manifest;
mod mirror;
mod status;
pub mod synonyms;
mod verify;

pub use error::MirrorError;
pub use generation::GenerationInfo;
pub use import::{
    CompactSummary, ImportError, ImportObserver, ImportOptions, ImportPhase, ImportProgress, ImportSummary,
    Importer, REFUSALS_MAX, Refusal, RefusalPlace, Source, Unobserved,
};
pub use mirror::Mirror;
pub use status::{DiskBytes, OtherGeneration, Status, Writer, status};
pub use verify::{DAMAGES_MAX, Damage, Verification, VerifyError, VerifyProgress, verify};

//! Synonyms learnt from the registry's own records.
//!
//! ```text
//! study ─▶ statements ─(terms of the index)─▶ learn ─▶ synonyms.tsv ─▶ ctgov::synonyms::Synonyms
//!                                               ▲
//!                            synonyms.toml ─────┘ additions, and what is never to be one
//! ```
//!
//! ClinicalTrials.gov knows synonyms from UMLS, which is not ours to ship. But NLM has assigned MeSH terms to the
//! records, sponsors list other names of their medicines, and texts introduce abbreviations: each study [states a
//! few such pairs](statements_of), and pairs that enough studies of different sponsors state are [learnt](learn()).
//! A generation keeps what was learnt from its records, so that every answer from it is the same.

mod abbreviation;
pub(crate) mod additions;
pub(crate) mod file;
mod learn;
mod phrases;
mod statement;
mod study;

pub(crate) use additions::Additions;
pub use additions::AdditionsError;
pub(crate) use file::FILE;
pub(crate) use learn::{Evidence, learn as learn_from};
pub use statement::{Statement, StatementKind};
pub(crate) use study::TEXTS;
pub use study::statements_of;

use crate::{MirrorError, data_dir::DataDir, index};
use ctgov::synonyms::Synonyms;
use std::path::Path;

/// How many must say that two phrases mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// So many studies.
    pub studies_min: u32,
    /// Of so many lead sponsors: what one sponsor copies from study to study is one opinion.
    pub sponsors_min: usize,
}

impl Default for Rules {
    /// Three studies of two lead sponsors.
    fn default() -> Self {
        Self { studies_min: 3, sponsors_min: 2 }
    }
}

/// The content of [`file::FILE`] for a generation in the making, whose index in `directory` is complete.
pub(crate) fn file_of(directory: &Path, additions: &Additions) -> Result<Vec<u8>, MirrorError> {
    Ok(file::encode(&index::learn_synonyms(directory, &Rules::default(), additions)?))
}

/// Learns anew from the current generation in `data_dir`, with its `synonyms.toml`, and publishes nothing.
///
/// A generation is published with what [`Rules::default`] gives; others serve to see what they would change.
///
/// # Errors
///
/// When there is no generation, when it cannot be read, and when `synonyms.toml` is not as it should be.
pub fn learn(data_dir: &Path, rules: &Rules) -> Result<Synonyms, MirrorError> {
    let data_dir = DataDir::new(data_dir);
    let not_found = || MirrorError::NotFound { data_dir: data_dir.root().to_owned() };
    let current = data_dir.current()?.ok_or_else(not_found)?;
    let additions = Additions::of(&data_dir)?;
    index::learn_synonyms(&data_dir.generation(current.name), rules, &additions)
}

//! The search index of a generation: which studies match, in what order, and how often which values occur.
//!
//! ```text
//! Matching ─resolve─▶ Conditions ─execute─▶ sets of ordinals ─▶ collect: total, and the page in the order asked
//!                                     │                    └──▶ tables: studies counted by their values
//!                                     └ words, phrases, columns, points; the record where they cannot tell
//! ```
//!
//! Two tantivy indexes: `studies/` with one document a study, `sites/` with one a site; [`fields`] says what they
//! keep. tantivy's document store, query parser, scores and aggregations are not used.

mod bits;
mod check;
mod collect;
mod columns;
mod entry;
mod execute;
pub(crate) mod fields;
mod geo;
mod leaders;
mod levels;
mod merge;
mod ordinals;
mod pairs;
mod phrase;
mod prints;
mod score;
mod synonyms;
mod tables;
mod words;
mod write;

pub(crate) use check::Contents;
pub(crate) use collect::Rank;
pub(crate) use entry::{Entry, Schemas};
pub(crate) use synonyms::learn_synonyms;
pub(crate) use write::EntryWriter;

use crate::{
    error::{At, MirrorError},
    manifest::Digest,
};
use bits::{Bits, Compact};
use columns::Columns;
use ctgov::{RegistryError, areas, pieces::Piece, synonyms::Synonyms};
use ordinals::{Ordinals, Segments};
use quick_cache::{Weighter, sync::Cache};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tables::Remembered;
use tantivy::{Index, SegmentReader};

/// The two indexes' directories in a generation.
pub(crate) const STUDIES: &str = "studies";
pub(crate) const SITES: &str = "sites";
pub(crate) const DIRECTORIES: [&str; 2] = [STUDIES, SITES];

/// What the answers to parts of questions may take in memory, in bytes.
const ANSWERS_BYTES_MAX: u64 = 64 << 20;
/// What an answer takes besides its condition and its studies, about.
const ANSWER_BYTES: usize = 100;

/// How many word counts are remembered.
const WORD_COUNTS_MAX: usize = 50_000;

/// Tells whether an index was built with the fields this build searches: names, paths, which area has what, and in which
/// form columns have values.
pub(crate) fn fields_digest() -> Digest {
    let mut text = String::from(prints::MAKING);
    for area in areas::ALL {
        text.extend(["\n", area.name]);
        for (piece, part) in area.pieces() {
            text.extend([" ", piece.name(), "*", &part.weight.to_string()]);
        }
    }
    for piece in Piece::all() {
        text.extend([
            "\n",
            piece.name(),
            "=",
            piece.path(),
            ":",
            &format!("{:?} {:?}", piece.kind(), fields::form(piece)),
        ]);
    }
    Digest::of(text.as_bytes())
}

/// The search index of one generation, open for reading.
///
/// Segments are opened without tantivy's reader, which would write a lock file into the published directory.
pub(crate) struct StudyIndex {
    path: PathBuf,
    schemas: Schemas,
    studies: Segments,
    sites: Segments,
    ordinals: Ordinals,
    columns: Columns,
    synonyms: Synonyms,
    /// Sets of studies that conditions were answered with, by the condition.
    answers: Cache<String, Compact, AnswerWeighter>,
    /// How many studies have a word in an area.
    word_counts: Cache<String, u64>,
    /// Tables and statistics over everything.
    remembered: Remembered,
}

#[derive(Clone)]
struct AnswerWeighter;

impl Weighter<String, Compact> for AnswerWeighter {
    fn weight(&self, condition: &String, answer: &Compact) -> u64 {
        (ANSWER_BYTES + condition.len() + answer.bytes()) as u64
    }
}

impl StudyIndex {
    /// Opens the index in `directory`, a generation's.
    pub(crate) fn open(directory: &Path, synonyms: Synonyms) -> Result<Self, MirrorError> {
        let schemas = Schemas::new();
        let studies = segments(&directory.join(STUDIES), &schemas.studies.schema)?;
        let sites = segments(&directory.join(SITES), &schemas.sites.schema)?;
        let ordinals = Ordinals::new(&studies, &sites).at("open", directory)?;
        Ok(Self {
            path: directory.to_owned(),
            schemas,
            ordinals,
            columns: Columns::default(),
            synonyms,
            word_counts: Cache::new(WORD_COUNTS_MAX),
            remembered: Remembered::default(),
            answers: Cache::with_weighter(10_000, ANSWERS_BYTES_MAX, AnswerWeighter),
            studies,
            sites,
        })
    }

    /// What a condition was answered with, if that is remembered.
    fn remembered(&self, condition: &str) -> Option<Arc<Bits>> {
        self.answers.get(condition).map(|answer| answer.bits())
    }

    fn remember(&self, condition: String, answer: &Arc<Bits>) {
        self.answers.insert(condition, Compact::new(answer));
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many studies there are.
    pub(crate) fn studies(&self) -> u64 {
        self.studies.alive().count()
    }

    pub(crate) fn synonyms(&self) -> &Synonyms {
        &self.synonyms
    }

    fn unavailable(&self, error: tantivy::TantivyError) -> RegistryError {
        let error = MirrorError::Index { action: "search", path: self.path.clone(), source: Box::new(error) };
        RegistryError::Unavailable(Box::new(error))
    }
}

fn segments(path: &Path, schema: &tantivy::schema::Schema) -> Result<Segments, MirrorError> {
    let index = Index::open_in_dir(path).at("open", path)?;
    if index.schema() != *schema {
        return Err(MirrorError::OtherFields { path: path.to_owned() });
    }
    let open =
        || index.searchable_segments()?.iter().map(SegmentReader::open).collect::<tantivy::Result<Vec<_>>>();
    Ok(Segments::new(open().at("open", path)?))
}

impl std::fmt::Debug for StudyIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StudyIndex").field("path", &self.path).finish_non_exhaustive()
    }
}

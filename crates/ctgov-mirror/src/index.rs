//! The search index of a generation: which studies match, and in what order.
//!
//! ```text
//! Matching ─plan─▶ sets of studies ─collect─▶ total, and the page of NCT numbers in the order asked
//!                                    └─ score: how well the words match
//! ```
//!
//! Fields of a study:
//!
//! | field | what for |
//! |---|---|
//! | `nct` | the join key to the documents, and the last key of every order |
//! | `OverallStatus`, `Phase` | filters, raw values |
//! | one a search area, `ConditionSearch` | matching: every word of its pieces, once |
//! | one a piece, `BriefTitle` | scoring: how often a word occurs, and in how long a text |
//! | one a sortable piece, `StartDate` | [`SortPiece::key`] as a column |
//!
//! Positions are not kept: no phrase can be asked yet, and they would double the index. tantivy's document store,
//! query parser, scores and aggregations are not used.

pub(crate) mod collect;
mod plan;
mod score;
pub(crate) mod write;

use crate::{
    error::{At, MirrorError},
    manifest::Digest,
};
use ctgov::{
    SORTABLE, SortPiece,
    areas::{self, Area},
    pieces::{self, Piece},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use tantivy::{
    Index, SegmentReader,
    schema::{Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions},
};

pub(crate) const DIRECTORY: &str = "studies";
const NCT: &str = "nct";

/// The schema and where everything is in it.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub schema: Schema,
    pub nct: Field,
    pub status: Field,
    pub phase: Field,
    /// One a search area, in the order of [`areas::ALL`].
    pub areas: Vec<(&'static Area, Field)>,
    /// One a piece that any area searches.
    pub pieces: Vec<(Piece, Field)>,
    pub sorts: Vec<(SortPiece, Field)>,
}

impl Fields {
    pub(crate) fn new() -> Self {
        let mut schema = Schema::builder();
        let text = |tokenizer: &str, option, lengths| {
            let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer);
            TextOptions::default()
                .set_indexing_options(indexing.set_index_option(option).set_fieldnorms(lengths))
        };
        let value = text("raw", IndexRecordOption::Basic, false);
        let nct = schema.add_u64_field(NCT, NumericOptions::default().set_indexed().set_fast());
        let status = schema.add_text_field(pieces::OVERALL_STATUS.name(), value.clone());
        let phase = schema.add_text_field(pieces::PHASE.name(), value);
        let matched = text(write::FOLDED_WORDS, IndexRecordOption::Basic, false);
        let areas = areas::ALL.map(|area| (area, schema.add_text_field(area.name, matched.clone())));
        let scored = text(write::FOLDED_WORDS, IndexRecordOption::WithFreqs, true);
        let mut pieces: Vec<(Piece, Field)> = Vec::new();
        for (piece, _) in areas::ALL.iter().flat_map(|area| area.pieces()) {
            if pieces.iter().all(|(known, _)| *known != piece) {
                pieces.push((piece, schema.add_text_field(piece.name(), scored.clone())));
            }
        }
        let column = NumericOptions::default().set_fast();
        let sorts =
            SORTABLE.map(|sort| (sort, schema.add_i64_field(sort.piece.name(), column.clone()))).to_vec();
        Self { schema: schema.build(), nct, status, phase, areas: areas.to_vec(), pieces, sorts }
    }

    fn area(&self, area: &Area) -> Field {
        let found = self.areas.iter().find(|(known, _)| *known == area);
        found.expect("every area that can be asked is in `areas::ALL`").1
    }

    fn piece(&self, piece: Piece) -> Field {
        let found = self.pieces.iter().find(|(known, _)| *known == piece);
        found.expect("every piece of an area has a field").1
    }
}

/// Tells whether an index was built with the fields this build searches: names, paths and which area has what.
/// Weights are left out, as they are applied when searching.
pub(crate) fn fields_digest() -> Digest {
    let mut text = String::new();
    for area in areas::ALL {
        text.extend(["\n", area.name]);
        for (piece, _) in area.pieces() {
            text.extend([" ", piece.name(), "=", piece.path()]);
        }
    }
    for sort in SORTABLE {
        text.extend(["\n", sort.piece.name(), "=", sort.piece.path()]);
    }
    Digest::of(text.as_bytes())
}

/// The search index of one generation, open for reading.
///
/// Segments are opened without tantivy's reader, which would write a lock file into the published directory.
pub(crate) struct StudyIndex {
    path: PathBuf,
    fields: Fields,
    segments: Vec<SegmentReader>,
    piece_words: BTreeMap<String, u64>,
}

impl StudyIndex {
    /// Opens the index in `directory`, a generation's; `piece_words` is what its manifest says.
    pub(crate) fn open(directory: &Path, piece_words: BTreeMap<String, u64>) -> Result<Self, MirrorError> {
        let (path, fields) = (directory.join(DIRECTORY), Fields::new());
        let index = Index::open_in_dir(&path).at("open", &path)?;
        if index.schema() != fields.schema {
            return Err(MirrorError::OtherFields { path });
        }
        let open = || {
            index.searchable_segments()?.iter().map(SegmentReader::open).collect::<tantivy::Result<Vec<_>>>()
        };
        let segments = open().at("open", &path)?;
        Ok(Self { path, fields, segments, piece_words })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many studies there are.
    pub(crate) fn studies(&self) -> u64 {
        self.segments.iter().map(|segment| u64::from(segment.num_docs())).sum()
    }
}

impl std::fmt::Debug for StudyIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StudyIndex").field("path", &self.path).finish_non_exhaustive()
    }
}

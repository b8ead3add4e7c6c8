//! From received bytes to everything that is stored of a record.

use crate::{
    error::with_causes,
    index::{self, Fields},
    manifest::Digest,
};
use ctgov::{Document, NctId, SORTABLE, SortPiece, pieces};
use tantivy::TantivyDocument;
use zstd::bulk::Compressor;

/// A record that was checked and only needs to be written.
pub(super) struct Prepared {
    pub nct_id: NctId,
    /// `LastUpdatePostDate` as `yyyymmdd`, 0 without one.
    pub updated: u32,
    pub hash: Digest,
    pub bytes: u32,
    pub frame: Vec<u8>,
    pub entry: TantivyDocument,
}

/// Checks a record; the error is the reason to refuse it, in words.
pub(super) fn prepare(
    bytes: &[u8],
    fields: &Fields,
    compressor: &mut Compressor<'static>,
) -> Result<Prepared, String> {
    let (document, study) = Document::parse(bytes).map_err(|error| with_causes(&error))?;
    let json = document.json().as_bytes();
    let frame = compressor.compress(json).map_err(|error| format!("it cannot be compressed: {error}"))?;
    Ok(Prepared {
        nct_id: document.nct_id(),
        updated: last_update().key(&study).and_then(|key| u32::try_from(key).ok()).unwrap_or_default(),
        hash: Digest::of(json),
        bytes: json.len() as u32,
        frame,
        entry: index::write::entry(fields, document.nct_id(), &study),
    })
}

fn last_update() -> SortPiece {
    const LAST_UPDATE: SortPiece = SORTABLE[0];
    debug_assert_eq!(LAST_UPDATE.piece, pieces::LAST_UPDATE_POST_DATE);
    LAST_UPDATE
}

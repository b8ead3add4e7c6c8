//! From received bytes to everything that is stored of a record.

use crate::{
    error::with_causes,
    index::{Entry, Schemas},
    manifest::Digest,
};
use ctgov::{
    Document, NctId,
    pieces::{Measure, Piece},
};
use zstd::bulk::Compressor;

/// A record that was checked and only needs to be written.
pub(super) struct Prepared {
    pub nct_id: NctId,
    /// `LastUpdatePostDate` as `yyyymmdd`, 0 without one.
    pub updated: u32,
    pub hash: Digest,
    pub bytes: u32,
    pub frame: Vec<u8>,
    pub entry: Entry,
}

/// Checks a record; the error is the reason to refuse it, in words.
pub(super) fn prepare(
    bytes: &[u8],
    schemas: &Schemas,
    compressor: &mut Compressor<'static>,
) -> Result<Prepared, String> {
    let (document, study) = Document::parse(bytes).map_err(|error| with_causes(&error))?;
    let json = document.json().as_bytes();
    let frame = compressor.compress(json).map_err(|error| format!("it cannot be compressed: {error}"))?;
    Ok(Prepared {
        nct_id: document.nct_id(),
        updated: last_update(&study),
        hash: Digest::of(json),
        bytes: json.len() as u32,
        frame,
        entry: schemas.entry(document.nct_id(), &study),
    })
}

/// `LastUpdatePostDate` as `yyyymmdd`, 0 without one.
pub(crate) fn last_update(study: &serde_json::Value) -> u32 {
    const LAST_UPDATE: Measure = Measure::Values(Piece::named("LastUpdatePostDate"));
    let mut updated = 0;
    LAST_UPDATE.for_each_key(study, |key| updated = u32::try_from(key / 10_000).unwrap_or_default());
    updated
}

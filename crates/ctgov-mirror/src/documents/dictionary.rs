//! Dictionaries: what records have in common, kept once, so that each can be compressed by itself and still be small.
//!
//! A dictionary is trained on a sample of records and stored beside the packs that were compressed with it, as zstd's
//! tools read it: `zstd --decompress -D 000001.dictionary` reads a pack without this program.

use super::PACKS;
use crate::error::{At, MirrorError};
use std::{fs, path::Path, sync::Arc};
use zstd::dict::{DecoderDictionary, from_continuous};

/// How many bytes of records a dictionary is trained on.
pub(crate) const SAMPLE_BYTES: usize = 32 << 20;
/// How many records at most: more of small ones add nothing.
pub(crate) const SAMPLE_RECORDS: usize = 4_000;
/// Of fewer bytes none is made: it would save less than it takes.
pub(crate) const SAMPLE_BYTES_MIN: usize = 4 << 20;
/// The largest dictionary made: what zstd's own tool makes.
const BYTES: usize = 112 << 10;
/// The largest dictionary read.
pub(crate) const BYTES_MAX: u64 = 1 << 20;

/// A dictionary in the form in which it is written. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dictionary(Arc<[u8]>);

impl Dictionary {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Writes it beside the packs under `directory` and returns its path there.
    pub(crate) fn write(&self, directory: &Path, ordinal: u64) -> Result<String, MirrorError> {
        let name = format!("{PACKS}/{ordinal:06}.dictionary");
        let path = directory.join(&name);
        fs::write(&path, self.bytes()).at("write", &path)?;
        Ok(name)
    }

    /// What decompresses what was compressed with it.
    pub(crate) fn decoder(&self) -> std::io::Result<DecoderDictionary<'static>> {
        DecoderDictionary::try_copy(&self.0)
    }
}

impl From<Vec<u8>> for Dictionary {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

/// Records to train a dictionary on.
#[derive(Default)]
pub(crate) struct Sample {
    bytes: Vec<u8>,
    sizes: Vec<usize>,
}

impl Sample {
    pub(crate) fn add(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.sizes.push(record.len());
    }

    /// Whether more records would add nothing.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= SAMPLE_BYTES || self.sizes.len() >= SAMPLE_RECORDS
    }

    /// The dictionary, unless there are too few records for one or they have nothing in common.
    pub(crate) fn train(self) -> Option<Dictionary> {
        if self.bytes.len() < SAMPLE_BYTES_MIN {
            return None;
        }
        match from_continuous(&self.bytes, &self.sizes, BYTES) {
            Ok(dictionary) => Some(dictionary.into()),
            Err(error) => {
                tracing::debug!(%error, "no dictionary: each record is compressed without one");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::pack::compressor;

    #[test]
    fn records_of_one_kind_take_a_fraction_with_a_dictionary() {
        let records = ctgov_sample::Sample::new(500);
        let mut sample = Sample::default();
        records.iter().take(499).for_each(|record| sample.add(record.as_bytes()));
        let dictionary = sample.train().unwrap();
        assert!(dictionary.bytes().len() <= BYTES);
        let new = records.study(500);
        let frame = |dictionary| compressor(dictionary).unwrap().compress(new.as_bytes()).unwrap();
        let (with, without) = (frame(Some(&dictionary)), frame(None));
        assert!(with.len() * 5 < without.len() * 4, "{} and {}", with.len(), without.len());
    }

    #[test]
    fn of_few_records_none_is_made() {
        let mut sample = Sample::default();
        (0..100).for_each(|_| sample.add(b"{\"nctId\":\"NCT00000001\"}"));
        assert_eq!(sample.train(), None);
        assert_eq!(Sample::default().train(), None);
    }
}

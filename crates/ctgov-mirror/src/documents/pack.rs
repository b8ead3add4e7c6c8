//! Packs: zstd frames one after the other, one a record, written by one import and never again.
//!
//! There is nothing between the frames, so `zstd --decompress` reads a whole pack even without this program.

use super::dictionary::Dictionary;
use crate::{
    error::{At, MirrorError},
    manifest::{Digest, FileEntry},
};
use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};
use xxhash_rust::xxh3::Xxh3;
use zstd::{bulk::Compressor, zstd_safe::CParameter};

/// A good ratio (5:1 on real records) at a speed that reading the input hardly outruns.
const LEVEL: i32 = 3;

/// A compressor whose frames carry a checksum of their content.
pub(crate) fn compressor(dictionary: Option<&Dictionary>) -> std::io::Result<Compressor<'static>> {
    let mut compressor = Compressor::with_dictionary(LEVEL, dictionary.map_or(&[], Dictionary::bytes))?;
    compressor.set_parameter(CParameter::ChecksumFlag(true))?;
    Ok(compressor)
}

/// Appends frames to a new pack.
pub(crate) struct PackWriter {
    path: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
    hash: Box<Xxh3>,
}

impl PackWriter {
    pub(crate) fn create(path: &Path) -> Result<Self, MirrorError> {
        let file = File::create_new(path).at("create", path)?;
        let file = BufWriter::with_capacity(1 << 18, file);
        Ok(Self { path: path.to_owned(), file, bytes: 0, hash: Box::default() })
    }

    /// Appends a frame and returns where it starts.
    pub(crate) fn append(&mut self, frame: &[u8]) -> Result<u64, MirrorError> {
        let offset = self.bytes;
        self.file.write_all(frame).at("write", &self.path)?;
        self.hash.update(frame);
        self.bytes += frame.len() as u64;
        Ok(offset)
    }

    /// Removes the pack: nothing came into it.
    pub(crate) fn discard(self) -> Result<(), MirrorError> {
        fs::remove_file(&self.path).at("remove", &self.path)
    }

    /// Makes the pack durable and says what it is.
    pub(crate) fn finish(self) -> Result<FileEntry, MirrorError> {
        let file = self.file.into_inner().map_err(std::io::IntoInnerError::into_error);
        file.and_then(|file| file.sync_all()).at("write", &self.path)?;
        Ok(FileEntry { bytes: self.bytes, xxh3: Digest(self.hash.digest128()) })
    }
}

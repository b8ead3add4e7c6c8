//! Doors for the fuzz targets: readers of bytes from outside that are no part of the crate's interface.
//!
//! Each takes any bytes, and panics when what it reads does not come back as it was.

use crate::{
    data_dir::Current,
    documents::{self, dictionary::Dictionary, frame},
    import::{self, Source},
    manifest::{Digest, Manifest},
    synonyms::{Additions, file},
};
use ctgov::NctId;
use std::{
    fs::{self, File},
    io::Cursor,
    path::{Path, PathBuf},
};

/// `CURRENT`.
pub fn current(bytes: &[u8]) {
    if let Some(current) = Current::parse(bytes) {
        assert_eq!(current.to_string().as_bytes(), bytes);
    }
}

/// `manifest.json`.
pub fn manifest(bytes: &[u8]) {
    let path = Path::new("manifest.json");
    if let Ok(manifest) = Manifest::parse(bytes, path) {
        let again = Manifest::parse(&manifest.to_bytes(), path);
        assert_eq!(again.ok(), Some(manifest));
    }
}

/// `documents.index`, and the same bytes as entries with a checksum that fits.
pub fn documents_index(bytes: &[u8]) {
    for file in [bytes.to_vec(), documents::index::sealed(bytes)] {
        if let Ok(entries) = documents::index::decode(&file) {
            assert_eq!(documents::index::encode(&entries), file);
        }
    }
}

/// A record's frame in a pack, after the dictionary it was compressed with: the first two bytes say how long that is,
/// the next two how long the record is.
pub fn frame(bytes: &[u8]) {
    let Some((lengths, rest)) = bytes.split_first_chunk::<4>() else { return };
    let length = |at: usize| usize::from(u16::from_le_bytes([lengths[at], lengths[at + 1]]));
    let (dictionary, frame) = rest.split_at(length(0).min(rest.len()));
    let decoder = Dictionary::from(dictionary.to_vec()).decoder();
    let pack = Scratch::new("pack", frame);
    let (Ok(file), Ok(nct_id)) = (File::open(&pack.0), NctId::new(1)) else { return };
    let entry = documents::index::Entry {
        nct_id,
        updated: 0,
        pack: 0,
        frame_bytes: frame.len() as u32,
        bytes: length(2) as u32,
        offset: 0,
        hash: Digest::of(frame),
    };
    let dictionary = decoder.ok().filter(|_| !dictionary.is_empty());
    if let Ok(Some(record)) = frame::read(&file, &entry, dictionary.as_ref()) {
        assert!(record.len() <= length(2));
    }
}

/// A file of this process for readers that want one, removed when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("ctgov-mirror-fuzzing-{}-{name}", std::process::id()));
        // Without it nothing is read, which libFuzzer shows as nothing reached.
        let _ = fs::write(&path, bytes);
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// `synonyms.tsv`.
pub fn synonyms_list(bytes: &[u8]) {
    if let Ok(synonyms) = file::decode(bytes) {
        assert_eq!(file::decode(&file::encode(&synonyms)), Ok(synonyms));
    }
}

/// `synonyms.toml`.
pub fn synonym_additions(bytes: &[u8]) {
    match Additions::parse(bytes, Path::new("synonyms.toml")) {
        Ok(additions) => {
            let mut synonyms = ctgov::synonyms::Synonyms::default();
            additions.add_to(&mut synonyms);
        }
        Err(error) => assert!(error.line >= 1),
    }
}

/// Something to import, called `name`: every record in it is read, and made an entry of the index.
pub fn import(name: &str, bytes: &[u8]) {
    import::read_entries(Source::reader(name, Cursor::new(bytes.to_vec())));
}

/// A zip archive to import.
pub fn archive(bytes: &[u8]) {
    let file = Scratch::new("archive.zip", bytes);
    import::read_entries(Source::path(&file.0));
}

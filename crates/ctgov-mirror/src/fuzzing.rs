//! Doors for the fuzz targets: readers of bytes from outside that are no part of the crate's interface.
//!
//! Each takes any bytes, and panics when what it reads does not come back as it was.

use crate::{
    data_dir::Current,
    documents,
    import::{self, Source},
    manifest::Manifest,
    synonyms::{Additions, file},
};
use std::{io::Cursor, path::Path};

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

//! From a finished draft to the current generation.
//!
//! Everything is hashed, listed and made durable before the one rename that makes it current. A failure before
//! that leaves nothing behind; after it, what is left is to make the rename itself durable and to clean up old
//! generations.

use super::draft::Finished;
use crate::{
    GenerationInfo,
    data_dir::{Current, DataDir, GenerationName, sync_directory},
    documents::{self, index::Entry},
    error::{At, MirrorError, with_causes},
    index::{self, fields_digest},
    manifest::{self, Digest, FORMAT, FileEntry, Manifest, Parent, utc_text},
    synonyms,
};
use ctgov::VersionId;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, btree_map},
    fs::{self, File},
    io::Write,
    os::unix::fs::MetadataExt,
    path::Path,
    time::SystemTime,
};

/// The id of a generation with these records and synonyms, whatever their history. `entries` are sorted.
///
/// Synonyms decide what is found: with others, equal questions are not answered equally.
pub(crate) fn version_id(entries: &[Entry], synonyms: Digest) -> VersionId {
    let mut hash = Sha256::new();
    for entry in entries {
        hash.update(entry.nct_id.number().to_le_bytes());
        hash.update(entry.hash.0.to_le_bytes());
    }
    hash.update(synonyms.0.to_le_bytes());
    let digest = hash.finalize();
    VersionId(std::array::from_fn(|at| digest[at]))
}

/// Makes the draft current.
pub(super) fn publish(
    data_dir: &DataDir,
    finished: Finished,
    now: SystemTime,
) -> Result<GenerationInfo, MirrorError> {
    let Finished { mut directory, parent, ordinal, packs, pack, entries, synonyms, additions } = finished;
    let name = GenerationName { ordinal, id: version_id(&entries, Digest::of(&synonyms)) };
    let path = directory.path().to_owned();
    let parent_path = parent.as_ref().map(|(current, _)| data_dir.generation(current.name));

    let mut files: BTreeMap<String, FileEntry> = pack.into_iter().collect();
    for (name, content) in
        [(documents::INDEX_FILE, documents::index::encode(&entries)), (synonyms::FILE, synonyms)]
    {
        files.insert(name.to_owned(), write_durably(&path.join(name), &content)?);
    }
    for directory in [documents::PACKS].into_iter().chain(index::DIRECTORIES) {
        let directory_path = path.join(directory);
        for entry in fs::read_dir(&directory_path).at("list", &directory_path)? {
            let file = entry.at("list", &directory_path)?.path();
            let Some(file_name) = file.file_name().and_then(|name| name.to_str()) else { continue };
            let name = format!("{directory}/{file_name}");
            if let btree_map::Entry::Vacant(vacant) = files.entry(name) {
                let before = parent.as_ref().zip(parent_path.as_ref());
                let known = before.and_then(|((_, manifest), parent)| {
                    let known = manifest.files.get(vacant.key());
                    known.filter(|_| same_file(&parent.join(vacant.key()), &file)).cloned()
                });
                vacant.insert(known.map_or_else(|| hash_durably(&file), Ok)?);
            }
        }
        sync_directory(&directory_path)?;
    }

    let newest = entries.iter().map(|entry| entry.updated).max().filter(|updated| *updated > 0);
    let manifest = Manifest {
        format: FORMAT,
        id: name.id.to_string(),
        parent: parent
            .map(|(before, _)| Parent { generation: before.name.to_string(), manifest: before.manifest }),
        created: utc_text(now),
        studies: entries.len() as u64,
        synthetic: entries.iter().filter(|entry| entry.nct_id.is_synthetic()).count() as u64,
        // The registry publishes this date to the day, so the key says all the text did.
        newest_update: newest
            .map(|key| format!("{:04}-{:02}-{:02}", key / 10_000, key / 100 % 100, key % 100)),
        fields: fields_digest(),
        additions,
        packs,
        files,
    };
    let written = write_durably(&path.join(manifest::FILE_NAME), &manifest.to_bytes())?;
    sync_directory(&path)?;
    directory.rename(data_dir.generation(name))?;
    sync_directory(&data_dir.generations())?;
    data_dir.swap_current(Current { name, manifest: written.xxh3 })?;
    directory.keep();
    sync_directory(data_dir.root())?;

    if let Err(error) = data_dir.remove_old(now) {
        // The new generation is current: what is left over can wait for the next import.
        let error = with_causes(&error);
        tracing::warn!(error, "could not remove an old generation");
    }
    Ok(GenerationInfo::new(name, &manifest))
}

/// Whether both names are links to one file, which then was never modified.
fn same_file(a: &Path, b: &Path) -> bool {
    let identity = |path| fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    identity(a).is_some_and(|a| identity(b) == Some(a))
}

fn write_durably(path: &Path, bytes: &[u8]) -> Result<FileEntry, MirrorError> {
    let mut file = File::create_new(path).at("create", path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).at("write", path)?;
    Ok(FileEntry { bytes: bytes.len() as u64, xxh3: Digest::of(bytes) })
}

fn hash_durably(path: &Path) -> Result<FileEntry, MirrorError> {
    let bytes = File::open(path)
        .and_then(|file| {
            file.sync_all()?;
            file.metadata()
        })
        .at("sync", path)?
        .len();
    Ok(FileEntry { bytes, xxh3: Digest::of_file(path)? })
}

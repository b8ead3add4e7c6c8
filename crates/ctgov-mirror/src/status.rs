//! What is in a data directory, for people to look at.

use crate::{
    data_dir::DataDir,
    error::MirrorError,
    generation::{GenerationInfo, read_manifest},
    index,
    manifest::Manifest,
};
use std::path::Path;

/// What is in a data directory.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The generation being served.
    pub current: GenerationInfo,
    /// What it takes on disk. Generations share files, so those of several do not add up.
    pub disk: DiskBytes,
    /// Older generations that are still there, newest first.
    pub others: Vec<OtherGeneration>,
    /// Whoever is importing right now.
    pub writer: Option<Writer>,
}

/// What a generation takes on disk, by part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiskBytes {
    /// The compressed records and where they lie.
    pub documents: u64,
    /// The search index.
    pub index: u64,
}

impl DiskBytes {
    fn of(manifest: &Manifest) -> Self {
        let mut disk = Self::default();
        for (name, file) in &manifest.files {
            let in_index =
                name.split('/').next().is_some_and(|directory| index::DIRECTORIES.contains(&directory));
            let part = if in_index { &mut disk.index } else { &mut disk.documents };
            *part = part.saturating_add(file.bytes);
        }
        disk
    }

    /// Both together.
    pub fn total(self) -> u64 {
        self.documents.saturating_add(self.index)
    }
}

/// A generation that is not the current one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OtherGeneration {
    /// Its directory's name.
    pub name: String,
    /// When it was published, if its manifest can be read.
    pub created: Option<String>,
}

/// Whoever holds the writer's lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Writer {
    /// Its process id, if it left one.
    pub process_id: Option<u32>,
}

/// Looks at a data directory without opening the search index.
///
/// # Errors
///
/// [`MirrorError::NotFound`] when nothing was imported there yet; otherwise what is wrong with it.
pub fn status(data_dir: &Path) -> Result<Status, MirrorError> {
    let data_dir = DataDir::new(data_dir);
    let not_found = || MirrorError::NotFound { data_dir: data_dir.root().to_owned() };
    let current = data_dir.current()?.ok_or_else(not_found)?;
    let manifest = read_manifest(&data_dir, current)?;
    let others = data_dir.names()?.into_iter().rev().filter(|name| *name != current.name);
    let others = others.map(|name| OtherGeneration {
        name: name.to_string(),
        created: Manifest::read(&data_dir.generation(name)).ok().map(|(manifest, _)| manifest.created),
    });
    Ok(Status {
        current: GenerationInfo::new(current.name, &manifest),
        disk: DiskBytes::of(&manifest),
        others: others.collect(),
        writer: data_dir.writer()?.map(|process_id| Writer { process_id }),
    })
}

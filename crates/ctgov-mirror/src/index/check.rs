//! What an index holds, for comparing it with the records.

use super::{SITES, STUDIES, Schemas, fields::NCT, ordinals::Segments, segments};
use crate::error::{At, MirrorError};
use std::path::Path;

/// The NCT numbers of everything in an index.
pub(crate) struct Contents {
    /// Of each study, in ascending order.
    pub studies: Vec<u32>,
    /// Of the study of each site, in ascending order.
    pub sites: Vec<u32>,
}

impl Contents {
    /// Reads the index in `directory`, a generation's, whose files are known to be whole.
    pub(crate) fn read(directory: &Path) -> Result<Self, MirrorError> {
        let schemas = Schemas::new();
        let numbers = |name: &str, schema| {
            let path = directory.join(name);
            numbers(&segments(&path, schema)?).at("read", &path)
        };
        Ok(Self {
            studies: numbers(STUDIES, &schemas.studies.schema)?,
            sites: numbers(SITES, &schemas.sites.schema)?,
        })
    }
}

fn numbers(segments: &Segments) -> tantivy::Result<Vec<u32>> {
    let all = segments.numbers(NCT)?;
    let mut numbers: Vec<u32> = segments.alive().iter().map(|ordinal| all[ordinal as usize]).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

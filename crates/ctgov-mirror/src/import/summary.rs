//! What became of every record of an import.

use crate::GenerationInfo;
use std::{fmt, sync::Arc};

/// Most refusals kept with their reasons; beyond, only their number is.
pub const REFUSALS_MAX: usize = 1_000;

/// What became of every record of an import: each is counted once.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ImportSummary {
    /// Studies that were not there before.
    pub new: u64,
    /// Studies whose record was replaced by another one.
    pub changed: u64,
    /// Records that were there already, byte for byte.
    pub unchanged: u64,
    /// Records that were not kept because a newer one of the same study is there or came later.
    pub older: u64,
    /// Records and files that could not be taken.
    pub refused: u64,
    /// The first [`REFUSALS_MAX`] of them.
    pub refusals: Vec<Refusal>,
    /// Sources whose reading ended early, because they are cut off, broken in the middle or cannot be read: records
    /// in them may be missing, however many. A single record that was refused does not count here, nor does a file
    /// that holds no records at all. Each is counted in `refused` as well.
    pub broken_sources: u64,
    /// Files in the folders and zip archives given that do not look like records, by their names.
    pub other_files: u64,
    /// How many bytes were read, as they are on disk.
    pub bytes: u64,
    /// The new generation; none when nothing is new or changed.
    pub published: Option<GenerationInfo>,
    /// Records stored so far, until they are told apart at the end.
    pub(super) stored: u64,
}

impl ImportSummary {
    /// How many records were read, refused ones included.
    pub fn records(&self) -> u64 {
        self.new + self.changed + self.unchanged + self.older + self.refused + self.stored
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.refused += 1;
        self.broken_sources += u64::from(refusal.rest_unread);
        if self.refusals.len() < REFUSALS_MAX {
            self.refusals.push(refusal);
        }
    }
}

/// Something that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The file, or the name of what was read.
    pub source: Arc<str>,
    /// Where in it; none when it is the whole.
    pub place: Option<RefusalPlace>,
    /// What is wrong with it.
    pub reason: String,
    /// Whether reading the source ended here, so that whatever follows in it was not seen.
    pub rest_unread: bool,
}

/// Where in a source something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalPlace {
    /// A line, counted from 1.
    Line(u64),
    /// A record of a page or of a file of several, counted from 1.
    Record(u64),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        match self.place {
            Some(RefusalPlace::Line(line)) => write!(f, ", line {line}")?,
            Some(RefusalPlace::Record(record)) => write!(f, ", record {record}")?,
            None => {}
        }
        write!(f, ": {}", self.reason)
    }
}

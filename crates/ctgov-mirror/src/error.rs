//! What can go wrong with a registry on disk, told so that an operator knows what to do next.

use crate::synonyms::AdditionsError;
use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
};

/// Why the registry on disk cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// Nothing has been imported into this directory yet.
    #[error("there is no registry in {}; import studies into it first", .data_dir.display())]
    NotFound {
        /// The directory looked at.
        data_dir: PathBuf,
    },
    /// The registry belongs to a newer build; reading it here would misread it.
    #[error(
        "{} was written by a newer version: format {found}, this build reads up to {supported}; \
         update this program", .path.display()
    )]
    NewerFormat {
        /// The file that says so.
        path: PathBuf,
        /// The format it has.
        found: u32,
        /// The newest format this build reads.
        supported: u32,
    },
    /// The search fields of this build are not the ones the registry was indexed with.
    #[error(
        "{} was indexed with other search fields than this build has; \
         import the studies again into a new directory", .path.display()
    )]
    OtherFields {
        /// The generation's directory.
        path: PathBuf,
    },
    /// A file is not what was written.
    #[error("{} is damaged: {what}; restore it from a copy or import again into a new directory", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How it shows.
        what: String,
    },
    /// The additions to the synonyms are not as they should be.
    #[error(transparent)]
    Additions(#[from] AdditionsError),
    /// The operating system refused a file operation.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// What was being done, as a verb.
        action: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The search index could not be read or written.
    #[error("cannot {action} the search index {}", .path.display())]
    Index {
        /// What was being done, as a verb.
        action: &'static str,
        /// The index's directory.
        path: PathBuf,
        /// What the index said.
        source: Box<tantivy::TantivyError>,
    },
}

impl MirrorError {
    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }

    /// Whether the cause is a file that is not there.
    pub(crate) fn is_missing_file(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// `error` and what caused it, down to the first cause: `error: cause: cause`.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text.extend([": ", &error.to_string()]);
        cause = error.source();
    }
    text
}

/// Says at which file an operation failed.
pub(crate) trait At<T> {
    /// `action` is a verb that reads well after "cannot".
    fn at(self, action: &'static str, path: &Path) -> Result<T, MirrorError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, MirrorError> {
        self.map_err(|source| MirrorError::Io { action, path: path.to_owned(), source })
    }
}

impl<T> At<T> for tantivy::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, MirrorError> {
        self.map_err(|source| MirrorError::Index { action, path: path.to_owned(), source: Box::new(source) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_to_do_and_leave_the_cause_to_the_source() {
        let path = || PathBuf::from("/data/x");
        let cases = [
            (
                MirrorError::NotFound { data_dir: path() },
                "there is no registry in /data/x; import studies into it first",
            ),
            (
                MirrorError::NewerFormat { path: path(), found: 3, supported: 1 },
                "/data/x was written by a newer version: format 3, this build reads up to 1; update this program",
            ),
            (
                MirrorError::damaged(&path(), "its end is missing"),
                "/data/x is damaged: its end is missing; restore it from a copy or import again into a new directory",
            ),
            (
                Err::<(), _>(io::Error::from(io::ErrorKind::StorageFull)).at("write", &path()).unwrap_err(),
                "cannot write /data/x",
            ),
        ];
        for (error, message) in cases {
            assert_eq!(error.to_string(), message);
            if let Some(source) = error.source() {
                assert!(!message.contains(&source.to_string()), "{message}");
            }
        }
    }

    #[test]
    fn causes_follow_the_error_in_order() {
        let disk = io::Error::from(io::ErrorKind::StorageFull);
        let index = tantivy::TantivyError::IoError(std::sync::Arc::new(disk));
        let error = Err::<(), _>(index).at("write", Path::new("/data/x")).unwrap_err();
        assert_eq!(
            with_causes(&error),
            "cannot write the search index /data/x: An IO error occurred: 'no storage space'"
        );
    }
}

//! `manifest.json`: what a generation consists of, and the proof that its files are the ones published.
//!
//! `CURRENT` carries the manifest's hash, the manifest carries every file's length and hash: a reader that trusts
//! `CURRENT` can check everything else.
//!
//! | file | its content is checked |
//! |---|---|
//! | packs | record by record, whenever one is read |
//! | dictionaries | whole, by the hash here, when the generation is opened |
//! | `documents.index` | whole, by its own checksum, when the generation is opened |
//! | `synonyms.tsv` | whole, by the hash here, when the generation is opened |
//! | search index | whole, by the hash here, when the generation is opened; see [`INDEX_CHECKED_BYTES_MAX`] |

use crate::{
    data_dir::Current,
    error::{At, MirrorError},
    index,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File},
    io::Read,
    iter,
    path::{Component, Path},
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// The newest on-disk format this build reads, and the one it writes.
///
/// Raise it when the layout or the meaning of a file changes. The search fields have their own guard,
/// [`Manifest::fields`].
pub(crate) const FORMAT: u32 = 3;

pub(crate) const FILE_NAME: &str = "manifest.json";

/// A manifest lists some hundred files; more than this is none.
const BYTES_MAX: u64 = 16 << 20;

/// The largest search index that is hashed whenever a generation is opened: a tenth of a second's work.
///
/// Of a larger one only the lengths are checked then, because opening would take seconds. Damage within it shows
/// when the index fails to read, or not at all; telling for sure takes a command that reads everything.
pub(crate) const INDEX_CHECKED_BYTES_MAX: u64 = 256 << 20;

/// An xxh3-128 hash: finds accidents, not adversaries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest(pub u128);

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(xxh3_128(bytes))
    }

    /// Hashes a file without holding it in memory.
    pub(crate) fn of_file(path: &Path) -> Result<Self, MirrorError> {
        let mut file = File::open(path).at("open", path)?;
        let (mut hash, mut buffer) = (Xxh3::new(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut buffer).at("read", path)? {
                0 => return Ok(Self(hash.digest128())),
                read => hash.update(&buffer[..read]),
            }
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let canonical =
            text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let value = canonical.then(|| u128::from_str_radix(text, 16).ok()).flatten();
        value.map(Self).ok_or("not a hash of 32 hexadecimal digits")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// One file of a generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileEntry {
    pub bytes: u64,
    pub xxh3: Digest,
}

/// One pack of records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PackEntry {
    /// Its path, one of the generation's files.
    pub file: String,
    /// The path of the dictionary that its records were compressed with, if they were with one.
    pub dictionary: Option<String>,
}

/// A generation by its name, and the hash of its manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parent {
    pub generation: String,
    pub manifest: Digest,
}

/// What a generation consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Always first, and readable whatever else changes.
    pub format: u32,
    /// The generation's id, 16 hexadecimal digits, derived from its records and synonyms.
    pub id: String,
    /// The generation that was current before. Its hash makes older generations as trustworthy as the current one.
    pub parent: Option<Parent>,
    /// When it was published, RFC 3339 in UTC.
    pub created: String,
    pub studies: u64,
    pub synthetic: u64,
    /// The newest `LastUpdatePostDate` of its records.
    pub newest_update: Option<String>,
    /// Which search fields it was indexed with; see [`crate::index::fields_digest`].
    pub fields: Digest,
    /// Which additions to the synonyms it was made with; see [`crate::synonyms::Additions::digest`].
    pub additions: Digest,
    /// The packs in the order the document index counts them.
    pub packs: Vec<PackEntry>,
    /// Every file but the manifest itself, by its path within the generation.
    pub files: BTreeMap<String, FileEntry>,
}

impl Manifest {
    /// Reads the manifest of the generation in `directory` and returns it with its hash.
    pub(crate) fn read(directory: &Path) -> Result<(Self, Digest), MirrorError> {
        let path = directory.join(FILE_NAME);
        let mut bytes = Vec::new();
        let file = File::open(&path).at("open", &path)?;
        file.take(BYTES_MAX + 1).read_to_end(&mut bytes).at("read", &path)?;
        if bytes.len() as u64 > BYTES_MAX {
            return Err(MirrorError::damaged(&path, "it is far larger than any manifest"));
        }
        Ok((Self::parse(&bytes, &path)?, Digest::of(&bytes)))
    }

    pub(crate) fn parse(bytes: &[u8], path: &Path) -> Result<Self, MirrorError> {
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        let unreadable = |error: serde_json::Error| MirrorError::damaged(path, error.to_string());
        let Versioned { format: found } = serde_json::from_slice(bytes).map_err(unreadable)?;
        if found > FORMAT {
            return Err(MirrorError::NewerFormat { path: path.to_owned(), found, supported: FORMAT });
        }
        if found < FORMAT {
            let path = path.parent().unwrap_or(path).to_owned();
            return Err(MirrorError::OtherFields { path });
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(unreadable)?;
        for name in manifest.files.keys() {
            // A path that leads out of the generation was never written by us.
            let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
            if !inside || name.is_empty() {
                return Err(MirrorError::damaged(path, format!("it lists the file `{name}`")));
            }
        }
        let parts = manifest.packs.iter().flat_map(|pack| iter::once(&pack.file).chain(&pack.dictionary));
        if let Some(missing) = parts.into_iter().find(|part| !manifest.files.contains_key(*part)) {
            return Err(MirrorError::damaged(path, format!("its part `{missing}` is not among its files")));
        }
        Ok(manifest)
    }

    /// The bytes to write.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("strings and numbers always serialize");
        bytes.push(b'\n');
        bytes
    }

    /// The generation that was current before, if its name is one.
    pub(crate) fn before(&self) -> Option<Current> {
        let parent = self.parent.as_ref()?;
        Some(Current { name: parent.generation.parse().ok()?, manifest: parent.manifest })
    }

    /// What its files take together.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.values().fold(0, |bytes, file| bytes.saturating_add(file.bytes))
    }

    /// What its files in these directories take together.
    pub(crate) fn bytes_below(&self, directories: &[&str]) -> u64 {
        self.files_below(directories).fold(0, |bytes, (_, file)| bytes.saturating_add(file.bytes))
    }

    fn files_below<'a>(
        &'a self,
        directories: &'a [&str],
    ) -> impl Iterator<Item = (&'a String, &'a FileEntry)> {
        let below = |name: &String| directories.iter().any(|below| Path::new(name).starts_with(below));
        self.files.iter().filter(move |(name, _)| below(name))
    }

    /// Checks that every file is there in its full length.
    pub(crate) fn check_lengths(&self, directory: &Path) -> Result<(), MirrorError> {
        for (name, entry) in &self.files {
            let path = directory.join(name);
            let found = fs::metadata(&path).at("find", &path)?.len();
            if found != entry.bytes {
                let what = format!("it has {found} bytes instead of {}", entry.bytes);
                return Err(MirrorError::damaged(&path, what));
            }
        }
        Ok(())
    }

    /// Checks what was read of a file of the generation in `directory`.
    pub(crate) fn check_content(
        &self,
        directory: &Path,
        name: &str,
        content: &[u8],
    ) -> Result<(), MirrorError> {
        if self.files.get(name).is_none_or(|file| file.xxh3 != Digest::of(content)) {
            return Err(MirrorError::damaged(&directory.join(name), "its content is not what was written"));
        }
        Ok(())
    }

    /// Checks the contents that nothing else checks: those of the search index, if it is not too large.
    pub(crate) fn check_contents(&self, directory: &Path) -> Result<(), MirrorError> {
        if self.bytes_below(&index::DIRECTORIES) > INDEX_CHECKED_BYTES_MAX {
            return Ok(());
        }
        self.check_index(directory)
    }

    /// Checks the contents of the search index, however large it is.
    pub(crate) fn check_index(&self, directory: &Path) -> Result<(), MirrorError> {
        for (name, file) in self.files_below(&index::DIRECTORIES) {
            let path = directory.join(name);
            if Digest::of_file(&path)? != file.xxh3 {
                return Err(MirrorError::damaged(&path, "its content is not what was written"));
            }
        }
        Ok(())
    }
}

/// `2026-11-22T08:30:00Z`.
pub(crate) fn utc_text(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days are counted from 1 March 0000, so that the leap day ends a year; 146,097 days repeat.
    let day = days + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year_of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn manifest() -> Manifest {
        let entry = FileEntry { bytes: 3, xxh3: Digest::of(b"abc") };
        Manifest {
            format: FORMAT,
            id: "00".repeat(8),
            parent: None,
            created: utc_text(UNIX_EPOCH),
            studies: 1,
            synthetic: 0,
            newest_update: None,
            fields: Digest(0),
            additions: Digest(0),
            packs: vec![PackEntry { file: "documents/000001.pack".into(), dictionary: None }],
            files: [("documents/000001.pack".to_owned(), entry)].into(),
        }
    }

    #[test]
    fn times_are_written_as_people_read_them() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(utc_text(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn a_newer_format_is_refused_by_name_whatever_else_the_manifest_says() {
        let newer = FORMAT + 1;
        let text = format!("{{\"format\":{newer},\"all\":\"new\"}}");
        let error = Manifest::parse(text.as_bytes(), Path::new("m")).unwrap_err();
        let message = format!(
            "m was written by a newer version: format {newer}, this build reads up to {FORMAT}; update this program"
        );
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn a_manifest_cannot_point_out_of_its_directory() {
        for name in ["../x", "/etc/passwd", "", "a/../../b", "./x"] {
            let mut hostile = manifest();
            let entry = hostile.files.values().next().cloned().unwrap();
            hostile.files.insert(name.to_owned(), entry);
            let error = Manifest::parse(&hostile.to_bytes(), Path::new("m")).expect_err(name);
            assert!(matches!(error, MirrorError::Damaged { .. }), "{name}: {error}");
        }
        let mut hostile = manifest();
        hostile.packs[0].dictionary = Some("documents/else.dictionary".into());
        assert!(Manifest::parse(&hostile.to_bytes(), Path::new("m")).is_err());
        hostile.packs = vec![PackEntry { file: "documents/else.pack".into(), dictionary: None }];
        assert!(Manifest::parse(&hostile.to_bytes(), Path::new("m")).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Manifest::parse(&bytes, Path::new("m"));
        }

        #[test]
        fn a_cut_or_changed_manifest_is_read_or_refused(at in 0..400_usize, byte: u8, cut: bool) {
            let mut bytes = manifest().to_bytes();
            prop_assert_eq!(Manifest::parse(&bytes, Path::new("m")).unwrap(), manifest());
            let at = at % bytes.len();
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            let _ = Manifest::parse(&bytes, Path::new("m"));
        }
    }
}

//! Answers on disk: what was asked, of which data version, and what came.
//!
//! A file for each answer, written whole or not at all, with a checksum: mark, checksum of the rest, head, body, the
//! first three on a line each. What is damaged, or of another question, is
//! no answer and goes. When the files are too many or too large, those that were used longest ago go. Nothing here is
//! needed: where the disk fails, the service is asked.

use crate::answer::{Answer, Reply};
use ctgov::VersionId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Most files kept.
const FILES_MAX: usize = 10_000;
/// How long a checksum is, in hexadecimal.
const CHECKSUM_BYTES: usize = 64;
/// Longest head of a file: an address, and less than that besides.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// What a file with this layout starts with.
const MARK: &[u8] = b"ctgov-live 1\n";
const SUFFIX: &str = ".answer";
/// A file that was being written this long ago never will be.
const LEFT_BEHIND_AFTER: Duration = Duration::from_secs(3_600);

/// A folder of answers.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    bytes_max: u64,
    body_bytes_max: usize,
}

/// An answer that was kept.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) answer: Answer,
    /// The data that it was given of, or found to be true of.
    pub(crate) version: VersionId,
}

/// What a file says before the body.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head<'a> {
    address: std::borrow::Cow<'a, str>,
    version: [u8; 8],
    etag: Option<std::borrow::Cow<'a, str>>,
    synthetic: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Body,
    Moved,
    Absent,
}

impl Cache {
    /// Keeps at most `bytes_max` bytes in `folder`, which need not be there yet.
    pub(crate) fn new(folder: PathBuf, bytes_max: u64, body_bytes_max: usize) -> Self {
        Self { folder, bytes_max, body_bytes_max }
    }

    /// The answer kept for `address`, if there is one and it is whole.
    pub(crate) fn read(&self, address: &str) -> Option<Kept> {
        let path = self.path(address);
        let mut file = File::open(&path).ok()?;
        let kept = self.read_file(&mut file, address);
        match &kept {
            // When it was used last. Where that cannot be written, it goes a little early.
            Some(_) => _ = file.set_modified(SystemTime::now()),
            None => _ = fs::remove_file(&path),
        }
        kept
    }

    fn read_file(&self, file: &mut File, address: &str) -> Option<Kept> {
        let most = MARK.len() + CHECKSUM_BYTES + 1 + HEAD_BYTES_MAX + self.body_bytes_max;
        let mut bytes = Vec::new();
        let size = file.take(most as u64 + 1).read_to_end(&mut bytes).ok()?;
        if size > most {
            return None;
        }
        let (checksum, rest) = bytes.strip_prefix(MARK)?.split_at_checked(CHECKSUM_BYTES)?;
        let rest = rest.strip_prefix(b"\n")?;
        if checksum != hex(&Sha256::digest(rest)).as_bytes() {
            return None;
        }
        let head_ends = rest.iter().take(HEAD_BYTES_MAX).position(|byte| *byte == b'\n')?;
        let head: Head<'_> = serde_json::from_slice(&rest[..head_ends]).ok()?;
        if head.address != address {
            return None;
        }
        let body_starts = bytes.len() - rest.len() + head_ends + 1;
        let (kind, version, synthetic) = (head.kind, VersionId(head.version), head.synthetic);
        let etag = head.etag.map(std::borrow::Cow::into_owned);
        bytes.drain(..body_starts);
        let reply = match kind {
            Kind::Body => Reply::Body(bytes),
            Kind::Moved => Reply::Moved(String::from_utf8(bytes).ok()?),
            Kind::Absent => Reply::Absent,
        };
        Some(Kept { answer: Answer { reply, etag, synthetic }, version })
    }

    /// Keeps `answer` for `address`, and makes room for it. Failing is no harm.
    pub(crate) fn write(&self, address: &str, version: VersionId, answer: &Answer) {
        if let Err(error) = self.try_write(address, version, answer) {
            tracing::debug!(%error, folder = %self.folder.display(), "an answer is not kept on disk");
        }
    }

    fn try_write(&self, address: &str, version: VersionId, answer: &Answer) -> io::Result<()> {
        let (kind, body) = match &answer.reply {
            Reply::Body(body) => (Kind::Body, body.as_slice()),
            Reply::Moved(location) => (Kind::Moved, location.as_bytes()),
            Reply::Absent => (Kind::Absent, &[][..]),
        };
        let head = Head {
            address: address.into(),
            version: version.0,
            etag: answer.etag.as_deref().map(Into::into),
            synthetic: answer.synthetic,
            kind,
        };
        let head = serde_json::to_string(&head)? + "\n";
        // One answer must not push all others out.
        if head.len() > HEAD_BYTES_MAX || body.len() as u64 > self.bytes_max / 4 {
            return Ok(());
        }
        let checksum = hex(&Sha256::new().chain_update(&head).chain_update(body).finalize());
        fs::create_dir_all(&self.folder)?;
        let mut file = tempfile::Builder::new().suffix(".new").tempfile_in(&self.folder)?;
        for part in [MARK, checksum.as_bytes(), b"\n", head.as_bytes(), body] {
            file.write_all(part)?;
        }
        file.persist(self.path(address)).map_err(|error| error.error)?;
        self.make_room()
    }

    /// Removes what was used longest ago until the rest is within its bounds, and what was never finished.
    fn make_room(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // Another process may have removed it.
            let Ok(about) = entry.metadata() else { continue };
            let used = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.ends_with(SUFFIX) {
                files.push((used, about.len(), entry.path()));
            } else if name.ends_with(".new") && used.elapsed().is_ok_and(|age| age > LEFT_BEHIND_AFTER) {
                fs::remove_file(entry.path())?;
            }
        }
        files.sort();
        let (mut count, mut bytes) = (files.len(), files.iter().map(|(_, size, _)| size).sum::<u64>());
        for (_, size, path) in files {
            if count <= FILES_MAX && bytes <= self.bytes_max {
                break;
            }
            remove(&path)?;
            (count, bytes) = (count - 1, bytes - size);
        }
        Ok(())
    }

    /// Where the answer for `address` is kept, whatever is in it.
    fn path(&self, address: &str) -> PathBuf {
        self.folder.join(hex(&Sha256::digest(address)[..16]) + SUFFIX)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "http://localhost/api/v2/studies?query.cond=asthma";
    const VERSION: VersionId = VersionId([7; 8]);

    fn body(text: &str) -> Answer {
        Answer { reply: Reply::Body(text.into()), etag: Some("\"1/2\"".into()), synthetic: true }
    }

    fn text(kept: Option<&Kept>) -> Option<String> {
        kept.map(|kept| String::from_utf8_lossy(kept.answer.body().unwrap()).into_owned())
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn what_was_kept_comes_back_and_only_for_its_address() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("below"), 1 << 20, 1 << 10);
        assert!(cache.read(ADDRESS).is_none());
        cache.write(ADDRESS, VERSION, &body("{}\n{}"));
        let kept = cache.read(ADDRESS).unwrap();
        assert_eq!(text(Some(&kept)).as_deref(), Some("{}\n{}"));
        assert_eq!((kept.version, kept.answer.etag.as_deref()), (VERSION, Some("\"1/2\"")));
        assert!(kept.answer.synthetic);
        assert!(cache.read("http://localhost/api/v2/studies").is_none());

        let plain = |reply| Answer { reply, etag: None, synthetic: false };
        cache.write(ADDRESS, VERSION, &plain(Reply::Moved("NCT00000001".into())));
        let moved = cache.read(ADDRESS).unwrap().answer;
        assert!(matches!(&moved.reply, Reply::Moved(to) if to == "NCT00000001"), "{moved:?}");
        cache.write(ADDRESS, VERSION, &plain(Reply::Absent));
        assert!(matches!(cache.read(ADDRESS).unwrap().answer.reply, Reply::Absent));
        assert_eq!(files(&folder.path().join("below")).len(), 1, "nothing is left behind");
    }

    #[test]
    fn a_damaged_file_is_no_answer_and_goes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_owned(), 1 << 20, 1 << 10);
        cache.write(ADDRESS, VERSION, &body("{\"a\":1}"));
        let path = files(folder.path()).remove(0);
        let whole = fs::read(&path).unwrap();
        let mut damages: Vec<Vec<u8>> = (0..whole.len()).map(|end| whole[..end].to_vec()).collect();
        damages.extend((0..whole.len()).map(|at| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            bytes
        }));
        damages.push([whole.as_slice(), &[b' '; 1 << 15]].concat());
        for damaged in damages {
            fs::write(&path, &damaged).unwrap();
            assert!(cache.read(ADDRESS).is_none() && !path.exists());
        }
        fs::write(&path, &whole).unwrap();
        assert!(cache.read(ADDRESS).is_some());
        // Of another question, though it lies in the place of this one.
        let other = cache.path("http://localhost/other");
        fs::rename(&path, &other).unwrap();
        assert!(cache.read("http://localhost/other").is_none());
    }

    #[test]
    fn what_was_used_longest_ago_goes_first_and_nothing_too_large_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_owned(), 4_000, 1 << 20);
        let filling = format!("\"{}\"", "x".repeat(900));
        let address = |number: u32| format!("http://localhost/{number}");
        let at = |number: u32| SystemTime::UNIX_EPOCH + Duration::from_secs(number.into());
        for number in 0..3 {
            cache.write(&address(number), VERSION, &body(&filling));
            File::open(cache.path(&address(number))).unwrap().set_modified(at(number)).unwrap();
        }
        assert!(cache.read(&address(0)).is_some(), "used now");
        cache.write(&address(3), VERSION, &body(&filling));
        let there = [0, 1, 2, 3].map(|number| cache.read(&address(number)).is_some());
        assert_eq!(there, [true, false, true, true]);
        cache.write(&address(4), VERSION, &body(&"x".repeat(1_001)));
        assert!(cache.read(&address(4)).is_none());
        assert!(cache.read(&address(3)).is_some());
    }

    #[test]
    fn where_there_can_be_no_folder_nothing_is_kept_and_nothing_fails() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let cache = Cache::new(file.join("below"), 1 << 20, 1 << 10);
        cache.write(ADDRESS, VERSION, &body("{}"));
        assert!(cache.read(ADDRESS).is_none());
    }
}

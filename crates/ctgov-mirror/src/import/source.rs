//! Sources: where records come from, and how they are told apart in what is read.
//!
//! | content | how it is recognised | place of a record |
//! |---|---|---|
//! | NDJSON | ends in `.ndjson` or `.jsonl`; or an object that neither starts a page nor breaks its line | line |
//! | page of the API | an object whose first key is `studies`, `nextPageToken` or `totalCount` | number |
//! | array of records | starts with `[` | number |
//! | single record, or several one after the other | another object in a `.json` file, or one that breaks its line | number |
//!
//! gzip, zstd and [zip archives](zip) are recognised by their first bytes, whatever the name. Nothing is held in memory
//! but the record being read, which is bounded by [`DOCUMENT_BYTES_MAX`].

mod values;
mod zip;

use super::{Refusal, RefusalPlace};
use ctgov::DOCUMENT_BYTES_MAX;
use std::{
    error::Error,
    fmt,
    fs::{self, File},
    io::{self, BufRead, BufReader, Cursor, Read},
    mem,
    ops::ControlFlow,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Something to import from.
pub struct Source(Kind);

enum Kind {
    Path(PathBuf),
    Reader(Arc<str>, Box<dyn Read + Send>),
}

impl Source {
    /// A file, a folder with everything in it, or standard input as `-`.
    ///
    /// Of a folder, files ending in `.json`, `.ndjson` or `.jsonl`, with or without `.gz` or `.zst`, and zip archives
    /// are read in the order of their names; links to folders are not followed. Of a zip archive, the members so called
    /// are read in the order of its table of contents.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        if path.as_os_str() == "-" {
            return Self::reader("standard input", io::stdin());
        }
        Self(Kind::Path(path))
    }

    /// Anything that can be read, under a name for messages.
    pub fn reader(name: &str, reader: impl Read + Send + 'static) -> Self {
        Self(Kind::Reader(name.into(), Box::new(reader)))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Path(path) => write!(f, "Source({})", path.display()),
            Kind::Reader(name, _) => write!(f, "Source({name})"),
        }
    }
}

/// What the reader passes on.
pub(super) enum Item {
    Record { bytes: Vec<u8>, source: Arc<str>, place: RefusalPlace },
    Refused(Refusal),
}

impl Item {
    /// How much of what was received it holds.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Record { bytes, .. } => bytes.len(),
            Self::Refused(_) => 0,
        }
    }
}

type Sink<'a> = &'a mut dyn FnMut(Item) -> ControlFlow<()>;

/// How far the reader is, for another thread to look at.
#[derive(Debug)]
pub(super) struct Progress {
    read: AtomicU64,
    /// [`UNKNOWN`] until every folder is listed, and for ever with a source of unknown length.
    total: AtomicU64,
    bounded: bool,
}

const UNKNOWN: u64 = u64::MAX;

impl Progress {
    pub(super) fn new(sources: &[Source]) -> Self {
        let bounded = sources.iter().all(|source| matches!(source.0, Kind::Path(_)));
        Self { read: AtomicU64::new(0), total: AtomicU64::new(UNKNOWN), bounded }
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn bytes_total(&self) -> Option<u64> {
        Some(self.total.load(Ordering::Relaxed)).filter(|total| self.bounded && *total != UNKNOWN)
    }
}

/// Reads every record of every source into `sink`, and returns how many files were passed over.
pub(super) fn read_all(sources: Vec<Source>, progress: &Arc<Progress>, sink: Sink<'_>) -> u64 {
    let mut listing = Listing::default();
    for source in sources {
        match source.0 {
            Kind::Reader(name, reader) => listing.found.push(Found::Reader(name, reader)),
            Kind::Path(path) => listing.add(path),
        }
    }
    progress.total.store(listing.bytes, Ordering::Relaxed);
    for found in mem::take(&mut listing.found) {
        let flow = match found {
            Found::Refused(refusal) => sink(Item::Refused(refusal)),
            Found::File(path) => {
                read_file(&path.to_string_lossy().into(), &path, progress, &mut listing.passed_over, sink)
            }
            Found::Reader(source, reader) => {
                read_source(&source, Box::new(Counted { reader, progress: progress.clone() }), sink)
            }
        };
        if flow.is_break() {
            break;
        }
    }
    listing.passed_over
}

/// Everything to read, in order.
#[derive(Default)]
struct Listing {
    found: Vec<Found>,
    bytes: u64,
    passed_over: u64,
}

enum Found {
    File(PathBuf),
    Reader(Arc<str>, Box<dyn Read + Send>),
    Refused(Refusal),
}

impl Listing {
    /// A path that was asked for by name: a file is read whatever it is called.
    fn add(&mut self, path: PathBuf) {
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => self.add_folder(&path),
            Ok(metadata) => self.add_file(path, metadata.len()),
            Err(error) => self.refuse(&path, &error),
        }
    }

    fn add_folder(&mut self, folder: &Path) {
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.refuse(folder, &error),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            // A link to a folder could lead round in a circle; a link to a file cannot.
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            match fs::metadata(&path) {
                _ if is_folder => self.add_folder(&path),
                Ok(metadata) if metadata.is_file() && (has_known_ending(&path) || is_called_zip(&path)) => {
                    self.add_file(path, metadata.len());
                }
                _ => self.passed_over += 1,
            }
        }
    }

    fn add_file(&mut self, path: PathBuf, bytes: u64) {
        self.bytes += bytes;
        self.found.push(Found::File(path));
    }

    fn refuse(&mut self, path: &Path, error: &io::Error) {
        let source = path.to_string_lossy().into();
        let reason = format!("it cannot be read: {error}");
        self.found.push(Found::Refused(Refusal { source, place: None, reason, rest_unread: true }));
    }
}

fn refused(source: &Arc<str>, place: Option<RefusalPlace>, reason: impl Into<String>) -> Item {
    Item::Refused(Refusal { source: source.clone(), place, reason: reason.into(), rest_unread: false })
}

/// Refuses the rest of a source with all that is in it.
fn unread(source: &Arc<str>, place: Option<RefusalPlace>, reason: String) -> Item {
    Item::Refused(Refusal { source: source.clone(), place, reason, rest_unread: true })
}

/// Refuses what follows in a source from `place` on.
fn cut_short(source: &Arc<str>, place: RefusalPlace, error: &dyn Error) -> Item {
    unread(source, Some(place), format!("reading ended here: {error}; what follows was not read"))
}

/// The name without the ending of a compression.
fn plain_name(name: &str) -> &str {
    name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name)
}

fn is_called_zip(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "zip")
}

fn has_known_ending(path: &Path) -> bool {
    let name = path.to_string_lossy();
    [".json", ".ndjson", ".jsonl"].iter().any(|ending| plain_name(&name).ends_with(ending))
}

fn read_file(
    source: &Arc<str>,
    path: &Path,
    progress: &Arc<Progress>,
    passed_over: &mut u64,
    sink: Sink<'_>,
) -> ControlFlow<()> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return sink(unread(source, None, format!("it cannot be opened: {error}"))),
    };
    let mut head = [0; 4];
    // What cannot be read at a place, like a pipe, is no archive that could be read.
    if file.read_exact_at(&mut head, 0).is_ok() && zip::is_one(&head) {
        return zip::read(source, file, progress, passed_over, sink);
    }
    read_source(source, Box::new(Counted { reader: file, progress: progress.clone() }), sink)
}

fn read_source(source: &Arc<str>, reader: Box<dyn Read + '_>, sink: Sink<'_>) -> ControlFlow<()> {
    let opened = decompressed(reader).and_then(|reader| sniff(reader, 256));
    let (mut head, mut reader) = match opened {
        Ok((head, reader)) => (head, BufReader::with_capacity(1 << 17, reader)),
        Err(error) => return sink(unread(source, None, format!("it cannot be read: {error}"))),
    };
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    if head.starts_with(BYTE_ORDER_MARK) {
        head.drain(..BYTE_ORDER_MARK.len());
        // The head is the reader's beginning, so this cannot fail.
        let _ = reader.read_exact(&mut [0; BYTE_ORDER_MARK.len()]);
    }
    match Content::of(source, &head) {
        Content::Lines => read_lines(source, reader, sink),
        Content::Values { pages } => values::read(source, reader, pages, sink),
        Content::Nothing => sink(refused(source, None, "there is nothing in it")),
        Content::Zip => zip::refuse_elsewhere(source, sink),
        Content::Unknown => sink(refused(source, None, "it is neither JSON nor NDJSON")),
    }
}

/// Counts what is read from the source itself.
struct Counted<R> {
    reader: R,
    progress: Arc<Progress>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.progress.add(read as u64);
        Ok(read)
    }
}

fn decompressed(reader: Box<dyn Read + '_>) -> io::Result<Box<dyn Read + '_>> {
    let (head, reader) = sniff(reader, 4)?;
    Ok(match head.as_slice() {
        [0x1f, 0x8b, ..] => {
            // A gzip file may consist of several, one after the other.
            Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 16, reader)))
        }
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::stream::read::Decoder::new(reader)?),
        _ => reader,
    })
}

/// The first bytes, and a reader that still has them before it.
fn sniff(mut reader: Box<dyn Read + '_>, bytes: u64) -> io::Result<(Vec<u8>, Box<dyn Read + '_>)> {
    let mut head = Vec::new();
    reader.by_ref().take(bytes).read_to_end(&mut head)?;
    Ok((head.clone(), Box::new(Cursor::new(head).chain(reader))))
}

#[derive(Debug, PartialEq)]
enum Content {
    Lines,
    /// JSON values, one or several; objects are pages or records.
    Values {
        pages: bool,
    },
    Nothing,
    Zip,
    Unknown,
}

impl Content {
    fn of(source: &str, head: &[u8]) -> Self {
        const PAGE_KEYS: [&[u8]; 3] = [b"\"studies\"", b"\"nextPageToken\"", b"\"totalCount\""];
        if zip::is_one(head) {
            return Self::Zip;
        }
        let name = plain_name(source);
        if name.ends_with(".ndjson") || name.ends_with(".jsonl") {
            return Self::Lines;
        }
        let head = head.trim_ascii_start();
        let Some((first, rest)) = head.split_first() else { return Self::Nothing };
        let key = rest.trim_ascii_start();
        match first {
            b'[' => Self::Values { pages: false },
            b'{' if PAGE_KEYS.iter().any(|page_key| key.starts_with(page_key)) => {
                Self::Values { pages: true }
            }
            b'{' if name.ends_with(".json") || rest[..rest.len() - key.len()].contains(&b'\n') => {
                Self::Values { pages: false }
            }
            b'{' => Self::Lines,
            _ => Self::Unknown,
        }
    }
}

fn read_lines(source: &Arc<str>, mut reader: impl BufRead, sink: Sink<'_>) -> ControlFlow<()> {
    for line in 1.. {
        let place = RefusalPlace::Line(line);
        let mut bytes = Vec::new();
        // One more for the end of the line: what has none within the bound is too long.
        let read = reader.by_ref().take(DOCUMENT_BYTES_MAX as u64 + 1).read_until(b'\n', &mut bytes);
        let overlong = bytes.len() > DOCUMENT_BYTES_MAX && bytes.last() != Some(&b'\n');
        let item = match read {
            Ok(0) => break,
            Ok(_) if overlong => {
                drop(bytes);
                let reason = format!("the line is longer than the {DOCUMENT_BYTES_MAX} bytes accepted");
                sink(refused(source, Some(place), reason))?;
                match reader.skip_until(b'\n') {
                    Ok(_) => continue,
                    Err(error) => return sink(cut_short(source, place, &error)),
                }
            }
            Ok(_) if bytes.trim_ascii().is_empty() => continue,
            Ok(_) => Item::Record { bytes, source: source.clone(), place },
            Err(error) => return sink(cut_short(source, place, &error)),
        };
        sink(item)?;
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_recognised_by_its_beginning() {
        let lines = || Content::Lines;
        let cases = [
            // source          beginning                        content
            ("a.ndjson.gz", "[", lines()),
            ("standard input", "{\"protocolSection\":", lines()),
            ("standard input", "{\n  \"protocolSection\":", Content::Values { pages: false }),
            ("standard input", " {\"studies\":[", Content::Values { pages: true }),
            ("standard input", "{\"totalCount\":3,\"studies\"", Content::Values { pages: true }),
            ("standard input", "[{", Content::Values { pages: false }),
            ("a.json", "{\"protocolSection\":", Content::Values { pages: false }),
            ("a.json", "{ \r\n\"nextPageToken\":", Content::Values { pages: true }),
            ("a.json", " \n", Content::Nothing),
            ("a.json", "PK\x03\x04", Content::Zip),
            ("a.ndjson", "PK\x03\x04", Content::Zip),
            ("a.json", "PK", Content::Unknown),
        ];
        for (source, head, expected) in cases {
            assert_eq!(Content::of(source, head.as_bytes()), expected, "{source}: {head:?}");
        }
    }

    /// What `bytes` read as, a line each.
    fn read(name: &str, bytes: &[u8]) -> Vec<String> {
        let mut seen = Vec::new();
        let sources = vec![Source::reader(name, Cursor::new(bytes.to_vec()))];
        let progress = Arc::new(Progress::new(&sources));
        read_all(sources, &progress, &mut |item| {
            seen.push(match item {
                Item::Record { bytes, place, .. } => format!("{place:?} {}", String::from_utf8_lossy(&bytes)),
                Item::Refused(refusal) => refusal.to_string(),
            });
            ControlFlow::Continue(())
        });
        // A pipe's length is not known, and what is refused is not read to its end.
        assert!(progress.bytes_read() <= bytes.len() as u64 && progress.bytes_total().is_none());
        seen
    }

    #[test]
    fn records_keep_their_bytes_and_know_their_place() {
        let cases: [(&str, &str, &[&str]); 7] = [
            ("x", "{\"a\": 1}\r\n\n{\"b\":2}", &["Line(1) {\"a\": 1}\r\n", "Line(3) {\"b\":2}"]),
            ("x", "\u{feff}{\"a\":1}\n", &["Line(1) {\"a\":1}\n"]),
            ("x", "[ {\"a\": 1.50} , 7]", &["Record(1) {\"a\": 1.50}", "Record(2) 7"]),
            (
                "x",
                "{\"studies\":[{\"a\":1}],\"nextPageToken\":\"t\"}\n{\"studies\":[{\"b\":2}]}\n",
                &["Record(1) {\"a\":1}", "Record(2) {\"b\":2}"],
            ),
            ("x.json", "{\"a\":\n1}\n{\"b\":2}", &["Record(1) {\"a\":\n1}", "Record(2) {\"b\":2}"]),
            (
                "x",
                "{\"totalCount\":0}",
                &[
                    "x, record 1: reading ended here: a page without `studies` at line 1 column 16; what follows was not read",
                ],
            ),
            (
                "x",
                "[1,",
                &[
                    "Record(1) 1",
                    "x, record 2: reading ended here: EOF while parsing a value at line 1 column 3; what follows was not read",
                ],
            ),
        ];
        for (name, text, expected) in cases {
            assert_eq!(read(name, text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn an_overlong_line_is_skipped_without_being_held() {
        let long = "x".repeat(DOCUMENT_BYTES_MAX + 1);
        let reason =
            format!("y.ndjson, line 1: the line is longer than the {DOCUMENT_BYTES_MAX} bytes accepted");
        assert_eq!(read("y.ndjson", format!("{long}\n{{}}\n").as_bytes()), [&reason, "Line(2) {}\n"]);
        assert_eq!(read("y.ndjson", long.as_bytes()), [reason]);
        let fits = format!("{}\n", "x".repeat(DOCUMENT_BYTES_MAX));
        assert_eq!(read("y.ndjson", fits.as_bytes()).len(), 1);
        let page = format!("{{\"studies\":[1,\"{long}{long}\",2]}}");
        let seen = read("y", page.as_bytes().get(..page.len()).unwrap());
        assert_eq!(seen.len(), 2);
        assert!(seen[1].starts_with("y, record 2: reading ended here: the record is larger"), "{}", seen[1]);
    }
}

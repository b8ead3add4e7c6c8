//! Zip archives: their members read like files, one after the other, without unpacking anything to disk.
//!
//! An archive is a stranger's word: names are only shown, never opened; sizes are only believed as limits. The table
//! of contents is read as it is needed, so that memory does not grow with the number of members. A member of a
//! record's size is held until its checksum is known to be right; a larger one is read as a stream, and what came
//! before its damage is taken, as of any other file.

use super::{Counted, Progress, Sink, has_known_ending, read_source, refused, unread};
use ctgov::DOCUMENT_BYTES_MAX;
use flate2::bufread::DeflateDecoder;
use rawzip::{
    CompressionMethod, FileReader, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ZipArchive, ZipFileHeaderRecord,
};
use std::{
    fs::File,
    io::{BufReader, Cursor, Read},
    ops::ControlFlow,
    path::Path,
    sync::Arc,
};

/// A member may unpack to so many times its size: records take a tenth, made-up ones a thousandth.
const UNPACKED_RATIO_MAX: u64 = 250;
/// Below this the ratio does not matter.
const UNPACKED_BYTES_UNSUSPECTED: u64 = 1 << 20;
/// As much of a member's name is shown.
const NAME_CHARS_SHOWN: usize = 200;

/// Whether a file that begins so is an archive; an empty one begins with the end.
pub(super) fn is_one(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Reads every member that looks like records by its name, and adds the others to `passed_over`.
pub(super) fn read(
    source: &Arc<str>,
    file: File,
    progress: &Arc<Progress>,
    passed_over: &mut u64,
    sink: Sink<'_>,
) -> ControlFlow<()> {
    let length = file.metadata().map_or(0, |file| file.len());
    let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let archive = match ZipArchive::from_file(file, &mut buffer) {
        Ok(archive) => archive,
        Err(error) => {
            let reason = format!(
                "it begins like a zip archive but has no table of contents at its end ({error}): it is cut off or \
                 damaged; download it again"
            );
            return sink(unread(source, None, reason));
        }
    };
    let (mut packed, mut counted) = (0, 0);
    let mut members = archive.entries(&mut buffer);
    loop {
        let member = match members.next_entry() {
            Ok(Some(member)) => member,
            Ok(None) => break,
            Err(error) => {
                let reason = format!("its table of contents is damaged: {error}; what follows was not read");
                return sink(unread(source, None, reason));
            }
        };
        if member.is_dir() {
            continue;
        }
        packed += member.compressed_size_hint();
        if packed > length {
            // A few bytes that stand for many members could unpack without end.
            let reason = "its members overlap, as in no honest archive; what follows was not read".to_owned();
            return sink(unread(source, None, reason));
        }
        let name = String::from_utf8_lossy(member.file_path().as_ref()).into_owned();
        if !has_known_ending(Path::new(&name)) {
            *passed_over += 1;
            continue;
        }
        let shown: String = name.chars().take(NAME_CHARS_SHOWN).collect();
        let name: Arc<str> = format!("{source}/{shown}").into();
        counted += member.compressed_size_hint();
        read_member(&name, &archive, &member, progress, sink)?;
    }
    progress.add(length.saturating_sub(counted));
    ControlFlow::Continue(())
}

fn read_member(
    name: &Arc<str>,
    archive: &ZipArchive<FileReader>,
    member: &ZipFileHeaderRecord<'_>,
    progress: &Arc<Progress>,
    sink: Sink<'_>,
) -> ControlFlow<()> {
    let (packed, bytes) = (member.compressed_size_hint(), member.uncompressed_size_hint());
    if bytes > UNPACKED_BYTES_UNSUSPECTED.max(packed.saturating_mul(UNPACKED_RATIO_MAX)) {
        let reason = format!("its {packed} bytes unpack to {bytes}, as those of no records do");
        return sink(unread(name, None, reason));
    }
    let method = member.compression_method();
    if member.flags().is_encrypted()
        || !matches!(method, CompressionMethod::STORE | CompressionMethod::DEFLATE)
    {
        let how = if member.flags().is_encrypted() {
            "encrypted".to_owned()
        } else {
            format!("packed by {method}")
        };
        let reason = format!("it is {how}, which is not read here; unpack the archive and import the folder");
        return sink(unread(name, None, reason));
    }
    let entry = match archive.get_entry(member.wayfinder()) {
        Ok(entry) => entry,
        Err(error) => return sink(unread(name, None, format!("it is damaged: {error}"))),
    };
    let packed = Counted { reader: entry.reader(), progress: progress.clone() };
    let unpacked: Box<dyn Read + '_> = match method {
        CompressionMethod::STORE => Box::new(packed),
        _ => Box::new(DeflateDecoder::new(BufReader::with_capacity(1 << 16, packed))),
    };
    // Fails as soon as there are more bytes than it says.
    let mut unpacked = entry.verifying_reader(unpacked);
    if bytes > DOCUMENT_BYTES_MAX as u64 {
        return read_source(name, Box::new(unpacked), sink);
    }
    let mut content = Vec::with_capacity(bytes as usize);
    match unpacked.read_to_end(&mut content) {
        Ok(_) => read_source(name, Box::new(Cursor::new(content)), sink),
        Err(error) => sink(unread(name, None, format!("it is damaged: {error}"))),
    }
}

/// What is said where an archive cannot be read: its members are only found through its end.
pub(super) fn refuse_elsewhere(source: &Arc<str>, sink: Sink<'_>) -> ControlFlow<()> {
    let reason = "it is a zip archive, which is only read from a file of its own, as its table of contents stands at \
                  its end; save it as one and import that";
    sink(refused(source, None, reason))
}

#[cfg(test)]
mod tests {
    use super::super::{Item, Source, read_all};
    use super::*;
    use proptest::prelude::*;
    use rawzip::ZipArchiveWriter;
    use std::{fs, io::Write};

    fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut archive = ZipArchiveWriter::new(&mut bytes);
        for (name, content) in members {
            let (mut entry, config) =
                archive.new_file(name).compression_method(CompressionMethod::DEFLATE).start().unwrap();
            let packer = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
            let mut writer = config.wrap(packer);
            writer.write_all(content).unwrap();
            let (packer, descriptor) = writer.finish().unwrap();
            packer.finish().unwrap();
            entry.finish(descriptor).unwrap();
        }
        archive.finish().unwrap();
        bytes
    }

    /// What an archive reads as, a line each.
    fn read(bytes: &[u8]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        fs::write(&path, bytes).unwrap();
        let sources = vec![Source::path(&path)];
        let progress = Arc::new(Progress::new(&sources));
        let mut seen = Vec::new();
        read_all(sources, &progress, &mut |item| {
            let line = match item {
                Item::Record { bytes, source, .. } => {
                    format!("{source}: {}", String::from_utf8_lossy(&bytes))
                }
                Item::Refused(refusal) => refusal.to_string(),
            };
            seen.push(line.replace(&format!("{}/", folder.path().display()), ""));
            ControlFlow::Continue(())
        });
        seen
    }

    #[test]
    fn members_are_read_like_files_and_their_names_are_only_shown() {
        let members: [(&str, &[u8]); 5] = [
            ("35/NCT1.json", b"{\n\"a\": 1}"),
            ("xx/xx/xx/etc/NCT2.json", b"{\n\"b\": 2}"),
            ("notes.txt", b"not read"),
            ("pages/1.json", b"{\"studies\":[{\"c\":3},{\"d\":4}]}"),
            ("all.ndjson", b"{\"e\":5}\n{\"f\":6}\n"),
        ];
        let expected = [
            "a.zip/35/NCT1.json: {\n\"a\": 1}",
            "a.zip/../../../etc/NCT2.json: {\n\"b\": 2}",
            "a.zip/pages/1.json: {\"c\":3}",
            "a.zip/pages/1.json: {\"d\":4}",
            "a.zip/all.ndjson: {\"e\":5}\n",
            "a.zip/all.ndjson: {\"f\":6}\n",
        ];
        // The writer would not write such a name.
        let mut bytes = archive(&members);
        while let Some(at) = bytes.windows(9).position(|name| name == b"xx/xx/xx/") {
            bytes[at..at + 9].copy_from_slice(b"../../../");
        }
        assert_eq!(read(&bytes), expected);
        assert!(read(&archive(&[])).is_empty());
        let nested = archive(&[("inner.json", &archive(&members))]);
        let told = read(&nested);
        assert!(told.len() == 1 && told[0].starts_with("a.zip/inner.json: it is a zip archive"), "{told:?}");
    }

    #[test]
    fn a_damaged_member_is_refused_and_the_others_are_read() {
        let members: [(&str, &[u8]); 3] =
            [("1.json", b"{\n\"a\": 1}"), ("2.json", b"{\n\"b\": 2}"), ("3.json", b"{\n\"c\": 3}")];
        let good = archive(&members);
        // The second member's content follows its name.
        let at = good.windows(6).position(|bytes| bytes == b"2.json").unwrap() + 12;
        let mut bytes = good.clone();
        bytes[at] ^= 4;
        let told = read(&bytes);
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[1].starts_with("a.zip/2.json: it is damaged: "), "{told:?}");
        assert!(told[2].starts_with("a.zip/3.json: {"), "{told:?}");

        let told = read(&good[..good.len() - 30]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("it is cut off or damaged; download it again"), "{told:?}");
    }

    #[test]
    fn what_unpacks_without_end_is_refused() {
        let zeros = vec![b' '; 16 << 20];
        let bomb = archive(&[("bomb.json", &zeros), ("1.json", b"{\n\"a\": 1}")]);
        let told = read(&bomb);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("unpack to 16777216, as those of no records do"), "{told:?}");
        assert!(told[1].starts_with("a.zip/1.json: {"), "{told:?}");

        // One member that the table of contents lists a hundred times.
        let records = "{\"a\": 1}\n".repeat(10_000);
        let one = archive(&[("1.ndjson", records.as_bytes())]);
        let table = one.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
        let end = one.windows(4).position(|bytes| bytes == b"PK\x05\x06").unwrap();
        let mut many = [&one[..table], &one[table..end].repeat(100), &one[end..]].concat();
        let tail = many.len() - (one.len() - end);
        many[tail + 8..tail + 10].copy_from_slice(&100_u16.to_le_bytes());
        many[tail + 10..tail + 12].copy_from_slice(&100_u16.to_le_bytes());
        many[tail + 12..tail + 16].copy_from_slice(&(((end - table) * 100) as u32).to_le_bytes());
        let told = read(&many);
        let last = told.last().unwrap();
        assert!(last.starts_with("a.zip: its members overlap"), "{last}");
    }

    #[test]
    fn an_archive_of_more_members_than_the_old_format_counts_is_read() {
        let names: Vec<String> = (0..70_000).map(|number| format!("{number}.txt")).collect();
        let mut members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
        members.push(("NCT1.json", b"{\n\"a\": 1}"));
        assert_eq!(read(&archive(&members)), ["a.zip/NCT1.json: {\n\"a\": 1}"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn any_archive_is_read_or_refused(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut: bool,
        ) {
            let mut bytes = archive(&[("1.json", b"{\n\"a\": 1}"), ("2.ndjson", b"{\"b\":2}\n{\"c\":3}\n")]);
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            if cut {
                bytes.truncate(changes[0].0.index(bytes.len()));
            }
            read(&bytes);
        }
    }
}

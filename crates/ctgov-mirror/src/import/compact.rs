//! Compacting: the current generation once more, in one pack and in one segment an index, without what was replaced.
//!
//! Records are decompressed and compressed again, never parsed; the index is merged, never built. The records stay
//! the same, and so does the version.

use super::{
    ImportError, ImportObserver, ImportOptions, ImportPhase, ImportProgress, Importer, THREADS_MAX,
    draft::{Finished, Parent, next_ordinal, pack_file},
    publish::publish,
};
use crate::{
    GenerationInfo,
    documents::{
        self, Documents,
        dictionary::{Dictionary, SAMPLE_BYTES, SAMPLE_BYTES_MIN, SAMPLE_RECORDS, Sample},
        index::Entry,
        pack::{self, PackWriter},
    },
    error::{At, MirrorError},
    index::{self, EntryWriter, Schemas},
    manifest::{FileEntry, Manifest, PackEntry},
    synonyms,
};
use std::{fs, ops::ControlFlow, panic, path::Path, thread, time::SystemTime};
use zstd::bulk::Compressor;

/// Records in memory at a time, by their bytes; one more may be a large one.
const BATCH_BYTES: usize = 64 << 20;
/// The index is only merged here: nothing is collected in memory.
const INDEX_BYTES: usize = 32 << 20;
/// Room left over for other files, and for not filling a disk to its last byte.
const SPARE_BYTES: u64 = 64 << 20;

/// What compacting did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CompactSummary {
    /// How many studies there are.
    pub studies: u64,
    /// What the generation took on disk before.
    pub bytes_before: u64,
    /// What it takes now. The one before stays beside it until it is removed like any other.
    pub bytes_after: u64,
    /// The new generation; none when there was nothing to gain.
    pub published: Option<GenerationInfo>,
}

impl Importer {
    /// Rewrites the current generation without what was replaced since, and publishes it like any other.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; nothing is published then. [`ImportError::NoRoom`] before anything is written when the disk
    /// has not the room for a second copy.
    pub fn compact(
        self,
        options: &ImportOptions,
        observer: &mut dyn ImportObserver,
    ) -> Result<CompactSummary, ImportError> {
        let not_found = || MirrorError::NotFound { data_dir: self.data_dir.root().to_owned() };
        let parent = Parent::open(&self.data_dir, self.data_dir.current()?.ok_or_else(not_found)?)?;
        let in_one_pack = is_in_one_pack(&parent);
        self.check_room(&parent.manifest, parent.documents.entries(), in_one_pack)?;
        // Merged, damage would get a new hash and never be found again.
        parent.manifest.check_index(&parent.directory)?;
        let (studies, bytes_before) = (parent.manifest.studies, parent.manifest.bytes());
        let bytes_total = parent.documents.entries().iter().map(|entry| u64::from(entry.frame_bytes)).sum();
        let mut progress = ImportProgress {
            phase: ImportPhase::Reading,
            bytes_read: 0,
            bytes_total: Some(bytes_total),
            records: 0,
        };
        let mut tell = |phase, bytes_read: u64, records: u64| {
            progress = ImportProgress {
                phase,
                bytes_read: progress.bytes_read + bytes_read,
                records: progress.records + records,
                ..progress
            };
            observer.progress(&progress)
        };
        let directory = self.data_dir.create_unfinished()?;
        let path = directory.path();
        let packs = path.join(documents::PACKS);
        fs::create_dir(&packs).at("create", &packs)?;
        parent.link_into(path, |name| {
            index::DIRECTORIES.iter().any(|index| Path::new(name).starts_with(index))
                || in_one_pack && Path::new(name).starts_with(documents::PACKS)
        })?;

        let ordinal = next_ordinal(&self.data_dir)?;
        let mut documents = Rewritten {
            packs: parent.manifest.packs.clone(),
            pack: None,
            entries: parent.documents.entries().to_vec(),
        };
        if !in_one_pack {
            let threads = options.threads.get().min(THREADS_MAX);
            let rewriting = rewrite(&parent.documents, path, ordinal, threads, &mut |bytes, records| {
                tell(ImportPhase::Reading, bytes, records)
            });
            let ControlFlow::Continue(rewritten) = rewriting? else { return Err(ImportError::Cancelled) };
            documents = rewritten;
        }
        let mut index = EntryWriter::open(path, &Schemas::new(), 1, INDEX_BYTES)?;
        index.merge_at_the_end();
        let merging = index.merge_all(&mut || tell(ImportPhase::Indexing, 0, 0))?;
        let ControlFlow::Continue(merged) = merging else { return Err(ImportError::Cancelled) };
        index.finish()?;
        if in_one_pack && !merged {
            return Ok(CompactSummary { studies, bytes_before, bytes_after: bytes_before, published: None });
        }
        if tell(ImportPhase::Publishing, 0, 0).is_break() {
            return Err(ImportError::Cancelled);
        }
        let synonyms_path = parent.directory.join(synonyms::FILE);
        let synonyms = fs::read(&synonyms_path).at("read", &synonyms_path)?;
        parent.manifest.check_content(&parent.directory, synonyms::FILE, &synonyms)?;
        let Rewritten { packs, pack, entries } = documents;
        let additions = parent.manifest.additions;
        let parent = Some((parent.current, parent.manifest));
        let finished = Finished { directory, parent, ordinal, packs, pack, entries, synonyms, additions };
        let published = publish(&self.data_dir, finished, SystemTime::now())?;
        let (manifest, _) = Manifest::read(&self.data_dir.generations().join(&published.name))?;
        Ok(CompactSummary {
            studies,
            bytes_before,
            bytes_after: manifest.bytes(),
            published: Some(published),
        })
    }

    /// Refuses when there is not the room for what is about to be written.
    fn check_room(
        &self,
        manifest: &Manifest,
        entries: &[Entry],
        in_one_pack: bool,
    ) -> Result<(), ImportError> {
        let index = manifest.bytes_below(&index::DIRECTORIES);
        let frames = entries.iter().map(|entry| u64::from(entry.frame_bytes)).sum::<u64>();
        let needed = index + if in_one_pack { 0 } else { frames } + SPARE_BYTES;
        let room = rustix::fs::statvfs(self.data_dir.root()).map_err(std::io::Error::from);
        let room = room.at("look at the room in", self.data_dir.root())?;
        let available = room.f_bavail.saturating_mul(room.f_frsize);
        if available < needed {
            return Err(ImportError::NoRoom { data_dir: self.data_dir.root().to_owned(), needed, available });
        }
        Ok(())
    }
}

/// Whether the records are in one pack that has nothing else in it.
fn is_in_one_pack(parent: &Parent) -> bool {
    let frames: u64 = parent.documents.entries().iter().map(|entry| u64::from(entry.frame_bytes)).sum();
    let [pack] = parent.manifest.packs.as_slice() else { return false };
    let records: u64 = parent.documents.entries().iter().map(|entry| u64::from(entry.bytes)).sum();
    // A mirror whose imports were small is without a dictionary.
    let with_dictionary = pack.dictionary.is_some() || records < SAMPLE_BYTES_MIN as u64;
    with_dictionary && parent.manifest.files.get(&pack.file).is_some_and(|file| file.bytes == frames)
}

/// The records in their new places.
struct Rewritten {
    packs: Vec<PackEntry>,
    pack: Option<(String, FileEntry)>,
    entries: Vec<Entry>,
}

/// Writes all records into one pack under `directory`, in the order in which they lie now.
fn rewrite(
    documents: &Documents,
    directory: &Path,
    ordinal: u64,
    threads: usize,
    tell: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<ControlFlow<(), Rewritten>, MirrorError> {
    if tell(0, 0).is_break() {
        return Ok(ControlFlow::Break(()));
    }
    let dictionary = train(documents)?;
    let dictionary_name = dictionary.as_ref().map(|dictionary| dictionary.write(directory, ordinal));
    let file = format!("{}/{}", documents::PACKS, pack_file(ordinal));
    let mut pack = PackWriter::create(&directory.join(&file))?;
    let mut compressors: Vec<_> = (0..threads)
        .map(|_| pack::compressor(dictionary.as_ref()))
        .collect::<Result<_, _>>()
        .at("write", directory)?;
    let mut entries = documents.entries().to_vec();
    entries.sort_unstable_by_key(|entry| (entry.pack, entry.offset));
    let mut done = 0;
    while done < entries.len() {
        let mut bytes = 0;
        let fits = |entry: &&Entry| {
            bytes += entry.bytes as usize;
            bytes <= BATCH_BYTES
        };
        let batch = entries[done..].iter().take_while(fits).count().max(1);
        let batch = &mut entries[done..done + batch];
        let frames = compress(documents, batch, &mut compressors)?;
        let read = batch.iter().map(|entry| u64::from(entry.frame_bytes)).sum();
        for (entry, frame) in batch.iter_mut().zip(frames) {
            let offset = pack.append(&frame)?;
            *entry = Entry { pack: 0, frame_bytes: frame.len() as u32, offset, ..*entry };
        }
        done += batch.len();
        if tell(read, batch.len() as u64).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    entries.sort_unstable_by_key(|entry| entry.nct_id);
    let pack = Some((file.clone(), pack.finish()?));
    let packs = vec![PackEntry { file, dictionary: dictionary_name.transpose()? }];
    Ok(ControlFlow::Continue(Rewritten { packs, pack, entries }))
}

/// A dictionary of records from the whole range of numbers.
fn train(documents: &Documents) -> Result<Option<Dictionary>, MirrorError> {
    let entries = documents.entries();
    let bytes: usize = entries.iter().map(|entry| entry.bytes as usize).sum();
    let every = bytes.div_ceil(SAMPLE_BYTES).max(entries.len().div_ceil(SAMPLE_RECORDS)).max(1);
    let mut sample = Sample::default();
    for entry in entries.iter().step_by(every) {
        sample.add(documents.read(entry)?.json().as_bytes());
        if sample.is_full() {
            break;
        }
    }
    Ok(sample.train())
}

/// The records of `entries` in new frames, each compressor on a thread of its own.
fn compress(
    documents: &Documents,
    entries: &[Entry],
    compressors: &mut [Compressor<'static>],
) -> Result<Vec<Vec<u8>>, MirrorError> {
    let share = entries.len().div_ceil(compressors.len()).max(1);
    thread::scope(|scope| {
        let workers = entries.chunks(share).zip(compressors).map(|(entries, compressor)| {
            scope.spawn(move || entries.iter().map(|entry| frame(documents, entry, compressor)).collect())
        });
        let workers: Vec<thread::ScopedJoinHandle<'_, Result<Vec<_>, MirrorError>>> = workers.collect();
        let mut frames = Vec::with_capacity(entries.len());
        for worker in workers {
            frames.extend(worker.join().unwrap_or_else(|panic| panic::resume_unwind(panic))?);
        }
        Ok(frames)
    })
}

fn frame(
    documents: &Documents,
    entry: &Entry,
    compressor: &mut Compressor<'static>,
) -> Result<Vec<u8>, MirrorError> {
    let record = documents.read(entry)?;
    compressor.compress(record.json().as_bytes()).at("compress a record of", documents.pack_path(entry))
}

//! Reading one frame: from its place in a pack to the bytes it was made of.

use super::index::Entry;
use std::{cell::RefCell, fs::File, io, os::unix::fs::FileExt};
use zstd::{dict::DecoderDictionary, zstd_safe::DCtx};

/// A longer frame's buffer is given back: hardly any record needs more.
const BUFFER_BYTES_KEPT: usize = 1 << 20;

/// What reading takes besides the record. Making it anew would take longer than reading.
struct Tools {
    context: DCtx<'static>,
    frame: Vec<u8>,
}

thread_local! {
    static TOOLS: RefCell<Tools> = RefCell::new(Tools { context: DCtx::create(), frame: Vec::new() });
}

/// The bytes of the frame at `entry`; nothing when they are no frame of that size and dictionary.
pub(crate) fn read(
    file: &File,
    entry: &Entry,
    dictionary: Option<&DecoderDictionary<'_>>,
) -> io::Result<Option<Vec<u8>>> {
    TOOLS.with_borrow_mut(|Tools { context, frame }| {
        frame.resize(entry.frame_bytes as usize, 0);
        file.read_exact_at(frame, entry.offset)?;
        let mut bytes = Vec::with_capacity(entry.bytes as usize);
        let decompressed = match dictionary {
            Some(dictionary) => context.decompress_using_ddict(&mut bytes, frame, dictionary.as_ddict()),
            None => context.decompress(&mut bytes, frame),
        };
        if frame.capacity() > BUFFER_BYTES_KEPT {
            *frame = Vec::new();
        }
        Ok(decompressed.is_ok().then_some(bytes))
    })
}

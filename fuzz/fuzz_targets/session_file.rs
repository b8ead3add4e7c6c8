//! A file of sessions that somebody else wrote, or a disk has damaged: opened or refused, never a panic.

#![no_main]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mcp_sessions::{FileStore, Policy};

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

/// An empty session file.
static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let path = FOLDER.path().join("whole");
    drop(FileStore::open(&path, &Policy::default()).expect("it opens"));
    fs::read(path).expect("it is there")
});

fn open(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("it is written");
    let _ = FileStore::open(path, &Policy::default());
}

fuzz_target!(|bytes: &[u8]| {
    let path = FOLDER.path().join("tried");
    open(&path, bytes);
    // And as patches of a whole one: where in its first pages, and with what.
    let mut patched = WHOLE.clone();
    for patch in bytes.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([patch[0], patch[1]]));
        if let Some(byte) = patched.get_mut(at) {
            *byte ^= patch[2];
        }
    }
    open(&path, &patched);
});

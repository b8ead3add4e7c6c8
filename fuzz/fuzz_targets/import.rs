//! Import: whatever is in a source, its records come out or are refused. The first byte says what it is called.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, content)) = bytes.split_first() else { return };
    const NAMES: [&str; 3] = ["standard input", "studies.ndjson", "studies.json"];
    ctgov_mirror::fuzzing::import(NAMES[usize::from(*kind) % NAMES.len()], content);
});

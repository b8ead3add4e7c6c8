//! The reader of `documents.index`, as it is and with a checksum that fits: refuses its bytes, or reads what was written.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ctgov_mirror::fuzzing::documents_index(bytes));

//! Zip archives: whatever one holds, its members are read or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ctgov_mirror::fuzzing::archive(bytes));

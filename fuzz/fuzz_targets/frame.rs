//! Stored records: a frame and its dictionary come out as at most as many bytes as the index says, or are refused.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ctgov_mirror::fuzzing::frame(bytes));

//! The reader of `synonyms.tsv`: refuses its bytes, or reads what was written.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ctgov_mirror::fuzzing::synonyms_list(bytes));

//! The reader of `CURRENT`, which names the generation being served: refuses its bytes, or reads what was written.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ctgov_mirror::fuzzing::current(bytes));

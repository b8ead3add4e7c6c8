//! What a service answers: read within its bounds as what it should be, or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ctgov_live::fuzzing::answers(bytes));

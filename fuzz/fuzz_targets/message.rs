//! JSON-RPC messages as the sessions layer reads them, before anybody is known to be anybody.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| mcp_sessions::http::fuzzing::message(bytes));

//! Session records as a store reads them back: whatever the bytes, one record or none, and no second spelling.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp_sessions::{Record, SessionId, SessionState};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(record) = Record::from_bytes(bytes) {
        assert_eq!(record.to_bytes(), bytes);
    }
    if let Ok(state) = SessionState::from_bytes(bytes) {
        assert_eq!(state.to_bytes(), bytes);
    }
    if let Ok(text) = str::from_utf8(bytes)
        && let Ok(id) = SessionId::parse(text)
    {
        assert_eq!(id.expose_hex(), text);
    }
});

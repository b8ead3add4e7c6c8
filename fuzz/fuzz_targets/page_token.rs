//! Page tokens: refused, or read such that they print as they were.

#![no_main]

use ctgov::PageToken;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(token) = text.parse::<PageToken>() {
        assert_eq!(token.to_string(), text);
    }
});

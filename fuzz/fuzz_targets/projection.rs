//! Projections: the first line is the list of fields, the rest the text of a record.

#![no_main]

use ctgov::{DEFAULT_AREA, Projection, essie::Target};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, value::RawValue};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let Some((fields, record)) = text.split_once('\n') else { return };
    let Ok(projection) = Projection::parse(fields.split(','), Some(&[Target::Area(DEFAULT_AREA)])) else {
        return;
    };
    let kept = projection.apply(record);
    if serde_json::from_str::<Value>(record).is_ok() {
        assert!(serde_json::from_str::<&RawValue>(&kept).is_ok(), "kept: {kept}");
        // An object stands for what is none, as `{}` for `0`.
        assert!(kept.len() <= 2 * record.len());
        assert_eq!(projection.apply(&kept), kept);
    }
});

//! Records: refused, or kept such that what comes out is what came in; whatever shape they have, they can be asked.

#![no_main]

use ctgov::{
    Document,
    essie::evaluate::{Prepared, matches},
    pieces::{Measure, Piece},
    synonyms::Synonyms,
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::sync::LazyLock;

static CONDITION: LazyLock<ctgov::essie::Condition> = LazyLock::new(|| {
    let expr = "asthma OR EXPANSION[None]Boston OR AREA[StartDate]RANGE[2020, MAX] OR AREA[Phase]PHASE1 \
                OR SEARCH[Location](AREA[LocationStatus]RECRUITING AND AREA[LocationGeoPoint]DISTANCE[0, 0, 5mi])";
    let expr = ctgov::essie::parse(expr).expect("an expression");
    let area = ctgov::essie::Target::Area(ctgov::DEFAULT_AREA);
    ctgov::essie::resolve(&expr, area, Synonyms::none()).expect("it can be asked")
});

fuzz_target!(|bytes: &[u8]| {
    if let Ok((document, study)) = Document::parse(bytes) {
        let (again, same) = Document::parse(document.json().as_bytes()).expect("what is kept is a record");
        assert_eq!((again.json(), again.nct_id()), (document.json(), document.nct_id()));
        assert_eq!(same, study);
        ask(&study);
    } else if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        ask(&value);
    }
});

fn ask(study: &Value) {
    let _ = matches(&CONDITION, &Prepared::new(study));
    for piece in Piece::all() {
        piece.for_each_value(study, |value| _ = piece.is_value(value));
        for measure in [Measure::Values(piece), Measure::Size(piece)] {
            measure.for_each_key(study, |_| {});
        }
    }
}

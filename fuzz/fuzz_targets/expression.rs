//! Expressions: what is read prints as text that is read as the same, and is worked out and answered without a panic.

#![no_main]

use ctgov::{
    DEFAULT_AREA,
    areas::Area,
    essie::{
        Target,
        evaluate::{Prepared, explain, matches},
        literal, parse, quote, resolve,
    },
    pieces::Piece,
    synonyms::{Synonym, SynonymKind, Synonyms},
    text::words,
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::sync::LazyLock;

static STUDY: LazyLock<Value> = LazyLock::new(|| {
    let study = include_str!("../seeds/document/study.json");
    serde_json::from_str(study).expect("the seed is JSON")
});

static SYNONYMS: LazyLock<Synonyms> = LazyLock::new(|| {
    let mut synonyms = Synonyms::default();
    for (phrase, label) in [("heart attack", "Myocardial Infarction"), ("a", "b c")] {
        let synonym =
            Synonym { words: words(label), label: label.into(), kind: SynonymKind::Mesh, support: 1 };
        synonyms.add(&words(phrase), synonym);
    }
    synonyms
});

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    // Any text can be asked for as it stands.
    if text.chars().count() < 4_000 {
        assert!(parse(&quote(&text)).is_ok());
        assert!(literal(&text).is_none_or(|literal| parse(&literal).is_ok()));
    }
    match parse(&text) {
        Err(error) => {
            let _ = (error.to_string(), &text[error.span.range()]);
        }
        Ok(expr) => {
            assert_eq!(parse(&expr.to_string()).as_ref(), Ok(&expr), "printed: {expr}");
            let targets = [
                Target::Area(DEFAULT_AREA),
                Target::Area(Area::find("FunderTypeSearch").expect("an area")),
                Target::Piece(Piece::named("StartDate")),
                Target::Piece(Piece::named("LocationCity")),
                Target::Size(Piece::named("Phase")),
            ];
            for target in targets {
                match resolve(&expr, target, &SYNONYMS) {
                    Ok(condition) => {
                        let study = Prepared::new(&STUDY);
                        // What holds for no reason is what must not be, or what holds for everything.
                        let why = explain(&condition, &study);
                        assert!(why.is_empty() || matches(&condition, &study));
                    }
                    Err(error) => {
                        let _ = (error.to_string(), &text[error.span.range()]);
                    }
                }
            }
        }
    }
});

//! Projection: what `fields` keeps of a record, on small records, made-up JSON, and real ones where they are at hand.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use ctgov::{Document, Projection, areas, essie::Target, pieces::Piece};
use flate2::read::MultiGzDecoder;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
};

fn projection(items: &[&str]) -> Projection {
    Projection::parse(items.iter().copied(), None).unwrap()
}

fn record() -> String {
    concat!(
        r#"{"protocolSection":{"identificationModule":{"nctId":"NCT00000123","briefTitle":"caf\u00e9 \/ \"x\""},"#,
        r#""conditionsModule":{"conditions":["Asthma"],"keywords":["a","b"],"later":1.50},"#,
        r#""armsInterventionsModule":{"interventions":[{"type":"DRUG","name":"A","otherNames":["a1"]},"#,
        r#"{"type":"OTHER"},{"name":"C"}]},"#,
        r#""contactsLocationsModule":{"locations":[{"city":"Lyon","geoPoint":{"lat":45.740,"lon":4.8E0}}]}},"#,
        r#""derivedSection":{"miscInfoModule":{"versionHolder":"2026-01-02"}},"hasResults":false,"unknown":[1]}"#
    )
    .to_owned()
}

#[test]
fn only_what_was_asked_for_is_kept_as_it_was_written() {
    let cases: [(&[&str], &str); 13] = [
        (&["NCTId"], r#"{"protocolSection":{"identificationModule":{"nctId":"NCT00000123"}}}"#),
        (&["NCT-ID"], r#"{"protocolSection":{"identificationModule":{"nctId":"NCT00000123"}}}"#),
        (
            &["protocolSection.identificationModule.briefTitle"],
            r#"{"protocolSection":{"identificationModule":{"briefTitle":"caf\u00e9 \/ \"x\""}}}"#,
        ),
        (
            &["ConditionsModule"],
            r#"{"protocolSection":{"conditionsModule":{"conditions":["Asthma"],"keywords":["a","b"],"later":1.50}}}"#,
        ),
        (&["Keyword"], r#"{"protocolSection":{"conditionsModule":{"keywords":["a","b"]}}}"#),
        (
            &["InterventionName"],
            r#"{"protocolSection":{"armsInterventionsModule":{"interventions":[{"name":"A"},{},{"name":"C"}]}}}"#,
        ),
        (
            &["InterventionOtherName", "InterventionType"],
            r#"{"protocolSection":{"armsInterventionsModule":{"interventions":[{"type":"DRUG","otherNames":["a1"]},{"type":"OTHER"},{}]}}}"#,
        ),
        (
            &["LocationGeoPoint"],
            r#"{"protocolSection":{"contactsLocationsModule":{"locations":[{"geoPoint":{"lat":45.740,"lon":4.8E0}}]}}}"#,
        ),
        (&["Acronym"], r#"{"protocolSection":{"identificationModule":{}}}"#),
        (&["HasResults", "OverallStatus"], r#"{"protocolSection":{},"hasResults":false}"#),
        (&["ResultsSection"], "{}"),
        (
            &["NCTIdSearch", "DerivedSection"],
            r#"{"protocolSection":{"identificationModule":{"nctId":"NCT00000123"}},"derivedSection":{"miscInfoModule":{"versionHolder":"2026-01-02"}}}"#,
        ),
        (&[], "{}"),
    ];
    for (items, expected) in cases {
        assert_eq!(projection(items).apply(&record()), expected, "{items:?}");
    }
}

#[test]
fn what_stands_for_the_query_is_what_it_looked_at() {
    let targets = [Target::Area(&areas::NCT_ID), Target::Size(Piece::named("Keyword"))];
    let projection = Projection::parse(["@query", "HasResults"], Some(&targets)).unwrap();
    assert_eq!(
        projection.apply(&record()),
        r#"{"protocolSection":{"identificationModule":{"nctId":"NCT00000123"},"conditionsModule":{"keywords":["a","b"]}},"hasResults":false}"#
    );
    let none = Projection::parse(["@query"], Some(&[Target::Piece(Piece::named("NumArmGroups"))])).unwrap();
    assert_eq!(none.apply(&record()), "{}");
}

#[test]
fn what_names_no_field_of_a_record_is_refused() {
    for name in [
        "StudyDesign",
        "nctid",
        "NumArmGroups",
        "@query",
        "",
        "Phase:size",
        "hasresults",
        "LocationCountryCode",
    ] {
        let error = Projection::parse(["NCTId", name], None).expect_err(name);
        assert_eq!(error.name, name);
    }
}

#[test]
fn records_of_another_shape_leak_nothing_and_keep_their_places() {
    let cases = [
        (r#"{"protocolSection":"x","hasResults":1}"#, r#"{"hasResults":1}"#),
        (
            r#"{"protocolSection":{"identificationModule":[1,null,{"nctId":[2]}]}}"#,
            r#"{"protocolSection":{"identificationModule":[{},{},{"nctId":[2]}]}}"#,
        ),
        (
            r#" { "protocol\u0053ection" : { } , "hasResults" : [ 1 , 2 ] } "#,
            r#"{"protocol\u0053ection":{},"hasResults":[ 1 , 2 ]}"#,
        ),
        (r#"{"hasResults":1,"hasResults":2}"#, r#"{"hasResults":1,"hasResults":2}"#),
        ("null", "{}"),
        ("[[{}],3]", "[[{}],{}]"),
        // Not JSON.
        ("", ""),
        ("{", "{"),
        (r#"{"hasResults":true,}"#, r#"{"hasResults":true,}"#),
        (r#"{"protocolSection":{]}"#, r#"{"protocolSection":{]}"#),
        ("{} {}", "{} {}"),
    ];
    for (record, expected) in cases {
        assert_eq!(projection(&["NCTId", "HasResults"]).apply(record), expected, "{record}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(projection(&["NCTId"]).apply(&deep), deep);
    let below = format!(r#"{{"x":{deep},"hasResults":{deep}}}"#);
    assert_eq!(projection(&["HasResults"]).apply(&below), format!(r#"{{"hasResults":{deep}}}"#));
}

/// Whether `part` is `whole` with things left out; what was emptied is `{}`.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), _) if part.is_empty() => true,
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|whole| is_part(value, whole)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(part, whole)| is_part(part, whole))
        }
        _ => part == whole,
    }
}

fn roots() -> Vec<&'static str> {
    Piece::all().filter(|piece| !piece.path().contains('.')).map(Piece::name).collect()
}

/// JSON with keys that records have, at any place.
fn json_values() -> impl Strategy<Value = Value> {
    let keys: Vec<&'static str> =
        ["protocolSection", "identificationModule", "nctId", "conditionsModule", "keywords"]
            .into_iter()
            .chain(["hasResults", "armsInterventionsModule", "interventions", "name", "other"])
            .collect();
    let leaf =
        prop_oneof![Just(Value::Null), any::<i32>().prop_map(Value::from), ".{0,6}".prop_map(Value::from)];
    leaf.prop_recursive(6, 60, 5, move |inner| {
        let key = prop::sample::select(keys.clone());
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            4 => prop::collection::vec((key, inner), 0..5).prop_map(|entries| {
                Value::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>())
            }),
        ]
    })
}

fn fields() -> impl Strategy<Value = Vec<&'static str>> {
    let names =
        ["NCTId", "IdentificationModule", "Keyword", "ConditionsModule", "InterventionName", "HasResults"];
    prop::collection::vec(prop::sample::select(names.to_vec()), 0..5)
}

proptest! {
    #[test]
    fn asking_for_more_gives_more_and_asking_twice_changes_nothing(
        value in json_values(), some in fields(), more in fields(),
    ) {
        let text = value.to_string();
        let (some, all) = (projection(&some), projection(&[some, more].concat()));
        let (small, large) = (some.apply(&text), all.apply(&text));
        let [small_value, large_value] = [&small, &large].map(|text| serde_json::from_str::<Value>(text).unwrap());
        prop_assert!(is_part(&small_value, &large_value), "{} is no part of {}", small, large);
        prop_assert!(is_part(&large_value, &value), "{} is no part of {}", large, text);
        prop_assert_eq!(some.apply(&small), small.clone());
        prop_assert_eq!(some.apply(&large), small);
        // However it is spaced.
        let spaced: Value = serde_json::from_str(&all.apply(&format!("{value:#}"))).unwrap();
        prop_assert_eq!(spaced, large_value);
    }

    #[test]
    fn any_text_is_projected_without_a_panic(text in "[ {}\\[\\],:\"\\\\a-cé1hasResults]{0,60}", more in ".{0,40}") {
        let projection = projection(&["NCTId", "HasResults"]);
        for text in [format!("{text}{more}"), format!("{{\"hasResults\":{text}{more}"), more] {
            let _ = projection.apply(&text);
        }
    }
}

#[test]
fn all_roots_of_a_record_are_the_record() {
    let known = record().replace(r#","unknown":[1]"#, "");
    assert_eq!(projection(&roots()).apply(&known), known);
    assert_eq!(roots().len(), 6);
}

/// Real data next to the checkout.
fn shared_data(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    // Past the test harness, which keeps what passing tests print to itself.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {name} of the real data is not next to the checkout");
    None
}

fn capture(name: &str) -> Option<String> {
    shared_data(&format!("captures/{name}")).map(|path| fs::read_to_string(path).unwrap())
}

#[test]
fn real_records_are_kept_whole_and_cut_to_what_was_asked_for() {
    let Some(path) = shared_data("studies.ndjson.gz") else { return };
    let lines = BufReader::new(MultiGzDecoder::new(fs::File::open(path).unwrap())).lines();
    let whole = projection(&roots());
    let some = projection(&["NCTId", "ConditionSearch", "LocationCity", "OutcomeMeasure", "HasResults"]);
    let more = projection(&[
        "ConditionsModule",
        "NCTId",
        "ConditionSearch",
        "Location",
        "ResultsSection",
        "HasResults",
    ]);
    for line in lines {
        let (document, value) = Document::parse(line.unwrap().as_bytes()).unwrap();
        assert_eq!(whole.apply(document.json()), document.json());
        let [some, more] = [&some, &more]
            .map(|fields| serde_json::from_str::<Value>(&fields.apply(document.json())).unwrap());
        assert!(is_part(&some, &more) && is_part(&more, &value), "{}", document.nct_id());
    }
}

#[test]
fn a_real_record_is_projected_to_what_the_api_answers() {
    let Some(text) = capture("fullmatch/study_full.json") else { return };
    let value: Value = serde_json::from_str(&text).unwrap();
    let compact = value.to_string();
    assert_eq!(projection(&roots()).apply(&compact), compact);
    for piece in Piece::all().filter(|piece| !piece.is_index_only()) {
        let kept: Value = serde_json::from_str(&projection(&[piece.name()]).apply(&text)).unwrap();
        assert!(is_part(&kept, &value), "{piece:?}");
        let (mut in_record, mut in_kept) = (Vec::new(), Vec::new());
        piece.for_each_value(&value, |value| in_record.push(value));
        piece.for_each_value(&kept, |value| in_kept.push(value));
        assert_eq!(in_kept, in_record, "{piece:?}");
        // Nothing besides it.
        let root = piece.path().split('.').next().unwrap();
        assert!(kept.as_object().unwrap().keys().all(|key| key == root), "{piece:?}");
    }
}

#[test]
fn real_projected_answers_are_projected_to_themselves() {
    // What these fields were is written nowhere; each leaf that occurs was asked for, and nothing else came.
    let Some(text) = capture("pages/get_nct02576665_20260811.json") else { return };
    let value: Value = serde_json::from_str(&text).unwrap();
    let present = |piece: &Piece| {
        let mut found = false;
        piece.for_each_value(&value, |_| found = true);
        found && !matches!(piece.kind(), ctgov::pieces::Kind::Struct)
    };
    let leaves: Vec<_> = Piece::all().filter(present).map(Piece::name).collect();
    let kept: Value = serde_json::from_str(&projection(&leaves).apply(&text)).unwrap();
    assert_eq!(kept, value);
    assert_eq!(kept["hasResults"], json!(null));
}

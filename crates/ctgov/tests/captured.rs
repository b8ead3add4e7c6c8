//! The tables against what the registry's API said of itself, where captured answers lie next to the checkout.

#![expect(clippy::unwrap_used, reason = "a capture that cannot be read fails the test")]

use ctgov::{Phase, Status, areas, pieces};
use serde_json::Value;
use std::{collections::HashMap, fs, io::Write as _, path::Path};

fn capture(name: &str) -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/captures").join(name);
    let Ok(text) = fs::read_to_string(path) else {
        // Past the test harness, which keeps what passing tests print to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: captures/{name} is not next to the checkout");
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[test]
fn areas_have_the_registrys_pieces_and_weights() {
    let Some(captured) = capture("search-areas.json") else { return };
    for area in areas::ALL {
        let captured =
            captured[0]["areas"].as_array().unwrap().iter().find(|known| known["name"] == area.name).unwrap();
        assert_eq!(captured["uiLabel"], area.label);
        let words_search = |part: &&Value| part["isEnum"] != true;
        let parts = captured["parts"].as_array().unwrap().iter().filter(words_search);
        let expected: Vec<_> = parts
            .map(|part| (part["weight"].as_f64().unwrap(), texts(&part["pieces"]).collect::<Vec<_>>()))
            .collect();
        let ours: Vec<_> = area
            .parts
            .iter()
            .map(|part| {
                let weight: f64 = part.weight.to_string().parse().unwrap();
                (weight, part.pieces.iter().map(|piece| piece.name()).collect::<Vec<_>>())
            })
            .collect();
        assert_eq!(ours, expected, "{}", area.name);
    }
}

#[test]
fn pieces_stand_where_the_registry_says() {
    let Some(captured) = capture("metadata.json") else { return };
    let mut paths = HashMap::new();
    collect(&captured, "", &mut paths);
    for piece in pieces::ALL {
        assert_eq!(paths.get(piece.name()).map(String::as_str), Some(piece.path()), "{piece:?}");
    }
}

/// The path of every piece below these nodes.
fn collect(nodes: &Value, above: &str, paths: &mut HashMap<String, String>) {
    for node in nodes.as_array().into_iter().flatten() {
        let path = format!("{above}{}", node["name"].as_str().unwrap());
        collect(&node["children"], &format!("{path}."), paths);
        paths.insert(node["piece"].as_str().unwrap().to_owned(), path);
    }
}

#[test]
fn vocabularies_have_the_registrys_values_and_labels() {
    let Some(captured) = capture("enums.json") else { return };
    let values = |name: &str| {
        let vocabulary = captured.as_array().unwrap().iter().find(|known| known["type"] == name).unwrap();
        let values = vocabulary["values"].as_array().unwrap();
        let text = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
        values.iter().map(|value| (text(value, "value"), text(value, "legacyValue"))).collect::<Vec<_>>()
    };
    let ours: Vec<_> = Status::ALL.iter().map(|s| (s.as_str().to_owned(), s.label().to_owned())).collect();
    assert_eq!(ours, values("Status"));
    let ours: Vec<_> = Phase::ALL.iter().map(|p| (p.as_str().to_owned(), p.label().to_owned())).collect();
    assert_eq!(ours, values("Phase"));
}

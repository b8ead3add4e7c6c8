//! The tables against what the registry's API said of itself, where captured answers lie next to the checkout.

#![expect(clippy::unwrap_used, reason = "a capture that cannot be read fails the test")]

use ctgov::{areas, enums, pieces::Piece};
use serde_json::Value;
use std::{fs, io::Write as _, path::Path};

/// A file of the folder that may lie next to the checkout.
fn shared(name: &str) -> Option<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name));
    if text.is_err() {
        // Past the test harness, which keeps what passing tests print to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {name} is not next to the checkout");
    }
    text.ok()
}

fn capture(name: &str) -> Option<Value> {
    Some(serde_json::from_str(&shared(&format!("data/captures/{name}"))?).unwrap())
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn areas_have_the_registrys_pieces_and_weights() {
    let Some(captured) = capture("search-areas.json") else { return };
    let captured = captured[0]["areas"].as_array().unwrap();
    assert_eq!(captured.len(), areas::ALL.len());
    for (area, captured) in areas::ALL.into_iter().zip(captured) {
        assert_eq!(captured["name"], area.name);
        assert_eq!(captured["uiLabel"].as_str(), area.label, "{}", area.name);
        assert_eq!(captured["param"].as_str(), area.param, "{}", area.name);
        let parts = captured["parts"].as_array().unwrap();
        assert_eq!(parts.len(), area.parts.len(), "{}", area.name);
        for (part, captured) in area.parts.iter().zip(parts) {
            let names: Vec<_> = part.pieces.iter().map(|piece| piece.name()).collect();
            assert_eq!(names, texts(&captured["pieces"]), "{}", area.name);
            // As written: a float of 32 bits is another number than one of 64.
            let weight: f64 = part.weight.to_string().parse().unwrap();
            assert_eq!(captured["weight"].as_f64(), Some(weight), "{names:?}");
            assert_eq!(captured["isSynonyms"], part.synonyms, "{names:?}");
            assert_eq!(captured["isEnum"], part.pieces[0].enumeration().is_some(), "{names:?}");
        }
    }
}

#[test]
fn pieces_are_what_the_registry_says() {
    let Some(captured) = capture("metadata.json") else { return };
    let mut nodes = Vec::new();
    collect(&captured, "", &mut nodes);
    let known: Vec<Piece> = Piece::all().filter(|piece| !piece.is_index_only()).collect();
    assert_eq!(nodes.len(), known.len());
    for ((path, node), piece) in nodes.iter().zip(known) {
        assert_eq!((node["piece"].as_str().unwrap(), path.as_str()), (piece.name(), piece.path()));
        let list = if piece.is_list() { "[]" } else { "" };
        assert_eq!(node["type"], format!("{}{list}", piece.type_name()), "{piece:?}");
        assert_eq!(node["synonyms"] == true, piece.has_synonyms(), "{piece:?}");
        assert_eq!(node["isEnum"] == true, piece.enumeration().is_some(), "{piece:?}");
        assert_eq!(node["nested"] == true, piece.is_nested(), "{piece:?}");
        assert_eq!(node["maxChars"].as_u64(), piece.max_chars().map(u64::from), "{piece:?}");
        assert_eq!(texts(&node["altPieceNames"]), piece.also(), "{piece:?}");
        if let Some(title) = piece.title() {
            let captured = node["title"].as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(captured, title, "{piece:?}");
        }
    }
    assert_eq!(Piece::all().filter(|piece| piece.title().is_some()).count(), 273);
}

/// The captured metadata leaves out the pieces that exist for searching only; the list of all pieces has them.
#[test]
fn pieces_that_no_record_has_are_those_of_the_list() {
    let Some(list) = shared("reference/ctgov-fields.tsv") else { return };
    let mut lines = list.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let head = lines.next().unwrap();
    let column = |name: &str| head.iter().position(|known| *known == name).unwrap();
    let index_only = |line: &Vec<&str>| line[column("indexedOnly")] == "True";
    let expected: Vec<_> = lines.filter(index_only).collect();
    let known: Vec<Piece> = Piece::all().filter(|piece| piece.is_index_only()).collect();
    assert_eq!((expected.len(), known.len()), (74, 74));
    for (line, piece) in expected.iter().zip(known) {
        let is = |name: &str| line[column(name)] == "True";
        // The list has a misprint, which its own path gives away.
        let name = line[column("piece")].replace("NumOverallOKcials", "NumOverallOfficials");
        assert_eq!((name.as_str(), line[column("path")]), (piece.name(), piece.path()));
        let list = if piece.is_list() { "[]" } else { "" };
        assert_eq!(line[column("type")], format!("{}{list}", piece.type_name()), "{piece:?}");
        assert_eq!(is("synonyms"), piece.has_synonyms(), "{piece:?}");
        assert_eq!(is("isEnum"), piece.enumeration().is_some(), "{piece:?}");
        assert_eq!(is("nested"), piece.is_nested(), "{piece:?}");
        assert_eq!(line[column("maxChars")].parse().ok(), piece.max_chars(), "{piece:?}");
        assert_eq!(line[column("altPieceNames")], piece.also().join(","), "{piece:?}");
    }
}

/// Every node below these with its path, parents before children.
fn collect<'a>(nodes: &'a Value, above: &str, found: &mut Vec<(String, &'a Value)>) {
    for node in nodes.as_array().into_iter().flatten() {
        let path = format!("{above}{}", node["name"].as_str().unwrap());
        found.push((path.clone(), node));
        collect(&node["children"], &format!("{path}."), found);
    }
}

#[test]
fn vocabularies_have_the_registrys_values_labels_and_pieces() {
    let Some(captured) = capture("enums.json") else { return };
    let captured = captured.as_array().unwrap();
    assert_eq!(captured.len(), enums::ALL.len());
    for (vocabulary, captured) in enums::ALL.into_iter().zip(captured) {
        assert_eq!(captured["type"], vocabulary.name);
        let mut pieces = texts(&captured["pieces"]);
        let mut ours: Vec<&str> = vocabulary.pieces().map(Piece::name).collect();
        pieces.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, pieces, "{}", vocabulary.name);
        let values = captured["values"].as_array().unwrap();
        assert_eq!(values.len(), vocabulary.values.len(), "{}", vocabulary.name);
        for (value, captured) in vocabulary.values.iter().zip(values) {
            assert_eq!(captured["value"], value.value);
            assert_eq!(captured["legacyValue"], value.label);
            let exceptions = captured["exceptions"].as_object();
            assert_eq!(exceptions.map_or(0, serde_json::Map::len), value.exceptions.len(), "{}", value.value);
            for (piece, label) in value.exceptions {
                assert_eq!(captured["exceptions"][piece], *label, "{}", value.value);
            }
        }
    }
}

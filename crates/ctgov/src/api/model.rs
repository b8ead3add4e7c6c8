//! What the API says of itself: the field tree, the search areas and the vocabularies, from our tables.

use crate::{
    areas::{self, Part},
    enums,
    pieces::{Kind, Piece},
};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// The body of `/studies/metadata`.
///
/// Titles, descriptions, rules and links to the registry's definitions are not in it.
pub fn metadata(index_only: bool) -> &'static str {
    static OF_RECORDS: LazyLock<String> = LazyLock::new(|| field_nodes("", false));
    static WITH_INDEX: LazyLock<String> = LazyLock::new(|| field_nodes("", true));
    if index_only { &WITH_INDEX } else { &OF_RECORDS }
}

fn field_nodes(above: &str, index_only: bool) -> String {
    Value::from(children(above, index_only)).to_string()
}

/// The nodes right below `above`, which is a path and a dot, or nothing.
fn children(above: &str, index_only: bool) -> Vec<Value> {
    let is_child = |piece: &Piece| piece.path().strip_prefix(above).is_some_and(|key| !key.contains('.'));
    let shown = |piece: &Piece| index_only || !piece.is_index_only();
    Piece::all().filter(is_child).filter(shown).map(|piece| field_node(piece, index_only)).collect()
}

fn field_node(piece: Piece, index_only: bool) -> Value {
    let mut node = Map::new();
    let mut put = |key: &str, value: Value| node.insert(key.to_owned(), value);
    put("name", piece.key().into());
    put("piece", piece.name().into());
    for (flag, is_set) in [("nested", piece.is_nested()), ("indexedOnly", piece.is_index_only())] {
        if is_set {
            put(flag, true.into());
        }
    }
    put("sourceType", source_type(piece).into());
    if let Some(max) = piece.max_chars() {
        put("maxChars", max.into());
    }
    put("type", format!("{}{}", piece.type_name(), if piece.is_list() { "[]" } else { "" }).into());
    for (flag, is_set) in [("isEnum", piece.enumeration().is_some()), ("synonyms", piece.has_synonyms())] {
        if is_set {
            put(flag, true.into());
        }
    }
    if !piece.also().is_empty() {
        put("altPieceNames", piece.also().into());
    }
    let children = children(&format!("{}.", piece.path()), index_only);
    if !children.is_empty() {
        put("children", children.into());
    }
    Value::Object(node)
}

/// Where the values come from. These six differ from others of their kind; counts of the index are taken to be numeric,
/// which is not on record.
fn source_type(piece: Piece) -> &'static str {
    match (piece.name(), piece.kind()) {
        _ if piece.computed_from().is_some() => piece.computed_from().unwrap_or_default(),
        ("HasExpandedAccess" | "LargeDocHasProtocol" | "LargeDocHasSAP" | "LargeDocHasICF", _) => "TEXT",
        ("EnrollmentCount" | "SubmissionMCPReleaseN", _) | (_, Kind::Number | Kind::Short) => "NUMERIC",
        (_, Kind::Struct) => "STRUCT",
        (_, Kind::Markup) => "MARKUP",
        (_, Kind::Boolean) => "BOOLEAN",
        (_, Kind::PartialDate | Kind::Date | Kind::DateTime) => "DATE",
        (_, Kind::Duration) => "TIME",
        _ => "TEXT",
    }
}

/// The body of `/studies/search-areas`.
pub fn search_areas() -> &'static str {
    static BODY: LazyLock<String> = LazyLock::new(|| {
        let areas = areas::ALL.map(|area| {
            let mut entry = Map::from_iter([("name".to_owned(), area.name.into())]);
            entry.extend(area.label.map(|label| ("uiLabel".to_owned(), label.into())));
            entry.extend(area.param.map(|param| ("param".to_owned(), param.into())));
            entry.insert("parts".to_owned(), area.parts.iter().map(search_part).collect());
            Value::Object(entry)
        });
        json!([{"name": "Study", "areas": areas}]).to_string()
    });
    &BODY
}

fn search_part(part: &Part) -> Value {
    let all = |is: fn(Kind) -> bool| part.pieces.iter().all(|piece| is(piece.kind()));
    let vocabulary = part.pieces.first().filter(|_| all(|kind| matches!(kind, Kind::Enum(_))));
    let type_name = match vocabulary {
        Some(piece) => piece.type_name(),
        None if all(|kind| matches!(kind, Kind::Markup)) => "markup",
        None => "text",
    };
    // As the table writes it: 0.89, not the 0.8899999856948853 that is nearest to it among such numbers.
    let weight: f64 = part.weight.to_string().parse().unwrap_or_default();
    json!({
        "pieces": part.pieces.iter().map(|piece| piece.name()).collect::<Vec<_>>(),
        "type": type_name,
        "isEnum": vocabulary.is_some(),
        "isSynonyms": part.synonyms,
        "weight": weight,
    })
}

/// The body of `/studies/enums`.
pub fn enums() -> &'static str {
    static BODY: LazyLock<String> = LazyLock::new(|| {
        let entries = enums::ALL.into_iter().map(|vocabulary| {
            let values = vocabulary.values.iter().map(|value| {
                let mut entry = json!({"value": value.value, "legacyValue": value.label});
                if !value.exceptions.is_empty() {
                    let exceptions =
                        value.exceptions.iter().map(|(piece, label)| ((*piece).to_owned(), (*label).into()));
                    entry["exceptions"] = Value::Object(exceptions.collect());
                }
                entry
            });
            json!({
                "type": vocabulary.name,
                "values": values.collect::<Vec<_>>(),
                "pieces": vocabulary.pieces().map(Piece::name).collect::<Vec<_>>(),
            })
        });
        Value::from_iter(entries).to_string()
    });
    &BODY
}

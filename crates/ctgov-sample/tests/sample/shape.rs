//! Every value stands where the registry's data structure has one, and is of the kind it says there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::support::{Study, beside_the_checkout};

/// The data structure: for each path its type and whether that is an enumeration.
type Fields = BTreeMap<String, (String, bool)>;

#[test]
fn every_value_is_what_the_data_structure_has_there() {
    let Some(fields) = beside_the_checkout("reference/ctgov-fields.tsv") else { return };
    let Some(values) = beside_the_checkout("reference/ctgov-enums.tsv") else { return };
    let fields = fs::read_to_string(fields).expect("a table");
    let fields: Fields = rows(&fields)
        .map(|row| (row[0].to_owned(), (row[3].trim_end_matches("[]").to_owned(), row[4] == "True")))
        .collect();
    let values = fs::read_to_string(values).expect("a table");
    let values: BTreeSet<_> = rows(&values).map(|row| (row[0].to_owned(), row[1].to_owned())).collect();
    for study in Study::all() {
        check(&study.0, "", &fields, &values);
    }
}

fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table.lines().skip(1).map(|line| line.split('\t').collect())
}

fn check(value: &Value, path: &str, fields: &Fields, values: &BTreeSet<(String, String)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| check(item, path, fields, values)),
        // The table ends here: latitude and longitude are the same everywhere.
        Value::Object(_) if path.ends_with("geoPoint") => {}
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                assert!(fields.contains_key(&path), "{path} is not in the data structure");
                check(value, &path, fields, values);
            }
        }
        leaf => {
            let (kind, listed) = &fields[path];
            let fits = match kind.as_str() {
                "boolean" => leaf.is_boolean(),
                "integer" | "long" | "short" | "number" => leaf.is_u64(),
                _ => leaf.is_string(),
            };
            assert!(fits, "{path} is {leaf}, not {kind}");
            let known = |text: &str| values.contains(&(kind.clone(), text.to_owned()));
            assert!(!listed || leaf.as_str().is_some_and(known), "{path}: {leaf} is no {kind}");
        }
    }
}

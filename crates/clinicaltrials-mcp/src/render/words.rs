//! Any answer as text that people read: Markdown with a line for each fact, and tables where facts are alike.
//!
//! The text is made from the very value that is sent as structured content, so the two cannot say different things.

use serde_json::{Map, Value};
use std::{collections::BTreeSet, fmt::Write as _};

/// Most columns of a table.
const COLUMNS_MAX: usize = 10;
/// Longest text in a table's cell, in characters.
const CELL_CHARS_MAX: usize = 400;

/// The members of `object` in words. What is indented belongs to the line above.
pub fn in_words(object: &Map<String, Value>) -> String {
    let mut words = String::new();
    members(object.iter(), 0, &mut words);
    words
}

/// A key as people read it: `leadSponsor` is `Lead sponsor`. A key that is no name, such as a study's number, stays.
fn label(key: &str) -> String {
    if !key.contains(|character: char| character.is_lowercase()) {
        return key.to_owned();
    }
    let mut label = String::with_capacity(key.len() + 4);
    let mut after_small = false;
    for character in key.chars() {
        if character.is_uppercase() && after_small {
            label.push(' ');
        }
        after_small = character.is_lowercase() || character.is_ascii_digit();
        if label.is_empty() {
            label.extend(character.to_uppercase());
        } else {
            label.extend(character.to_lowercase());
        }
    }
    match label.strip_prefix("Nct") {
        Some(rest) => format!("NCT{rest}"),
        None => label,
    }
}

fn members<'a>(members: impl Iterator<Item = (&'a String, &'a Value)>, depth: usize, words: &mut String) {
    for (key, value) in members {
        member(&label(key), value, depth, words);
    }
}

fn member(label: &str, value: &Value, depth: usize, words: &mut String) {
    let indent = "  ".repeat(depth);
    if let Some(short) = short(value) {
        let _ = writeln!(words, "{indent}- {label}: {short}");
        return;
    }
    let _ = writeln!(words, "{indent}- {label}:");
    match value {
        Value::Array(elements) => match Table::of(elements) {
            Some(table) => table.write(depth + 1, words),
            None => elements.iter().for_each(|element| item(element, depth + 1, words)),
        },
        Value::Object(object) => members(object.iter(), depth + 1, words),
        other => lines(&scalar(other), depth + 1, words),
    }
}

/// An element of a list: what it is called, and under it what else there is to say.
fn item(value: &Value, depth: usize, words: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(object) => {
            let mut rest = object.iter();
            match rest.next().map(|(key, value)| (key, value, short(value))) {
                Some((_, Value::String(_) | Value::Number(_), Some(name))) => {
                    let _ = writeln!(words, "{indent}- **{name}**");
                }
                Some((key, value, _)) => {
                    let _ = writeln!(words, "{indent}-");
                    member(&label(key), value, depth + 1, words);
                }
                None => {}
            }
            members(rest, depth + 1, words);
        }
        Value::Array(elements) => elements.iter().for_each(|element| item(element, depth, words)),
        other => {
            let _ = writeln!(words, "{indent}-");
            lines(&scalar(other), depth + 1, words);
        }
    }
}

fn lines(text: &str, depth: usize, words: &mut String) {
    let indent = "  ".repeat(depth);
    for line in text.lines() {
        let _ = writeln!(words, "{indent}{line}");
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

/// A value that is said in one line: one text, or a list of such.
fn short(value: &Value) -> Option<String> {
    let is_line = |text: &String| !text.contains('\n');
    match value {
        Value::Array(elements) => {
            let is_scalar = |element: &&Value| !element.is_object() && !element.is_array();
            let texts = elements.iter().map(|element| Some(element).filter(is_scalar).map(scalar));
            let texts = texts.collect::<Option<Vec<_>>>()?;
            Some(if texts.is_empty() { "none".to_owned() } else { texts.join("; ") }).filter(is_line)
        }
        Value::Object(_) => None,
        other => Some(scalar(other)).filter(is_line),
    }
}

/// Alike objects, a row each.
struct Table<'a> {
    columns: Vec<&'a str>,
    rows: Vec<Vec<String>>,
}

impl<'a> Table<'a> {
    /// The table of `elements`, if they are alike and say little.
    fn of(elements: &'a [Value]) -> Option<Self> {
        let objects: Vec<&Map<String, Value>> =
            elements.iter().map(Value::as_object).collect::<Option<_>>()?;
        let (mut columns, mut known) = (Vec::new(), BTreeSet::new());
        for key in objects.iter().flat_map(|object| object.keys()) {
            if known.insert(key) {
                columns.push(key.as_str());
            }
        }
        if objects.len() < 2 || columns.len() < 2 || columns.len() > COLUMNS_MAX {
            return None;
        }
        let row = |object: &&Map<String, Value>| {
            columns
                .iter()
                .map(|column| object.get(*column).map_or_else(|| Some(String::new()), cell))
                .collect()
        };
        let rows = objects.iter().map(row).collect::<Option<_>>()?;
        Some(Self { columns, rows })
    }

    fn write(&self, depth: usize, words: &mut String) {
        let indent = "  ".repeat(depth);
        let labels: Vec<String> = self.columns.iter().map(|column| label(column)).collect();
        let _ = writeln!(words, "\n{indent}| {} |", labels.join(" | "));
        let _ = writeln!(words, "{indent}|{}", " --- |".repeat(labels.len()));
        for row in &self.rows {
            let _ = writeln!(words, "{indent}| {} |", row.join(" | "));
        }
        words.push('\n');
    }
}

/// What stands in a table's cell; nothing for what does not fit in one.
fn cell(value: &Value) -> Option<String> {
    let named = |object: &Map<String, Value>| {
        let name = |key: &String| match label(key) {
            same if same == *key => same,
            label => label.to_lowercase(),
        };
        let parts = object.iter().map(|(key, value)| Some(format!("{} {}", name(key), short(value)?)));
        Some(parts.collect::<Option<Vec<_>>>()?.join(", "))
    };
    let text = match value {
        Value::Array(elements) if elements.iter().any(Value::is_object) => {
            elements.iter().map(|element| named(element.as_object()?)).collect::<Option<Vec<_>>>()?.join("; ")
        }
        Value::Object(object) => named(object)?,
        other => short(other)?,
    };
    (text.chars().count() <= CELL_CHARS_MAX).then(|| text.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_become_lines_and_alike_ones_a_table() {
        let answer = json!({
            "totalCount": 3,
            "conditions": ["Asthma", "COPD"],
            "hasResults": false,
            "groups": [{"id": "OG000", "title": "A|B"}, {"id": "OG001", "counts": [{"groupId": "x", "NCT1": "1"}]}],
            "studies": [{"nctId": "NCT00000001", "briefTitle": "One", "text": "two\nlines"}],
            "place": {"city": "Boston", "NCT00000001": 5},
        });
        let expected = "\
- Total count: 3
- Conditions: Asthma; COPD
- Has results: no
- Groups:

  | Id | Title | Counts |
  | --- | --- | --- |
  | OG000 | A\\|B |  |
  | OG001 |  | group id x, NCT1 1 |

- Studies:
  - **NCT00000001**
    - Brief title: One
    - Text:
      two
      lines
- Place:
  - City: Boston
  - NCT00000001: 5
";
        assert_eq!(in_words(answer.as_object().unwrap()), expected);
    }
}

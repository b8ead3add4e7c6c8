//! From a call's arguments to a tool's input, by the tool's own input schema.
//!
//! The schema that tells models what to send decides here what is accepted, so the two cannot differ. What is clearly
//! meant is taken: a lone value for a list, a list or a number written as text, `Female` for `FEMALE`. What the schema
//! does not allow is refused by name, never ignored: an ignored filter gives a wrong answer that looks right.

use super::ToolError;
use rmcp::model::JsonObject;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Number, Value, json};
use std::borrow::Cow;

/// What the widely used server calls a parameter in some version, and what it is called here.
const OTHER_NAMES: [(&str, &str); 5] = [
    ("filter", "advancedFilter"),
    ("fieldName", "fields"),
    ("summaryOnly", "summary"),
    ("nctIds", "nctId"),
    ("nctId", "nctIds"),
];

/// Parameters that the widely used server has and this one does not, with what works instead.
const NOT_SERVED: [(&str, &str); 5] = [
    ("country", "put the country into `locationQuery`"),
    ("state", "put the state into `locationQuery`"),
    ("city", "put the city into `locationQuery`"),
    (
        "includeUnknownEnrollment",
        "leave it out: studies of unknown enrollment are only left out by a range of EnrollmentCount; add `OR \
         AREA[EnrollmentCount]MISSING` to it to keep them",
    ),
    ("postalCode", "leave it out, and give the city, or `lat` and `lon`"),
];

/// Reads `arguments` as `schema` says: a value of every parameter that was given and says something.
///
/// # Errors
///
/// [`ToolError`] names the parameter, what is wrong with it, and what it takes.
pub(super) fn check(schema: &JsonObject, arguments: JsonObject) -> Result<Value, ToolError> {
    object(schema, "", arguments)
}

/// Reads what `T` names from checked arguments; what other types read of them is passed over.
///
/// # Errors
///
/// None that the schema leaves room for.
pub(super) fn read<T: DeserializeOwned>(arguments: &Value) -> Result<T, ToolError> {
    serde_path_to_error::deserialize(arguments).map_err(|error| {
        let (path, cause) = (error.path().to_string(), error.into_inner());
        ToolError::new(format!("`{path}`: {cause}"), "see the tool's input schema for what it takes")
    })
}

fn object(schema: &JsonObject, path: &str, given: JsonObject) -> Result<Value, ToolError> {
    let none = JsonObject::new();
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let mut taken = JsonObject::new();
    for (given_name, value) in given {
        let Some(name) = known_as(&given_name, known) else { return Err(unknown(&at(&given_name), known)) };
        // A model that has nothing to say for a parameter often sends null, or a text with nothing in it.
        if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
            continue;
        }
        let value = meant(&known[name], &at(name), value)?;
        if taken.insert(name.to_owned(), value).is_some() {
            let problem = format!("`{}` is given twice, once as `{given_name}`", at(name));
            return Err(ToolError::new(problem, "give it once"));
        }
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !taken.contains_key(name) {
            let what = known[name]["description"].as_str().unwrap_or_default();
            return Err(ToolError::new(format!("`{}` is missing", at(name)), format!("give {what}")));
        }
    }
    Ok(Value::Object(taken))
}

fn known_as<'a>(given: &'a str, known: &'a JsonObject) -> Option<&'a str> {
    let other = || OTHER_NAMES.iter().filter(|(other, _)| *other == given).map(|(_, name)| *name);
    let other = || other().find(|name| known.contains_key(*name));
    // `cohort_id` is `cohortId`.
    let alike = || known.keys().map(String::as_str).find(|name| letters(name) == letters(given));
    known.contains_key(given).then_some(given).or_else(other).or_else(alike)
}

fn unknown(name: &str, known: &JsonObject) -> ToolError {
    let shown: String = name.chars().take(60).collect();
    let names = known.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let own_name = name.rsplit('.').next().unwrap_or_default();
    if let Some((_, instead)) = NOT_SERVED.iter().find(|(not_served, _)| *not_served == own_name) {
        return ToolError::new(format!("`{shown}` is not served, so nothing was done"), *instead);
    }
    let nearest = nearest(&shown, known.keys().map(String::as_str));
    let hint = match nearest {
        Some(near) => format!("did you mean `{near}`? There are {names}"),
        None => format!("there are {names}"),
    };
    ToolError::new(format!("there is no parameter `{shown}`, so nothing was done"), hint)
}

/// The name most like `text`, if one is much like it.
pub(super) fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.to_lowercase();
    let scored = names.map(|name| (strsim::jaro_winkler(&name.to_lowercase(), &text), name));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

/// `value` as `schema` means it.
fn meant(schema: &Value, path: &str, value: Value) -> Result<Value, ToolError> {
    let refused = |value: &Value| {
        let shown: String = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let shown: String = shown.chars().take(60).collect();
        ToolError::new(
            format!("`{path}`: `{shown}` is not {}", allowed(schema)),
            format!("give {}", allowed(schema)),
        )
    };
    match (kind(schema), value) {
        (Some("array"), value) => list(schema, path, listed(path, value)),
        (Some("string"), Value::Array(mut only)) if only.len() == 1 => meant(schema, path, only.remove(0)),
        (Some("object"), value) => match as_json(value) {
            Value::Object(given) => object(schema.as_object().unwrap_or(&JsonObject::new()), path, given),
            other => Err(refused(&other)),
        },
        (Some("integer"), value) => match as_json(value) {
            Value::Number(number) => match whole(&number) {
                Some(whole) => in_range(schema, path, whole),
                None => Err(refused(&Value::Number(number))),
            },
            other => Err(refused(&other)),
        },
        (Some("number"), value) => match as_json(value) {
            Value::Number(number) => in_range(schema, path, number),
            other => Err(refused(&other)),
        },
        (Some("boolean"), value) => match as_json(value) {
            Value::Bool(yes) => Ok(yes.into()),
            other => Err(refused(&other)),
        },
        (Some("string"), Value::String(text)) => match &schema["enum"] {
            Value::Array(values) => match values.iter().find(|value| same_letters(value, &text)) {
                Some(value) => Ok(value.clone()),
                None => Err(refused(&text.into())),
            },
            _ => not_too_long(schema, path, text),
        },
        (_, other) => Err(refused(&other)),
    }
}

/// The type that `schema` asks for; of one or several, several.
fn kind(schema: &Value) -> Option<&str> {
    let several = || schema["type"].as_array().and_then(|kinds| kinds.last()).and_then(Value::as_str);
    schema["type"].as_str().or_else(several)
}

/// What `schema` allows, in words.
fn allowed(schema: &Value) -> String {
    let list = |values: &[Value]| values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    match kind(schema) {
        Some("array") => format!("a list, each {}", allowed(&schema["items"])),
        Some("object") => {
            let names = schema["properties"].as_object().into_iter().flat_map(JsonObject::keys);
            format!("an object of {}", names.map(String::as_str).collect::<Vec<_>>().join(", "))
        }
        Some("boolean") => "true or false".to_owned(),
        Some("string") => match &schema["enum"] {
            Value::Array(values) => format!("one of {}", list(values)),
            _ => "a text".to_owned(),
        },
        kind => {
            let kind = if kind == Some("integer") { "a whole number" } else { "a number" };
            match (&schema["minimum"], &schema["maximum"]) {
                (Value::Number(least), Value::Number(most)) => format!("{kind} from {least} to {most}"),
                _ => kind.to_owned(),
            }
        }
    }
}

/// A text that holds a value other than a text, as that value.
fn as_json(value: Value) -> Value {
    match &value {
        Value::String(text) => serde_json::from_str(text.trim()).unwrap_or(value),
        _ => value,
    }
}

/// Lists of names, in which a comma can only stand between two of them.
const LISTS_OF_NAMES: [&str; 9] = [
    "nctIds",
    "nctId",
    "statusFilter",
    "phaseFilter",
    "fields",
    "groupBy",
    "sections",
    "analysisType",
    "cohortId",
];

/// A list, a list written as text, or a lone value, as a list.
fn listed(path: &str, value: Value) -> Vec<Value> {
    let is_list = value.as_str().is_some_and(|text| text.trim_start().starts_with('['));
    match if is_list { as_json(value) } else { value } {
        Value::Array(elements) => elements,
        Value::String(text) if LISTS_OF_NAMES.contains(&path) => {
            text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Value::from).collect()
        }
        other => vec![other],
    }
}

fn list(schema: &Value, path: &str, elements: Vec<Value>) -> Result<Value, ToolError> {
    if elements.is_empty() {
        let hint = "leave the parameter out to ask nothing of it";
        return Err(ToolError::new(format!("`{path}`: the list is empty"), hint));
    }
    let (least, most) = (schema["minItems"].as_u64().unwrap_or(1), schema["maxItems"].as_u64());
    if !(least..=most.unwrap_or(u64::MAX)).contains(&(elements.len() as u64)) {
        let hint =
            most.map_or_else(|| format!("give at least {least}"), |most| format!("give {least} to {most}"));
        return Err(ToolError::new(format!("`{path}`: {} were given", elements.len()), hint));
    }
    let items = &schema["items"];
    elements.into_iter().map(|element| meant(items, path, element)).collect()
}

/// A whole number as JSON Schema means it: `10` and `10.0` alike.
fn whole(number: &Number) -> Option<Number> {
    if number.is_f64() {
        let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e15)?;
        return Some((float as i64).into());
    }
    Some(number.clone())
}

fn in_range(schema: &Value, path: &str, number: Number) -> Result<Value, ToolError> {
    let value = number.as_f64().unwrap_or(f64::NAN);
    let least = schema["minimum"].as_f64().unwrap_or(f64::NEG_INFINITY);
    let most = schema["maximum"].as_f64().unwrap_or(f64::INFINITY);
    if (least..=most).contains(&value) {
        return Ok(number.into());
    }
    Err(ToolError::new(format!("`{path}` {number} is out of range"), format!("give {}", allowed(schema))))
}

fn not_too_long(schema: &Value, path: &str, text: String) -> Result<Value, ToolError> {
    match schema["maxLength"].as_u64() {
        Some(most) if text.chars().nth(most as usize).is_some() => {
            Err(ToolError::new(format!("`{path}` is too long"), format!("give at most {most} characters")))
        }
        _ => Ok(text.into()),
    }
}

/// The letters and digits of `text`, whatever its case and punctuation.
fn letters(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a value of a vocabulary has the letters and digits of `text`.
fn same_letters(value: &Value, text: &str) -> bool {
    value.as_str().is_some_and(|value| letters(value) == letters(text))
}

/// One of something or a list of at most `MAX`: models send either, a list arrives. Never empty, because a filter that
/// lets nothing through and one that lets everything through would look the same.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct UpTo<const MAX: u32, T = String>(Vec<T>);

impl<const MAX: u32, T> UpTo<MAX, T> {
    /// What was given, at least one.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

impl<const MAX: u32, T: JsonSchema> JsonSchema for UpTo<MAX, T> {
    fn schema_name() -> Cow<'static, str> {
        format!("UpTo{MAX}{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        let mut schema = json_schema!({"type": "array", "items": one, "maxItems": MAX});
        // Clients that check arguments let a lone text through; a lone word of a vocabulary is taken, too.
        if one.get("enum").is_none() {
            schema.insert("type".to_owned(), json!(["string", "array"]));
        }
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> JsonObject {
        let schema = json!({
            "properties": {
                "names": {"type": ["string", "array"], "items": {"type": "string", "maxLength": 3}, "maxItems": 2},
                "sex": {"type": "string", "enum": ["FEMALE", "NOT_SAID"]},
                "size": {"type": "integer", "minimum": 1, "maximum": 200},
                "lat": {"type": "number", "minimum": -90, "maximum": 90},
                "all": {"type": "boolean"},
                "place": {"type": "object", "properties": {"country": {"type": "string"}}, "required": ["country"]},
                "advancedFilter": {"type": "string"},
                "statusFilter": {"type": ["string", "array"], "items": {"type": "string"}},
            },
        });
        schema.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_clearly_meant_is_taken() {
        let cases = [
            (json!({"names": "a"}), json!({"names": ["a"]})),
            (json!({"names": r#"["a", "b"]"#}), json!({"names": ["a", "b"]})),
            (json!({"names": "[a"}), json!({"names": ["[a"]})),
            (json!({"sex": "female"}), json!({"sex": "FEMALE"})),
            (json!({"sex": "Not said"}), json!({"sex": "NOT_SAID"})),
            (json!({"size": "10"}), json!({"size": 10})),
            (json!({"size": 10.0}), json!({"size": 10})),
            (json!({"lat": " -1.5 "}), json!({"lat": -1.5})),
            (json!({"all": "true"}), json!({"all": true})),
            (json!({"place": r#"{"country": "Kenya"}"#}), json!({"place": {"country": "Kenya"}})),
            (json!({"filter": "x", "sex": null, "names": " "}), json!({"advancedFilter": "x"})),
            (
                json!({"statusFilter": "recruiting, completed"}),
                json!({"statusFilter": ["recruiting", "completed"]}),
            ),
            (json!({"names": "a,b"}), json!({"names": ["a,b"]})),
            (json!({"advanced_filter": ["x"]}), json!({"advancedFilter": "x"})),
        ];
        for (given, expected) in cases {
            let taken = check(&schema(), given.as_object().unwrap().clone());
            assert_eq!(taken, Ok(expected), "{given}");
        }
    }

    #[test]
    fn what_the_schema_does_not_allow_is_refused_by_name() {
        let cases = [
            (json!({"names": []}), "`names`: the list is empty"),
            (json!({"names": ["a", "b", "c"]}), "`names`: 3 were given"),
            (json!({"names": ["abcd"]}), "`names` is too long"),
            (json!({"names": [1]}), "`names`: `1` is not a text"),
            (json!({"sex": "other"}), "`sex`: `other` is not one of FEMALE, NOT_SAID"),
            (json!({"size": 0}), "`size` 0 is out of range"),
            (json!({"size": 2.5}), "`size`: `2.5` is not a whole number from 1 to 200"),
            (json!({"size": "ten"}), "`size`: `ten` is not a whole number from 1 to 200"),
            (json!({"lat": 90.1}), "`lat` 90.1 is out of range"),
            (json!({"all": "yes"}), "`all`: `yes` is not true or false"),
            (json!({"place": {}}), "`place.country` is missing"),
            (json!({"place": {"contry": "x"}}), "there is no parameter `place.contry`, so nothing was done"),
            (json!({"place": "Kenya"}), "`place`: `Kenya` is not an object of country"),
            (
                json!({"filter": "a", "advancedFilter": "b"}),
                "`advancedFilter` is given twice, once as `advancedFilter`",
            ),
        ];
        for (given, problem) in cases {
            let error = check(&schema(), given.as_object().unwrap().clone()).expect_err(problem);
            assert_eq!(error.problem, problem, "{given}");
        }
    }
}

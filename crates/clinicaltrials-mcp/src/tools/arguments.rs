//! From a call's arguments to a tool's input: unknown names refused, wrong types named.

use super::ToolError;
use rmcp::model::JsonObject;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};
use serde_json::Value;
use std::{borrow::Cow, fmt};

/// Parameters that the widely used server has, in any of its versions, and this one does not serve yet, with what works
/// instead.
const NOT_SERVED: [(&str, &str); 14] = [
    ("advancedFilter", "use conditionQuery, interventionQuery, statusFilter and phaseFilter"),
    ("geoFilter", "put the city or country into `query`: it searches the sites' places too"),
    ("locationQuery", "put the city or country into `query`: it searches the sites' places too"),
    ("country", "put the country into `query`: it searches the sites' places too"),
    ("state", "put the state into `query`: it searches the sites' places too"),
    ("city", "put the city into `query`: it searches the sites' places too"),
    ("filter", "use conditionQuery, interventionQuery, statusFilter and phaseFilter"),
    ("outcomeQuery", "put the outcome's words into `query`: it searches outcome measures too"),
    (
        "fields",
        "leave it out: search gives the usual facts, clinicaltrials_get_study_record the whole record",
    ),
    ("includeUnknownEnrollment", "leave it out: studies of unknown enrollment are never left out"),
    ("locationLimit", "leave it out: the whole record is returned"),
    ("outcomeLimit", "leave it out: the whole record is returned"),
    ("referenceLimit", "leave it out: the whole record is returned"),
    ("nearLocation", "leave it out: the whole record is returned, with every site and its coordinates"),
];

/// Refuses parameters that the tool with this input schema does not have, and drops those that say nothing.
///
/// # Errors
///
/// [`ToolError`] names the parameter and what works instead.
pub(super) fn check(input_schema: &JsonObject, arguments: JsonObject) -> Result<Value, ToolError> {
    let known = input_schema.get("properties").and_then(Value::as_object);
    let is_known = |name: &String| known.is_some_and(|known| known.contains_key(name));
    if let Some(name) = arguments.keys().find(|name| !is_known(name)) {
        let known: Vec<_> = known.into_iter().flat_map(|known| known.keys().map(String::as_str)).collect();
        return Err(unknown_parameter(name, &known));
    }
    // A model that has nothing to say for a parameter often sends null for it.
    Ok(Value::Object(arguments.into_iter().filter(|(_, value)| !value.is_null()).collect()))
}

/// Reads what `T` names from checked arguments; what other types read of them is passed over.
///
/// # Errors
///
/// [`ToolError`] names the parameter whose value has the wrong type.
pub(super) fn read<'a, T: Deserialize<'a>>(arguments: &'a Value) -> Result<T, ToolError> {
    serde_path_to_error::deserialize(arguments).map_err(|error| {
        let (path, cause) = (error.path().to_string(), error.into_inner().to_string());
        let problem = if path == "." { cause } else { format!("`{path}`: {cause}") };
        ToolError::new(problem, "see the tool's input schema for the type each parameter has")
    })
}

fn unknown_parameter(name: &str, known: &[&str]) -> ToolError {
    let shown: String = name.chars().take(60).collect();
    if let Some((_, instead)) = NOT_SERVED.iter().find(|(not_served, _)| *not_served == name) {
        return ToolError::new(format!("`{shown}` is not served yet, so nothing was searched"), *instead);
    }
    let nearest = known
        .iter()
        .max_by(|a, b| strsim::jaro_winkler(a, &shown).total_cmp(&strsim::jaro_winkler(b, &shown)));
    let hint = match nearest.filter(|near| strsim::jaro_winkler(near, &shown) > 0.8) {
        Some(near) => format!("did you mean `{near}`? This tool takes {}", known.join(", ")),
        None => format!("this tool takes {}", known.join(", ")),
    };
    ToolError::new(format!("there is no parameter `{shown}`, so nothing was done"), hint)
}

/// Most values in one list.
const VALUES_MAX: usize = 1_000;

/// One text, or a list of them: models send either. Never empty, because a filter that lets nothing through and one
/// that lets everything through would look the same.
#[derive(Clone, Debug)]
pub(super) struct Texts(Vec<String>);

impl Texts {
    /// The texts given, at least one.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextsVisitor)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
        Ok(Texts(vec![text.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Texts, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = elements.next_element()? {
            if texts.len() == VALUES_MAX {
                return Err(de::Error::custom(format_args!("give at most {VALUES_MAX}")));
            }
            texts.push(text);
        }
        if texts.is_empty() {
            return Err(de::Error::custom("the list is empty; leave the parameter out to ask nothing of it"));
        }
        Ok(Texts(texts))
    }
}

impl JsonSchema for Texts {
    fn schema_name() -> Cow<'static, str> {
        "Texts".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": VALUES_MAX},
        ]})
    }
}

/// A whole number as JSON Schema means it: `10` and `10.0` alike.
pub(super) fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    struct WholeNumber;

    impl Visitor<'_> for WholeNumber {
        type Value = u16;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number from 0 to 65535")
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<u16, E> {
            number.try_into().map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<u16, E> {
            if number.fract() == 0.0 && (0.0..=65_535.0).contains(&number) {
                return Ok(number as u16);
            }
            Err(E::invalid_value(de::Unexpected::Float(number), &self))
        }
    }

    deserializer.deserialize_any(WholeNumber).map(Some)
}

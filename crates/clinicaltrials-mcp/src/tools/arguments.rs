//! From a call's arguments to a tool's input: unknown names refused, wrong types named.

use super::ToolError;
use rmcp::{
    model::JsonObject,
    schemars::{JsonSchema, Schema, SchemaGenerator, json_schema},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::borrow::Cow;

/// Parameters that the widely used server has and this one does not serve yet, with what works instead.
const NOT_SERVED: [(&str, &str); 10] = [
    ("advancedFilter", "use conditionQuery, interventionQuery, statusFilter and phaseFilter"),
    ("geoFilter", "put the city or country into `query`: it searches the sites' places too"),
    ("locationQuery", "put the city or country into `query`: it searches the sites' places too"),
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
pub(super) fn check(input_schema: &JsonObject, arguments: JsonObject) -> Result<JsonObject, ToolError> {
    let known = input_schema.get("properties").and_then(Value::as_object);
    let is_known = |name: &String| known.is_some_and(|known| known.contains_key(name));
    if let Some(name) = arguments.keys().find(|name| !is_known(name)) {
        let known: Vec<_> = known.into_iter().flat_map(|known| known.keys().map(String::as_str)).collect();
        return Err(unknown_parameter(name, &known));
    }
    // A model that has nothing to say for a parameter often sends null for it.
    Ok(arguments.into_iter().filter(|(_, value)| !value.is_null()).collect())
}

/// Reads a tool's input from checked arguments.
///
/// # Errors
///
/// [`ToolError`] names the parameter whose value has the wrong type.
pub(super) fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, ToolError> {
    serde_path_to_error::deserialize(Value::Object(arguments)).map_err(|error| {
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

/// One value, or a list of them: models send either.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    /// The values given.
    pub(super) fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl JsonSchema for OneOrMany {
    fn schema_name() -> Cow<'static, str> {
        "OneOrMany".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "maxItems": 1000}]})
    }
}

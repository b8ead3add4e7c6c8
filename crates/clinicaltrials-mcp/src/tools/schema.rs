//! The schemas that tools are announced with: what the Rust types say, without what tells a model nothing.
//!
//! All definitions together are in every conversation, so they are kept small: no `null` beside what can be left out,
//! no formats and titles, and of answers no descriptions and defaults, because they come with names that speak.

use rmcp::model::JsonObject;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

/// An answer and which data it is from.
#[derive(JsonSchema)]
struct Dated<T> {
    #[schemars(flatten)]
    _output: T,
    #[schemars(rename = "data")]
    _data: AnyData,
}

/// Of [`DataVersionView`](crate::render::DataVersionView), what every answer has.
#[derive(JsonSchema)]
struct AnyData {
    #[schemars(rename = "version")]
    _version: String,
    #[schemars(rename = "source")]
    _source: String,
}

/// What a tool takes. Nothing else is taken.
pub(super) fn of_input<T: JsonSchema>() -> JsonObject {
    let mut schema = slim::<T>(SchemaSettings::draft2020_12(), true);
    schema.remove("description");
    schema.entry("properties").or_insert_with(|| Value::Object(JsonObject::new()));
    schema.insert("additionalProperties".into(), false.into());
    schema
}

/// What a tool answers, and which data it is from.
pub(super) fn of_output<T: JsonSchema>() -> JsonObject {
    slim::<Dated<T>>(SchemaSettings::draft2020_12().for_serialize(), false)
}

fn slim<T: JsonSchema>(settings: SchemaSettings, described: bool) -> JsonObject {
    let settings = settings.with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    make_slim(&mut schema, described);
    match schema {
        Value::Object(schema) => schema,
        _ => JsonObject::new(),
    }
}

fn make_slim(schema: &mut Value, described: bool) {
    let Value::Object(schema) = schema else { return };
    if schema.remove("format").is_some_and(|format| format.as_str().is_some_and(|it| it.starts_with("uint")))
    {
        schema.retain(|key, value| key != "minimum" || value != 0);
    }
    schema.retain(|key, value| match key.as_str() {
        "$schema" | "title" => false,
        "default" => described && !value.is_null(),
        "description" => described,
        _ => true,
    });
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [kind] = types.as_slice() {
            let kind = kind.clone();
            schema.insert("type".into(), kind);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(mut options)) = schema.remove("anyOf") {
        options.retain(|option| option["type"] != "null");
        match options.as_mut_slice() {
            [Value::Object(only)] => schema.extend(std::mem::take(only)),
            _ => _ = schema.insert("anyOf".into(), options.into()),
        }
    }
    for (key, value) in schema.iter_mut() {
        match (key.as_str(), value) {
            ("properties", Value::Object(schemas)) => {
                schemas.values_mut().for_each(|schema| make_slim(schema, described));
            }
            ("anyOf" | "oneOf" | "allOf", Value::Array(schemas)) => {
                schemas.iter_mut().for_each(|schema| make_slim(schema, described));
            }
            ("items" | "additionalProperties", schema) => make_slim(schema, described),
            _ => {}
        }
    }
}

//! The resources: two that are listed, and a template.

use rmcp::{
    ErrorData,
    model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate},
};
use serde_json::json;

/// A PNG of one red pixel.
pub(crate) const IMAGE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC";
/// A WAV file without a sample.
pub(crate) const AUDIO: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

const TEXT_URI: &str = "test://static-text";
const BINARY_URI: &str = "test://static-binary";
/// What stands before and after the id in the template.
const TEMPLATE: (&str, &str) = ("test://template/", "/data");

/// What is listed.
pub(crate) fn list() -> Vec<Resource> {
    vec![
        Resource::new(TEXT_URI, "A text").with_mime_type("text/plain"),
        Resource::new(BINARY_URI, "An image").with_mime_type("image/png"),
    ]
}

/// The template.
pub(crate) fn templates() -> Vec<ResourceTemplate> {
    let (before, after) = TEMPLATE;
    vec![
        ResourceTemplate::new(format!("{before}{{id}}{after}"), "What belongs to an id")
            .with_mime_type("application/json"),
    ]
}

/// Reads a resource.
pub(crate) fn read(uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let id = uri.strip_prefix(TEMPLATE.0).and_then(|rest| rest.strip_suffix(TEMPLATE.1));
    let contents = match (uri, id) {
        (TEXT_URI, _) => ResourceContents::text("This is the content of the static text resource.", uri),
        (BINARY_URI, _) => ResourceContents::blob(IMAGE, uri).with_mime_type("image/png"),
        (_, Some(id)) => {
            let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
            ResourceContents::text(data.to_string(), uri).with_mime_type("application/json")
        }
        _ => {
            return Err(ErrorData::resource_not_found(
                "there is no such resource",
                Some(json!({"uri": uri})),
            ));
        }
    };
    Ok(ReadResourceResult::new(vec![contents]))
}

//! The tools: what each takes, and what it answers.
//!
//! The suite's tools that ask a client of the revisions with sessions for a sample or an elicitation are not here:
//! that takes a request from the server to the client, which this stack does not make.

#![expect(deprecated, reason = "the suite tests logging, which the newest revision deprecates")]

use crate::{
    handler::{Changed, Fixtures},
    input,
    resources::{AUDIO, IMAGE},
};
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResult, ClientCapabilities, ContentBlock, JsonObject, LoggingLevel,
        ProgressNotificationParam, ResourceContents, Tool, object,
    },
    service::RequestContext,
};
use serde_json::json;
use std::time::Duration;

/// The tools that ask nothing back: name, what it is for.
const TOOLS: [(&str, &str); 14] = [
    ("test_simple_text", "Answers with a text"),
    ("test_image_content", "Answers with an image"),
    ("test_audio_content", "Answers with a sound"),
    ("test_embedded_resource", "Answers with a resource"),
    ("test_multiple_content_types", "Answers with a text, an image and a resource"),
    ("test_error_handling", "Fails"),
    ("test_tool_with_logging", "Logs three messages while it runs"),
    ("test_tool_with_progress", "Says three times how far it is"),
    ("test_custom_header", "Takes a value that stands in a header, too"),
    ("test_missing_capability", "Needs a client that can sample"),
    ("test_logging_tool", "Logs a message, if it is asked to"),
    ("test_trigger_tool_change", "Says that the tools have changed"),
    ("test_trigger_prompt_change", "Says that the prompts have changed"),
    ("json_schema_2020_12_tool", "Describes its input with what JSON Schema 2020-12 has"),
];

/// How long a call waits between two things that it reports.
const PAUSE: Duration = Duration::from_millis(50);

/// Every tool's definition.
pub(crate) fn definitions() -> Vec<Tool> {
    let asking = input::tool_names().map(|name| (name, "Asks its caller before it answers"));
    TOOLS
        .into_iter()
        .chain(asking)
        .map(|(name, description)| Tool::new(name, description, input_schema(name)))
        .collect()
}

fn input_schema(name: &str) -> JsonObject {
    object(match name {
        "test_custom_header" => json!({
            "type": "object",
            "properties": {"value": {"type": "string", "x-mcp-header": "Value"}},
            "required": ["value"],
        }),
        "json_schema_2020_12_tool" => json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "$defs": {"address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            }},
            "properties": {
                "name": {"type": "string"},
                "address": {"$ref": "#/$defs/address"},
                "contactMethod": {"type": "string", "enum": ["phone", "email"]},
                "phone": {"type": "string"},
                "email": {"type": "string"},
            },
            "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
            "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
            "then": {"required": ["phone"]},
            "else": {"required": ["email"]},
            "additionalProperties": false,
        }),
        _ => json!({"type": "object", "additionalProperties": false}),
    })
}

/// An answer that is one text.
pub(crate) fn text(text: impl Into<String>) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}

/// Calls a tool that asks nothing back.
pub(crate) async fn call(
    fixtures: &Fixtures,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResult, ErrorData> {
    let image = || ContentBlock::image(IMAGE, "image/png");
    Ok(match &*request.name {
        "test_simple_text" => text("This is a simple text response for testing."),
        "test_image_content" => CallToolResult::success(vec![image()]),
        "test_audio_content" => CallToolResult::success(vec![ContentBlock::audio(AUDIO, "audio/wav")]),
        "test_embedded_resource" => {
            let resource =
                ResourceContents::text("This is an embedded resource.", "test://embedded-resource");
            CallToolResult::success(vec![ContentBlock::resource(resource)])
        }
        "test_multiple_content_types" => {
            let data = json!({"test": "data", "value": 123}).to_string();
            let resource = ResourceContents::text(data, "test://mixed-content-resource");
            let resource = ContentBlock::resource(resource.with_mime_type("application/json"));
            let text = ContentBlock::text("Multiple content types test:");
            CallToolResult::success(vec![text, image(), resource])
        }
        "test_error_handling" => {
            let why = "This tool intentionally returns an error for testing";
            CallToolResult::error(vec![ContentBlock::text(why)])
        }
        "test_tool_with_logging" => {
            for message in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
                fixtures.log(context, LoggingLevel::Info, message).await;
                tokio::time::sleep(PAUSE).await;
            }
            text("Three messages were logged.")
        }
        "test_tool_with_progress" => {
            for done in [0.0, 50.0, 100.0] {
                if let Some(token) = context.meta.get_progress_token() {
                    let progress = ProgressNotificationParam::new(token, done).with_total(100.0);
                    // A client that is gone misses nothing.
                    let _ = context.peer.notify_progress(progress).await;
                }
                tokio::time::sleep(PAUSE).await;
            }
            text("It is done.")
        }
        "test_custom_header" => {
            let value = request.arguments.as_ref().and_then(|arguments| arguments.get("value")?.as_str());
            text(value.ok_or_else(|| ErrorData::invalid_params("`value` is missing or no text", None))?)
        }
        "test_missing_capability" => {
            if context.meta.client_capabilities().is_none_or(|can| can.sampling.is_none()) {
                let needed = ClientCapabilities::builder().enable_sampling().build();
                return Err(ErrorData::missing_required_client_capability(needed));
            }
            text("The client can sample.")
        }
        "test_logging_tool" => {
            fixtures.log(context, LoggingLevel::Info, "This was asked for").await;
            text("A message was logged to whoever asked for it.")
        }
        "test_trigger_tool_change" => {
            fixtures.change(Changed::Tools);
            text("The tools have changed.")
        }
        "test_trigger_prompt_change" => {
            fixtures.change(Changed::Prompts);
            text("The prompts have changed.")
        }
        "json_schema_2020_12_tool" => text("Its input is what matters."),
        other => {
            let shown: String = other.chars().take(60).collect();
            return Err(ErrorData::invalid_params(format!("there is no tool `{shown}`"), None));
        }
    })
}

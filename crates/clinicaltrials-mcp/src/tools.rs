//! The tools: their definitions, how arguments are read, and what an answer looks like on the wire.
//!
//! Arguments are strict in what they mean: a name that is not a parameter is refused with the one that works,
//! never ignored, because an ignored filter gives a wrong answer that looks right.

mod arguments;
mod criteria;
mod get_study_count;
mod get_study_record;
mod search_studies;

use crate::{
    engine::{CallControl, Engine},
    failure::protocol_error,
};
use ctgov::RegistryError;
use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock, JsonObject, Tool, ToolAnnotations},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// Every tool, defined once.
pub struct Catalogue {
    tools: Vec<(Which, Tool)>,
    page_size_max: u16,
}

/// Which tool a definition is of.
#[derive(Clone, Copy)]
enum Which {
    SearchStudies,
    GetStudyCount,
    GetStudyRecord,
}

/// Why a tool could not do what was asked. The caller, often a model, reads both sentences.
#[derive(Debug, PartialEq, Eq)]
pub struct ToolError {
    /// What is wrong.
    problem: String,
    /// What to do instead.
    hint: String,
}

/// What a tool answers: the same facts as text and as a value that conforms to its output schema.
pub struct Answer {
    text: Vec<String>,
    structured: serde_json::Value,
}

/// Why a call has no answer.
pub enum Failure {
    /// The caller can mend it: an error result, which models read.
    Tool(ToolError),
    /// The caller cannot: a JSON-RPC error.
    Protocol(ErrorData),
}

impl Catalogue {
    /// The tools, with at most `page_size_max` studies on a page.
    pub fn new(page_size_max: u16) -> Self {
        let tools = vec![
            (Which::GetStudyCount, get_study_count::definition()),
            (Which::GetStudyRecord, get_study_record::definition()),
            (Which::SearchStudies, search_studies::definition(page_size_max)),
        ];
        Self { tools, page_size_max }
    }

    /// Every definition, by name.
    pub fn definitions(&self) -> Vec<Tool> {
        self.tools.iter().map(|(_, tool)| tool.clone()).collect()
    }

    /// The definition of one tool.
    pub fn definition(&self, name: &str) -> Option<Tool> {
        self.find(name).map(|(_, tool)| tool.clone())
    }

    fn find(&self, name: &str) -> Option<&(Which, Tool)> {
        self.tools.iter().find(|(_, tool)| tool.name == name)
    }

    /// Calls the tool called `name`.
    ///
    /// # Errors
    ///
    /// Invalid parameters for a tool that does not exist, an internal error when the data cannot be read.
    pub async fn call(
        &self,
        engine: &Engine,
        name: &str,
        arguments: JsonObject,
        control: CallControl,
    ) -> Result<CallToolResult, ErrorData> {
        let Some((which, tool)) = self.find(name) else {
            let shown: String = name.chars().take(60).collect();
            let names: Vec<_> = self.tools.iter().map(|(_, tool)| tool.name.as_ref()).collect();
            let message = format!("there is no tool `{shown}`; there are {}", names.join(", "));
            return Err(ErrorData::invalid_params(message, None));
        };
        let answer = match (arguments::check(&tool.input_schema, arguments), which) {
            (Err(error), _) => Err(error.into()),
            (Ok(arguments), Which::SearchStudies) => {
                search_studies::call(engine, &arguments, self.page_size_max, control).await
            }
            (Ok(arguments), Which::GetStudyRecord) => {
                get_study_record::call(engine, &arguments, control).await
            }
            (Ok(arguments), Which::GetStudyCount) => get_study_count::call(engine, &arguments, control).await,
        };
        match answer {
            Ok(answer) => {
                let mut result =
                    CallToolResult::success(answer.text.into_iter().map(ContentBlock::text).collect());
                result.structured_content = Some(answer.structured);
                Ok(result)
            }
            Err(Failure::Tool(ToolError { problem, hint })) => {
                Ok(CallToolResult::error(vec![ContentBlock::text(format!("{problem}\nHint: {hint}"))]))
            }
            Err(Failure::Protocol(error)) => Err(error),
        }
    }
}

impl ToolError {
    fn new(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { problem: problem.into(), hint: hint.into() }
    }
}

impl From<ToolError> for Failure {
    fn from(error: ToolError) -> Self {
        Self::Tool(error)
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::ForeignPageToken
            | RegistryError::ExpiredPageToken
            | RegistryError::OtherSourcePageToken => Self::Tool(ToolError::new(
                error.to_string(),
                "repeat the first call and follow its nextPageToken",
            )),
            RegistryError::Query(_) | RegistryError::Unsupported { .. } => Self::Tool(ToolError::new(
                error.to_string(),
                "ask it in another way; the error says what works",
            )),
            RegistryError::Refused { .. } => Self::Tool(ToolError::new(
                error.to_string(),
                "ask it in another way; what stands after the colon are ClinicalTrials.gov's words",
            )),
            RegistryError::Remote { problem, advice, .. } => Self::Tool(ToolError::new(problem, advice)),
            RegistryError::DeadlineExceeded { .. } => Self::Tool(ToolError::new(
                error.to_string(),
                "use rarer words or add a statusFilter or phaseFilter",
            )),
            other => Self::Protocol(protocol_error(&other)),
        }
    }
}

impl Answer {
    fn new(text: Vec<String>, structured: &impl Serialize) -> Result<Self, Failure> {
        let structured = serde_json::to_value(structured)
            .map_err(|error| Failure::Protocol(ErrorData::internal_error(error.to_string(), None)))?;
        Ok(Self { text, structured })
    }
}

/// A tool that only reads, and always reads the same from the same data.
fn reading_tool<Input: JsonSchema + 'static, Output: JsonSchema + 'static>(
    name: &'static str,
    title: &'static str,
    description: String,
) -> Tool {
    let annotations = ToolAnnotations::with_title(title)
        .read_only(true)
        .destructive(false)
        .idempotent(true)
        .open_world(false);
    let mut tool = Tool::new(name, description, JsonObject::default())
        .with_title(title)
        .with_input_schema::<Input>()
        .with_output_schema::<Output>()
        .with_annotations(annotations);
    Arc::make_mut(&mut tool.input_schema).insert("additionalProperties".into(), false.into());
    tool
}

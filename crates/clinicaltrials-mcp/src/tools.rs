//! The tools: their definitions, and what an answer looks like on the wire.
//!
//! ```text
//! arguments ─check─▶ Input ─▶ question to a snapshot ─▶ Output ─┬▶ structured content
//!                                                               └▶ the same in words
//! ```

mod analyze_trends;
mod arguments;
mod breakdown;
mod cohorts;
mod compare_studies;
mod criteria;
pub(crate) mod fields;
mod find_eligible;
mod get_field_definitions;
mod get_field_values;
mod get_study_count;
pub(crate) mod get_study_record;
mod get_study_results;
mod limits;
mod schema;
mod search_studies;
pub(crate) mod studies;

use crate::{
    cohorts::OwnCohorts,
    engine::{CallControl, Engine},
    failure::protocol_error,
    render::{DataVersionView, in_words},
};
use ctgov::{Budget, RegistryError, Snapshot, essie::EssieError};
use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock, JsonObject, Tool, ToolAnnotations},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::{fmt, sync::Arc};

/// Every tool, defined once.
pub struct Catalogue {
    tools: Vec<(Which, Tool)>,
}

/// Which tool a definition is of.
#[derive(Clone, Copy)]
enum Which {
    AnalyzeTrends,
    CompareStudies,
    CreateCohort,
    DeleteCohort,
    FindEligible,
    GetFieldDefinitions,
    GetFieldValues,
    GetStudyCount,
    GetStudyRecord,
    GetStudyResults,
    ListCohorts,
    SearchStudies,
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
    structured: Value,
}

/// Why a call has no answer.
pub enum Failure {
    /// The caller can mend it: an error result, which models read.
    Tool(ToolError),
    /// The caller cannot: a JSON-RPC error.
    Protocol(ErrorData),
}

impl Catalogue {
    /// The tools, with at most `page_size_max` studies on a page, and cohorts that are kept for so long.
    pub fn new(page_size_max: u16, cohorts_kept: &str) -> Self {
        let tools = vec![
            (Which::AnalyzeTrends, analyze_trends::definition()),
            (Which::CompareStudies, compare_studies::definition()),
            (Which::CreateCohort, cohorts::create_definition(cohorts_kept)),
            (Which::DeleteCohort, cohorts::delete_definition()),
            (Which::FindEligible, find_eligible::definition()),
            (Which::GetFieldDefinitions, get_field_definitions::definition()),
            (Which::GetFieldValues, get_field_values::definition()),
            (Which::GetStudyCount, get_study_count::definition()),
            (Which::GetStudyRecord, get_study_record::definition()),
            (Which::GetStudyResults, get_study_results::definition()),
            (Which::ListCohorts, cohorts::list_definition()),
            (Which::SearchStudies, search_studies::definition(page_size_max)),
        ];
        Self { tools }
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
        own: &OwnCohorts,
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
        let answer = match arguments::check(&tool.input_schema, arguments) {
            Ok(arguments) => which.call(engine, own, &arguments, control).await,
            Err(error) => Err(error.into()),
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

impl Which {
    async fn call(
        self,
        engine: &Engine,
        own: &OwnCohorts,
        arguments: &Value,
        control: CallControl,
    ) -> Result<Answer, Failure> {
        match self {
            Self::AnalyzeTrends => analyze_trends::call(engine, own, arguments, control).await,
            Self::CompareStudies => compare_studies::call(engine, own, arguments, control).await,
            Self::CreateCohort => cohorts::create(engine, own, arguments, control).await,
            Self::DeleteCohort => cohorts::delete(engine, own, arguments, control).await,
            Self::FindEligible => find_eligible::call(engine, arguments, control).await,
            Self::GetFieldDefinitions => get_field_definitions::call(engine, arguments, control).await,
            Self::GetFieldValues => get_field_values::call(engine, own, arguments, control).await,
            Self::GetStudyCount => get_study_count::call(engine, own, arguments, control).await,
            Self::GetStudyRecord => get_study_record::call(engine, arguments, control).await,
            Self::GetStudyResults => get_study_results::call(engine, arguments, control).await,
            Self::ListCohorts => cohorts::list(engine, own, arguments, control).await,
            Self::SearchStudies => search_studies::call(engine, own, arguments, control).await,
        }
    }
}

impl ToolError {
    fn new(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { problem: problem.into(), hint: hint.into() }
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.problem, self.hint)
    }
}

impl From<ToolError> for Failure {
    fn from(error: ToolError) -> Self {
        Self::Tool(error)
    }
}

impl From<EssieError> for Failure {
    fn from(error: EssieError) -> Self {
        RegistryError::from(error).into()
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        let hint = match error {
            RegistryError::ForeignPageToken
            | RegistryError::ExpiredPageToken
            | RegistryError::OtherSourcePageToken => "repeat the first call and follow its nextPageToken",
            RegistryError::Query(_) => "ask it in another way; the error says what works",
            RegistryError::Unsupported { .. } => {
                "ask for something else: this is about what was asked, or about where this server's data comes from, \
                 and repeating the call will not help"
            }
            RegistryError::Refused { .. } => {
                "ask it in another way; what stands after the colon are ClinicalTrials.gov's words"
            }
            RegistryError::Remote { problem, advice, .. } => {
                return Self::Tool(ToolError::new(problem, advice));
            }
            RegistryError::DeadlineExceeded { .. } => "use rarer words or add a statusFilter or phaseFilter",
            other => return Self::Protocol(protocol_error(&other)),
        };
        Self::Tool(ToolError::new(error.to_string(), hint))
    }
}

impl Answer {
    /// The answer that starts with `headline`, a sentence or two, and says `output`, which comes from `snapshot`.
    fn new(headline: &str, output: &impl Serialize, snapshot: &dyn Snapshot) -> Result<Self, Failure> {
        Self::dated(headline, output, &DataVersionView::from(snapshot.data_version()))
    }

    /// [`new`](Self::new) where the data is known and no longer at hand.
    fn dated(headline: &str, output: &impl Serialize, data: &DataVersionView) -> Result<Self, Failure> {
        let failed =
            |error: serde_json::Error| Failure::Protocol(ErrorData::internal_error(error.to_string(), None));
        let mut structured = serde_json::to_value(output).map_err(failed)?;
        let body = structured.as_object().map(in_words).unwrap_or_default();
        let text = format!("{headline}\n({})\n\n{body}", data.in_words());
        structured["data"] = serde_json::to_value(data).map_err(failed)?;
        Ok(Self { text: vec![text], structured })
    }
}

/// A question whose answer is put into words where it was found, off the async threads: it can be large.
fn answering(
    question: impl FnOnce(&dyn Snapshot, &Budget) -> Result<Answer, Failure> + Send + 'static,
) -> impl FnOnce(&dyn Snapshot, &Budget) -> Result<Result<Answer, Failure>, RegistryError> + Send + 'static {
    move |snapshot, budget| Ok(question(snapshot, budget))
}

/// A tool that only reads, which says as well that it destroys nothing and may be called again.
fn reading_tool<Input: JsonSchema + 'static, Output: JsonSchema + 'static>(
    name: &'static str,
    title: &'static str,
    description: impl Into<String>,
) -> Tool {
    let annotations = ToolAnnotations::new().read_only(true).open_world(false);
    tool::<Input, Output>(name, title, description, annotations)
}

/// A tool that changes what its caller keeps here; one that destroys does so once, however often it is called.
fn acting_tool<Input: JsonSchema + 'static, Output: JsonSchema + 'static>(
    name: &'static str,
    title: &'static str,
    description: impl Into<String>,
    destroys: bool,
) -> Tool {
    let annotations = ToolAnnotations::new().read_only(false).destructive(destroys).idempotent(destroys);
    tool::<Input, Output>(name, title, description, annotations.open_world(false))
}

fn tool<Input: JsonSchema + 'static, Output: JsonSchema + 'static>(
    name: &'static str,
    title: &'static str,
    description: impl Into<String>,
    annotations: ToolAnnotations,
) -> Tool {
    Tool::new(name, description.into(), Arc::new(schema::of_input::<Input>()))
        .with_title(title)
        .with_raw_output_schema(Arc::new(schema::of_output::<Output>()))
        .with_annotations(annotations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_source_cannot_do_is_told_to_the_caller_and_what_is_broken_is_not() {
        let told = |error: RegistryError| match Failure::from(error) {
            Failure::Tool(error) => Some(error.to_string()),
            Failure::Protocol(_) => None,
        };
        let why = "the live source has no tables".to_owned();
        let unsupported = told(RegistryError::Unsupported { operation: "counting values", why }).unwrap();
        assert!(unsupported.starts_with("counting values is not possible: the live source has no tables; "));
        assert!(unsupported.contains("repeating the call will not help"), "{unsupported}");
        let late = told(RegistryError::DeadlineExceeded { costly: Some("a range".to_owned()) }).unwrap();
        assert!(late.contains("took too long at a range"), "{late}");
        assert_eq!(told(RegistryError::Busy), None);
        assert_eq!(told(RegistryError::Unavailable("no disk".into())), None);
    }
}

//! `clinicaltrials_create_cohort`, `…_list_cohorts` and `…_delete_cohort`: studies that a caller goes on with, by a handle.

use super::{
    Answer, Failure, ToolError, acting_tool,
    arguments::{self, UpTo},
    criteria::{Criteria, ExpandedTerm, NOTHING, described_by_search, expanded_of},
    reading_tool,
};
use crate::{
    cohorts::{Cohort, CohortError, Kept, OwnCohorts, spelled},
    engine::{CallControl, Engine},
    render::{DataVersionView, counted},
};
use ctgov::{Matching, essie::Expr};
use mcp_sessions::store::Cap;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const CREATE: &str = "clinicaltrials_create_cohort";
pub(super) const LIST: &str = "clinicaltrials_list_cohorts";
pub(super) const DELETE: &str = "clinicaltrials_delete_cohort";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NewCohort {
    /// What to call it
    #[schemars(length(max = 100))]
    name: Option<String>,
    /// A cohort to start from
    #[schemars(length(max = 64))]
    from_cohort_id: Option<String>,
    /// Keep of it only what meets the criteria (default), or only what does not, or add what does
    combine: Option<Combine>,
    #[serde(flatten)]
    criteria: Criteria,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Combine {
    Intersect,
    Subtract,
    Add,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Created {
    cohort_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    total_count: u64,
    expression: String,
    kept_for: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expanded: Vec<ExpandedTerm>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Listed {
    cohorts: Vec<CohortView>,
    kept_for: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CohortView {
    cohort_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// When it was made
    count_then: u64,
    version_then: String,
    expression: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Named {
    /// One or several
    cohort_id: UpTo<100>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Deleted {
    deleted: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_yours: Vec<String>,
    /// Perhaps still there
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<String>,
}

/// Longest part of an expression in a list, in characters.
const LISTED_CHARS_MAX: usize = 200;

pub(super) fn create_definition(kept: &str) -> Tool {
    described_by_search(acting_tool::<NewCohort, Created>(
        CREATE,
        "Save a cohort",
        format!(
            "Save a search of clinical trial studies as a cohort, which follows the data. Search, count, trends, field values and \
             compare take its cohortId; so does this tool, to narrow it, take from it or add to it, which makes another one. \
             Belongs to who is signed in, or to all who are not. Kept for {kept}."
        ),
        false,
    ))
}

pub(super) fn list_definition() -> Tool {
    reading_tool::<Nothing, Listed>(
        LIST,
        "List cohorts",
        "List the cohorts of clinical trial studies that you have saved.",
    )
}

pub(super) fn delete_definition() -> Tool {
    acting_tool::<Named, Deleted>(
        DELETE,
        "Delete cohorts",
        "Delete cohorts of clinical trial studies that you have saved.",
        true,
    )
}

pub(super) async fn create(
    engine: &Engine,
    own: &OwnCohorts,
    arguments: &Value,
    control: CallControl,
) -> Result<Answer, Failure> {
    let input: NewCohort = arguments::read(arguments)?;
    if input.name.as_ref().is_some_and(|name| name.chars().any(is_hidden)) {
        return Err(
            ToolError::new("`name` has characters that do not show", "give a name in one line").into()
        );
    }
    let criteria = input.criteria.matching(own).await?;
    if criteria.is_everything() {
        let hint = "give at least one criterion, such as conditionQuery or nctIds";
        return Err(ToolError::new("nothing is said of which studies the cohort has", hint).into());
    }
    let expr = match (&input.from_cohort_id, input.combine) {
        (Some(id), combine) => {
            combine.unwrap_or(Combine::Intersect).of(of_own(own, id).await?, criteria.to_expr())
        }
        (None, None) => criteria.to_expr(),
        (None, Some(_)) => {
            let hint = "give fromCohortId too, or leave combine out";
            return Err(ToolError::new("`combine`: there is no cohort to start from", hint).into());
        }
    };
    // Asked as it is kept: what could not be read again is refused now.
    let expression = expr.to_string();
    let mut matching = Matching::default();
    matching.filter(&expression).map_err(|error| {
        ToolError::new(
            format!("the cohort cannot be asked as one question: {error}"),
            "use fewer criteria, or start from a smaller cohort",
        )
    })?;
    let question = move |snapshot: &dyn ctgov::Snapshot, budget: &ctgov::Budget| {
        let expanded = expanded_of(&matching, snapshot)?;
        Ok((snapshot.count(&matching, budget)?, expanded, snapshot.data_version().clone()))
    };
    let (total_count, expanded, version) = engine.ask(control, question).await?;
    let kept = Kept { name: input.name, expression, studies: total_count, version: version.id.to_string() };
    let Cohort { id, kept } = own.keep(kept).await?;
    let output = Created {
        cohort_id: id,
        name: kept.name,
        total_count,
        expression: kept.expression,
        kept_for: own.kept().to_owned(),
        expanded,
    };
    let nothing = if total_count == 0 { NOTHING } else { "" };
    let headline = format!("Saved a cohort of {}.{nothing}", counted(total_count));
    Answer::dated(&headline, &output, &DataVersionView::from(&version))
}

pub(super) async fn list(
    engine: &Engine,
    own: &OwnCohorts,
    arguments: &Value,
    control: CallControl,
) -> Result<Answer, Failure> {
    let Nothing {} = arguments::read(arguments)?;
    let data = data(engine, control).await?;
    let cohorts: Vec<CohortView> = own.list().await?.into_iter().map(CohortView::from).collect();
    let headline = match cohorts.len() {
        0 => format!("You have saved no cohort; {CREATE} saves one."),
        count => format!("Cohorts saved: {count}."),
    };
    Answer::dated(&headline, &Listed { cohorts, kept_for: own.kept().to_owned() }, &data)
}

pub(super) async fn delete(
    engine: &Engine,
    own: &OwnCohorts,
    arguments: &Value,
    control: CallControl,
) -> Result<Answer, Failure> {
    let input: Named = arguments::read(arguments)?;
    // Before anything is done that an error would hide.
    let data = data(engine, control).await?;
    let mut output = Deleted::default();
    let ids: BTreeSet<String> = input.cohort_id.iter().map(|id| spelled(id)).collect();
    for id in ids {
        let outcome = match own.delete(&id).await {
            Ok(true) => &mut output.deleted,
            Ok(false) => &mut output.not_yours,
            Err(_) => &mut output.failed,
        };
        outcome.push(id.chars().take(64).collect());
    }
    let mut headline = format!("Cohorts deleted: {}.", output.deleted.len());
    if !output.not_yours.is_empty() {
        headline += " Some are none of yours.";
    }
    if !output.failed.is_empty() {
        headline += " Some could not be deleted just now: try again later.";
    }
    Answer::dated(&headline, &output, &data)
}

/// Which data there is now.
async fn data(engine: &Engine, control: CallControl) -> Result<DataVersionView, Failure> {
    Ok(engine.look_up(control, |snapshot, _| Ok(DataVersionView::from(snapshot.data_version()))).await?)
}

/// Whether a character would show nothing, or make what follows look like something else.
fn is_hidden(character: char) -> bool {
    let is_format = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    character.is_control() || is_format
}

/// Which studies are in a cohort of the caller's.
///
/// # Errors
///
/// [`ToolError`] says what to do where there is none of this id.
pub(super) async fn of_own(own: &OwnCohorts, id: &str) -> Result<Expr, ToolError> {
    own.get(id).await?.expr().map_err(|_| CohortError::Unreadable.into())
}

impl Combine {
    fn of(self, cohort: Expr, criteria: Expr) -> Expr {
        match self {
            Self::Intersect => Expr::all(vec![cohort, criteria]),
            Self::Subtract => Expr::all(vec![cohort, Expr::Not(criteria.into())]),
            Self::Add => Expr::any(vec![cohort, criteria]),
        }
    }
}

impl From<Cohort> for CohortView {
    fn from(Cohort { id, kept }: Cohort) -> Self {
        let cut = kept.expression.char_indices().nth(LISTED_CHARS_MAX).map(|(at, _)| at);
        let expression = match cut {
            Some(at) => format!("{} …", &kept.expression[..at]),
            None => kept.expression,
        };
        Self {
            cohort_id: id,
            name: kept.name,
            count_then: kept.studies,
            version_then: kept.version,
            expression,
        }
    }
}

impl From<CohortError> for ToolError {
    fn from(error: CohortError) -> Self {
        let hint = match &error {
            CohortError::Unknown | CohortError::Unreadable => format!(
                "{LIST} lists yours and says how long they are kept, {CREATE} makes one; only whoever made a cohort has it"
            ),
            CohortError::TooLarge { .. } => {
                "say it in fewer words, or name fewer studies: some 250 numbers fit".to_owned()
            }
            CohortError::Full(Cap::Identity) => format!("delete some with {DELETE}; {LIST} lists them"),
            CohortError::Full(Cap::Total) | CohortError::Unavailable => {
                "repeat the call later, or ask with the criteria themselves instead of a cohort".to_owned()
            }
        };
        Self::new(error.to_string(), hint)
    }
}

impl From<CohortError> for Failure {
    fn from(error: CohortError) -> Self {
        Self::Tool(error.into())
    }
}

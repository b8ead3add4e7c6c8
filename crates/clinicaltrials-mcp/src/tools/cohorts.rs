//! `clinicaltrials_create_cohort`, `…_list_cohorts` and `…_delete_cohort`: studies that a caller goes on with, by a handle.

use super::{
    Answer, Failure, ToolError, acting_tool, answering,
    arguments::{self, UpTo},
    criteria::{Criteria, ExpandedTerm, NOTHING, described_by_search, expanded_of},
    reading_tool,
};
use crate::{
    cohorts::{Cohort, CohortError, KEPT, Kept, OwnCohorts},
    engine::{CallControl, Engine},
    render::{DataVersionView, counted},
};
use ctgov::{Matching, essie::Expr};
use mcp_sessions::store::Cap;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    kept_for: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expanded: Vec<ExpandedTerm>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Listed {
    cohorts: Vec<CohortView>,
    kept_for: &'static str,
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

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Deleted {
    deleted: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_yours: Vec<String>,
}

pub(super) fn create_definition() -> Tool {
    described_by_search(acting_tool::<NewCohort, Created>(
        CREATE,
        "Save a cohort",
        format!(
            "Save a search of clinical trial studies as a cohort, which follows the data. Search, count, trends, field values and \
             compare take its cohortId; so does this tool, to narrow it, take from it or add to it, which makes another one. \
             Only you can use it. Kept for {KEPT}."
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
        kept_for: KEPT,
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
    let cohorts: Vec<CohortView> = own.list().await?.into_iter().map(CohortView::from).collect();
    let question = answering(move |snapshot, _| {
        let headline = match cohorts.len() {
            0 => format!("You have saved no cohort; {CREATE} saves one."),
            count => format!("Cohorts saved: {count}."),
        };
        Answer::new(&headline, &Listed { cohorts, kept_for: KEPT }, snapshot)
    });
    engine.look_up(control, question).await?
}

pub(super) async fn delete(
    engine: &Engine,
    own: &OwnCohorts,
    arguments: &Value,
    control: CallControl,
) -> Result<Answer, Failure> {
    let input: Named = arguments::read(arguments)?;
    let mut output = Deleted { deleted: Vec::new(), not_yours: Vec::new() };
    for id in input.cohort_id.iter() {
        let was_there = own.delete(id).await?;
        if was_there { &mut output.deleted } else { &mut output.not_yours }.push(id.clone());
    }
    let question = answering(move |snapshot, _| {
        let none = if output.not_yours.is_empty() { "" } else { " The others are none of yours." };
        Answer::new(&format!("Cohorts deleted: {}.{none}", output.deleted.len()), &output, snapshot)
    });
    engine.look_up(control, question).await?
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
            Self::Intersect => Expr::And(vec![cohort, criteria]),
            Self::Subtract => Expr::And(vec![cohort, Expr::Not(criteria.into())]),
            Self::Add => Expr::Or(vec![cohort, criteria]),
        }
    }
}

impl From<Cohort> for CohortView {
    fn from(Cohort { id, kept }: Cohort) -> Self {
        Self {
            cohort_id: id,
            name: kept.name,
            count_then: kept.studies,
            version_then: kept.version,
            expression: kept.expression,
        }
    }
}

impl From<CohortError> for ToolError {
    fn from(error: CohortError) -> Self {
        let hint = match &error {
            CohortError::Unknown | CohortError::Unreadable => format!(
                "{LIST} lists yours, {CREATE} makes one; a cohort is kept for {KEPT}, and only for whoever made it"
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

//! `clinicaltrials_get_study_count`: how many studies match, exactly, and of which values they are.

use super::{
    Answer, Failure, answering,
    arguments::{self, UpTo},
    breakdown::{Breakdown, CountedBy, FIELDS_MAX},
    criteria::{Criteria, ExpandedTerm, NOTHING, described_by_search, expanded_of},
    reading_tool,
};
use crate::{
    cohorts::OwnCohorts,
    engine::{CallControl, Engine},
    render::counted,
};
use ctgov::tabulate::TableQuery;
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const NAME: &str = "clinicaltrials_get_study_count";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Input {
    #[serde(flatten)]
    criteria: Criteria,
    /// Count them also by up to three fields, or dates by :year, :quarter or :month, e.g. ["Phase", "StartDate:year"]
    group_by: Option<UpTo<FIELDS_MAX>>,
    /// Most rows of the breakdown (default 50)
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u16>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Output {
    total_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    breakdown: Option<Breakdown>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expanded: Vec<ExpandedTerm>,
}

pub(super) fn definition() -> Tool {
    described_by_search(reading_tool::<Input, Output>(
        NAME,
        "Count clinical trials",
        "Count the clinical trial studies registered on ClinicalTrials.gov that match, exactly and over all of the \
         data; with groupBy also broken down by fields in the same call. Without parameters: how many there are.",
    ))
}

pub(super) async fn call(
    engine: &Engine,
    own: &OwnCohorts,
    arguments: &Value,
    control: CallControl,
) -> Result<Answer, Failure> {
    let input: Input = arguments::read(arguments)?;
    let matching = input.criteria.matching(own).await?;
    let by = input.group_by.map(|by| CountedBy::parse_all("groupBy", by.iter())).transpose()?;
    let rows_max = input.limit.unwrap_or(50).into();
    let question = answering(move |snapshot, budget| {
        let expanded = expanded_of(&matching, snapshot)?;
        let (total_count, breakdown) = match by {
            None => (snapshot.count(&matching, budget)?, None),
            Some(by) => {
                let by_fields = by.iter().map(|by| by.dimension).collect();
                let table = snapshot.tabulate(&TableQuery { matching, by: by_fields }, budget)?;
                (table.studies, Some(Breakdown::of(table, &by, rows_max)))
            }
        };
        let output = Output { total_count, breakdown, expanded };
        let nothing = if output.total_count == 0 { NOTHING } else { "" };
        Answer::new(&format!("{} matching.{nothing}", counted(output.total_count)), &output, snapshot)
    });
    engine.ask(control, question).await?
}

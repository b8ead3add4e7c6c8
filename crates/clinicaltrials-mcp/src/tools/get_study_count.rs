//! `clinicaltrials_get_study_count`: how many studies match, exactly.

use super::{Answer, Failure, arguments, criteria::Criteria, reading_tool};
use crate::{
    engine::{CallControl, Engine},
    render::DataVersionView,
};
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

pub(super) const NAME: &str = "clinicaltrials_get_study_count";

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Output {
    /// How many studies match, exactly
    total_count: u64,
    /// Which data answered
    data: DataVersionView,
}

pub(super) fn definition() -> Tool {
    let description = "Count the clinical trial studies registered on ClinicalTrials.gov that match words, condition, \
                       intervention, title, sponsor, recruitment status or phase; exact, over all of the data. \
                       Without parameters: how many studies there are."
        .to_owned();
    reading_tool::<Criteria, Output>(NAME, "Count clinical trials", description)
}

pub(super) async fn call(
    engine: &Engine,
    arguments: &Value,
    control: CallControl,
) -> Result<Answer, Failure> {
    let criteria: Criteria = arguments::read(arguments)?;
    let matching = criteria.matching()?;
    let (total_count, data) = engine
        .ask(control, move |snapshot, budget| {
            Ok((snapshot.count(&matching, budget)?, DataVersionView::from(snapshot.data_version())))
        })
        .await?;
    let text = format!("{total_count} studies match ({}).", data.in_words());
    Answer::new(vec![text], &Output { total_count, data })
}

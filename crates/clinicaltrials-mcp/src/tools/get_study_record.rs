//! `clinicaltrials_get_study_record`: one study's whole record, unaltered.

use super::{Answer, Failure, ToolError, arguments, reading_tool};
use crate::{
    engine::{CallControl, Engine},
    render::DataVersionView,
};
use ctgov::{InvalidNctId, NctId};
use rmcp::model::{JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const NAME: &str = "clinicaltrials_get_study_record";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Input {
    /// The study's number, e.g. NCT04280705
    nct_id: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Output {
    /// The record as published, in the shape of the ClinicalTrials.gov API v2
    study: JsonObject,
    /// Present and true when the study is made up
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    synthetic: bool,
    /// Which data answered
    data: DataVersionView,
}

pub(super) fn definition() -> Tool {
    let description = "Read the whole record of one clinical trial study registered on ClinicalTrials.gov, exactly as \
                       published: protocol, eligibility criteria, sites and contacts, outcomes, and results when \
                       posted. Records are 2 kB to over 1 MB."
        .to_owned();
    reading_tool::<Input, Output>(NAME, "Read a clinical trial record", description)
}

pub(super) async fn call(
    engine: &Engine,
    arguments: &Value,
    control: CallControl,
) -> Result<Answer, Failure> {
    let input: Input = arguments::read(arguments)?;
    let id: NctId = input.nct_id.trim().parse().map_err(|error: InvalidNctId| {
        let shown: String = input.nct_id.chars().take(40).collect();
        ToolError::new(format!("`nctId`: `{shown}` is no study number"), error.to_string())
    })?;
    let (found, data) = engine
        .look_up(control, move |snapshot, budget| {
            let found = match snapshot.study(id, budget)? {
                Some(document) => {
                    let study = serde_json::from_str::<JsonObject>(document.json())
                        .map_err(|error| ctgov::RegistryError::Unavailable(error.into()))?;
                    Some((document, study))
                }
                None => None,
            };
            Ok((found, DataVersionView::from(snapshot.data_version())))
        })
        .await?;
    let Some((document, study)) = found else {
        let problem = format!("{id} is not in this data ({})", data.in_words());
        return Err(ToolError::new(
            problem,
            "check the number, or find the study with clinicaltrials_search_studies",
        )
        .into());
    };
    let label = if id.is_synthetic() { " SYNTHETIC, no real study." } else { "" };
    let heading = format!("{id}, the whole record follows as JSON.{label} ({})", data.in_words());
    let text = vec![heading, document.json().to_owned()];
    let mut answer =
        Answer::new(text, &Output { study: JsonObject::new(), synthetic: id.is_synthetic(), data })?;
    // Moved into its place: a record can be too large to be copied for nothing.
    answer.structured["study"] = study.into();
    Ok(answer)
}

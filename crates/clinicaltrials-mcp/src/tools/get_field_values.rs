//! `clinicaltrials_get_field_values`: which values fields have, and in how many studies.

use super::{
    Answer, Failure, answering,
    arguments::{self, UpTo},
    criteria::{Criteria, ExpandedTerm, described_by_search, expanded_of},
    fields, reading_tool,
};
use crate::{
    cohorts::OwnCohorts,
    engine::{CallControl, Engine},
    render::counted,
};
use ctgov::{
    pieces::Piece,
    tabulate::{FieldStats, FieldValues, TOP_VALUES_MAX, TextValues},
};
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const NAME: &str = "clinicaltrials_get_field_values";

/// Most fields of one call.
const FIELDS_MAX: u32 = 10;

#[derive(Debug, Deserialize, JsonSchema)]
struct Input {
    /// One or several field names, e.g. OverallStatus, LeadSponsorName, EnrollmentCount
    fields: UpTo<FIELDS_MAX>,
    /// Most values of each field, the commonest first (default 25)
    #[schemars(range(min = 1, max = TOP_VALUES_MAX))]
    limit: Option<u16>,
    #[serde(flatten)]
    criteria: Criteria,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Output {
    field_stats: Vec<FieldStatsView>,
    /// How many studies were looked at
    studies_counted: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expanded: Vec<ExpandedTerm>,
}

/// What the values of a field are.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FieldStatsView {
    piece: &'static str,
    /// Its path in a record
    field: &'static str,
    r#type: &'static str,
    /// Whether a study can have several
    multi_valued: bool,
    missing_studies_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique_values_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_values: Option<Vec<TopValue>>,
    /// How many more values there are than are shown
    #[serde(skip_serializing_if = "Option::is_none")]
    values_not_shown: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    true_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    false_count: Option<u64>,
    /// The least number, the earliest date, the shortest duration in minutes
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<Value>,
    /// The greatest number, the latest date, the longest duration in minutes
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Value>,
    /// The mean of numbers, or of durations in minutes
    #[serde(skip_serializing_if = "Option::is_none")]
    mean: Option<f64>,
    /// The formats that dates come in
    #[serde(skip_serializing_if = "Vec::is_empty")]
    formats: Vec<&'static str>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TopValue {
    value: String,
    studies_count: u64,
}

pub(super) fn definition() -> Tool {
    described_by_search(reading_tool::<Input, Output>(
        NAME,
        "Values of clinical trial fields",
        "List the values that fields of clinical trial studies have on ClinicalTrials.gov, with how many studies have \
         each: over all studies, or over those that match the given queries and filters. Numbers and dates have \
         their least, greatest and mean. Use it to learn which values can be filtered by.",
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
    let pieces =
        input.fields.iter().map(|name| fields::with_values("fields", name)).collect::<Result<Vec<_>, _>>()?;
    let values_max = input.limit.unwrap_or(25).into();
    let question = answering(move |snapshot, budget| {
        let mut field_stats = Vec::with_capacity(pieces.len());
        for (done, piece) in (1..).zip(&pieces) {
            let stats = snapshot.field_stats(*piece, &matching, budget)?;
            field_stats.push(FieldStatsView::of(stats, values_max));
            budget.step(done, pieces.len() as u64)?;
        }
        let studies_counted = snapshot.count(&matching, budget)?;
        let expanded = expanded_of(&matching, snapshot)?;
        let output = Output { field_stats, studies_counted, expanded };
        let headline = format!(
            "Values of fields ({}) in {}.",
            output.field_stats.len(),
            counted(output.studies_counted)
        );
        Answer::new(&headline, &output, snapshot)
    });
    engine.ask(control, question).await?
}

impl FieldStatsView {
    fn of(stats: FieldStats, values_max: usize) -> Self {
        let FieldStats { piece, missing, values } = stats;
        let mut view = Self {
            piece: piece.name(),
            field: piece.path(),
            r#type: piece.type_name(),
            multi_valued: is_multi_valued(piece),
            missing_studies_count: missing,
            ..Self::default()
        };
        match values {
            FieldValues::Enum { unique, top } => view.tops(unique, top, values_max),
            FieldValues::Text(TextValues { unique, top, .. }) => view.tops(unique, top, values_max),
            FieldValues::Duration { texts: TextValues { unique, top, .. }, min, max, mean } => {
                view.tops(unique, top, values_max);
                (view.min, view.max, view.mean) = (min.map(Into::into), max.map(Into::into), mean);
            }
            FieldValues::Date { min, max, formats } => {
                (view.min, view.max, view.formats) = (min.map(Into::into), max.map(Into::into), formats);
            }
            FieldValues::Number { min, max, mean } => {
                (view.min, view.max, view.mean) = (min.map(Into::into), max.map(Into::into), mean);
            }
            FieldValues::Boolean { yes, no } => (view.true_count, view.false_count) = (Some(yes), Some(no)),
        }
        view.mean = view.mean.filter(|mean| mean.is_finite());
        view
    }

    fn tops(&mut self, unique: u64, mut top: Vec<(String, u64)>, values_max: usize) {
        top.truncate(values_max);
        self.unique_values_count = Some(unique);
        self.values_not_shown = Some(unique.saturating_sub(top.len() as u64)).filter(|more| *more > 0);
        let top_value = |(value, studies_count)| TopValue { value, studies_count };
        self.top_values = Some(top.into_iter().map(top_value).collect());
    }
}

/// Whether a study can have several values of it: some list leads to it.
fn is_multi_valued(piece: Piece) -> bool {
    Piece::all().any(|list| list.is_list() && list.contains(piece))
}

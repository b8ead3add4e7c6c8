//! `clinicaltrials_analyze_trends`: how matching studies spread over status, country, phase, years and more.

use super::{
    Answer, Failure, answering,
    arguments::{self, UpTo},
    breakdown::{Breakdown, CountedBy},
    criteria::{Criteria, ExpandedTerm, described_by_search, expanded_of},
    fields, reading_tool,
};
use crate::{
    cohorts::OwnCohorts,
    engine::{CallControl, Engine},
    render::counted,
};
use ctgov::{
    pieces::{Order, Piece},
    tabulate::{Period, TableQuery},
};
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const NAME: &str = "clinicaltrials_analyze_trends";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Input {
    /// One or several analyses
    analysis_type: UpTo<10, Analysis>,
    /// Cross every analysis with this one, e.g. countByPhase crossed with countByYear
    cross_with: Option<Analysis>,
    /// The date of years and months (default StartDate)
    date_field: Option<String>,
    /// Most rows of each analysis, the fullest (default 100, with years or months 1000)
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u16>,
    #[serde(flatten)]
    criteria: Criteria,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum Analysis {
    #[serde(rename = "countByStatus")]
    Status,
    #[serde(rename = "countByCountry")]
    Country,
    #[serde(rename = "countBySponsorType")]
    SponsorType,
    #[serde(rename = "countByPhase")]
    Phase,
    #[serde(rename = "countByYear")]
    Year,
    #[serde(rename = "countByMonth")]
    Month,
    #[serde(rename = "countByStudyType")]
    StudyType,
    #[serde(rename = "countByInterventionType")]
    InterventionType,
    #[serde(rename = "countBySponsor")]
    Sponsor,
    #[serde(rename = "countByCondition")]
    Condition,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Output {
    analysis: Vec<AnalysisView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expanded: Vec<ExpandedTerm>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AnalysisView {
    analysis_type: Analysis,
    /// How many studies were counted, each once
    total_studies: u64,
    #[serde(flatten)]
    breakdown: Breakdown,
}

pub(super) fn definition() -> Tool {
    described_by_search(reading_tool::<Input, Output>(
        NAME,
        "Trends in clinical trials",
        "Analyze how clinical trial studies on ClinicalTrials.gov spread over status, country, sponsor and its class, \
         phase, start year or month, study type, intervention type and condition, and over any two of these crossed. \
         Counts every study that matches, without a cap. For other fields use groupBy of clinicaltrials_get_study_count.",
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
    let date = match &input.date_field {
        None => Piece::named("StartDate"),
        Some(name) => {
            let piece = fields::with_values("dateField", name)?;
            if piece.kind().order() != Some(Order::Dates) {
                let problem = format!("`dateField`: `{}` is no date", piece.name());
                let hint = "give a date such as StartDate, CompletionDate, StudyFirstPostDate or ResultsFirstPostDate";
                return Err(super::ToolError::new(problem, hint).into());
            }
            piece
        }
    };
    let question = answering(move |snapshot, budget| {
        let mut analysis = Vec::new();
        let analyses = input.analysis_type.iter().copied();
        let steps = analyses.len() as u64;
        for (done, analysis_type) in (1..).zip(analyses) {
            let crossed = input.cross_with.filter(|crossed| *crossed != analysis_type);
            let by: Vec<CountedBy> =
                [Some(analysis_type), crossed].into_iter().flatten().map(|it| it.counted_by(date)).collect();
            let query =
                TableQuery { matching: matching.clone(), by: by.iter().map(|by| by.dimension).collect() };
            let table = snapshot.tabulate(&query, budget)?;
            let total_studies = table.studies;
            let over_time = by.iter().any(|by| by.dimension.period.is_some());
            let rows_max = input.limit.unwrap_or(if over_time { 1_000 } else { 100 }).into();
            let breakdown = Breakdown::of(table, &by, rows_max);
            analysis.push(AnalysisView { analysis_type, total_studies, breakdown });
            budget.step(done, steps)?;
        }
        let output = Output { analysis, expanded: expanded_of(&matching, snapshot)? };
        let studies = output.analysis.first().map_or(0, |analysis| analysis.total_studies);
        Answer::new(&format!("{} analysed.", counted(studies)), &output, snapshot)
    });
    engine.ask(control, question).await?
}

impl Analysis {
    fn counted_by(self, date: Piece) -> CountedBy {
        match self {
            Self::Status => CountedBy::new(Piece::named("OverallStatus"), None),
            Self::Country => CountedBy::new(Piece::named("LocationCountry"), None),
            Self::SponsorType => CountedBy::new(Piece::named("LeadSponsorClass"), None),
            Self::Phase => CountedBy::new(Piece::named("Phase"), None),
            Self::Year => CountedBy::new(date, Some(Period::Year)),
            Self::Month => CountedBy::new(date, Some(Period::Month)),
            Self::StudyType => CountedBy::new(Piece::named("StudyType"), None),
            Self::InterventionType => CountedBy::new(Piece::named("InterventionType"), None),
            Self::Sponsor => CountedBy::new(Piece::named("LeadSponsorName"), None),
            Self::Condition => CountedBy::new(Piece::named("Condition"), None),
        }
    }
}

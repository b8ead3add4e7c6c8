//! `clinicaltrials_get_study_results`: what studies found, as they posted it.

use super::{
    Answer, Failure, answering,
    arguments::{self, UpTo},
    criteria::nct_ids,
    limits::LeftOut,
    reading_tool,
    studies::{NamedStudy, StudyError, StudyName, look_up, none_found},
};
use crate::{
    engine::{CallControl, Engine},
    render::{counted, results::Section},
};
use ctgov::pieces::Piece;
use rmcp::model::{JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io;

pub(super) const NAME: &str = "clinicaltrials_get_study_results";

/// Most studies of one call.
const STUDIES_MAX: u32 = 20;
/// Most bytes of results in an answer with several studies.
const RESULTS_BYTES_MAX: usize = 2 << 20;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Input {
    /// One or several NCT numbers
    nct_ids: UpTo<STUDIES_MAX>,
    /// Only these sections (default: all)
    sections: Option<UpTo<5, Section>>,
    /// Only what is read first: primary outcomes with values and analyses, other outcomes by title, totals of adverse events, milestones (default false)
    summary: Option<bool>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Output {
    results: Vec<ResultsView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    studies_without_results: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fetch_errors: Vec<StudyError>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ResultsView {
    #[serde(flatten)]
    named: StudyName,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    has_results: bool,
    /// Sections that were asked for and are not posted
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_posted: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<LeftOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcomes: Option<JsonObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    adverse_events: Option<JsonObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant_flow: Option<JsonObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<JsonObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more_info: Option<JsonObject>,
}

pub(super) fn definition() -> Tool {
    reading_tool::<Input, Output>(
        NAME,
        "Results of clinical trials",
        "Read the results that clinical trial studies posted on ClinicalTrials.gov: outcomes with groups, \
         denominators, measurements, dispersion and statistical analyses; adverse events; participant flow; baseline; \
         limitations. Values stand exactly as published; groups are named by id. Search for studies with results by \
         AREA[HasResults]true.",
    )
}

pub(super) async fn call(
    engine: &Engine,
    arguments: &Value,
    control: CallControl,
) -> Result<Answer, Failure> {
    let input: Input = arguments::read(arguments)?;
    let ids = nct_ids("nctIds", input.nct_ids.iter())?;
    let sections: Vec<Section> = match &input.sections {
        Some(named) => {
            Section::ALL.into_iter().filter(|section| named.iter().any(|name| name == section)).collect()
        }
        None => Section::ALL.to_vec(),
    };
    let in_short = input.summary.unwrap_or(false);
    let question = answering(move |snapshot, budget| {
        let (found, fetch_errors) = look_up(snapshot, &ids, budget)?;
        let mut output = Output { results: Vec::new(), studies_without_results: Vec::new(), fetch_errors };
        let mut bytes = 0;
        for mut study in found {
            let id = study.document.nct_id();
            let Some(results) = study.record.get_mut("resultsSection").map(Value::take) else {
                output.studies_without_results.push(id.to_string());
                continue;
            };
            let view = ResultsView::of(&study, results, &sections, in_short);
            let view_bytes = bytes_of(&view);
            if bytes + view_bytes > RESULTS_BYTES_MAX && bytes > 0 {
                let why = "has results too large to be sent with the others; ask for it alone, by sections, or \
                               with summary";
                output.fetch_errors.push(StudyError::new(id, why));
            } else {
                bytes += view_bytes;
                output.results.push(view);
            }
            budget.check()?;
        }
        if output.results.is_empty() && output.studies_without_results.is_empty() {
            return Err(none_found(&output.fetch_errors, snapshot));
        }
        let without = match output.studies_without_results.as_slice() {
            [] => String::new(),
            ids => format!(" No results are posted for {}.", ids.join(", ")),
        };
        Answer::new(
            &format!("Results of {}.{without}", counted(output.results.len() as u64)),
            &output,
            snapshot,
        )
    });
    engine.look_up(control, question).await?
}

impl ResultsView {
    fn of(study: &NamedStudy, mut results: Value, sections: &[Section], in_short: bool) -> Self {
        let mut view = Self {
            named: study.name(),
            title: Piece::named("BriefTitle").text(&study.record).map(str::to_owned),
            has_results: true,
            not_posted: Vec::new(),
            left_out: Vec::new(),
            outcomes: None,
            adverse_events: None,
            participant_flow: None,
            baseline: None,
            more_info: None,
        };
        for section in sections {
            let Some(published) = section.take(&mut results) else {
                view.not_posted.push(section.name());
                continue;
            };
            let told = if in_short {
                let (short, left_out) = section.in_short(published);
                view.left_out.extend(left_out.into_iter().map(|(what, in_record)| LeftOut {
                    what,
                    shown: None,
                    in_record: Some(in_record),
                    how_to_get: format!("leave summary out, with sections {}", section.name()),
                }));
                short
            } else {
                section.in_full(published)
            };
            let place = match section {
                Section::Outcomes => &mut view.outcomes,
                Section::AdverseEvents => &mut view.adverse_events,
                Section::ParticipantFlow => &mut view.participant_flow,
                Section::Baseline => &mut view.baseline,
                Section::MoreInfo => &mut view.more_info,
            };
            *place = match told {
                Value::Object(told) => Some(told),
                _ => None,
            };
        }
        view
    }
}

/// How many bytes a value is as JSON.
fn bytes_of(value: &impl Serialize) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Nothing here is refused by JSON; what were would be no longer than what could be written of it.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

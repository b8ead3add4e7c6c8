//! `clinicaltrials_compare_studies`: where studies differ, aspect by aspect, and what they have in common.

use super::{
    Answer, Failure, ToolError, analyze_trends, answering,
    arguments::{self, UpTo},
    cohorts,
    criteria::nct_ids,
    reading_tool,
    studies::{NamedStudy, StudyError, StudyName, look_up, none_found},
};
use crate::{
    cohorts::OwnCohorts,
    engine::{CallControl, Engine},
    render::counted,
};
use ctgov::{
    Budget, Matching, NctId, PageSize, Snapshot, StudyQuery,
    pieces::{Measure, Piece},
};
use rmcp::model::{JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const NAME: &str = "clinicaltrials_compare_studies";

/// Most studies of one comparison.
const STUDIES_MAX: u16 = 10;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Input {
    /// 2 to 10 NCT numbers
    nct_ids: Option<UpTo<10>>,
    /// Instead: the studies of a cohort that has no more than 10
    #[schemars(length(max = 64))]
    cohort_id: Option<String>,
    /// Only these aspects (default: all)
    compare_fields: Option<UpTo<8, Aspect>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Aspect {
    Eligibility,
    Design,
    Interventions,
    Outcomes,
    Sponsors,
    Locations,
    Status,
    All,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Output {
    studies: Vec<ComparedStudy>,
    /// Facts in which the studies differ; a study without a value of one is not named there
    differences: Vec<Difference>,
    /// Facts that all studies have alike
    in_common: Vec<Common>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<StudyError>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ComparedStudy {
    #[serde(flatten)]
    named: StudyName,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
}

/// A fact with the value of each study that has one, as its record has it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Difference {
    field: &'static str,
    aspect: Aspect,
    values: JsonObject,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Common {
    field: &'static str,
    aspect: Aspect,
    // A schema that allows anything is refused by clients that want to know what it is.
    #[schemars(extend("type" = ["string", "number", "boolean", "array"]))]
    value: Value,
}

/// What is compared, and of which aspect it is.
const FACTS: &[(Aspect, &[Piece])] = &[
    (
        Aspect::Status,
        &[
            Piece::named("OverallStatus"),
            Piece::named("WhyStopped"),
            Piece::named("StartDate"),
            Piece::named("PrimaryCompletionDate"),
            Piece::named("CompletionDate"),
            Piece::named("HasResults"),
        ],
    ),
    (
        Aspect::Design,
        &[
            Piece::named("StudyType"),
            Piece::named("Phase"),
            Piece::named("EnrollmentCount"),
            Piece::named("EnrollmentType"),
            Piece::named("DesignAllocation"),
            Piece::named("DesignInterventionModel"),
            Piece::named("DesignObservationalModel"),
            Piece::named("DesignTimePerspective"),
            Piece::named("DesignPrimaryPurpose"),
            Piece::named("DesignMasking"),
            Piece::named("DesignWhoMasked"),
        ],
    ),
    (
        Aspect::Sponsors,
        &[
            Piece::named("LeadSponsorName"),
            Piece::named("LeadSponsorClass"),
            Piece::named("CollaboratorName"),
        ],
    ),
    (
        Aspect::Interventions,
        &[
            Piece::named("Condition"),
            Piece::named("InterventionType"),
            Piece::named("InterventionName"),
            Piece::named("ArmGroupLabel"),
            Piece::named("ArmGroupType"),
        ],
    ),
    (
        Aspect::Eligibility,
        &[
            Piece::named("MinimumAge"),
            Piece::named("MaximumAge"),
            Piece::named("Sex"),
            Piece::named("HealthyVolunteers"),
            Piece::named("StdAge"),
            Piece::named("EligibilityCriteria"),
        ],
    ),
    (
        Aspect::Outcomes,
        &[
            Piece::named("PrimaryOutcomeMeasure"),
            Piece::named("PrimaryOutcomeTimeFrame"),
            Piece::named("SecondaryOutcomeMeasure"),
            Piece::named("SecondaryOutcomeTimeFrame"),
        ],
    ),
    (Aspect::Locations, &[Piece::named("LocationCountry"), Piece::named("NumLocations")]),
];

pub(super) fn definition() -> Tool {
    let mut tool = reading_tool::<Input, Output>(
        NAME,
        "Compare clinical trials",
        "Compare 2 to 10 clinical trial studies registered on ClinicalTrials.gov side by side: status, design, sponsors, \
         interventions, eligibility, outcomes, locations. Differences come first, then what all have in common; values \
         as the records have them.",
    );
    // One study alone cannot be compared.
    let schema = std::sync::Arc::make_mut(&mut tool.input_schema);
    if let Some(ids) = schema.get_mut("properties").and_then(|all| all.get_mut("nctIds")) {
        (ids["type"], ids["minItems"]) = ("array".into(), 2.into());
    }
    tool
}

pub(super) async fn call(
    engine: &Engine,
    own: &OwnCohorts,
    arguments: &Value,
    control: CallControl,
) -> Result<Answer, Failure> {
    let input: Input = arguments::read(arguments)?;
    let asked = match (&input.nct_ids, &input.cohort_id) {
        (Some(ids), None) => Asked::Ids(nct_ids("nctIds", ids.iter())?),
        (None, Some(id)) => {
            let mut matching = Matching::default();
            matching.filter_expr(cohorts::of_own(own, id).await?)?;
            Asked::Cohort(matching)
        }
        _ => {
            let hint = "give one of the two: nctIds, or cohortId";
            return Err(ToolError::new("which studies to compare must be said once", hint).into());
        }
    };
    let aspects: Vec<Aspect> = input.compare_fields.iter().flat_map(UpTo::iter).copied().collect();
    let is_all = aspects.is_empty() || aspects.contains(&Aspect::All);
    let is_named = matches!(asked, Asked::Ids(_));
    let question = answering(move |snapshot, budget| {
        let (found, errors) = look_up(snapshot, &asked.ids(snapshot, budget)?, budget)?;
        match found.as_slice() {
            [] => return Err(none_found(&errors, snapshot)),
            [only] => {
                let others: Vec<String> =
                    errors.iter().map(|study| format!("{} {}", study.nct_id, study.error)).collect();
                let others =
                    if others.is_empty() { "no other was named".to_owned() } else { others.join("; ") };
                let problem = format!("only {} can be compared: {others}", only.document.nct_id());
                return Err(ToolError::new(problem, "give two different studies at least").into());
            }
            _ => {}
        }
        let mut output =
            Output { studies: Vec::new(), differences: Vec::new(), in_common: Vec::new(), errors };
        for (aspect, pieces) in FACTS.iter().filter(|(aspect, _)| is_all || aspects.contains(aspect)) {
            for piece in *pieces {
                output.compare(*aspect, *piece, &found);
            }
        }
        output.studies = found.into_iter().map(ComparedStudy::from).collect();
        let headline = format!(
            "{} compared: {} differences, {} facts in common.",
            counted(output.studies.len() as u64),
            output.differences.len(),
            output.in_common.len()
        );
        Answer::new(&headline, &output, snapshot)
    });
    if is_named { engine.look_up(control, question).await? } else { engine.ask(control, question).await? }
}

/// Which studies are to be compared.
enum Asked {
    Ids(Vec<NctId>),
    Cohort(Matching),
}

impl Asked {
    fn ids(self, snapshot: &dyn Snapshot, budget: &Budget) -> Result<Vec<NctId>, Failure> {
        let matching = match self {
            Self::Ids(ids) => return Ok(ids),
            Self::Cohort(matching) => matching,
        };
        let mut ids = Vec::new();
        let page_size = PageSize::new(STUDIES_MAX).unwrap_or_default();
        let query = StudyQuery { matching, page_size, ..StudyQuery::default() };
        let page = snapshot.search(&query, budget, &mut |study| {
            ids.push(study.nct_id());
            Ok(())
        })?;
        if page.total < 2 || page.next.is_some() {
            let problem =
                format!("the cohort has {}; 2 to {STUDIES_MAX} can be compared", counted(page.total));
            let hint = format!(
                "make one that has as many with {} and fromCohortId, or give nctIds; {} takes any cohort",
                cohorts::CREATE,
                analyze_trends::NAME
            );
            return Err(ToolError::new(problem, hint).into());
        }
        Ok(ids)
    }
}

impl Output {
    fn compare(&mut self, aspect: Aspect, piece: Piece, studies: &[NamedStudy]) {
        let field = piece.name();
        let values: Vec<Option<Value>> = studies.iter().map(|study| fact(piece, &study.record)).collect();
        match values.split_first() {
            Some((Some(value), others))
                if others.iter().all(|other| other.as_ref().is_some_and(|other| is_same(value, other))) =>
            {
                self.in_common.push(Common { field, aspect, value: value.clone() });
            }
            _ if values.iter().all(Option::is_none) => {}
            _ => {
                let named = studies.iter().zip(values);
                let values =
                    named.filter_map(|(study, value)| Some((study.document.nct_id().to_string(), value?)));
                self.differences.push(Difference { field, aspect, values: values.collect() });
            }
        }
    }
}

impl From<NamedStudy> for ComparedStudy {
    fn from(study: NamedStudy) -> Self {
        Self { named: study.name(), title: Piece::named("BriefTitle").text(&study.record).map(str::to_owned) }
    }
}

/// What a record has of a field: a value, or several different ones in the record's order.
fn fact(piece: Piece, record: &Value) -> Option<Value> {
    let mut values: Vec<Value> = Vec::new();
    let mut add = |value: Value| {
        if !values.contains(&value) {
            values.push(value);
        }
    };
    if piece.is_index_only() {
        Measure::Values(piece).for_each_key(record, |count| add(count.into()));
    } else {
        piece.for_each_value(record, |value| add(value.clone()));
    }
    match values.len() {
        0 => None,
        1 => values.pop(),
        _ => Some(values.into()),
    }
}

/// Whether two values are the same, lists in whatever order.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().all(|value| b.contains(value)),
        _ => a == b,
    }
}

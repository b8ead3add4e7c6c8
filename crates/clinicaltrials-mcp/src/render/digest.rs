//! A study's record in short: what somebody reads first.

use super::{StudySummary, sites::Contact, texts};
use ctgov::{
    NctId,
    pieces::{Piece, sites},
};
use serde::Serialize;
use serde_json::Value;

/// What somebody reads first of a record, each value as the record has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    #[serde(flatten)]
    summary: StudySummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    official_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_stopped: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brief_summary: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    design: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    arms: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    primary_outcomes: Vec<Value>,
    /// How many secondary and other outcomes there are
    further_outcomes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_age: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_age: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    healthy_volunteers: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eligibility_criteria: Option<String>,
    /// How many sites there are
    sites: usize,
    /// How many of them are recruiting
    recruiting_sites: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    countries: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    central_contacts: Vec<Contact>,
    /// How much of results is posted
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<ResultsSize>,
}

/// How much of results is posted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultsSize {
    outcome_measures: usize,
    serious_adverse_events: usize,
    other_adverse_events: usize,
    participant_flow_periods: usize,
    baseline_measures: usize,
}

impl Digest {
    /// The digest of the record of study `id`.
    pub fn of(id: NctId, study: &Value) -> Self {
        let text = |piece: Piece| piece.text(study).map(str::to_owned);
        let list = |place: &str| study.pointer(place).and_then(Value::as_array).cloned().unwrap_or_default();
        const DESIGN: [Piece; 5] = [
            Piece::named("DesignAllocation"),
            Piece::named("DesignInterventionModel"),
            Piece::named("DesignObservationalModel"),
            Piece::named("DesignMasking"),
            Piece::named("DesignPrimaryPurpose"),
        ];
        let mut healthy_volunteers = None;
        Piece::named("HealthyVolunteers").for_each_value(study, |value| healthy_volunteers = value.as_bool());
        let mut countries = texts(Piece::named("LocationCountry"), study);
        countries.sort_unstable();
        countries.dedup();
        let further = ["secondaryOutcomes", "otherOutcomes"];
        let outcomes = |key: &str| list(&format!("/protocolSection/outcomesModule/{key}"));
        let sites = sites(study);
        Self {
            summary: StudySummary::of_record(id, study),
            official_title: text(Piece::named("OfficialTitle")),
            why_stopped: text(Piece::named("WhyStopped")),
            brief_summary: text(Piece::named("BriefSummary")),
            design: DESIGN.iter().filter_map(|piece| text(*piece)).collect(),
            arms: list("/protocolSection/armsInterventionsModule/armGroups"),
            primary_outcomes: outcomes("primaryOutcomes"),
            further_outcomes: further.iter().map(|key| outcomes(key).len()).sum(),
            minimum_age: text(Piece::named("MinimumAge")),
            maximum_age: text(Piece::named("MaximumAge")),
            sex: text(Piece::named("Sex")),
            healthy_volunteers,
            eligibility_criteria: text(Piece::named("EligibilityCriteria")),
            sites: sites.len(),
            recruiting_sites: sites.iter().filter(|site| site["status"] == "RECRUITING").count(),
            countries,
            central_contacts: central_contacts(study),
            results: study.get("resultsSection").map(ResultsSize::of),
        }
    }
}

/// Whom to ask about the study as a whole.
pub fn central_contacts(study: &Value) -> Vec<Contact> {
    let contacts = study.pointer("/protocolSection/contactsLocationsModule/centralContacts");
    contacts.and_then(Value::as_array).into_iter().flatten().map(Contact::of).collect()
}

impl ResultsSize {
    /// Counts what stands in the results section of a record.
    pub fn of(results: &Value) -> Self {
        let count = |place: &str| results.pointer(place).and_then(Value::as_array).map_or(0, Vec::len);
        Self {
            outcome_measures: count("/outcomeMeasuresModule/outcomeMeasures"),
            serious_adverse_events: count("/adverseEventsModule/seriousEvents"),
            other_adverse_events: count("/adverseEventsModule/otherEvents"),
            participant_flow_periods: count("/participantFlowModule/periods"),
            baseline_measures: count("/baselineCharacteristicsModule/measures"),
        }
    }
}

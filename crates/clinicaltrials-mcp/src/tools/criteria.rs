//! What all tools share that ask about many studies: the questions and filters that decide which studies match.

use super::{ToolError, arguments::UpTo, cohorts, fields, schema, search_studies};
use crate::cohorts::{CohortError, OwnCohorts};
use ctgov::{
    Expanded, Matching, NctId, Snapshot, api, areas,
    enums::{self, EnumValue, Enumeration},
    essie::{EssieError, Problem, Target},
    pieces::Piece,
    text::words,
};
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeSet, sync::Arc};

/// Which studies match; everything given must hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Criteria {
    /// Words (all must occur), a "phrase", or an expression: AND, OR, NOT, `AREA[Field]value`, `AREA[StartDate]RANGE[2020,MAX]`, `SEARCH[Location](AREA[LocationCity]Boston AND AREA[LocationStatus]RECRUITING)`
    #[schemars(length(max = 2000))]
    query: Option<String>,
    /// As query, in conditions, keywords, MeSH terms, titles
    #[schemars(length(max = 2000))]
    condition_query: Option<String>,
    /// As query, in interventions and their other names, arms
    #[schemars(length(max = 2000))]
    intervention_query: Option<String>,
    /// As query, in sites: facility, city, state, country, ZIP
    #[schemars(length(max = 2000))]
    location_query: Option<String>,
    /// As query, in lead sponsor, collaborators, organization
    #[schemars(length(max = 2000))]
    sponsor_query: Option<String>,
    /// As query, in titles and acronym
    #[schemars(length(max = 2000))]
    title_query: Option<String>,
    /// As query, in outcome measures
    #[schemars(length(max = 2000))]
    outcome_query: Option<String>,
    /// Any of RECRUITING, NOT_YET_RECRUITING, ACTIVE_NOT_RECRUITING, COMPLETED, ENROLLING_BY_INVITATION, SUSPENDED, TERMINATED, WITHDRAWN, UNKNOWN, …
    status_filter: Option<UpTo<20>>,
    /// Any of EARLY_PHASE1, PHASE1, PHASE2, PHASE3, PHASE4, NA
    phase_filter: Option<UpTo<10>>,
    /// As query; must hold too and does not rank, e.g. `AREA[StudyType]INTERVENTIONAL AND AREA[EnrollmentCount]RANGE[100,MAX]`
    #[schemars(length(max = 2000))]
    advanced_filter: Option<String>,
    /// Some site within distance(latitude,longitude,radius), e.g. distance(42.36,-71.06,50mi)
    #[schemars(length(max = 100))]
    geo_filter: Option<String>,
    /// Only these studies, by NCT number
    nct_ids: Option<UpTo<1000>>,
    /// Only studies of this cohort
    #[schemars(length(max = 64))]
    cohort_id: Option<String>,
}

/// What to tell where nothing matches.
pub(super) const NOTHING: &str =
    " Nothing has all that was asked for: leave a filter out, or use fewer or other words.";

/// A term and its synonyms.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ExpandedTerm {
    /// As written in the query
    term: String,
    /// What was searched for besides
    synonyms: Vec<String>,
}

/// Leaves the criteria among a tool's parameters to the search, which describes them in full, and says so: every
/// definition is in every conversation.
pub(super) fn described_by_search(mut tool: Tool) -> Tool {
    let criteria = schema::of_input::<Criteria>();
    let known = criteria.get("properties").and_then(Value::as_object);
    let schema = Arc::make_mut(&mut tool.input_schema);
    for (name, parameter) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
    {
        if let Some(parameter) = parameter.as_object_mut()
            && known.is_some_and(|known| known.contains_key(name))
        {
            parameter.remove("description");
        }
    }
    let description = tool.description.as_deref().unwrap_or_default();
    tool.description = Some(format!("{description} Criteria as in {}.", search_studies::NAME).into());
    tool
}

impl Criteria {
    /// The question that these criteria ask.
    ///
    /// # Errors
    ///
    /// [`ToolError`] names the parameter and what it takes, or says that the caller has no such cohort.
    pub(super) async fn matching(&self, own: &OwnCohorts) -> Result<Matching, ToolError> {
        let mut matching = Matching::default();
        let questions = [
            ("query", &areas::BASIC, &self.query),
            ("conditionQuery", &areas::CONDITION, &self.condition_query),
            ("interventionQuery", &areas::INTERVENTION, &self.intervention_query),
            ("locationQuery", &areas::LOCATION, &self.location_query),
            ("sponsorQuery", &areas::SPONSOR, &self.sponsor_query),
            ("titleQuery", &areas::TITLE, &self.title_query),
            ("outcomeQuery", &areas::OUTCOME, &self.outcome_query),
        ];
        for (name, area, text) in questions {
            if let Some(text) = text {
                has_words(name, text)?;
                matching.search(Target::Area(area), text).map_err(|error| unreadable(name, text, &error))?;
            }
        }
        const STATUS: Piece = Piece::named("OverallStatus");
        const PHASE: Piece = Piece::named("Phase");
        if let Some(given) = &self.status_filter {
            let kind = "recruitment status";
            matching.filter_values(STATUS, values("statusFilter", kind, &enums::STATUS, given.iter())?);
        }
        if let Some(given) = &self.phase_filter {
            matching.filter_values(PHASE, values("phaseFilter", "phase", &enums::PHASE, given.iter())?);
        }
        if let Some(text) = &self.advanced_filter {
            has_words("advancedFilter", text)?;
            matching.filter(text).map_err(|error| unreadable("advancedFilter", text, &error))?;
        }
        if let Some(text) = &self.geo_filter {
            let spaceless: String = text.chars().filter(|character| !character.is_whitespace()).collect();
            let circle = api::circle(&spaceless.to_lowercase()).ok_or_else(|| {
                let shown: String = text.chars().take(60).collect();
                ToolError::new(
                    format!("`geoFilter`: `{shown}` is no circle"),
                    "give distance(latitude,longitude,radius) with the radius in mi or km, e.g. \
                     distance(42.36,-71.06,50mi); for a place's name use locationQuery",
                )
            })?;
            matching.filter_near(circle);
        }
        if let Some(given) = &self.nct_ids {
            matching.filter_ids(nct_ids("nctIds", given.iter())?);
        }
        if let Some(id) = &self.cohort_id {
            let cohort = cohorts::of_own(own, id).await?;
            matching.filter_expr(cohort).map_err(|_| ToolError::from(CohortError::Unreadable))?;
        }
        // As in the API, but there it is not even said.
        if matching.ignores_filters() {
            return Err(ToolError::new(
                "a query of nothing but study numbers finds these studies whatever the filters say",
                "give the numbers as nctIds, or leave the filters out",
            ));
        }
        Ok(matching)
    }
}

/// Terms of a question that were also searched by their synonyms.
pub(super) fn expanded_terms(expanded: Vec<Expanded>) -> Vec<ExpandedTerm> {
    expanded.into_iter().map(|Expanded { term, synonyms }| ExpandedTerm { term, synonyms }).collect()
}

/// [`expanded_terms`] of what is only counted.
pub(super) fn expanded_of(
    matching: &Matching,
    snapshot: &dyn Snapshot,
) -> Result<Vec<ExpandedTerm>, EssieError> {
    Ok(expanded_terms(matching.conditions(snapshot.synonyms())?.expanded))
}

fn has_words(name: &str, text: &str) -> Result<(), ToolError> {
    if words(text).is_empty() {
        let hint = "there is no word in it; give at least one, such as `asthma`";
        return Err(ToolError::new(format!("`{name}` cannot be searched"), hint));
    }
    Ok(())
}

/// What to tell of a text that is no expression: the part at fault and how to write it.
pub(super) fn unreadable(name: &str, text: &str, error: &EssieError) -> ToolError {
    let part: String = text.get(error.span.range()).unwrap_or_default().chars().take(60).collect();
    let at = if part.is_empty() { String::new() } else { format!(" at `{part}`") };
    let hint = match &error.problem {
        Problem::UnknownArea(area) => format!(
            "the nearest fields for AREA[…] are {}; clinicaltrials_get_field_definitions finds others",
            fields::nearest_names(area)
        ),
        _ => "give plain words, a \"phrase in quotes\", or an expression with AND, OR, NOT, parentheses and \
              AREA[Field]; write `\\AND` for the word AND, and leave out `[` and `]`"
            .to_owned(),
    };
    ToolError::new(format!("`{name}` cannot be searched{at}: {error}"), hint)
}

fn values<'a>(
    name: &str,
    kind: &str,
    vocabulary: &'static Enumeration,
    given: impl Iterator<Item = &'a String>,
) -> Result<Vec<&'static EnumValue>, ToolError> {
    let value = |text: &String| {
        vocabulary.parse(text).map_err(|error| {
            let allowed = vocabulary.values.iter().map(|value| value.value).collect::<Vec<_>>().join(", ");
            ToolError::new(
                format!("`{name}`: `{}` is not a {kind}", error.text),
                format!("use one or several of {allowed}"),
            )
        })
    };
    given.map(value).collect()
}

/// The study numbers given, each once, in order.
///
/// # Errors
///
/// [`ToolError`] shows the one that is no study number.
pub(super) fn nct_ids<'a>(
    name: &str,
    given: impl Iterator<Item = &'a String>,
) -> Result<Vec<NctId>, ToolError> {
    let mut met = BTreeSet::new();
    let id = |text: &String| {
        text.trim().parse().map_err(|error: ctgov::InvalidNctId| {
            let shown: String = text.chars().take(40).collect();
            ToolError::new(format!("`{name}`: `{shown}` is no study number"), error.to_string())
        })
    };
    given.map(id).filter(|id| id.as_ref().map_or(true, |id| met.insert(*id))).collect()
}

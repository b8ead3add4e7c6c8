//! What searching and counting share: the questions and filters that decide which studies match.

use super::{ToolError, arguments::Texts};
use ctgov::{Matching, NctId, Phase, Status, UnknownValue, Words, areas};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::BTreeSet, str::FromStr};

/// Which studies match; everything given must hold.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Criteria {
    /// Words (at most 64) that must all occur somewhere in the study: titles, conditions, interventions, summary, outcomes, sponsor, places, ids. Plain words, e.g. `asthma children budesonide`
    #[schemars(length(max = 2000))]
    query: Option<String>,
    /// Words that must all occur in what is studied: conditions, titles, keywords, MeSH terms. E.g. `type 2 diabetes`
    #[schemars(length(max = 2000))]
    condition_query: Option<String>,
    /// Words that must all occur in what is done or given: interventions with their other names and descriptions, arms, titles. E.g. `semaglutide`
    #[schemars(length(max = 2000))]
    intervention_query: Option<String>,
    /// Words that must all occur in the titles or the acronym
    #[schemars(length(max = 2000))]
    title_query: Option<String>,
    /// Words that must all occur in the lead sponsor's, a collaborator's or the organization's name
    #[schemars(length(max = 2000))]
    sponsor_query: Option<String>,
    /// Recruitment status, one or several (any of them): RECRUITING, NOT_YET_RECRUITING, ACTIVE_NOT_RECRUITING, COMPLETED, ENROLLING_BY_INVITATION, SUSPENDED, TERMINATED, WITHDRAWN, UNKNOWN, AVAILABLE, NO_LONGER_AVAILABLE, TEMPORARILY_NOT_AVAILABLE, APPROVED_FOR_MARKETING, WITHHELD
    status_filter: Option<Texts>,
    /// Phase, one or several (any of them): EARLY_PHASE1, PHASE1, PHASE2, PHASE3, PHASE4, NA (phases do not apply)
    phase_filter: Option<Texts>,
}

impl Criteria {
    /// The question that these criteria ask.
    ///
    /// # Errors
    ///
    /// [`ToolError`] names the parameter and what it takes.
    pub(super) fn matching(&self) -> Result<Matching, ToolError> {
        let questions = [
            ("query", &areas::BASIC, &self.query),
            ("conditionQuery", &areas::CONDITION, &self.condition_query),
            ("interventionQuery", &areas::INTERVENTION, &self.intervention_query),
            ("titleQuery", &areas::TITLE, &self.title_query),
            ("sponsorQuery", &areas::SPONSOR, &self.sponsor_query),
        ];
        let mut words = Vec::new();
        for (name, area, text) in questions {
            if let Some(text) = text {
                let read = Words::parse(text).map_err(|error| {
                    ToolError::new(format!("`{name}` cannot be searched"), format!("{error}"))
                })?;
                words.push((area, read));
            }
        }
        Ok(Matching {
            words,
            statuses: values::<Status>("statusFilter", self.status_filter.as_ref())?,
            phases: values::<Phase>("phaseFilter", self.phase_filter.as_ref())?,
            nct_ids: BTreeSet::new(),
        })
    }
}

fn values<T: FromStr<Err = UnknownValue> + Ord>(
    name: &str,
    given: Option<&Texts>,
) -> Result<BTreeSet<T>, ToolError> {
    given.into_iter().flat_map(Texts::iter).map(str::parse).collect::<Result<_, _>>().map_err(
        |error: UnknownValue| {
            let hint = format!("use one or several of {}", error.allowed.join(", "));
            ToolError::new(format!("`{name}`: `{}` is not a {}", error.text, error.vocabulary), hint)
        },
    )
}

/// The study numbers given.
///
/// # Errors
///
/// [`ToolError`] shows the one that is no study number.
pub(super) fn nct_ids(name: &str, given: &Texts) -> Result<BTreeSet<NctId>, ToolError> {
    let id = |text: &str| {
        text.trim().parse().map_err(|error: ctgov::InvalidNctId| {
            let shown: String = text.chars().take(40).collect();
            ToolError::new(format!("`{name}`: `{shown}` is no study number"), error.to_string())
        })
    };
    given.iter().map(id).collect()
}

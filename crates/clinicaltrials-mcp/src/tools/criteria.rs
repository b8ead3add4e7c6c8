//! What searching and counting share: the questions and filters that decide which studies match.

use super::{ToolError, arguments::Texts};
use ctgov::{
    Matching, NctId, areas,
    enums::{self, EnumValue, Enumeration},
    essie::{EssieError, Target},
    pieces::Piece,
    text::words,
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Which studies match; everything given must hold.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Criteria {
    /// Anywhere in the study: titles, conditions, interventions, summary, outcomes, sponsor, places, ids. Plain words (all must occur), a "phrase", or an expression: AND, OR, NOT, parentheses, `AREA[Field]value`, `AREA[StartDate]RANGE[2020,MAX]`, `SEARCH[Location](AREA[LocationCity]Boston AND AREA[LocationStatus]RECRUITING)`. E.g. `asthma AND (budesonide OR salbutamol)`
    #[schemars(length(max = 2000))]
    query: Option<String>,
    /// As query, in what is studied: conditions, titles, keywords, MeSH terms. E.g. `type 2 diabetes`
    #[schemars(length(max = 2000))]
    condition_query: Option<String>,
    /// As query, in what is done or given: interventions with their other names and descriptions, arms, titles. E.g. `semaglutide`
    #[schemars(length(max = 2000))]
    intervention_query: Option<String>,
    /// As query, in the titles or the acronym
    #[schemars(length(max = 2000))]
    title_query: Option<String>,
    /// As query, in the lead sponsor's, a collaborator's or the organization's name
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
        let mut matching = Matching::default();
        for (name, area, text) in questions {
            if let Some(text) = text {
                if text.chars().nth(QUERY_CHARS_MAX).is_some() {
                    let hint = format!("give at most {QUERY_CHARS_MAX} characters");
                    return Err(ToolError::new(format!("`{name}` is too long"), hint));
                }
                if words(text).is_empty() {
                    let hint = "there is no word in it; give at least one, such as `asthma`";
                    return Err(ToolError::new(format!("`{name}` cannot be searched"), hint));
                }
                matching.search(Target::Area(area), text).map_err(|error| unreadable(name, text, &error))?;
            }
        }
        const STATUS: Piece = Piece::named("OverallStatus");
        const PHASE: Piece = Piece::named("Phase");
        let lists = [
            ("statusFilter", STATUS, "recruitment status", &enums::STATUS, &self.status_filter),
            ("phaseFilter", PHASE, "phase", &enums::PHASE, &self.phase_filter),
        ];
        for (name, piece, kind, vocabulary, given) in lists {
            if let Some(given) = given {
                matching.filter_values(piece, values(name, kind, vocabulary, given)?);
            }
        }
        Ok(matching)
    }
}

/// Longest text of one query, in characters.
const QUERY_CHARS_MAX: usize = 2_000;

/// What to tell of a text that is no expression: the part at fault and how to write it.
fn unreadable(name: &str, text: &str, error: &EssieError) -> ToolError {
    let part: String = text.get(error.span.range()).unwrap_or_default().chars().take(60).collect();
    let at = if part.is_empty() { String::new() } else { format!(" at `{part}`") };
    let hint = "give plain words, a \"phrase in quotes\", or an expression with AND, OR, NOT, parentheses and \
                AREA[Field]; write `\\AND` for the word AND, and leave out `[` and `]`";
    ToolError::new(format!("`{name}` cannot be searched{at}: {error}"), hint)
}

fn values(
    name: &str,
    kind: &str,
    vocabulary: &'static Enumeration,
    given: &Texts,
) -> Result<Vec<&'static EnumValue>, ToolError> {
    let value = |text: &str| {
        vocabulary.parse(text).map_err(|error| {
            let allowed = vocabulary.values.iter().map(|value| value.value).collect::<Vec<_>>().join(", ");
            ToolError::new(
                format!("`{name}`: `{}` is not a {kind}", error.text),
                format!("use one or several of {allowed}"),
            )
        })
    };
    given.iter().map(value).collect()
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

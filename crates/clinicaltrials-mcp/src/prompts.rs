//! The prompts: `analyze_trial_landscape`, how to survey the studies on a topic with the tools.

use rmcp::{
    ErrorData,
    model::{GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage, Role},
};
use serde_json::Value;

/// The one prompt.
pub const LANDSCAPE: &str = "analyze_trial_landscape";

/// Longest argument, in characters.
const ARGUMENT_CHARS_MAX: usize = 500;

/// The arguments: name, what it is, whether it must be given.
const ARGUMENTS: [(&str, &str, bool); 5] = [
    ("topic", "The condition or intervention to survey, e.g. type 2 diabetes or semaglutide", true),
    ("focusAreas", "What matters most, e.g. phases, sponsors, geography, outcomes, results", false),
    ("sponsor", "Only studies of this sponsor", false),
    ("country", "Only studies with sites in this country", false),
    (
        "groupBy",
        "A field to break the studies down by besides the usual ones, e.g. DesignPrimaryPurpose",
        false,
    ),
];

/// Every prompt's definition.
pub fn definitions() -> Vec<Prompt> {
    let arguments = ARGUMENTS.map(|(name, description, required)| {
        PromptArgument::new(name).with_description(description).with_required(required)
    });
    let description = "Survey the clinical trials on a topic: how many there are, in which state, phase and place, who \
                       runs them, what they measure and what they found";
    vec![
        Prompt::new(LANDSCAPE, Some(description), Some(arguments.to_vec()))
            .with_title("Analyze a trial landscape"),
    ]
}

/// The messages of a prompt.
///
/// # Errors
///
/// Invalid parameters for an unknown prompt, or an argument that is missing, unknown, no text or too long.
pub fn get(name: &str, arguments: Option<&JsonObject>) -> Result<GetPromptResult, ErrorData> {
    let invalid = |message: String| ErrorData::invalid_params(message, None);
    if name != LANDSCAPE {
        let shown: String = name.chars().take(60).collect();
        return Err(invalid(format!("there is no prompt `{shown}`; there is {LANDSCAPE}")));
    }
    let mut given = [const { None }; ARGUMENTS.len()];
    for (name, value) in arguments.into_iter().flatten() {
        let Some(at) = ARGUMENTS.iter().position(|(known, ..)| known == name) else {
            let known = ARGUMENTS.map(|(name, ..)| name).join(", ");
            let shown: String = name.chars().take(60).collect();
            return Err(invalid(format!("there is no argument `{shown}`; there are {known}")));
        };
        let text = value.as_str().ok_or_else(|| invalid(format!("`{name}` is not a text")))?.trim();
        if text.chars().nth(ARGUMENT_CHARS_MAX).is_some() {
            return Err(invalid(format!(
                "`{name}` is too long; give at most {ARGUMENT_CHARS_MAX} characters"
            )));
        }
        given[at] = Some(text).filter(|text| !text.is_empty());
    }
    let [topic, focus_areas, sponsor, country, group_by] = given;
    let topic = topic.ok_or_else(|| invalid(format!("`topic` is missing: {}", ARGUMENTS[0].1)))?;
    let text = landscape(topic, focus_areas, sponsor, country, group_by);
    let description = format!("Survey the clinical trials on {topic}");
    Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]).with_description(description))
}

fn landscape(
    topic: &str,
    focus_areas: Option<&str>,
    sponsor: Option<&str>,
    country: Option<&str>,
    group_by: Option<&str>,
) -> String {
    // Quoted as JSON: what somebody typed stays a value, whatever is in it.
    let quoted = |text: &str| Value::from(text).to_string();
    let filters = [("sponsorQuery", sponsor), ("locationQuery", country)];
    let filters: Vec<String> =
        filters.iter().filter_map(|(name, text)| Some(format!("{name} {}", quoted((*text)?)))).collect();
    let filters =
        if filters.is_empty() { String::new() } else { format!(", always with {}", filters.join(" and ")) };
    let focus =
        focus_areas.map(|areas| format!("\nPay most attention to {}.", quoted(areas))).unwrap_or_default();
    let group_by = group_by
        .map(|field| {
            format!(
                "\n   Break the studies down by {} as well (groupBy of clinicaltrials_get_study_count).",
                quoted(field)
            )
        })
        .unwrap_or_default();
    format!(
        "Survey the clinical trials on {topic} that are registered on ClinicalTrials.gov{filters}.{focus}\n\n\
         1. Find the right question: count with clinicaltrials_get_study_count, once with the topic as conditionQuery and \
         once as interventionQuery. Go on with the one that fits, and say which synonyms were searched.\n\
         2. Describe the field with clinicaltrials_analyze_trends: countByStatus, countByPhase, countByYear, countBySponsor, \
         countBySponsorType, countByCountry, countByInterventionType; cross countByPhase with countByYear to see where it \
         moves.{group_by} Where the data source cannot do this, it says so: then count with filters instead.\n\
         3. Look at what is going on: clinicaltrials_search_studies with statusFilter RECRUITING, sorted by \
         LastUpdatePostDate:desc.\n\
         4. Look at what was found: clinicaltrials_search_studies with advancedFilter AREA[HasResults]true, then \
         clinicaltrials_get_study_results with summary for the most important ones.\n\
         5. Put two to five key studies side by side with clinicaltrials_compare_studies.\n\n\
         Report figures exactly as the tools give them, cite NCT numbers, tell what is known from what you conclude, and \
         name the data version. Call made-up (synthetic) studies what they are.",
        topic = quoted(topic),
    )
}

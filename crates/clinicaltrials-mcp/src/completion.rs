//! Completion: what an argument of a prompt or a resource can be, from what was typed so far.
//!
//! Values come from the registry's own tables, names from the field tree.

use crate::{
    engine::{CallControl, Engine},
    failure::protocol_error,
    prompts, resources,
    tools::fields,
};
use ctgov::{RegistryError, pieces::Piece};
use rmcp::{
    ErrorData,
    model::{CompletionInfo, Reference},
};

/// Longest text that is completed, in characters.
const TYPED_CHARS_MAX: usize = 200;

/// Where the completions of an argument come from.
enum Source {
    /// The values of fields, those of the first field first.
    Values(&'static [Piece]),
    /// The names of fields.
    Fields,
    /// These words.
    Words(&'static [&'static str]),
}

const FOCUS_AREAS: &[&str] = &[
    "status and recruitment",
    "phases",
    "sponsors",
    "geography",
    "interventions",
    "outcomes",
    "results",
    "eligibility",
    "enrollment",
    "trends over time",
];

const SECTIONS: &[&str] = &[
    "identification",
    "status",
    "sponsors",
    "oversight",
    "description",
    "conditions",
    "design",
    "arms",
    "interventions",
    "outcomes",
    "eligibility",
    "contacts",
    "locations",
    "references",
    "results",
    "participantFlow",
    "baseline",
    "outcomeMeasures",
    "adverseEvents",
    "moreInfo",
];

/// What `argument` of `reference` can be, at most 100 of it, the likeliest first.
///
/// # Errors
///
/// Invalid parameters for a prompt, template or argument that does not exist, or too long a text.
pub async fn complete(
    engine: &Engine,
    reference: &Reference,
    argument: &str,
    typed: &str,
    control: CallControl,
) -> Result<CompletionInfo, ErrorData> {
    if typed.chars().nth(TYPED_CHARS_MAX).is_some() {
        let message = format!("the value is too long; at most {TYPED_CHARS_MAX} characters are completed");
        return Err(ErrorData::invalid_params(message, None));
    }
    let source = source(reference, argument).ok_or_else(|| {
        let shown: String = argument.chars().take(60).collect();
        ErrorData::invalid_params(
            format!("there is no such prompt or resource with an argument `{shown}`"),
            None,
        )
    })?;
    // One more than can be told, to know whether there are more.
    let wanted = CompletionInfo::MAX_VALUES + 1;
    let mut values = match source {
        Source::Values(pieces) => of_fields(engine, pieces, typed, wanted, control).await?,
        Source::Fields => names(typed, wanted),
        Source::Words(words) => beginning_with(words.iter().copied(), typed).map(str::to_owned).collect(),
    };
    let has_more = values.len() > CompletionInfo::MAX_VALUES;
    values.truncate(CompletionInfo::MAX_VALUES);
    let total = (!has_more).then_some(values.len() as u32);
    CompletionInfo::with_pagination(values, total, has_more)
        .map_err(|error| ErrorData::internal_error(error, None))
}

fn source(reference: &Reference, argument: &str) -> Option<Source> {
    const IDS: &[Piece] = &[Piece::named("NCTId")];
    const TOPICS: &[Piece] = &[Piece::named("Condition"), Piece::named("InterventionName")];
    const SPONSORS: &[Piece] = &[Piece::named("LeadSponsorName")];
    const COUNTRIES: &[Piece] = &[Piece::named("LocationCountry")];
    match reference {
        Reference::Prompt(prompt) if prompt.name == prompts::LANDSCAPE => Some(match argument {
            "topic" => Source::Values(TOPICS),
            "focusAreas" => Source::Words(FOCUS_AREAS),
            "sponsor" => Source::Values(SPONSORS),
            "country" => Source::Values(COUNTRIES),
            "groupBy" => Source::Fields,
            _ => return None,
        }),
        Reference::Resource(resource) => {
            let is_section = resource.uri == resources::section_uri();
            match argument {
                "nctId" if is_section || resource.uri == resources::study_uri() => Some(Source::Values(IDS)),
                "section" if is_section => Some(Source::Words(SECTIONS)),
                _ => None,
            }
        }
        _ => None,
    }
}

async fn of_fields(
    engine: &Engine,
    pieces: &'static [Piece],
    typed: &str,
    wanted: usize,
    control: CallControl,
) -> Result<Vec<String>, ErrorData> {
    let typed = typed.to_owned();
    let suggested = engine.look_up(control, move |snapshot, budget| {
        let mut values: Vec<String> = Vec::new();
        for piece in pieces {
            for value in snapshot.suggest(*piece, &typed, wanted, budget)? {
                if values.len() < wanted && !values.iter().any(|known| known.eq_ignore_ascii_case(&value)) {
                    values.push(value);
                }
            }
        }
        Ok(values)
    });
    match suggested.await {
        // Nobody waits for an error while typing.
        Err(RegistryError::Unsupported { .. }) => Ok(Vec::new()),
        suggested => suggested.map_err(|error| protocol_error(&error)),
    }
}

/// The fields that begin with what was typed; else those that are like it.
fn names(typed: &str, wanted: usize) -> Vec<String> {
    let known = Piece::all().filter(|piece| !piece.is_index_only());
    let mut names: Vec<&str> = beginning_with(known.map(Piece::name), typed).collect();
    if names.is_empty() {
        names = fields::nearest(typed, false).take(10).map(Piece::name).collect();
    }
    names.into_iter().take(wanted).map(str::to_owned).collect()
}

fn beginning_with<'a>(words: impl Iterator<Item = &'a str>, typed: &str) -> impl Iterator<Item = &'a str> {
    let typed = typed.trim().to_lowercase();
    words.filter(move |word| word.to_lowercase().starts_with(&typed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ctgov::pieces::Kind;

    #[test]
    fn every_section_that_is_completed_is_one() {
        for section in SECTIONS {
            let piece = fields::section("section", section).expect(section);
            assert!(matches!(piece.kind(), Kind::Struct), "{section} is {}", piece.name());
        }
    }
}

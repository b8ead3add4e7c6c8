//! `clinicaltrials_get_study_record`: the records of studies: whole and unaltered, by sections, or as a digest.

use super::{
    Answer, Failure, ToolError, answering,
    arguments::{self, UpTo},
    criteria::nct_ids,
    fields,
    limits::{LeftOut, Limits},
    reading_tool,
    studies::{NamedStudy, StudyError, StudyName, look_up, none_found},
};
use crate::{
    engine::{CallControl, Engine},
    render::{counted, digest::Digest},
};
use ctgov::{Projection, RegistryError, pieces::Piece};
use rmcp::model::{JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const NAME: &str = "clinicaltrials_get_study_record";

/// Most studies of one call.
const STUDIES_MAX: u32 = 10;
/// Most bytes of records in an answer with several.
const RECORDS_BYTES_MAX: usize = 2 << 20;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Input {
    /// The study's NCT number, or several, e.g. NCT04280705
    nct_id: UpTo<STUDIES_MAX>,
    /// Only these parts: sections such as eligibility, locations, outcomes, results, or any field's name. Default: the whole record
    sections: Option<UpTo<30>>,
    /// A readable digest instead of the record (default false)
    summary: Option<bool>,
    #[serde(flatten)]
    limits: Limits,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Output {
    studies: Vec<StudyView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<StudyError>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StudyView {
    #[serde(flatten)]
    named: StudyName,
    /// Parts that were asked for and that the record does not have
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_in_record: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<LeftOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    digest: Option<Digest>,
    /// The record, or the parts asked for, in the shape of the ClinicalTrials.gov API v2
    #[serde(skip_serializing_if = "Option::is_none")]
    study: Option<JsonObject>,
}

pub(super) fn definition() -> Tool {
    reading_tool::<Input, Output>(
        NAME,
        "Read clinical trial records",
        "Read one or several clinical trial study records registered on ClinicalTrials.gov exactly as published: \
         whole (2 kB to over 1 MB each), only some sections, or as a digest with summary. Former NCT numbers lead to \
         the study. Long lists can be limited; what is left out is named.",
    )
}

pub(super) async fn call(
    engine: &Engine,
    arguments: &Value,
    control: CallControl,
) -> Result<Answer, Failure> {
    let input: Input = arguments::read(arguments)?;
    let ids = nct_ids("nctId", input.nct_id.iter())?;
    let wanted = Wanted::of(&input)?;
    let question = answering(move |snapshot, budget| {
        let (found, mut errors) = look_up(snapshot, &ids, budget)?;
        let (mut answered, mut bytes) = (Vec::with_capacity(found.len()), 0);
        for study in found {
            let id = study.document.nct_id();
            let part = wanted.take(study)?;
            bytes += part.json.len();
            if bytes > RECORDS_BYTES_MAX && !answered.is_empty() {
                let why =
                    "is too large to be sent with the others; ask for it alone, by sections, or with summary";
                errors.push(StudyError::new(id, why));
                bytes -= part.json.len();
            } else {
                answered.push(part);
            }
        }
        if answered.is_empty() {
            return Err(none_found(&errors, snapshot));
        }
        let (mut studies, mut texts, mut records) = (Vec::new(), Vec::new(), Vec::new());
        for Taken { view, json, record } in answered {
            studies.push(view);
            records.push(record);
            texts.extend(Some(json).filter(|json| !json.is_empty()));
        }
        let follows = match texts.len() {
            0 => "",
            1 => " The record follows as JSON.",
            _ => " The records follow as JSON, one after the other.",
        };
        let headline = format!("{}.{follows}", counted(studies.len() as u64));
        let mut answer = Answer::new(&headline, &Output { studies, errors }, snapshot)?;
        answer.text.extend(texts);
        // Moved into their places: a record can be too large to be copied for nothing.
        for (place, record) in records.into_iter().enumerate() {
            if let Some(record) = record {
                answer.structured["studies"][place]["study"] = Value::Object(record);
            }
        }
        Ok(answer)
    });
    engine.look_up(control, question).await?
}

/// What is wanted of each record.
enum Wanted {
    Whole(Limits),
    Parts(Vec<Piece>, Projection, Limits),
    Digest,
}

/// What was taken of a record: the record's part as text and as a value, and what else is told of it.
struct Taken {
    view: StudyView,
    json: String,
    record: Option<JsonObject>,
}

impl Wanted {
    fn of(input: &Input) -> Result<Self, ToolError> {
        let limits = input.limits.clone();
        match &input.sections {
            Some(_) if input.summary == Some(true) => Err(ToolError::new(
                "`summary` and `sections` exclude each other",
                "ask for the digest, or for sections of the record",
            )),
            Some(sections) => {
                let (parts, projection) = parts("sections", sections.iter())?;
                Ok(Self::Parts(parts, projection, limits))
            }
            None if input.summary == Some(true) && !limits.are_none() => Err(ToolError::new(
                "`summary` has no lists that could be limited",
                "leave the limits out, or ask for sections such as locations with them",
            )),
            None if input.summary == Some(true) => Ok(Self::Digest),
            None => Ok(Self::Whole(limits)),
        }
    }

    fn take(&self, study: NamedStudy) -> Result<Taken, RegistryError> {
        let named = study.name();
        let NamedStudy { document, record, .. } = study;
        let mut view =
            StudyView { named, not_in_record: Vec::new(), left_out: Vec::new(), digest: None, study: None };
        let (json, limits) = match self {
            Self::Digest => {
                view.digest = Some(Digest::of(document.nct_id(), &record));
                return Ok(Taken { view, json: String::new(), record: None });
            }
            Self::Whole(limits) if limits.are_none() => {
                let record = match record {
                    Value::Object(record) => Some(record),
                    _ => None,
                };
                return Ok(Taken { view, json: document.json().to_owned(), record });
            }
            Self::Whole(limits) => (document.json().to_owned(), limits),
            Self::Parts(parts, projection, limits) => {
                let missing = parts.iter().filter(|part| !has(&record, **part));
                view.not_in_record = missing.map(|part| part.name()).collect();
                let json = projection.apply(document.json());
                view.left_out.extend(sections_left_out(&record, &json));
                (json, limits)
            }
        };
        let mut part: Value =
            serde_json::from_str(&json).map_err(|error| RegistryError::Unavailable(error.into()))?;
        let beyond = limits.apply(&mut part);
        // As published unless something was taken out of it.
        let json = if limits.are_none() { json } else { part.to_string() };
        view.left_out.extend(beyond);
        let record = match part {
            Value::Object(part) => Some(part),
            _ => None,
        };
        Ok(Taken { view, json, record })
    }
}

/// The fields that sections of a record, or fields, are, and what cuts them out of one.
///
/// # Errors
///
/// [`ToolError`] names the nearest to one that is none.
pub(super) fn parts<'a>(
    parameter: &str,
    names: impl Iterator<Item = &'a String>,
) -> Result<(Vec<Piece>, Projection), ToolError> {
    let pieces = names.map(|name| fields::section(parameter, name)).collect::<Result<Vec<_>, ToolError>>()?;
    let projection = Projection::parse(pieces.iter().map(|piece| piece.name()), None);
    let projection = projection.map_err(|error| {
        let hint = "it can be searched and sorted by only; leave it out";
        ToolError::new(format!("`{parameter}`: {error}"), hint)
    })?;
    Ok((pieces, projection))
}

/// Whether a record has something at the place of a field.
pub(crate) fn has(record: &Value, piece: Piece) -> bool {
    let mut has = false;
    piece.for_each_value(record, |_| has = true);
    has
}

/// The sections that `record` has and `part`, a JSON text, has nothing of.
fn sections_left_out(record: &Value, part: &str) -> Option<LeftOut> {
    let part: Value = serde_json::from_str(part).unwrap_or_default();
    let sections = record.as_object().into_iter().flatten().flat_map(|(section, modules)| {
        let modules = modules.as_object().into_iter().flatten().map(|(module, _)| module.as_str());
        let has = |module: &&str| part[section].get(*module).is_some();
        modules.filter(move |module| !has(module)).collect::<Vec<_>>()
    });
    let what = sections.collect::<Vec<_>>().join(", ");
    let how_to_get = "name them in sections, or leave sections out".to_owned();
    (!what.is_empty()).then_some(LeftOut { what, shown: None, in_record: None, how_to_get })
}

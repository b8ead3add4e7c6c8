//! `clinicaltrials://{nctId}` and `clinicaltrials://{nctId}/{section}`: records as resources, byte for byte.

use crate::{
    engine::{CallControl, Engine},
    failure::protocol_error,
    render::{DATA_VERSION_META, DataVersionView},
    tools::{fields, get_study_record::has, studies::with_successor},
};
use ctgov::{NctId, PageSize, Projection, RegistryError, StudyQuery, pieces::Piece};
use rmcp::{
    ErrorData,
    model::{
        ListResourcesResult, MetaObject, ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
    },
};
use serde_json::json;

const SCHEME: &str = "clinicaltrials://";
const JSON: &str = "application/json";

/// How many studies a page of the list has.
const PAGE: u16 = 50;

/// How a study, and a section of one, are named as resources.
pub fn templates() -> Vec<ResourceTemplate> {
    let study = ResourceTemplate::new(study_uri(), "study")
        .with_title("Clinical trial study")
        .with_description(
            "The whole record of one study as JSON, unaltered, e.g. clinicaltrials://NCT04280705. Former numbers lead to \
             the study.",
        )
        .with_mime_type(JSON);
    let section = ResourceTemplate::new(section_uri(), "study section")
        .with_title("Section of a clinical trial study")
        .with_description(
            "One section or field of a record as JSON, at its place, e.g. clinicaltrials://NCT04280705/eligibility, \
             …/locations, …/outcomes, …/results",
        )
        .with_mime_type(JSON);
    vec![study, section]
}

/// How a study is named.
pub fn study_uri() -> String {
    format!("{SCHEME}{{nctId}}")
}

/// How a section of a study is named.
pub fn section_uri() -> String {
    format!("{SCHEME}{{nctId}}/{{section}}")
}

/// A page of all studies, by number.
///
/// # Errors
///
/// Invalid parameters for a cursor that is none of this server's, or one whose data is gone.
pub async fn list(
    engine: &Engine,
    cursor: Option<&str>,
    control: CallControl,
) -> Result<ListResourcesResult, ErrorData> {
    let invalid = |error: String| ErrorData::invalid_params(format!("`cursor`: {error}"), None);
    let page_token = cursor.map(str::parse).transpose().map_err(|error| invalid(format!("{error}")))?;
    let control = control.continuing(page_token.as_ref());
    let page_size = PageSize::new(PAGE).unwrap_or_default();
    let query = StudyQuery { page_size, page_token, ..StudyQuery::default() };
    let question = move |snapshot: &dyn ctgov::Snapshot, budget: &ctgov::Budget| {
        let mut resources = Vec::new();
        let page = snapshot.search(&query, budget, &mut |study| {
            let record = study.value().map_err(|error| RegistryError::Unavailable(error.into()))?;
            let id = study.nct_id().to_string();
            let mut resource = Resource::new(format!("{SCHEME}{id}"), id)
                .with_mime_type(JSON)
                .with_size(study.json().len() as u64);
            if let Some(title) = Piece::named("BriefTitle").text(&record) {
                resource = resource.with_title(title);
            }
            resources.push(resource);
            Ok(())
        })?;
        Ok((page, resources, DataVersionView::from(snapshot.data_version())))
    };
    let (page, resources, data) = engine.ask(control, question).await.map_err(|error| match error {
        RegistryError::ForeignPageToken | RegistryError::ExpiredPageToken => invalid(error.to_string()),
        other => protocol_error(&other),
    })?;
    let mut list = ListResourcesResult::with_all_items(resources);
    list.next_cursor = page.next.map(|token| token.to_string());
    list.meta = Some(meta(&data));
    Ok(list)
}

/// Reads the study, or the section of it, that `uri` names.
///
/// # Errors
///
/// Invalid parameters for a URI of another form, resource not found for a study that is not in the data.
pub async fn read(engine: &Engine, uri: &str, control: CallControl) -> Result<ReadResourceResult, ErrorData> {
    let shown: String = uri.chars().take(80).collect();
    let invalid = |message: String| ErrorData::invalid_params(message, Some(json!({ "uri": shown })));
    let (id, section) = parts(uri).ok_or_else(|| {
        invalid(format!("`{shown}` is not {SCHEME} and an NCT number, with or without / and a section"))
    })?;
    let part = section
        .map(|section| {
            let piece = fields::section("section", section).map_err(|error| error.to_string())?;
            let projection = Projection::parse([piece.name()], None);
            Ok((piece, projection.map_err(|error| error.to_string())?))
        })
        .transpose()
        .map_err(invalid)?;
    let question = move |snapshot: &dyn ctgov::Snapshot, budget: &ctgov::Budget| {
        Ok((with_successor(snapshot, id, budget)?, DataVersionView::from(snapshot.data_version())))
    };
    let (study, data) = engine.look_up(control, question).await.map_err(|error| protocol_error(&error))?;
    let not_found = |message: String| ErrorData::resource_not_found(message, Some(json!({ "uri": shown })));
    let study = study.ok_or_else(|| not_found(format!("{id} is not in this data ({})", data.in_words())))?;
    let id = study.nct_id();
    let (uri, text) = match part {
        None => (format!("{SCHEME}{id}"), study.json().to_owned()),
        Some((piece, projection)) => {
            let record =
                study.value().map_err(|error| protocol_error(&RegistryError::Unavailable(error.into())))?;
            if !has(&record, piece) {
                return Err(not_found(format!("{id} has no {}", piece.name())));
            }
            (format!("{SCHEME}{id}/{}", piece.name()), projection.apply(study.json()))
        }
    };
    let contents = ResourceContents::text(text, uri).with_mime_type(JSON).with_meta(meta(&data));
    Ok(ReadResourceResult::new(vec![contents]))
}

fn meta(data: &DataVersionView) -> MetaObject {
    let mut meta = MetaObject::default();
    meta.insert(DATA_VERSION_META.into(), json!(data));
    meta
}

/// The study that a URI names, and the section if it names one.
fn parts(uri: &str) -> Option<(NctId, Option<&str>)> {
    let path = uri.strip_prefix(SCHEME)?;
    let (id, section) = match path.split_once('/') {
        None => (path, None),
        Some((id, section)) => (id, Some(section)),
    };
    let is_name = |section: &str| {
        (1..=100).contains(&section.len())
            && section.chars().all(|it| it.is_ascii_alphanumeric() || it == '.')
    };
    (section.is_none_or(is_name)).then_some((id.parse().ok()?, section))
}

//! `clinicaltrials://{nctId}`: a study's record as a resource, byte for byte.

use crate::{
    engine::{CallControl, Engine},
    failure::protocol_error,
    render::{DATA_VERSION_META, DataVersionView},
};
use ctgov::NctId;
use rmcp::{
    ErrorData,
    model::{MetaObject, ReadResourceResult, ResourceContents, ResourceTemplate},
};
use serde_json::json;

const SCHEME: &str = "clinicaltrials://";

/// How a study is named as a resource.
pub fn study_template() -> ResourceTemplate {
    ResourceTemplate::new(format!("{SCHEME}{{nctId}}"), "study")
        .with_title("Clinical trial study")
        .with_description(
            "The whole record of one study as JSON, unaltered, e.g. clinicaltrials://NCT04280705",
        )
        .with_mime_type("application/json")
}

/// Reads the study that `uri` names.
///
/// # Errors
///
/// Invalid parameters for a URI of another form, resource not found for a study that is not in the data.
pub async fn read(engine: &Engine, uri: &str, control: CallControl) -> Result<ReadResourceResult, ErrorData> {
    let id = uri.strip_prefix(SCHEME).and_then(|id| id.parse::<NctId>().ok()).ok_or_else(|| {
        let shown: String = uri.chars().take(80).collect();
        ErrorData::invalid_params(format!("`{shown}` is not {SCHEME} and an NCT number"), None)
    })?;
    let question = move |snapshot: &dyn ctgov::Snapshot, budget: &ctgov::Budget| {
        Ok((snapshot.study(id, budget)?, DataVersionView::from(snapshot.data_version())))
    };
    let (study, version) = engine.look_up(control, question).await.map_err(|error| protocol_error(&error))?;
    let Some(study) = study else {
        return Err(ErrorData::resource_not_found(
            format!("{id} is not in this data ({})", version.in_words()),
            Some(json!({ "uri": uri.chars().take(80).collect::<String>() })),
        ));
    };
    let mut meta = MetaObject::default();
    meta.insert(DATA_VERSION_META.into(), json!(version));
    let contents = ResourceContents::text(study.json(), format!("{SCHEME}{id}"));
    Ok(ReadResourceResult::new(vec![contents.with_mime_type("application/json").with_meta(meta)]))
}

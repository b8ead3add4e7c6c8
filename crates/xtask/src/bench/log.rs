//! The log that the registry's benchmark wrote, as paths of requests to `/api/v2`.

use anyhow::Context as _;
use serde_json::Value;

/// What a list of hits shows.
const FIELDS: &str = "NCTId,BriefTitle,OverallStatus,Condition,InterventionName,LeadSponsorName";

/// The path of one of the log's requests. Lists of hits show a few fields, as a list on a screen does, unless the
/// records are wanted.
pub(crate) fn path(request: &Value) -> anyhow::Result<String> {
    if let Some(id) = request["study"].as_str() {
        return Ok(format!("/api/v2/studies/{id}"));
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    for pair in request["parameters"].as_array().context("parameters")? {
        let text = |at: usize| pair[at].as_str().context("a parameter");
        query.append_pair(text(0)?, text(1)?);
    }
    if request["withRecords"] == false {
        query.append_pair("fields", FIELDS);
    }
    Ok(format!("/api/v2/studies?{}", query.finish()))
}

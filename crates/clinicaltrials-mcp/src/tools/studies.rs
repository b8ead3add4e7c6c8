//! The studies that a call names: their records, found by former numbers too, and which are missing.

use super::{Failure, ToolError};
use crate::render::DataVersionView;
use ctgov::{Budget, Document, NctId, RegistryError, Snapshot};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// A study that was named.
#[derive(Debug)]
pub(super) struct NamedStudy {
    /// The number it was named by, if that is a former one.
    asked_as: Option<String>,
    pub(super) document: Document,
    pub(super) record: Value,
}

impl NamedStudy {
    /// What an answer calls it.
    pub(super) fn name(&self) -> StudyName {
        let id = self.document.nct_id();
        StudyName { nct_id: id.to_string(), synthetic: id.is_synthetic(), asked_as: self.asked_as.clone() }
    }
}

/// Which study a part of an answer is about.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StudyName {
    nct_id: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    synthetic: bool,
    /// The former number that the study was asked for by
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_as: Option<String>,
}

/// A study that was named and has no part in the answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StudyError {
    pub(super) nct_id: String,
    pub(super) error: String,
}

impl StudyError {
    pub(super) fn new(id: NctId, error: impl Into<String>) -> Self {
        Self { nct_id: id.to_string(), error: error.into() }
    }
}

/// Looks up the studies of `ids`, in their order.
///
/// # Errors
///
/// The snapshot's; a study that is not there is none.
pub(super) fn look_up(
    snapshot: &dyn Snapshot,
    ids: &[NctId],
    budget: &Budget,
) -> Result<(Vec<NamedStudy>, Vec<StudyError>), RegistryError> {
    let (mut found, mut errors) = (Vec::with_capacity(ids.len()), Vec::new());
    for (done, id) in (1..).zip(ids) {
        match with_successor(snapshot, *id, budget)? {
            Some(document) if ids.contains(&document.nct_id()) && document.nct_id() != *id => {
                errors
                    .push(StudyError::new(*id, format!("is {} now, which was named too", document.nct_id())));
            }
            Some(document) => {
                let record = document.value().map_err(|error| RegistryError::Unavailable(error.into()))?;
                let asked_as = (document.nct_id() != *id).then(|| id.to_string());
                found.push(NamedStudy { asked_as, document, record });
            }
            None => errors.push(StudyError::new(*id, "is not in this data")),
        }
        budget.step(done, ids.len() as u64)?;
    }
    Ok((found, errors))
}

/// The study of `id`, or the one that `id` is a former number of.
///
/// # Errors
///
/// The snapshot's.
pub(crate) fn with_successor(
    snapshot: &dyn Snapshot,
    id: NctId,
    budget: &Budget,
) -> Result<Option<Document>, RegistryError> {
    if let Some(document) = snapshot.study(id, budget)? {
        return Ok(Some(document));
    }
    let successor = match snapshot.successor(id, budget) {
        // Whoever does not know former numbers knows none.
        Err(RegistryError::Unsupported { .. }) => None,
        successor => successor?,
    };
    Ok(successor.map(|id| snapshot.study(id, budget)).transpose()?.flatten())
}

/// Why there is no answer when none of the studies named is there.
pub(super) fn none_found(errors: &[StudyError], snapshot: &dyn Snapshot) -> Failure {
    let data = DataVersionView::from(snapshot.data_version());
    let named = errors.iter().map(|study| study.nct_id.as_str()).collect::<Vec<_>>().join(", ");
    let verb = if errors.len() == 1 { "is" } else { "are" };
    let hint = "check the number, or find the study with clinicaltrials_search_studies";
    ToolError::new(format!("{named} {verb} not in this data ({})", data.in_words()), hint).into()
}

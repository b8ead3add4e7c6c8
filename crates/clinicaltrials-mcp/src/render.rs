//! What callers see of a study and of the data: the same facts as values and as text.

pub mod digest;
pub mod results;
pub mod sites;
mod words;

pub use words::in_words;

use ctgov::{DataSource, DataVersion, Document, NctId, RegistryError, pieces::Piece};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;

/// The `_meta` key under which a resource carries its data version.
pub const DATA_VERSION_META: &str = "org.clinicaltrials-mcp/dataVersion";

/// Which data answered.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataVersionView {
    /// Identifies the data: the same records have the same version on every server
    pub version: String,
    /// Where the data comes from: mirror (a local copy of the registry), live (the registry's own API, asked now) or sample (made-up studies)
    pub source: String,
    /// How many studies the data holds; absent when live
    #[serde(skip_serializing_if = "Option::is_none")]
    pub studies: Option<u64>,
    /// How many of them are synthetic, made up and describing no real study; absent when some may be and nobody knows how many
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synthetic_studies: Option<u64>,
    /// The newest LastUpdatePostDate in the data; absent when live
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_update: Option<String>,
    /// When live: which version of its API the registry serves
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// When live: when the registry published its data
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_timestamp: Option<String>,
}

impl From<&DataVersion> for DataVersionView {
    fn from(version: &DataVersion) -> Self {
        let service = version.service.as_ref();
        Self {
            version: version.id.to_string(),
            source: version.source.to_string(),
            studies: version.studies,
            synthetic_studies: version.synthetic,
            newest_update: version.newest_update.clone(),
            api_version: service.map(|service| service.api_version.clone()),
            data_timestamp: service.and_then(|service| service.data_timestamp.clone()),
        }
    }
}

impl DataVersionView {
    /// The version in one phrase, for text answers.
    pub fn in_words(&self) -> String {
        let mut words = format!("data version {}, {}", self.version, self.source);
        if let Some(studies) = self.studies {
            let newest = self.newest_update.as_deref().unwrap_or("unknown");
            let _ = write!(words, ", {studies} studies, newest update {newest}");
        }
        if let Some(api_version) = &self.api_version {
            let published = self.data_timestamp.as_deref().unwrap_or("at an unknown time");
            let _ = write!(words, ", API {api_version}, published {published}");
        }
        if self.source == DataSource::Sample.to_string() {
            words.push_str("; SYNTHETIC sample data, no real study");
        } else {
            match self.synthetic_studies {
                Some(0) => {}
                Some(synthetic) => {
                    let _ = write!(words, "; {synthetic} of them SYNTHETIC (NCT9…), no real studies");
                }
                None => words.push_str("; some may be SYNTHETIC (NCT9…), no real studies"),
            }
        }
        words
    }
}

/// The facts that tell studies apart, each as the record has it; what the record lacks is left out.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StudySummary {
    /// The study's number
    pub nct_id: String,
    /// Present and true when the study is made up
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    pub synthetic: bool,
    /// The title for the public
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brief_title: Option<String>,
    /// The recruitment status
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overall_status: Option<String>,
    /// INTERVENTIONAL, OBSERVATIONAL or EXPANDED_ACCESS
    #[serde(skip_serializing_if = "Option::is_none")]
    pub study_type: Option<String>,
    /// The phases; NA means that phases do not apply
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub phases: Vec<String>,
    /// What is studied
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub conditions: Vec<String>,
    /// What is done or given
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub interventions: Vec<String>,
    /// Who runs it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_sponsor: Option<String>,
    /// How many people take part or are to take part
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrollment_count: Option<i64>,
    /// When it starts, as precise as the record is
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// When it ends, as precise as the record is
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_date: Option<String>,
    /// When the record was last updated
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_update_post_date: Option<String>,
    /// Whether results are posted
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_results: Option<bool>,
}

impl StudySummary {
    /// The summary of a record.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Unavailable`] when the stored text is not JSON.
    pub fn of(document: &Document) -> Result<Self, RegistryError> {
        let study = document.value().map_err(|error| RegistryError::Unavailable(error.into()))?;
        Ok(Self::of_record(document.nct_id(), &study))
    }

    /// Only what a study is called.
    #[must_use]
    pub fn brief(self) -> Self {
        let Self { nct_id, synthetic, brief_title, .. } = self;
        Self { nct_id, synthetic, brief_title, ..Self::default() }
    }

    /// The summary of the parsed record of study `id`.
    pub fn of_record(id: NctId, study: &Value) -> Self {
        let text = |name: Piece| name.text(study).map(str::to_owned);
        let mut enrollment_count = None;
        Piece::named("EnrollmentCount").for_each_value(study, |value| enrollment_count = value.as_i64());
        Self {
            nct_id: id.to_string(),
            synthetic: id.is_synthetic(),
            brief_title: text(Piece::named("BriefTitle")),
            overall_status: text(Piece::named("OverallStatus")),
            study_type: text(Piece::named("StudyType")),
            phases: texts(Piece::named("Phase"), study),
            conditions: texts(Piece::named("Condition"), study),
            interventions: texts(Piece::named("InterventionName"), study),
            lead_sponsor: text(Piece::named("LeadSponsorName")),
            enrollment_count,
            start_date: text(Piece::named("StartDate")),
            completion_date: text(Piece::named("CompletionDate")),
            last_update_post_date: text(Piece::named("LastUpdatePostDate")),
            has_results: study.get("hasResults").and_then(Value::as_bool),
        }
    }
}

/// So many studies, in words.
pub fn counted(count: u64) -> String {
    if count == 1 { "1 study".to_owned() } else { format!("{count} studies") }
}

/// Every value of a piece of text in a record, in the record's order.
pub fn texts(piece: Piece, study: &Value) -> Vec<String> {
    let mut found = Vec::new();
    piece.for_each_value(study, |value| found.extend(value.as_str().map(str::to_owned)));
    found
}

//! `clinicaltrials_search_studies`: a page of studies that match, with the facts that tell them apart.

use super::{
    Answer, Failure, ToolError, answering,
    arguments::{self, UpTo},
    criteria::{Criteria, ExpandedTerm, NOTHING, expanded_terms},
    get_study_record::parts,
    reading_tool,
};
use crate::{
    cohorts::OwnCohorts,
    engine::{CallControl, Engine},
    render::{
        StudySummary, counted,
        sites::{Showing, SitesInPlace, is_within},
    },
};
use ctgov::{Document, PageSize, PageToken, Projection, RegistryError, Sort, StudyQuery, essie::Circle};
use rmcp::model::{JsonObject, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const NAME: &str = "clinicaltrials_search_studies";

/// How many of a study's sites are shown.
const SITES_SHOWN: usize = 3;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Input {
    #[serde(flatten)]
    criteria: Criteria,
    /// Instead of the usual facts, these fields of each record, unaltered, e.g. ["BriefTitle", "EligibilityModule"]
    fields: Option<UpTo<50>>,
    /// Order: up to two date or number fields with :asc or :desc, e.g. EnrollmentCount:desc,StartDate; or @relevance (default when words are given; else by number)
    sort: Option<String>,
    /// How many studies a page has (default 10)
    #[schemars(range(min = 1, max = 200))]
    page_size: Option<u16>,
    /// The nextPageToken of the page before, all else unchanged
    #[schemars(length(max = 200))]
    page_token: Option<String>,
    /// Whether to say how many match in all (default true)
    count_total: Option<bool>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    total_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expanded: Vec<ExpandedTerm>,
    studies: Vec<Hit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// A study of the page.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Hit {
    #[serde(flatten)]
    summary: StudySummary,
    /// The sites near the place that was asked for
    #[serde(skip_serializing_if = "Option::is_none")]
    near: Option<SitesInPlace>,
    /// The fields asked for, at their places in the record
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<JsonObject>,
}

pub(super) fn definition(page_size_max: u16) -> Tool {
    let description = format!(
        "Search the clinical trial studies registered on ClinicalTrials.gov. Returns a page (at most {page_size_max}) \
         of compact summaries, or chosen fields, and the exact total; geoFilter adds each study's nearest sites. \
         Case and accents do not matter, synonyms are searched too and named. Read whole records with \
         clinicaltrials_get_study_record; find trials for a person with clinicaltrials_find_eligible."
    );
    let mut tool = reading_tool::<Input, Output>(NAME, "Search clinical trials", description);
    // The operator's limit, where the type can only state the default.
    let schema = std::sync::Arc::make_mut(&mut tool.input_schema);
    if let Some(page_size) = schema.get_mut("properties").and_then(|all| all.get_mut("pageSize")) {
        page_size["maximum"] = page_size_max.into();
    }
    tool
}

pub(super) async fn call(
    engine: &Engine,
    own: &OwnCohorts,
    arguments: &Value,
    control: CallControl,
) -> Result<Answer, Failure> {
    let input: Input = arguments::read(arguments)?;
    let query = input.query(own).await?;
    let parts = input.fields.as_ref().map(|named| parts("fields", named.iter())).transpose()?;
    let projection = parts.map(|(_, projection)| projection);
    let control = control.continuing(query.page_token.as_ref());
    let with_total = input.count_total.unwrap_or(true);
    let question = answering(move |snapshot, budget| {
        let (mut studies, near) = (Vec::new(), query.matching.near());
        let page = snapshot.search(&query, budget, &mut |study| {
            studies.push(Hit::of(&study, near, projection.as_ref())?);
            Ok(())
        })?;
        let more = match &page.next {
            Some(_) => " More: repeat the call with the nextPageToken as pageToken.",
            None if page.total == 0 => NOTHING,
            None => "",
        };
        let output = Output {
            total_count: with_total.then_some(page.total),
            notice: Some(page.notices.join(" ")).filter(|notice| !notice.is_empty()),
            expanded: expanded_terms(page.expanded),
            studies,
            next_page_token: page.next.map(|token| token.to_string()),
        };
        let total =
            output.total_count.map(|total| format!("{} matching; ", counted(total))).unwrap_or_default();
        Answer::new(&format!("{total}{} on this page.{more}", output.studies.len()), &output, snapshot)
    });
    engine.ask(control, question).await?
}

impl Input {
    async fn query(&self, own: &OwnCohorts) -> Result<StudyQuery, ToolError> {
        let matching = self.criteria.matching(own).await?;
        let sort = Sort::parse(self.sort.as_deref().unwrap_or_default())
            .map_err(|error| ToolError::new("`sort` cannot be used", error.to_string()))?;
        let page_size = self.page_size.and_then(PageSize::new).unwrap_or_default();
        let page_token = page_token(self.page_token.as_deref())?;
        Ok(StudyQuery { matching, sort, page_size, page_token, ..StudyQuery::default() })
    }
}

/// The place in an answer that `text` leads to.
///
/// # Errors
///
/// [`ToolError`] when it is none of this server's.
pub(super) fn page_token(text: Option<&str>) -> Result<Option<PageToken>, ToolError> {
    let token = text.map(str::parse::<PageToken>).transpose();
    token.map_err(|error| ToolError::new("`pageToken` cannot be used", error.to_string()))
}

impl Hit {
    fn of(
        document: &Document,
        near: Option<Circle>,
        projection: Option<&Projection>,
    ) -> Result<Self, RegistryError> {
        let unreadable = |error: serde_json::Error| RegistryError::Unavailable(error.into());
        let record = document.value().map_err(unreadable)?;
        let summary = StudySummary::of_record(document.nct_id(), &record);
        let near = near.map(|circle| {
            let showing = Showing { from: Some(circle), for_participants: false, sites_max: SITES_SHOWN };
            SitesInPlace::of(&record, showing, |_, site| is_within(site, &circle))
        });
        Ok(match projection {
            None => Self { summary, near, record: None },
            Some(projection) => Self {
                summary: summary.brief(),
                near,
                record: Some(serde_json::from_str(&projection.apply(document.json())).map_err(unreadable)?),
            },
        })
    }
}

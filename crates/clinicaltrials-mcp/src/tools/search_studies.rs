//! `clinicaltrials_search_studies`: a page of studies that match, with the facts that tell them apart.

use super::{
    Answer, Failure, ToolError,
    arguments::{self, Texts},
    criteria::{Criteria, nct_ids},
    reading_tool,
};
use crate::{
    engine::{CallControl, Engine},
    render::{DataVersionView, StudySummary},
};
use ctgov::{Expanded, PageSize, PageToken, Sort, StudyQuery};
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{fmt::Write as _, sync::Arc};

pub(super) const NAME: &str = "clinicaltrials_search_studies";

/// The tool's parameters. They are read in two parts, so that an error can name the one at fault: serde forgets the
/// names of flattened ones.
#[derive(JsonSchema)]
struct Input {
    #[schemars(flatten)]
    _criteria: Criteria,
    #[schemars(flatten)]
    _page: PageInput,
}

/// Which of the matching studies to show, and in what order.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PageInput {
    /// Only these studies, one or several NCT numbers (at most 1000)
    nct_ids: Option<Texts>,
    /// Order: up to two of a date or number field with :asc or :desc, separated by a comma, e.g. `LastUpdatePostDate:desc` or `EnrollmentCount:desc,StartDate`; or @relevance (default when words are given; else by number)
    sort: Option<String>,
    /// How many studies a page has (default 10)
    #[serde(default, deserialize_with = "arguments::whole_number")]
    #[schemars(range(min = 1, max = 200))]
    page_size: Option<u16>,
    /// The nextPageToken of the page before; all other parameters must stay the same
    page_token: Option<String>,
    /// Whether to say how many studies match in all (default true)
    count_total: Option<bool>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Output {
    /// The studies of this page, in the order asked for
    studies: Vec<StudySummary>,
    /// How many studies match in all, exactly
    #[serde(skip_serializing_if = "Option::is_none")]
    total_count: Option<u64>,
    /// Pass as pageToken to get the next page; absent on the last page
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
    /// What to know about this answer
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
    /// Terms of the queries that were also searched by their synonyms
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expanded: Vec<ExpandedTerm>,
    /// Which data answered
    data: DataVersionView,
}

/// A term and its synonyms.
#[derive(Debug, Serialize, JsonSchema)]
struct ExpandedTerm {
    /// As written in the query
    term: String,
    /// What was searched for besides
    synonyms: Vec<String>,
}

pub(super) fn definition(page_size_max: u16) -> Tool {
    let description = format!(
        "Search clinical trial studies registered on ClinicalTrials.gov by words, condition, intervention, title, \
         sponsor, recruitment status, phase or number. Returns a page (at most {page_size_max}) of compact \
         summaries and the exact total; read one study in full with clinicaltrials_get_study_record. Queries are \
         plain words or ClinicalTrials.gov's expression language; accents and case do not matter."
    );
    let mut tool = reading_tool::<Input, Output>(NAME, "Search clinical trials", description);
    // The operator's limit, where the type can only state the default.
    if let Some(page_size) = Arc::make_mut(&mut tool.input_schema)["properties"].get_mut("pageSize") {
        page_size["maximum"] = page_size_max.into();
    }
    tool
}

pub(super) async fn call(
    engine: &Engine,
    arguments: &Value,
    page_size_max: u16,
    control: CallControl,
) -> Result<Answer, Failure> {
    let criteria: Criteria = arguments::read(arguments)?;
    let input: PageInput = arguments::read(arguments)?;
    let query = input.query(&criteria, page_size_max)?;
    let control = control.continuing(query.page_token.as_ref());
    let (page, studies, data) = engine
        .ask(control, move |snapshot, budget| {
            let mut studies = Vec::new();
            let page = snapshot.search(&query, budget, &mut |study| {
                studies.push(StudySummary::of(&study)?);
                Ok(())
            })?;
            Ok((page, studies, DataVersionView::from(snapshot.data_version())))
        })
        .await?;
    let notice = (!page.notices.is_empty()).then(|| page.notices.join(" "));
    let output = Output {
        total_count: input.count_total.unwrap_or(true).then_some(page.total),
        next_page_token: page.next.map(|token| token.to_string()),
        studies,
        notice,
        expanded: page
            .expanded
            .into_iter()
            .map(|Expanded { term, synonyms }| ExpandedTerm { term, synonyms })
            .collect(),
        data,
    };
    Answer::new(vec![output.in_words()], &output)
}

impl PageInput {
    fn query(&self, criteria: &Criteria, page_size_max: u16) -> Result<StudyQuery, ToolError> {
        let mut matching = criteria.matching()?;
        if let Some(ids) = &self.nct_ids {
            matching.filter_ids(nct_ids("nctIds", ids)?);
        }
        let sort = Sort::parse(self.sort.as_deref().unwrap_or_default())
            .map_err(|error| ToolError::new("`sort` cannot be used", error.to_string()))?;
        let asked = self.page_size.unwrap_or(PageSize::default().get() as u16);
        let page_size = PageSize::new(asked).filter(|_| asked <= page_size_max).ok_or_else(|| {
            let hint = format!("ask for 1 to {page_size_max} and follow nextPageToken for more");
            ToolError::new(format!("`pageSize` {asked} is out of range"), hint)
        })?;
        let page_token = self
            .page_token
            .as_deref()
            .map(str::parse::<PageToken>)
            .transpose()
            .map_err(|error| ToolError::new("`pageToken` cannot be used", error.to_string()))?;
        Ok(StudyQuery { matching, sort, page_size, page_token, ..StudyQuery::default() })
    }
}

impl Output {
    fn in_words(&self) -> String {
        let shown = self.studies.len();
        let mut words = match self.total_count {
            Some(total) => format!("{total} studies match; {shown} on this page ({}).", self.data.in_words()),
            None => format!("{shown} studies on this page ({}).", self.data.in_words()),
        };
        if let Some(notice) = &self.notice {
            let _ = write!(words, "\n{notice}");
        }
        for expanded in &self.expanded {
            let _ =
                write!(words, "\n`{}` was also searched as {}.", expanded.term, expanded.synonyms.join(", "));
        }
        for study in &self.studies {
            let _ = write!(words, "\n\n{}", study.in_words());
        }
        if let Some(token) = &self.next_page_token {
            let _ = write!(words, "\n\nMore: repeat the call with pageToken `{token}`");
        }
        words
    }
}

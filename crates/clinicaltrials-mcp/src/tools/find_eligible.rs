//! `clinicaltrials_find_eligible`: studies whose registered limits do not rule a person out, and what is left to check.
//!
//! A limit that a record does not state is open. Whether somebody is eligible is never said: the criteria are shown for
//! people to read.

mod person;
mod place;

use super::{
    Answer, Failure, answering,
    arguments::{self, UpTo},
    criteria::{ExpandedTerm, expanded_terms},
    reading_tool,
    search_studies::page_token,
};
use crate::{
    engine::{CallControl, Engine},
    render::{
        StudySummary, counted,
        digest::central_contacts,
        sites::{Contact, Showing, SitesInPlace},
    },
};
use ctgov::{
    Budget, Document, Matching, PageSize, PageToken, RegistryError, Snapshot, StudyQuery,
    essie::{
        Condition,
        evaluate::{Prepared, explain, site_matches},
    },
    pieces::Piece,
};
use person::{Criterion, Person, Sex};
use place::{Location, Place};
use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const NAME: &str = "clinicaltrials_find_eligible";

/// How many of a study's sites are shown.
const SITES_SHOWN: usize = 3;
/// Longest criteria shown, in characters.
const CRITERIA_CHARS_MAX: usize = 6_000;

const DISCLAIMER: &str = "These studies' registered limits do not rule the person out. That is not eligibility: read \
                          each study's criteria, and let its team decide.";

const CRITERIA_TO_CHECK: &str = "every eligibility criterion: the text is not compared with the person, only age, sex and healthy volunteers are";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Input {
    /// Age in years
    #[schemars(range(min = 0, max = 120))]
    age: Option<f64>,
    /// ALL: not said
    sex: Option<Sex>,
    /// What the person has, any of, as conditionQuery of search, e.g. ["type 2 diabetes"]
    conditions: Option<UpTo<20>>,
    /// Where the person can go. A city, or lat and lon, stands for what is within radiusMi of it (default 50 miles)
    location: Option<Location>,
    /// Whether the person takes part as a healthy volunteer (default false)
    healthy_volunteer: Option<bool>,
    /// Only studies that are recruiting now (default true)
    recruiting_only: Option<bool>,
    /// How many studies a page has (default 10)
    #[schemars(range(min = 1, max = 50))]
    max_results: Option<u16>,
    /// The nextPageToken of the page before, all else unchanged
    #[schemars(length(max = 200))]
    page_token: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Output {
    disclaimer: &'static str,
    total_count: u64,
    /// How many studies are left after each step
    funnel: Vec<Step>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expanded: Vec<ExpandedTerm>,
    /// The same question to clinicaltrials_search_studies
    search: SameSearch,
    studies: Vec<EligibleStudy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Step {
    step: &'static str,
    studies: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SameSearch {
    #[serde(skip_serializing_if = "Option::is_none")]
    condition_query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advanced_filter: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EligibleStudy {
    #[serde(flatten)]
    summary: StudySummary,
    /// What of the record each criterion was met by
    matches: Vec<Reason>,
    /// What a human must check
    to_check: Vec<String>,
    /// The criteria as published
    #[serde(skip_serializing_if = "Option::is_none")]
    eligibility_criteria: Option<String>,
    /// Present when the criteria are cut
    #[serde(skip_serializing_if = "Option::is_none")]
    criteria_cut: Option<String>,
    sites: SitesInPlace,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<serde_json::Map<String, Value>>")]
    central_contacts: Vec<Contact>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Reason {
    criterion: &'static str,
    in_record: String,
}

pub(super) fn definition() -> Tool {
    reading_tool::<Input, Output>(
        NAME,
        "Find clinical trials for a person",
        "Find clinical trial studies on ClinicalTrials.gov that a person might join: by conditions, age, sex, place and \
         health. Limits that a record does not state are open. Shows how many studies each criterion leaves, why each \
         study matches, the eligibility criteria a human must read, and the nearest recruiting sites with contacts. \
         Never a statement that somebody is eligible.",
    )
}

pub(super) async fn call(
    engine: &Engine,
    arguments: &Value,
    control: CallControl,
) -> Result<Answer, Failure> {
    let input: Input = arguments::read(arguments)?;
    let token = page_token(input.page_token.as_deref())?;
    let person = Person {
        age: input.age,
        sex: input.sex.unwrap_or(Sex::All),
        conditions: input.conditions.iter().flat_map(UpTo::iter).cloned().collect(),
        is_healthy: input.healthy_volunteer.unwrap_or(false),
        recruiting_only: input.recruiting_only.unwrap_or(true),
    };
    let criteria = person.criteria()?;
    let page_size = input.max_results.and_then(PageSize::new).unwrap_or_default();
    let control = control.continuing(token.as_ref());
    let location = input.location.map(Location::checked).transpose()?.flatten();
    let asked = Asked { person, criteria, location, page_size, token };
    let question = answering(move |snapshot, budget| {
        let output = asked.answer(snapshot, budget)?;
        let shown = output.studies.len();
        let all = output.funnel.first().map_or(0, |all| all.studies);
        let headline = format!("{} left of {all}; {shown} on this page.", counted(output.total_count));
        Answer::new(&headline, &output, snapshot)
    });
    engine.ask(control, question).await?
}

/// A question for studies, read and checked.
struct Asked {
    person: Person,
    criteria: Vec<Criterion>,
    location: Option<Location>,
    page_size: PageSize,
    token: Option<PageToken>,
}

impl Asked {
    fn answer(self, snapshot: &dyn Snapshot, budget: &Budget) -> Result<Output, RegistryError> {
        let Self { person, mut criteria, location, page_size, token } = self;
        let mut notices = Vec::new();
        let place =
            location.map(|location| Place::of(&location, snapshot, budget, &mut notices)).transpose()?;
        if let Some(place) = &place {
            criteria.push(Criterion::filter("place", place.filter(person.recruiting_only)));
        }
        let steps = criteria.len() as u64 + page_size.get() as u64;
        let mut matching = Matching::default();
        let mut funnel = vec![Step { step: "all", studies: snapshot.count(&matching, budget)? }];
        for (done, criterion) in (1..).zip(&criteria) {
            criterion.add_to(&mut matching)?;
            funnel.push(Step { step: criterion.name, studies: snapshot.count(&matching, budget)? });
            budget.step(done, steps)?;
        }
        if let Some(circle) = place.as_ref().and_then(|place| place.circle) {
            // Nothing more is left out, and nearer ones come first.
            matching.filter_near(circle);
        }
        let conditions = matching.conditions(snapshot.synonyms())?;
        let synonyms = snapshot.synonyms();
        let in_place =
            place.as_ref().map(|place| place.sites(person.recruiting_only, synonyms)).transpose()?;
        let from = place.as_ref().and_then(|place| place.circle);
        let query = StudyQuery { matching, page_size, page_token: token, ..StudyQuery::default() };
        let mut studies = Vec::new();
        let page = snapshot.search(&query, budget, &mut |document| {
            let record = document.value().map_err(|error| RegistryError::Unavailable(error.into()))?;
            studies.push(EligibleStudy::of(
                &document,
                &record,
                &person,
                &conditions.searches,
                in_place.as_ref(),
                from,
            ));
            Ok(())
        })?;
        notices.extend(page.notices);
        let filters: Vec<String> = criteria.iter().filter_map(Criterion::as_filter).collect();
        Ok(Output {
            disclaimer: DISCLAIMER,
            total_count: page.total,
            funnel,
            notices,
            expanded: expanded_terms(page.expanded),
            search: SameSearch {
                condition_query: criteria.iter().find_map(Criterion::as_search),
                advanced_filter: Some(filters.join(" AND ")).filter(|filters| !filters.is_empty()),
            },
            studies,
            next_page_token: page.next.map(|token| token.to_string()),
        })
    }
}

impl EligibleStudy {
    fn of(
        document: &Document,
        record: &Value,
        person: &Person,
        searches: &[Condition],
        in_place: Option<&Condition>,
        from: Option<ctgov::essie::Circle>,
    ) -> Self {
        let study = Prepared::new(record);
        let mut matches = Vec::new();
        for met in searches.iter().flat_map(|condition| explain(condition, &study)) {
            let in_record = format!("{}: {}", met.piece.name(), met.value);
            matches.push(Reason { criterion: "condition", in_record });
        }
        let mut to_check = vec![CRITERIA_TO_CHECK.to_owned()];
        for (criterion, found) in person.found_in(record) {
            match found {
                Ok(in_record) => matches.push(Reason { criterion, in_record }),
                Err(open) => to_check.push(open),
            }
        }
        let showing = Showing { from, for_participants: true, sites_max: SITES_SHOWN };
        let sites = SitesInPlace::of(record, showing, |at, _| {
            in_place.is_none_or(|condition| site_matches(condition, &study, at))
        });
        if sites.recruiting_in_place == 0 {
            to_check.push("whether a site there is recruiting: no site there says so".to_owned());
        }
        let criteria = Piece::named("EligibilityCriteria").text(record);
        let cut = criteria.and_then(|text| text.char_indices().nth(CRITERIA_CHARS_MAX));
        let id = document.nct_id();
        Self {
            summary: StudySummary::of_record(id, record),
            matches,
            to_check,
            eligibility_criteria: criteria.map(|text| text[..cut.map_or(text.len(), |(at, _)| at)].to_owned()),
            criteria_cut: cut.map(|_| {
                format!("The criteria go on; read them whole with clinicaltrials_get_study_record, nctId {id}, sections eligibility.")
            }),
            sites,
            central_contacts: central_contacts(record),
        }
    }
}

//! Pages of studies: what the service gives page by page, and what is put together from several answers.
//!
//! A page comes from one request, and the place of the next is the service's. Only a list of numbers too long for one
//! address is asked in parts; the studies then come in the order of their numbers, and places are numbers.

use crate::{
    address::{self, Asked, Parameter},
    answer::{Answer, PageBody, wrong},
    snapshot::LiveSnapshot,
};
use ctgov::{
    Budget, Document, GeoDecay, Matching, NctId, PAGE_SIZE_MAX, Page, PageToken, Place, RegistryError,
    RemotePlace, Snapshot as _, SortBy, SortKey, StudyQuery, essie::Expr,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What of a record is asked where only its number matters.
const NUMBER_ONLY: &str = "NCTId";

/// Where a page starts.
struct Start<'a> {
    /// Nothing for the first page.
    place: Option<&'a RemotePlace>,
    /// What the reader should know about it.
    notice: Option<String>,
}

impl LiveSnapshot {
    pub(crate) fn page_of_records(
        &self,
        query: &StudyQuery,
        budget: &Budget,
        each: &mut dyn FnMut(Document) -> Result<(), RegistryError>,
    ) -> Result<Page, RegistryError> {
        let asked = Asked::of(&query.matching, None)?;
        let start = self.start(query)?;
        let targets = asked.targets(&page_parameters(query, &start, None))?;
        if let [target] = targets.as_slice() {
            let answer = self.ask_page(target, &start, budget)?;
            let body = PageBody::read(answer.body()?)?;
            for (done, document) in (1..).zip(body.documents()) {
                each(document?)?;
                budget.step(done, body.len() as u64)?;
            }
            return self.page(query, start, &body);
        }
        let (ids, page) = self.listed(query, &asked, start.place, budget)?;
        let targets = address::of_ids(&ids).targets(&[whole_pages()])?;
        let mut records = BTreeMap::new();
        for answer in self.ask_all(&targets, budget)? {
            for document in PageBody::read(answer.body()?)?.documents() {
                let document = document?;
                records.insert(document.nct_id(), document);
            }
        }
        for id in ids {
            each(records.remove(&id).ok_or_else(|| wrong("a study that was found has no record"))?)?;
        }
        Ok(page)
    }

    pub(crate) fn page_of_ids(
        &self,
        query: &StudyQuery,
        budget: &Budget,
    ) -> Result<(Vec<NctId>, Page), RegistryError> {
        let asked = Asked::of(&query.matching, None)?;
        let start = self.start(query)?;
        let targets = asked.targets(&page_parameters(query, &start, Some(NUMBER_ONLY)))?;
        let [target] = targets.as_slice() else { return self.listed(query, &asked, start.place, budget) };
        let answer = self.ask_page(target, &start, budget)?;
        let body = PageBody::read(answer.body()?)?;
        Ok((body.ids()?, self.page(query, start, &body)?))
    }

    /// How many studies match.
    pub(crate) fn count_of(&self, matching: &Matching, budget: &Budget) -> Result<u64, RegistryError> {
        let asked = Asked::of(matching, None)?;
        match asked.targets(&count_parameters())?.as_slice() {
            [target] => total(&*self.ask(target, budget)?),
            _ => Ok(self.all_listed(&asked, budget)?.len() as u64),
        }
    }

    /// How many studies match that meet each of `conditions` besides, all of one state of the data.
    pub(crate) fn counts_of(
        &self,
        matching: &Matching,
        conditions: Vec<Option<Expr>>,
        budget: &Budget,
    ) -> Result<Vec<u64>, RegistryError> {
        let mut targets = Vec::with_capacity(conditions.len());
        for condition in conditions {
            let mut parts = Asked::of(matching, condition)?.targets(&count_parameters())?;
            match (parts.pop(), parts.is_empty()) {
                (Some(target), true) => targets.push(target),
                _ => {
                    return Err(RegistryError::Unsupported {
                        operation: "counting by value the studies of so long a list of numbers",
                        why: "the list is asked in parts, each for every value; ask for fewer numbers"
                            .to_owned(),
                    });
                }
            }
        }
        let answers = self.ask_all(&targets, budget)?;
        answers.iter().map(|answer| total(answer)).collect()
    }

    /// Where the page starts that `query` asks for.
    fn start<'a>(&self, query: &'a StudyQuery) -> Result<Start<'a>, RegistryError> {
        let Some(token) = &query.page_token else { return Ok(Start { place: None, notice: None }) };
        let Place::Remote(place) = &token.place else { return Err(RegistryError::OtherSourcePageToken) };
        if token.fingerprint != query.fingerprint() {
            return Err(RegistryError::ForeignPageToken);
        }
        let now = self.data_version().id;
        if token.version == now {
            return Ok(Start { place: Some(place), notice: None });
        }
        // Only the order by fields is the same on other data.
        let is_by_field = |key: &SortKey| key.by != SortBy::Relevance;
        if query.sort_keys().is_empty() || !query.sort_keys().iter().all(is_by_field) {
            return Err(RegistryError::ExpiredPageToken);
        }
        let notice = format!(
            "The data changed between the pages, from version {} to {now}: studies that changed may be missing or \
             appear twice, and the total is that of the first page.",
            token.version
        );
        Ok(Start { place: Some(place), notice: Some(notice) })
    }

    /// Asks for a page. A place that the service does not know any more has expired.
    fn ask_page(
        &self,
        target: &str,
        start: &Start<'_>,
        budget: &Budget,
    ) -> Result<Arc<Answer>, RegistryError> {
        match self.ask(target, budget) {
            Err(RegistryError::Refused { text }) if start.place.is_some() && text.contains("pageToken") => {
                Err(RegistryError::ExpiredPageToken)
            }
            answer => answer,
        }
    }

    /// What a page says of the whole answer.
    fn page(&self, query: &StudyQuery, start: Start<'_>, body: &PageBody<'_>) -> Result<Page, RegistryError> {
        if body.len() > query.page_size.get() {
            return Err(wrong("there are more studies than were asked for").into());
        }
        let (total, shown) = match start.place {
            None => (body.total()?, 0),
            Some(place) => (place.total, place.shown),
        };
        let shown = shown.saturating_add(body.len() as u32);
        // Every full page has a place for the next, even the last.
        let name = body.next().filter(|_| body.len() > 0 && shown < total);
        let next = name.map(|name| self.token(query, RemotePlace { total, shown, name: name.to_owned() }));
        Ok(Page {
            total: total.into(),
            next,
            notices: start.notice.into_iter().collect(),
            expanded: Vec::new(),
        })
    }

    fn token(&self, query: &StudyQuery, place: RemotePlace) -> PageToken {
        PageToken {
            fingerprint: query.fingerprint(),
            version: self.data_version().id,
            place: Place::Remote(place),
        }
    }

    /// The page of a question whose list of numbers is asked in parts.
    fn listed(
        &self,
        query: &StudyQuery,
        asked: &Asked,
        place: Option<&RemotePlace>,
        budget: &Budget,
    ) -> Result<(Vec<NctId>, Page), RegistryError> {
        if !query.sort_keys().is_empty() {
            return Err(RegistryError::Unsupported {
                operation: "ordering studies of so long a list of numbers",
                why: "the list is asked in parts, whose orders cannot be put together; ask without words and sort, \
                      or for fewer numbers at once"
                    .to_owned(),
            });
        }
        let all = self.all_listed(asked, budget)?;
        let after = match place {
            None => None,
            Some(place) => Some(place.name.parse().map_err(|_| RegistryError::ForeignPageToken)?),
        };
        let is_shown = |id: &NctId| after.is_some_and(|after: NctId| *id <= after);
        let shown_before = all.iter().filter(|id| is_shown(id)).count();
        let rest = all.iter().filter(|id| !is_shown(id));
        let ids: Vec<NctId> = rest.take(query.page_size.get()).copied().collect();
        let (total, shown) = (all.len() as u32, (shown_before + ids.len()) as u32);
        let last = ids.last().filter(|_| shown < total);
        let next = last.map(|last| self.token(query, RemotePlace { total, shown, name: last.to_string() }));
        let page = Page { total: total.into(), next, ..Page::default() };
        Ok((ids, page))
    }

    /// Every study of a question whose list of numbers is asked in parts: a part has no more than a page.
    fn all_listed(&self, asked: &Asked, budget: &Budget) -> Result<BTreeSet<NctId>, RegistryError> {
        let targets = asked.targets(&[whole_pages(), ("fields".into(), NUMBER_ONLY.into())])?;
        let mut all = BTreeSet::new();
        for answer in self.ask_all(&targets, budget)? {
            all.extend(PageBody::read(answer.body()?)?.ids()?);
        }
        Ok(all)
    }
}

/// What is asked where only the total matters.
fn count_parameters() -> [Parameter; 3] {
    [
        ("countTotal".into(), "true".into()),
        ("pageSize".into(), "1".into()),
        ("fields".into(), NUMBER_ONLY.into()),
    ]
}

fn total(answer: &Answer) -> Result<u64, RegistryError> {
    Ok(PageBody::read(answer.body()?)?.total()?.into())
}

/// The largest page there is.
fn whole_pages() -> Parameter {
    ("pageSize".into(), PAGE_SIZE_MAX.to_string())
}

/// What is asked of the page besides which studies match.
fn page_parameters(query: &StudyQuery, start: &Start<'_>, fields: Option<&str>) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = vec![("pageSize".into(), query.page_size.get().to_string())];
    let sort: Vec<String> = query
        .sort_keys()
        .iter()
        .map(|key| format!("{}:{}", key.by.name(), if key.descending { "desc" } else { "asc" }))
        .collect();
    if !sort.is_empty() {
        parameters.push(("sort".into(), sort.join(",")));
    }
    if query.by_relevance() && query.matching.near().is_some() && query.decay != GeoDecay::default() {
        parameters.push(("geoDecay".into(), address::decay(&query.decay)));
    }
    if let Some(fields) = fields {
        parameters.push(("fields".into(), fields.to_owned()));
    }
    parameters.push(match start.place {
        Some(place) => ("pageToken".into(), place.name.clone()),
        None => ("countTotal".into(), "true".into()),
    });
    parameters
}

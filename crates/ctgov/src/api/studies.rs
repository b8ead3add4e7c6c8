//! The parameters of `/studies`, `/studies/{nctId}` and `/studies/metadata`.

use super::{
    ApiError, agg_filters, geo,
    parameters::{Given, boolean, field_items, is_field_name, items, json_only, markdown_only},
};
use crate::{
    Matching, NctId, PAGE_SIZE_MAX, PageSize, Projection, Search, Sort, SortBy, SortKey, StudyQuery,
    areas::{self, Area},
    enums,
    essie::{Context, Expr, Target},
    pieces::Piece,
};

/// What `/studies` is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudiesRequest {
    /// Which studies, in what order, which page.
    pub query: StudyQuery,
    /// Which fields of each; without one, all.
    pub projection: Option<Projection>,
    /// Whether the first page tells how many studies there are in all.
    pub count_total: bool,
}

/// The parameters of `/studies`. Those that say which studies match come in the order in which they are put together,
/// so that the same question in another order is the same question, and its page tokens stay good.
const STUDIES: &[&str] = &[
    "query.term",
    "query.cond",
    "query.intr",
    "query.titles",
    "query.outc",
    "query.spons",
    "query.lead",
    "query.id",
    "query.locn",
    "query.patient",
    "filter.overallStatus",
    "postFilter.overallStatus",
    // `filter.geo` last: that is where `geoDecay` counts from.
    "postFilter.geo",
    "filter.geo",
    "filter.ids",
    "postFilter.ids",
    "filter.advanced",
    "postFilter.advanced",
    "filter.synonyms",
    "postFilter.synonyms",
    "aggFilters",
    "geoDecay",
    "fields",
    "sort",
    "countTotal",
    "pageSize",
    "pageToken",
    "format",
    "markupFormat",
];

impl StudiesRequest {
    /// Reads the decoded query pairs of a request.
    ///
    /// # Errors
    ///
    /// What is wrong with the first parameter that is.
    pub fn read(pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let mut request = Self::default();
        let mut fields = None;
        let mut asked = Vec::new();
        for given in Given::new(pairs, STUDIES) {
            let (name, value) = given?;
            match name {
                "geoDecay" => request.query.decay = geo::decay(name, value)?,
                "fields" => {
                    projection(value, Some(&[]))?;
                    fields = Some(value);
                }
                "sort" => request.query.sort = sort(name, value)?,
                "countTotal" => request.count_total = boolean(name, value)?,
                "pageSize" => request.query.page_size = page_size(name, value)?,
                "pageToken" => {
                    let token = value.parse().map_err(|_| ApiError::incorrect_format(name))?;
                    request.query.page_token = Some(token);
                }
                "format" => json_only(value, &["csv"])?,
                "markupFormat" => markdown_only(value)?,
                _ => {
                    // Told where it stands; put together below.
                    ask(&mut Matching::default(), name, value)?;
                    asked.push((name, value));
                }
            }
        }
        asked.sort_by_key(|(name, _)| STUDIES.iter().position(|known| known == name));
        for (name, value) in asked {
            ask(&mut request.query.matching, name, value)?;
        }
        let queried = queried(&request.query.matching);
        request.projection = fields.map(|fields| projection(fields, Some(&queried))).transpose()?;
        Ok(request)
    }
}

/// Adds to `matching` what a parameter asks.
fn ask(matching: &mut Matching, name: &str, value: &str) -> Result<(), ApiError> {
    let (group, key) = name.split_once('.').unwrap_or(("", name));
    if group == "query" {
        let (target, label) = searched(key).ok_or_else(|| ApiError::unknown_parameter(name))?;
        return matching.search(target, value).map_err(|error| ApiError::query(label, &error));
    }
    match key {
        "overallStatus" => {
            let statuses = items(value).map(|(_, item)| {
                let known = enums::STATUS.values.iter().find(|known| known.value == item);
                known.ok_or_else(|| ApiError::invalid_value(name, item))
            });
            let mut statuses = statuses.collect::<Result<Vec<_>, _>>()?;
            statuses.sort_unstable_by_key(|status| status.value);
            statuses.dedup_by_key(|status| status.value);
            matching.filter_values(Piece::named("OverallStatus"), statuses);
        }
        "geo" => {
            matching.filter_near(geo::circle(value).ok_or_else(|| ApiError::incorrect_format(name))?);
        }
        "ids" => {
            let ids = items(value).map(|(position, item)| {
                item.parse::<NctId>().map_err(|_| ApiError::incorrect_item(position, name))
            });
            matching.filter_ids(ids.collect::<Result<Vec<_>, _>>()?);
        }
        "advanced" => {
            matching.filter(value).map_err(|error| ApiError::query("advanced filter", &error))?;
        }
        "synonyms" => {
            if let Some((position, _)) = items(value).find(|(_, item)| !is_synonym_id(item)) {
                return Err(ApiError::incorrect_item(position, name));
            }
            return Err(ApiError::bad_request(format!(
                "Parameter `{name}` cannot be served: ids of synonyms are known to ClinicalTrials.gov only"
            )));
        }
        _ => {
            for filter in agg_filters::filters(name, value)? {
                matching.filter_expr(filter).map_err(|error| ApiError::query(name, &error))?;
            }
        }
    }
    Ok(())
}

/// Where `query.{key}` searches, and what errors call it.
fn searched(key: &str) -> Option<(Target, &'static str)> {
    if key == "lead" {
        const LEAD: Piece = Piece::named("LeadSponsorName");
        return Some((Target::Piece(LEAD), LEAD.name()));
    }
    let area = areas::ALL.into_iter().find(|area| area.param == Some(key))?;
    Some((Target::Area(area), area.label.unwrap_or(area.name)))
}

/// `ConditionSearch:1651367`.
fn is_synonym_id(item: &str) -> bool {
    item.split_once(':').is_some_and(|(area, id)| {
        Area::find(area).is_some() && !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn page_size(parameter: &str, value: &str) -> Result<PageSize, ApiError> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let size: i32 =
        value.parse().ok().filter(|_| digits).ok_or_else(|| ApiError::incorrect_format(parameter))?;
    let size = u16::try_from(size).unwrap_or(PAGE_SIZE_MAX).min(PAGE_SIZE_MAX);
    Ok(PageSize::new(size).unwrap_or_default())
}

/// Reads `LastUpdatePostDate:desc,@relevance`: at most two, names and directions to the letter.
fn sort(parameter: &str, value: &str) -> Result<Sort, ApiError> {
    let mut keys = Vec::new();
    for (position, item) in items(value) {
        let wrong = || ApiError::incorrect_item(position, parameter);
        let (name, descending) = match item.split_once(':') {
            None => (item, None),
            Some((name, "asc")) => (name, Some(false)),
            Some((name, "desc")) => (name, Some(true)),
            Some(_) => return Err(wrong()),
        };
        let by = match name {
            "@relevance" => SortBy::Relevance,
            _ if is_field_name(name) => {
                let piece = Piece::find(name).ok_or_else(|| ApiError::invalid_field(parameter, name))?;
                if piece.kind().order().is_none() {
                    return Err(ApiError::unsupported_sort(piece.type_name()));
                }
                SortBy::Piece(piece)
            }
            _ => return Err(wrong()),
        };
        keys.push(SortKey { by, descending: descending.unwrap_or_else(|| by.descending_by_default()) });
    }
    Sort::new(keys).map_err(|_| {
        ApiError::bad_request(format!(
            "Parameter `{parameter}` has incorrect format: at most {} items are taken",
            Sort::KEYS_MAX
        ))
    })
}

/// Reads a list of fields; with `queried`, `@query` is one.
fn projection(value: &str, queried: Option<&[Target]>) -> Result<Projection, ApiError> {
    const PARAMETER: &str = "fields";
    let items = field_items(PARAMETER, value, queried.is_some()).collect::<Result<Vec<_>, _>>()?;
    Projection::parse(items, queried).map_err(|error| ApiError::invalid_field(PARAMETER, &error.name))
}

/// What the searches look at.
fn queried(matching: &Matching) -> Vec<Target> {
    let mut targets = Vec::new();
    for search in matching.searches() {
        match search {
            Search::Expression { target, expr } => looked_at(expr, *target, &mut targets),
            Search::Ids(_) => targets.push(Target::Area(&areas::NCT_ID)),
        }
    }
    targets
}

fn looked_at(expr: &Expr, target: Target, targets: &mut Vec<Target>) {
    match expr {
        Expr::All => {}
        Expr::Missing(_) | Expr::Term(_) | Expr::Range { .. } | Expr::Distance { .. } => {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        Expr::Not(inner) => looked_at(inner, target, targets),
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| looked_at(part, target, targets)),
        Expr::In(Context::Area(inside), inner) => looked_at(inner, *inside, targets),
        Expr::In(_, inner) => looked_at(inner, target, targets),
    }
}

/// What `/studies/{nctId}` is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyRequest {
    /// Which study, by its number or a former one.
    pub id: NctId,
    /// Which of its fields; without one, all.
    pub projection: Option<Projection>,
}

impl StudyRequest {
    /// Reads the last part of a request's path, decoded, and its decoded query pairs.
    ///
    /// # Errors
    ///
    /// What is wrong with the number, else with the first parameter that is wrong.
    pub fn read(nct_id: &str, pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let id = nct_id.parse().map_err(|_| ApiError::incorrect_format("nctId"))?;
        let mut request = Self { id, projection: None };
        for given in Given::new(pairs, &["format", "markupFormat", "fields"]) {
            match given? {
                ("format", value) => json_only(value, &["csv", "json.zip", "fhir.json", "ris"])?,
                ("fields", value) => request.projection = Some(projection(value, None)?),
                (_, value) => markdown_only(value)?,
            }
        }
        Ok(request)
    }
}

/// What `/studies/metadata` is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetadataRequest {
    /// Whether fields are told that exist for searching and sorting only.
    pub index_only: bool,
}

impl MetadataRequest {
    /// Reads the decoded query pairs of a request.
    ///
    /// `includeHistoricOnly` is taken and changes nothing: which fields former versions of studies had is not known.
    ///
    /// # Errors
    ///
    /// What is wrong with the first parameter that is.
    pub fn read(pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let mut request = Self::default();
        for given in Given::new(pairs, &["includeIndexedOnly", "includeHistoricOnly"]) {
            let (name, value) = given?;
            let value = boolean(name, value)?;
            if name == "includeIndexedOnly" {
                request.index_only = value;
            }
        }
        Ok(request)
    }
}

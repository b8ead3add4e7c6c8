//! `/api/v2`: ClinicalTrials.gov's REST API, over the registry.
//!
//! ```text
//! path, query ─▶ ctgov::api ─▶ StudiesRequest ─▶ Engine ─▶ Snapshot ─▶ body ─▶ ETag, x-data-version
//!                          └─▶ ApiError ─────────────────────────────────────▶ 400 or 404, plain text
//! ```
//!
//! What is served and where it differs from the original stands in `docs/api-v2.md`. What an endpoint's parameters mean
//! and what its errors say is `ctgov::api`'s; here they meet HTTP.

mod answer;
mod bodies;
mod statistics;

use crate::engine::{CallControl, Engine};
use answer::{Answers, Outcome};
use axum::{
    Router,
    extract::{Path, RawQuery, State, rejection::PathRejection},
    middleware::map_response,
    response::Response,
    routing::get,
};
use ctgov::{
    Budget, DataVersion, NctId, RegistryError, Snapshot,
    api::{
        self, ApiError, FieldSizesRequest, FieldValuesRequest, MetadataRequest, StudiesRequest, StudyRequest,
    },
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::{sync::Arc, time::Duration};
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, predicate::SizeAbove},
};

/// What the endpoints share.
#[derive(Clone)]
struct Api {
    engine: Engine,
    answers: Arc<Answers>,
    /// Longest that a search may work.
    query_time_max: Duration,
}

/// Smallest body that is compressed for clients that take gzip: smaller ones fit a packet as they are.
const COMPRESSED_BYTES_MIN: u16 = 1 << 10;

/// The API's endpoints, to be mounted at `/api/v2`.
pub fn router(engine: Engine, query_time_max: Duration) -> Router {
    Router::new()
        .route("/studies", get(studies))
        .route("/studies/metadata", get(metadata))
        .route("/studies/search-areas", get(search_areas))
        .route("/studies/enums", get(enums))
        .route("/studies/{nctId}", get(study))
        .route("/stats/size", get(record_sizes))
        .route("/stats/field/values", get(field_values))
        // Its former path, which the original still answers.
        .route("/stats/fieldValues", get(field_values))
        .route("/stats/field/sizes", get(field_sizes))
        .route("/version", get(version))
        .fallback(|| async {
            (StatusCode::NOT_FOUND, "There is nothing here. Studies are at /api/v2/studies.")
        })
        .layer(map_response(for_every_page))
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Fastest)
                .compress_when(SizeAbove::new(COMPRESSED_BYTES_MIN)),
        )
        .with_state(Api { engine, answers: Arc::default(), query_time_max })
}

/// Lets pages of any origin read the answer, as the original does: it is public, and no cookie opens more.
async fn for_every_page(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("etag, retry-after, x-data-version, x-notice, x-synonyms, x-synthetic"),
    );
    response
}

async fn studies(State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let request = match StudiesRequest::read(&pairs(query.as_deref())) {
        Ok(request) => request,
        Err(error) => return answer::refused(error),
    };
    let control = CallControl::default().continuing(request.query.page_token.as_ref());
    let question = move |snapshot: &dyn Snapshot, budget: &Budget| bodies::page(&request, snapshot, budget);
    api.ask_of(&headers, api.query_time_max, control, question).await
}

async fn study(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    // What cannot be decoded is no number either.
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let request = match StudyRequest::read(&id, &pairs(query.as_deref())) {
        Ok(request) => request,
        Err(error) => return answer::refused(error),
    };
    // Whether there is such a study must be known before it can be unchanged.
    let asked = api.engine.look_up(CallControl::default(), move |snapshot, budget| {
        let version = snapshot.data_version().clone();
        Ok((version, find_study(&request, query.as_deref(), snapshot, budget)?))
    });
    match asked.await {
        Ok((version, outcome)) => api.answers.answer(&headers, &version, outcome),
        Err(error) => answer::failed(&error),
    }
}

fn find_study(
    request: &StudyRequest,
    query: Option<&str>,
    snapshot: &dyn Snapshot,
    budget: &Budget,
) -> Result<Outcome, RegistryError> {
    if let Some(document) = snapshot.study(request.id, budget)? {
        let json = document.json();
        let body = request.projection.as_ref().map_or_else(|| json.to_owned(), |fields| fields.apply(json));
        return Ok(Outcome::Body(body.into()));
    }
    Ok(match snapshot.successor(request.id, budget)? {
        Some(id) => Outcome::Moved { location: beside(id, query) },
        None => Outcome::Refused(ApiError::no_such_study(request.id)),
    })
}

/// The address of the study with this number, relative to that of another.
fn beside(id: NctId, query: Option<&str>) -> String {
    query.map_or_else(|| id.to_string(), |query| format!("{id}?{query}"))
}

async fn metadata(State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match MetadataRequest::read(&pairs(query.as_deref())) {
        Ok(request) => api.tell(&headers, |_| api::metadata(request.index_only).into()),
        Err(error) => answer::refused(error),
    }
}

async fn search_areas(State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match api::no_parameters(&pairs(query.as_deref())) {
        Ok(()) => api.tell(&headers, |_| api::search_areas().into()),
        Err(error) => answer::refused(error),
    }
}

async fn enums(State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match api::no_parameters(&pairs(query.as_deref())) {
        Ok(()) => api.tell(&headers, |_| api::enums().into()),
        Err(error) => answer::refused(error),
    }
}

async fn version(State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match api::no_parameters(&pairs(query.as_deref())) {
        Ok(()) => api.tell(&headers, |data| api::version(data).to_string().into()),
        Err(error) => answer::refused(error),
    }
}

async fn record_sizes(State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match api::no_parameters(&pairs(query.as_deref())) {
        Ok(()) => api.ask(&headers, Engine::CALL_TIME_MAX, bodies::record_sizes).await,
        Err(error) => answer::refused(error),
    }
}

async fn field_values(State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match FieldValuesRequest::read(&pairs(query.as_deref())) {
        Ok(request) => api.tell_of(&headers, request.pieces, request.named, statistics::values).await,
        Err(error) => answer::refused(error),
    }
}

async fn field_sizes(State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    match FieldSizesRequest::read(&pairs(query.as_deref())) {
        Ok(request) => api.tell_of(&headers, request.pieces, request.named, statistics::sizes).await,
        Err(error) => answer::refused(error),
    }
}

/// The query of an address as decoded pairs, with U+FFFD for what is not UTF-8: `ctgov::api` refuses that.
fn pairs(query: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

impl Api {
    /// Answers what always has an answer, and not again while the data is what the client has seen.
    async fn ask(
        &self,
        headers: &HeaderMap,
        time_max: Duration,
        question: impl FnOnce(&dyn Snapshot, &Budget) -> Result<Outcome, RegistryError> + Send + 'static,
    ) -> Response {
        self.ask_of(headers, time_max, CallControl::default(), question).await
    }

    /// [`ask`](Self::ask), of the state of the data that `control` names.
    async fn ask_of(
        &self,
        headers: &HeaderMap,
        time_max: Duration,
        control: CallControl,
        question: impl FnOnce(&dyn Snapshot, &Budget) -> Result<Outcome, RegistryError> + Send + 'static,
    ) -> Response {
        let seen = answer::seen(headers);
        let asked = self.engine.ask_within(time_max, control, move |snapshot, budget| {
            let version = snapshot.data_version().clone();
            let unchanged = seen.contains(&version);
            let outcome = if unchanged { Outcome::Unchanged } else { question(snapshot, budget)? };
            Ok((version, outcome))
        });
        match asked.await {
            Ok((version, outcome)) => self.answers.answer(headers, &version, outcome),
            Err(error) => answer::failed(&error),
        }
    }

    /// Answers what needs no work.
    fn tell(&self, headers: &HeaderMap, body: impl FnOnce(&DataVersion) -> bodies::Body) -> Response {
        match self.engine.snapshot() {
            Ok(snapshot) => {
                let version = snapshot.data_version();
                self.answers.answer(headers, version, Outcome::Body(body(version)))
            }
            Err(error) => answer::failed(&error),
        }
    }
}

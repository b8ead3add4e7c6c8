//! From outcomes to HTTP answers: statuses, headers, and how much waits to be sent.

use super::bodies::{BODY_BYTES_MAX, Body};
use axum::{
    body::Bytes,
    response::{IntoResponse as _, Response},
};
use ctgov::{DataSource, DataVersion, RegistryError, api::ApiError};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::{borrow::Cow, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a question comes to.
pub(super) enum Outcome {
    /// 200 with this body, or 304 if the client has it.
    Body(Body),
    /// [`Body`](Self::Body) for a question in which so many terms were searched by their synonyms too.
    Page {
        /// The body.
        body: String,
        /// How many terms.
        expanded: usize,
        /// What the reader should know about the answer.
        notices: Vec<String>,
    },
    /// 304: the data is what the client has seen.
    Unchanged,
    /// 301: the study has another number now.
    Moved {
        /// Where, relative to the address asked.
        location: String,
    },
    /// What the API says to that.
    Refused(ApiError),
}

/// Most bytes of bodies that wait to be sent, in all: clients may be slow, and many.
const WAITING_BYTES_MAX: usize = 8 * BODY_BYTES_MAX;
/// What the room for waiting bodies is counted in.
const UNIT_BYTES: usize = 1 << 10;

/// When a client should come again that could not be answered, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=UTF-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Makes answers, as long as there is room for their bodies.
pub(super) struct Answers {
    room: Arc<Semaphore>,
}

impl Default for Answers {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(WAITING_BYTES_MAX / UNIT_BYTES)) }
    }
}

/// A body that gives its room back when it was sent.
struct Waiting {
    text: String,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Waiting {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl Answers {
    /// The answer to a request with these headers, of this version of the data.
    pub(super) fn answer(&self, headers: &HeaderMap, version: &DataVersion, outcome: Outcome) -> Response {
        let mut response = match outcome {
            Outcome::Unchanged => unchanged(version),
            Outcome::Body(body) => self.body(headers, version, body),
            Outcome::Page { body, expanded, notices } => {
                let mut response = self.body(headers, version, body.into());
                // The original's bodies have no place for it.
                if let Ok(told) = HeaderValue::try_from(notices.join(" "))
                    && !told.is_empty()
                    && response.status() == StatusCode::OK
                {
                    response.headers_mut().insert(HeaderName::from_static("x-notice"), told);
                }
                // Ours are learnt from the records, the original's are UMLS: what they find approximates it. Live, they
                // are the original's own.
                if version.source != DataSource::Live
                    && let Ok(told) = HeaderValue::try_from(format!("learnt; expanded={expanded}"))
                    && response.status() == StatusCode::OK
                {
                    response.headers_mut().insert(HeaderName::from_static("x-synonyms"), told);
                }
                response
            }
            Outcome::Moved { location } => match HeaderValue::try_from(location) {
                Ok(location) => {
                    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, location)]).into_response()
                }
                Err(_) => refused(ApiError::incorrect_format("nctId")),
            },
            Outcome::Refused(error) => refused(error),
        };
        let headers = response.headers_mut();
        let told = format!("{}; source={}", version.id, version.source);
        // Hexadecimal digits and a word of ours.
        if let Ok(told) = HeaderValue::try_from(told) {
            headers.insert(HeaderName::from_static("x-data-version"), told);
        }
        if version.synthetic != Some(0) {
            headers.insert(HeaderName::from_static("x-synthetic"), HeaderValue::from_static("true"));
        }
        response
    }

    fn body(&self, headers: &HeaderMap, version: &DataVersion, body: Body) -> Response {
        if seen(headers).contains(version) {
            return unchanged(version);
        }
        match self.bytes(body) {
            Some(body) => {
                ([(header::CONTENT_TYPE, JSON), (header::ETAG, etag(version))], body).into_response()
            }
            None => failed(&RegistryError::Busy),
        }
    }

    /// The body, if there is room for it to wait.
    fn bytes(&self, body: Body) -> Option<Bytes> {
        match body {
            Cow::Borrowed(text) => Some(Bytes::from_static(text.as_bytes())),
            Cow::Owned(text) => {
                let units = u32::try_from(text.capacity().div_ceil(UNIT_BYTES)).ok()?;
                let room = self.room.clone().try_acquire_many_owned(units).ok()?;
                Some(Bytes::from_owner(Waiting { text, _room: room }))
            }
        }
    }
}

fn unchanged(version: &DataVersion) -> Response {
    (StatusCode::NOT_MODIFIED, [(header::ETAG, etag(version))]).into_response()
}

/// Names the state of the whole data, not of one address, as the original does; and the program that wrote it down.
fn tag(version: &DataVersion) -> String {
    format!("\"{}/{}\"", env!("CARGO_PKG_VERSION"), version.id)
}

fn etag(version: &DataVersion) -> HeaderValue {
    HeaderValue::try_from(tag(version)).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// What a client says it has (`If-None-Match`).
pub(super) struct Seen(Vec<String>);

pub(super) fn seen(headers: &HeaderMap) -> Seen {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let tags = values.flat_map(|value| value.split(',')).map(str::trim);
    Seen(tags.map(|tag| tag.trim_start_matches("W/").to_owned()).collect())
}

impl Seen {
    pub(super) fn contains(&self, version: &DataVersion) -> bool {
        let current = tag(version);
        self.0.iter().any(|tag| *tag == current || tag == "*")
    }
}

/// What the API says to a request that it cannot serve.
pub(super) fn refused(error: ApiError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, [(header::CONTENT_TYPE, TEXT)], error.body).into_response()
}

/// What is said when the registry does not answer.
pub(super) fn failed(error: &RegistryError) -> Response {
    match error {
        RegistryError::DeadlineExceeded { costly } => {
            let at = costly.as_deref().map(|costly| format!(" at {costly}")).unwrap_or_default();
            refused(ApiError::too_complicated(&format!(
                "it took longer than a request may{at}; narrow it down"
            )))
        }
        RegistryError::ForeignPageToken
        | RegistryError::ExpiredPageToken
        | RegistryError::OtherSourcePageToken => {
            refused(ApiError::bad_request(format!("Parameter `pageToken` has incorrect format: {error}")))
        }
        RegistryError::Query(error) => {
            refused(ApiError::bad_request(format!("Error parsing query: {error}")))
        }
        // The original's own words.
        RegistryError::Refused { text } => refused(ApiError::bad_request(text)),
        RegistryError::Unsupported { .. } => refused(ApiError::bad_request(error.to_string())),
        _ => {
            if let RegistryError::Unavailable(cause) = error {
                tracing::error!(
                    causes = crate::failure::with_causes(cause.as_ref()),
                    "the registry cannot be read"
                );
            }
            let retry_after = match error {
                RegistryError::Remote { retry_after: Some(time), .. } => {
                    HeaderValue::from(time.as_secs().max(1))
                }
                _ => RETRY_AFTER,
            };
            let headers = [(header::CONTENT_TYPE, TEXT), (header::RETRY_AFTER, retry_after)];
            (StatusCode::SERVICE_UNAVAILABLE, headers, error.to_string()).into_response()
        }
    }
}

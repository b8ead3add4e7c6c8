//! What the registry answers, written as the API writes it.

use super::answer::Outcome;
use ctgov::{
    Budget, Matching, RegistryError, Snapshot,
    api::{self, ApiError, FieldSizesRequest, FieldValuesRequest, StudiesRequest},
    pieces::{Kind, Piece},
    tabulate::{Dimension, FieldStats, TableQuery},
};
use std::borrow::Cow;

/// A body, JSON.
pub(super) type Body = Cow<'static, str>;

/// Largest body: what does not fit is refused with the advice to ask for less.
pub(super) const BODY_BYTES_MAX: usize = 64 << 20;

/// `{"totalCount":2,"studies":[⏎{…},⏎{…}⏎],"nextPageToken":"…"}`, each study on a line of its own.
pub(super) fn page(
    request: &StudiesRequest,
    snapshot: &dyn Snapshot,
    budget: &Budget,
) -> Result<Outcome, RegistryError> {
    let mut body = String::new();
    let mut too_large = false;
    let found = snapshot.search(&request.query, budget, &mut |document| {
        if !body.is_empty() {
            body.push_str(",\n");
        }
        match &request.projection {
            Some(projection) => projection.apply_to(document.json(), &mut body),
            None => body.push_str(document.json()),
        }
        too_large = body.len() > BODY_BYTES_MAX;
        if too_large { Err(RegistryError::Cancelled) } else { Ok(()) }
    });
    if too_large {
        return Ok(Outcome::Refused(larger_than_allowed(
            "ask for fewer studies (pageSize) or fields (fields)",
        )));
    }
    let page = found?;
    let is_first = request.query.page_token.is_none();
    let total = if request.count_total && is_first {
        format!("\"totalCount\":{},", page.total)
    } else {
        String::new()
    };
    let next = page.next.map(|token| format!(",\"nextPageToken\":\"{token}\"")).unwrap_or_default();
    body.insert_str(0, &format!("{{{total}\"studies\":[\n"));
    body.push_str(&format!("\n]{next}}}"));
    Ok(Outcome::Page { body, expanded: page.expanded.len(), notices: page.notices })
}

pub(super) fn record_sizes(snapshot: &dyn Snapshot, budget: &Budget) -> Result<Outcome, RegistryError> {
    Ok(Outcome::Body(api::record_sizes(&snapshot.record_sizes(budget)?).to_string().into()))
}

pub(super) fn field_values(
    request: &FieldValuesRequest,
    snapshot: &dyn Snapshot,
    budget: &Budget,
) -> Result<Outcome, RegistryError> {
    array(&request.pieces, request.named, |piece| {
        Ok(api::field_values(&stats(piece, snapshot, budget)?).to_string())
    })
}

/// The API takes durations for text, so they are counted as they are written.
fn stats(piece: Piece, snapshot: &dyn Snapshot, budget: &Budget) -> Result<FieldStats, RegistryError> {
    if !matches!(piece.kind(), Kind::Duration) {
        return snapshot.field_stats(piece, &Matching::default(), budget);
    }
    let by = vec![Dimension { piece, period: None }];
    let table = snapshot.tabulate(&TableQuery { matching: Matching::default(), by }, budget)?;
    Ok(api::values_of_table(piece, &table))
}

pub(super) fn field_sizes(
    request: &FieldSizesRequest,
    snapshot: &dyn Snapshot,
    budget: &Budget,
) -> Result<Outcome, RegistryError> {
    array(&request.pieces, request.named, |piece| {
        Ok(api::field_sizes(&snapshot.list_sizes(piece, budget)?).to_string())
    })
}

/// An array with what is known of each piece. Pieces of which nothing is known are left out unless they were named.
fn array(
    pieces: &[Piece],
    named: bool,
    element: impl Fn(Piece) -> Result<String, RegistryError>,
) -> Result<Outcome, RegistryError> {
    let mut body = String::from("[");
    for piece in pieces {
        let element = match element(*piece) {
            Err(RegistryError::Unsupported { .. }) if !named => continue,
            element => element?,
        };
        if body.len() > 1 {
            body.push(',');
        }
        body.push_str(&element);
        if body.len() > BODY_BYTES_MAX {
            return Ok(Outcome::Refused(larger_than_allowed("ask for fewer fields (fields)")));
        }
    }
    body.push(']');
    Ok(Outcome::Body(body.into()))
}

fn larger_than_allowed(advice: &str) -> ApiError {
    ApiError::bad_request(format!("The answer is larger than {} MiB; {advice}", BODY_BYTES_MAX >> 20))
}

//! What the registry answers, written as the API writes it.

use super::answer::Outcome;
use ctgov::{
    Budget, RegistryError, Snapshot,
    api::{self, ApiError, StudiesRequest},
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

pub(super) fn larger_than_allowed(advice: &str) -> ApiError {
    ApiError::bad_request(format!("The answer is larger than {} MiB; {advice}", BODY_BYTES_MAX >> 20))
}

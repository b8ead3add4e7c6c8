//! `/stats/field/…`: what is known of many fields, worked out in turns so that searches come between.

use super::{
    Api,
    answer::{self, Outcome, Seen},
    bodies::{BODY_BYTES_MAX, larger_than_allowed},
};
use crate::engine::{CallControl, Engine};
use axum::response::Response;
use ctgov::{
    Budget, DataVersion, Matching, RegistryError, Snapshot,
    api::{self, ApiError},
    pieces::Piece,
};
use http::HeaderMap;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Longest that a request may take in all. What was worked out by then is remembered for the next.
const TIME_MAX: Duration = Duration::from_secs(300);

/// How long fields are worked out before others have their turn.
const TURN_TIME: Duration = Duration::from_millis(50);

/// Most fields of one request where each is asked of another service.
const REMOTE_FIELDS_MAX: usize = 20;

/// Says what is known of a field, as an element of the answer.
type Element = fn(Piece, &dyn Snapshot, &Budget) -> Result<String, RegistryError>;

pub(super) fn values(
    piece: Piece,
    snapshot: &dyn Snapshot,
    budget: &Budget,
) -> Result<String, RegistryError> {
    Ok(api::field_values(&snapshot.field_stats(piece, &Matching::default(), budget)?).to_string())
}

pub(super) fn sizes(piece: Piece, snapshot: &dyn Snapshot, budget: &Budget) -> Result<String, RegistryError> {
    Ok(api::field_sizes(&snapshot.list_sizes(piece, budget)?).to_string())
}

/// An answer in the making.
struct Making {
    pieces: Arc<[Piece]>,
    /// Whether the pieces were named. Of others nothing is said when nothing is known.
    named: bool,
    element: Element,
    /// How many pieces are told of.
    done: usize,
    body: String,
    /// The data that they were told of.
    version: Option<DataVersion>,
}

impl Making {
    /// Tells of as many pieces as a turn allows, and returns the outcome once that is all.
    fn go_on(
        &mut self,
        seen: &Seen,
        snapshot: &dyn Snapshot,
        budget: &Budget,
    ) -> Result<Option<Outcome>, RegistryError> {
        let turn = Instant::now();
        let version = snapshot.data_version();
        if seen.contains(version) {
            return Ok(Some(Outcome::Unchanged));
        }
        if self.version.as_ref() != Some(version) {
            // An answer is about one state of the data.
            (self.version, self.done, self.body) = (Some(version.clone()), 0, String::from("["));
        }
        while let Some(piece) = self.pieces.get(self.done) {
            self.done += 1;
            let element = match (self.element)(*piece, snapshot, budget) {
                Err(RegistryError::Unsupported { .. }) if !self.named => continue,
                element => element?,
            };
            if self.body.len() > 1 {
                self.body.push(',');
            }
            self.body.push_str(&element);
            if self.body.len() > BODY_BYTES_MAX {
                return Ok(Some(Outcome::Refused(larger_than_allowed("ask for fewer fields (fields)"))));
            }
            if turn.elapsed() > TURN_TIME {
                return Ok(None);
            }
        }
        self.body.push(']');
        Ok(Some(Outcome::Body(std::mem::take(&mut self.body).into())))
    }
}

impl Api {
    /// Answers with an array of what `element` says of each of `pieces`.
    pub(super) async fn tell_of(
        &self,
        headers: &HeaderMap,
        pieces: Vec<Piece>,
        named: bool,
        element: Element,
    ) -> Response {
        if self.engine.is_remote() && pieces.len() > REMOTE_FIELDS_MAX {
            return answer::refused(ApiError::bad_request(format!(
                "Parameter `fields` must name 1 to {REMOTE_FIELDS_MAX} fields here: each is asked of \
                 ClinicalTrials.gov by itself"
            )));
        }
        let ends = Instant::now() + TIME_MAX;
        let pieces = pieces.into();
        let mut making = Making { pieces, named, element, done: 0, body: String::new(), version: None };
        loop {
            let (seen, left) = (answer::seen(headers), ends.saturating_duration_since(Instant::now()));
            let time_max = left.min(Engine::CALL_TIME_MAX);
            let turn = self.engine.ask_within(time_max, CallControl::default(), move |snapshot, budget| {
                let outcome = making.go_on(&seen, snapshot, budget)?;
                Ok((snapshot.data_version().clone(), outcome, making))
            });
            match turn.await {
                Ok((version, Some(outcome), _)) => return self.answers.answer(headers, &version, outcome),
                Ok((_, None, unfinished)) => making = unfinished,
                Err(error) => return answer::failed(&error),
            }
        }
    }
}

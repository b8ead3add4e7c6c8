//! How much of a record's long lists is wanted, and what was left out for it.

use crate::render::sites::{is_within, miles};
use ctgov::essie::{Circle, LengthUnit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Limits of a record's long lists.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Limits {
    /// At most so many sites
    #[schemars(range(min = 1, max = 500))]
    location_limit: Option<u16>,
    /// At most so many secondary and so many other outcomes of the protocol
    #[schemars(range(min = 1, max = 100))]
    outcome_limit: Option<u16>,
    /// At most so many references
    #[schemars(range(min = 1, max = 100))]
    reference_limit: Option<u16>,
    /// Only sites near a point, the nearest first
    near_location: Option<NearLocation>,
}

/// A circle around a point.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NearLocation {
    #[schemars(range(min = -90, max = 90))]
    lat: f64,
    #[schemars(range(min = -180, max = 180))]
    lon: f64,
    /// Default 50
    #[schemars(range(min = 1, max = 500))]
    radius_mi: Option<f64>,
}

/// What an answer does not have, and how to get it.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeftOut {
    pub(super) what: String,
    /// How many the answer has
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shown: Option<usize>,
    /// How many the record has
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) in_record: Option<usize>,
    pub(super) how_to_get: String,
}

impl Limits {
    /// Whether nothing is limited.
    pub(super) fn are_none(&self) -> bool {
        let Self { location_limit, outcome_limit, reference_limit, near_location } = self;
        near_location.is_none()
            && [location_limit, outcome_limit, reference_limit].iter().all(|limit| limit.is_none())
    }

    /// Takes from a record, or a part of one, what is beyond the limits.
    pub(super) fn apply(&self, record: &mut Value) -> Vec<LeftOut> {
        const LOCATIONS: &str = "/protocolSection/contactsLocationsModule/locations";
        const LISTS: [(&str, &str); 3] = [
            ("/protocolSection/outcomesModule/secondaryOutcomes", "outcomeLimit"),
            ("/protocolSection/outcomesModule/otherOutcomes", "outcomeLimit"),
            ("/protocolSection/referencesModule/references", "referenceLimit"),
        ];
        let mut left_out = Vec::new();
        if let (Some(near), Some(Value::Array(sites))) = (self.near_location, record.pointer_mut(LOCATIONS)) {
            let (in_record, circle) = (sites.len(), near.circle());
            sites.retain(|site| is_within(site, &circle));
            sites.sort_by(|a, b| {
                miles(a, &circle)
                    .unwrap_or(f64::INFINITY)
                    .total_cmp(&miles(b, &circle).unwrap_or(f64::INFINITY))
            });
            let how = format!("these are within {} miles; leave nearLocation out for all", circle.radius);
            left_out.extend(LeftOut::of("locations", sites.len(), in_record, how));
        }
        let limits = [self.location_limit, self.outcome_limit, self.outcome_limit, self.reference_limit];
        let lists = [(LOCATIONS, "locationLimit")].into_iter().chain(LISTS);
        for (limit, (place, parameter)) in limits.into_iter().zip(lists) {
            if let (Some(limit), Some(Value::Array(elements))) = (limit, record.pointer_mut(place)) {
                let in_record = elements.len();
                elements.truncate(limit.into());
                let what = place.rsplit('/').next().unwrap_or_default();
                let how = format!("raise {parameter} or leave it out");
                left_out.extend(LeftOut::of(what, elements.len(), in_record, how));
            }
        }
        left_out
    }
}

impl NearLocation {
    fn circle(self) -> Circle {
        let radius = self.radius_mi.unwrap_or(50.0);
        Circle { latitude: self.lat, longitude: self.lon, radius, unit: LengthUnit::Miles }
    }
}

impl LeftOut {
    fn of(what: &str, shown: usize, in_record: usize, how_to_get: String) -> Option<Self> {
        let what = what.to_owned();
        let left_out = Self { what, shown: Some(shown), in_record: Some(in_record), how_to_get };
        (shown < in_record).then_some(left_out)
    }
}

//! Where a study takes place, seen from somewhere: its sites in a place, the nearest first.

use ctgov::{
    essie::{Circle, LengthUnit},
    pieces::sites,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// A study's sites in a place.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SitesInPlace {
    /// How many sites the study has
    pub sites_in_all: usize,
    /// How many of them are in the place asked for
    pub sites_in_place: usize,
    /// How many of those are recruiting
    pub recruiting_in_place: usize,
    /// Some of those in the place, the nearest first
    #[schemars(with = "Vec<serde_json::Map<String, Value>>")]
    pub sites: Vec<SiteView>,
}

/// A site, as the record has it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SiteView {
    #[serde(skip_serializing_if = "Option::is_none")]
    facility: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    /// How far it is from the point asked for, in miles
    #[serde(skip_serializing_if = "Option::is_none")]
    distance_mi: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contacts: Vec<Contact>,
}

/// Whom to ask.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_ext: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

/// Which sites to show, and what of them.
#[derive(Clone, Copy, Debug)]
pub struct Showing {
    /// Distances are from its centre.
    pub from: Option<Circle>,
    /// For somebody who may take part: recruiting sites before others, with whom to ask.
    pub for_participants: bool,
    /// How many sites at most.
    pub sites_max: usize,
}

impl SitesInPlace {
    /// The sites of a record that are in the place, by their position in it and themselves.
    pub fn of(record: &Value, showing: Showing, is_in_place: impl Fn(usize, &Value) -> bool) -> Self {
        let all = sites(record);
        let mut in_place: Vec<(bool, Option<f64>, &Value)> = all
            .iter()
            .enumerate()
            .filter(|(at, site)| is_in_place(*at, site))
            .map(|(_, site)| {
                let is_later = showing.for_participants && !is_recruiting(site);
                (is_later, showing.from.and_then(|from| miles(site, &from)), site)
            })
            .collect();
        let (sites_in_place, recruiting_in_place) =
            (in_place.len(), in_place.iter().filter(|(_, _, site)| is_recruiting(site)).count());
        // A site of unknown distance comes last; equally near ones stay in the record's order.
        let distance = |miles: Option<f64>| miles.unwrap_or(f64::INFINITY);
        in_place.sort_by(|a, b| a.0.cmp(&b.0).then(distance(a.1).total_cmp(&distance(b.1))));
        let shown = in_place.into_iter().take(showing.sites_max);
        let sites = shown.map(|(_, miles, site)| SiteView::of(site, miles, showing.for_participants));
        Self { sites_in_all: all.len(), sites_in_place, recruiting_in_place, sites: sites.collect() }
    }
}

impl SiteView {
    fn of(site: &Value, miles: Option<f64>, with_contacts: bool) -> Self {
        let contacts = site["contacts"].as_array().filter(|_| with_contacts);
        Self {
            facility: text(site, "facility"),
            status: text(site, "status"),
            city: text(site, "city"),
            state: text(site, "state"),
            zip: text(site, "zip"),
            country: text(site, "country"),
            distance_mi: miles.map(|miles| (miles * 10.0).round() / 10.0),
            contacts: contacts.into_iter().flatten().map(Contact::of).collect(),
        }
    }
}

impl Contact {
    /// A contact of a record.
    pub fn of(contact: &Value) -> Self {
        Self {
            name: text(contact, "name"),
            role: text(contact, "role"),
            phone: text(contact, "phone"),
            phone_ext: text(contact, "phoneExt"),
            email: text(contact, "email"),
        }
    }
}

fn text(of: &Value, key: &str) -> Option<String> {
    of[key].as_str().map(str::to_owned)
}

fn is_recruiting(site: &Value) -> bool {
    site["status"] == "RECRUITING"
}

/// How far a site lies from the centre of `from`, in miles, if it says where it is.
pub fn miles(site: &Value, from: &Circle) -> Option<f64> {
    let (latitude, longitude) = (site["geoPoint"]["lat"].as_f64()?, site["geoPoint"]["lon"].as_f64()?);
    let mile = Circle { radius: 1.0, unit: LengthUnit::Miles, ..*from }.radius_meters();
    Some(from.distance_meters(latitude, longitude) / mile)
}

/// Whether a site lies within `circle`.
pub fn is_within(site: &Value, circle: &Circle) -> bool {
    let point = (site["geoPoint"]["lat"].as_f64(), site["geoPoint"]["lon"].as_f64());
    matches!(point, (Some(latitude), Some(longitude)) if circle.contains(latitude, longitude))
}

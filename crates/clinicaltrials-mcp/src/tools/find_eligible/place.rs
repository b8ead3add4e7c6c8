//! Where a person can go: a country, a state, or what is near a city or a point.

use super::super::ToolError;
use ctgov::{
    Budget, DEFAULT_AREA, Matching, PageSize, RegistryError, Snapshot, StudyQuery,
    essie::{
        Circle, Condition, LengthUnit, Target,
        evaluate::{Prepared, site_matches},
        parse, quote, resolve,
    },
    pieces::{Piece, sites},
    synonyms::Synonyms,
    tabulate::{Dimension, TableQuery},
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Where a person can go, as it was asked.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    country: Option<String>,
    state: Option<String>,
    city: Option<String>,
    #[schemars(range(min = -90, max = 90))]
    lat: Option<f64>,
    #[schemars(range(min = -180, max = 180))]
    lon: Option<f64>,
    #[schemars(range(min = 1, max = 500))]
    radius_mi: Option<f64>,
}

/// Where a person can go, as it is looked for.
pub(super) struct Place {
    /// What is asked of a site.
    site: String,
    /// What is near, if that is known.
    pub(super) circle: Option<Circle>,
}

const COUNTRY: Piece = Piece::named("LocationCountry");
/// How far a city reaches unless it is said.
const RADIUS_MI: f64 = 50.0;

/// How the registry writes countries, all of its ways in records old and new, and how else people do.
const COUNTRIES: [(&[&str], &[&str]); 16] = [
    (&["United States"], &["us", "usa", "united states of america"]),
    (&["United Kingdom"], &["uk", "great britain"]),
    (&["United Arab Emirates"], &["uae"]),
    (&["South Korea", "Korea, Republic of"], &["korea", "republic of korea"]),
    (&["Turkey", "Türkiye"], &["turkiye"]),
    (&["Russia", "Russian Federation"], &[]),
    (&["Iran"], &["iran, islamic republic of", "islamic republic of iran"]),
    (&["Vietnam", "Viet Nam"], &[]),
    (&["Czechia", "Czech Republic"], &[]),
    (&["Laos", "Lao People's Democratic Republic"], &[]),
    (&["Syria", "Syrian Arab Republic"], &[]),
    (&["North Macedonia", "Macedonia, The Former Yugoslav Republic of"], &["macedonia"]),
    (&["Democratic Republic of the Congo", "Congo, The Democratic Republic of the"], &["dr congo", "drc"]),
    (&["Côte d'Ivoire"], &["ivory coast"]),
    (&["Eswatini", "Swaziland"], &[]),
    (&["Netherlands"], &["the netherlands", "holland"]),
];

/// Postal abbreviations in the United States and Canada, where the registry writes names.
const STATES: [(&str, &str); 61] = [
    ("AL", "Alabama"),
    ("AK", "Alaska"),
    ("AZ", "Arizona"),
    ("AR", "Arkansas"),
    ("CA", "California"),
    ("CO", "Colorado"),
    ("CT", "Connecticut"),
    ("DE", "Delaware"),
    ("DC", "District of Columbia"),
    ("FL", "Florida"),
    ("GA", "Georgia"),
    ("HI", "Hawaii"),
    ("ID", "Idaho"),
    ("IL", "Illinois"),
    ("IN", "Indiana"),
    ("IA", "Iowa"),
    ("KS", "Kansas"),
    ("KY", "Kentucky"),
    ("LA", "Louisiana"),
    ("ME", "Maine"),
    ("MD", "Maryland"),
    ("MA", "Massachusetts"),
    ("MI", "Michigan"),
    ("MN", "Minnesota"),
    ("MS", "Mississippi"),
    ("MO", "Missouri"),
    ("MT", "Montana"),
    ("NE", "Nebraska"),
    ("NV", "Nevada"),
    ("NH", "New Hampshire"),
    ("NJ", "New Jersey"),
    ("NM", "New Mexico"),
    ("NY", "New York"),
    ("NC", "North Carolina"),
    ("ND", "North Dakota"),
    ("OH", "Ohio"),
    ("OK", "Oklahoma"),
    ("OR", "Oregon"),
    ("PA", "Pennsylvania"),
    ("RI", "Rhode Island"),
    ("SC", "South Carolina"),
    ("SD", "South Dakota"),
    ("TN", "Tennessee"),
    ("TX", "Texas"),
    ("UT", "Utah"),
    ("VT", "Vermont"),
    ("VA", "Virginia"),
    ("WA", "Washington"),
    ("WV", "West Virginia"),
    ("WI", "Wisconsin"),
    ("WY", "Wyoming"),
    ("PR", "Puerto Rico"),
    ("AB", "Alberta"),
    ("BC", "British Columbia"),
    ("MB", "Manitoba"),
    ("NB", "New Brunswick"),
    ("NL", "Newfoundland and Labrador"),
    ("NS", "Nova Scotia"),
    ("ON", "Ontario"),
    ("QC", "Quebec"),
    ("SK", "Saskatchewan"),
];

impl Location {
    /// The location, unless it says nothing.
    ///
    /// # Errors
    ///
    /// [`ToolError`] when half a point is given, or a radius of nothing.
    pub(super) fn checked(mut self) -> Result<Option<Self>, ToolError> {
        // A city is often written with its state: `Boston, MA`.
        if let (Some(city), None) = (&self.city, &self.state)
            && let Some((city, state)) = city.split_once(',')
        {
            (self.state, self.city) = (Some(state.trim().to_owned()), Some(city.trim().to_owned()));
        }
        let Self { country, state, city, lat, lon, radius_mi } = &self;
        if lat.is_some() != lon.is_some() {
            let problem = "`location`: of `lat` and `lon` only one is given";
            return Err(ToolError::new(problem, "give both, or a city"));
        }
        if radius_mi.is_some() && city.is_none() && lat.is_none() {
            let problem = "`location.radiusMi` is the distance from nothing";
            return Err(ToolError::new(problem, "give a city, or lat and lon"));
        }
        let says_something = [country, state, city].iter().any(|name| name.is_some()) || lat.is_some();
        Ok(says_something.then_some(self))
    }
}

impl Place {
    /// The place that was meant. A city stands where the registry's own sites in it stand.
    ///
    /// # Errors
    ///
    /// The snapshot's. A name that no site has is a notice, with the nearest that sites have.
    pub(super) fn of(
        location: &Location,
        snapshot: &dyn Snapshot,
        budget: &Budget,
        notices: &mut Vec<String>,
    ) -> Result<Self, RegistryError> {
        const STATE: Piece = Piece::named("LocationState");
        const CITY: Piece = Piece::named("LocationCity");
        let Location { country, state, city, lat, lon, radius_mi } = location;
        let named = [(COUNTRY, country), (STATE, state), (CITY, city)];
        let mut names = Vec::new();
        for (piece, name) in named {
            let Some(name) = name else { continue };
            let asked = match piece {
                COUNTRY => country_named(name),
                STATE => one_of(piece, &state_named(name)),
                _ => one_of(piece, &[name]),
            };
            notices.extend(unknown_name(piece, name, &asked, snapshot, budget)?);
            names.push(asked);
        }
        let radius = radius_mi.unwrap_or(RADIUS_MI);
        let around = |latitude, longitude| Circle { latitude, longitude, radius, unit: LengthUnit::Miles };
        let circle = match (lat, lon) {
            (Some(lat), Some(lon)) => Some(around(*lat, *lon)),
            _ if city.is_some() => {
                let point = point_of(&names.join(" AND "), snapshot, budget)?;
                point.map(|(latitude, longitude)| around(latitude, longitude))
            }
            _ => None,
        };
        let site = match circle {
            // What is near a city can be in another state, not in another country.
            Some(circle) => {
                let Circle { latitude, longitude, .. } = circle;
                let of = city.as_deref().map(|city| format!(" of {city}")).unwrap_or_default();
                let within = country.as_ref().map(|country| format!(", in {country}")).unwrap_or_default();
                notices.push(format!(
                    "The place is what lies within {radius} miles{of} ({latitude}, {longitude}){within}."
                ));
                let country = names.into_iter().take(usize::from(country.is_some()));
                let near = format!("AREA[LocationGeoPoint]{circle}");
                country.chain([near]).collect::<Vec<_>>().join(" AND ")
            }
            None => names.join(" AND "),
        };
        Ok(Self { site, circle })
    }

    /// What is asked of studies: a site there, which recruits or does not say whether it does.
    pub(super) fn filter(&self, recruiting_only: bool) -> String {
        let open = "(AREA[LocationStatus]RECRUITING OR AREA[LocationStatus]MISSING)";
        let open = if recruiting_only { format!(" AND {open}") } else { String::new() };
        format!("SEARCH[Location]({}{open})", self.site)
    }

    /// What is asked of each site.
    ///
    /// # Errors
    ///
    /// None: it was asked of studies before.
    pub(super) fn sites(
        &self,
        recruiting_only: bool,
        synonyms: &Synonyms,
    ) -> Result<Condition, RegistryError> {
        condition(&self.filter(recruiting_only), synonyms)
    }
}

fn condition(text: &str, synonyms: &Synonyms) -> Result<Condition, RegistryError> {
    Ok(resolve(&parse(text)?, Target::Area(DEFAULT_AREA), synonyms)?)
}

/// Where the first site stands that meets `site` and says where it stands.
fn point_of(
    site: &str,
    snapshot: &dyn Snapshot,
    budget: &Budget,
) -> Result<Option<(f64, f64)>, RegistryError> {
    let text = format!("SEARCH[Location]({site} AND NOT AREA[LocationGeoPoint]MISSING)");
    let mut matching = Matching::default();
    matching.filter(&text)?;
    let wanted = condition(&text, snapshot.synonyms())?;
    let query =
        StudyQuery { matching, page_size: PageSize::new(1).unwrap_or_default(), ..StudyQuery::default() };
    let mut point = None;
    snapshot.search(&query, budget, &mut |document| {
        let record = document.value().map_err(|error| RegistryError::Unavailable(error.into()))?;
        let study = Prepared::new(&record);
        let found = sites(&record).iter().enumerate().find(|(at, _)| site_matches(&wanted, &study, *at));
        point = found.and_then(|(_, site)| {
            Some((site["geoPoint"]["lat"].as_f64()?, site["geoPoint"]["lon"].as_f64()?))
        });
        Ok(())
    })?;
    Ok(point)
}

/// A site in a country, by whichever of its names.
fn country_named(name: &str) -> String {
    let name = name.trim();
    let is_name = |known: &str| known.to_lowercase() == name.to_lowercase();
    let known =
        COUNTRIES.iter().find(|(ours, others)| ours.iter().chain(*others).any(|known| is_name(known)));
    one_of(COUNTRY, known.map_or(&[name], |(ours, _)| *ours))
}

/// What a state is called: where it is a postal abbreviation, its name too.
fn state_named(name: &str) -> Vec<&str> {
    let known = STATES.iter().find(|(short, _)| short.eq_ignore_ascii_case(name.trim()));
    known.map_or(vec![name], |(short, long)| vec![*long, *short])
}

/// A site of which `piece` has one of these names.
fn one_of(piece: Piece, names: &[&str]) -> String {
    let any: Vec<String> = names.iter().map(|name| quote(name)).collect();
    match any.as_slice() {
        [only] => format!("AREA[{}]{only}", piece.name()),
        several => format!("AREA[{}]({})", piece.name(), several.join(" OR ")),
    }
}

/// What to tell of a name that no site has.
fn unknown_name(
    piece: Piece,
    name: &str,
    asked: &str,
    snapshot: &dyn Snapshot,
    budget: &Budget,
) -> Result<Option<String>, RegistryError> {
    let mut matching = Matching::default();
    matching.filter(&format!("SEARCH[Location]({asked})"))?;
    if snapshot.count(&matching, budget)? > 0 {
        return Ok(None);
    }
    let all = TableQuery { by: vec![Dimension { piece, period: None }], ..TableQuery::default() };
    let table = match snapshot.tabulate(&all, budget) {
        Err(RegistryError::Unsupported { .. }) => None,
        table => Some(table?),
    };
    let rows = table
        .into_iter()
        .flat_map(|table| table.rows)
        .filter_map(|row| row.values.into_iter().next().flatten());
    let mut near: Vec<(f64, String)> = rows
        .map(|value| (strsim::jaro_winkler(&value.to_lowercase(), &name.to_lowercase()), value))
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let near: Vec<String> = near.into_iter().take(3).map(|(_, value)| value).collect();
    let nearest =
        if near.is_empty() { String::new() } else { format!("; the nearest are {}", near.join(", ")) };
    Ok(Some(format!("No site's {} is called `{name}`{nearest}.", piece.key())))
}

//! At which sites is a study done?
//!
//! Most studies have one site, some have hundreds; as in the registry a few studies name none. Sites lie
//! near the sponsor first, and the larger the study, the further away.

use crate::calibration::{FEW_SITES, MANY_SITES};
use crate::design::Design;
use crate::places::{self, Facility, Place};
use crate::random::Random;
use crate::study::Person;
use crate::terms::{Phase, Status};
use crate::vocabulary::sponsors::Sponsor;

/// A place where a study is done.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) facility: Facility,
    pub(crate) place: &'static Place,
    pub(crate) zip: Option<String>,
    /// Given while the study recruits.
    pub(crate) status: Option<&'static str>,
    pub(crate) contacts: Vec<Person>,
    /// The registry found coordinates for the city.
    pub(crate) located: bool,
}

/// The sites of a study, by country and city.
pub(crate) fn sites(status: Status, sponsor: &Sponsor, design: &Design, random: &mut Random) -> Vec<Site> {
    let without = match status {
        Status::Withdrawn => 60,
        Status::NotYetRecruiting => 25,
        Status::Unknown => 10,
        Status::Completed | Status::Terminated => 5,
        status if status.is_expanded_access() => 65,
        _ => 0,
    };
    if random.chance(without) {
        return Vec::new();
    }
    let late = matches!(design, Design::Interventional(trial)
        if matches!(trial.phase, Phase::TwoAndThree | Phase::Three));
    let company = sponsor.class == "INDUSTRY";
    let count = if late || company { MANY_SITES.draw(random) } else { FEW_SITES.draw(random) };
    let at_home = if count > 3 { 45 } else { 90 };
    let anonymous = company && count > 3 && random.chance(40);
    let recruits = status == Status::Recruiting;
    let mut sites: Vec<Site> = Vec::with_capacity(count);
    for _ in 0..count {
        let home = sites.is_empty() || random.chance(at_home);
        let place = if home { places::city_of(sponsor.country, random) } else { places::city_abroad(random) };
        let facility = Facility::any(anonymous, random);
        let same = |site: &Site| site.facility == facility && site.place.city == place.city;
        if sites.iter().any(same) {
            continue;
        }
        let status = recruits.then(|| {
            // The first site recruits: a study without one would not be recruiting.
            if sites.is_empty() {
                return "RECRUITING";
            }
            random.weighted(&[
                (74, "RECRUITING"),
                (9, "NOT_YET_RECRUITING"),
                (8, "ACTIVE_NOT_RECRUITING"),
                (6, "COMPLETED"),
                (3, "WITHDRAWN"),
            ])
        });
        let contacts = match status {
            Some("RECRUITING") => {
                (0..random.weighted(&[(60, 1), (32, 2), (8, 3)])).map(|_| Person::any(random)).collect()
            }
            _ => Vec::new(),
        };
        let zip = if random.chance(88) { place.postal_code(random) } else { None };
        sites.push(Site { facility, place, zip, status, contacts, located: !random.rarely(15) });
    }
    sites.sort_by_key(|site| (site.place.country, site.place.state, site.place.city, site.facility));
    sites
}

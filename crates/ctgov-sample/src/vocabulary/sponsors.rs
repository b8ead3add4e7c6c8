//! Who runs studies?
//!
//! Nobody in this table: every name is invented, and a record puts "Synthetic" before it. The
//! countries are where a sponsor finds most of its sites. Besides those in the table, which lead every
//! second study, there is a long tail of sponsors with a few studies each ([`Sponsor::any`]).

use std::borrow::Cow;

use crate::names;
use crate::places;
use crate::random::Random;

/// An organisation that leads studies or supports them.
#[derive(Clone, Debug)]
pub(crate) struct Sponsor {
    /// The name that follows "Synthetic".
    pub(crate) name: Cow<'static, str>,
    pub(crate) class: &'static str,
    pub(crate) country: &'static str,
}

const fn sponsor(class: &'static str, name: &'static str, country: &'static str) -> Sponsor {
    Sponsor { name: Cow::Borrowed(name), class, country }
}

impl Sponsor {
    /// One of the table or of the long tail.
    pub(crate) fn any(random: &mut Random) -> Self {
        let class = random.weighted(SPONSORS);
        let known = random.row(class);
        let kinds: &[&str] = match known.class {
            "OTHER" => &["University", "University Hospital", "Medical College", "Hospital", "Foundation"],
            "INDUSTRY" => &["Pharma", "Therapeutics", "Biosciences", "Medical Devices", "Laboratories"],
            _ => return known.clone(),
        };
        if random.chance(50) {
            return known.clone();
        }
        let country = places::city_abroad(random).country;
        let name = names::proper(country, 1_000 + random.rank(11));
        Self { name: Cow::Owned(format!("{name} {}", random.pick(kinds))), class: known.class, country }
    }
}

/// Sponsors by class, with the weight of the class in a thousand studies.
pub(crate) static SPONSORS: &[(i32, &[Sponsor])] = &[
    (643, UNIVERSITIES),
    (240, COMPANIES),
    (35, GOVERNMENTS),
    (30, NIH),
    (20, NETWORKS),
    (15, FEDERAL),
    (8, PEOPLE),
    (5, UNKNOWN),
    (4, AMBIGUOUS),
];

static UNIVERSITIES: &[Sponsor] = &[
    sponsor("OTHER", "Harborlight State University", "United States"),
    sponsor("OTHER", "Lakeside Medical School", "United States"),
    sponsor("OTHER", "Prairie University", "United States"),
    sponsor("OTHER", "Red Canyon University Hospital", "United States"),
    sponsor("OTHER", "Blue Ridge Health System", "United States"),
    sponsor("OTHER", "Maple Leaf University Health Network", "Canada"),
    sponsor("OTHER", "Thameside University Hospitals", "United Kingdom"),
    sponsor("OTHER", "University of the Moors", "United Kingdom"),
    sponsor("OTHER", "Assistance Hospitalière de la Loire", "France"),
    sponsor("OTHER", "Universitätsklinikum Neckartal", "Germany"),
    sponsor("OTHER", "Polder University Medical Center", "Netherlands"),
    sponsor("OTHER", "Fundación Clínica del Ebro", "Spain"),
    sponsor("OTHER", "Ospedale Universitario del Tevere", "Italy"),
    sponsor("OTHER", "Archipelago University Hospital", "Sweden"),
    sponsor("OTHER", "Øresund University Hospital", "Denmark"),
    sponsor("OTHER", "Anatolia Medical University", "Turkey (Türkiye)"),
    sponsor("OTHER", "Bosphorus Training and Research Hospital", "Turkey (Türkiye)"),
    sponsor("OTHER", "Rift Valley University", "Kenya"),
    sponsor("OTHER", "Pearl River Medical University", "China"),
    sponsor("OTHER", "Northern Plain People's Hospital", "China"),
    sponsor("OTHER", "Han River University Hospital", "South Korea"),
    sponsor("OTHER", "Indus Valley Medical College", "Pakistan"),
    sponsor("OTHER", "Hospital Universitário da Serra", "Brazil"),
    sponsor("OTHER", "Coral Coast University", "Australia"),
];

static COMPANIES: &[Sponsor] = &[
    sponsor("INDUSTRY", "Northwind Therapeutics", "United States"),
    sponsor("INDUSTRY", "Acorn Biopharma, Inc.", "United States"),
    sponsor("INDUSTRY", "Bluestone Pharma LLC", "United States"),
    sponsor("INDUSTRY", "Cedar Point Biologics", "United States"),
    sponsor("INDUSTRY", "Delphi Life Sciences Ltd", "United Kingdom"),
    sponsor("INDUSTRY", "Edelweiss Pharma AG", "Switzerland"),
    sponsor("INDUSTRY", "Fjord Biologics A/S", "Denmark"),
    sponsor("INDUSTRY", "Garonne Laboratoires", "France"),
    sponsor("INDUSTRY", "Hanse Arzneimittel GmbH", "Germany"),
    sponsor("INDUSTRY", "Ironwood Grove Bio", "United States"),
    sponsor("INDUSTRY", "Jade Mountain Pharmaceuticals", "China"),
    sponsor("INDUSTRY", "Kitsune Pharma Co., Ltd.", "Japan"),
    sponsor("INDUSTRY", "Lodestar Health Products", "United States"),
    sponsor("INDUSTRY", "Monsoon Generics", "India"),
];

static GOVERNMENTS: &[Sponsor] = &[
    sponsor("OTHER_GOV", "Ministry of Health of Ruritania", "Austria"),
    sponsor("OTHER_GOV", "National Research Council for Health", "Thailand"),
    sponsor("OTHER_GOV", "Regional Health Service of the Coast", "Spain"),
];

static NIH: &[Sponsor] = &[
    sponsor("NIH", "National Institute of Sample Studies (NISS)", "United States"),
    sponsor("NIH", "National Institute of Example Research (NIER)", "United States"),
    sponsor("NIH", "National Center for Specimen Science (NCSS)", "United States"),
];

static NETWORKS: &[Sponsor] = &[
    sponsor("NETWORK", "Cooperative Trials Group", "United States"),
    sponsor("NETWORK", "Pan-European Trials Network", "Belgium"),
];

static FEDERAL: &[Sponsor] = &[
    sponsor("FED", "Office of Veterans Research", "United States"),
    sponsor("FED", "Center for Outbreak Studies", "United States"),
];

static PEOPLE: &[Sponsor] = &[
    sponsor("INDIV", "Dr. Ada Example", "United States"),
    sponsor("INDIV", "Dr. Tomas Specimen", "Czechia"),
];

static UNKNOWN: &[Sponsor] = &[sponsor("UNKNOWN", "Institute of Uncertain Standing", "Israel")];

static AMBIGUOUS: &[Sponsor] = &[sponsor("AMBIG", "Joint Study Office", "Singapore")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::PLACES;

    #[test]
    fn every_sponsor_has_cities_in_its_country() {
        for sponsor in SPONSORS.iter().flat_map(|(_, sponsors)| *sponsors) {
            assert!(PLACES.iter().any(|place| place.country == sponsor.country), "{sponsor:?}");
        }
    }
}

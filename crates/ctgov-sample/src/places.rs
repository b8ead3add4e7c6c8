//! Where do studies take place?
//!
//! Cities, countries and coordinates are real, as in GeoNames. The hospitals in them are not.

/// A city with its coordinates.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) city: &'static str,
    pub(crate) state: Option<&'static str>,
    pub(crate) country: &'static str,
    pub(crate) lat: f64,
    pub(crate) lon: f64,
}

const fn city(city: &'static str, country: &'static str, lat: f64, lon: f64) -> Place {
    Place { city, state: None, country, lat, lon }
}

impl Place {
    const fn state(mut self, state: &'static str) -> Self {
        self.state = Some(state);
        self
    }
}

/// The cities, those of one country next to each other.
pub(crate) static PLACES: &[Place] = &[
    city("Birmingham", "United States", 33.52066, -86.80249).state("Alabama"),
    city("Los Angeles", "United States", 34.05223, -118.24368).state("California"),
    city("San Francisco", "United States", 37.77493, -122.41942).state("California"),
    city("Atlanta", "United States", 33.749, -84.38798).state("Georgia"),
    city("Chicago", "United States", 41.85003, -87.65005).state("Illinois"),
    city("Bethesda", "United States", 38.98067, -77.10026).state("Maryland"),
    city("Boston", "United States", 42.35843, -71.05977).state("Massachusetts"),
    city("Rochester", "United States", 44.02163, -92.4699).state("Minnesota"),
    city("New York", "United States", 40.71427, -74.00597).state("New York"),
    city("Philadelphia", "United States", 39.95238, -75.16362).state("Pennsylvania"),
    city("Houston", "United States", 29.76328, -95.36327).state("Texas"),
    city("Seattle", "United States", 47.60621, -122.33207).state("Washington"),
    city("Vancouver", "Canada", 49.24966, -123.11934).state("British Columbia"),
    city("Toronto", "Canada", 43.70643, -79.39864).state("Ontario"),
    city("Montreal", "Canada", 45.50884, -73.58781).state("Quebec"),
    city("Mexico City", "Mexico", 19.42847, -99.12766),
    city("São Paulo", "Brazil", -23.5475, -46.63611).state("São Paulo"),
    city("Rio de Janeiro", "Brazil", -22.90278, -43.2075),
    city("Buenos Aires", "Argentina", -34.61315, -58.37723),
    city("Santiago", "Chile", -33.45694, -70.64827),
    city("London", "United Kingdom", 51.50853, -0.12574),
    city("Manchester", "United Kingdom", 53.48095, -2.23743),
    city("Oxford", "United Kingdom", 51.75222, -1.25596),
    city("Edinburgh", "United Kingdom", 55.95206, -3.19648),
    city("Dublin", "Ireland", 53.33306, -6.24889),
    city("Paris", "France", 48.85341, 2.3488),
    city("Lyon", "France", 45.74906, 4.84789),
    city("Berlin", "Germany", 52.52437, 13.41053),
    city("Heidelberg", "Germany", 49.40768, 8.69079),
    city("Munich", "Germany", 48.13743, 11.57549),
    city("Vienna", "Austria", 48.20849, 16.37208),
    city("Zurich", "Switzerland", 47.36667, 8.55),
    city("Amsterdam", "Netherlands", 52.37403, 4.88969),
    city("Leiden", "Netherlands", 52.15833, 4.49306),
    city("Leuven", "Belgium", 50.87959, 4.70093),
    city("Madrid", "Spain", 40.4165, -3.70256),
    city("Barcelona", "Spain", 41.38879, 2.15899),
    city("Rome", "Italy", 41.89193, 12.51133),
    city("Copenhagen", "Denmark", 55.67594, 12.56553),
    city("Stockholm", "Sweden", 59.32938, 18.06871),
    city("Helsinki", "Finland", 60.16952, 24.93545),
    city("Warsaw", "Poland", 52.22977, 21.01178),
    city("Prague", "Czechia", 50.08804, 14.42076),
    city("Athens", "Greece", 37.98376, 23.72784),
    city("Istanbul", "Turkey (Türkiye)", 41.01384, 28.94966),
    city("Ankara", "Turkey (Türkiye)", 39.91987, 32.85427),
    city("Tel Aviv", "Israel", 32.08088, 34.78057),
    city("Nairobi", "Kenya", -1.28333, 36.81667),
    city("Kampala", "Uganda", 0.31628, 32.58219),
    city("Cape Town", "South Africa", -33.92584, 18.42322).state("Western Cape"),
    city("Karachi", "Pakistan", 24.8608, 67.0104).state("Sindh"),
    city("Mumbai", "India", 19.07283, 72.88261).state("Maharashtra"),
    city("Beijing", "China", 39.9075, 116.39723).state("Beijing Municipality"),
    city("Shanghai", "China", 31.22222, 121.45806).state("Shanghai Municipality"),
    city("Guangzhou", "China", 23.11667, 113.25).state("Guangdong"),
    city("Seoul", "South Korea", 37.566, 126.9784),
    city("Tokyo", "Japan", 35.6895, 139.69171),
    city("Osaka", "Japan", 34.69379, 135.50107),
    city("Taipei", "Taiwan", 25.05306, 121.52639),
    city("Bangkok", "Thailand", 13.75398, 100.50144),
    city("Singapore", "Singapore", 1.28967, 103.85007),
    city("Sydney", "Australia", -33.86785, 151.20732).state("New South Wales"),
    city("Melbourne", "Australia", -37.814, 144.96332).state("Victoria"),
    city("Auckland", "New Zealand", -36.84853, 174.76349),
];

/// The cities of a country.
pub(crate) fn cities_of(country: &str) -> &'static [Place] {
    let first = PLACES.iter().position(|place| place.country == country).unwrap_or(0);
    let rest = &PLACES[first..];
    let count = rest.iter().take_while(|place| place.country == rest[0].country).count();
    &rest[..count]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cities_of_a_country_are_found_together() {
        for place in PLACES {
            let together = cities_of(place.country).len();
            let in_all = PLACES.iter().filter(|other| other.country == place.country).count();
            assert_eq!(together, in_all, "{}", place.country);
        }
        assert_eq!(cities_of("Nowhere")[0].country, "United States");
    }
}

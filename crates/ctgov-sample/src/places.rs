//! Where do studies take place?
//!
//! Cities, states, countries and coordinates are real, as in GeoNames and as the registry writes them.
//! Postal codes have the country's form and the city's beginning; their end is made up, and so are the
//! hospitals ([`Facility`]).

use std::fmt;
use std::sync::LazyLock;

use crate::names;
use crate::random::Random;
use crate::vocabulary::FACILITIES;

/// A city with its coordinates.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) city: &'static str,
    pub(crate) state: Option<&'static str>,
    pub(crate) country: &'static str,
    /// The form of a postal code: `#` stands for a digit, `@` for a letter. Empty where there are none.
    zip: &'static str,
    pub(crate) lat: f64,
    pub(crate) lon: f64,
}

const fn city(city: &'static str, country: &'static str, lat: f64, lon: f64) -> Place {
    Place { city, state: None, country, zip: "", lat, lon }
}

impl Place {
    const fn state(mut self, state: &'static str) -> Self {
        self.state = Some(state);
        self
    }

    const fn zip(mut self, zip: &'static str) -> Self {
        self.zip = zip;
        self
    }

    /// A postal code of the city.
    pub(crate) fn postal_code(&self, random: &mut Random) -> Option<String> {
        let sign = |sign: char| match sign {
            '#' => char::from(b"0123456789"[random.below(10)]),
            '@' => char::from(b"ABDEFGHJLNPRSTUWXYZ"[random.below(19)]),
            fixed => fixed,
        };
        (!self.zip.is_empty()).then(|| self.zip.chars().map(sign).collect())
    }
}

/// A hospital or another house of a city, by its number there. Low numbers are met in many studies,
/// high ones in few, and the same number is the same house in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Facility {
    Named(u32),
    /// What sponsors of large studies write who do not name their sites.
    Numbered(u32),
}

impl Facility {
    /// A house in the city, frequent ones more often.
    pub(crate) fn any(anonymous: bool, random: &mut Random) -> Self {
        if anonymous {
            return Self::Numbered(1_000 + u32::try_from(random.rank(12)).unwrap_or_default());
        }
        Self::Named(u32::try_from(random.rank(8)).unwrap_or_default())
    }

    /// Its name, labelled as made up: `Synthetic General Hospital, Boston`.
    pub(crate) fn in_city(self, place: &Place) -> impl fmt::Display {
        fmt::from_fn(move |f| match self {
            Self::Numbered(number) => write!(f, "Synthetic Research Site {number}"),
            Self::Named(number) => {
                let number = number as usize;
                let kind = FACILITIES[number % FACILITIES.len()];
                match number / FACILITIES.len() {
                    0 => write!(f, "Synthetic {kind}, {}", place.city),
                    series => {
                        write!(f, "Synthetic {} {kind}, {}", names::proper(place.city, series), place.city)
                    }
                }
            }
        })
    }
}

/// The cities, those of one country next to each other: countries with much research before those with
/// little, and so the cities within them.
pub(crate) static PLACES: &[Place] = &[
    city("New York", "United States", 40.71427, -74.00597).state("New York").zip("100##"),
    city("Boston", "United States", 42.35843, -71.05977).state("Massachusetts").zip("021##"),
    city("Houston", "United States", 29.76328, -95.36327).state("Texas").zip("770##"),
    city("Chicago", "United States", 41.85003, -87.65005).state("Illinois").zip("606##"),
    city("Baltimore", "United States", 39.29038, -76.61219).state("Maryland").zip("212##"),
    city("Los Angeles", "United States", 34.05223, -118.24368).state("California").zip("900##"),
    city("Philadelphia", "United States", 39.95238, -75.16362).state("Pennsylvania").zip("191##"),
    city("Tampa", "United States", 27.94752, -82.45843).state("Florida").zip("336##"),
    city("Nashville", "United States", 36.16589, -86.78444).state("Tennessee").zip("372##"),
    city("Dallas", "United States", 32.78306, -96.80667).state("Texas").zip("752##"),
    city("Seattle", "United States", 47.60621, -122.33207).state("Washington").zip("981##"),
    city("Cincinnati", "United States", 39.12711, -84.51439).state("Ohio").zip("452##"),
    city("San Francisco", "United States", 37.77493, -122.41942).state("California").zip("941##"),
    city("Denver", "United States", 39.73915, -104.9847).state("Colorado").zip("802##"),
    city("Rochester", "United States", 44.02163, -92.4699).state("Minnesota").zip("559##"),
    city("Cleveland", "United States", 41.4995, -81.69541).state("Ohio").zip("441##"),
    city("Atlanta", "United States", 33.749, -84.38798).state("Georgia").zip("303##"),
    city("Aurora", "United States", 39.72943, -104.83192).state("Colorado").zip("800##"),
    city("San Antonio", "United States", 29.42412, -98.49363).state("Texas").zip("782##"),
    city("Ann Arbor", "United States", 42.27756, -83.74088).state("Michigan").zip("481##"),
    city("Pittsburgh", "United States", 40.44062, -79.99589).state("Pennsylvania").zip("152##"),
    city("Detroit", "United States", 42.33143, -83.04575).state("Michigan").zip("482##"),
    city("Omaha", "United States", 41.25626, -95.94043).state("Nebraska").zip("681##"),
    city("Birmingham", "United States", 33.52066, -86.80249).state("Alabama").zip("352##"),
    city("San Diego", "United States", 32.71571, -117.16472).state("California").zip("921##"),
    city("Chapel Hill", "United States", 35.9132, -79.05584).state("North Carolina").zip("275##"),
    city("St Louis", "United States", 38.62727, -90.19789).state("Missouri").zip("631##"),
    city("Miami", "United States", 25.77427, -80.19366).state("Florida").zip("331##"),
    city("Louisville", "United States", 38.25424, -85.75941).state("Kentucky").zip("402##"),
    city("Columbus", "United States", 39.96118, -82.99879).state("Ohio").zip("432##"),
    city("Jacksonville", "United States", 30.33218, -81.65565).state("Florida").zip("322##"),
    city("Kansas City", "United States", 39.09973, -94.57857).state("Missouri").zip("661##"),
    city("Las Vegas", "United States", 36.17497, -115.13722).state("Nevada").zip("891##"),
    city("Fairfax", "United States", 38.84622, -77.30637).state("Virginia").zip("220##"),
    city("Bethesda", "United States", 38.98067, -77.10026).state("Maryland").zip("208##"),
    city("Beijing", "China", 39.9075, 116.39723).state("Beijing Municipality").zip("100###"),
    city("Shanghai", "China", 31.22222, 121.45806).state("Shanghai Municipality").zip("200###"),
    city("Guangzhou", "China", 23.11667, 113.25).state("Guangdong").zip("510###"),
    city("Hangzhou", "China", 30.29365, 120.16142).state("Zhejiang").zip("310###"),
    city("Wuhan", "China", 30.58333, 114.26667).state("Hubei").zip("430###"),
    city("Changsha", "China", 28.19874, 112.97087).state("Hunan").zip("410###"),
    city("Chengdu", "China", 30.66667, 104.06667).state("Sichuan").zip("610###"),
    city("Tianjin", "China", 39.14222, 117.17667).state("Tianjin Municipality").zip("300###"),
    city("Zhengzhou", "China", 34.75778, 113.64861).state("Henan").zip("450###"),
    city("Chongqing", "China", 29.56026, 106.55771).state("Chongqing Municipality").zip("400###"),
    city("Paris", "France", 48.85341, 2.3488).zip("750##"),
    city("Montpellier", "France", 43.61093, 3.87635).zip("342##"),
    city("Marseille", "France", 43.29695, 5.38107).zip("133##"),
    city("Lyon", "France", 45.74906, 4.84789).zip("690##"),
    city("Bordeaux", "France", 44.84124, -0.58046).zip("330##"),
    city("Lille", "France", 50.63391, 3.05512).zip("590##"),
    city("Toulouse", "France", 43.60426, 1.44367).zip("310##"),
    city("Berlin", "Germany", 52.52437, 13.41053).zip("101##"),
    city("Hamburg", "Germany", 53.55073, 9.99302).zip("202##"),
    city("Essen", "Germany", 51.45657, 7.01228).zip("451##"),
    city("Dresden", "Germany", 51.05089, 13.73832).zip("013##"),
    city("Leipzig", "Germany", 51.33962, 12.37129).zip("041##"),
    city("Heidelberg", "Germany", 49.40768, 8.69079).zip("691##"),
    city("Munich", "Germany", 48.13743, 11.57549).zip("808##"),
    city("Madrid", "Spain", 40.4165, -3.70256).zip("280##"),
    city("Barcelona", "Spain", 41.38879, 2.15899).zip("080##"),
    city("Valencia", "Spain", 39.47391, -0.37966).zip("460##"),
    city("Seville", "Spain", 37.38283, -5.97317).zip("410##"),
    city("Málaga", "Spain", 36.72016, -4.42034).zip("290##"),
    city("Pamplona", "Spain", 42.81687, -1.64323).zip("310##"),
    city("Zaragoza", "Spain", 41.65606, -0.87734).zip("500##"),
    city("Osaka", "Japan", 34.69379, 135.50107).zip("541-####"),
    city("Tokyo", "Japan", 35.6895, 139.69171).zip("104-####"),
    city("Fukuoka", "Japan", 33.6, 130.41667).zip("812-####"),
    city("Kyoto", "Japan", 35.02107, 135.75385).zip("606-####"),
    city("Yokohama", "Japan", 35.43333, 139.65).zip("241-####"),
    city("Kashiwa", "Japan", 35.86224, 139.97732).zip("277-####"),
    city("Nagoya", "Japan", 35.18147, 136.90641).zip("464-####"),
    city("Milan", "Italy", 45.46427, 9.18951).zip("201##"),
    city("Naples", "Italy", 40.85216, 14.26811).zip("801##"),
    city("Rome", "Italy", 41.89193, 12.51133).zip("001##"),
    city("Pavia", "Italy", 45.19205, 9.15917).zip("271##"),
    city("Florence", "Italy", 43.77925, 11.24626).zip("501##"),
    city("Melbourne", "Australia", -37.814, 144.96332).state("Victoria").zip("30##"),
    city("Nedlands", "Australia", -31.98184, 115.8073).state("Western Australia").zip("60##"),
    city("Sydney", "Australia", -33.86785, 151.20732).state("New South Wales").zip("20##"),
    city("Clayton", "Australia", -37.91667, 145.11667).state("Victoria").zip("31##"),
    city("Adelaide", "Australia", -34.92866, 138.59863).state("South Australia").zip("50##"),
    city("London", "United Kingdom", 51.50853, -0.12574).zip("W1@ #@@"),
    city("Manchester", "United Kingdom", 53.48095, -2.23743).zip("M20 #@@"),
    city("Liverpool", "United Kingdom", 53.41058, -2.97794).zip("L9 #@@"),
    city("Glasgow", "United Kingdom", 55.86515, -4.25763).zip("G51 #@@"),
    city("Leeds", "United Kingdom", 53.79648, -1.54785).zip("LS9 #@@"),
    city("Edinburgh", "United Kingdom", 55.95206, -3.19648).zip("EH4 #@@"),
    city("Oxford", "United Kingdom", 51.75222, -1.25596).zip("OX3 #@@"),
    city("Leicester", "United Kingdom", 52.6386, -1.13169).zip("LE1 #@@"),
    city("Toronto", "Canada", 43.70643, -79.39864).state("Ontario").zip("M5G #@#"),
    city("Montreal", "Canada", 45.50884, -73.58781).state("Quebec").zip("H4A #@#"),
    city("Vancouver", "Canada", 49.24966, -123.11934).state("British Columbia").zip("V5Z #@#"),
    city("Québec", "Canada", 46.81228, -71.21454).state("Quebec").zip("G1V #@#"),
    city("Calgary", "Canada", 51.05011, -114.08529).state("Alberta").zip("T2N #@#"),
    city("Seoul", "South Korea", 37.566, 126.9784).zip("037##"),
    city("Suwon", "South Korea", 37.29111, 127.00889).zip("164##"),
    city("Seongnam-si", "South Korea", 37.43861, 127.13778).zip("136##"),
    city("Daegu", "South Korea", 35.87028, 128.59111).zip("414##"),
    city("Busan", "South Korea", 35.10168, 129.03004).zip("492##"),
    city("Warsaw", "Poland", 52.22977, 21.01178).zip("02-###"),
    city("Lodz", "Poland", 51.77058, 19.47395).zip("90-###"),
    city("Krakow", "Poland", 50.06143, 19.93658).zip("30-###"),
    city("Gdansk", "Poland", 54.35227, 18.64912).zip("80-###"),
    city("Poznan", "Poland", 52.40692, 16.92993).zip("60-###"),
    city("Taipei", "Taiwan", 25.05306, 121.52639).zip("100##"),
    city("Taichung", "Taiwan", 24.1469, 120.6839).zip("407##"),
    city("Tainan", "Taiwan", 22.99083, 120.21333).zip("70###"),
    city("Taoyuan District", "Taiwan", 24.9896, 121.3187).zip("33###"),
    city("Kaohsiung City", "Taiwan", 22.61626, 120.31333).zip("833##"),
    city("Leuven", "Belgium", 50.87959, 4.70093).zip("30##"),
    city("Brussels", "Belgium", 50.85045, 4.34878).zip("10##"),
    city("Ghent", "Belgium", 51.05, 3.71667).zip("90##"),
    city("Liège", "Belgium", 50.63373, 5.56749).zip("40##"),
    city("Edegem", "Belgium", 51.15662, 4.44504).zip("26##"),
    city("Ankara", "Turkey (Türkiye)", 39.91987, 32.85427).zip("061##"),
    city("Istanbul", "Turkey (Türkiye)", 41.01384, 28.94966).zip("340##"),
    city("Izmir", "Turkey (Türkiye)", 38.41273, 27.13838).zip("353##"),
    city("Adana", "Turkey (Türkiye)", 36.98615, 35.32531).zip("012##"),
    city("Antalya", "Turkey (Türkiye)", 36.90812, 30.69556).zip("070##"),
    city("São Paulo", "Brazil", -23.5475, -46.63611).state("São Paulo").zip("012##-###"),
    city("Porto Alegre", "Brazil", -30.03283, -51.23019).zip("900##-###"),
    city("Rio de Janeiro", "Brazil", -22.90278, -43.2075).zip("202##-###"),
    city("Salvador", "Brazil", -12.97563, -38.49096).zip("412##-###"),
    city("Barretos", "Brazil", -20.55722, -48.56778).zip("147##-###"),
    city("Saint Petersburg", "Russia", 59.93863, 30.31413).zip("194###"),
    city("Moscow", "Russia", 55.75204, 37.61781).zip("115###"),
    city("Smolensk", "Russia", 54.77826, 32.05088).zip("214###"),
    city("Saratov", "Russia", 51.54056, 46.00861).zip("410###"),
    city("Samara", "Russia", 53.20007, 50.15).zip("443###"),
    city("Amsterdam", "Netherlands", 52.37403, 4.88969).zip("108# @@"),
    city("Utrecht", "Netherlands", 52.09083, 5.12222).zip("358# @@"),
    city("Rotterdam", "Netherlands", 51.9225, 4.47917).zip("301# @@"),
    city("Groningen", "Netherlands", 53.21917, 6.56667).zip("971# @@"),
    city("Nijmegen", "Netherlands", 51.8425, 5.85278).zip("653# @@"),
    city("Leiden", "Netherlands", 52.15833, 4.49306).zip("233# @@"),
    city("Tel Aviv", "Israel", 32.08088, 34.78057).zip("642##"),
    city("Jerusalem", "Israel", 31.76904, 35.21633).zip("911####"),
    city("Haifa", "Israel", 32.81303, 34.99928).zip("310####"),
    city("Zurich", "Switzerland", 47.36667, 8.55).zip("80##"),
    city("Bern", "Switzerland", 46.94809, 7.44744).zip("30##"),
    city("Lausanne", "Switzerland", 46.516, 6.63282).zip("10##"),
    city("Budapest", "Hungary", 47.49835, 19.04045).zip("11##"),
    city("Debrecen", "Hungary", 47.53333, 21.63333).zip("40##"),
    city("Szeged", "Hungary", 46.253, 20.14824).zip("67##"),
    city("Vienna", "Austria", 48.20849, 16.37208).zip("10##"),
    city("Innsbruck", "Austria", 47.26266, 11.39454).zip("60##"),
    city("Graz", "Austria", 47.06667, 15.45).zip("80##"),
    city("Mexico City", "Mexico", 19.42847, -99.12766).state("Mexico City").zip("140##"),
    city("Guadalajara", "Mexico", 20.67738, -103.34749).zip("441##"),
    city("Monterrey", "Mexico", 25.67507, -100.31847).state("Nuevo León").zip("640##"),
    city("Porto", "Portugal", 41.1485, -8.61097).zip("420#-###"),
    city("Lisbon", "Portugal", 38.72509, -9.1498).zip("140#-###"),
    city("Coimbra", "Portugal", 40.20686, -8.41996).zip("300#-###"),
    city("Buenos Aires", "Argentina", -34.61315, -58.37723).zip("C14##@@@"),
    city("Rosario", "Argentina", -32.94682, -60.63932).zip("20##"),
    city("Córdoba", "Argentina", -31.4135, -64.18105).zip("X50##@@@"),
    city("Sofia", "Bulgaria", 42.69751, 23.32415).zip("14##"),
    city("Plovdiv", "Bulgaria", 42.15, 24.75).zip("40##"),
    city("Pleven", "Bulgaria", 43.41791, 24.61666).zip("58##"),
    city("Chandigarh", "India", 30.73629, 76.7884).zip("160###"),
    city("New Delhi", "India", 28.62137, 77.2148).state("National Capital Territory of Delhi").zip("110###"),
    city("Pune", "India", 18.51957, 73.85535).state("Maharashtra").zip("411###"),
    city("Mumbai", "India", 19.07283, 72.88261).state("Maharashtra").zip("400###"),
    city("Kyiv", "Ukraine", 50.45466, 30.5238).zip("036##"),
    city("Kharkiv", "Ukraine", 49.98177, 36.25475).state("Kharkiv Governorate").zip("611##"),
    city("Ivano-Frankivsk", "Ukraine", 48.92312, 24.71248).state("Ivano-Frankivsk Oblast").zip("760##"),
    city("Copenhagen", "Denmark", 55.67594, 12.56553).zip("21##"),
    city("Glostrup Municipality", "Denmark", 55.6666, 12.40377).zip("26##"),
    city("Odense", "Denmark", 55.39594, 10.38831).zip("50##"),
    city("Athens", "Greece", 37.98376, 23.72784).zip("115##"),
    city("Thessaloniki", "Greece", 40.64072, 22.93493).zip("564##"),
    city("Heraklion", "Greece", 35.32787, 25.14341).state("Crete").zip("711 ##"),
    city("Prague", "Czechia", 50.08804, 14.42076).zip("140 ##"),
    city("Ostrava", "Czechia", 49.83465, 18.28204).zip("708 ##"),
    city("Brno", "Czechia", 49.19522, 16.60796).zip("625 ##"),
    city("Stockholm", "Sweden", 59.32938, 18.06871).zip("141##"),
    city("Uppsala", "Sweden", 59.85882, 17.63889).zip("751 ##"),
    city("Lund", "Sweden", 55.70584, 13.19321).zip("221##"),
    city("Bangkok", "Thailand", 13.75398, 100.50144).zip("107##"),
    city("Khon Kaen", "Thailand", 16.44671, 102.833).zip("400##"),
    city("Hat Yai", "Thailand", 7.00836, 100.47668).zip("901##"),
    city("Helsinki", "Finland", 60.16952, 24.93545).zip("001##"),
    city("Turku", "Finland", 60.45148, 22.26869).zip("201##"),
    city("Oulu", "Finland", 65.01236, 25.46816).zip("901##"),
    city("Kuala Lumpur", "Malaysia", 3.1412, 101.68653).zip("591##"),
    city("Kuching", "Malaysia", 1.55, 110.33333).zip("935##"),
    city("Johor Bahru", "Malaysia", 1.4655, 103.7578).zip("811##"),
    city("Santiago", "Chile", -33.45694, -70.64827).zip("842####"),
    city("Valdivia", "Chile", -39.81422, -73.24589).state("Los Ríos Region").zip("511####"),
    city("La Serena", "Chile", -29.90453, -71.24894).zip("178####"),
    city("Tbilisi", "Georgia", 41.69143, 44.83412).zip("01##"),
    city("Batumi", "Georgia", 41.64077, 41.6306).zip("60##"),
    city("Bucharest", "Romania", 44.43225, 26.10626).zip("020###"),
    city("Craiova", "Romania", 44.31667, 23.8).zip("200###"),
    city("Timișoara", "Romania", 45.75372, 21.22571).zip("300###"),
    city("Dublin", "Ireland", 53.33306, -6.24889).zip("D04 @#@#"),
    city("Galway", "Ireland", 53.27245, -9.05095).zip("H91 @#@#"),
    city("Cork", "Ireland", 51.89797, -8.47061).zip("T12 @#@#"),
    city("Bratislava", "Slovakia", 48.14816, 17.10674).zip("833##"),
    city("Košice", "Slovakia", 48.71441, 21.25802),
    city("Martin", "Slovakia", 49.06651, 18.92399),
    city("Singapore", "Singapore", 1.28967, 103.85007).zip("168###"),
    city("Medellín", "Colombia", 6.245, -75.57151).state("Antioquia").zip("050###"),
    city("Barranquilla", "Colombia", 10.96854, -74.78132).state("Atlantico"),
    city("Bogotá", "Colombia", 4.60971, -74.08175).zip("111###"),
    city("Tehran", "Iran", 35.69439, 51.42151),
    city("Shiraz", "Iran", 29.61031, 52.53113).state("Fars"),
    city("Trondheim", "Norway", 63.43049, 10.39506).zip("74##"),
    city("Oslo", "Norway", 59.91273, 10.74609).zip("04##"),
    city("Bergen", "Norway", 60.39299, 5.32415).zip("50##"),
    city("Hong Kong", "Hong Kong", 22.27832, 114.17469),
    city("Shatin", "Hong Kong", 22.38333, 114.18333),
    city("Islamabad", "Pakistan", 33.72148, 73.04329).zip("440##"),
    city("Lahore", "Pakistan", 31.558, 74.35071).state("Punjab").zip("540##"),
    city("Karachi", "Pakistan", 24.8608, 67.0104).state("Sindh").zip("753##"),
    city("Belgrade", "Serbia", 44.80401, 20.46513).zip("110##"),
    city("Kragujevac", "Serbia", 44.01667, 20.91667).zip("340##"),
    city("Pretoria", "South Africa", -25.74486, 28.18783).state("Gauteng").zip("00##"),
    city("Johannesburg", "South Africa", -26.20227, 28.04363).state("Gauteng").zip("21##"),
    city("Polokwane", "South Africa", -23.90449, 29.46885).zip("07##"),
    city("Cape Town", "South Africa", -33.92584, 18.42322).state("Western Cape").zip("75##"),
    city("Auckland", "New Zealand", -36.84853, 174.76349).zip("10##"),
    city("Christchurch", "New Zealand", -43.53333, 172.63333).zip("80##"),
    city("Cairo", "Egypt", 30.06263, 31.24967).zip("115##"),
    city("Sohag", "Egypt", 26.55695, 31.69478),
    city("Al Mansurah", "Egypt", 31.03637, 31.38069).zip("355##"),
    city("Vilnius", "Lithuania", 54.68916, 25.2798).zip("084##"),
    city("Kaunas", "Lithuania", 54.90156, 23.90909).zip("500##"),
    city("Ho Chi Minh City", "Vietnam", 10.82302, 106.62965).zip("700##"),
    city("Hanoi", "Vietnam", 21.0245, 105.84117).zip("100###"),
    city("Can Tho", "Vietnam", 10.03711, 105.78825).zip("900###"),
    city("San Juan", "Puerto Rico", 18.46633, -66.10572).zip("009##"),
    city("Riyadh", "Saudi Arabia", 24.68773, 46.72185).zip("111###"),
    city("Jeddah", "Saudi Arabia", 21.49012, 39.18624).zip("215##"),
    city("Lima", "Peru", -12.04318, -77.02824).zip("150##"),
    city("Arequipa", "Peru", -16.39889, -71.535),
    city("Riga", "Latvia", 56.946, 24.10589).zip("10##"),
    city("San José", "Costa Rica", 9.93388, -84.08489).zip("10##"),
    city("Manila", "Philippines", 14.6042, 120.9822).zip("10##"),
    city("Cebu", "Philippines", 10.31672, 123.89071).zip("60##"),
    city("Magelang", "Indonesia", -7.47056, 110.21778).state("Central Java").zip("561##"),
    city("Jakarta Pusat", "Indonesia", -6.1818, 106.8223)
        .state("Jakarta Special Capital Region")
        .zip("104##"),
    city("Minsk", "Belarus", 53.90019, 27.56653).zip("220###"),
    city("Tallinn", "Estonia", 59.43696, 24.75353).zip("101##"),
    city("Tartu", "Estonia", 58.38062, 26.72509),
    city("Ljubljana", "Slovenia", 46.05108, 14.50513),
    city("Nairobi", "Kenya", -1.28333, 36.81667).zip("001##"),
    city("Eldoret", "Kenya", 0.52036, 35.26993).zip("301##"),
    city("Fes", "Morocco", 34.03313, -5.00028).zip("300##"),
    city("Marrakesh", "Morocco", 31.63416, -7.99994).zip("400##"),
    city("Basra", "Iraq", 30.50852, 47.7804).zip("610##"),
    city("Chisinau", "Moldova", 47.00902, 28.85938).zip("MD-20##"),
    city("Dhaka", "Bangladesh", 23.7104, 90.40744).zip("12##"),
    city("Chittagong", "Bangladesh", 22.3384, 91.83168),
    city("Bamako", "Mali", 12.60915, -7.97522),
    city("Lagos", "Nigeria", 6.45407, 3.39467),
    city("Abidjan", "Côte d’Ivoire", 5.35444, -4.00167),
    city("Accra", "Ghana", 5.55602, -0.1969).zip("00##"),
    city("Zagreb", "Croatia", 45.81444, 15.97798).zip("100##"),
    city("Luxembourg", "Luxembourg", 49.60982, 6.13268).zip("12##"),
    city("Reykjavik", "Iceland", 64.13548, -21.89541).zip("10#"),
    city("Guayaquil", "Ecuador", -2.20584, -79.90795).zip("090###"),
    city("Amman", "Jordan", 31.95522, 35.94503),
    city("Kampala", "Uganda", 0.31628, 32.58219),
    city("Astana", "Kazakhstan", 51.1801, 71.44598).zip("010###"),
    city("Asunción", "Paraguay", -25.30066, -57.63591).zip("11##"),
    city("Nicosia", "Cyprus", 35.17531, 33.3642).zip("10##"),
];

/// The cities by country.
static COUNTRIES: LazyLock<Vec<&'static [Place]>> =
    LazyLock::new(|| PLACES.chunk_by(|one, other| one.country == other.country).collect());

/// The cities of a country.
fn cities_of(country: &str) -> &'static [Place] {
    COUNTRIES.iter().find(|places| places[0].country == country).unwrap_or(&COUNTRIES[0])
}

/// A city of the country, large ones more often.
pub(crate) fn city_of(country: &str, random: &mut Random) -> &'static Place {
    let cities = cities_of(country);
    &cities[random.favourite(cities.len())]
}

/// A city of any country, those with much research more often.
pub(crate) fn city_abroad(random: &mut Random) -> &'static Place {
    let cities = COUNTRIES[random.favourite(COUNTRIES.len())];
    &cities[random.favourite(cities.len())]
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
        assert!(PLACES.len() >= 150 && COUNTRIES.len() >= 50, "{} in {}", PLACES.len(), COUNTRIES.len());
    }

    #[test]
    fn a_postal_code_has_the_form_of_its_country() {
        let mut random = Random::of_study(0, 1);
        let boston = &cities_of("United States")[1];
        let code = boston.postal_code(&mut random).unwrap();
        assert!(code.starts_with("021") && code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit()));
        let toronto = &cities_of("Canada")[0];
        let code = toronto.postal_code(&mut random).unwrap();
        assert!(code.starts_with("M5G ") && code.len() == 7, "{code}");
    }

    #[test]
    fn a_facility_is_the_same_in_every_study() {
        let boston = &cities_of("United States")[1];
        assert_eq!(Facility::Named(0).in_city(boston).to_string(), "Synthetic General Hospital, Boston");
        let house = Facility::Named(200).in_city(boston).to_string();
        assert!(house.starts_with("Synthetic ") && house.ends_with(", Boston"), "{house}");
        assert_eq!(house, Facility::Named(200).in_city(boston).to_string());
        assert_eq!(Facility::Numbered(1_000).in_city(boston).to_string(), "Synthetic Research Site 1000");
    }
}

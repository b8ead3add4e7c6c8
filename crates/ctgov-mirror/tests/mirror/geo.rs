//! Distance: a circle has every site up to its rim and none beyond, to the metre, anywhere on the globe.

use crate::support::{import_studies, plain_study, snapshot, walk};
use ctgov::{
    Matching, PAGE_SIZE_MAX, PageSize, StudyQuery,
    essie::{
        Circle, LengthUnit,
        evaluate::{Prepared, matches},
    },
    synonyms::Synonyms,
};
use serde_json::{Value, json};

/// Degrees north and east.
type Point = (f64, f64);

/// Boston, where the lines start, both sides of the date line, the poles and near one, and the far side of Boston.
const CENTRES: [Point; 9] = [
    (42.35843, -71.05977),
    (0.0, 0.0),
    (0.0, 180.0),
    (65.0, -179.999),
    (-17.7, 179.9),
    (90.0, 0.0),
    (-90.0, 45.0),
    (89.99, 120.0),
    (-42.35843, 108.94023),
];

/// Half the way round the globe, in metres.
const HALF_ROUND: f64 = std::f64::consts::PI * Circle::EARTH_RADIUS;

/// No way at all, a walk, 50 miles, across a continent, about a quarter and nearly half the way round.
const RADII: [f64; 6] = [0.0, 1_000.0, 80_467.2, 4_000_000.0, 10_000_000.0, HALF_ROUND - 10.0];

/// A point as a vector, and the ways north and east from it.
fn vectors((latitude, longitude): Point) -> [[f64; 3]; 3] {
    let (north, east) = (latitude.to_radians(), longitude.to_radians());
    [
        [north.cos() * east.cos(), north.cos() * east.sin(), north.sin()],
        [-north.sin() * east.cos(), -north.sin() * east.sin(), north.cos()],
        [-east.sin(), east.cos(), 0.0],
    ]
}

/// The point at this distance in metres from another, in this direction.
fn away(from: Point, bearing: f64, distance: f64) -> Point {
    let ([up, north, east], turn, angle) =
        (vectors(from), bearing.to_radians(), distance / Circle::EARTH_RADIUS);
    let [x, y, z] = [0, 1, 2].map(|axis| {
        up[axis] * angle.cos() + (north[axis] * turn.cos() + east[axis] * turn.sin()) * angle.sin()
    });
    (z.atan2(x.hypot(y)).to_degrees(), y.atan2(x).to_degrees())
}

/// How far two points are apart in metres, by the angle between them as vectors: without the haversine.
fn apart(a: Point, b: Point) -> f64 {
    let ([a, ..], [b, ..]) = (vectors(a), vectors(b));
    let dot: f64 = (0..3).map(|axis| a[axis] * b[axis]).sum();
    let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    cross.iter().map(|part| part * part).sum::<f64>().sqrt().atan2(dot) * Circle::EARTH_RADIUS
}

fn found(matching: Matching, snapshot: &dyn ctgov::Snapshot) -> Vec<u32> {
    let page_size = PageSize::new(PAGE_SIZE_MAX).unwrap();
    walk(snapshot, &StudyQuery { matching, page_size, ..StudyQuery::default() })
}

#[test]
fn circles_end_at_their_rims_to_the_metre() {
    let mut points: Vec<Point> = CENTRES.into();
    for centre in CENTRES {
        for radius in RADII {
            for bearing in [0.0, 45.0, 90.0, 180.0, 250.0, 315.0] {
                let rim = [radius - 1.0, radius + 1.0].into_iter().filter(|distance| *distance > 0.0);
                points.extend(rim.map(|distance| away(centre, bearing, distance)));
            }
        }
    }
    let study = |(at, (latitude, longitude)): (usize, &Point)| {
        let mut study = plain_study(at as u32 + 1, "2024-01-01", "a study");
        study["protocolSection"]["contactsLocationsModule"] =
            json!({"locations": [{"city": "x"}, {"geoPoint": {"lat": latitude, "lon": longitude}}]});
        study
    };
    let studies: Vec<Value> = points.iter().enumerate().map(study).collect();
    let root = tempfile::tempdir().unwrap();
    import_studies(root.path(), &studies);
    let snapshot = snapshot(root.path());
    let prepared: Vec<_> = studies.iter().map(Prepared::new).collect();
    let mut at_a_rim = 0;
    for (latitude, longitude) in CENTRES {
        for radius in RADII {
            let distances: Vec<f64> =
                points.iter().map(|point| apart(*point, (latitude, longitude))).collect();
            // At a distance at which the measures themselves could differ, there is the centre alone.
            let expected: Vec<u32> = (1..)
                .zip(&distances)
                .filter(|(_, far)| **far <= radius + 0.5)
                .map(|(number, _)| number)
                .collect();
            at_a_rim += distances.iter().filter(|far| (*far - radius).abs() < 1.5).count();
            assert!(
                distances.iter().all(|far| (far - radius).abs() > 0.7 || *far == radius),
                "{latitude} {radius}"
            );

            for (unit, name, length) in [
                (LengthUnit::Kilometers, "km", radius / 1_000.0),
                (LengthUnit::Miles, "mi", radius / 1_609.344),
            ] {
                let mut near = Matching::default();
                near.filter_near(Circle { latitude, longitude, radius: length, unit });
                let mut asked = Matching::default();
                asked
                    .filter(&format!("AREA[LocationGeoPoint]DISTANCE[{latitude},{longitude},{length}{name}]"))
                    .unwrap();
                let mut of_one_site = Matching::default();
                of_one_site
                    .filter(&format!(
                        "SEARCH[Location](AREA[LocationGeoPoint]DISTANCE[{latitude},{longitude},{length}{name}])"
                    ))
                    .unwrap();
                let condition = near.conditions(Synonyms::none()).unwrap().filter;
                let met: Vec<u32> = (1..)
                    .zip(&prepared)
                    .filter(|(_, study)| matches(&condition, study))
                    .map(|(n, _)| n)
                    .collect();
                let context = format!("{latitude} {longitude} {length}{name}");
                assert_eq!(met, expected, "evaluator: {context}");
                for matching in [near, asked, of_one_site] {
                    assert_eq!(found(matching, snapshot.as_ref()), expected, "index: {context}");
                }
            }
        }
    }
    // Every point was made to lie a metre from a rim.
    assert!(at_a_rim >= points.len() - CENTRES.len(), "{at_a_rim} of {}", points.len());
}

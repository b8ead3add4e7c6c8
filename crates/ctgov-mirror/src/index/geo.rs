//! Points: how sites are found by distance.
//!
//! Sites share points, as the registry places them at the centre of their city. The field `point` has each distinct
//! point as a term, latitude first, so that the dictionary lists them from south to north: a circle is a band of it,
//! each point of which is measured exactly.

use ctgov::essie::Circle;
use serde_json::Value;
use std::ops::RangeInclusive;

/// The point that a record's `{"lat": …, "lon": …}` names.
pub(super) fn point(value: &Value) -> Option<(f64, f64)> {
    let number = |key: &str| value.get(key).and_then(Value::as_f64);
    Some((number("lat")?, number("lon")?))
}

/// A point as bytes that are ordered like (latitude, longitude).
pub(super) fn key(latitude: f64, longitude: f64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&ordered(latitude).to_be_bytes());
    bytes[8..].copy_from_slice(&ordered(longitude).to_be_bytes());
    bytes
}

/// The point of a [`key`].
pub(super) fn of_key(bytes: &[u8]) -> Option<(f64, f64)> {
    let (latitude, longitude) = bytes.split_first_chunk::<8>()?;
    let longitude = <[u8; 8]>::try_from(longitude).ok()?;
    Some((unordered(u64::from_be_bytes(*latitude)), unordered(u64::from_be_bytes(longitude))))
}

/// The keys that every point of the circle lies between.
pub(super) fn band(circle: &Circle) -> RangeInclusive<[u8; 16]> {
    // A degree more than a thousandth of a millimetre in slack: rounding must not cost a point at the rim.
    let reach = (circle.radius_meters() / Circle::EARTH_RADIUS).to_degrees() + 1e-9;
    key(circle.latitude - reach, f64::NEG_INFINITY)..=key(circle.latitude + reach, f64::INFINITY)
}

const SIGN: u64 = 1 << 63;

fn ordered(number: f64) -> u64 {
    // Minus nought and nought are one place.
    let bits = (number + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn unordered(bits: u64) -> f64 {
    f64::from_bits(if bits & SIGN == 0 { !bits } else { bits & !SIGN })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ctgov::essie::LengthUnit;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_are_ordered_like_their_points(a in -90.0..90.0_f64, b in -90.0..90.0_f64, lon in -180.0..180.0_f64) {
            prop_assert_eq!(key(a, lon) < key(b, lon), a < b);
            prop_assert_eq!(of_key(&key(a, lon)), Some((a, lon)));
        }

        #[test]
        fn the_band_has_every_point_of_the_circle(
            latitude in -90.0..90.0_f64, longitude in -180.0..180.0_f64, radius in 0.0..21_000.0_f64,
            lat in -90.0..90.0_f64, lon in -180.0..180.0_f64,
        ) {
            let circle = Circle { latitude, longitude, radius, unit: LengthUnit::Kilometers };
            if circle.contains(lat, lon) {
                prop_assert!(band(&circle).contains(&key(lat, lon)));
            }
        }
    }
}

//! `filter.geo` and `geoDecay`: where studies must have a site near, and how relevance falls with distance.

use super::ApiError;
use crate::{
    DecayFunction, GeoDecay,
    essie::{Circle, LengthUnit},
};

/// Reads `distance(latitude,longitude,distance)`, the distance with `km` or `mi` after it.
///
/// Without a unit the distance is in miles: that is not on record, but miles are what the website offers.
pub fn circle(text: &str) -> Option<Circle> {
    let inside = text.strip_prefix("distance(")?.strip_suffix(')')?;
    let parts: Vec<&str> = inside.split(',').collect();
    let [latitude, longitude, distance] = parts[..] else { return None };
    let degrees = |text: &str, most: f64| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let size = decimal(digits).filter(|size| *size <= most)?;
        Some(if digits.len() == text.len() { size } else { -size })
    };
    let (radius, unit) = length(distance).or_else(|| Some((decimal(distance)?, LengthUnit::Miles)))?;
    Some(Circle { latitude: degrees(latitude, 90.0)?, longitude: degrees(longitude, 180.0)?, radius, unit })
}

/// Reads `func:exp,scale:300mi,offset:0mi,decay:0.5`. Beyond the pattern, the scale must not be 0, and the decay lie
/// between 0 and 1: no curve goes through other points.
pub(super) fn decay(parameter: &str, text: &str) -> Result<GeoDecay, ApiError> {
    read_decay(text).ok_or_else(|| ApiError::incorrect_format(parameter))
}

fn read_decay(text: &str) -> Option<GeoDecay> {
    let parts: Vec<&str> = text.split(',').collect();
    let [function, scale, offset, decay] = parts[..] else { return None };
    let meters = |text| {
        length(text)
            .map(|(size, unit)| Circle { latitude: 0.0, longitude: 0.0, radius: size, unit }.radius_meters())
    };
    let function = match function.strip_prefix("func:")? {
        "exp" => DecayFunction::Exponential,
        "gauss" => DecayFunction::Gauss,
        "linear" => DecayFunction::Linear,
        _ => return None,
    };
    let scale = meters(scale.strip_prefix("scale:")?)?;
    let offset = meters(offset.strip_prefix("offset:")?)?;
    let decay = decimal(decay.strip_prefix("decay:")?)?;
    let is_curve = scale > 0.0 && scale.is_finite() && offset.is_finite() && decay > 0.0 && decay < 1.0;
    is_curve.then_some(GeoDecay { function, scale, offset, decay })
}

/// `\d+(\.\d+)?(km|mi)`.
fn length(text: &str) -> Option<(f64, LengthUnit)> {
    let (digits, unit) = match text.strip_suffix("km") {
        Some(digits) => (digits, LengthUnit::Kilometers),
        None => (text.strip_suffix("mi")?, LengthUnit::Miles),
    };
    Some((decimal(digits)?, unit))
}

/// `\d+(\.\d+)?`, as a finite number.
fn decimal(text: &str) -> Option<f64> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

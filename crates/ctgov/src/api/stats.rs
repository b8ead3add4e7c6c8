//! `/stats/…` and `/version`: parameters and bodies.

use super::{
    ApiError, VERSION,
    parameters::{Given, field_items, items},
};
use crate::{
    DataVersion,
    pieces::{Kind, Piece},
    tabulate::{FieldStats, FieldValues, ListSizes, RecordSizes},
};
use serde_json::{Map, Value, json};

/// What the API takes the values of a field for, in its statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatsType {
    /// One of a vocabulary.
    Enum,
    /// Text; durations are text too.
    String,
    /// Dates.
    Date,
    /// Whole numbers.
    Integer,
    /// Other numbers.
    Number,
    /// `true` and `false`.
    Boolean,
}

impl StatsType {
    const ALL: [Self; 6] = [Self::Enum, Self::String, Self::Date, Self::Integer, Self::Number, Self::Boolean];

    /// The type of a piece; there are no statistics of structs and points.
    pub const fn of(piece: Piece) -> Option<Self> {
        Some(match piece.kind() {
            Kind::Enum(_) => Self::Enum,
            Kind::Text | Kind::Markup | Kind::NctNumber | Kind::GeoName | Kind::Keyword | Kind::Duration => {
                Self::String
            }
            Kind::PartialDate | Kind::Date | Kind::DateTime => Self::Date,
            Kind::Integer | Kind::Long | Kind::Short => Self::Integer,
            Kind::Number => Self::Number,
            Kind::Boolean => Self::Boolean,
            Kind::Struct | Kind::GeoPoint => return None,
        })
    }

    /// As the API writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enum => "ENUM",
            Self::String => "STRING",
            Self::Date => "DATE",
            Self::Integer => "INTEGER",
            Self::Number => "NUMBER",
            Self::Boolean => "BOOLEAN",
        }
    }
}

/// What `/stats/field/values` is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldValuesRequest {
    /// Which pieces, each once: those named, in their order; else all that have values, in the registry's order.
    pub pieces: Vec<Piece>,
    /// Whether they were named.
    pub named: bool,
}

impl FieldValuesRequest {
    /// Reads the decoded query pairs of a request.
    ///
    /// # Errors
    ///
    /// What is wrong with the first parameter that is.
    pub fn read(pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let (mut types, mut named) = (None, None);
        for given in Given::new(pairs, &["types", "fields"]) {
            match given? {
                (name @ "types", value) => {
                    let read = items(value).map(|(_, item)| {
                        let known = StatsType::ALL.into_iter().find(|known| known.name() == item);
                        known.ok_or_else(|| ApiError::invalid_value(name, item))
                    });
                    types = Some(read.collect::<Result<Vec<_>, _>>()?);
                }
                (name, value) => {
                    named = Some(pieces(name, value, |piece| StatsType::of(piece).is_some())?);
                }
            }
        }
        let is_named = named.is_some();
        let asked = |piece: &Piece| {
            StatsType::of(*piece).is_some_and(|kind| types.as_ref().is_none_or(|types| types.contains(&kind)))
        };
        let pieces = named.unwrap_or_else(|| Piece::all().collect());
        Ok(Self { pieces: pieces.into_iter().filter(asked).collect(), named: is_named })
    }
}

/// What `/stats/field/sizes` is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSizesRequest {
    /// Which lists, each once: those named, in their order; else all, in the registry's order.
    pub pieces: Vec<Piece>,
    /// Whether they were named.
    pub named: bool,
}

impl FieldSizesRequest {
    /// Reads the decoded query pairs of a request.
    ///
    /// # Errors
    ///
    /// What is wrong with the first parameter that is.
    pub fn read(pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let mut named = None;
        for given in Given::new(pairs, &["fields"]) {
            let (name, value) = given?;
            named = Some(pieces(name, value, Piece::is_list)?);
        }
        let is_named = named.is_some();
        let pieces = named.unwrap_or_else(|| Piece::all().filter(|piece| piece.is_list()).collect());
        Ok(Self { pieces, named: is_named })
    }
}

/// The pieces that a list names, each once.
fn pieces(parameter: &str, list: &str, has_stats: impl Fn(Piece) -> bool) -> Result<Vec<Piece>, ApiError> {
    let mut pieces = Vec::new();
    for item in field_items(parameter, list, false).collect::<Result<Vec<_>, _>>()? {
        let piece = Piece::find(item).filter(|piece| has_stats(*piece));
        let piece = piece.ok_or_else(|| ApiError::unknown_piece(item))?;
        if !pieces.contains(&piece) {
            pieces.push(piece);
        }
    }
    Ok(pieces)
}

/// An element of the body of `/stats/field/values`.
pub fn field_values(stats: &FieldStats) -> Value {
    let piece = stats.piece;
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    put("type", StatsType::of(piece).map_or("STRING", StatsType::name).into());
    put("piece", piece.name().into());
    put("field", piece.path().into());
    put("missingStudiesCount", stats.missing.into());
    match &stats.values {
        FieldValues::Enum { unique, top } => {
            put("uniqueValuesCount", (*unique).into());
            put("topValues", top_values(top));
        }
        // The API takes durations for text.
        FieldValues::Text(texts) | FieldValues::Duration { texts, .. } => {
            put("uniqueValuesCount", texts.unique.into());
            put("topValues", top_values(&texts.top));
            if let Some((length, id, value)) = &texts.longest {
                put("longest", json!({"length": length, "nctId": id.to_string(), "value": value}));
            }
        }
        FieldValues::Date { min, max, formats } => {
            for (key, date) in [("min", min), ("max", max)] {
                if let Some(date) = date {
                    put(key, date.as_str().into());
                }
            }
            put("formats", formats.as_slice().into());
        }
        FieldValues::Number { min, max, mean } => {
            for (key, number) in [("min", min), ("max", max)] {
                if let Some(number) = number {
                    put(key, (*number).into());
                }
            }
            if let Some(mean) = mean.filter(|mean| mean.is_finite()) {
                put("avg", mean.into());
            }
        }
        FieldValues::Boolean { yes, no } => {
            put("falseCount", (*no).into());
            put("trueCount", (*yes).into());
        }
    }
    Value::Object(body)
}

fn top_values(top: &[(String, u64)]) -> Value {
    top.iter().map(|(value, studies)| json!({"value": value, "studiesCount": studies})).collect()
}

/// An element of the body of `/stats/field/sizes`.
pub fn field_sizes(sizes: &ListSizes) -> Value {
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    put("piece", sizes.piece.name().into());
    put("field", sizes.piece.path().into());
    put("uniqueSizesCount", sizes.unique.into());
    for (key, size) in [("minSize", sizes.min), ("maxSize", sizes.max)] {
        if let Some(size) = size {
            put(key, size.into());
        }
    }
    let top = sizes.top.iter().map(|(size, studies)| json!({"size": size, "studiesCount": studies}));
    put("topSizes", top.collect());
    Value::Object(body)
}

/// The body of `/stats/size`. How the API names percentiles and ranges is not on record: `95th`, `16-32 KB`.
pub fn record_sizes(sizes: &RecordSizes) -> Value {
    let largest = sizes.largest.iter().map(|(id, bytes)| json!({"id": id.to_string(), "sizeBytes": bytes}));
    let percentiles =
        sizes.percentiles.iter().map(|(rank, bytes)| (format!("{rank}th"), Value::from(*bytes)));
    let ranges = sizes.ranges.iter().map(|(most, studies)| {
        let kilobytes = most.div_ceil(1_024);
        let from = if kilobytes <= 1 { 0 } else { kilobytes / 2 };
        json!({"sizeRange": format!("{from}-{kilobytes} KB"), "studiesCount": studies})
    });
    json!({
        "averageSizeBytes": sizes.mean,
        "largestStudies": largest.collect::<Vec<_>>(),
        "percentiles": percentiles.collect::<Map<_, _>>(),
        "ranges": ranges.collect::<Vec<_>>(),
        "totalStudies": sizes.studies,
    })
}

/// The body of `/version`.
///
/// `dataTimestamp` is the service's, where the data is asked of one. Else it is the first moment of the newest date on
/// which a study was updated: the registry's own moment of publishing is not part of its records.
pub fn version(data: &DataVersion) -> Value {
    let mut body = json!({"apiVersion": VERSION});
    if let Some(moment) = data.service.as_ref().and_then(|service| service.data_timestamp.as_deref()) {
        body["dataTimestamp"] = moment.into();
    } else if let Some(date) = data.newest_update.as_deref().filter(|date| date.len() == "yyyy-MM-dd".len()) {
        body["dataTimestamp"] = format!("{date}T00:00:00").into();
    }
    body
}

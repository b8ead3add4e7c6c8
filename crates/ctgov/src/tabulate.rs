//! Tables: how many studies have which values, over everything or over the hits of a query.

use crate::{
    Matching, NctId, RegistryError,
    pieces::{Kind, Order, Piece},
};

/// A question for a table: how many of the matching studies have which combination of values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableQuery {
    /// Which studies are counted.
    pub matching: Matching,
    /// What they are counted by, one to [`DIMENSIONS_MAX`].
    pub by: Vec<Dimension>,
}

/// Most dimensions of one table.
pub const DIMENSIONS_MAX: usize = 3;
/// Most rows of one table. The fullest are kept; of equally full ones those whose first study, by its number, comes
/// first.
pub const ROWS_MAX: usize = 10_000;

impl TableQuery {
    /// Checks that there can be such a table.
    ///
    /// # Errors
    ///
    /// [`RegistryError::Unsupported`] for no dimension or too many, a piece without values, and a period of what is
    /// no date.
    pub fn check(&self) -> Result<(), RegistryError> {
        if self.by.is_empty() || self.by.len() > DIMENSIONS_MAX {
            return Err(not_counted(format!(
                "a table has 1 to {DIMENSIONS_MAX} dimensions, not {}",
                self.by.len()
            )));
        }
        for Dimension { piece, period } in &self.by {
            if matches!(piece.kind(), Kind::Struct) {
                return Err(not_counted(format!("`{}` is a group of fields; name one in it", piece.name())));
            }
            if period.is_some() && piece.kind().order() != Some(Order::Dates) {
                return Err(not_counted(format!("`{}` is no date and has no periods", piece.name())));
            }
        }
        Ok(())
    }
}

fn not_counted(why: String) -> RegistryError {
    RegistryError::Unsupported { operation: "counting values", why }
}

/// What studies are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// A piece with values.
    pub piece: Piece,
    /// For a date: by what period.
    pub period: Option<Period>,
}

/// A period that dates are gathered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// `2024`.
    Year,
    /// `2024-Q3`.
    Quarter,
    /// `2024-07`.
    Month,
}

impl Period {
    /// The least key of the period that a date's key lies in.
    pub fn start(self, key: i64) -> i64 {
        let (year, month) = (key / 100_000_000, key / 1_000_000 % 100);
        let month = match self {
            Self::Year => 1,
            Self::Quarter => (month - 1) / 3 * 3 + 1,
            Self::Month => month,
        };
        (year * 100 + month) * 1_000_000 + 10_000
    }

    /// The period that a date's key (see [`crate::pieces::Measure::for_each_key`]) lies in, as people write it.
    pub fn label(self, key: i64) -> String {
        let (year, month) = (key / 100_000_000, key / 1_000_000 % 100);
        match self {
            Self::Year => format!("{year:04}"),
            Self::Quarter => format!("{year:04}-Q{}", (month + 2) / 3),
            Self::Month => format!("{year:04}-{month:02}"),
        }
    }
}

/// How many studies have which values.
///
/// A study with several values of a piece counts in the row of each, so that rows can add up to more than there are
/// studies; of several pieces, every combination of its values is a row, those of different sites included. A study
/// without a value counts in the row where that value is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// How many studies were counted, each once.
    pub studies: u64,
    /// The rows, the fullest first, of equally full ones in the order of their values.
    pub rows: Vec<Row>,
    /// How many rows there were before the least full were left out; see [`ROWS_MAX`].
    pub rows_in_all: u64,
}

/// One combination of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// One value a dimension, as records have it; a period as [`Period::label`] writes it.
    pub values: Vec<Option<String>>,
    /// How many studies have them.
    pub studies: u64,
}

/// What the values of a piece are, over the studies asked (API v2, `/stats/field/values`).
#[derive(Clone, Debug, PartialEq)]
pub struct FieldStats {
    /// The piece.
    pub piece: Piece,
    /// How many of the studies asked have no value.
    pub missing: u64,
    /// What is known of the values, by their kind.
    pub values: FieldValues,
}

/// Most values that [`FieldValues`] lists (API v2 migration guide). Which of equally common ones are left out is decided
/// as for [`ROWS_MAX`].
pub const TOP_VALUES_MAX: usize = 250;

/// What is known of a piece's values.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValues {
    /// One of a closed vocabulary.
    Enum {
        /// How many different values there are.
        unique: u64,
        /// The commonest, with how many studies have them; equally common ones in the order of their text.
        top: Vec<(String, u64)>,
    },
    /// Texts.
    Text(TextValues),
    /// Durations, as they are written and in minutes.
    Duration {
        /// As texts.
        texts: TextValues,
        /// The shortest.
        min: Option<i64>,
        /// The longest.
        max: Option<i64>,
        /// The mean of all values.
        mean: Option<f64>,
    },
    /// Dates.
    Date {
        /// The earliest, as published.
        min: Option<String>,
        /// The latest, as published.
        max: Option<String>,
        /// The formats that occur: `yyyy`, `yyyy-MM`, `yyyy-MM-dd`, `yyyy-MM-dd'T'HH:mm`.
        formats: Vec<&'static str>,
    },
    /// Numbers.
    Number {
        /// The least.
        min: Option<i64>,
        /// The greatest.
        max: Option<i64>,
        /// The mean of all values.
        mean: Option<f64>,
    },
    /// `true` and `false`.
    Boolean {
        /// How many studies have `true`.
        yes: u64,
        /// How many studies have `false`.
        no: u64,
    },
}

/// What is known of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextValues {
    /// How many different values there are.
    pub unique: u64,
    /// The commonest, with how many studies have them; equally common ones in the order of their text.
    pub top: Vec<(String, u64)>,
    /// The longest value in characters, the first study that has it, and the value.
    pub longest: Option<(u64, NctId, String)>,
}

/// How long the lists of a piece are (API v2, `/stats/field/sizes`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSizes {
    /// The list.
    pub piece: Piece,
    /// How many different lengths there are.
    pub unique: u64,
    /// The shortest.
    pub min: Option<i64>,
    /// The longest.
    pub max: Option<i64>,
    /// Lengths with how many studies have such a list, the commonest first; at most [`TOP_VALUES_MAX`].
    pub top: Vec<(i64, u64)>,
}

/// How large the records are, as JSON text (API v2, `/stats/size`).
#[derive(Clone, Debug, PartialEq)]
pub struct RecordSizes {
    /// How many studies there are.
    pub studies: u64,
    /// The mean in bytes.
    pub mean: u64,
    /// The largest, largest first; at most 10.
    pub largest: Vec<(NctId, u64)>,
    /// The size below which so many in a hundred studies lie: 5, 10, 25, 50, 75, 90, 95 and 99.
    pub percentiles: Vec<(u8, u64)>,
    /// Powers of two of kilobytes: the greatest size of the range in bytes, and how many studies lie in it.
    pub ranges: Vec<(u64, u64)>,
}

/// The formats that dates come in, as the registry writes them.
pub const DATE_FORMATS: [&str; 4] = ["yyyy", "yyyy-MM", "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm"];

/// The format of a date, one of [`DATE_FORMATS`].
pub fn date_format(text: &str) -> Option<&'static str> {
    match text.len() {
        4 => Some(DATE_FORMATS[0]),
        7 => Some(DATE_FORMATS[1]),
        10 => Some(DATE_FORMATS[2]),
        16.. => Some(DATE_FORMATS[3]),
        _ => None,
    }
}

//! What matching studies are counted by: fields, or dates by period, up to three at once.

use super::{ToolError, fields};
use ctgov::{
    pieces::{Order, Piece},
    tabulate::{DIMENSIONS_MAX, Dimension, Period, Row, Table},
};
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::Serialize;

/// Stands for no value.
const NO_VALUE: &str = "(none)";

/// What studies are counted by, and what it is called.
#[derive(Clone, Debug)]
pub(super) struct CountedBy {
    label: String,
    pub(super) dimension: Dimension,
}

/// How many studies have which values.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Breakdown {
    /// What is counted by
    by: Vec<String>,
    /// A value for everything counted by, `(none)` for studies without one, and how many `studies` have them
    rows: Vec<JsonObject>,
    /// How many rows there are in all, those not shown included
    rows_in_all: u64,
    /// How to read it
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

impl CountedBy {
    /// Studies counted by `piece`, dates by `period`, or by year if none is said.
    pub(super) fn new(piece: Piece, period: Option<Period>) -> Self {
        let is_date = piece.kind().order() == Some(Order::Dates);
        let period = is_date.then(|| period.unwrap_or(Period::Year));
        let label = match period {
            None => piece.name().to_owned(),
            Some(period) => format!("{}:{}", piece.name(), name(period)),
        };
        Self { label, dimension: Dimension { piece, period } }
    }

    /// Reads `Phase` or `StartDate:month`.
    ///
    /// # Errors
    ///
    /// [`ToolError`] names the nearest fields, or the periods there are.
    pub(super) fn parse(parameter: &str, text: &str) -> Result<Self, ToolError> {
        let (field, period) = match text.rsplit_once(':') {
            Some((field, period)) => (field, Some(period.trim())),
            None => (text, None),
        };
        let piece = fields::with_values(parameter, field)?;
        let is_date = piece.kind().order() == Some(Order::Dates);
        let period = period
            .map(|word| {
                [Period::Year, Period::Quarter, Period::Month]
                    .into_iter()
                    .find(|period| is_date && name(*period).eq_ignore_ascii_case(word))
                    .ok_or_else(|| {
                        let hint =
                            if is_date { "use :year, :quarter or :month" } else { "only dates have periods" };
                        ToolError::new(format!("`{parameter}`: `{text}` has no such period"), hint)
                    })
            })
            .transpose()?;
        Ok(Self::new(piece, period))
    }

    /// [`parse`](Self::parse) for each of `texts`.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), and when one is named twice.
    pub(super) fn parse_all<'a>(
        parameter: &str,
        texts: impl Iterator<Item = &'a String>,
    ) -> Result<Vec<Self>, ToolError> {
        let mut all: Vec<Self> = Vec::new();
        for text in texts {
            let by = Self::parse(parameter, text)?;
            if all.iter().any(|known| known.label == by.label) {
                let problem = format!("`{parameter}`: `{}` is named twice", by.label);
                return Err(ToolError::new(problem, "name it once"));
            }
            all.push(by);
        }
        Ok(all)
    }
}

const fn name(period: Period) -> &'static str {
    match period {
        Period::Year => "year",
        Period::Quarter => "quarter",
        Period::Month => "month",
    }
}

impl Breakdown {
    /// The fullest `rows_max` rows of `table`, those of dates in their order.
    pub(super) fn of(table: Table, by: &[CountedBy], rows_max: usize) -> Self {
        let Table { studies, mut rows, rows_in_all } = table;
        rows.truncate(rows_max);
        if let Some(at) = by.iter().position(|by| by.dimension.period.is_some()) {
            rows.sort_by(|a, b| a.values.get(at).cmp(&b.values.get(at)));
        }
        let mut notes = Vec::new();
        if rows.iter().map(|row| row.studies).sum::<u64>() > studies {
            notes.push(
                "A study with several values counts in the row of each, so rows add up to more than there are \
                 studies."
                    .to_owned(),
            );
        }
        let left_out = rows_in_all.saturating_sub(rows.len() as u64);
        if left_out > 0 {
            notes.push(format!(
                "The {left_out} least full rows are left out; narrow the question down or raise `limit` to see them."
            ));
        }
        let row = |Row { values, studies }: Row| {
            let values = by
                .iter()
                .zip(values)
                .map(|(by, value)| (by.label.clone(), value.unwrap_or_else(|| NO_VALUE.to_owned()).into()));
            values.chain([("studies".to_owned(), studies.into())]).collect()
        };
        Self {
            by: by.iter().map(|by| by.label.clone()).collect(),
            rows: rows.into_iter().map(row).collect(),
            rows_in_all,
            notes,
        }
    }
}

/// Most fields that studies are counted by at once.
pub(super) const FIELDS_MAX: u32 = DIMENSIONS_MAX as u32;

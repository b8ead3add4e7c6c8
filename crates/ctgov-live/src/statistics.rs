//! Tables and statistics: what the service has of its own over all of its data, and what a few counts tell.

use crate::{
    address,
    answer::{self, Scalar, SizesBody, ValuesBody, wrong},
    outbound::shown,
    snapshot::LiveSnapshot,
};
use ctgov::{
    Budget, Matching, RegistryError,
    essie::{Context, Expr, Span, Target, Term},
    pieces::{Kind, Piece},
    tabulate::{
        DATE_FORMATS, FieldStats, FieldValues, ListSizes, RecordSizes, Row, Table, TableQuery, TextValues,
    },
};

/// Most counts that a table is made of: each is a request.
const COUNTS_MAX: usize = 20;
/// Longest date.
const DATE_CHARS_MAX: usize = 32;

impl LiveSnapshot {
    pub(crate) fn table(&self, query: &TableQuery, budget: &Budget) -> Result<Table, RegistryError> {
        query.check()?;
        let [dimension] = query.by.as_slice() else {
            return Err(no_table("ClinicalTrials.gov counts by one field at a time"));
        };
        if dimension.period.is_some() {
            return Err(no_table("ClinicalTrials.gov does not count by years, quarters or months"));
        }
        let piece = dimension.piece;
        let values = match piece.kind() {
            Kind::Enum(known) => known.values.iter().map(|value| value.value).collect(),
            Kind::Boolean => vec!["true", "false"],
            _ if query.matching.is_everything() => return self.table_of_all(piece, budget),
            _ => return Err(no_table("the values of this field are too many to be counted one by one")),
        };
        if query.matching.is_everything() {
            return self.table_of_all(piece, budget);
        }
        if values.len() > COUNTS_MAX {
            return Err(no_table("the values of this field are too many to be counted one by one"));
        }
        let of_piece = |what: Expr| Some(Expr::In(Context::Area(Target::Piece(piece)), what.into()));
        // A value may be called like an operator (`ALL`); `true` and `false` are no phrases.
        let quoted = piece.enumeration().is_some();
        let has = |value: &&str| {
            of_piece(Expr::Term(Term { text: (*value).to_owned(), quoted, span: Span::default() }))
        };
        let conditions = values.iter().map(has).chain([of_piece(Expr::Missing(Span::default())), None]);
        let mut counts = self.counts_of(&query.matching, conditions.collect(), budget)?;
        let studies = counts.pop().unwrap_or_default();
        let names = values.into_iter().map(|value| Some(value.to_owned())).chain([None]);
        Ok(table(studies, names.zip(counts), None))
    }

    /// The table of all studies, from the service's statistics.
    fn table_of_all(&self, piece: Piece, budget: &Budget) -> Result<Table, RegistryError> {
        let stats = self.values_of(piece, &Matching::default(), budget)?;
        let (top, unique) = match stats.values {
            FieldValues::Enum { unique, top } => (top, unique),
            FieldValues::Text(texts) | FieldValues::Duration { texts, .. } => (texts.top, texts.unique),
            FieldValues::Boolean { yes, no } => (vec![("true".into(), yes), ("false".into(), no)], 2),
            FieldValues::Date { .. } | FieldValues::Number { .. } => {
                return Err(no_table("ClinicalTrials.gov keeps no table of dates and numbers"));
            }
        };
        let studies = self.count_of(&Matching::default(), budget)?;
        let rows = top.into_iter().map(|(value, studies)| (Some(value), studies));
        let rows_in_all = unique.saturating_add(u64::from(stats.missing > 0));
        Ok(table(studies, rows.chain([(None, stats.missing)]), Some(rows_in_all)))
    }

    pub(crate) fn values_of(
        &self,
        piece: Piece,
        matching: &Matching,
        budget: &Budget,
    ) -> Result<FieldStats, RegistryError> {
        let unsupported = |why: &str| RegistryError::Unsupported {
            operation: "knowing the values of a field",
            why: why.to_owned(),
        };
        if matches!(piece.kind(), Kind::Struct | Kind::GeoPoint) {
            return Err(unsupported(
                "a group of fields and a point have no values of their own; name a field",
            ));
        }
        if !matching.is_everything() {
            return Err(unsupported(
                "ClinicalTrials.gov tells the values of all its studies only; leave the filters out",
            ));
        }
        let answer = self.ask(&address::statistics("values", piece), budget)?;
        let body: ValuesBody = answer::one(answer.body()?)?;
        Ok(FieldStats { piece, missing: body.missing_studies_count, values: values(piece.kind(), body)? })
    }

    pub(crate) fn sizes_of(&self, piece: Piece, budget: &Budget) -> Result<ListSizes, RegistryError> {
        if !piece.is_list() {
            return Err(RegistryError::Unsupported {
                operation: "knowing how long the lists of a field are",
                why: format!("`{}` is no list", piece.name()),
            });
        }
        let answer = self.ask(&address::statistics("sizes", piece), budget)?;
        let body: SizesBody = answer::one(answer.body()?)?;
        let top = body.top_sizes.0.into_iter().map(|top| (top.size, top.studies_count)).collect();
        let (min, max) = (body.min_size, body.max_size);
        Ok(ListSizes { piece, unique: body.unique_sizes_count, min, max, top })
    }

    pub(crate) fn sizes_of_records(&self, budget: &Budget) -> Result<RecordSizes, RegistryError> {
        let answer = self.ask("/stats/size", budget)?;
        Ok(answer::record_sizes(answer.body()?)?)
    }
}

fn no_table(why: &str) -> RegistryError {
    RegistryError::Unsupported { operation: "such a table", why: why.to_owned() }
}

/// The rows that have studies, the fullest first.
fn table(
    studies: u64,
    rows: impl IntoIterator<Item = (Option<String>, u64)>,
    rows_in_all: Option<u64>,
) -> Table {
    let filled = rows.into_iter().filter(|(_, studies)| *studies > 0);
    let mut rows: Vec<Row> = filled.map(|(value, studies)| Row { values: vec![value], studies }).collect();
    rows.sort_by(|a, b| b.studies.cmp(&a.studies).then_with(|| a.values.cmp(&b.values)));
    let rows_in_all = rows_in_all.unwrap_or(rows.len() as u64);
    Table { studies, rows, rows_in_all }
}

/// What the service says of the values of a field of this kind.
fn values(kind: Kind, body: ValuesBody) -> Result<FieldValues, RegistryError> {
    let there = |count: Option<u64>, name: &str| count.ok_or_else(|| wrong(format!("{name} is missing")));
    let text = |scalar: Option<Scalar>| match scalar {
        Some(Scalar::Text(text)) => Some(shown(&text, DATE_CHARS_MAX)),
        _ => None,
    };
    let whole = |scalar: Option<Scalar>| match scalar {
        Some(Scalar::Whole(number)) => Some(number),
        // The conversion saturates.
        Some(Scalar::Number(number)) => Some(number.round() as i64),
        _ => None,
    };
    let top = body.top_values.0.into_iter().map(|top| (top.value, top.studies_count)).collect();
    Ok(match kind {
        Kind::Enum(_) => {
            FieldValues::Enum { unique: there(body.unique_values_count, "uniqueValuesCount")?, top }
        }
        Kind::Boolean => FieldValues::Boolean {
            yes: there(body.true_count, "trueCount")?,
            no: there(body.false_count, "falseCount")?,
        },
        Kind::PartialDate | Kind::Date | Kind::DateTime => FieldValues::Date {
            min: text(body.min),
            max: text(body.max),
            formats: DATE_FORMATS
                .into_iter()
                .filter(|known| body.formats.0.iter().any(|told| told == known))
                .collect(),
        },
        Kind::Integer | Kind::Long | Kind::Short | Kind::Number => {
            FieldValues::Number { min: whole(body.min), max: whole(body.max), mean: body.avg }
        }
        _ => {
            let longest = body
                .longest
                .and_then(|longest| Some((longest.length, longest.nct_id.parse().ok()?, longest.value)));
            let unique = there(body.unique_values_count, "uniqueValuesCount")?;
            let texts = TextValues { unique, top, longest };
            match kind {
                // The service takes durations for text.
                Kind::Duration => FieldValues::Duration { texts, min: None, max: None, mean: None },
                _ => FieldValues::Text(texts),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(piece: &'static str, body: &str) -> FieldValues {
        values(Piece::named(piece).kind(), answer::one(body.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn statistics_of_every_kind_are_read() {
        let boolean = r#"[{"type":"BOOLEAN","piece":"HasResults","field":"hasResults","missingStudiesCount":0,"falseCount":518832,"trueCount":79677}]"#;
        assert_eq!(read("HasResults", boolean), FieldValues::Boolean { yes: 79_677, no: 518_832 });
        let integer = r#"[{"type":"INTEGER","piece":"EnrollmentCount","field":"x","missingStudiesCount":7131,"min":0,"max":188814085,"avg":5505.25}]"#;
        assert_eq!(
            read("EnrollmentCount", integer),
            FieldValues::Number { min: Some(0), max: Some(188_814_085), mean: Some(5_505.25) }
        );
        let date = r#"[{"type":"DATE","missingStudiesCount":1,"min":"1900-01","max":"2099-01-01","formats":["yyyy-MM-dd","other"]}]"#;
        let expected = FieldValues::Date {
            min: Some("1900-01".into()),
            max: Some("2099-01-01".into()),
            formats: vec!["yyyy-MM-dd"],
        };
        assert_eq!(read("StartDate", date), expected);
        let phase = r#"[{"type":"ENUM","missingStudiesCount":3,"uniqueValuesCount":2,"topValues":[{"value":"NA","studiesCount":9}]}]"#;
        assert_eq!(read("Phase", phase), FieldValues::Enum { unique: 2, top: vec![("NA".into(), 9)] });
        let text = r#"[{"type":"STRING","missingStudiesCount":3,"uniqueValuesCount":2,"longest":{"length":3,"nctId":"NCT00000007","value":"abc"}}]"#;
        let texts = TextValues {
            unique: 2,
            top: Vec::new(),
            longest: Some((3, ctgov::NctId::new(7).unwrap(), "abc".into())),
        };
        assert_eq!(read("BriefTitle", text), FieldValues::Text(texts.clone()));
        let duration = FieldValues::Duration { texts, min: None, max: None, mean: None };
        assert_eq!(read("MinimumAge", text), duration);
        assert!(values(Piece::named("Phase").kind(), answer::one(boolean.as_bytes()).unwrap()).is_err());
    }

    #[test]
    fn a_table_has_the_filled_rows_the_fullest_first() {
        let rows = [(Some("B"), 2), (Some("A"), 2), (Some("C"), 0), (None, 7)];
        let table = table(9, rows.map(|(value, studies)| (value.map(str::to_owned), studies)), None);
        let told: Vec<_> = table.rows.iter().map(|row| (row.values[0].as_deref(), row.studies)).collect();
        assert_eq!(told, [(None, 7), (Some("A"), 2), (Some("B"), 2)]);
        assert_eq!((table.studies, table.rows_in_all), (9, 3));
    }
}

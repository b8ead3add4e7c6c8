//! Statistics: what the values of a piece are, how long its lists, how large the records.

use super::{
    super::{StudyIndex, bits::Bits, execute::Execution},
    Result, STUDIES_PER_CHECK, fullest,
    fullest::Fullest,
    values::{Tally, Values},
};
use crate::documents::Documents;
use ctgov::{
    Budget, Matching, NctId, RegistryError,
    pieces::{Kind, Measure, Order, Piece},
    tabulate::{
        DATE_FORMATS, Dimension, FieldStats, FieldValues, ListSizes, RecordSizes, TOP_VALUES_MAX, TableQuery,
        TextValues,
    },
};
use std::cmp::Reverse;

impl StudyIndex {
    /// See [`ctgov::Snapshot::field_stats`].
    pub(crate) fn field_stats(
        &self,
        documents: &Documents,
        piece: Piece,
        matching: &Matching,
        budget: &Budget,
    ) -> Result<FieldStats> {
        let by = vec![Dimension { piece, period: None }];
        TableQuery { matching: Matching::default(), by }.check()?;
        let work_out = || {
            let execution = Execution { index: self, documents, budget };
            let matched = execution.matched(&matching.conditions(&self.synonyms)?)?;
            execution.field_stats(piece, &matched)
        };
        if !matching.is_everything() {
            return work_out();
        }
        self.remembered.field_stats(piece, work_out)
    }

    /// See [`ctgov::Snapshot::list_sizes`].
    pub(crate) fn list_sizes(
        &self,
        documents: &Documents,
        piece: Piece,
        budget: &Budget,
    ) -> Result<ListSizes> {
        if !piece.is_list() {
            let why = format!("`{}` is no list", piece.name());
            return Err(RegistryError::Unsupported { operation: "counting list sizes", why });
        }
        self.remembered.list_sizes(piece, || Execution { index: self, documents, budget }.list_sizes(piece))
    }

    /// See [`ctgov::Snapshot::record_sizes`].
    pub(crate) fn record_sizes(&self, documents: &Documents) -> RecordSizes {
        self.remembered.record_sizes(|| documents.sizes())
    }
}

impl Execution<'_> {
    fn field_stats(&self, piece: Piece, matched: &Bits) -> Result<FieldStats> {
        let (missing, values) = match piece.kind() {
            Kind::Enum(_) => {
                let (missing, counts) = self.count_sets(piece, matched)?;
                let mut top: Vec<(String, u64)> =
                    counts.into_iter().filter(|(_, studies)| *studies > 0).collect();
                let unique = top.len() as u64;
                top.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                top.truncate(TOP_VALUES_MAX);
                (missing, FieldValues::Enum { unique, top })
            }
            Kind::Boolean => {
                let (missing, counts) = self.count_sets(piece, matched)?;
                let count = |value: &str| {
                    counts.iter().find(|(known, _)| known == value).map_or(0, |(_, studies)| *studies)
                };
                (missing, FieldValues::Boolean { yes: count("true"), no: count("false") })
            }
            Kind::Duration => {
                let (missing, texts) = self.text_values(piece, matched)?;
                let Range { min, max, mean, .. } = self.range(piece, matched)?;
                (missing, FieldValues::Duration { texts, min, max, mean })
            }
            kind => match kind.order() {
                Some(Order::Dates) => self.date_values(piece, matched)?,
                Some(_) => {
                    let Range { missing, min, max, mean } = self.range(piece, matched)?;
                    (missing, FieldValues::Number { min, max, mean })
                }
                None => {
                    let (missing, texts) = self.text_values(piece, matched)?;
                    (missing, FieldValues::Text(texts))
                }
            },
        };
        Ok(FieldStats { piece, missing, values })
    }

    /// How many of `matched` have no value, and how many have each.
    fn count_sets(&self, piece: Piece, matched: &Bits) -> Result<(u64, Vec<(String, u64)>)> {
        let mut rest = matched.clone();
        let sets = self.value_sets(piece)?;
        sets.iter().for_each(|(_, set)| rest.and_not(set));
        let counts = sets.into_iter().map(|(value, set)| (value, set.count_and(matched)));
        Ok((rest.count(), counts.collect()))
    }

    fn text_values(&self, piece: Piece, matched: &Bits) -> Result<(u64, TextValues)> {
        let values = Values::of_piece(self, piece)?;
        let Tally { missing, counts } = values.tally(matched)?;
        let mut fullest = Fullest::new(TOP_VALUES_MAX);
        counts.iter().for_each(|(code, count)| fullest.offer(*count, *code));
        let (top, longest) = (fullest.candidates(), values.longest(&counts)?);
        let unique = counts.len() as u64;
        drop(counts);
        let mut wanted: Vec<(u64, u32)> = top.iter().map(|(count, code)| (*code, count.first)).collect();
        wanted.extend(&longest);
        let texts = values.texts(&wanted)?;
        let named = top.into_iter().filter_map(|(count, code)| Some((count, texts.get(&code)?.clone())));
        let top = fullest::kept(named.collect(), TOP_VALUES_MAX);
        let top = top.into_iter().map(|(count, text)| (text, count.studies.into())).collect();
        let longest = longest.into_iter().filter_map(|(code, first)| {
            let text = texts.get(&code)?;
            Some((Reverse(text.chars().count() as u64), NctId::new(first).ok()?, text))
        });
        let longest = longest.min().map(|(Reverse(characters), id, text)| (characters, id, text.clone()));
        Ok((missing.studies.into(), TextValues { unique, top, longest }))
    }

    /// What lies between the least and the greatest of numbers or durations.
    fn range(&self, piece: Piece, matched: &Bits) -> Result<Range> {
        let values = Values::of_measure(self, Measure::Values(piece))?;
        let (mut missing, mut sum, mut count) = (0, 0_i128, 0_u64);
        let (mut min, mut max): (Option<i64>, Option<i64>) = (None, None);
        for (done, study) in matched.iter().enumerate() {
            if done % STUDIES_PER_CHECK == 0 {
                self.budget.check()?;
            }
            let before = count;
            values.for_each_key(study, |key| {
                count += 1;
                sum += i128::from(key);
                min = Some(min.map_or(key, |min| min.min(key)));
                max = max.max(Some(key));
            });
            missing += u64::from(count == before);
        }
        let mean = (count > 0).then(|| sum as f64 / count as f64);
        Ok(Range { missing, min, max, mean })
    }

    /// The records are read that have the first and the last date, to give them as they were published.
    fn date_values(&self, piece: Piece, matched: &Bits) -> Result<(u64, FieldValues)> {
        let Tally { missing, counts } = Values::of_measure(self, Measure::Values(piece))?.tally(matched)?;
        // Codes of keys compare as the keys.
        let (first, last) = (counts.iter().min_by_key(|at| at.0), counts.iter().max_by_key(|at| at.0));
        let published = |at: Option<&(u64, super::values::Count)>| -> Result<Option<String>> {
            let id = at.and_then(|(_, count)| NctId::new(count.first).ok());
            let study = id.and_then(|id| self.index.ordinals.of(id));
            let (Some((code, _)), Some(study)) = (at, study) else { return Ok(None) };
            let (record, mut text) = (self.record(study)?, None);
            piece.for_each_value(&record, |value| {
                if Measure::key_of(piece, value) == Some(Values::key(*code)) && text.is_none() {
                    text = value.as_str().map(str::to_owned);
                }
            });
            Ok(text)
        };
        let mut formats = Vec::new();
        for format in DATE_FORMATS {
            if self.present_as(piece, format)?.count_and(matched) > 0 {
                formats.push(format);
            }
        }
        let values = FieldValues::Date { min: published(first)?, max: published(last)?, formats };
        Ok((missing.studies.into(), values))
    }

    fn list_sizes(&self, piece: Piece) -> Result<ListSizes> {
        let values = Values::of_measure(self, Measure::Size(piece))?;
        let counts = values.tally(self.index.studies.alive())?.counts.into_iter();
        let mut top: Vec<(i64, u64)> =
            counts.map(|(code, count)| (Values::key(code), count.studies.into())).collect();
        top.sort_by_key(|(size, studies)| (Reverse(*studies), *size));
        let sizes = || top.iter().map(|(size, _)| *size);
        let (unique, min, max) = (top.len() as u64, sizes().min(), sizes().max());
        top.truncate(TOP_VALUES_MAX);
        Ok(ListSizes { piece, unique, min, max, top })
    }
}

struct Range {
    missing: u64,
    min: Option<i64>,
    max: Option<i64>,
    mean: Option<f64>,
}

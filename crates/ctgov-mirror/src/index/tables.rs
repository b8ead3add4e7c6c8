//! Tables: how many of a set of studies have which values.
//!
//! Vocabularies are few values, each a set of studies: they are counted by intersecting sets. Other values stand in
//! columns and are counted study by study. What has no column is read from the records, as far as the budget goes.

use super::{
    StudyIndex,
    bits::Bits,
    execute::{Execution, Of},
    fields::{column_name, measure_name},
};
use crate::documents::Documents;
use ctgov::{
    Budget, Matching, NctId, RegistryError,
    essie::Condition,
    pieces::{Kind, Measure, Order, Piece},
    tabulate::{
        Dimension, FieldStats, FieldValues, ListSizes, ROWS_MAX, Row, TOP_VALUES_MAX, Table, TableQuery,
    },
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// How many studies are counted between two looks at the budget.
const STUDIES_PER_CHECK: usize = 2_048;

type Result<T> = std::result::Result<T, RegistryError>;

/// Values by number, in the order they were met.
#[derive(Default)]
struct Names {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }
}

/// Stands for no value.
const NOTHING: u32 = u32::MAX;

impl StudyIndex {
    /// See [`ctgov::Snapshot::tabulate`].
    pub(crate) fn tabulate(
        &self,
        documents: &Documents,
        query: &TableQuery,
        budget: &Budget,
    ) -> Result<Table> {
        let whole = query.matching.is_everything().then(|| format!("{:?}", query.by));
        if let Some(known) = whole.as_ref().and_then(|key| self.tables.get(key)) {
            return Ok(Table::clone(&known));
        }
        let execution = Execution { index: self, documents, budget };
        let conditions = query.matching.conditions(&self.synonyms)?;
        let matched = execution.matched(&conditions)?;
        let table = execution.table(&query.by, &matched)?;
        if let Some(key) = whole {
            self.tables.insert(key, Arc::new(table.clone()));
        }
        Ok(table)
    }

    /// See [`ctgov::Snapshot::field_stats`].
    pub(crate) fn field_stats(
        &self,
        documents: &Documents,
        piece: Piece,
        matching: &Matching,
        budget: &Budget,
    ) -> Result<FieldStats> {
        let execution = Execution { index: self, documents, budget };
        let matched = execution.matched(&matching.conditions(&self.synonyms)?)?;
        execution.field_stats(piece, &matched)
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
        let execution = Execution { index: self, documents, budget };
        let mut studies: HashMap<i64, u64> = HashMap::new();
        execution.for_each_keys(Measure::Size(piece), self.studies.alive(), &mut |keys| {
            keys.iter().for_each(|key| *studies.entry(*key).or_default() += 1);
        })?;
        let mut top: Vec<(i64, u64)> = studies.into_iter().collect();
        top.sort_by_key(|(size, studies)| (std::cmp::Reverse(*studies), *size));
        let sizes = || top.iter().map(|(size, _)| *size);
        let (unique, min, max) = (top.len() as u64, sizes().min(), sizes().max());
        top.truncate(TOP_VALUES_MAX);
        Ok(ListSizes { piece, unique, min, max, top })
    }
}

impl Execution<'_> {
    fn table(&self, by: &[Dimension], matched: &Bits) -> Result<Table> {
        let mut names: Vec<Names> = by.iter().map(|_| Names::default()).collect();
        let mut counts: HashMap<Vec<u32>, u64> = HashMap::new();
        // Sets first: what is left to count study by study is what they leave over.
        let (sets, columns): (Vec<usize>, Vec<usize>) =
            (0..by.len()).partition(|at| is_of_few_values(by[*at].piece));
        self.split(by, &sets, &columns, matched, &mut vec![NOTHING; by.len()], &mut names, &mut counts)?;
        let mut rows: Vec<Row> = Vec::with_capacity(counts.len());
        for (numbers, studies) in counts {
            let name = |(names, number): (&Names, &u32)| names.names.get(*number as usize).cloned();
            rows.push(Row { values: names.iter().zip(&numbers).map(name).collect(), studies });
        }
        rows.sort_by(|a, b| b.studies.cmp(&a.studies).then_with(|| a.values.cmp(&b.values)));
        let rows_in_all = rows.len() as u64;
        rows.truncate(ROWS_MAX);
        Ok(Table { studies: matched.count(), rows, rows_in_all })
    }

    /// Counts `matched` by the dimensions `sets`, one after the other, and what each combination leaves by `columns`.
    #[allow(clippy::too_many_arguments, reason = "one recursion over one table in the making")]
    fn split(
        &self,
        by: &[Dimension],
        sets: &[usize],
        columns: &[usize],
        matched: &Bits,
        values: &mut Vec<u32>,
        names: &mut [Names],
        counts: &mut HashMap<Vec<u32>, u64>,
    ) -> Result<()> {
        self.budget.check()?;
        let Some((at, sets)) = sets.split_first() else {
            return match columns {
                [] => {
                    *counts.entry(values.clone()).or_default() += matched.count();
                    Ok(())
                }
                _ => self.count_by_columns(by, columns, matched, values, names, counts),
            };
        };
        let mut rest = matched.clone();
        for (value, set) in self.value_sets(by[*at].piece)? {
            rest.and_not(&set);
            // Of the last set only the number is wanted, not the studies.
            if sets.is_empty() && columns.is_empty() {
                let studies = set.count_and(matched);
                if studies > 0 {
                    values[*at] = names[*at].number(value);
                    *counts.entry(values.clone()).or_default() += studies;
                }
                continue;
            }
            let mut having = Bits::clone(&set);
            having.and(matched);
            if !having.is_empty() {
                values[*at] = names[*at].number(value);
                self.split(by, sets, columns, &having, values, names, counts)?;
            }
        }
        values[*at] = NOTHING;
        if rest.is_empty() { Ok(()) } else { self.split(by, sets, columns, &rest, values, names, counts) }
    }

    /// The studies with each value of a vocabulary or boolean piece.
    fn value_sets(&self, piece: Piece) -> Result<Vec<(&'static str, Arc<Bits>)>> {
        let values: Vec<&'static str> = match piece.enumeration() {
            Some(enumeration) => enumeration.values.iter().map(|value| value.value).collect(),
            None => vec!["true", "false"],
        };
        let set = |value: &'static str| {
            let leaf = Condition::OneOf { piece, values: BTreeSet::from([value]), weight: 1.0 };
            let leaf = if piece.path_in_site().is_some() { Condition::Sites(leaf.into()) } else { leaf };
            self.studies(&leaf, None).map(|set| (value, set))
        };
        values.into_iter().map(set).collect()
    }

    fn count_by_columns(
        &self,
        by: &[Dimension],
        columns: &[usize],
        matched: &Bits,
        values: &[u32],
        names: &mut [Names],
        counts: &mut HashMap<Vec<u32>, u64>,
    ) -> Result<()> {
        // One list of values a study and dimension, the dimensions one after the other.
        let mut lists = Vec::with_capacity(columns.len());
        for at in columns {
            lists.push(self.values_of_studies(by[*at], matched, &mut names[*at])?);
        }
        let mut row = values.to_vec();
        for study in 0..matched.count() as usize {
            if study % STUDIES_PER_CHECK == 0 {
                self.budget.check()?;
            }
            let mut add = |row: &[u32]| match counts.get_mut(row) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(row.to_vec(), 1);
                }
            };
            combine(&lists, columns, study, &mut row, &mut add);
        }
        Ok(())
    }

    /// The values that each of `matched` has in a dimension, in their order.
    fn values_of_studies(&self, by: Dimension, matched: &Bits, names: &mut Names) -> Result<Lists> {
        let mut lists = Lists::default();
        match (by.piece.kind().order(), by.period) {
            (Some(Order::Dates), Some(period)) => {
                let mut known: HashMap<i64, u32> = HashMap::new();
                self.for_each_keys(Measure::Values(by.piece), matched, &mut |keys| {
                    // Periods are told apart by year and month.
                    let number = |key: &i64| {
                        *known.entry(*key / 1_000_000).or_insert_with(|| names.number(&period.label(*key)))
                    };
                    lists.push(keys.iter().map(number));
                })?;
            }
            (Some(Order::Numbers), _) => {
                self.for_each_keys(Measure::Values(by.piece), matched, &mut |keys| {
                    lists.push(keys.iter().map(|key| names.number(&key.to_string())));
                })?;
            }
            _ if self.has_column(by.piece) => {
                self.for_each_texts(by.piece, matched, names, &mut |numbers| {
                    lists.push(numbers.iter().copied());
                })?;
            }
            _ if has_values(by.piece) => {
                self.for_each_recorded(by.piece, matched, &mut |values| {
                    lists.push(values.iter().map(|value| names.number(value)));
                })?;
            }
            _ => return Err(no_values(by.piece)),
        }
        Ok(lists)
    }

    fn has_column(&self, piece: Piece) -> bool {
        self.index.schemas.studies.has_column(piece) || self.index.schemas.sites.has_column(piece)
    }

    /// Calls `each` with the different keys of each of `matched`, in their order.
    fn for_each_keys(&self, measure: Measure, matched: &Bits, each: &mut dyn FnMut(&[i64])) -> Result<()> {
        let measure = measure.canonical();
        if measure.piece().path_in_site().is_some() {
            return self.for_each_recorded_keys(measure, matched, each);
        }
        let mut keys = Vec::new();
        for (start, segment) in self.index.studies.iter() {
            let column = segment.fast_fields().i64(&measure_name(measure));
            let column = column.map_err(|error| self.index.unavailable(error))?;
            for (count, doc) in matched.iter_within(start, start + segment.max_doc()).enumerate() {
                if count % STUDIES_PER_CHECK == 0 {
                    self.budget.check()?;
                }
                keys.clear();
                keys.extend(column.values_for_doc(doc));
                keys.sort_unstable();
                keys.dedup();
                each(&keys);
            }
        }
        Ok(())
    }

    fn for_each_recorded_keys(
        &self,
        measure: Measure,
        matched: &Bits,
        each: &mut dyn FnMut(&[i64]),
    ) -> Result<()> {
        for study in matched.iter() {
            self.budget.check()?;
            let mut keys = Vec::new();
            measure.for_each_key(&self.record(study)?, |key| keys.push(key));
            keys.sort_unstable();
            keys.dedup();
            each(&keys);
        }
        Ok(())
    }

    /// Calls `each` with the different values of each of `matched`, in their order, as numbers of `names`.
    fn for_each_texts(
        &self,
        piece: Piece,
        matched: &Bits,
        names: &mut Names,
        each: &mut dyn FnMut(&[u32]),
    ) -> Result<()> {
        let of = if piece.path_in_site().is_some() { Of::Sites } else { Of::Studies };
        let mut of_study = match of {
            Of::Studies => HashMap::new(),
            // Sites come in the order of the index, which need not be that of the studies.
            Of::Sites => self.texts_of_sites(piece, matched, names)?,
        };
        if of == Of::Sites {
            for study in matched.iter() {
                each(of_study.remove(&study).as_deref().unwrap_or_default());
            }
            return Ok(());
        }
        for (start, segment) in self.index.studies.iter() {
            let column = segment.fast_fields().str(&column_name(piece));
            let column = column.map_err(|error| self.index.unavailable(error))?;
            let mut numbers: HashMap<u64, u32> = HashMap::new();
            let mut row = Vec::new();
            for (count, doc) in matched.iter_within(start, start + segment.max_doc()).enumerate() {
                if count % STUDIES_PER_CHECK == 0 {
                    self.budget.check()?;
                }
                row.clear();
                if let Some(column) = &column {
                    for ord in column.ords().values_for_doc(doc) {
                        row.push(
                            number_of(column, ord, &mut numbers, names)
                                .map_err(|error| self.unreadable(error))?,
                        );
                    }
                }
                row.sort_unstable();
                row.dedup();
                each(&row);
            }
        }
        Ok(())
    }

    fn texts_of_sites(
        &self,
        piece: Piece,
        matched: &Bits,
        names: &mut Names,
    ) -> Result<HashMap<u32, Vec<u32>>> {
        let mut of_study: HashMap<u32, Vec<u32>> = HashMap::new();
        for (start, segment) in self.index.sites.iter() {
            let column = segment.fast_fields().str(&column_name(piece));
            let Some(column) = column.map_err(|error| self.index.unavailable(error))? else { continue };
            let mut numbers: HashMap<u64, u32> = HashMap::new();
            let alive = self.index.sites.alive();
            for (count, doc) in alive.iter_within(start, start + segment.max_doc()).enumerate() {
                if count % STUDIES_PER_CHECK == 0 {
                    self.budget.check()?;
                }
                let study = self.index.ordinals.study(start + doc);
                let Some(study) = study.filter(|study| matched.contains(*study)) else { continue };
                for ord in column.ords().values_for_doc(doc) {
                    let number = number_of(&column, ord, &mut numbers, names);
                    let number = number.map_err(|error| self.unreadable(error))?;
                    let known = of_study.entry(study).or_default();
                    if !known.contains(&number) {
                        known.push(number);
                    }
                }
            }
        }
        Ok(of_study)
    }

    fn unreadable(&self, error: std::io::Error) -> RegistryError {
        self.index.unavailable(error.into())
    }

    /// Calls `each` with the different values that each of `matched` has of a piece in its record, in their order.
    fn for_each_recorded(&self, piece: Piece, matched: &Bits, each: &mut dyn FnMut(&[String])) -> Result<()> {
        let costly = |error| match error {
            RegistryError::DeadlineExceeded { costly: None } => RegistryError::DeadlineExceeded {
                costly: Some(format!(
                    "reading the values of {} from {} records",
                    piece.name(),
                    matched.count()
                )),
            },
            error => error,
        };
        for study in matched.iter() {
            self.budget.check().map_err(costly)?;
            let record = self.record(study)?;
            let mut values = Vec::new();
            piece.for_each_value(&record, |value| values.push(value_text(value)));
            values.sort_unstable();
            values.dedup();
            each(&values);
        }
        Ok(())
    }

    fn field_stats(&self, piece: Piece, matched: &Bits) -> Result<FieldStats> {
        let studies = matched.count();
        let (missing, values) = match piece.kind() {
            Kind::Struct => return Err(no_values(piece)),
            Kind::Enum(_) => {
                let (mut top, mut rest) = (Vec::new(), matched.clone());
                for (value, set) in self.value_sets(piece)? {
                    top.push((value.to_owned(), set.count_and(matched)));
                    rest.and_not(&set);
                }
                top.retain(|(_, studies)| *studies > 0);
                let unique = top.len() as u64;
                (rest.count(), FieldValues::Enum { unique, top: commonest(top) })
            }
            Kind::Boolean => {
                let sets = self.value_sets(piece)?;
                let mut rest = matched.clone();
                sets.iter().for_each(|(_, set)| rest.and_not(set));
                let count = |at: usize| sets[at].1.count_and(matched);
                (rest.count(), FieldValues::Boolean { yes: count(0), no: count(1) })
            }
            kind if kind.order() == Some(Order::Dates) => self.date_stats(piece, matched)?,
            kind if kind.order().is_some() => {
                let (mut missing, mut sum, mut count) = (0, 0_i128, 0_u64);
                let (mut min, mut max): (Option<i64>, Option<i64>) = (None, None);
                self.for_each_keys(Measure::Values(piece), matched, &mut |keys| {
                    missing += u64::from(keys.is_empty());
                    count += keys.len() as u64;
                    for key in keys {
                        sum += i128::from(*key);
                        min = Some(min.map_or(*key, |min| min.min(*key)));
                        max = max.max(Some(*key));
                    }
                })?;
                let mean = (count > 0).then(|| sum as f64 / count as f64);
                (missing, FieldValues::Number { min, max, mean })
            }
            _ => self.text_stats(piece, matched)?,
        };
        debug_assert!(missing <= studies);
        Ok(FieldStats { piece, missing, values })
    }

    fn text_stats(&self, piece: Piece, matched: &Bits) -> Result<(u64, FieldValues)> {
        let (mut names, mut counts, mut first) = (Names::default(), Vec::<u64>::new(), Vec::<u32>::new());
        let (mut missing, mut ordinals) = (0, matched.iter());
        let mut count = |numbers: &[u32]| {
            missing += u64::from(numbers.is_empty());
            let study = ordinals.next().unwrap_or_default();
            for number in numbers {
                if counts.len() <= *number as usize {
                    counts.resize(*number as usize + 1, 0);
                    first.resize(*number as usize + 1, u32::MAX);
                }
                counts[*number as usize] += 1;
                let nct = self.index.ordinals.nct(study);
                first[*number as usize] = first[*number as usize].min(nct);
            }
        };
        if self.has_column(piece) {
            self.for_each_texts(piece, matched, &mut names, &mut count)?;
        } else {
            self.for_each_recorded(piece, matched, &mut |values| {
                let numbers: Vec<u32> = values.iter().map(|value| names.number(value)).collect();
                count(&numbers);
            })?;
        }
        let characters = |name: &String| name.chars().count() as u64;
        let longest = names
            .names
            .iter()
            .zip(&first)
            .max_by(|(a, at), (b, other)| characters(a).cmp(&characters(b)).then_with(|| other.cmp(at)));
        let longest =
            longest.and_then(|(name, nct)| Some((characters(name), NctId::new(*nct).ok()?, name.clone())));
        let unique = names.names.len() as u64;
        let top = commonest(names.names.into_iter().zip(counts).collect());
        Ok((missing, FieldValues::Text { unique, top, longest }))
    }

    /// Of dates the records are read that have the first and the last, to give them as they were published.
    fn date_stats(&self, piece: Piece, matched: &Bits) -> Result<(u64, FieldValues)> {
        let (mut missing, mut ordinals) = (0, matched.iter());
        let mut min: Option<(i64, u32)> = None;
        let mut max: Option<(i64, u32)> = None;
        self.for_each_keys(Measure::Values(piece), matched, &mut |keys| {
            let study = ordinals.next().unwrap_or_default();
            missing += u64::from(keys.is_empty());
            if let (Some(first), Some(last)) = (keys.first(), keys.last()) {
                min = Some(
                    min.map_or((*first, study), |min| if *first < min.0 { (*first, study) } else { min }),
                );
                max =
                    Some(max.map_or((*last, study), |max| if *last > max.0 { (*last, study) } else { max }));
            }
        })?;
        let published = |at: Option<(i64, u32)>| -> Result<Option<String>> {
            let Some((key, study)) = at else { return Ok(None) };
            let record = self.record(study)?;
            let mut text = None;
            piece.for_each_value(&record, |value| {
                if Measure::key_of(piece, value) == Some(key) && text.is_none() {
                    text = value.as_str().map(str::to_owned);
                }
            });
            Ok(text)
        };
        let mut formats = Vec::new();
        for format in ctgov::tabulate::DATE_FORMATS {
            if self.present_as(piece, format)?.count_and(matched) > 0 {
                formats.push(format);
            }
        }
        Ok((missing, FieldValues::Date { min: published(min)?, max: published(max)?, formats }))
    }
}

/// Whether a piece has so few values that each is a set of studies.
fn is_of_few_values(piece: Piece) -> bool {
    matches!(piece.kind(), Kind::Enum(_) | Kind::Boolean)
}

fn has_values(piece: Piece) -> bool {
    !matches!(piece.kind(), Kind::Struct)
}

fn no_values(piece: Piece) -> RegistryError {
    let why = format!("`{}` is a group of fields; name one in it", piece.name());
    RegistryError::Unsupported { operation: "counting values", why }
}

/// A value as text: a text itself, everything else as JSON.
fn value_text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn commonest(mut values: Vec<(String, u64)>) -> Vec<(String, u64)> {
    values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    values.truncate(TOP_VALUES_MAX);
    values
}

fn number_of(
    column: &tantivy::columnar::StrColumn,
    ord: u64,
    numbers: &mut HashMap<u64, u32>,
    names: &mut Names,
) -> std::io::Result<u32> {
    if let Some(number) = numbers.get(&ord) {
        return Ok(*number);
    }
    let mut name = String::new();
    column.ord_to_str(ord, &mut name)?;
    let number = names.number(&name);
    numbers.insert(ord, number);
    Ok(number)
}

/// Lists of numbers, one after the other.
#[derive(Default)]
struct Lists {
    ends: Vec<u32>,
    numbers: Vec<u32>,
}

impl Lists {
    fn push(&mut self, numbers: impl IntoIterator<Item = u32>) {
        let start = self.numbers.len();
        self.numbers.extend(numbers);
        // Periods of several dates can be the same.
        self.numbers[start..].sort_unstable();
        let mut kept = start;
        for at in start..self.numbers.len() {
            if kept == start || self.numbers[kept - 1] != self.numbers[at] {
                self.numbers[kept] = self.numbers[at];
                kept += 1;
            }
        }
        self.numbers.truncate(kept);
        self.ends.push(kept as u32);
    }

    fn get(&self, at: usize) -> &[u32] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.numbers[start..self.ends[at] as usize]
    }
}

/// Calls `add` with every combination of a study's values in `columns`.
fn combine(
    lists: &[Lists],
    columns: &[usize],
    study: usize,
    row: &mut Vec<u32>,
    add: &mut dyn FnMut(&[u32]),
) {
    let (Some((list, lists)), Some((at, columns))) = (lists.split_first(), columns.split_first()) else {
        return add(row);
    };
    let values = list.get(study);
    if values.is_empty() {
        row[*at] = NOTHING;
        combine(lists, columns, study, row, add);
    }
    for value in values {
        row[*at] = *value;
        combine(lists, columns, study, row, add);
    }
}

//! Tables: how many of a set of studies have which values.
//!
//! ```text
//! vocabularies   few values, each a set of studies: counted by intersecting sets
//! all else       columns of codes: counted study by study; texts only of what is told ─▶ values
//! ```
//!
//! What is asked over everything is worked out once a generation ([`remembered`]).

mod fullest;
mod remembered;
mod stats;
mod suggest;
mod values;

pub(super) use remembered::Remembered;

use super::{
    StudyIndex,
    bits::Bits,
    execute::{Execution, Of},
};
use crate::documents::Documents;
use ctgov::{
    Budget, RegistryError,
    pieces::{Kind, Piece},
    tabulate::{DIMENSIONS_MAX, Dimension, ROWS_MAX, Row, Table, TableQuery},
};
use fullest::Fullest;
use rustc_hash::FxHashMap;
use std::{collections::BTreeSet, sync::Arc};
use tantivy::Term;
use values::{Count, Tally, Values};

/// How many studies are counted between two looks at the budget.
const STUDIES_PER_CHECK: usize = 2_048;

/// Most combinations of values of several pieces that are counted at once: 60 MB.
const COMBINATIONS_MAX: usize = 1_800_000;

type Result<T> = std::result::Result<T, RegistryError>;

impl StudyIndex {
    /// See [`ctgov::Snapshot::tabulate`].
    pub(crate) fn tabulate(
        &self,
        documents: &Documents,
        query: &TableQuery,
        budget: &Budget,
    ) -> Result<Table> {
        query.check()?;
        let work_out = || {
            let execution = Execution { index: self, documents, budget };
            let matched = execution.matched(&query.matching.conditions(&self.synonyms)?)?;
            execution.table(&query.by, &matched)
        };
        if !query.matching.is_everything() {
            return work_out();
        }
        self.remembered.table(&query.by, work_out)
    }
}

/// A row in the making: a code or place a dimension, or that there is no value.
type Cell = [u32; DIMENSIONS_MAX];

/// Stands for no value.
const NOTHING: u32 = u32::MAX;

/// A value or none, one a dimension.
type Texts = Vec<Option<String>>;

/// What a dimension is counted by.
enum By<'a> {
    /// Values with the studies that have them.
    Sets(Vec<(String, Arc<Bits>)>),
    /// Codes, study by study.
    Codes { values: Values<'a>, numbers: Numbers },
}

/// Codes by number, in the order they were met.
#[derive(Default)]
struct Numbers {
    of_codes: FxHashMap<u64, u32>,
    codes: Vec<u64>,
}

impl Numbers {
    fn of(&mut self, code: u64) -> u32 {
        *self.of_codes.entry(code).or_insert_with(|| {
            self.codes.push(code);
            self.codes.len() as u32 - 1
        })
    }
}

impl Execution<'_> {
    fn table(&self, by: &[Dimension], matched: &Bits) -> Result<Table> {
        let (rows, rows_in_all) = match by {
            [by] if !is_of_few_values(by.piece) => self.simple_rows(*by, matched)?,
            _ => self.cross_rows(by, matched)?,
        };
        Ok(Table { studies: matched.count(), rows, rows_in_all })
    }

    /// The rows of a table by one column.
    fn simple_rows(&self, by: Dimension, matched: &Bits) -> Result<(Vec<Row>, u64)> {
        let values = Values::of(self, by)?;
        let Tally { missing, counts } = values.tally(matched)?;
        let mut fullest = Fullest::new(ROWS_MAX);
        if missing.studies > 0 {
            fullest.offer(missing, None);
        }
        counts.iter().for_each(|(code, count)| fullest.offer(*count, Some(*code)));
        let rows_in_all = counts.len() as u64 + u64::from(missing.studies > 0);
        drop(counts);
        let kept = fullest.candidates();
        let wanted: Vec<(u64, u32)> =
            kept.iter().filter_map(|(count, code)| Some(((*code)?, count.first))).collect();
        let texts = values.texts(&wanted)?;
        let named = kept.into_iter().map(|(count, code)| {
            let text = code.and_then(|code| texts.get(&code).cloned());
            (count, vec![text])
        });
        Ok((rows(named.collect()), rows_in_all))
    }

    /// The rows of a table by several dimensions, or by a vocabulary.
    fn cross_rows(&self, by: &[Dimension], matched: &Bits) -> Result<(Vec<Row>, u64)> {
        let dimension = |by: &Dimension| -> Result<By<'_>> {
            Ok(if is_of_few_values(by.piece) {
                By::Sets(self.value_sets(by.piece)?)
            } else {
                By::Codes { values: Values::of(self, *by)?, numbers: Numbers::default() }
            })
        };
        let mut by = by.iter().map(dimension).collect::<Result<Vec<_>>>()?;
        // Sets first: what is left to count study by study is what they leave over.
        let (sets, columns): (Vec<usize>, Vec<usize>) =
            (0..by.len()).partition(|at| matches!(by[*at], By::Sets(_)));
        let mut cells = Cells::default();
        self.split(&mut by, &sets, &columns, matched, [NOTHING; DIMENSIONS_MAX], &mut cells)?;
        let cells = unite(&by, cells.counts)?;
        let rows_in_all = cells.len() as u64;
        let mut fullest = Fullest::new(ROWS_MAX);
        cells.into_iter().for_each(|(cell, count)| fullest.offer(count, cell));
        Ok((rows(named(&by, &fullest.candidates())?), rows_in_all))
    }

    /// Counts `matched` by the dimensions `sets`, one after the other, and what each combination leaves by `columns`.
    fn split(
        &self,
        by: &mut [By<'_>],
        sets: &[usize],
        columns: &[usize],
        matched: &Bits,
        mut cell: Cell,
        cells: &mut Cells,
    ) -> Result<()> {
        self.budget.check()?;
        let Some((at, sets)) = sets.split_first() else {
            return match columns {
                [] => cells.add_all(cell, self.count(matched.iter())),
                _ => self.count_by_columns(by, columns, matched, cell, cells),
            };
        };
        let values = match &by[*at] {
            By::Sets(values) => values.clone(),
            By::Codes { .. } => Vec::new(),
        };
        let mut rest = matched.clone();
        for (number, (_, set)) in (0..).zip(&values) {
            rest.and_not(set);
            cell[*at] = number;
            // Of the last set only the number is wanted, not the studies.
            if sets.is_empty() && columns.is_empty() {
                cells.add_all(cell, self.count(set.iter_and(matched)))?;
                continue;
            }
            let mut having = Bits::clone(set);
            having.and(matched);
            if !having.is_empty() {
                self.split(by, sets, columns, &having, cell, cells)?;
            }
        }
        cell[*at] = NOTHING;
        if rest.is_empty() { Ok(()) } else { self.split(by, sets, columns, &rest, cell, cells) }
    }

    fn count(&self, studies: impl Iterator<Item = u32>) -> Count {
        let mut count = Count::NONE;
        studies.for_each(|study| count.add(self.index.ordinals.nct(study)));
        count
    }

    fn count_by_columns(
        &self,
        by: &mut [By<'_>],
        columns: &[usize],
        matched: &Bits,
        cell: Cell,
        cells: &mut Cells,
    ) -> Result<()> {
        let mut lists: Vec<Vec<u32>> = vec![Vec::new(); columns.len()];
        let mut codes = Vec::new();
        for (done, study) in matched.iter().enumerate() {
            if done % STUDIES_PER_CHECK == 0 {
                self.budget.check()?;
            }
            for (at, list) in columns.iter().zip(&mut lists) {
                list.clear();
                if let By::Codes { values, numbers } = &mut by[*at] {
                    values.codes_of(study, &mut codes);
                    list.extend(codes.iter().map(|code| numbers.of(*code)));
                }
                if list.is_empty() {
                    list.push(NOTHING);
                }
            }
            let nct = self.index.ordinals.nct(study);
            combine(&lists, columns, cell, &mut |cell| {
                cells.add_all(cell, Count { studies: 1, first: nct })
            })?;
        }
        Ok(())
    }

    /// The studies with each value that a vocabulary or boolean piece has anywhere.
    fn value_sets(&self, piece: Piece) -> Result<Vec<(String, Arc<Bits>)>> {
        let of = if piece.path_in_site().is_some() { Of::Sites } else { Of::Studies };
        let Some(field) = self.fields(of).value(piece) else { return Ok(Vec::new()) };
        let mut values = BTreeSet::new();
        for (_, segment) in self.segments(of).iter() {
            let mut read = || -> tantivy::Result<()> {
                let inverted = segment.inverted_index(field)?;
                let mut terms = inverted.terms().stream()?;
                while terms.advance() {
                    values.insert(String::from_utf8_lossy(terms.key()).into_owned());
                }
                Ok(())
            };
            read().map_err(|error| self.index.unavailable(error))?;
        }
        let set = |value: String| {
            let key = format!("the studies with {} {value:?}", piece.name());
            if let Some(known) = self.index.remembered(&key) {
                return Ok((value, known));
            }
            let mut set = self.any_of(of, &[Term::from_field_text(field, &value)])?;
            if of == Of::Sites {
                set.and(self.index.sites.alive());
                set = self.project(&set);
            }
            set.and(self.index.studies.alive());
            let set = Arc::new(set);
            self.index.remember(key, &set);
            Ok((value, set))
        };
        values.into_iter().map(set).collect()
    }
}

/// The cells of a table in the making.
#[derive(Default)]
struct Cells {
    counts: FxHashMap<Cell, Count>,
}

impl Cells {
    fn add_all(&mut self, cell: Cell, count: Count) -> Result<()> {
        if count.studies == 0 {
            return Ok(());
        }
        self.counts.entry(cell).or_insert(Count::NONE).merge(count);
        if self.counts.len() > COMBINATIONS_MAX {
            let why = format!(
                "there are more than {COMBINATIONS_MAX} combinations of values; take fewer dimensions or studies"
            );
            return Err(RegistryError::Unsupported { operation: "counting values", why });
        }
        Ok(())
    }
}

/// Calls `add` with every combination of a study's values in `columns`.
fn combine(
    lists: &[Vec<u32>],
    columns: &[usize],
    mut cell: Cell,
    add: &mut dyn FnMut(Cell) -> Result<()>,
) -> Result<()> {
    let (Some((list, lists)), Some((at, columns))) = (lists.split_first(), columns.split_first()) else {
        return add(cell);
    };
    for number in list {
        cell[*at] = *number;
        combine(lists, columns, cell, add)?;
    }
    Ok(())
}

/// Adds up cells whose values are the same under different codes.
fn unite(by: &[By<'_>], counts: FxHashMap<Cell, Count>) -> Result<FxHashMap<Cell, Count>> {
    let mut same: Vec<FxHashMap<u32, u32>> = Vec::with_capacity(by.len());
    for by in by {
        same.push(match by {
            By::Sets(_) => FxHashMap::default(),
            By::Codes { values, numbers } => {
                let number = |code: u64| numbers.of_codes.get(&code).copied().unwrap_or(NOTHING);
                let aliases = values.aliases(numbers.codes.clone())?;
                aliases.into_iter().map(|(code, first)| (number(code), number(first))).collect()
            }
        });
    }
    if same.iter().all(FxHashMap::is_empty) {
        return Ok(counts);
    }
    let mut united: FxHashMap<Cell, Count> = FxHashMap::default();
    for (mut cell, count) in counts {
        for (number, same) in cell.iter_mut().zip(&same) {
            *number = same.get(number).copied().unwrap_or(*number);
        }
        united.entry(cell).or_insert(Count::NONE).merge(count);
    }
    Ok(united)
}

/// Cells with the texts of their values.
fn named(by: &[By<'_>], cells: &[(Count, Cell)]) -> Result<Vec<(Count, Texts)>> {
    let mut rows: Vec<(Count, Texts)> =
        cells.iter().map(|(count, _)| (*count, Vec::with_capacity(by.len()))).collect();
    for (at, by) in by.iter().enumerate() {
        let numbers = cells.iter().map(|(_, cell)| cell[at] as usize);
        match by {
            By::Sets(sets) => {
                for ((_, row), number) in rows.iter_mut().zip(numbers) {
                    row.push(sets.get(number).map(|(value, _)| value.clone()));
                }
            }
            By::Codes { values, numbers: known } => {
                // A study that has all values of the row has this one.
                let code = |cell: &Cell| known.codes.get(cell[at] as usize).copied();
                let wanted: Vec<(u64, u32)> = cells
                    .iter()
                    .filter_map(|(count, cell)| code(cell).map(|code| (code, count.first)))
                    .collect();
                let texts = values.texts(&wanted)?;
                for ((_, row), (_, cell)) in rows.iter_mut().zip(cells) {
                    row.push(code(cell).and_then(|code| texts.get(&code).cloned()));
                }
            }
        }
    }
    Ok(rows)
}

/// The rows that are kept of candidates, in their order.
fn rows(candidates: Vec<(Count, Texts)>) -> Vec<Row> {
    let kept = fullest::kept(candidates, ROWS_MAX);
    kept.into_iter().map(|(count, values)| Row { values, studies: count.studies.into() }).collect()
}

/// Whether a piece has so few values that each is a set of studies.
fn is_of_few_values(piece: Piece) -> bool {
    matches!(piece.kind(), Kind::Enum(_) | Kind::Boolean)
}

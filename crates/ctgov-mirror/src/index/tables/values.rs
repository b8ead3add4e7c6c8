//! `Values`: what studies have of one dimension of a table, as codes that are quick to count, and the texts of codes.
//!
//! | values | code | its text |
//! |---|---|---|
//! | numbers | the key | the number |
//! | dates by period | the key of its start | its label |
//! | in a dictionary ([`Form::Terms`]) | the place in the dictionaries, one after the other | looked up there |
//! | as prints ([`Form::Prints`]) | the print | in the record of any study that has it |

use super::{
    super::{
        bits::Bits,
        entry::value_text,
        execute::Execution,
        fields::{Form, column_name, form, measure_name},
        prints::{CHARACTERS_MAX, Print, print_of_term},
    },
    Result, STUDIES_PER_CHECK,
};
use ctgov::{
    NctId, RegistryError,
    pieces::{Measure, Order, Piece},
    tabulate::{Dimension, Period},
};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::{collections::BTreeMap, ops::Range};
use tantivy::{
    TantivyError,
    columnar::{Column, MonotonicallyMappableToU64 as _, StrColumn},
};
use xxhash_rust::xxh3::xxh3_128;

/// How many studies have something, and the first of them by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub studies: u32,
    pub first: u32,
}

impl Count {
    pub(super) const NONE: Self = Self { studies: 0, first: u32::MAX };

    /// Counts the study with this number.
    pub(super) fn add(&mut self, nct: u32) {
        self.merge(Self { studies: 1, first: nct });
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.studies += other.studies;
        self.first = self.first.min(other.first);
    }
}

/// How often which codes occur.
pub(super) struct Tally {
    /// How many studies have no value, and the first of them.
    pub missing: Count,
    /// Every code that occurs, in no order.
    pub counts: Vec<(u64, Count)>,
}

/// The values of one dimension.
pub(super) struct Values<'a> {
    execution: &'a Execution<'a>,
    piece: Piece,
    codes: Codes,
    /// Whether they are values of sites, of which a study has many.
    of_sites: bool,
    segments: Vec<Segment>,
    /// How many terms all dictionaries have.
    terms: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Codes {
    Keys,
    Periods(Period),
    Terms,
    Prints,
}

struct Segment {
    /// The ordinal of its first document.
    start: u32,
    column: Column<u64>,
    dictionary: Option<StrColumn>,
    /// The code of its first term.
    first_code: u64,
}

impl<'a> Values<'a> {
    /// The values of a dimension that was checked.
    pub(super) fn of(execution: &'a Execution<'a>, by: Dimension) -> Result<Self> {
        let codes = match (by.piece.kind().order(), by.period, form(by.piece)) {
            (Some(Order::Dates), Some(period), _) => Codes::Periods(period),
            (_, _, Some(Form::Terms)) => Codes::Terms,
            (_, _, Some(Form::Prints)) => Codes::Prints,
            _ => Codes::Keys,
        };
        Self::open(execution, Measure::Values(by.piece), codes)
    }

    /// The values of a piece as its column has them.
    pub(super) fn of_piece(execution: &'a Execution<'a>, piece: Piece) -> Result<Self> {
        Self::of(execution, Dimension { piece, period: None })
    }

    /// The keys of a measure.
    pub(super) fn of_measure(execution: &'a Execution<'a>, measure: Measure) -> Result<Self> {
        Self::open(execution, measure, Codes::Keys)
    }

    fn open(execution: &'a Execution<'a>, measure: Measure, codes: Codes) -> Result<Self> {
        let piece = measure.piece();
        // The lists that are counted are pieces of their own, in a site as their counts are.
        let of_sites = measure.canonical().piece().path_in_site().is_some();
        let documents = if of_sites { &execution.index.sites } else { &execution.index.studies };
        let (mut segments, mut terms) = (Vec::new(), 0);
        for (start, reader) in documents.iter() {
            let columns = reader.fast_fields();
            let open = || -> tantivy::Result<(Column<u64>, Option<StrColumn>)> {
                Ok(match codes {
                    Codes::Keys | Codes::Periods(_) => {
                        (columns.i64(&measure_name(measure.canonical()))?.to_u64_monotonic(), None)
                    }
                    Codes::Prints => (columns.u64(&column_name(piece))?, None),
                    Codes::Terms => match columns.str(&column_name(piece))? {
                        Some(column) => (column.ords().clone(), Some(column)),
                        None => (Column::build_empty_column(reader.max_doc()), None),
                    },
                })
            };
            let (column, dictionary) = open().map_err(|error| execution.index.unavailable(error))?;
            let first_code = terms as u64;
            terms += dictionary.as_ref().map_or(0, |terms| terms.num_terms());
            segments.push(Segment { start, column, dictionary, first_code });
        }
        Ok(Self { execution, piece, codes, of_sites, segments, terms })
    }

    /// Calls `each` with every value that a study has, as often as it has it.
    fn for_each(&self, study: u32, mut each: impl FnMut(u64)) {
        for document in self.documents(study) {
            let at = self.segments.partition_point(|segment| segment.start <= document) - 1;
            let segment = &self.segments[at];
            let values = segment.column.values_for_doc(document - segment.start);
            match self.codes {
                Codes::Keys | Codes::Prints => values.for_each(&mut each),
                Codes::Terms => values.for_each(|ord| each(segment.first_code + ord)),
                Codes::Periods(period) => {
                    values.for_each(|key| each(period.start(i64::from_u64(key)).to_u64()));
                }
            }
        }
    }

    fn documents(&self, study: u32) -> Range<u32> {
        if self.of_sites { self.execution.index.ordinals.sites(study) } else { study..study + 1 }
    }

    /// Calls `each` with every key that a study has, as often as it has it.
    pub(super) fn for_each_key(&self, study: u32, mut each: impl FnMut(i64)) {
        self.for_each(study, |code| each(Self::key(code)));
    }

    /// The key that a code of a measure stands for.
    pub(super) fn key(code: u64) -> i64 {
        i64::from_u64(code)
    }

    /// Puts the different codes of a study into `codes`.
    pub(super) fn codes_of(&self, study: u32, codes: &mut Vec<u64>) {
        codes.clear();
        self.for_each(study, |code| codes.push(code));
        codes.sort_unstable();
        codes.dedup();
    }

    /// Counts the studies of `matched` by their values.
    pub(super) fn tally(&self, matched: &Bits) -> Result<Tally> {
        match self.codes {
            Codes::Terms => self.tally_terms(matched),
            Codes::Prints => self.tally_prints(matched),
            Codes::Keys | Codes::Periods(_) => {
                let mut counts: FxHashMap<u64, Count> = FxHashMap::default();
                let mut codes = Vec::new();
                let missing = self.for_each_study(matched, |study, nct| {
                    self.codes_of(study, &mut codes);
                    codes.iter().for_each(|code| counts.entry(*code).or_insert(Count::NONE).add(nct));
                    !codes.is_empty()
                })?;
                Ok(Tally { missing, counts: counts.into_iter().collect() })
            }
        }
    }

    /// Calls `each` with every study of `matched` and its number, and counts those of which it says that they have no
    /// value.
    fn for_each_study(&self, matched: &Bits, mut each: impl FnMut(u32, u32) -> bool) -> Result<Count> {
        let mut missing = Count::NONE;
        for (done, study) in matched.iter().enumerate() {
            if done % STUDIES_PER_CHECK == 0 {
                self.execution.budget.check().map_err(|error| self.name_costly(error))?;
            }
            let nct = self.execution.index.ordinals.nct(study);
            if !each(study, nct) {
                missing.add(nct);
            }
        }
        Ok(missing)
    }

    /// There are at most as many terms as there are places for them: every place is a counter.
    fn tally_terms(&self, matched: &Bits) -> Result<Tally> {
        /// Studies, the first, and the one counted last: a study has a value at several of its sites. Zero is no
        /// study's number.
        type Counter = [u32; 3];
        let mut counters: Vec<Counter> = vec![[0; 3]; self.terms];
        let mut met: Vec<u32> = Vec::new();
        let missing = self.for_each_study(matched, |study, nct| {
            let mut any = false;
            self.for_each(study, |code| {
                any = true;
                // A column can only be wrong about its dictionary where the file is damaged, which is for `verify`.
                let Some([studies, first, last]) = counters.get_mut(code as usize) else { return };
                if *last != nct {
                    if *studies == 0 {
                        met.push(code as u32);
                        *first = nct;
                    }
                    (*studies, *first, *last) = (*studies + 1, nct.min(*first), nct);
                }
            });
            any
        })?;
        let count = |code: &u32| {
            let [studies, first, _] = counters[*code as usize];
            Count { studies, first }
        };
        let mut counts: Vec<(u64, Count)> = met.iter().map(|code| (u64::from(*code), count(code))).collect();
        self.unite(&mut counts)?;
        Ok(Tally { missing, counts })
    }

    /// Gives a term that stands in several dictionaries one code.
    fn unite(&self, counts: &mut Vec<(u64, Count)>) -> Result<()> {
        let codes = counts.iter().map(|(code, _)| *code).collect();
        let aliases = self.aliases(codes)?;
        if !aliases.is_empty() {
            let mut united: FxHashMap<u64, Count> = FxHashMap::default();
            for (code, count) in counts.drain(..) {
                let code = aliases.get(&code).copied().unwrap_or(code);
                united.entry(code).or_insert(Count::NONE).merge(count);
            }
            counts.extend(united);
        }
        Ok(())
    }

    /// Of those codes that mean the same as another of them: which.
    pub(super) fn aliases(&self, codes: Vec<u64>) -> Result<FxHashMap<u64, u64>> {
        let mut aliases = FxHashMap::default();
        if self.codes == Codes::Terms
            && self.segments.iter().filter(|one| one.dictionary.is_some()).count() > 1
        {
            let mut known: FxHashMap<u128, u64> = FxHashMap::default();
            self.for_each_term(codes, &mut |code, term| {
                let first = *known.entry(xxh3_128(term.as_bytes())).or_insert(code);
                if first != code {
                    aliases.insert(code, first);
                }
            })?;
        }
        Ok(aliases)
    }

    /// Every value counts one study; sorted, the same stand together.
    fn tally_prints(&self, matched: &Bits) -> Result<Tally> {
        let mut counts: Vec<(u64, Count)> = Vec::new();
        let missing = self.for_each_study(matched, |study, nct| {
            let before = counts.len();
            self.for_each(study, |print| counts.push((print, Count { studies: 1, first: nct })));
            counts.len() > before
        })?;
        counts.sort_unstable_by_key(|(print, count)| (*print, count.first));
        // A study has a value at several of its sites.
        counts.dedup();
        counts.dedup_by(|(print, count), (kept, sum)| {
            let same = print == kept;
            if same {
                sum.merge(*count);
            }
            same
        });
        counts.shrink_to_fit();
        Ok(Tally { missing, counts })
    }

    /// The texts of codes, each of which comes with the number of a study that has it.
    pub(super) fn texts(&self, wanted: &[(u64, u32)]) -> Result<FxHashMap<u64, String>> {
        let mut texts = FxHashMap::with_capacity_and_hasher(wanted.len(), FxBuildHasher);
        match self.codes {
            Codes::Keys => {
                texts.extend(wanted.iter().map(|(code, _)| (*code, i64::from_u64(*code).to_string())));
            }
            Codes::Periods(period) => {
                let label = |code: u64| period.label(i64::from_u64(code));
                texts.extend(wanted.iter().map(|(code, _)| (*code, label(*code))));
            }
            Codes::Prints => {
                let prints = wanted.iter().map(|(code, nct)| (*nct, Print(*code), *code));
                self.read(prints, &mut texts)?;
            }
            Codes::Terms => {
                let mut shortened = FxHashMap::default();
                self.for_each_term(wanted.iter().map(|(code, _)| *code).collect(), &mut |code, term| {
                    match print_of_term(term) {
                        Some(print) => _ = shortened.insert(code, print),
                        None => _ = texts.insert(code, term.to_owned()),
                    }
                })?;
                let prints =
                    wanted.iter().filter_map(|(code, nct)| Some((*nct, *shortened.get(code)?, *code)));
                self.read(prints, &mut texts)?;
            }
        }
        Ok(texts)
    }

    /// Reads from the records of studies the values of these prints.
    fn read(
        &self,
        wanted: impl Iterator<Item = (u32, Print, u64)>,
        texts: &mut FxHashMap<u64, String>,
    ) -> Result<()> {
        let mut of_studies: BTreeMap<u32, FxHashMap<Print, u64>> = BTreeMap::new();
        for (nct, print, code) in wanted {
            of_studies.entry(nct).or_default().insert(print, code);
        }
        for (nct, mut prints) in of_studies {
            self.execution.budget.check().map_err(|error| self.name_costly(error))?;
            let study = NctId::new(nct).ok().and_then(|id| self.execution.index.ordinals.of(id));
            let record = study.map(|study| self.execution.record(study)).transpose()?.unwrap_or_default();
            self.piece.for_each_value(&record, |value| {
                let Some(text) = value_text(self.piece, value) else { return };
                if let Some(code) = prints.remove(&Print::of(&text)) {
                    texts.insert(code, text.into_owned());
                }
            });
            if !prints.is_empty() {
                let what = format!("study {nct} has not the value of {} it should", self.piece.name());
                let what = tantivy::error::DataCorruption::comment_only(what);
                return Err(self.execution.index.unavailable(what.into()));
            }
        }
        Ok(())
    }

    /// Calls `each` with the terms of codes, in the order of the codes.
    fn for_each_term(&self, mut codes: Vec<u64>, each: &mut dyn FnMut(u64, &str)) -> Result<()> {
        codes.sort_unstable();
        codes.dedup();
        let mut rest = codes.as_slice();
        for segment in &self.segments {
            let Some(column) = &segment.dictionary else { continue };
            let end = segment.first_code + column.num_terms() as u64;
            let (own, others) = rest.split_at(rest.partition_point(|code| *code < end));
            rest = others;
            let ords: Vec<u64> = own.iter().map(|code| code - segment.first_code).collect();
            let (mut own, mut is_text) = (own.iter(), true);
            let found = column.dictionary().sorted_ords_to_term_cb(&ords, |term| {
                match (own.next(), str::from_utf8(term)) {
                    (Some(code), Ok(term)) => each(*code, term),
                    _ => is_text = false,
                }
            });
            let unavailable = |error: TantivyError| self.execution.index.unavailable(error);
            if !found.map_err(|error| unavailable(error.into()))? || !is_text {
                let what = format!("the dictionary of {} is damaged", self.piece.name());
                return Err(unavailable(tantivy::error::DataCorruption::comment_only(what).into()));
            }
        }
        Ok(())
    }

    /// Of the codes counted those that can be of the longest value, each with a study that has it.
    pub(super) fn longest(&self, counts: &[(u64, Count)]) -> Result<Vec<(u64, u32)>> {
        let mut longest = Longest::default();
        match self.codes {
            Codes::Prints => {
                counts
                    .iter()
                    .for_each(|(code, count)| longest.offer(Print(*code).characters(), *code, *count));
            }
            _ => {
                let first: FxHashMap<u64, Count> = counts.iter().copied().collect();
                self.for_each_term(first.keys().copied().collect(), &mut |code, term| {
                    let characters = print_of_term(term)
                        .map_or_else(|| (term.chars().count() as u64).min(CHARACTERS_MAX), Print::characters);
                    longest.offer(characters, code, first.get(&code).copied().unwrap_or(Count::NONE));
                })?;
            }
        }
        Ok(longest.codes)
    }

    fn name_costly(&self, error: RegistryError) -> RegistryError {
        match error {
            RegistryError::DeadlineExceeded { costly: None } => {
                let costly = format!("counting the values of {}", self.piece.name());
                RegistryError::DeadlineExceeded { costly: Some(costly) }
            }
            error => error,
        }
    }
}

/// The longest values so far.
#[derive(Default)]
struct Longest {
    characters: u64,
    first: u32,
    codes: Vec<(u64, u32)>,
}

impl Longest {
    fn offer(&mut self, characters: u64, code: u64, count: Count) {
        // Of those that are too long for their length to be known, every one can be the longest.
        let first = if characters < CHARACTERS_MAX { count.first } else { 0 };
        let better = characters.cmp(&self.characters).then_with(|| self.first.cmp(&first));
        if better.is_gt() || self.codes.is_empty() {
            (self.characters, self.first) = (characters, first);
            self.codes.clear();
        }
        if better.is_ge() || self.codes.is_empty() {
            self.codes.push((code, count.first));
        }
    }
}

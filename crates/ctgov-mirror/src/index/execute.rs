//! From a [`Condition`] to the set of studies that meet it.
//!
//! Sets of studies and sets of sites are computed by themselves; `Sites` leads from one to the other. What is known
//! already about the answer (`within`) goes along, so that a costly part is only worked out for the studies that can
//! still matter. Where the index gives too much (the very characters of a text, phrases in tables of results), the
//! records decide, by the evaluator that defines what is correct.

use super::{
    StudyIndex,
    bits::Bits,
    columns::{Column, Pick, Places},
    fields::{Fields, Style, format_term, measure_name, style},
    geo,
    ordinals::Segments,
    pairs,
    phrase::{Phrase, is_few},
    words::{any_of, count_in_area, in_area},
};
use crate::documents::Documents;
use ctgov::{
    Budget, NctId, RegistryError,
    essie::{
        Circle, Condition, Coverage, Expansion, Interval, Words,
        evaluate::{Prepared, matches, site_matches},
    },
    pieces::{Measure, Piece},
};
use std::{borrow::Cow, collections::BTreeSet, sync::Arc};
use tantivy::{
    Term,
    schema::{Field, IndexRecordOption},
};

/// How many values of a column are compared between two looks at the budget.
const VALUES_PER_CHECK: u32 = 1 << 16;

/// One question being answered.
#[derive(Clone, Copy)]
pub(super) struct Execution<'a> {
    pub index: &'a StudyIndex,
    pub documents: &'a Documents,
    pub budget: &'a Budget,
}

/// Which of the two kinds of documents a set is of.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Of {
    Studies,
    Sites,
}

type Result<T> = std::result::Result<T, RegistryError>;

impl<'a> Execution<'a> {
    /// The studies that meet `condition`. Only of those `within`, if that is given, it is certain; others can be among
    /// them or not.
    pub(super) fn studies(&self, condition: &Condition, within: Option<&Bits>) -> Result<Arc<Bits>> {
        match condition {
            Condition::All | Condition::None | Condition::And(_) | Condition::Or(_) | Condition::Not(_) => {
                self.combine(Of::Studies, condition, within).map(Arc::new)
            }
            Condition::Tilt(_, inner) => self.studies(inner, within),
            Condition::Study(_) => Ok(Arc::new(Bits::none(self.index.studies.len()))),
            Condition::Ids(ids) => self.ids(ids).map(Arc::new),
            leaf => {
                let key = key(leaf);
                let set = match self.index.remembered(&key) {
                    Some(known) => known,
                    None => {
                        let (set, whole) =
                            self.leaf(Of::Studies, leaf, within).map_err(|error| name_costly(error, leaf))?;
                        let set = Arc::new(set);
                        if whole {
                            self.index.remember(key, &set);
                        }
                        set
                    }
                };
                Ok(set)
            }
        }
    }

    /// The sites that meet `condition`, as [`studies`](Self::studies).
    fn sites(&self, condition: &Condition, within: Option<&Bits>) -> Result<Bits> {
        match condition {
            Condition::All | Condition::None | Condition::And(_) | Condition::Or(_) | Condition::Not(_) => {
                self.combine(Of::Sites, condition, within)
            }
            Condition::Tilt(_, inner) => self.sites(inner, within),
            Condition::Study(inner) => {
                let (studies, mut sites) = (self.studies(inner, None)?, self.none(Of::Sites));
                for site in self.index.sites.alive().iter() {
                    if self.index.ordinals.study(site).is_some_and(|study| studies.contains(study)) {
                        sites.insert(site);
                    }
                }
                Ok(sites)
            }
            leaf => {
                let found = self.leaf(Of::Sites, leaf, within).map_err(|error| name_costly(error, leaf))?;
                Ok(found.0)
            }
        }
    }

    fn of(&self, of: Of, condition: &Condition, within: Option<&Bits>) -> Result<Bits> {
        let mut set = match of {
            Of::Studies => Arc::unwrap_or_clone(self.studies(condition, within)?),
            Of::Sites => self.sites(condition, within)?,
        };
        if let Some(within) = within {
            set.and(within);
        }
        Ok(set)
    }

    fn combine(&self, of: Of, condition: &Condition, within: Option<&Bits>) -> Result<Bits> {
        let everything = || within.unwrap_or_else(|| self.segments(of).alive()).clone();
        match condition {
            Condition::All => Ok(everything()),
            Condition::And(parts) => {
                let mut parts: Vec<_> = parts.iter().collect();
                parts.sort_by_key(|part| cost(part));
                let mut set: Option<Bits> = within.cloned();
                for part in parts {
                    if set.as_ref().is_some_and(Bits::is_empty) {
                        break;
                    }
                    set = Some(self.of(of, part, set.as_ref())?);
                }
                Ok(set.unwrap_or_else(everything))
            }
            Condition::Or(parts) => {
                let mut set = self.none(of);
                for part in parts {
                    set.or(&self.of(of, part, within)?);
                }
                Ok(set)
            }
            Condition::Not(part) => {
                let mut set = everything();
                set.and_not(&self.of(of, part, within)?);
                Ok(set)
            }
            _ => Ok(self.none(of)),
        }
    }

    /// The documents that meet a leaf, and whether those are all there are, rather than only those `within`.
    fn leaf(&self, of: Of, leaf: &Condition, within: Option<&Bits>) -> Result<(Bits, bool)> {
        // What is asked of sites looks at it itself, and says what it is.
        if !matches!(leaf, Condition::Sites(_)) {
            self.budget.check()?;
        }
        let fields = self.fields(of);
        let whole = |set: Bits| (set, true);
        let mut set = match leaf {
            Condition::OneOf { piece, values, .. } => match fields.value(*piece) {
                Some(field) => {
                    let terms: Vec<_> =
                        values.iter().map(|value| Term::from_field_text(field, value)).collect();
                    whole(self.any_of(of, &terms)?)
                }
                None => whole(self.none(of)),
            },
            Condition::Between { measure, interval } => whole(self.between(of, *measure, *interval)?),
            Condition::Present(pieces) => whole(self.present(of, pieces)?),
            Condition::Within { piece, circle } => whole(self.within_circle(of, *piece, circle)?),
            Condition::Words(words) => self.words(of, words, within)?,
            Condition::Sites(inner) if of == Of::Studies => whole(self.project(&self.sites(inner, None)?)),
            _ => whole(self.none(of)),
        };
        set.0.and(self.segments(of).alive());
        Ok(set)
    }

    pub(super) fn segments(&self, of: Of) -> &'a Segments {
        match of {
            Of::Studies => &self.index.studies,
            Of::Sites => &self.index.sites,
        }
    }

    pub(super) fn fields(&self, of: Of) -> &'a Fields {
        match of {
            Of::Studies => &self.index.schemas.studies,
            Of::Sites => &self.index.schemas.sites,
        }
    }

    fn none(&self, of: Of) -> Bits {
        Bits::none(self.segments(of).len())
    }

    pub(super) fn any_of(&self, of: Of, terms: &[Term]) -> Result<Bits> {
        any_of(self.segments(of), terms, self.budget, &|error| self.index.unavailable(error))
    }

    /// The studies that have one of these sites.
    pub(super) fn project(&self, sites: &Bits) -> Bits {
        let mut studies = self.none(Of::Studies);
        for study in sites.iter().filter_map(|site| self.index.ordinals.study(site)) {
            studies.insert(study);
        }
        studies
    }

    /// The sites of `studies`, if those are so few that looking at each beats looking at all.
    fn sites_of_few(&self, studies: &Bits) -> Option<Bits> {
        const FEW: u64 = 64;
        if studies.count() > u64::from(studies.len()) / FEW {
            return None;
        }
        let mut sites = self.none(Of::Sites);
        for study in studies.iter() {
            self.index.ordinals.sites(study).for_each(|site| sites.insert(site));
        }
        Some(sites)
    }

    fn ids(&self, ids: &BTreeSet<NctId>) -> Result<Bits> {
        let mut studies = self.none(Of::Studies);
        ids.iter().filter_map(|id| self.index.ordinals.of(*id)).for_each(|study| studies.insert(study));
        const ALIAS: Piece = Piece::named("NCTIdAlias");
        if let Some((field, _)) = self.index.schemas.studies.text(ALIAS) {
            let term = |id: &NctId| Term::from_field_text(field, &id.to_string().to_ascii_lowercase());
            let terms: Vec<_> = ids.iter().map(term).collect();
            studies.or(&self.any_of(Of::Studies, &terms)?);
        }
        studies.and(self.index.studies.alive());
        Ok(studies)
    }

    fn present(&self, of: Of, pieces: &[Piece]) -> Result<Bits> {
        let term = |piece: &Piece| Term::from_field_text(self.fields(of).present, piece.name());
        let own: Vec<_> = pieces.iter().map(term).collect();
        let mut set = self.any_of(of, &own)?;
        // A study has what one of its sites has; the list of sites itself is the study's.
        if of == Of::Studies && pieces.iter().any(|piece| piece.path_in_site().is_some()) {
            let field = self.index.schemas.sites.present;
            let term = |piece: &Piece| Term::from_field_text(field, piece.name());
            let terms: Vec<_> = pieces.iter().map(term).collect();
            set.or(&self.project(&self.any_of(Of::Sites, &terms)?));
        }
        Ok(set)
    }

    /// The studies that have a date in one of [`ctgov::tabulate::DATE_FORMATS`].
    pub(super) fn present_as(&self, piece: Piece, format: &str) -> Result<Bits> {
        let of = if piece.path_in_site().is_some() { Of::Sites } else { Of::Studies };
        let term = Term::from_field_text(self.fields(of).present, &format_term(piece, format));
        let found = self.any_of(of, &[term])?;
        Ok(if of == Of::Sites { self.project(&found) } else { found })
    }

    fn between(&self, of: Of, measure: Measure, interval: Interval) -> Result<Bits> {
        let mut set = self.none(of);
        let measure = measure.canonical();
        if !self.fields(of).has_measure(measure) {
            return Ok(set);
        }
        let mut docs = Vec::new();
        for (start, segment) in self.segments(of).iter() {
            let column = segment.fast_fields().i64(&measure_name(measure));
            let column = column.map_err(|error| self.index.unavailable(error))?;
            // tantivy takes an interval that ends below the least value for one that ends at it.
            let range = interval.from.max(column.min_value())..=interval.to.min(column.max_value());
            if range.is_empty() || column.values.num_vals() == 0 {
                continue;
            }
            for from in (0..segment.max_doc()).step_by(VALUES_PER_CHECK as usize) {
                self.budget.check()?;
                docs.clear();
                let to = segment.max_doc().min(from + VALUES_PER_CHECK);
                column.get_docids_for_value_range(range.clone(), from..to, &mut docs);
                docs.iter().for_each(|doc| set.insert(start + doc));
            }
        }
        Ok(set)
    }

    fn within_circle(&self, of: Of, _piece: Piece, circle: &Circle) -> Result<Bits> {
        let mut set = self.none(of);
        if of == Of::Sites {
            self.for_each_near(circle, |site, _| set.insert(site))?;
        }
        Ok(set)
    }

    /// Calls `each` with every site in the circle and how far it is from the centre, in metres.
    pub(super) fn for_each_near(&self, circle: &Circle, mut each: impl FnMut(u32, f64)) -> Result<()> {
        let Some(field) = self.index.schemas.sites.point else { return Ok(()) };
        let (band, reach) = (geo::band(circle), circle.radius_meters());
        for (start, segment) in self.index.sites.iter() {
            let near = || -> tantivy::Result<Vec<_>> {
                let inverted = segment.inverted_index(field)?;
                let mut points = inverted.terms().range().ge(band.start()).le(band.end()).into_stream()?;
                let mut near = Vec::new();
                while points.advance() {
                    let Some((latitude, longitude)) = geo::of_key(points.key()) else { continue };
                    let distance = circle.distance_meters(latitude, longitude);
                    if distance <= reach {
                        let basic = IndexRecordOption::Basic;
                        near.push((
                            distance,
                            inverted.read_block_postings_from_terminfo(points.value(), basic)?,
                        ));
                    }
                }
                Ok(near)
            };
            for (distance, list) in near().map_err(|error| self.index.unavailable(error))? {
                super::words::for_each_block(list, self.budget, |docs| {
                    docs.iter().for_each(|doc| each(start + doc, distance));
                })?;
            }
        }
        Ok(())
    }

    /// The documents in which words are found, and whether those are all there are.
    fn words(&self, of: Of, words: &Words, within: Option<&Bits>) -> Result<(Bits, bool)> {
        if words.words.is_empty() {
            return Ok((self.none(of), true));
        }
        if words.expansion == Expansion::None {
            let found = self.phrase(of, words, &words.words, false, within)?;
            return Ok((self.verify(of, &Condition::Words(words.clone()), found)?, within.is_none()));
        }
        // Of single words whole lists are read anyway.
        let within = within.filter(|_| !words.relaxed || !words.synonyms.is_empty());
        let mut found = if words.expansion == Expansion::Lossy && words.relaxed {
            let mut any = self.none(of);
            for word in distinct(&words.words) {
                any.or(&self.word(of, words, word)?);
            }
            any
        } else if words.relaxed {
            self.every_word(of, words, &words.words, within)?
        } else {
            self.phrase(of, words, &words.words, false, within)?
        };
        if !words.synonyms.is_empty() {
            // Most that have a synonym have the words, too.
            let mut rest = within.unwrap_or_else(|| self.segments(of).alive()).clone();
            for synonym in &words.synonyms {
                self.budget.check()?;
                rest.and_not(&found);
                found.or(&self.phrase(of, words, synonym, true, Some(&rest))?);
            }
        }
        let whole = within.is_none();
        Ok((found, whole))
    }

    /// The documents that have `word` in some place of `words`.
    fn word(&self, of: Of, words: &Words, word: &str) -> Result<Bits> {
        if let Some(field) = self.area_field(of, words) {
            return in_area(self.segments(of), field, word, self.budget, &|error| {
                self.index.unavailable(error)
            });
        }
        let mut set = self.none(of);
        let word = [word.to_owned()];
        for place in &words.pieces {
            self.in_piece(of, place.piece, &word, Coverage::Contains, None, &mut set)?;
        }
        Ok(set)
    }

    /// The field that has every word of the places of `words`.
    pub(super) fn area_field(&self, of: Of, words: &Words) -> Option<Field> {
        let area = words.area.filter(|_| of == Of::Studies)?;
        self.index.schemas.studies.area(area)
    }

    fn every_word(&self, of: Of, words: &Words, every: &[String], within: Option<&Bits>) -> Result<Bits> {
        let mut set = within.cloned();
        for word in distinct(every) {
            if set.as_ref().is_some_and(Bits::is_empty) {
                break;
            }
            let mut having = self.word(of, words, word)?;
            if let Some(set) = &set {
                having.and(set);
            }
            set = Some(having);
        }
        Ok(set.unwrap_or_else(|| self.none(of)))
    }

    /// Those of `within` (of all, without one) that can have `phrase` in a place of `words`, if that narrows them down.
    ///
    /// Lists are read until the candidates are few enough to be looked up one by one, those of rare words first.
    pub(super) fn phrase_candidates(
        &self,
        of: Of,
        words: &Words,
        phrase: &[String],
        within: Option<&Bits>,
    ) -> Result<Option<Bits>> {
        let mut candidates = within.cloned();
        let are_few = |candidates: &Option<Bits>| candidates.as_ref().is_some_and(is_few);
        let narrow = |candidates: &mut Option<Bits>, mut having: Bits| {
            if let Some(candidates) = candidates {
                having.and(candidates);
            }
            *candidates = Some(having);
        };
        let mut others = Cow::Borrowed(phrase);
        // Tables of results have no pairs.
        let has_pairs = words.pieces.iter().all(|place| style(place.piece) == Style::Positions);
        if let Some(field) = self.fields(of).pair.filter(|_| has_pairs) {
            for pair in pairs::terms(field, phrase, words.area) {
                if are_few(&candidates) {
                    break;
                }
                narrow(&mut candidates, self.any_of(of, &pair)?);
                others = pairs::others(phrase).into();
            }
        }
        // The words must be there at all: short lists, read once.
        if self.area_field(of, words).is_some() {
            let mut frequencies = Vec::new();
            for word in distinct(&others) {
                frequencies.push((self.studies_with(words, word)?, word));
            }
            frequencies.sort_unstable();
            for (_, word) in frequencies {
                if are_few(&candidates) {
                    break;
                }
                narrow(&mut candidates, self.word(of, words, word)?);
            }
        }
        Ok(candidates)
    }

    /// How many studies have `word` in some place of `words`.
    pub(super) fn studies_with(&self, words: &Words, word: &str) -> Result<u64> {
        let key = match words.area {
            Some(area) => format!("{} {word}", area.name),
            None => format!("{:?} {word}", words.pieces),
        };
        if let Some(known) = self.index.word_counts.get(&key) {
            return Ok(known);
        }
        let count = match self.area_field(Of::Studies, words) {
            Some(field) => count_in_area(&self.index.studies, field, word, self.budget, &|error| {
                self.index.unavailable(error)
            })?,
            None => {
                let mut having = self.word(Of::Studies, words, word)?;
                having.and(self.index.studies.alive());
                having.count()
            }
        };
        self.index.word_counts.insert(key, count);
        Ok(count)
    }

    /// The keys of `measure`, one a study.
    pub(super) fn keys(&self, measure: Measure, pick: Pick) -> Result<Arc<Column>> {
        let StudyIndex { schemas, studies, sites, ordinals, columns, .. } = self.index;
        let places =
            Places { studies: (&schemas.studies, studies), sites: (&schemas.sites, sites), ordinals };
        let column = columns.get(&places, measure, pick);
        column.map_err(|error| self.index.unavailable(error))
    }

    /// The documents of `within` that have `phrase` in some place of `words`, if asked only where synonyms count.
    fn phrase(
        &self,
        of: Of,
        words: &Words,
        phrase: &[String],
        synonyms_only: bool,
        within: Option<&Bits>,
    ) -> Result<Bits> {
        if phrase.len() == 1 && words.coverage == Coverage::Contains && !synonyms_only {
            return self.word(of, words, &phrase[0]);
        }
        if words.coverage == Coverage::Contains
            && !synonyms_only
            && let Some(field) = self.fields(of).pair
            && let Some(pair) = pairs::says_all(field, phrase, words.area)
        {
            return self.any_of(of, &[pair]);
        }
        let mut found = self.none(of);
        let mut candidates = self.phrase_candidates(of, words, phrase, within)?;
        for place in words.pieces.iter().filter(|place| place.synonyms || !synonyms_only) {
            if candidates.as_ref().is_some_and(Bits::is_empty) {
                break;
            }
            self.in_piece(of, place.piece, phrase, words.coverage, candidates.as_ref(), &mut found)?;
            if let Some(candidates) = &mut candidates {
                candidates.and_not(&found);
            }
        }
        Ok(found)
    }

    /// Adds to `found` the documents of `within` that have `phrase` in `piece`.
    pub(super) fn in_piece(
        &self,
        of: Of,
        piece: Piece,
        phrase: &[String],
        coverage: Coverage,
        within: Option<&Bits>,
        found: &mut Bits,
    ) -> Result<()> {
        let unavailable = |error| self.index.unavailable(error);
        if of == Of::Studies && piece.path_in_site().is_some() {
            let mut sites = self.none(Of::Sites);
            let of_few = within.and_then(|within| self.sites_of_few(within));
            self.in_piece(Of::Sites, piece, phrase, coverage, of_few.as_ref(), &mut sites)?;
            sites.and(self.index.sites.alive());
            let mut studies = self.project(&sites);
            if let Some(within) = within {
                studies.and(within);
            }
            found.or(&studies);
            return Ok(());
        }
        let Some((field, style)) = self.fields(of).text(piece) else { return Ok(()) };
        if style == Style::Positions || (phrase.len() == 1 && coverage == Coverage::Contains) {
            let phrase = Phrase { field, words: phrase, coverage };
            return phrase.find(self.segments(of), within, found, self.budget, &unavailable);
        }
        let mut candidates = within.cloned();
        for word in distinct(phrase) {
            let mut having = self.any_of(of, &[Term::from_field_text(field, word)])?;
            if let Some(candidates) = &candidates {
                having.and(candidates);
            }
            candidates = Some(having);
        }
        let words = Words {
            text: phrase.join(" "),
            words: phrase.to_vec(),
            pieces: vec![ctgov::essie::Place { piece, weight: 1.0, synonyms: false }],
            area: None,
            expansion: Expansion::Term,
            coverage,
            relaxed: false,
            synonyms: Vec::new(),
        };
        let candidates = candidates.unwrap_or_else(|| self.none(of));
        found.or(&self.verify(of, &Condition::Words(words), candidates)?);
        Ok(())
    }

    /// Those of `candidates` whose records meet `condition`.
    fn verify(&self, of: Of, condition: &Condition, mut candidates: Bits) -> Result<Bits> {
        candidates.and(self.segments(of).alive());
        let mut verified = self.none(of);
        let (mut last, mut study) = (None, serde_json::Value::Null);
        for candidate in candidates.iter() {
            self.budget.check()?;
            let ordinal = match of {
                Of::Studies => Some(candidate),
                Of::Sites => self.index.ordinals.study(candidate),
            };
            let Some(ordinal) = ordinal else { continue };
            if last != Some(ordinal) {
                study = self.record(ordinal)?;
                last = Some(ordinal);
            }
            let meets = match of {
                Of::Studies => matches(condition, &Prepared::new(&study)),
                Of::Sites => site_matches(condition, &Prepared::new(&study), self.position(candidate)?),
            };
            if meets {
                verified.insert(candidate);
            }
        }
        Ok(verified)
    }

    fn position(&self, site: u32) -> Result<usize> {
        let (segment, doc) = self.index.sites.locate(site);
        let column = segment.fast_fields().u64(super::fields::POSITION);
        let column = column.map_err(|error| self.index.unavailable(error))?;
        Ok(column.first(doc).unwrap_or_default() as usize)
    }

    /// The record of a study.
    pub(super) fn record(&self, ordinal: u32) -> Result<serde_json::Value> {
        let unavailable = |error: crate::MirrorError| RegistryError::Unavailable(Box::new(error));
        let id = NctId::new(self.index.ordinals.nct(ordinal)).ok();
        let entry = id.and_then(|id| self.documents.find(id)).ok_or_else(|| {
            let what = format!("it knows study {}, the documents do not", self.index.ordinals.nct(ordinal));
            unavailable(crate::MirrorError::damaged(&self.index.path, what))
        })?;
        let document = self.documents.read(entry).map_err(unavailable)?;
        document.value().map_err(|error| RegistryError::Unavailable(Box::new(error)))
    }
}

/// The words, each once.
fn distinct(words: &[String]) -> impl Iterator<Item = &str> {
    words.iter().enumerate().filter(|(at, word)| !words[..*at].contains(word)).map(|(_, word)| word.as_str())
}

/// A rough order of how much work a condition is.
fn cost(condition: &Condition) -> u32 {
    match condition {
        Condition::All | Condition::None | Condition::Ids(_) => 0,
        Condition::OneOf { .. } | Condition::Present(_) => 1,
        Condition::Between { .. } | Condition::Within { .. } => 2,
        Condition::Words(words) if words.expansion == Expansion::None => 100,
        Condition::Words(words) if words.relaxed && words.synonyms.is_empty() => 4,
        Condition::Words(words) => 6 + words.synonyms.len() as u32,
        Condition::Sites(inner) | Condition::Study(inner) => 3 + cost(inner),
        Condition::Not(inner) | Condition::Tilt(_, inner) => cost(inner),
        Condition::And(parts) => parts.iter().map(cost).min().unwrap_or_default(),
        Condition::Or(parts) => parts.iter().map(cost).max().unwrap_or_default(),
    }
}

/// What a leaf's answer is remembered by.
fn key(leaf: &Condition) -> String {
    match leaf {
        // Most of an area's words are its pieces, which its name says, too.
        Condition::Words(Words {
            area: Some(area),
            text,
            words,
            expansion,
            coverage,
            relaxed,
            synonyms,
            ..
        }) => {
            format!("{} {expansion:?} {coverage:?} {relaxed} {text:?} {words:?} {synonyms:?}", area.name)
        }
        other => format!("{other:?}"),
    }
}

/// Says at which part of the question the time ran out.
fn name_costly(error: RegistryError, leaf: &Condition) -> RegistryError {
    match error {
        RegistryError::DeadlineExceeded { costly: None } => {
            let costly = match leaf {
                Condition::Words(words) => format!("the words `{}`", shortened(&words.text)),
                Condition::Within { .. } => "the distance".to_owned(),
                Condition::Between { measure, .. } => format!("the range of {}", measure.piece().name()),
                Condition::OneOf { piece, .. } => format!("the values of {}", piece.name()),
                Condition::Present(_) => "MISSING".to_owned(),
                Condition::Sites(_) => "the part about sites".to_owned(),
                _ => return RegistryError::DeadlineExceeded { costly: None },
            };
            RegistryError::DeadlineExceeded { costly: Some(costly) }
        }
        other => other,
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

//! What records say about words that mean the same, kept in the index so that a generation can learn from all of it.

use super::{
    STUDIES,
    bits::Bits,
    entry::Schemas,
    fields::{Fields, column_name},
    ordinals::Segments,
    segments,
    words::list,
};
use crate::{
    error::{At, MirrorError},
    synonyms::{Additions, Evidence, Rules, TEXTS, learn_from, statements_of},
};
use ctgov::{pieces::Piece, synonyms::Synonyms};
use serde_json::Value;
use std::{
    cell::{OnceCell, RefCell},
    path::Path,
};
use tantivy::{
    SegmentReader, Term,
    columnar::Column,
    postings::BlockSegmentPostings,
    schema::{Field, IndexRecordOption},
};
use xxhash_rust::xxh3::xxh3_64;

/// Calls `each` with every statement of `study`.
pub(super) fn for_each_statement(study: &Value, mut each: impl FnMut(&str)) {
    statements_of(study).iter().for_each(|statement| each(&statement.to_term()));
}

/// Learns synonyms from the index in `directory`, a generation's, published or in the making.
pub(crate) fn learn_synonyms(
    directory: &Path,
    rules: &Rules,
    additions: &Additions,
) -> Result<Synonyms, MirrorError> {
    let path = directory.join(STUDIES);
    let fields = Schemas::new().studies;
    let studies = segments(&path, &fields.schema)?;
    let Some(field) = fields.synonym else { return Ok(Synonyms::default()) };
    let users = RefCell::new(Bits::none(studies.len()));
    let evidence = Statements { fields: &fields, studies: &studies, field, sponsors: OnceCell::new(), users };
    learn_from(&evidence, rules, additions).at("learn from", &path)
}

/// The statements of all studies in an open index.
struct Statements<'a> {
    fields: &'a Fields,
    studies: &'a Segments,
    field: Field,
    sponsors: OnceCell<Vec<Sponsors>>,
    users: RefCell<Bits>,
}

/// The lead sponsors of a segment's studies.
struct Sponsors {
    /// The place of each study's in `hashes`.
    places: Option<Column<u64>>,
    hashes: Vec<u64>,
}

impl Sponsors {
    fn of(segment: &SegmentReader) -> tantivy::Result<Self> {
        const SPONSOR: Piece = Piece::named("LeadSponsorName");
        let Some(names) = segment.fast_fields().str(&column_name(SPONSOR))? else {
            return Ok(Self { places: None, hashes: Vec::new() });
        };
        let mut hashes = Vec::with_capacity(names.num_terms());
        let mut stream = names.dictionary().stream()?;
        while stream.advance() {
            hashes.push(xxh3_64(stream.key()));
        }
        Ok(Self { places: Some(names.ords().clone()), hashes })
    }

    fn get(&self, doc: u32) -> Option<u64> {
        self.hashes.get(self.places.as_ref()?.first(doc)? as usize).copied()
    }
}

impl Statements<'_> {
    fn sponsors(&self) -> tantivy::Result<&[Sponsors]> {
        if self.sponsors.get().is_none() {
            let sponsors = self.studies.iter().map(|(_, segment)| Sponsors::of(segment));
            let _ = self.sponsors.set(sponsors.collect::<tantivy::Result<_>>()?);
        }
        Ok(self.sponsors.get().map_or(&[], Vec::as_slice))
    }
}

/// The documents of a list that were not taken out.
fn for_each_alive(list: &mut BlockSegmentPostings, segment: &SegmentReader, mut each: impl FnMut(u32)) {
    while !list.docs().is_empty() {
        let alive = segment.alive_bitset();
        let docs = list.docs().iter().copied();
        docs.filter(|doc| alive.is_none_or(|alive| alive.is_alive(*doc))).for_each(&mut each);
        list.advance();
    }
}

impl Evidence for Statements<'_> {
    fn for_each_statement(&self, each: &mut dyn FnMut(&str, u32)) -> tantivy::Result<()> {
        for (_, segment) in self.studies.iter() {
            let inverted = segment.inverted_index(self.field)?;
            let mut postings: Option<BlockSegmentPostings> = None;
            let mut terms = inverted.terms().stream()?;
            while terms.advance() {
                let Ok(statement) = std::str::from_utf8(terms.key()) else { continue };
                if !segment.has_deletes() {
                    each(statement, terms.value().doc_freq);
                    continue;
                }
                let info = terms.value();
                let list = match &mut postings {
                    Some(list) => {
                        inverted.reset_block_postings_from_terminfo(info, list)?;
                        list
                    }
                    None => postings
                        .insert(inverted.read_block_postings_from_terminfo(info, IndexRecordOption::Basic)?),
                };
                let mut studies = 0;
                for_each_alive(list, segment, |_| studies += 1);
                if studies > 0 {
                    each(statement, studies);
                }
            }
        }
        Ok(())
    }

    fn has_sponsors(&self, terms: &[String], min: usize) -> tantivy::Result<bool> {
        let mut known: Vec<u64> = Vec::with_capacity(min);
        for ((_, segment), sponsors) in self.studies.iter().zip(self.sponsors()?) {
            for term in terms {
                if known.len() >= min {
                    return Ok(true);
                }
                let Some(mut list) = list(segment, &Term::from_field_text(self.field, term))? else {
                    continue;
                };
                for_each_alive(&mut list, segment, |doc| {
                    if let Some(sponsor) = sponsors.get(doc)
                        && known.len() < min
                        && !known.contains(&sponsor)
                    {
                        known.push(sponsor);
                    }
                });
            }
        }
        Ok(known.len() >= min)
    }

    fn users(&self, word: &str) -> tantivy::Result<u32> {
        let mut users = self.users.borrow_mut();
        users.clear();
        for (start, segment) in self.studies.iter() {
            for (field, _) in TEXTS.into_iter().filter_map(|piece| self.fields.text(piece)) {
                if let Some(mut list) = list(segment, &Term::from_field_text(field, word))? {
                    for_each_alive(&mut list, segment, |doc| users.insert(start + doc));
                }
            }
        }
        Ok(users.count() as u32)
    }
}

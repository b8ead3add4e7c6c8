//! Phrases: which documents have words one after the other in a value.

use super::{
    bits::Bits,
    ordinals::Segments,
    write::{FIRST, LAST},
};
use ctgov::{Budget, RegistryError, essie::Coverage};
use tantivy::{
    DocSet, TERMINATED, Term,
    query::{EnableScoring, PhraseQuery, Query, TermQuery},
    schema::{Field, IndexRecordOption, Schema},
};

/// How many documents are looked at between two looks at the budget.
const DOCS_PER_CHECK: u32 = 512;
/// With fewer candidates than one in so many documents, each is looked up instead of walking through the lists.
const SEEK_BELOW: u64 = 32;

/// The terms of a phrase in a field that keeps positions, marked where it must begin or end its value.
fn terms(field: Field, words: &[String], coverage: Coverage) -> Vec<Term> {
    let last = words.len().saturating_sub(1);
    let (from_start, to_end) = match coverage {
        Coverage::Contains => (false, false),
        Coverage::StartsWith => (true, false),
        Coverage::EndsWith => (false, true),
        Coverage::FullMatch => (true, true),
    };
    let marked = words.iter().enumerate().map(|(at, word)| {
        let mut text = String::with_capacity(word.len() + 2);
        if from_start && at == 0 {
            text.push(FIRST);
        }
        text.push_str(word);
        if to_end && at == last {
            text.push(LAST);
        }
        Term::from_field_text(field, &text)
    });
    marked.collect()
}

/// A phrase in one field.
pub(super) struct Phrase<'a> {
    pub schema: &'a Schema,
    pub field: Field,
    pub words: &'a [String],
    pub coverage: Coverage,
}

impl Phrase<'_> {
    /// Adds to `found` the documents of `within` (of all, without one) that have the phrase.
    pub(super) fn find(
        &self,
        segments: &Segments,
        within: Option<&Bits>,
        found: &mut Bits,
        budget: &Budget,
        unavailable: &dyn Fn(tantivy::TantivyError) -> RegistryError,
    ) -> Result<(), RegistryError> {
        let mut terms = terms(self.field, self.words, self.coverage);
        let query: Box<dyn Query> = match terms.len() {
            0 => return Ok(()),
            1 => Box::new(TermQuery::new(terms.remove(0), IndexRecordOption::Basic)),
            _ => Box::new(PhraseQuery::new(terms)),
        };
        let weight = query.weight(EnableScoring::disabled_from_schema(self.schema)).map_err(unavailable)?;
        let few = within.filter(|within| within.count() < u64::from(segments.len()) / SEEK_BELOW);
        for (start, segment) in segments.iter() {
            budget.check()?;
            let mut docs = weight.scorer(segment, 1.0).map_err(unavailable)?;
            let mut until_check = DOCS_PER_CHECK;
            let mut check = || {
                until_check -= 1;
                if until_check == 0 {
                    until_check = DOCS_PER_CHECK;
                    return budget.check();
                }
                Ok(())
            };
            if let Some(few) = few {
                for doc in few.iter_within(start, start + segment.max_doc()) {
                    check()?;
                    if docs.doc() < doc {
                        docs.seek(doc);
                    }
                    if docs.doc() == doc {
                        found.insert(start + doc);
                    } else if docs.doc() == TERMINATED {
                        break;
                    }
                }
                continue;
            }
            let mut doc = docs.doc();
            while doc != TERMINATED {
                if within.is_none_or(|within| within.contains(start + doc)) {
                    found.insert(start + doc);
                }
                check()?;
                doc = docs.advance();
            }
        }
        Ok(())
    }
}

//! Phrases: which documents have words one after the other in a value.

use super::{
    bits::Bits,
    ordinals::Segments,
    words::any_of,
    write::{FIRST, LAST},
};
use ctgov::{Budget, RegistryError, essie::Coverage};
use tantivy::{
    DocSet, SegmentReader, TERMINATED, Term,
    postings::{Postings, SegmentPostings},
    schema::{Field, IndexRecordOption},
};

/// How many times the list of a word is looked at between two looks at the budget: some ten microseconds' work.
const LOOKS_PER_CHECK: u32 = 256;
/// With fewer candidates than one in so many documents, each is looked up instead of walking through the lists.
const SEEK_BELOW: u64 = 32;

/// Whether candidates are so few that looking up each beats walking through lists.
pub(super) fn is_few(candidates: &Bits) -> bool {
    candidates.count() < u64::from(candidates.len()) / SEEK_BELOW
}

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
    pub field: Field,
    pub words: &'a [String],
    pub coverage: Coverage,
}

impl Phrase<'_> {
    /// Adds to `found` the documents of `within` (of all, without one) that have the phrase.
    ///
    /// tantivy's own phrases go on to the next document that has the phrase, however far that is: these look at the
    /// budget on the way.
    pub(super) fn find(
        &self,
        segments: &Segments,
        within: Option<&Bits>,
        found: &mut Bits,
        budget: &Budget,
        unavailable: &dyn Fn(tantivy::TantivyError) -> RegistryError,
    ) -> Result<(), RegistryError> {
        let terms = terms(self.field, self.words, self.coverage);
        if terms.len() < 2 {
            let mut having = any_of(segments, &terms, budget, unavailable)?;
            if let Some(within) = within {
                having.and(within);
            }
            found.or(&having);
            return Ok(());
        }
        let few = within.filter(|within| is_few(within));
        for (start, segment) in segments.iter() {
            budget.check()?;
            let Some(mut lists) = Lists::open(segment, &terms, budget).map_err(unavailable)? else {
                continue;
            };
            match few {
                Some(few) => {
                    for doc in few.iter_within(start, start + segment.max_doc()) {
                        if lists.are_at(doc)? && lists.stand_together()? {
                            found.insert(start + doc);
                        }
                    }
                }
                None => {
                    let mut doc = lists.have(0)?;
                    while doc != TERMINATED {
                        if within.is_none_or(|within| within.contains(start + doc))
                            && lists.stand_together()?
                        {
                            found.insert(start + doc);
                        }
                        doc = lists.have(doc + 1)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The lists of a phrase's words in a segment.
struct Lists<'a> {
    /// Each word once, the rarest first.
    lists: Vec<List>,
    budget: &'a Budget,
    until_check: u32,
    /// Where the phrase can end, and where it can by one of its words: kept to be used again.
    ends: Vec<u32>,
    others: Vec<u32>,
}

struct List {
    postings: SegmentPostings,
    /// How many words of the phrase follow after each time that this one is in it.
    following: Vec<u32>,
}

impl<'a> Lists<'a> {
    /// Nothing when a word is not in the segment.
    fn open(segment: &SegmentReader, terms: &[Term], budget: &'a Budget) -> tantivy::Result<Option<Self>> {
        let mut lists: Vec<(&Term, List)> = Vec::new();
        for (at, term) in terms.iter().enumerate() {
            let following = (terms.len() - 1 - at) as u32;
            if let Some((_, list)) = lists.iter_mut().find(|(known, _)| *known == term) {
                list.following.push(following);
                continue;
            }
            let inverted = segment.inverted_index(term.field())?;
            let postings = inverted.read_postings(term, IndexRecordOption::WithFreqsAndPositions)?;
            let Some(postings) = postings else { return Ok(None) };
            lists.push((term, List { postings, following: vec![following] }));
        }
        lists.sort_by_key(|(_, list)| list.postings.size_hint());
        let lists = lists.into_iter().map(|(_, list)| list).collect();
        Ok(Some(Self { lists, budget, until_check: LOOKS_PER_CHECK, ends: Vec::new(), others: Vec::new() }))
    }

    fn look(&mut self) -> Result<(), RegistryError> {
        self.until_check -= 1;
        if self.until_check == 0 {
            self.until_check = LOOKS_PER_CHECK;
            self.budget.check()?;
        }
        Ok(())
    }

    /// The first document from `doc` on that has all words; [`TERMINATED`] when none follows.
    fn have(&mut self, mut doc: u32) -> Result<u32, RegistryError> {
        let mut at = 0;
        // So many lists are known to have `doc`.
        while at < self.lists.len() {
            self.look()?;
            let postings = &mut self.lists[at].postings;
            let next = if postings.doc() < doc { postings.seek(doc) } else { postings.doc() };
            if next == TERMINATED {
                return Ok(TERMINATED);
            }
            if next > doc {
                (doc, at) = (next, usize::from(at == 0));
            } else {
                at += 1;
            }
        }
        Ok(doc)
    }

    /// Whether all lists have `doc`, which must not be below one asked before.
    fn are_at(&mut self, doc: u32) -> Result<bool, RegistryError> {
        for at in 0..self.lists.len() {
            self.look()?;
            let postings = &mut self.lists[at].postings;
            let next = if postings.doc() < doc { postings.seek(doc) } else { postings.doc() };
            if next != doc {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the words stand one after the other in the document that all lists are at.
    fn stand_together(&mut self) -> Result<bool, RegistryError> {
        let mut is_first = true;
        for list in 0..self.lists.len() {
            for word in 0..self.lists[list].following.len() {
                self.look()?;
                let Self { lists, ends, others, .. } = self;
                let List { postings, following } = &mut lists[list];
                if is_first {
                    postings.positions_with_offset(following[word], ends);
                    is_first = false;
                    continue;
                }
                postings.positions_with_offset(following[word], others);
                let mut rest = others.iter().copied().peekable();
                ends.retain(|end| {
                    while rest.next_if(|other| other < end).is_some() {}
                    rest.peek() == Some(end)
                });
                if ends.is_empty() {
                    return Ok(false);
                }
            }
        }
        Ok(!self.ends.is_empty())
    }
}

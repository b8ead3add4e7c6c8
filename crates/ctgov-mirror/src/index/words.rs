//! Words: which documents have a word, by the index's lists.

use super::{
    bits::Bits,
    entry::{LEVEL_MARK, LEVELS},
    ordinals::Segments,
};
use ctgov::Budget;
use ctgov::RegistryError;
use tantivy::{
    SegmentReader, Term,
    postings::BlockSegmentPostings,
    schema::{Field, IndexRecordOption},
};

/// How many blocks of a list are read between two looks at the budget: some tens of microseconds' work.
const BLOCKS_PER_CHECK: u32 = 256;

/// Calls `each` with the documents of a list, ascending, block by block.
pub(super) fn for_each_block(
    mut list: BlockSegmentPostings,
    budget: &Budget,
    mut each: impl FnMut(&[u32]),
) -> Result<(), RegistryError> {
    let mut until_check = BLOCKS_PER_CHECK;
    while !list.docs().is_empty() {
        each(list.docs());
        list.advance();
        until_check -= 1;
        if until_check == 0 {
            until_check = BLOCKS_PER_CHECK;
            budget.check()?;
        }
    }
    Ok(())
}

/// The list of a term in a segment.
pub(super) fn list(segment: &SegmentReader, term: &Term) -> tantivy::Result<Option<BlockSegmentPostings>> {
    let inverted = segment.inverted_index(term.field())?;
    Ok(inverted.read_block_postings(term, IndexRecordOption::Basic)?)
}

/// The lists of a word in an area's field, the best level first.
pub(super) fn level_lists(
    segment: &SegmentReader,
    field: Field,
    word: &str,
) -> tantivy::Result<Vec<(u8, BlockSegmentPostings)>> {
    let inverted = segment.inverted_index(field)?;
    let prefix = format!("{word}{LEVEL_MARK}");
    let terms = inverted.terms();
    let mut end = prefix.clone().into_bytes();
    end.push(b'@' + LEVELS + 1);
    let mut stream = terms.range().ge(prefix.as_bytes()).lt(&end).into_stream()?;
    let mut lists = Vec::new();
    while stream.advance() {
        let level = stream.key().last().map_or(0, |byte| byte.saturating_sub(b'@'));
        let list = inverted.read_block_postings_from_terminfo(stream.value(), IndexRecordOption::Basic)?;
        lists.push((level, list));
    }
    lists.reverse();
    Ok(lists)
}

/// Adds the documents of a list to a set.
pub(super) fn add(
    list: BlockSegmentPostings,
    start: u32,
    bits: &mut Bits,
    budget: &Budget,
) -> Result<(), RegistryError> {
    for_each_block(list, budget, |docs| docs.iter().for_each(|doc| bits.insert(start + doc)))
}

/// The documents that have one of `terms`.
pub(super) fn any_of(
    segments: &Segments,
    terms: &[Term],
    budget: &Budget,
    unavailable: &dyn Fn(tantivy::TantivyError) -> RegistryError,
) -> Result<Bits, RegistryError> {
    let mut bits = Bits::none(segments.len());
    for (start, segment) in segments.iter() {
        for term in terms {
            budget.check()?;
            if let Some(list) = list(segment, term).map_err(unavailable)? {
                add(list, start, &mut bits, budget)?;
            }
        }
    }
    Ok(bits)
}

/// How many documents have `word` in an area.
pub(super) fn count_in_area(
    segments: &Segments,
    field: Field,
    word: &str,
    budget: &Budget,
    unavailable: &dyn Fn(tantivy::TantivyError) -> RegistryError,
) -> Result<u64, RegistryError> {
    let mut count = 0;
    for (_, segment) in segments.iter() {
        budget.check()?;
        // A document has a word at one level only, so that the lengths of the lists add up.
        for (_, list) in level_lists(segment, field, word).map_err(unavailable)? {
            match segment.alive_bitset() {
                None => count += u64::from(list.doc_freq()),
                Some(alive) => for_each_block(list, budget, |docs| {
                    count += docs.iter().filter(|doc| alive.is_alive(**doc)).count() as u64;
                })?,
            }
        }
    }
    Ok(count)
}

/// The documents that have `word` in an area.
pub(super) fn in_area(
    segments: &Segments,
    field: Field,
    word: &str,
    budget: &Budget,
    unavailable: &dyn Fn(tantivy::TantivyError) -> RegistryError,
) -> Result<Bits, RegistryError> {
    let mut bits = Bits::none(segments.len());
    for (start, segment) in segments.iter() {
        budget.check()?;
        for (_, list) in level_lists(segment, field, word).map_err(unavailable)? {
            add(list, start, &mut bits, budget)?;
        }
    }
    Ok(bits)
}

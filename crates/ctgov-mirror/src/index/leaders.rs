//! Leaders: the studies that can be on the first page, found without scoring all that match.
//!
//! Where a question is one term, its studies count by the level they are in. The best levels fill a page, as a rule,
//! and nothing below can be on it; and of one level, where relevance is all that orders, only the lowest NCT numbers.
//! A word that is a value of some piece, too (`treatment`), adds the same to all that have the value: so the leaders
//! of those that have it and of those that do not are found apart.

use super::{bits::Bits, execute::Execution, levels::Levels};
use ctgov::{
    RegistryError,
    essie::{Condition, Words},
};
use std::collections::BinaryHeap;

/// Which studies are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// How many.
    pub count: usize,
    /// Whether nothing but relevance orders them, and then their NCT numbers.
    pub by_relevance_alone: bool,
}

/// Those of `matched` among which the most relevant ones `wanted` are, where that is known without looking at all.
pub(super) fn leaders(
    execution: &Execution<'_>,
    searches: &[Condition],
    matched: &Bits,
    wanted: Wanted,
) -> Result<Option<Bits>, RegistryError> {
    match searches {
        [Condition::Words(words)] => among(execution, words, matched, wanted),
        [Condition::Or(parts)] => {
            let [Condition::Words(words), value @ Condition::OneOf { .. }] = parts.as_slice() else {
                return Ok(None);
            };
            let having = execution.studies(value, Some(matched))?;
            let (mut with, mut without) = (matched.clone(), matched.clone());
            with.and(&having);
            without.and_not(&having);
            let mut leaders = among(execution, words, &with, wanted)?.unwrap_or(with);
            leaders.or(&among(execution, words, &without, wanted)?.unwrap_or(without));
            Ok(Some(leaders))
        }
        _ => Ok(None),
    }
}

/// The leaders among `studies`, whose order is that of their levels.
fn among(
    execution: &Execution<'_>,
    words: &Words,
    studies: &Bits,
    wanted: Wanted,
) -> Result<Option<Bits>, RegistryError> {
    let mut levels = Levels::of(execution, words)?;
    let (mut rest, mut leaders, mut found) = (studies.clone(), Bits::none(studies.len()), 0);
    loop {
        let mut lowest = BinaryHeap::new();
        let share = levels.read(&mut rest, |_, study| {
            found += 1;
            if !wanted.by_relevance_alone {
                leaders.insert(study);
                return;
            }
            let entry = (execution.index.ordinals.nct(study), study);
            if lowest.len() < wanted.count {
                lowest.push(entry);
            } else if let Some(mut highest) = lowest.peek_mut()
                && entry < *highest
            {
                *highest = entry;
            }
        })?;
        lowest.into_iter().for_each(|(_, study)| leaders.insert(study));
        match share {
            Some(share) if found >= wanted.count && share > levels.below => return Ok(Some(leaders)),
            Some(_) => {}
            None => return Ok(None),
        }
    }
}

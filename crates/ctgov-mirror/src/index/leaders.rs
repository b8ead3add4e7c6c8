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
            let [part @ Condition::Words(words), value @ Condition::OneOf { .. }] = parts.as_slice() else {
                return Ok(None);
            };
            let with_words = execution.studies(part, Some(matched))?;
            let with_value = execution.studies(value, Some(matched))?;
            let (mut both, mut words_only, mut value_only) =
                (matched.clone(), matched.clone(), matched.clone());
            both.and(&with_words);
            both.and(&with_value);
            words_only.and(&with_words);
            words_only.and_not(&with_value);
            value_only.and_not(&with_words);
            let mut leaders = Bits::none(matched.len());
            for studies in [both, words_only] {
                leaders.or(&among(execution, words, &studies, wanted)?.unwrap_or(studies));
            }
            // These all count the same.
            let mut alike = Alike::new(execution, wanted);
            value_only.iter().for_each(|study| alike.add(study));
            alike.give(&mut leaders);
            Ok(Some(leaders))
        }
        _ => Ok(None),
    }
}

/// The leaders among `studies`, all of which have the words and stand in the order of their levels.
fn among(
    execution: &Execution<'_>,
    words: &Words,
    studies: &Bits,
    wanted: Wanted,
) -> Result<Option<Bits>, RegistryError> {
    let mut levels = Levels::of(execution, words)?;
    let (mut rest, mut leaders, mut found) = (studies.clone(), Bits::none(studies.len()), 0);
    loop {
        let mut level = Alike::new(execution, wanted);
        let share = levels.read(&mut rest, |_, study| {
            found += 1;
            level.add(study);
        })?;
        level.give(&mut leaders);
        match share {
            Some(share) if found >= wanted.count && share > levels.below => return Ok(Some(leaders)),
            Some(_) => {}
            None => return Ok(None),
        }
    }
}

/// Studies that count the same: those of them that can be wanted.
struct Alike<'a> {
    execution: &'a Execution<'a>,
    count_max: usize,
    /// By NCT number, the highest on top.
    kept: BinaryHeap<(u32, u32)>,
}

impl<'a> Alike<'a> {
    fn new(execution: &'a Execution<'a>, wanted: Wanted) -> Self {
        // Other keys can put any of them first.
        let count_max = if wanted.by_relevance_alone { wanted.count } else { usize::MAX };
        Self { execution, count_max, kept: BinaryHeap::new() }
    }

    fn add(&mut self, study: u32) {
        let entry = (self.execution.index.ordinals.nct(study), study);
        if self.kept.len() < self.count_max {
            self.kept.push(entry);
        } else if let Some(mut highest) = self.kept.peek_mut()
            && entry < *highest
        {
            *highest = entry;
        }
    }

    fn give(self, leaders: &mut Bits) {
        self.kept.into_iter().for_each(|(_, study)| leaders.insert(study));
    }
}

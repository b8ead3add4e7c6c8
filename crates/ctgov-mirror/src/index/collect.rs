//! From a question to its page: how many studies match, and which come next in the order asked.
//!
//! The order is total: the sort keys in their directions, a missing value last in both, then the NCT number
//! ascending. So "strictly after the last study shown" says exactly where a page starts, whatever was imported
//! or merged since.

use super::{
    StudyIndex,
    bits::Bits,
    columns::{Column, Pick},
    execute::Execution,
    leaders::{Wanted, leaders},
    score::Scores,
};
use crate::documents::Documents;
use ctgov::{
    Budget, Conditions, Matching, NctId, RegistryError, Sort, SortBy, SortKey, StudyQuery, essie::Condition,
};
use std::{collections::BinaryHeap, sync::Arc};

/// How many studies are looked at between two looks at the budget: well under a millisecond's work.
const STUDIES_PER_CHECK: u32 = 8_192;

/// One study's place in an order: compares as the order asks, the first study least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    keys: [KeyRank; Sort::KEYS_MAX],
    nct: u32,
}

/// One key's value: missing after everything, descending values turned around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct KeyRank {
    missing: bool,
    /// `!value` for a descending key: it reverses the order and never overflows.
    turned: i64,
}

impl KeyRank {
    fn new(key: SortKey, value: Option<i64>) -> Self {
        match value {
            None => Self { missing: true, turned: 0 },
            Some(value) => Self { missing: false, turned: if key.descending { !value } else { value } },
        }
    }
}

impl Rank {
    fn new(sort: &[SortKey], nct: u32, mut value: impl FnMut(usize) -> Option<i64>) -> Self {
        let mut keys = [KeyRank::default(); Sort::KEYS_MAX];
        for (at, (rank, key)) in keys.iter_mut().zip(sort).enumerate() {
            *rank = KeyRank::new(*key, value(at));
        }
        Self { keys, nct }
    }

    /// The place after a study with these keys, as many as the order has.
    pub(crate) fn of_place(sort: &[SortKey], keys: &[Option<i64>], id: NctId) -> Self {
        Self::new(sort, id.number(), |at| keys[at])
    }

    /// The key values as a page token carries them.
    pub(crate) fn token_keys(&self, sort: &[SortKey]) -> Vec<Option<i64>> {
        let value = |(rank, key): (&KeyRank, &SortKey)| {
            (!rank.missing).then_some(if key.descending { !rank.turned } else { rank.turned })
        };
        self.keys.iter().zip(sort).map(value).collect()
    }

    /// The study.
    pub(crate) fn nct_id(&self) -> Option<NctId> {
        NctId::new(self.nct).ok()
    }
}

/// What a question finds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// How many studies match, exactly.
    pub total: u64,
    /// The page, in order.
    pub page: Vec<Rank>,
    /// Whether studies follow after the page.
    pub more: bool,
}

/// Says that it was the order by relevance at which the time ran out, unless a part of it is known.
fn name_relevance(error: RegistryError) -> RegistryError {
    match error {
        RegistryError::DeadlineExceeded { costly: None } => {
            RegistryError::DeadlineExceeded { costly: Some("the order by relevance".to_owned()) }
        }
        other => other,
    }
}

impl StudyIndex {
    /// The page of `query`, which asks for `conditions`, that starts strictly after `after`.
    pub(crate) fn search(
        &self,
        documents: &Documents,
        query: &StudyQuery,
        conditions: &Conditions,
        after: Option<Rank>,
        budget: &Budget,
    ) -> Result<Found, RegistryError> {
        let execution = Execution { index: self, documents, budget };
        let matched = execution.matched(conditions)?;
        let sort = query.sort_keys();
        // The worst study kept is on top, so that a better one can take its place; one more than the page is kept
        // to know whether any follow.
        let (mut kept, kept_max) = (BinaryHeap::new(), query.page_size.get() + 1);
        let best_first = sort.first().is_some_and(|key| key.by == SortBy::Relevance && key.descending);
        let leaders = if best_first && after.is_none() && query.matching.near().is_none() {
            let wanted = Wanted { count: kept_max, by_relevance_alone: sort.len() == 1 };
            leaders(&execution, &conditions.searches, &matched, wanted).map_err(name_relevance)?
        } else {
            None
        };
        let ordered = leaders.as_ref().unwrap_or(&matched);
        let scored = || -> Result<Scores, RegistryError> {
            let mut scores = Scores::new(&execution, &conditions.searches, ordered)?;
            if let Some(near) = query.matching.near() {
                scores.decay(&execution, &near, &query.decay)?;
            }
            Ok(scores)
        };
        let scores = query.by_relevance().then(scored).transpose().map_err(name_relevance)?;
        let columns = sort.iter().map(|key| {
            let pick = if key.descending { Pick::Greatest } else { Pick::Least };
            key.by.measure().map(|measure| execution.keys(measure, pick)).transpose()
        });
        let columns: Vec<Option<Arc<Column>>> = columns.collect::<Result<_, _>>()?;
        let mut until_check = STUDIES_PER_CHECK;
        for (place, study) in ordered.iter().enumerate() {
            until_check -= 1;
            if until_check == 0 {
                until_check = STUDIES_PER_CHECK;
                budget.check()?;
            }
            let value = |at: usize| match &columns[at] {
                Some(column) => column.key(study),
                None => scores.as_ref().map(|scores| scores.at(place)),
            };
            // Most are worse by their first key than all that are kept.
            if let Some(key) = sort.first().filter(|_| kept.len() == kept_max)
                && kept.peek().is_some_and(|worst: &Rank| KeyRank::new(*key, value(0)) > worst.keys[0])
            {
                continue;
            }
            let rank = Rank::new(sort, self.ordinals.nct(study), value);
            if after.is_some_and(|after| rank <= after) {
                continue;
            }
            if kept.len() < kept_max {
                kept.push(rank);
            } else if let Some(mut worst) = kept.peek_mut()
                && rank < *worst
            {
                *worst = rank;
            }
        }
        let mut found = Found { total: matched.count(), page: kept.into_sorted_vec(), more: false };
        found.more = found.page.len() == kept_max;
        found.page.truncate(query.page_size.get());
        Ok(found)
    }

    /// How many studies match.
    pub(crate) fn count(
        &self,
        documents: &Documents,
        matching: &Matching,
        budget: &Budget,
    ) -> Result<u64, RegistryError> {
        let conditions = matching.conditions(&self.synonyms)?;
        Ok(Execution { index: self, documents, budget }.matched(&conditions)?.count())
    }
}

impl StudyIndex {
    /// The study that `id` is a former number of.
    pub(crate) fn successor(
        &self,
        documents: &Documents,
        id: NctId,
        budget: &Budget,
    ) -> Result<Option<NctId>, RegistryError> {
        let execution = Execution { index: self, documents, budget };
        let studies = execution.studies(&Condition::Ids([id].into()), None)?;
        let mut ids = studies.iter().filter_map(|study| NctId::new(self.ordinals.nct(study)).ok());
        Ok(ids.find(|found| *found != id))
    }
}

impl Execution<'_> {
    /// The studies that meet every search and the filter.
    pub(super) fn matched(&self, conditions: &Conditions) -> Result<Arc<Bits>, RegistryError> {
        let mut parts = conditions.searches.clone();
        if conditions.filter != Condition::All {
            match &conditions.filter {
                Condition::And(filters) => parts.extend(filters.iter().cloned()),
                filter => parts.push(filter.clone()),
            }
        }
        self.studies(&Condition::all(parts), None)
    }
}

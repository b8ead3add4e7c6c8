//! From a question to its page: how many studies match, and which come next in the order asked.
//!
//! The order is total: the sort keys in their directions, a missing value last in both, then the NCT number
//! ascending. So "strictly after the last study shown" says exactly where a page starts, whatever was imported
//! or merged since. Memory is bounded by the page, not by the matches.

use super::{
    StudyIndex, plan,
    score::{Scoring, SegmentScorer},
};
use crate::error::At;
use ctgov::{Budget, Matching, NctId, PageToken, RegistryError, Sort, SortBy, SortKey, StudyQuery};
use std::{collections::BinaryHeap, sync::Arc};
use tantivy::{
    DocId, DocSet, SegmentReader, TERMINATED,
    columnar::{Column, ColumnValues},
    query::{EnableScoring, Weight},
};

/// How many studies are looked at between two looks at the budget: well under a millisecond's work.
const STUDIES_PER_CHECK: u32 = 1_024;

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

impl Rank {
    fn new(sort: &[SortKey], nct: u32, mut value: impl FnMut(usize) -> Option<i64>) -> Self {
        let mut keys = [KeyRank::default(); Sort::KEYS_MAX];
        for (at, (rank, key)) in keys.iter_mut().zip(sort).enumerate() {
            *rank = match value(at) {
                None => KeyRank { missing: true, turned: 0 },
                Some(value) => {
                    KeyRank { missing: false, turned: if key.descending { !value } else { value } }
                }
            };
        }
        Self { keys, nct }
    }

    /// The place a page token starts after. The token must have as many keys as the order.
    pub(crate) fn of_token(sort: &[SortKey], token: &PageToken) -> Self {
        Self::new(sort, token.after_id.number(), |at| token.after[at])
    }

    /// The key values as a page token carries them.
    pub(crate) fn token_keys(&self, sort: &[SortKey]) -> Vec<Option<i64>> {
        let value = |(rank, key): (&KeyRank, &SortKey)| {
            (!rank.missing).then_some(if key.descending { !rank.turned } else { rank.turned })
        };
        self.keys.iter().zip(sort).map(value).collect()
    }

    pub(crate) fn nct(&self) -> u32 {
        self.nct
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

impl StudyIndex {
    /// The page of `query` that starts strictly after `after`.
    pub(crate) fn search(
        &self,
        query: &StudyQuery,
        after: Option<Rank>,
        budget: &Budget,
    ) -> Result<Found, RegistryError> {
        let sort = query.sort_keys();
        let by_score = sort.iter().any(|key| key.by == SortBy::Relevance);
        let scoring = by_score.then(|| Scoring::new(self, &query.matching)).transpose();
        let scoring = scoring.map_err(|error| self.unavailable(error))?;
        let mut found = Found::default();
        // The worst study kept is on top, so that a better one can take its place; one more than the page is kept
        // to know whether any follow.
        let (mut kept, kept_max) = (BinaryHeap::new(), query.page_size.get() + 1);
        let weight = self.weight(&query.matching)?;
        for segment in &self.segments {
            let mut keys =
                Keys::open(segment, sort, scoring.as_ref()).map_err(|error| self.unavailable(error))?;
            self.for_each_match(weight.as_ref(), segment, budget, |doc| {
                found.total += 1;
                let rank = keys.rank(sort, doc);
                if after.is_some_and(|after| rank <= after) {
                    return;
                }
                if kept.len() < kept_max {
                    kept.push(rank);
                } else if let Some(mut worst) = kept.peek_mut()
                    && rank < *worst
                {
                    *worst = rank;
                }
            })?;
        }
        found.page = kept.into_sorted_vec();
        found.more = found.page.len() == kept_max;
        found.page.truncate(query.page_size.get());
        Ok(found)
    }

    /// How many studies match.
    pub(crate) fn count(&self, matching: &Matching, budget: &Budget) -> Result<u64, RegistryError> {
        if *matching == Matching::default() {
            return Ok(self.studies());
        }
        let weight = self.weight(matching)?;
        let mut total = 0;
        for segment in &self.segments {
            self.for_each_match(weight.as_ref(), segment, budget, |_| total += 1)?;
        }
        Ok(total)
    }

    fn weight(&self, matching: &Matching) -> Result<Box<dyn Weight>, RegistryError> {
        let query = plan::query(&self.fields, matching);
        let unscored = EnableScoring::disabled_from_schema(&self.fields.schema);
        query.weight(unscored).map_err(|error| self.unavailable(error))
    }

    /// Calls `each` with the segment's matching studies, in ascending order.
    fn for_each_match(
        &self,
        weight: &dyn Weight,
        segment: &SegmentReader,
        budget: &Budget,
        mut each: impl FnMut(DocId),
    ) -> Result<(), RegistryError> {
        budget.check()?;
        let mut docs = weight.scorer(segment, 1.0).map_err(|error| self.unavailable(error))?;
        let mut until_check = STUDIES_PER_CHECK;
        let mut doc = docs.doc();
        while doc != TERMINATED {
            if !segment.is_deleted(doc) {
                each(doc);
            }
            until_check -= 1;
            if until_check == 0 {
                until_check = STUDIES_PER_CHECK;
                budget.check()?;
            }
            doc = docs.advance();
        }
        Ok(())
    }

    fn unavailable(&self, error: tantivy::TantivyError) -> RegistryError {
        let error = Err::<(), _>(error).at("search", &self.path).expect_err("an error stays one");
        RegistryError::Unavailable(Box::new(error))
    }
}

/// Where the sort keys of one segment's studies come from.
struct Keys {
    ncts: Arc<dyn ColumnValues<u64>>,
    /// One a sort key; none for relevance, which is computed.
    columns: Vec<Option<Column<i64>>>,
    scorer: Option<SegmentScorer>,
}

impl Keys {
    fn open(segment: &SegmentReader, sort: &[SortKey], scoring: Option<&Scoring>) -> tantivy::Result<Self> {
        let column = |key: &SortKey| match key.by {
            SortBy::Relevance => Ok(None),
            SortBy::Piece(sortable) => segment.fast_fields().i64(sortable.piece.name()).map(Some),
        };
        Ok(Self {
            ncts: segment.fast_fields().u64(super::NCT)?.first_or_default_col(0),
            columns: sort.iter().map(column).collect::<tantivy::Result<_>>()?,
            scorer: scoring.map(|scoring| scoring.segment(segment)).transpose()?,
        })
    }

    /// The place of a study. Studies must be asked for in ascending order.
    fn rank(&mut self, sort: &[SortKey], doc: DocId) -> Rank {
        let score = self.scorer.as_mut().map(|scorer| scorer.score(doc));
        Rank::new(sort, self.ncts.get_val(doc) as u32, |at| match &self.columns[at] {
            Some(column) => column.first(doc),
            None => score,
        })
    }
}

/// The study of a rank.
pub(crate) fn nct_id(rank: &Rank) -> Option<NctId> {
    NctId::new(rank.nct()).ok()
}

//! Columns: the keys of studies one after the other, for sorting and for tables.
//!
//! tantivy's columns answer one document at a time; an order or a table over everything wants hundreds of thousands.
//! The few that are asked again and again are kept decoded.

use super::{
    fields::{Fields, measure_name},
    ordinals::{Ordinals, Segments},
};
use ctgov::pieces::Measure;
use quick_cache::{Weighter, sync::Cache};
use std::sync::Arc;

/// What decoded columns may take in memory, in bytes.
const BYTES_MAX: u64 = 96 << 20;

/// One key of every study.
#[derive(Debug)]
pub(super) struct Column {
    keys: Vec<i64>,
}

/// What stands for no key: no measure has it.
const NO_KEY: i64 = i64::MIN;

impl Column {
    pub(super) fn key(&self, ordinal: u32) -> Option<i64> {
        Some(self.keys[ordinal as usize]).filter(|key| *key != NO_KEY)
    }
}

/// Which of several keys a study is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Pick {
    Least,
    Greatest,
}

/// Decoded columns.
pub(super) struct Columns {
    cache: Cache<(Measure, Pick), Arc<Column>, ColumnWeighter>,
}

#[derive(Clone)]
struct ColumnWeighter;

impl Weighter<(Measure, Pick), Arc<Column>> for ColumnWeighter {
    fn weight(&self, _: &(Measure, Pick), column: &Arc<Column>) -> u64 {
        (column.keys.len() * 8).max(1) as u64
    }
}

impl Default for Columns {
    fn default() -> Self {
        Self { cache: Cache::with_weighter(32, BYTES_MAX, ColumnWeighter) }
    }
}

/// Where keys are: with the studies, or with the sites, of which a study has many.
pub(super) struct Places<'a> {
    pub studies: (&'a Fields, &'a Segments),
    pub sites: (&'a Fields, &'a Segments),
    pub ordinals: &'a Ordinals,
}

impl Columns {
    /// The keys of `measure`, one a study.
    pub(super) fn get(
        &self,
        places: &Places<'_>,
        measure: Measure,
        pick: Pick,
    ) -> tantivy::Result<Arc<Column>> {
        let measure = measure.canonical();
        self.cache.get_or_insert_with(&(measure, pick), || places.decode(measure, pick).map(Arc::new))
    }
}

impl Places<'_> {
    fn decode(&self, measure: Measure, pick: Pick) -> tantivy::Result<Column> {
        let (fields, studies) = self.studies;
        let mut keys = vec![NO_KEY; studies.len() as usize];
        if fields.has_measure(measure) {
            for_each_key(studies, measure, pick, |study, key| keys[study as usize] = key)?;
        }
        let (fields, sites) = self.sites;
        if fields.has_measure(measure) {
            for_each_key(sites, measure, pick, |site, key| {
                let study = self.ordinals.study(site).filter(|_| sites.alive().contains(site));
                if let Some(known) = study.and_then(|study| keys.get_mut(study as usize)) {
                    *known = match pick {
                        _ if *known == NO_KEY => key,
                        Pick::Least => key.min(*known),
                        Pick::Greatest => key.max(*known),
                    };
                }
            })?;
        }
        Ok(Column { keys })
    }
}

/// Calls `each` with every document that has keys, and the one that is picked of them.
fn for_each_key(
    segments: &Segments,
    measure: Measure,
    pick: Pick,
    mut each: impl FnMut(u32, i64),
) -> tantivy::Result<()> {
    for (start, segment) in segments.iter() {
        let column = segment.fast_fields().i64(&measure_name(measure))?;
        for doc in 0..segment.max_doc() {
            let values = column.values_for_doc(doc);
            let picked = match pick {
                Pick::Least => values.min(),
                Pick::Greatest => values.max(),
            };
            picked.into_iter().for_each(|key| each(start + doc, key));
        }
    }
    Ok(())
}

//! `Ordinals`: the places of studies and sites in an open index, and how they lead to each other.
//!
//! On disk the NCT number joins everything. Within one open generation a study is its *ordinal*, its place among the
//! documents of all segments one after the other, because sets of ordinals are bits and questions about hundreds of
//! thousands of studies are answered by combining them. Ordinals never leave the open index.

use super::{bits::Bits, fields::NCT};
use ctgov::NctId;
use std::collections::HashMap;
use tantivy::{DocId, SegmentReader, TantivyError, error::DataCorruption};

/// The segments of an index, one after the other.
#[derive(Debug)]
pub(crate) struct Segments {
    readers: Vec<SegmentReader>,
    /// The ordinal of each segment's first document.
    starts: Vec<u32>,
    len: u32,
    /// The documents that were not taken out.
    alive: Bits,
}

impl Segments {
    pub(crate) fn new(readers: Vec<SegmentReader>) -> Self {
        let mut len = 0;
        let starts = readers.iter().map(|reader| {
            let start = len;
            len += reader.max_doc();
            start
        });
        let starts: Vec<u32> = starts.collect();
        let mut alive = Bits::none(len);
        for (reader, start) in readers.iter().zip(&starts) {
            reader.doc_ids_alive().for_each(|doc| alive.insert(start + doc));
        }
        Self { readers, starts, len, alive }
    }

    /// Each segment with the ordinal of its first document.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &SegmentReader)> {
        self.starts.iter().copied().zip(&self.readers)
    }

    /// How many documents there are, those taken out included.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    pub(crate) fn alive(&self) -> &Bits {
        &self.alive
    }

    /// The segment of a document and its place there.
    pub(crate) fn locate(&self, ordinal: u32) -> (&SegmentReader, DocId) {
        let at = self.starts.partition_point(|start| *start <= ordinal) - 1;
        (&self.readers[at], ordinal - self.starts[at])
    }

    /// A number of every document.
    pub(super) fn numbers(&self, name: &str) -> tantivy::Result<Vec<u32>> {
        let mut numbers = Vec::with_capacity(self.len as usize);
        let mut values = vec![0_u64; 1 << 12];
        for reader in &self.readers {
            let column = reader.fast_fields().u64(name)?.first_or_default_col(0);
            for start in (0..reader.max_doc()).step_by(values.len()) {
                let count = values.len().min((reader.max_doc() - start) as usize);
                column.get_range(u64::from(start), &mut values[..count]);
                numbers.extend(values[..count].iter().map(|value| *value as u32));
            }
        }
        Ok(numbers)
    }
}

/// How studies, sites and NCT numbers lead to each other.
#[derive(Debug)]
pub(crate) struct Ordinals {
    /// The NCT number of each study.
    ncts: Vec<u32>,
    /// The ordinal of each study that is alive, by NCT number.
    of_nct: HashMap<u32, u32>,
    /// The study of each site.
    study_of_site: Vec<u32>,
    /// The first site of each study, and the one after its last.
    sites_of_study: Vec<[u32; 2]>,
}

/// A study's sites are written at once into one segment, and merging keeps their order.
fn scattered(nct: u32) -> TantivyError {
    let what = format!("the sites of study {nct} do not stand together");
    DataCorruption::comment_only(what).into()
}

/// The study of a site that has none: it was taken out with its study.
const NO_STUDY: u32 = u32::MAX;

impl Ordinals {
    pub(crate) fn new(studies: &Segments, sites: &Segments) -> tantivy::Result<Self> {
        let ncts = studies.numbers(NCT)?;
        let of_nct: HashMap<u32, u32> =
            studies.alive().iter().map(|ordinal| (ncts[ordinal as usize], ordinal)).collect();
        let (mut last, mut study) = (0, NO_STUDY);
        let study_of_site = sites.numbers(NCT)?.into_iter().map(|nct| {
            // A study's sites mostly stand together.
            if nct != last {
                (last, study) = (nct, of_nct.get(&nct).copied().unwrap_or(NO_STUDY));
            }
            study
        });
        let study_of_site: Vec<u32> = study_of_site.collect();
        let mut sites_of_study = vec![[0, 0]; studies.len() as usize];
        for site in sites.alive().iter() {
            let study = study_of_site[site as usize];
            let Some([first, end]) = sites_of_study.get_mut(study as usize) else { continue };
            if *end == 0 {
                *first = site;
            } else if *end != site {
                return Err(scattered(ncts[study as usize]));
            }
            *end = site + 1;
        }
        Ok(Self { study_of_site, sites_of_study, of_nct, ncts })
    }

    /// The sites of a study that is alive.
    pub(crate) fn sites(&self, study: u32) -> std::ops::Range<u32> {
        let [first, end] = self.sites_of_study[study as usize];
        first..end
    }

    /// The NCT number of a study.
    pub(crate) fn nct(&self, ordinal: u32) -> u32 {
        self.ncts[ordinal as usize]
    }

    /// The ordinal of a study.
    pub(crate) fn of(&self, id: NctId) -> Option<u32> {
        self.of_nct.get(&id.number()).copied()
    }

    /// The study of a site.
    pub(crate) fn study(&self, site: u32) -> Option<u32> {
        Some(self.study_of_site[site as usize]).filter(|study| *study != NO_STUDY)
    }
}

//! `StudyQuery`: what callers ask of a registry, whoever they are and wherever the data lives.

mod matching;
mod sort;

pub use matching::{Conditions, DEFAULT_AREA, Expanded, Filter, Matching, Search};
pub use sort::{Sort, SortBy, SortError, SortKey};

use crate::page::PageToken;
use sha2::{Digest, Sha256};

/// A question about studies: which ones, in what order, which page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudyQuery {
    /// Which studies.
    pub matching: Matching,
    /// In what order; see [`Sort`].
    pub sort: Sort,
    /// How relevance falls with the distance of a study's nearest site from [`Matching::near`].
    pub decay: GeoDecay,
    /// How many studies a page holds, 1 to [`PAGE_SIZE_MAX`].
    pub page_size: PageSize,
    /// Where the page starts: the token that came with the page before.
    pub page_token: Option<PageToken>,
}

/// Most studies on one page (API v2, `pageSize`).
pub const PAGE_SIZE_MAX: u16 = 1_000;

/// How many studies a page holds, 1 to [`PAGE_SIZE_MAX`]; 10 unless said (API v2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u16);

impl PageSize {
    /// The size, if it is within its bounds.
    pub const fn new(size: u16) -> Option<Self> {
        if size == 0 || size > PAGE_SIZE_MAX { None } else { Some(Self(size)) }
    }

    /// The size as a length.
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(10)
    }
}

/// How relevance falls with distance (API v2, `geoDecay`). With more than [`GeoDecay::HITS_MAX`] hits it does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeoDecay {
    /// The shape of the fall.
    pub function: DecayFunction,
    /// At this distance beyond the offset, in metres, the factor is `decay`.
    pub scale: f64,
    /// Up to this distance in metres nothing falls.
    pub offset: f64,
    /// The factor at `scale`, between 0 and 1.
    pub decay: f64,
}

/// The shape of a [`GeoDecay`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecayFunction {
    /// `func:exp`.
    Exponential,
    /// `func:gauss`.
    Gauss,
    /// `func:linear`.
    Linear,
}

impl Default for GeoDecay {
    /// `func:exp,scale:300mi,offset:0mi,decay:0.5`.
    fn default() -> Self {
        Self { function: DecayFunction::Exponential, scale: 300.0 * 1_609.344, offset: 0.0, decay: 0.5 }
    }
}

impl GeoDecay {
    /// Beyond this many hits distance does not matter (API v2).
    pub const HITS_MAX: u64 = 10_000;

    /// What a score is multiplied by at `distance` metres, 0 to 1.
    pub fn factor(&self, distance: f64) -> f64 {
        let beyond = (distance - self.offset).max(0.0);
        match self.function {
            _ if beyond == 0.0 => 1.0,
            DecayFunction::Exponential => (self.decay.ln() / self.scale * beyond).exp(),
            DecayFunction::Gauss => {
                let variance = -self.scale.powi(2) / (2.0 * self.decay.ln());
                (-beyond.powi(2) / (2.0 * variance)).exp()
            }
            DecayFunction::Linear => {
                let reach = self.scale / (1.0 - self.decay);
                ((reach - beyond) / reach).max(0.0)
            }
        }
    }
}

impl StudyQuery {
    /// The keys that really order the answer: those asked; with a search and no keys, relevance.
    pub fn sort_keys(&self) -> &[SortKey] {
        const BEST_FIRST: &[SortKey] = &[SortKey { by: SortBy::Relevance, descending: true }];
        if self.sort.keys().is_empty() && self.matching.is_scored() { BEST_FIRST } else { self.sort.keys() }
    }

    /// Whether relevance is among the keys that order the answer.
    pub fn by_relevance(&self) -> bool {
        self.sort_keys().iter().any(|key| key.by == SortBy::Relevance)
    }

    /// A digest of everything that decides which studies come in which order, and of nothing else.
    ///
    /// Pages of one walk share it; a page token made for another question does not.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Sha256::new();
        let mut item = |tag: &[u8], text: &[u8]| {
            hash.update(tag);
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        self.matching.describe(&mut item);
        for key in self.sort_keys() {
            item(if key.descending { b">" } else { b"<" }, key.by.name().as_bytes());
        }
        if self.by_relevance() && self.matching.near().is_some() {
            item(b"d", format!("{:?}", self.decay).as_bytes());
        }
        let digest = hash.finalize();
        u64::from_le_bytes(std::array::from_fn(|index| digest[index]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{areas, essie::Target};

    #[test]
    fn relevance_falls_to_decay_at_scale() {
        for function in [DecayFunction::Exponential, DecayFunction::Gauss, DecayFunction::Linear] {
            let decay = GeoDecay { function, scale: 100.0, offset: 50.0, decay: 0.3 };
            assert_eq!(decay.factor(50.0), 1.0, "{function:?}");
            assert!((decay.factor(150.0) - 0.3).abs() < 1e-12, "{function:?}");
            assert!(decay.factor(1e9) < 1e-6, "{function:?}");
        }
    }

    #[test]
    fn the_fingerprint_tells_questions_apart_and_ignores_the_page() {
        let search = |area, text: &str| {
            let mut matching = Matching::default();
            matching.search(Target::Area(area), text).unwrap();
            StudyQuery { matching, ..Default::default() }
        };
        let base = search(&areas::BASIC, "asthma AND child");
        let mut seen = vec![base.fingerprint()];
        let mut filtered = base.clone();
        filtered.matching.filter("AREA[Phase]PHASE3").unwrap();
        // Both, of which there is none, and not either.
        let mut of_ids = search(&areas::BASIC, "NCT1");
        of_ids.matching.search(Target::Area(&areas::BASIC), "NCT2").unwrap();
        let others = [
            search(&areas::TITLE, "asthma AND child"),
            search(&areas::BASIC, "asthma child"),
            search(&areas::BASIC, "\"asthma child\""),
            search(&areas::BASIC, "NCT1 NCT2"),
            of_ids,
            StudyQuery { sort: Sort::parse("StartDate").unwrap(), ..base.clone() },
            StudyQuery { sort: Sort::parse("StartDate:asc").unwrap(), ..base.clone() },
            filtered,
            StudyQuery::default(),
        ];
        for other in others {
            assert!(!seen.contains(&other.fingerprint()), "{other:?}");
            seen.push(other.fingerprint());
        }
        let later = StudyQuery { page_size: PageSize::new(50).unwrap(), ..base.clone() };
        assert_eq!(later.fingerprint(), base.fingerprint());
        assert_eq!(search(&areas::BASIC, " ( asthma AND  child)").fingerprint(), base.fingerprint());
    }
}

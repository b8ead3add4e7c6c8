//! Relevance: how well a study meets the searches, as a whole number.
//!
//! Upstream's formula is not published; this one follows what is said of it. A term counts by the best place it is
//! found in, times how rare its words are:
//!
//! ```text
//! score = Σ over the terms that match   share · rarity
//! rarity = Σ over the term's words      1,000 · ln(1 + studies / studies with the word)
//! share  = best of, in thousandths:
//!   exact       1,000 · weight of the piece      a value is the words and nothing else
//!   lexical       950 · weight                   the words stand in a value, one after the other
//!   concept       850 · weight                   so does a synonym
//!   relaxation    400 · mean level of the words  they stand anywhere in the area
//!   lossy         200 · mean level of the words  some of them do
//! ```
//!
//! A single word counts by its level in the area, which is the piece's weight less up to a fifth in a long value (see
//! [`level`](super::entry::level)), or by a synonym where that counts more. Phrases and synonyms are looked for in the
//! pieces that weigh at least half; elsewhere words count by themselves. [`levels`](super::levels) has these ways in
//! order. `AND` and `OR` add up what matches, `NOT` and ranges count nothing, `TILT` takes up to half away. With a place
//! asked, the sum falls with the distance of the nearest site.
//!
//! All of it depends on the records alone, so replicas and generations with the same records order alike.

use super::{
    bits::{Bits, Ranked},
    columns::Pick,
    entry::LEVELS,
    execute::{Execution, Of},
    levels::Levels,
    words::{for_each_block, level_lists},
};
use ctgov::{
    GeoDecay, RegistryError,
    essie::{Circle, Condition, Coverage, Expansion, Words},
    pieces::Measure,
};
use tantivy::schema::Field;

/// Pieces of at least this weight are searched for phrases.
pub(super) const PHRASE_WEIGHT_MIN: f32 = 0.5;

pub(super) const EXACT: f32 = 1_000.0;
pub(super) const LEXICAL: f32 = 950.0;
pub(super) const CONCEPT: f32 = 850.0;
pub(super) const RELAXATION: u32 = 400;
const LOSSY: u32 = 200;

type Result<T> = std::result::Result<T, RegistryError>;

/// The scores of the studies that match.
#[derive(Debug)]
pub(super) struct Scores {
    matched: Ranked,
    scores: Vec<i64>,
}

impl Scores {
    /// Scores `matched`, all of which meet every one of `searches`.
    pub(super) fn new(execution: &Execution<'_>, searches: &[Condition], matched: &Bits) -> Result<Self> {
        let count = matched.count() as usize;
        let mut scores = Self { matched: Ranked::new(matched.clone()), scores: vec![0; count] };
        for search in searches {
            scores.add(execution, search, matched)?;
        }
        Ok(scores)
    }

    /// Makes far studies count less; see [`GeoDecay`].
    pub(super) fn decay(&mut self, execution: &Execution<'_>, near: &Circle, decay: &GeoDecay) -> Result<()> {
        if self.scores.len() as u64 > GeoDecay::HITS_MAX {
            return Ok(());
        }
        let mut nearest = vec![f64::INFINITY; self.scores.len()];
        execution.for_each_near(near, |site, distance| {
            let study = execution.index.ordinals.study(site);
            if let Some(place) = study.and_then(|study| self.matched.place(study)) {
                nearest[place] = nearest[place].min(distance);
            }
        })?;
        for (score, distance) in self.scores.iter_mut().zip(nearest) {
            *score = (*score as f64 * decay.factor(distance)) as i64;
        }
        Ok(())
    }

    /// The score of the study that so many of those that match come before.
    pub(super) fn at(&self, place: usize) -> i64 {
        self.scores[place]
    }

    /// Adds what `condition` counts for the studies in `mask`, all of which meet it.
    fn add(&mut self, execution: &Execution<'_>, condition: &Condition, mask: &Bits) -> Result<()> {
        execution.budget.check()?;
        match condition {
            Condition::And(parts) => parts.iter().try_for_each(|part| self.add(execution, part, mask)),
            Condition::Or(parts) => parts.iter().try_for_each(|part| {
                let mut meets = Bits::clone(&*execution.studies(part, Some(mask))?);
                meets.and(mask);
                if meets.is_empty() { Ok(()) } else { self.add(execution, part, &meets) }
            }),
            Condition::Words(words) => self.add_words(execution, words, mask),
            Condition::OneOf { weight, .. } => self.add_alike(execution, condition, *weight, mask),
            Condition::Sites(inner) => {
                let mut weight = None;
                inner.for_each_words(&mut |words| {
                    let own = words.pieces.iter().map(|place| place.weight);
                    weight = own.chain(weight).reduce(f32::max);
                });
                if let Condition::OneOf { weight: own, .. } = inner.as_ref() {
                    weight = Some(*own);
                }
                weight.map_or(Ok(()), |weight| self.add_alike(execution, condition, weight, mask))
            }
            Condition::Tilt(measure, inner) => self.add_tilted(execution, *measure, inner, mask),
            Condition::All
            | Condition::None
            | Condition::Ids(_)
            | Condition::Between { .. }
            | Condition::Within { .. }
            | Condition::Present(_)
            | Condition::Study(_)
            | Condition::Not(_) => Ok(()),
        }
    }

    /// Adds the same for every study in `mask`, by how rare the condition is.
    fn add_alike(
        &mut self,
        execution: &Execution<'_>,
        condition: &Condition,
        weight: f32,
        mask: &Bits,
    ) -> Result<()> {
        let having = execution.studies(condition, None)?.count();
        let score = (weight * LEXICAL) as i64 * of_rarity(execution.index.studies(), having);
        for study in mask.iter() {
            if let Some(place) = self.matched.place(study) {
                self.scores[place] += score;
            }
        }
        Ok(())
    }

    /// Adds what `inner` counts, up to half less for studies with a small key.
    fn add_tilted(
        &mut self,
        execution: &Execution<'_>,
        measure: Measure,
        inner: &Condition,
        mask: &Bits,
    ) -> Result<()> {
        let mut tilted = Self::new(execution, &[], self.matched.bits())?;
        tilted.add(execution, inner, mask)?;
        let keys = execution.keys(measure, Pick::Greatest)?;
        let (mut least, mut greatest) = (i64::MAX, i64::MIN);
        for key in (0..execution.index.studies.len()).filter_map(|study| keys.key(study)) {
            (least, greatest) = (least.min(key), greatest.max(key));
        }
        let spread = (i128::from(greatest) - i128::from(least)).max(1);
        for study in mask.iter() {
            if let Some(place) = self.matched.place(study) {
                // In thousandths; a study without a key stands lowest.
                let height =
                    keys.key(study).map_or(0, |key| (i128::from(key) - i128::from(least)) * 500 / spread);
                self.scores[place] += tilted.scores[place] * (500 + height as i64) / 1_000;
            }
        }
        Ok(())
    }

    /// Adds what `words` count for the studies in `mask`, all of which have them.
    fn add_words(&mut self, execution: &Execution<'_>, words: &Words, mask: &Bits) -> Result<()> {
        let rarity = rarity(execution, words)?;
        let (mut levels, mut rest) = (Levels::of(execution, words)?, mask.clone());
        let (matched, scores) = (&self.matched, &mut self.scores);
        let mut add = |share: u32, study: u32| {
            if let Some(place) = matched.place(study) {
                scores[place] += i64::from(share) * rarity;
            }
        };
        while !rest.is_empty() {
            if levels.read(&mut rest, &mut add)?.is_none() {
                return self.add_apart(execution, words, &rest, rarity);
            }
        }
        Ok(())
    }

    /// Adds what `words` count for the studies in `rest`, which have them in no level.
    fn add_apart(
        &mut self,
        execution: &Execution<'_>,
        words: &Words,
        rest: &Bits,
        rarity: i64,
    ) -> Result<()> {
        let Some(field) = execution.area_field(Of::Studies, words) else {
            for study in rest.iter() {
                if let Some(place) = self.matched.place(study) {
                    self.scores[place] += i64::from(RELAXATION) * rarity;
                }
            }
            return Ok(());
        };
        // The sum of the levels, and how many words have one.
        let mut sums = vec![(0_u32, 0_usize); self.scores.len()];
        for word in &words.words {
            for_each_level(execution, field, word, |study, level| {
                if let Some(place) = self.matched.place(study) {
                    sums[place].0 += u32::from(level);
                    sums[place].1 += 1;
                }
            })?;
        }
        let scale = u32::from(LEVELS) * words.words.len() as u32;
        let may_lack_words = words.relaxed && words.expansion == Expansion::Lossy;
        for study in rest.iter() {
            if let Some(place) = self.matched.place(study) {
                let (sum, having) = sums[place];
                let lossy = may_lack_words && having < words.words.len();
                let share = (if lossy { LOSSY } else { RELAXATION } * sum / scale).max(1);
                self.scores[place] += i64::from(share) * rarity;
            }
        }
        Ok(())
    }
}

/// The area's field and the word, where a term is one word that its level in the area says all of.
pub(super) fn single_word<'a>(execution: &Execution<'_>, words: &'a Words) -> Option<(Field, &'a str)> {
    let field = execution.area_field(Of::Studies, words)?;
    match words.words.as_slice() {
        [word] if words.coverage == Coverage::Contains => Some((field, word)),
        _ => None,
    }
}

/// What a word of this level counts, in thousandths.
pub(super) fn of_level(level: u8) -> u32 {
    u32::from(level) * 1_000 / u32::from(LEVELS)
}

/// Calls `each` with every study that has `word` in an area, and its level there.
fn for_each_level(
    execution: &Execution<'_>,
    field: Field,
    word: &str,
    mut each: impl FnMut(u32, u8),
) -> Result<()> {
    for (start, segment) in execution.index.studies.iter() {
        // Short lists, of which there may be many, do not look at it themselves.
        execution.budget.check()?;
        let lists = level_lists(segment, field, word).map_err(|error| execution.index.unavailable(error))?;
        for (level, list) in lists {
            for_each_block(list, execution.budget, |docs| {
                docs.iter().for_each(|doc| each(start + doc, level));
            })?;
        }
    }
    Ok(())
}

fn of_rarity(studies: u64, having: u64) -> i64 {
    ((1.0 + studies as f64 / having.max(1) as f64).ln() * 1_000.0).round() as i64
}

/// How rare the words of a term are.
fn rarity(execution: &Execution<'_>, words: &Words) -> Result<i64> {
    let studies = execution.index.studies();
    let mut rarity = 0;
    for word in &words.words {
        rarity += of_rarity(studies, execution.studies_with(words, word)?);
    }
    Ok(rarity)
}

//! Synthetic studies in the shape of ClinicalTrials.gov API v2 records: as many as wanted, the same
//! ones every time.
//!
//! ```
//! use ctgov_sample::Sample;
//!
//! let sample = Sample::new(3);
//! let studies: Vec<String> = sample.iter().collect();
//!
//! assert!(studies[0].starts_with(
//!     r#"{"protocolSection":{"identificationModule":{"nctId":"NCT90000001""#
//! ));
//! // A study does not depend on the others, nor on how many there are.
//! assert_eq!(Sample::new(2_000).study(3), studies[2]);
//! ```
//!
//! They serve demonstrations, tests and benchmarks where real records are not at hand. Nobody can
//! take them for real ones: the identifiers begin with `NCT9`, titles, sponsors and hospitals carry the
//! word "Synthetic", the brief summary says that the study is made up, people are invented, and contacts
//! have numbers and addresses that reach no one. Conditions, treatments, MeSH terms and cities are real,
//! so that a search for them finds something.
//!
//! What a study says is consistent: dates agree with the status and with each other, phases with
//! the treatment, arms with interventions, age groups with age limits, results with the protocol, the
//! enrollment and themselves. Every overall status and every phase occurs, about as often as in the
//! registry; where its share there is below one in a thousand, a little more often.
//!
//! # At the size of the registry
//!
//! ```
//! use ctgov_sample::Sample;
//!
//! let registry = Sample::new(600_000);
//! // Made one after another, so the memory they take is that of the largest.
//! let bytes: usize = registry.iter().take(100).map(|study| study.len()).sum();
//! assert!(bytes > 500_000);
//! // The last one does not wait for those before it.
//! assert!(registry.study(600_000).contains("NCT90600000"));
//! ```
//!
//! A sample of 600,000 studies has about 10 GB and takes half a minute on one core. Its studies are as
//! large and as uneven as real ones:
//!
//! | what | like | from |
//! |---|---|---|
//! | length of titles, summaries, descriptions, criteria, outcomes | words of each in real records | 1,575 records, 2023 to 2026 |
//! | size of records and of results sections | median 10 kB, mean 17 kB, some above 1 MB; results above 40 kB in every second record that has them | those records, and the averages of the registry |
//! | share of studies with results (13 %), without sites (8 %), with former identifiers (0.5 %), withheld (0.16 %) | their share | the whole registry |
//! | sites (0 to some 400), conditions, keywords, interventions, other names, outcomes, MeSH terms and those above them | mean and tail of their number | the whole registry, and those records |
//! | words | Zipf's law: some hundreds of stock sentences and common words, then invented ones, as many different words as real text of that length | those records |
//! | cities, hospitals, sponsors, adverse events | a few in very many studies, many in few | Zipf's law |
//!
//! Not like the registry are the sentences, which mean little, the links between a text and the rest of
//! its study, which are names only, and the number of different conditions and medicines, which is some
//! hundreds, with a tail of invented ones.
//!
//! Names have other forms from which synonyms can be learned: abbreviations where a name is first used
//! ("Heart Failure (HF)"), and invented trade names and codes as other names of medicines, the same in all
//! studies of one.
//!
//! # The way of a study
//!
//! ```text
//!  seed, number ─▶ random ─▶ study ─▶ record ─▶ JSON text
//!                              │         └ prose, results, documents · text, words, names · json
//!                              └ timeline, dates · design, people, sites, places · vocabulary, terms
//!                                                  calibration: how much of everything
//! ```
//!
//! `study` decides everything that other parts must agree with; `record` writes it down. There is no
//! clock: the sample's today is [`REFERENCE_DATE`]. There are no fractions in what is drawn, so that
//! every machine makes the same bytes.

#![warn(missing_docs)]

mod calibration;
mod dates;
mod design;
mod documents;
mod json;
mod names;
mod people;
mod places;
mod prose;
mod random;
mod record;
mod results;
mod sites;
mod study;
mod terms;
mod text;
mod timeline;
mod vocabulary;
mod words;

use random::Random;
use study::Study;

/// How many studies a sample has where nobody asks for a number: enough for every status, phase and
/// condition to occur, and little enough to be made in a fraction of a second: some 32 MB.
pub const DEFAULT_COUNT: u32 = 2_000;

/// The seed of a sample where nobody asks for another.
pub const DEFAULT_SEED: u64 = 2_026;

/// The largest number a study can have: with it the identifiers are used up.
pub const MAX_COUNT: u32 = 9_999_999;

/// The day on which the sample stands still. What its studies call actual lies before this day or on
/// it, what they call planned mostly lies after it.
pub const REFERENCE_DATE: &str = "2026-06-30";

/// A number of synthetic studies.
///
/// A sample is a recipe of a few bytes: studies are made when they are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    seed: u64,
    count: u32,
}

impl Default for Sample {
    /// [`DEFAULT_COUNT`] studies with [`DEFAULT_SEED`].
    fn default() -> Self {
        Self::new(DEFAULT_COUNT)
    }
}

impl Sample {
    /// The first `count` studies, with [`DEFAULT_SEED`].
    ///
    /// # Panics
    ///
    /// If `count` is larger than [`MAX_COUNT`].
    #[must_use]
    pub const fn new(count: u32) -> Self {
        assert!(count <= MAX_COUNT, "a sample has at most 9,999,999 studies");
        Self { seed: DEFAULT_SEED, count }
    }

    /// Other studies under the same identifiers.
    #[must_use]
    pub const fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The seed the studies are made from.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How many studies [`Sample::iter`] makes.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The `n`-th study, counted from 1, as compact JSON text; its identifier is [`nct_id`] of `n`.
    ///
    /// It depends on the seed and on `n` only, and may lie beyond the sample's count.
    ///
    /// # Panics
    ///
    /// If `n` is zero or larger than [`MAX_COUNT`].
    #[must_use]
    pub fn study(&self, n: u32) -> String {
        assert!((1..=MAX_COUNT).contains(&n), "studies are numbered from 1 to 9,999,999");
        let mut random = Random::of_study(self.seed, n);
        let study = Study::of(n, &mut random);
        record::write(&study, &mut random)
    }

    /// All studies in the order of their identifiers, one JSON text each.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = String> + use<> {
        let sample = *self;
        (0..self.count).map(move |before| sample.study(before + 1))
    }
}

/// The identifier of the `n`-th study: `NCT90000001` is the first.
///
/// # Panics
///
/// If `n` is zero or larger than [`MAX_COUNT`].
#[must_use]
pub fn nct_id(n: u32) -> String {
    assert!((1..=MAX_COUNT).contains(&n), "studies are numbered from 1 to 9,999,999");
    record::nct_id(n)
}

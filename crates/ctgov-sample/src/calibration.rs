//! How much of everything does a record have?
//!
//! As much as in the registry. Each [`Quantiles`] table was read off 1,575 real records (published from
//! 2023 to 2026) and then moved, where those are known, to the averages of the whole registry: those
//! records hold more large studies than it. `tests/calibration.rs` compares the outcome with both.

use crate::random::Random;

/// A distribution, told by its quantiles: pairs of a share, in parts of 1,000, and the value that this
/// share of the cases stays below. Between two pairs it is a straight line.
#[derive(Debug)]
pub(crate) struct Quantiles(&'static [(i32, i32)]);

impl Quantiles {
    /// A number that is distributed so.
    pub(crate) fn draw(&self, random: &mut Random) -> usize {
        let share = random.between(0, 999_999);
        let above = self.0.partition_point(|&(per_mille, _)| per_mille * 1_000 <= share);
        let ((from, low), (to, high)) = (self.0[above - 1], self.0[above]);
        let (past, width) = (i64::from(share - from * 1_000), i64::from(to - from) * 1_000);
        let number = i64::from(low) + i64::from(high - low) * past / width;
        usize::try_from(number).unwrap_or_default()
    }
}

// Words of free text.

pub(crate) static SUMMARY_WORDS: Quantiles = Quantiles(&[
    (0, 8),
    (50, 20),
    (250, 34),
    (500, 60),
    (750, 117),
    (900, 200),
    (950, 270),
    (990, 507),
    (1_000, 770),
]);
pub(crate) static DESCRIPTION_WORDS: Quantiles = Quantiles(&[
    (0, 10),
    (50, 35),
    (250, 95),
    (500, 172),
    (750, 306),
    (900, 527),
    (950, 861),
    (990, 1_706),
    (998, 2_800),
    (1_000, 4_900),
]);
pub(crate) static CRITERIA_WORDS: Quantiles = Quantiles(&[
    (0, 12),
    (50, 31),
    (250, 90),
    (500, 184),
    (750, 370),
    (900, 660),
    (950, 920),
    (990, 1_550),
    (1_000, 2_900),
]);
pub(crate) static POPULATION_WORDS: Quantiles =
    Quantiles(&[(0, 2), (250, 12), (500, 22), (750, 35), (900, 72), (1_000, 150)]);
/// Of an arm and of what is given in it.
pub(crate) static ARM_WORDS: Quantiles =
    Quantiles(&[(0, 1), (100, 3), (250, 7), (500, 14), (750, 29), (900, 55), (990, 125), (1_000, 175)]);
/// Of how an outcome is measured.
pub(crate) static OUTCOME_WORDS: Quantiles =
    Quantiles(&[(0, 2), (100, 6), (250, 11), (500, 21), (750, 40), (900, 72), (990, 145), (1_000, 180)]);
/// Of how an outcome was measured, in results.
pub(crate) static MEASURED_WORDS: Quantiles =
    Quantiles(&[(0, 3), (100, 13), (250, 22), (500, 45), (750, 87), (900, 125), (1_000, 190)]);
/// Of who was measured.
pub(crate) static ANALYSED_WORDS: Quantiles =
    Quantiles(&[(0, 2), (100, 7), (250, 13), (500, 21), (750, 31), (900, 49), (1_000, 85)]);
/// Of how participants were found, and what became of them before the first day.
pub(crate) static RECRUITMENT_WORDS: Quantiles =
    Quantiles(&[(0, 5), (250, 15), (500, 28), (750, 50), (900, 90), (1_000, 150)]);

// Numbers of things in a record.

/// Participants; the study adds how large others of its kind are.
pub(crate) static ENROLLMENT: Quantiles = Quantiles(&[
    (0, 2),
    (50, 7),
    (100, 14),
    (250, 30),
    (500, 62),
    (750, 170),
    (900, 450),
    (950, 820),
    (990, 3_800),
    (999, 20_000),
    (1_000, 400_000),
]);
pub(crate) static CONDITIONS: Quantiles =
    Quantiles(&[(0, 1), (620, 1), (621, 2), (790, 3), (900, 5), (970, 8), (999, 20), (1_000, 60)]);
pub(crate) static KEYWORDS: Quantiles =
    Quantiles(&[(0, 0), (330, 0), (331, 1), (500, 2), (750, 4), (900, 7), (950, 9), (990, 15), (1_000, 36)]);
pub(crate) static PRIMARY_OUTCOMES: Quantiles =
    Quantiles(&[(0, 1), (680, 1), (681, 2), (830, 3), (930, 4), (980, 8), (999, 22), (1_000, 40)]);
pub(crate) static SECONDARY_OUTCOMES: Quantiles = Quantiles(&[
    (0, 0),
    (220, 0),
    (221, 1),
    (500, 3),
    (750, 6),
    (900, 10),
    (950, 14),
    (990, 26),
    (999, 60),
    (1_000, 110),
]);
pub(crate) static OTHER_OUTCOMES: Quantiles =
    Quantiles(&[(0, 0), (890, 0), (891, 1), (950, 4), (990, 14), (1_000, 46)]);
pub(crate) static REFERENCES: Quantiles =
    Quantiles(&[(0, 0), (700, 0), (701, 1), (800, 2), (900, 4), (950, 8), (990, 24), (1_000, 80)]);

/// Sites of a study by one house or a few of them.
pub(crate) static FEW_SITES: Quantiles =
    Quantiles(&[(0, 1), (790, 1), (791, 2), (880, 3), (950, 6), (980, 14), (995, 40), (1_000, 120)]);
/// Sites of a company's study or of a late one.
pub(crate) static MANY_SITES: Quantiles = Quantiles(&[
    (0, 1),
    (360, 1),
    (361, 2),
    (500, 4),
    (650, 12),
    (800, 28),
    (900, 55),
    (960, 100),
    (990, 180),
    (999, 330),
    (1_000, 420),
]);

// Results.

/// Points in time at which an outcome was measured.
pub(crate) static TIME_POINTS: Quantiles =
    Quantiles(&[(0, 1), (770, 1), (771, 2), (900, 5), (950, 9), (985, 30), (999, 140), (1_000, 280)]);
pub(crate) static SERIOUS_EVENTS: Quantiles = Quantiles(&[
    (0, 0),
    (400, 0),
    (401, 1),
    (600, 6),
    (750, 16),
    (900, 45),
    (950, 85),
    (990, 190),
    (1_000, 340),
]);
pub(crate) static OTHER_EVENTS: Quantiles = Quantiles(&[
    (0, 0),
    (160, 0),
    (161, 1),
    (500, 13),
    (750, 42),
    (900, 84),
    (950, 135),
    (990, 320),
    (1_000, 690),
]);
/// Participants who leave before the end, of a hundred.
pub(crate) static DROPPED_PERCENT: Quantiles =
    Quantiles(&[(0, 0), (250, 1), (500, 9), (750, 20), (900, 38), (1_000, 75)]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_drawn_from_as_it_says() {
        let table = Quantiles(&[(0, 0), (250, 0), (251, 1), (750, 11), (1_000, 100)]);
        let mut random = Random::of_study(0, 1);
        let mut drawn: Vec<_> = (0..4_000).map(|_| table.draw(&mut random)).collect();
        drawn.sort_unstable();
        assert_eq!((drawn[0], drawn[900], drawn[3_999] > 90), (0, 0, true));
        assert!((5..=7).contains(&drawn[2_000]) && (10..=13).contains(&drawn[3_000]), "{}", drawn[3_000]);
    }
}

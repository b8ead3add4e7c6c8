//! `Fullest`: the fullest of many rows, without keeping the others.

use super::values::Count;
use std::cmp::Reverse;

/// Keeps the rows that most studies have.
///
/// Of equally full ones those are kept whose first study comes first, and of these all: only their texts, which are not
/// known yet, tell which of them are left out.
pub(super) struct Fullest<T> {
    most: usize,
    rows: Vec<(Count, T)>,
    /// How many rows are gathered before the least full are left out.
    gathered_max: usize,
    /// What a row must at least be.
    bar: Option<Fullness>,
}

/// Ascending: the fullest first.
type Fullness = (Reverse<u32>, u32);

fn fullness(count: &Count) -> Fullness {
    (Reverse(count.studies), count.first)
}

impl<T> Fullest<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, rows: Vec::new(), gathered_max: 4 * most, bar: None }
    }

    pub(super) fn offer(&mut self, count: Count, row: T) {
        if self.bar.is_none_or(|bar| fullness(&count) <= bar) {
            self.rows.push((count, row));
            if self.rows.len() >= self.gathered_max {
                self.leave_out();
            }
        }
    }

    fn leave_out(&mut self) {
        if self.rows.len() > self.most {
            let (_, (last, _), _) =
                self.rows.select_nth_unstable_by_key(self.most - 1, |(count, _)| fullness(count));
            let bar = fullness(last);
            self.rows.retain(|(count, _)| fullness(count) <= bar);
            self.bar = Some(bar);
            // Where many are equal, little is left out: a look at all of them again must be worth it.
            self.gathered_max = self.gathered_max.max(2 * self.rows.len());
        }
    }

    /// The rows that can be among the fullest.
    pub(super) fn candidates(mut self) -> Vec<(Count, T)> {
        self.leave_out();
        self.rows
    }
}

/// The rows to keep of the candidates, the fullest first, equally full ones in the order of their texts.
pub(super) fn kept<T: Ord>(mut candidates: Vec<(Count, T)>, most: usize) -> Vec<(Count, T)> {
    if candidates.len() > most {
        candidates.sort_by(|(a, one), (b, other)| fullness(a).cmp(&fullness(b)).then_with(|| one.cmp(other)));
        candidates.truncate(most);
    }
    candidates.sort_by(|(a, one), (b, other)| b.studies.cmp(&a.studies).then_with(|| one.cmp(other)));
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_are_what_sorting_all_gives(
            rows in prop::collection::vec((1..4_u32, 1..6_u32, 0..9_u32), 0..200), most in 1..12_usize,
        ) {
            let mut all: Vec<_> =
                rows.iter().map(|(studies, first, text)| (Count { studies: *studies, first: *first }, *text)).collect();
            let mut fullest = Fullest::new(most);
            all.iter().for_each(|(count, text)| fullest.offer(*count, *text));
            let kept = kept(fullest.candidates(), most);
            all.sort_by_key(|(count, text)| (fullness(count), *text));
            all.truncate(most);
            all.sort_by_key(|(count, text)| (Reverse(count.studies), *text));
            let shown = |rows: &[(Count, u32)]| -> Vec<_> {
                rows.iter().map(|(count, text)| (count.studies, *text)).collect()
            };
            prop_assert_eq!(shown(&kept), shown(&all));
        }
    }
}

//! Where does the chance in a study come from?
//!
//! From [`Random`], the published generator SplitMix64 (Steele, Lea and Flood, 2014): one addition
//! and three mixing steps per number. It is written out here because its numbers are part of what
//! this crate promises: a study's text stays the same from release to release, whatever happens to
//! the libraries that offer randomness.

/// A stream of numbers that depends on its start only.
#[derive(Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// The stream of study `n` in the sample with this seed. Streams of neighbouring studies have
    /// nothing in common, so a study can be made without making those before it.
    pub(crate) fn of_study(seed: u64, n: u32) -> Self {
        let mut mixer = Self { state: seed ^ u64::from(n).wrapping_mul(0xD1B5_4A32_D192_ED03) };
        Self { state: mixer.next() }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `low..=high`; `low` where the range is empty.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        let span = i64::from(high.max(low)) - i64::from(low) + 1;
        // The upper half of a product spreads the number over the span without a division.
        let step = (u128::from(self.next()) * span.unsigned_abs() as u128) >> 64;
        i32::try_from(i64::from(low) + step as i64).unwrap_or(low)
    }

    /// An index below `len`, which must not be zero.
    pub(crate) fn below(&mut self, len: usize) -> usize {
        ((u128::from(self.next()) * len as u128) >> 64) as usize
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: i32) -> bool {
        self.between(0, 99) < percent
    }

    /// True in `per_mille` of a thousand cases.
    pub(crate) fn rarely(&mut self, per_mille: i32) -> bool {
        self.between(0, 999) < per_mille
    }

    /// A rank below `2^octaves - 1` by Zipf's law: each doubling of the rank is as likely as the one
    /// before, so a rank is drawn about as often as its reciprocal says. Whole numbers only, so that it
    /// is the same on every machine.
    pub(crate) fn rank(&mut self, octaves: u32) -> usize {
        let octave = self.below(octaves as usize);
        self.rank_in(octave)
    }

    /// A rank of one doubling, `2^octave - 1` and the ranks up to the next.
    pub(crate) fn rank_in(&mut self, octave: usize) -> usize {
        (1 << octave) - 1 + self.below(1 << octave)
    }

    /// An index below `len`, which must not be zero, by Zipf's law.
    pub(crate) fn favourite(&mut self, len: usize) -> usize {
        self.rank(usize::BITS - len.leading_zeros()) % len
    }

    /// One of the items, all equally likely.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        *self.row(items)
    }

    /// One row of a table, all equally likely.
    pub(crate) fn row<'a, T>(&mut self, table: &'a [T]) -> &'a T {
        &table[self.below(table.len())]
    }

    /// One of the items, each as likely as its weight says.
    pub(crate) fn weighted<T: Copy>(&mut self, items: &[(i32, T)]) -> T {
        let sum: i32 = items.iter().map(|(weight, _)| weight).sum();
        let mut left = self.between(0, sum - 1);
        for &(weight, item) in items {
            left -= weight;
            if left < 0 {
                return item;
            }
        }
        unreachable!("the weights add up to their sum")
    }

    /// Up to `count` different items, in the order of the table.
    pub(crate) fn several<'a, T>(&mut self, items: &'a [T], count: usize) -> Vec<&'a T> {
        let mut wanted = count.min(items.len());
        let mut chosen = Vec::with_capacity(wanted);
        for (at, item) in items.iter().enumerate() {
            if self.below(items.len() - at) < wanted {
                chosen.push(item);
                wanted -= 1;
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // The first numbers of SplitMix64 from state 0, as in the reference implementation.
        let mut random = Random { state: 0 };
        assert_eq!(random.next(), 0xE220_A839_7B1D_CDAF);
        assert_eq!(random.next(), 0x6E78_9E6A_A1B9_65F4);
        assert_eq!(random.next(), 0x06C4_5D18_8009_454F);
    }

    #[test]
    fn a_range_is_reached_from_end_to_end() {
        let mut random = Random { state: 1 };
        let numbers: Vec<_> = (0..1_000).map(|_| random.between(-2, 3)).collect();
        assert_eq!((numbers.iter().min(), numbers.iter().max()), (Some(&-2), Some(&3)));
        assert_eq!(random.between(5, 4), 5);
    }

    #[test]
    fn ranks_follow_zipf() {
        let mut random = Random { state: 3 };
        let mut seen = [0_u32; 1_023];
        for _ in 0..100_000 {
            seen[random.rank(10)] += 1;
        }
        assert!(seen.iter().all(|&count| count > 0), "no rank is missing");
        for (few, many) in [(0, 1), (1, 3), (3, 7), (7, 15)] {
            // Half as often at twice the rank: the sums of neighbouring doublings are alike.
            let sum = |first: usize| seen[first..=2 * first].iter().sum::<u32>();
            let (one, other) = (sum(few), sum(many));
            assert!(one.abs_diff(other) < 600, "{one} from {few}, {other} from {many}");
        }
        assert!((0..1_000).all(|_| random.favourite(38) < 38));
    }

    #[test]
    fn several_items_are_different_and_keep_their_order() {
        let mut random = Random { state: 2 };
        let items = [1, 2, 3, 4, 5];
        for count in 0..=7 {
            let chosen = random.several(&items, count);
            assert_eq!(chosen.len(), count.min(5));
            assert!(chosen.is_sorted_by(|a, b| a < b), "{chosen:?}");
        }
    }
}

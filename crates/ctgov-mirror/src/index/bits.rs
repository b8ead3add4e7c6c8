//! `Bits`: a set of studies or sites by their place in the open index, one bit each.

use std::sync::Arc;

/// A set of numbers below its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
    len: u32,
}

impl Bits {
    /// The empty set of numbers below `len`.
    pub(crate) fn none(len: u32) -> Self {
        Self { words: vec![0; (len as usize).div_ceil(64)], len }
    }

    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Takes out every member.
    pub(crate) fn clear(&mut self) {
        self.words.fill(0);
    }

    pub(crate) fn insert(&mut self, at: u32) {
        self.words[at as usize / 64] |= 1 << (at % 64);
    }

    pub(crate) fn remove(&mut self, at: u32) {
        self.words[at as usize / 64] &= !(1 << (at % 64));
    }

    pub(crate) fn contains(&self, at: u32) -> bool {
        self.words[at as usize / 64] & (1 << (at % 64)) != 0
    }

    pub(crate) fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(crate) fn and(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    pub(crate) fn or(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub(crate) fn and_not(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// How many are in both.
    pub(crate) fn count_and(&self, other: &Self) -> u64 {
        self.words.iter().zip(&other.words).map(|(word, other)| u64::from((word & other).count_ones())).sum()
    }

    /// The members, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.words.iter().enumerate().flat_map(|(at, word)| members(at, *word))
    }

    /// The members of both, ascending.
    pub(crate) fn iter_and(&self, other: &Self) -> impl Iterator<Item = u32> {
        let words = self.words.iter().zip(&other.words).enumerate();
        words.flat_map(|(at, (word, other))| members(at, word & other))
    }

    /// The members within `range`, ascending, counted from its start.
    pub(crate) fn iter_within(&self, start: u32, end: u32) -> impl Iterator<Item = u32> {
        let words = start / 64..end.div_ceil(64);
        words
            .flat_map(move |at| members(at as usize, self.words[at as usize]))
            .filter(move |member| (start..end).contains(member))
            .map(move |member| member - start)
    }
}

/// The members that a word stands for.
fn members(at: usize, mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros())?;
        word &= word - 1;
        Some(at as u32 * 64 + bit)
    })
}

/// A set to be remembered, in as little room as it takes.
#[derive(Clone, Debug)]
pub(crate) enum Compact {
    Bits(Arc<Bits>),
    Members { members: Arc<[u32]>, len: u32 },
}

impl Compact {
    pub(crate) fn new(bits: &Arc<Bits>) -> Self {
        // A number takes as much room as 32 bits.
        if bits.count() < u64::from(bits.len() / 32) {
            Self::Members { members: bits.iter().collect(), len: bits.len() }
        } else {
            Self::Bits(bits.clone())
        }
    }

    pub(crate) fn bits(&self) -> Arc<Bits> {
        match self {
            Self::Bits(bits) => bits.clone(),
            Self::Members { members, len } => {
                let mut bits = Bits::none(*len);
                members.iter().for_each(|member| bits.insert(*member));
                Arc::new(bits)
            }
        }
    }

    /// How many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Bits(bits) => bits.words.len() * size_of::<u64>(),
            Self::Members { members, .. } => members.len() * size_of::<u32>(),
        }
    }
}

/// A set with the place of each member among the members.
#[derive(Debug)]
pub(crate) struct Ranked {
    bits: Bits,
    /// How many members come before each word.
    before: Vec<u32>,
}

impl Ranked {
    pub(crate) fn new(bits: Bits) -> Self {
        let mut sum = 0;
        let before = bits.words.iter().map(|word| {
            let here = sum;
            sum += word.count_ones();
            here
        });
        Self { before: before.collect(), bits }
    }

    pub(crate) fn bits(&self) -> &Bits {
        &self.bits
    }

    /// How many members come before `at`, if it is one.
    pub(crate) fn place(&self, at: u32) -> Option<usize> {
        let word = self.bits.words[at as usize / 64];
        let bit = 1_u64 << (at % 64);
        (word & bit != 0).then(|| (self.before[at as usize / 64] + (word & (bit - 1)).count_ones()) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn bits(members: &BTreeSet<u32>) -> Bits {
        let mut bits = Bits::none(200);
        members.iter().for_each(|at| bits.insert(*at));
        bits
    }

    proptest! {
        #[test]
        fn they_are_sets(
            a in prop::collection::btree_set(0..200_u32, 0..60), b in prop::collection::btree_set(0..200_u32, 0..60),
            start in 0..200_u32, length in 0..200_u32,
        ) {
            let (one, other) = (bits(&a), bits(&b));
            let with = |operation: fn(&mut Bits, &Bits)| {
                let mut result = one.clone();
                operation(&mut result, &other);
                result.iter().collect::<BTreeSet<_>>()
            };
            prop_assert_eq!(with(Bits::and), &a & &b);
            prop_assert_eq!(with(Bits::or), &a | &b);
            prop_assert_eq!(with(Bits::and_not), &a - &b);
            prop_assert_eq!(one.count_and(&other), (&a & &b).len() as u64);
            prop_assert_eq!(one.iter_and(&other).collect::<BTreeSet<_>>(), &a & &b);
            prop_assert_eq!(one.count(), a.len() as u64);
            let end = (start + length).min(200);
            let within: Vec<u32> = one.iter_within(start, end).map(|at| at + start).collect();
            prop_assert_eq!(within, a.range(start..end).copied().collect::<Vec<_>>());
            let one = Arc::new(one);
            let compact = Compact::new(&one);
            prop_assert_eq!(&*compact.bits(), &*one);
            prop_assert!(compact.bytes() <= one.words.len() * 8);
            let ranked = Ranked::new(Arc::unwrap_or_clone(one));
            for at in 0..200 {
                prop_assert_eq!(ranked.place(at), a.iter().position(|member| *member == at));
            }
        }
    }
}

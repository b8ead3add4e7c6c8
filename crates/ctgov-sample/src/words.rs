//! Which word comes next in free text?
//!
//! Words are ranked, and a word's rank decides how often it occurs (Zipf's law). The first ranks are
//! words of our lists; those after them are invented, put together from syllables that medicine likes, so
//! that the vocabulary has the long tail of real text: some 400,000 words, of which most occur seldom.

use crate::random::Random;
use crate::vocabulary::words::{ADJECTIVE_ENDINGS, ADJECTIVES, NOUN_ENDINGS, NOUNS, ONSETS};

/// From which doubling of the rank the next word comes: each in so many of 256 cases. Less at the
/// beginning, where the words of the stock sentences are, and less in the tail than the pure law has: text
/// of one language repeats itself more than that.
const SHARES: [usize; 18] = [4, 8, 13, 19, 24, 28, 31, 31, 28, 18, 16, 13, 10, 7, 2, 2, 1, 1];

static OCTAVES: [u8; 256] = {
    let mut octaves = [0; 256];
    let (mut at, mut octave) = (0, 0);
    while octave < SHARES.len() {
        let end = at + SHARES[octave];
        while at < end {
            octaves[at] = octave as u8;
            at += 1;
        }
        octave += 1;
    }
    octaves
};

fn rank(random: &mut Random) -> usize {
    let octave = random.pick(&OCTAVES);
    random.rank_in(usize::from(octave))
}

/// Writes a noun.
pub(crate) fn noun(out: &mut String, random: &mut Random) {
    let rank = rank(random);
    match NOUNS.get(rank) {
        Some(word) => out.push_str(word),
        None => coin_noun(rank, out),
    }
}

/// Writes an adjective.
pub(crate) fn adjective(out: &mut String, random: &mut Random) {
    let rank = rank(random);
    match ADJECTIVES.get(rank) {
        Some(word) => out.push_str(word),
        None => coin(rank, 17, &ADJECTIVE_ENDINGS, out),
    }
}

/// Writes an invented noun, one of 262,144; the same for the same number.
pub(crate) fn coin_noun(number: usize, out: &mut String) {
    coin(number, 18, &NOUN_ENDINGS, out);
}

fn coin(number: usize, bits: u32, endings: &[&str], out: &mut String) {
    // An odd factor scatters neighbours, and no two numbers come together.
    let mixed = number.wrapping_mul(0x9E37_79B1) & ((1 << bits) - 1);
    out.push_str(ONSETS[mixed & 63]);
    out.push(char::from(b"bcdfghklmnprstvz"[mixed >> 6 & 15]));
    out.push(char::from(b"aeio"[mixed >> 10 & 3]));
    out.push_str(endings[mixed >> 12]);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn invented_words_differ() {
        let words: BTreeSet<_> = (0..1 << 18)
            .map(|number| {
                let mut word = String::new();
                coin_noun(number, &mut word);
                word
            })
            .collect();
        assert!(words.len() > 250_000, "{} words", words.len());
    }

    #[test]
    fn frequent_words_are_real_and_rare_ones_invented() {
        let (mut random, mut real) = (Random::of_study(0, 1), 0);
        for _ in 0..10_000 {
            let mut word = String::new();
            noun(&mut word, &mut random);
            real += u32::from(NOUNS.contains(&word.as_str()));
        }
        assert!((6_500..8_500).contains(&real), "{real} of 10,000");
    }
}

//! What stands in a free text of a wanted length?
//!
//! Sentences of a stock, whose gaps take words by their rank ([`crate::words`]) or, now and then, a term of
//! the study itself: a search for its condition finds the study by its text, too.

use crate::random::Random;
use crate::vocabulary::sentences::Sentence;
use crate::words;

/// Bytes that ten words take, with what stands around them.
const BYTES_PER_TEN_WORDS: usize = 64;

/// What a study's text keeps coming back to: its conditions, what is given, what is measured.
#[derive(Debug)]
pub(crate) struct Topic(pub(crate) Vec<String>);

impl Topic {
    /// Adds sentences of the stock until the text has about as many words more; less than a sentence is
    /// a phrase.
    pub(crate) fn write(&self, out: &mut String, stock: &[Sentence], words: usize, random: &mut Random) {
        let end = out.len() + words * BYTES_PER_TEN_WORDS / 10;
        if words < 8 {
            let start = out.len();
            for at in 0..words.div_ceil(2).max(1) {
                out.push_str(["", " of ", " and ", " in "][at]);
                self.phrase(out, random);
            }
            if let Some(first) = out.get_mut(start..=start) {
                first.make_ascii_uppercase();
            }
            return;
        }
        loop {
            self.sentence(out, random.pick(stock), random);
            // Half a sentence more than wanted is as frequent as half a sentence less.
            if out.len() + BYTES_PER_TEN_WORDS / 2 >= end {
                return;
            }
            out.push(' ');
        }
    }

    /// A text of its own.
    pub(crate) fn text(&self, stock: &[Sentence], words: usize, random: &mut Random) -> String {
        let mut out = String::with_capacity((words + 16) * BYTES_PER_TEN_WORDS / 10);
        self.write(&mut out, stock, words, random);
        out
    }

    /// Adds one sentence.
    pub(crate) fn sentence(&self, out: &mut String, sentence: Sentence, random: &mut Random) {
        let (first, rest) = sentence.split_first().unwrap_or((&"", &[]));
        out.push_str(first);
        for part in rest {
            self.phrase(out, random);
            out.push_str(part);
        }
    }

    /// Adds a term of the study, or a noun with or without an adjective.
    pub(crate) fn phrase(&self, out: &mut String, random: &mut Random) {
        if !self.0.is_empty() && random.chance(14) {
            out.push_str(random.row::<String>(&self.0));
            return;
        }
        if random.chance(60) {
            words::adjective(out, random);
            out.push(' ');
        }
        words::noun(out, random);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::sentences::GENERAL;

    #[test]
    fn a_text_has_about_as_many_words_as_wanted() {
        let topic = Topic(vec!["Asthma".to_owned()]);
        let mut random = Random::of_study(0, 1);
        for wanted in [2, 20, 60, 300, 2_000] {
            let texts: Vec<_> = (0..50).map(|_| topic.text(GENERAL, wanted, &mut random)).collect();
            let words: usize = texts.iter().map(|text| text.split(' ').count()).sum();
            assert!((wanted * 35..wanted * 70).contains(&words), "{} for {wanted}: {}", words / 50, texts[0]);
        }
    }
}

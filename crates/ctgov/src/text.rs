//! How text becomes words, for records and for queries alike.
//!
//! One function serves the index, the queries and every check of them, so that a word a person types meets the
//! word in a record: compatibility forms and accents fold away (`Sjögren’s` → `sjogren`, `s`), case is dropped,
//! and everything that is neither letter nor digit separates.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Longest word kept, in bytes; what is beyond is cut off, in records and queries alike.
pub const WORD_BYTES_MAX: usize = 255;

/// Calls `each` with every word of `text`, folded, in order.
///
/// ```
/// let mut words = Vec::new();
/// ctgov::text::for_each_word("Anti-PD-1 für Müller", |word| words.push(word.to_owned()));
/// assert_eq!(words, ["anti", "pd", "1", "fur", "muller"]);
/// ```
pub fn for_each_word(text: &str, mut each: impl FnMut(&str)) {
    let mut word = String::new();
    let mut push = |character: Option<char>| match character {
        Some(character) if character.is_alphanumeric() => {
            if word.len() + character.len_utf8() <= WORD_BYTES_MAX {
                word.push(character);
            }
        }
        _ if word.is_empty() => {}
        _ => {
            each(&word);
            word.clear();
        }
    };
    if text.is_ascii() {
        text.bytes().for_each(|byte| push(Some(byte.to_ascii_lowercase().into())));
    } else {
        let folded = text.nfkd().filter(|character| !is_combining_mark(*character));
        folded.flat_map(char::to_lowercase).for_each(|character| push(Some(character)));
    }
    push(None);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        for_each_word(text, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn words_are_folded_and_split() {
        let cases: [(&str, &[&str]); 6] = [
            ("", &[]),
            (" -- ", &[]),
            ("COVID-19", &["covid", "19"]),
            ("Sjögren’s", &["sjogren", "s"]),
            ("TNF-α ﬁbrosis", &["tnf", "α", "fibrosis"]),
            ("İstanbul", &["istanbul"]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), expected, "text: {text:?}");
        }
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(text in ".{0,200}") {
            let once = words(&text);
            prop_assert_eq!(words(&once.join(" ")), once);
        }

        #[test]
        fn words_are_bounded(text in "[a-zé]{0,600}") {
            prop_assert!(words(&text).iter().all(|word| word.len() <= WORD_BYTES_MAX));
        }
    }
}

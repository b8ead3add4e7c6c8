//! `Prepared`: a study, and what was worked out of it so far.

use crate::pieces::{self, Measure, Piece};
use crate::text;
use serde_json::Value as Json;
use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    fmt,
    ops::Range,
};

/// A study to ask conditions of, and what was worked out of it so far.
///
/// It fills as it is asked, so it belongs to one thread at a time; it is cheap to make.
pub struct Prepared<'a> {
    study: &'a Json,
    sites: &'a [Json],
    slots: Box<[OnceCell<Box<Slot<'a>>>]>,
    /// Every word met so far and its number.
    numbers: RefCell<HashMap<Box<str>, u32>>,
}

/// What is kept of a piece.
#[derive(Default)]
struct Slot<'a> {
    values: OnceCell<Column<&'a Json>>,
    texts: OnceCell<Texts<'a>>,
    keys: OnceCell<Column<i64>>,
    sizes: OnceCell<Column<i64>>,
}

/// Of what record something is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Of the study, all its sites included.
    Study,
    /// Of one site, by its place in the record.
    Site(usize),
}

/// Everything of one kind that a piece has in a study, in the record's order.
pub(super) struct Column<T> {
    items: Vec<T>,
    /// Where the items of each site start, and where the last ones end; empty for what is no part of a site.
    starts: Vec<usize>,
}

impl<T> Column<T> {
    fn range(&self, whose: Whose) -> Range<usize> {
        match whose {
            Whose::Study => 0..self.items.len(),
            Whose::Site(site) => match self.starts.get(site..site + 2) {
                Some(&[start, end]) => start..end,
                _ => 0..0,
            },
        }
    }

    /// What the study or the site has.
    pub(super) fn of(&self, whose: Whose) -> &[T] {
        &self.items[self.range(whose)]
    }
}

/// The texts of a piece and their words.
pub(super) struct Texts<'a> {
    values: Column<Value<'a>>,
    /// The words of all values, one value after the other.
    words: Vec<u32>,
    /// Every one of them once, in order.
    vocabulary: Vec<u32>,
}

/// A text.
pub(super) struct Value<'a> {
    pub(super) text: &'a str,
    words: Range<usize>,
}

impl<'a> Texts<'a> {
    /// The texts that the study or the site has.
    pub(super) fn of(&self, whose: Whose) -> &[Value<'a>] {
        self.values.of(whose)
    }

    /// The words of one of the texts.
    pub(super) fn words_of(&self, value: &Value<'a>) -> &[u32] {
        &self.words[value.words.clone()]
    }

    /// Whether some text of the study or the site has the word.
    pub(super) fn has_word(&self, word: u32, whose: Whose) -> bool {
        self.vocabulary.binary_search(&word).is_ok()
            && (whose == Whose::Study
                || self.of(whose).iter().any(|value| self.words_of(value).contains(&word)))
    }
}

impl<'a> Prepared<'a> {
    /// A study that nothing was asked of yet.
    pub fn new(study: &'a Json) -> Self {
        let slots = (0..pieces::COUNT).map(|_| OnceCell::new()).collect();
        Self { study, sites: pieces::sites(study), slots, numbers: RefCell::default() }
    }

    /// The study.
    pub const fn study(&self) -> &'a Json {
        self.study
    }

    /// Its sites, in the record's order.
    pub const fn sites(&self) -> &'a [Json] {
        self.sites
    }

    fn slot(&self, piece: Piece) -> &Slot<'a> {
        self.slots[piece.index()].get_or_init(Box::default)
    }

    /// The values of a piece.
    pub(super) fn values(&self, piece: Piece) -> &Column<&'a Json> {
        self.slot(piece).values.get_or_init(|| {
            self.column(
                piece,
                |study, values| piece.for_each_value(study, |value| values.push(value)),
                |site, values| piece.for_each_value_in_site(site, |value| values.push(value)),
            )
        })
    }

    /// The keys of a measure.
    pub(super) fn keys(&self, measure: Measure) -> &Column<i64> {
        let slot = self.slot(measure.piece());
        let keys = match measure {
            Measure::Values(_) => &slot.keys,
            Measure::Size(_) => &slot.sizes,
        };
        keys.get_or_init(|| {
            self.column(
                measure.piece(),
                |study, keys| measure.for_each_key(study, |key| keys.push(key)),
                |site, keys| measure.for_each_key_in_site(site, |key| keys.push(key)),
            )
        })
    }

    fn column<T>(
        &self,
        piece: Piece,
        of_study: impl FnOnce(&'a Json, &mut Vec<T>),
        of_site: impl Fn(&'a Json, &mut Vec<T>),
    ) -> Column<T> {
        let mut column = Column { items: Vec::new(), starts: Vec::new() };
        if piece.path_in_site().is_none() {
            of_study(self.study, &mut column.items);
            return column;
        }
        column.starts.push(0);
        for site in self.sites {
            of_site(site, &mut column.items);
            column.starts.push(column.items.len());
        }
        column
    }

    /// The texts of a piece.
    pub(super) fn texts(&self, piece: Piece) -> &Texts<'a> {
        self.slot(piece).texts.get_or_init(|| {
            let values = self.values(piece);
            let mut words = Vec::new();
            let mut numbers = self.numbers.borrow_mut();
            let read = |value: &&'a Json| {
                // What is no text has no words, and keeps its place among the sites.
                let text = value.as_str().unwrap_or_default();
                let start = words.len();
                text::for_each_word(text, |word| {
                    let next = numbers.len() as u32;
                    let known = numbers.get(word).copied();
                    words.push(known.unwrap_or_else(|| *numbers.entry(word.into()).or_insert(next)));
                });
                Value { text, words: start..words.len() }
            };
            let items = values.items.iter().map(read).collect();
            let mut vocabulary = words.clone();
            vocabulary.sort_unstable();
            vocabulary.dedup();
            vocabulary.shrink_to_fit();
            Texts { values: Column { items, starts: values.starts.clone() }, words, vocabulary }
        })
    }

    /// The number of a word, if it was met in a piece whose texts were asked for.
    pub(super) fn number_of(&self, word: &str) -> Option<u32> {
        self.numbers.borrow().get(word).copied()
    }

    /// The numbers of words, if all of them were met.
    pub(super) fn numbers_of(&self, words: &[String]) -> Option<Vec<u32>> {
        let numbers = self.numbers.borrow();
        words.iter().map(|word| numbers.get(word.as_str()).copied()).collect()
    }
}

impl fmt::Debug for Prepared<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = Piece::named("NCTId").text(self.study);
        f.debug_struct("Prepared")
            .field("study", &id)
            .field("sites", &self.sites.len())
            .finish_non_exhaustive()
    }
}

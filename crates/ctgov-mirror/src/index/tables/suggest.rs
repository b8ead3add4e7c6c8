//! Suggestions: the values that begin with what somebody has typed so far.

use super::{super::StudyIndex, Result};
use crate::documents::Documents;
use ctgov::{
    Budget,
    pieces::Piece,
    tabulate::{Dimension, TableQuery},
    text::folded,
};

/// Digits of an NCT number.
const DIGITS: u32 = 8;

/// The values that can be suggested for a piece, the commonest first, each with its folded form.
pub(super) struct Suggestible(Vec<(String, String)>);

impl StudyIndex {
    /// See [`ctgov::Snapshot::suggest`].
    pub(crate) fn suggest(
        &self,
        documents: &Documents,
        piece: Piece,
        typed: &str,
        count: usize,
        budget: &Budget,
    ) -> Result<Vec<String>> {
        const NUMBER: Piece = Piece::named("NCTId");
        budget.check()?;
        if piece == NUMBER {
            return Ok(numbers(documents, typed, count));
        }
        let known = self.remembered.suggestible(piece, || {
            let by = vec![Dimension { piece, period: None }];
            let table = self.tabulate(documents, &TableQuery { by, ..TableQuery::default() }, budget)?;
            let values = table.rows.into_iter().filter_map(|row| row.values.into_iter().next().flatten());
            Ok(Suggestible(values.map(|value| (folded(&value), value)).collect()))
        })?;
        Ok(known.beginning_with(&folded(typed.trim()), count))
    }
}

impl Suggestible {
    fn beginning_with(&self, typed: &str, count: usize) -> Vec<String> {
        let begins = |(folded, _): &&(String, String)| folded.starts_with(typed);
        let has_word = |(folded, _): &&(String, String)| {
            let mut places = folded.match_indices(typed).filter(|(at, _)| *at > 0);
            places.any(|(at, _)| !folded[..at].ends_with(char::is_alphanumeric))
        };
        let first = self.0.iter().filter(begins);
        let then = self.0.iter().filter(|value| !begins(value) && has_word(value));
        first.chain(then).take(count).map(|(_, value)| value.clone()).collect()
    }

    /// How much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let of = |text: &String| size_of::<String>() + text.len();
        self.0.iter().map(|(folded, value)| of(folded) + of(value)).sum()
    }
}

/// The NCT numbers that begin with `typed`, with or without its letters.
fn numbers(documents: &Documents, typed: &str, count: usize) -> Vec<String> {
    let typed = typed.trim().to_ascii_uppercase();
    let letters = "NCT".chars().zip(typed.chars()).take_while(|(expected, found)| expected == found).count();
    let digits = &typed[letters..];
    let is_number = digits.len() <= DIGITS as usize && digits.bytes().all(|byte| byte.is_ascii_digit());
    // Digits after some of the letters begin no number, nor do letters that are others.
    if !is_number || !(digits.is_empty() || letters == 0 || letters == 3) {
        return Vec::new();
    }
    let span = 10_u32.pow(DIGITS - digits.len() as u32);
    let first = digits.parse().unwrap_or(0) * span;
    let entries = documents.entries();
    let start = entries.partition_point(|entry| entry.nct_id.number() < first);
    let in_span = entries[start..].iter().take_while(|entry| entry.nct_id.number() - first < span);
    in_span.take(count).map(|entry| entry.nct_id.to_string()).collect()
}

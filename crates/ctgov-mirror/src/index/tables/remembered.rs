//! `Remembered`: what was worked out over everything, for as long as the generation is open.

use super::{Result, suggest::Suggestible};
use ctgov::{
    pieces::Piece,
    tabulate::{Dimension, FieldStats, FieldValues, ListSizes, RecordSizes, Table, TextValues},
};
use quick_cache::{Weighter, sync::Cache};
use std::{
    mem::size_of,
    sync::{Arc, OnceLock},
};

/// What it may take in memory, in bytes: the statistics of every piece of the whole registry take a third of it.
const BYTES_MAX: u64 = 48 << 20;

/// Answers to questions about everything.
pub(in super::super) struct Remembered {
    answers: Cache<String, Answer, AnswerWeighter>,
    record_sizes: OnceLock<RecordSizes>,
}

#[derive(Clone)]
enum Answer {
    Table(Arc<Table>),
    FieldStats(Arc<FieldStats>),
    ListSizes(Arc<ListSizes>),
    Suggestible(Arc<Suggestible>),
}

#[derive(Clone)]
struct AnswerWeighter;

impl Weighter<String, Answer> for AnswerWeighter {
    fn weight(&self, question: &String, answer: &Answer) -> u64 {
        (size_of::<String>() + question.len() + answer.bytes()) as u64
    }
}

impl Answer {
    fn bytes(&self) -> usize {
        let text = |text: &String| size_of::<String>() + text.len();
        let counted = |top: &[(String, u64)]| -> usize { top.iter().map(|(value, _)| text(value) + 8).sum() };
        let texts = |texts: &TextValues| {
            counted(&texts.top) + texts.longest.as_ref().map_or(0, |(_, _, value)| text(value))
        };
        match self {
            Self::Table(table) => {
                let row = |values: &[Option<String>]| -> usize {
                    values.iter().map(|value| value.as_ref().map_or(size_of::<String>(), text)).sum()
                };
                table.rows.iter().map(|of| 32 + row(&of.values)).sum()
            }
            Self::FieldStats(stats) => {
                size_of::<FieldStats>()
                    + match &stats.values {
                        FieldValues::Enum { top, .. } => counted(top),
                        FieldValues::Text(of) | FieldValues::Duration { texts: of, .. } => texts(of),
                        FieldValues::Date { .. } => 200,
                        FieldValues::Number { .. } | FieldValues::Boolean { .. } => 0,
                    }
            }
            Self::Suggestible(known) => known.bytes(),
            Self::ListSizes(sizes) => size_of::<ListSizes>() + sizes.top.len() * 16,
        }
    }
}

impl Default for Remembered {
    fn default() -> Self {
        // So few that they share one room: one answer can take a good part of it.
        let answers = Cache::with_weighter(31, BYTES_MAX, AnswerWeighter);
        Self { answers, record_sizes: OnceLock::new() }
    }
}

impl Remembered {
    pub(super) fn table(&self, by: &[Dimension], work_out: impl FnOnce() -> Result<Table>) -> Result<Table> {
        let question = format!("table {by:?}");
        if let Some(Answer::Table(known)) = self.answers.get(&question) {
            return Ok(Table::clone(&known));
        }
        let table = work_out()?;
        self.answers.insert(question, Answer::Table(Arc::new(table.clone())));
        Ok(table)
    }

    pub(super) fn field_stats(
        &self,
        piece: Piece,
        work_out: impl FnOnce() -> Result<FieldStats>,
    ) -> Result<FieldStats> {
        let question = format!("values of {}", piece.name());
        if let Some(Answer::FieldStats(known)) = self.answers.get(&question) {
            return Ok(FieldStats::clone(&known));
        }
        let stats = work_out()?;
        self.answers.insert(question, Answer::FieldStats(Arc::new(stats.clone())));
        Ok(stats)
    }

    pub(super) fn list_sizes(
        &self,
        piece: Piece,
        work_out: impl FnOnce() -> Result<ListSizes>,
    ) -> Result<ListSizes> {
        let question = format!("sizes of {}", piece.name());
        if let Some(Answer::ListSizes(known)) = self.answers.get(&question) {
            return Ok(ListSizes::clone(&known));
        }
        let sizes = work_out()?;
        self.answers.insert(question, Answer::ListSizes(Arc::new(sizes.clone())));
        Ok(sizes)
    }

    pub(super) fn suggestible(
        &self,
        piece: Piece,
        work_out: impl FnOnce() -> Result<Suggestible>,
    ) -> Result<Arc<Suggestible>> {
        let question = format!("suggestions of {}", piece.name());
        if let Some(Answer::Suggestible(known)) = self.answers.get(&question) {
            return Ok(known);
        }
        let known = Arc::new(work_out()?);
        self.answers.insert(question, Answer::Suggestible(known.clone()));
        Ok(known)
    }

    pub(super) fn record_sizes(&self, work_out: impl FnOnce() -> RecordSizes) -> RecordSizes {
        self.record_sizes.get_or_init(work_out).clone()
    }
}

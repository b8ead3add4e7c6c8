//! `Dealer`: passes records on to the threads that prepare them, once it is known how to compress them.
//!
//! A mirror's first records are held back until a dictionary was trained on them. An import that ends before there
//! are enough of them gets none.

use super::{
    in_flight::{InFlight, Share},
    source::Item,
};
use crate::documents::dictionary::{Dictionary, SAMPLE_BYTES, SAMPLE_RECORDS, Sample};
use ctgov::Document;
use std::{
    mem,
    ops::ControlFlow,
    sync::{Arc, OnceLock, mpsc::SyncSender},
};

/// Which dictionary an import compresses with, once that is known.
pub(super) type Chosen = Arc<OnceLock<Option<Dictionary>>>;

pub(super) struct Dealer {
    inputs: Vec<SyncSender<(Item, Share)>>,
    turn: usize,
    in_flight: Arc<InFlight>,
    chosen: Chosen,
    held_back: Vec<Item>,
    held_back_bytes: usize,
}

impl Dealer {
    pub(super) fn new(
        inputs: Vec<SyncSender<(Item, Share)>>,
        in_flight: Arc<InFlight>,
        chosen: Chosen,
    ) -> Self {
        Self { inputs, turn: 0, in_flight, chosen, held_back: Vec::new(), held_back_bytes: 0 }
    }

    /// Passes an item on, or holds it back. Breaks when nobody wants any more.
    pub(super) fn take(&mut self, item: Item) -> ControlFlow<()> {
        if self.chosen.get().is_some() {
            return self.deal(item);
        }
        self.held_back_bytes += item.bytes();
        self.held_back.push(item);
        if self.held_back_bytes < SAMPLE_BYTES && self.held_back.len() < SAMPLE_RECORDS {
            return ControlFlow::Continue(());
        }
        let mut sample = Sample::default();
        for item in &self.held_back {
            // What is no record is refused by whoever prepares it.
            if let Item::Record { bytes, .. } = item
                && let Ok((document, _)) = Document::parse(bytes)
            {
                sample.add(document.json().as_bytes());
            }
        }
        self.choose(sample.train())
    }

    /// Passes on what is still held back.
    pub(super) fn end(mut self) {
        if self.chosen.get().is_none() {
            let _ = self.choose(None);
        }
    }

    fn choose(&mut self, dictionary: Option<Dictionary>) -> ControlFlow<()> {
        self.chosen.get_or_init(|| dictionary);
        mem::take(&mut self.held_back).into_iter().try_for_each(|item| self.deal(item))
    }

    fn deal(&mut self, item: Item) -> ControlFlow<()> {
        let share = self.in_flight.take(item.bytes());
        let sent = self.inputs[self.turn].send((item, share));
        self.turn = (self.turn + 1) % self.inputs.len();
        if sent.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

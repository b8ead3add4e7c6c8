//! The threads of an import: one reads, several prepare, the caller takes the records in the order read.
//!
//! ```text
//!           ┌─▶ worker 0 ─┐
//! reader ───┼─▶ worker 1 ─┼──▶ caller
//!           └─▶ worker 2 ─┘
//! ```
//!
//! The reader deals the records out in turn and the caller collects them in turn, which keeps their order without
//! sorting. Every channel is short, so memory is bounded, and whoever is slowest sets the pace. When the caller
//! drops its ends, the others notice at their next record and end.

use super::{
    Refusal, Source,
    record::{Prepared, prepare},
    source::{self, Item, Progress},
};
use crate::{documents::pack, index::Fields};
use std::{
    ops::ControlFlow,
    panic,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Records waiting at each channel.
const QUEUED_MAX: usize = 8;

/// What the caller gets next.
pub(super) enum Step {
    Record(Prepared),
    Refused(Refusal),
    /// Nothing came for a while: time to look at the observer.
    Waiting,
    End,
}

type Outcome = Result<Prepared, Refusal>;

pub(super) struct Pipeline {
    outcomes: Vec<Receiver<Outcome>>,
    turn: usize,
    progress: Arc<Progress>,
    reader: Option<JoinHandle<u64>>,
    workers: Vec<JoinHandle<()>>,
}

impl Pipeline {
    pub(super) fn start(sources: Vec<Source>, fields: &Fields, threads: usize) -> Self {
        let progress = Arc::new(Progress::new(&sources));
        let (mut inputs, mut outcomes, mut workers) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..threads {
            let (input, items) = sync_channel(QUEUED_MAX);
            let (output, outcome) = sync_channel(QUEUED_MAX);
            let fields = fields.clone();
            inputs.push(input);
            outcomes.push(outcome);
            workers.push(thread::spawn(move || work(&items, &output, &fields)));
        }
        let reading = progress.clone();
        let reader = thread::spawn(move || {
            let mut turn = (0..threads).cycle();
            source::read_all(sources, &reading, &mut |item| {
                let sent = turn.next().map(|turn| inputs[turn].send(item));
                if let Some(Ok(())) = sent { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
        });
        Self { outcomes, turn: 0, progress, reader: Some(reader), workers }
    }

    /// The next record in the order read, waiting for it no longer than `wait`.
    pub(super) fn next(&mut self, wait: Duration) -> Step {
        let outcome = self.outcomes[self.turn].recv_timeout(wait);
        if outcome.is_ok() {
            self.turn = (self.turn + 1) % self.outcomes.len();
        }
        match outcome {
            Ok(Ok(record)) => Step::Record(record),
            Ok(Err(refusal)) => Step::Refused(refusal),
            Err(RecvTimeoutError::Timeout) => Step::Waiting,
            Err(RecvTimeoutError::Disconnected) => Step::End,
        }
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.progress.bytes_read()
    }

    pub(super) fn bytes_total(&self) -> Option<u64> {
        self.progress.bytes_total()
    }

    /// Ends the threads after [`Step::End`] and returns how many files were passed over.
    ///
    /// A thread that panicked also ends its channel: its panic goes on here, lest half an import pass for a whole.
    pub(super) fn finish(&mut self) -> u64 {
        // Whoever still waits to be heard, because another thread panicked, may end.
        self.outcomes.clear();
        for worker in self.workers.drain(..) {
            worker.join().unwrap_or_else(|panic| panic::resume_unwind(panic));
        }
        let reader = self.reader.take();
        reader.map_or(0, |reader| reader.join().unwrap_or_else(|panic| panic::resume_unwind(panic)))
    }
}

fn work(items: &Receiver<Item>, outcomes: &SyncSender<Outcome>, fields: &Fields) {
    let mut compressor = pack::compressor().expect("a compression context takes only memory");
    for item in items {
        let outcome = match item {
            Item::Refused(refusal) => Err(refusal),
            Item::Record { bytes, source, place } => prepare(&bytes, fields, &mut compressor)
                .map_err(|reason| Refusal { source, place: Some(place), reason }),
        };
        if outcomes.send(outcome).is_err() {
            return;
        }
    }
}

//! The threads of an import: one reads, several prepare, the caller takes the records in the order read.
//!
//! ```text
//!           ┌─▶ worker 0 ─┐
//! reader ───┼─▶ worker 1 ─┼──▶ caller
//!           └─▶ worker 2 ─┘
//! ```
//!
//! The reader [deals](super::dealer) the records out in turn and the caller collects them in turn, which keeps their order without
//! sorting. Every channel is short and the records in all of them are bounded by their bytes, so memory is bounded,
//! and whoever is slowest sets the pace. When the caller drops its ends, the others notice at their next record and
//! end.

use super::{
    Refusal, Source,
    dealer::{Chosen, Dealer},
    in_flight::{InFlight, Share},
    record::{Prepared, prepare},
    source::{self, Item, Progress},
};
use crate::{
    documents::{dictionary::Dictionary, pack},
    index::Schemas,
};
use std::{
    panic,
    sync::{
        Arc, OnceLock,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Records waiting at each channel.
const QUEUED_MAX: usize = 8;
/// Records between the reader and the caller, by the bytes received: a handful of the largest, thousands of others.
const IN_FLIGHT_BYTES_MAX: usize = 256 << 20;

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
    outcomes: Vec<Receiver<(Outcome, Share)>>,
    turn: usize,
    progress: Arc<Progress>,
    dictionary: Chosen,
    reader: Option<JoinHandle<u64>>,
    workers: Vec<JoinHandle<()>>,
}

impl Pipeline {
    /// Starts reading. Without a `dictionary` one is trained on the first records, if there are enough of them.
    pub(super) fn start(
        sources: Vec<Source>,
        schemas: &Schemas,
        threads: usize,
        dictionary: Option<Dictionary>,
    ) -> Self {
        let chosen = dictionary.map_or_else(OnceLock::new, |dictionary| OnceLock::from(Some(dictionary)));
        Self::start_within(sources, schemas, threads, chosen, IN_FLIGHT_BYTES_MAX)
    }

    fn start_within(
        sources: Vec<Source>,
        schemas: &Schemas,
        threads: usize,
        chosen: OnceLock<Option<Dictionary>>,
        bytes_max: usize,
    ) -> Self {
        let (progress, dictionary) = (Arc::new(Progress::new(&sources)), Arc::new(chosen));
        let (mut inputs, mut outcomes, mut workers) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..threads {
            let (input, items) = sync_channel(QUEUED_MAX);
            let (output, outcome) = sync_channel(QUEUED_MAX);
            let (schemas, chosen) = (schemas.clone(), dictionary.clone());
            inputs.push(input);
            outcomes.push(outcome);
            workers.push(thread::spawn(move || work(&items, &output, &schemas, &chosen)));
        }
        let (reading, chosen) = (progress.clone(), dictionary.clone());
        let reader = thread::spawn(move || {
            let mut dealer = Dealer::new(inputs, InFlight::new(bytes_max), chosen);
            let passed_over = source::read_all(sources, &reading, &mut |item| dealer.take(item));
            dealer.end();
            passed_over
        });
        Self { outcomes, turn: 0, progress, dictionary, reader: Some(reader), workers }
    }

    /// The next record in the order read, waiting for it no longer than `wait`.
    pub(super) fn next(&mut self, wait: Duration) -> Step {
        let outcome = self.outcomes[self.turn].recv_timeout(wait);
        if outcome.is_ok() {
            self.turn = (self.turn + 1) % self.outcomes.len();
        }
        match outcome {
            Ok((Ok(record), _)) => Step::Record(record),
            Ok((Err(refusal), _)) => Step::Refused(refusal),
            Err(RecvTimeoutError::Timeout) => Step::Waiting,
            Err(RecvTimeoutError::Disconnected) => Step::End,
        }
    }

    /// What the records given so far were compressed with.
    pub(super) fn dictionary(&self) -> Option<&Dictionary> {
        self.dictionary.get().and_then(Option::as_ref)
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

fn work(
    items: &Receiver<(Item, Share)>,
    outcomes: &SyncSender<(Outcome, Share)>,
    schemas: &Schemas,
    chosen: &Chosen,
) {
    let mut compressor = None;
    for (item, share) in items {
        // The dealer chose before it passed anything on.
        let compressor = compressor.get_or_insert_with(|| {
            let dictionary = chosen.get().and_then(Option::as_ref);
            pack::compressor(dictionary).expect("a compression context takes only memory")
        });
        let outcome = match item {
            Item::Refused(refusal) => Err(refusal),
            Item::Record { bytes, source, place } => prepare(&bytes, schemas, compressor)
                .map_err(|reason| Refusal { source, place: Some(place), reason, rest_unread: false }),
        };
        if outcomes.send((outcome, share)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::RefusalPlace;

    const RECORD_BYTES: usize = 1 << 20;

    /// `records` lines that are no JSON.
    fn large(records: usize) -> Vec<Source> {
        let line = [vec![b'x'; RECORD_BYTES - 1], vec![b'\n']].concat();
        let lines = std::io::Cursor::new(line.repeat(records));
        vec![Source::reader("large.ndjson", lines)]
    }

    /// The lines refused, in the order they came.
    fn drain(pipeline: &mut Pipeline) -> Vec<u64> {
        let mut lines = Vec::new();
        loop {
            match pipeline.next(Duration::from_secs(10)) {
                Step::Refused(Refusal { place: Some(RefusalPlace::Line(line)), .. }) => lines.push(line),
                Step::End => return lines,
                Step::Record(_) | Step::Refused(_) | Step::Waiting => panic!("after {lines:?}"),
            }
        }
    }

    #[test]
    fn large_records_wait_until_the_caller_took_others_and_keep_their_order() {
        // What fits is three records, or none: then they go one by one.
        for bytes_max in [3 * RECORD_BYTES, 1] {
            let mut pipeline =
                Pipeline::start_within(large(60), &Schemas::new(), 4, OnceLock::from(None), bytes_max);
            thread::sleep(Duration::from_millis(200));
            // Besides those under way one was read and waits, and some of the next is in the reader's buffer.
            let read = pipeline.bytes_read() as usize;
            assert!(
                read < bytes_max.max(RECORD_BYTES) + 2 * RECORD_BYTES,
                "{read} bytes were read ahead of {bytes_max}"
            );
            assert_eq!(drain(&mut pipeline), (1..=60).collect::<Vec<_>>());
            pipeline.finish();
        }
    }

    #[test]
    fn a_reader_that_waits_for_bytes_ends_with_its_caller() {
        let mut pipeline =
            Pipeline::start_within(large(60), &Schemas::new(), 4, OnceLock::from(None), RECORD_BYTES);
        assert!(matches!(pipeline.next(Duration::from_secs(10)), Step::Refused(_)));
        pipeline.finish();
        assert!((pipeline.bytes_read() as usize) < 60 * RECORD_BYTES);
    }
}

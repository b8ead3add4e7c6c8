//! The thread that writes to the file, and those who wait for it.
//!
//! Whoever waits is answered by the first commit that began after they asked: one commit answers all who
//! came while the one before it was on its way. After a failure nothing is forgotten: what could not be written is
//! tried again every second, and until that succeeds whoever asks is refused at once.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::database::Database;
use crate::sessions::TARGET;
use crate::store::memory::MemoryStore;
use crate::{Clock, SessionKey};

/// How many uses are written in one commit, so that nobody waits long behind them.
const USES_PER_COMMIT: usize = 2_000;

/// How often it is tried whether a file that could not be written can be written again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The way to the thread that writes.
pub(super) struct Journal {
    /// `None` once the store is going.
    requests: Option<Sender<Request>>,
    pending: Arc<Mutex<Pending>>,
    writer: Option<JoinHandle<()>>,
}

/// Somebody who wants a commit, and may wait for it.
type Request = Option<oneshot::Sender<Result<(), Unwritten>>>;

/// The file could not be written. The log says why, once.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the session file cannot be written: {0}")]
pub(super) struct Unwritten(Arc<str>);

/// Keys of which the file may not hold what there is now.
#[derive(Default)]
struct Pending {
    changed: HashSet<SessionKey>,
    /// Those that are being written.
    writing: HashSet<SessionKey>,
    /// Why the last commit failed, if it did.
    failing: Option<Unwritten>,
}

impl Journal {
    pub(super) fn start<C: Clock>(
        database: Database,
        memory: Arc<MemoryStore<C>>,
        interval: Duration,
    ) -> io::Result<Self> {
        let (requests, received) = channel();
        let pending = Arc::new(Mutex::new(Pending::default()));
        let writer = Writer {
            database,
            looked_at_ms: memory.now_ms(),
            memory,
            requests: received,
            pending: Arc::clone(&pending),
            interval,
            uses: Vec::new(),
        };
        let writer =
            std::thread::Builder::new().name("session-journal".into()).spawn(move || writer.run())?;
        Ok(Self { requests: Some(requests), pending, writer: Some(writer) })
    }

    /// Waits until the file holds what there is now under this key, and that everything that was removed is gone
    /// from it.
    pub(super) async fn write(&self, key: Option<SessionKey>) -> Result<(), Unwritten> {
        let (done, written) = oneshot::channel();
        {
            let mut pending = self.pending.lock();
            pending.changed.extend(key);
            if let Some(unwritten) = &pending.failing {
                return Err(unwritten.clone());
            }
        }
        let gone = || Unwritten("its thread has ended".into());
        let requests = self.requests.as_ref().ok_or_else(gone)?;
        requests.send(Some(done)).map_err(|_| gone())?;
        written.await.map_err(|_| gone())?
    }

    /// Asks for a commit of what has changed in memory, without waiting for it.
    pub(super) fn poke(&self) {
        if let Some(requests) = &self.requests {
            // A thread that has ended is told to those who wait for it.
            let _ = requests.send(None);
        }
    }

    /// Why nothing can be written at present, if that is so.
    pub(super) fn failing(&self) -> Option<Unwritten> {
        self.pending.lock().failing.clone()
    }

    /// Whether a change that was asked for under this key may not be in the file.
    pub(super) fn is_behind(&self, key: &SessionKey) -> bool {
        let pending = self.pending.lock();
        pending.changed.contains(key) || pending.writing.contains(key)
    }
}

/// Writes down what is left and lets the file go.
impl Drop for Journal {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(writer) = self.writer.take() {
            // It has said what went wrong.
            let _ = writer.join();
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pending = self.pending.lock();
        f.debug_struct("Journal").field("pending", &(pending.changed.len() + pending.writing.len())).finish()
    }
}

struct Writer<C> {
    database: Database,
    memory: Arc<MemoryStore<C>>,
    requests: Receiver<Request>,
    pending: Arc<Mutex<Pending>>,
    interval: Duration,
    /// Uses before this time are written down or about to be.
    looked_at_ms: u64,
    /// Keys of sessions that were used and are still to be written down.
    uses: Vec<SessionKey>,
}

impl<C: Clock> Writer<C> {
    fn run(mut self) {
        let mut due = Instant::now() + self.interval;
        loop {
            let until_due = due.saturating_duration_since(Instant::now());
            let patience = match (self.pending.lock().failing.is_some(), self.uses.is_empty()) {
                (true, _) => until_due.min(RETRY_INTERVAL),
                (false, true) => until_due,
                (false, false) => Duration::ZERO,
            };
            let (waiting, ended): (Vec<Request>, _) = match self.requests.recv_timeout(patience) {
                Ok(first) => (std::iter::once(first).chain(self.requests.try_iter()).collect(), false),
                Err(RecvTimeoutError::Timeout) => (Vec::new(), false),
                Err(RecvTimeoutError::Disconnected) => (Vec::new(), true),
            };
            let now = Instant::now();
            if ended || now >= due {
                let since_ms = std::mem::replace(&mut self.looked_at_ms, self.memory.now_ms());
                self.uses.extend(self.memory.used_since(since_ms));
                due = now + self.interval;
            }
            let outcome = self.commit(if ended { usize::MAX } else { USES_PER_COMMIT });
            for done in waiting.into_iter().flatten() {
                // Whoever stopped waiting need not know.
                let _ = done.send(outcome.clone());
            }
            if ended {
                return;
            }
        }
    }

    /// Writes what has changed, and some of the uses, in one commit.
    fn commit(&mut self, uses_max: usize) -> Result<(), Unwritten> {
        let keys = {
            let mut pending = self.pending.lock();
            pending.writing = std::mem::take(&mut pending.changed);
            pending.writing.extend(self.memory.take_changed());
            let uses = self.uses.len().saturating_sub(uses_max)..;
            pending.writing.extend(self.uses.drain(uses));
            pending.writing.clone()
        };
        if keys.is_empty() {
            return Ok(());
        }
        let changes: Vec<_> = keys.into_iter().map(|key| (key, self.memory.record(&key))).collect();
        let outcome = self.database.write(&changes);
        let mut pending = self.pending.lock();
        let written = std::mem::take(&mut pending.writing);
        let path = self.database.path().display();
        match outcome {
            Ok(()) => {
                if pending.failing.take().is_some() {
                    tracing::info!(target: TARGET, "the session file {path} can be written again");
                }
                Ok(())
            }
            Err(error) => {
                pending.changed.extend(written);
                let unwritten = Unwritten(error.to_string().into());
                if pending.failing.replace(unwritten.clone()).is_none() {
                    tracing::error!(target: TARGET, cause = %error, "the session file {path} cannot be written: no new sessions until it can");
                }
                Err(unwritten)
            }
        }
    }
}

//! What is running, by session and request id.
//!
//! A client cancels with a notification on another connection, and a session that ends takes its
//! requests along: both find them here.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::message::RequestId;
use crate::{Caller, CallerKey, Session, SessionKey};

/// Tells a running request that its client no longer wants the answer. In the extensions of every
/// request of a session that has an id.
#[derive(Debug, Clone)]
pub struct RequestCancellation(CancellationToken);

impl RequestCancellation {
    /// Fires on `notifications/cancelled` and when the session ends.
    #[must_use]
    pub const fn token(&self) -> &CancellationToken {
        &self.0
    }
}

/// What is running in sessions.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    table: Mutex<Table>,
}

/// A session, and who is in it: what they run is theirs alone, whoever else may be in a session of that key.
pub(super) type Theirs = (SessionKey, CallerKey);

#[derive(Debug, Default)]
struct Table {
    sessions: HashMap<Theirs, Running>,
    /// How many sessions were ended with what ran in them.
    endings: u64,
    /// Counts what runs without a request id.
    unnamed: u64,
}

#[derive(Debug)]
struct Running {
    caller: Caller,
    /// When the session will have lived for as long as it may.
    ends: Instant,
    /// The session has ended. Cancels every call.
    ended: CancellationToken,
    calls: HashMap<CallId, CancellationToken>,
}

/// What a call is found by. Notifications and responses have no id of their own: nothing cancels
/// them alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum CallId {
    Request(RequestId),
    Unnamed(u64),
}

/// The entry of what is running, which ends with it.
#[derive(Debug)]
pub(super) struct Call {
    in_flight: Arc<InFlight>,
    session: Theirs,
    id: CallId,
    cancellation: CancellationToken,
    ended: CancellationToken,
}

/// Why something may not run now.
#[derive(Debug)]
pub(super) enum Busy<'a> {
    /// A request with this id is running in the session: the second would take the first one's
    /// cancellation.
    SameId(&'a RequestId),
    /// As much is running in the session as may.
    Full,
}

impl InFlight {
    /// Enters what is to run in a session.
    ///
    /// Only who was let into the session gets here: nobody else can occupy its ids. `ends` is when the
    /// session will have lived for as long as it may.
    pub(super) fn begin<'a>(
        self: &Arc<Self>,
        session: &Session,
        caller: CallerKey,
        ends: Instant,
        id: Option<&'a RequestId>,
        max: usize,
    ) -> Result<Call, Busy<'a>> {
        let theirs = (*session.key(), caller);
        let mut table = self.table.lock();
        let calls = table.sessions.get(&theirs).map(|running| &running.calls);
        let call_id = match id {
            Some(id) => CallId::Request(id.clone()),
            None => CallId::Unnamed(table.unnamed),
        };
        match (calls, id) {
            (Some(calls), Some(id)) if calls.contains_key(&call_id) => return Err(Busy::SameId(id)),
            _ if calls.map_or(0, HashMap::len) >= max => return Err(Busy::Full),
            _ => {}
        }
        table.unnamed += 1;
        let running = table.sessions.entry(theirs).or_insert_with(|| Running {
            caller: session.caller().clone(),
            ends,
            ended: CancellationToken::new(),
            calls: HashMap::new(),
        });
        let call = Call {
            in_flight: Arc::clone(self),
            session: theirs,
            id: call_id.clone(),
            cancellation: running.ended.child_token(),
            ended: running.ended.clone(),
        };
        running.calls.insert(call_id, call.cancellation.clone());
        Ok(call)
    }

    /// Cancels one request of a session, if it is running.
    pub(super) fn cancel(&self, theirs: &Theirs, id: &RequestId) {
        let id = CallId::Request(id.clone());
        let table = self.table.lock();
        let token = table.sessions.get(theirs).and_then(|running| running.calls.get(&id)).cloned();
        drop(table); // whoever waits for the token may run at once
        if let Some(token) = token {
            token.cancel();
        }
    }

    /// Cancels everything that somebody has running in a session that ends now.
    pub(super) fn end(&self, theirs: &Theirs) {
        self.table.lock().endings += 1;
        self.cancel_all(theirs);
    }

    /// Cancels everything that somebody has running in a session that has ended.
    pub(super) fn cancel_all(&self, theirs: &Theirs) {
        let ended = self.table.lock().sessions.get(theirs).map(|running| running.ended.clone());
        if let Some(ended) = ended {
            ended.cancel();
        }
    }

    /// How many sessions were ended here so far. Who enters a session that was checked while this
    /// number changed may have been left out when it was.
    pub(super) fn endings(&self) -> u64 {
        self.table.lock().endings
    }

    /// The sessions in which something is running and that have not lived for as long as they may, and whose
    /// they are.
    pub(super) fn sessions(&self) -> Vec<(Theirs, Caller)> {
        let now = Instant::now();
        let table = self.table.lock();
        let living = table.sessions.iter().filter(|(_, running)| now < running.ends);
        living.map(|(theirs, running)| (*theirs, running.caller.clone())).collect()
    }
}

impl Call {
    pub(super) fn cancellation(&self) -> RequestCancellation {
        RequestCancellation(self.cancellation.clone())
    }

    /// Fires when the session has ended: then nobody is owed an answer.
    pub(super) const fn ended(&self) -> &CancellationToken {
        &self.ended
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut table = self.in_flight.table.lock();
        let Some(running) = table.sessions.get_mut(&self.session) else { return };
        running.calls.remove(&self.id);
        if running.calls.is_empty() {
            table.sessions.remove(&self.session);
        }
    }
}

//! What is running, by session and request id.
//!
//! A client cancels with a notification on another connection, and a session that ends takes its
//! requests along: both find them here.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::message::RequestId;
use crate::{Caller, Session, SessionKey};

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

/// The requests that are running in sessions.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    sessions: Mutex<HashMap<SessionKey, Running>>,
}

#[derive(Debug)]
struct Running {
    caller: Caller,
    calls: HashMap<RequestId, CancellationToken>,
}

/// The entry of one running request, which ends with it.
#[derive(Debug)]
pub(super) struct Call {
    table: Arc<InFlight>,
    session: SessionKey,
    id: RequestId,
}

impl InFlight {
    /// Enters a request, unless one with its id is running in the session: the second would take the
    /// first one's cancellation.
    pub(super) fn begin(
        self: &Arc<Self>,
        session: &Session,
        id: &RequestId,
    ) -> Option<(Call, RequestCancellation)> {
        let mut sessions = self.sessions.lock();
        let running = sessions
            .entry(*session.key())
            .or_insert_with(|| Running { caller: session.caller().clone(), calls: HashMap::new() });
        if running.calls.contains_key(id) {
            return None;
        }
        let token = CancellationToken::new();
        running.calls.insert(id.clone(), token.clone());
        let call = Call { table: Arc::clone(self), session: *session.key(), id: id.clone() };
        Some((call, RequestCancellation(token)))
    }

    /// Cancels one request of a session, if it is running.
    pub(super) fn cancel(&self, session: &SessionKey, id: &RequestId) {
        let sessions = self.sessions.lock();
        let token = sessions.get(session).and_then(|running| running.calls.get(id)).cloned();
        drop(sessions); // whoever waits for the token may run at once
        if let Some(token) = token {
            token.cancel();
        }
    }

    /// Cancels everything that is running in a session.
    pub(super) fn cancel_all(&self, session: &SessionKey) {
        let sessions = self.sessions.lock();
        let tokens: Vec<_> =
            sessions.get(session).into_iter().flat_map(|running| running.calls.values()).cloned().collect();
        drop(sessions);
        tokens.iter().for_each(CancellationToken::cancel);
    }

    /// The sessions in which something is running, and whose they are.
    pub(super) fn sessions(&self) -> Vec<(SessionKey, Caller)> {
        self.sessions.lock().iter().map(|(key, running)| (*key, running.caller.clone())).collect()
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut sessions = self.table.sessions.lock();
        let Some(running) = sessions.get_mut(&self.session) else { return };
        running.calls.remove(&self.id);
        if running.calls.is_empty() {
            sessions.remove(&self.session);
        }
    }
}

//! The notes that say to whom a session belongs which is in its owner's slot: for the alert about a stolen id.
//!
//! A note lives a little longer than its session and ends with it, so that there are not many more notes than
//! sessions, whose number has a cap. It is in a slot of its own, out of reach of the script that uses the session:
//! uses are noted here, and the notes prolonged together in the background, well within what they live longer.
//! Where that fails, or a process dies before it, an alert may be missed; no caller is let in or refused for it.
//!
//! Under [lazy binding](Policy::with_lazy_binding) an id without a holder goes to whoever asks for it. There a holder
//! is kept for as long as any session can live.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::keys::Keys;
use super::link::{Fault, Link};
use super::scripts::{Call, MARK, UNMARK, longest_ms, rest_ms};
use crate::clock::millis;
use crate::{IdentityDigest, Policy, Record, SessionKey};

/// How often notes are prolonged.
const PROLONG: Duration = Duration::from_secs(30);

/// How many scripts run at once in the background: requests use the same connection.
const AT_ONCE: usize = 64;

pub(super) struct Holders {
    keys: Keys,
    link: Arc<Link>,
    used: Mutex<Used>,
}

struct Used {
    sessions: HashMap<SessionKey, Use>,
    prolonged: Instant,
}

/// The last use of a session. What it lives for is counted from here by our own clock, as those of two nodes differ.
#[derive(Clone, Copy)]
struct Use {
    owner: IdentityDigest,
    at: Instant,
    keep_ms: u64,
}

impl Holders {
    pub(super) fn new(keys: Keys, link: Arc<Link>) -> Self {
        let used = Used { sessions: HashMap::new(), prolonged: Instant::now() };
        Self { keys, link, used: Mutex::new(used) }
    }

    /// Notes to whom a session belongs that was just made.
    pub(super) async fn mark(
        &self,
        session: &SessionKey,
        owner: &IdentityDigest,
        record: &Record,
        policy: &Policy,
    ) -> Result<(), Fault> {
        self.link.run(&self.marking(session, owner, keep_ms(record, policy), true)).await.map(drop)
    }

    /// Notes a use, and [prolongs](Self::prolong) the notes when it is time to.
    pub(super) fn note_used(
        self: &Arc<Self>,
        session: &SessionKey,
        owner: IdentityDigest,
        record: &Record,
        policy: &Policy,
    ) {
        let (at, keep_ms) = (Instant::now(), keep_ms(record, policy));
        let due = {
            let mut used = self.used.lock();
            used.sessions.insert(*session, Use { owner, at, keep_ms });
            used.prolonged.elapsed() >= PROLONG
        };
        if due {
            self.prolong();
        }
    }

    /// Prolongs the notes of sessions that were used, in the background.
    pub(super) fn prolong(self: &Arc<Self>) {
        let used = {
            let mut used = self.used.lock();
            used.prolonged = Instant::now();
            std::mem::take(&mut used.sessions)
        };
        // One that is past its time by now has failed until then.
        let calls = used.into_iter().filter_map(|(session, last)| {
            let left_ms = last.keep_ms.checked_sub(millis(last.at.elapsed()))?;
            Some(((session, last), self.marking(&session, &last.owner, left_ms, false)))
        });
        let (holders, calls) = (Arc::clone(self), calls.collect());
        tokio::spawn(async move {
            for (session, last) in run_all(&holders.link, calls).await {
                holders.used.lock().sessions.entry(session).or_insert(last);
            }
        });
    }

    /// Forgets, in the background, to whom sessions belonged that ended with an epoch of `owner`.
    pub(super) fn forget(&self, sessions: &[SessionKey], owner: &IdentityDigest, epoch: &[u8]) {
        let forget = |session| {
            let call = Call::new(&UNMARK, [self.keys.holder(session)]);
            ((), call.bytes(*owner.as_bytes()).bytes(epoch))
        };
        let (link, calls) = (Arc::clone(&self.link), sessions.iter().map(forget).collect());
        tokio::spawn(async move { run_all(&link, calls).await });
    }

    fn marking(&self, session: &SessionKey, owner: &IdentityDigest, keep_ms: u64, new: bool) -> Call {
        let call = Call::new(&MARK, [self.keys.holder(session)]);
        call.bytes(*owner.as_bytes()).number(keep_ms).flag(new)
    }
}

fn keep_ms(record: &Record, policy: &Policy) -> u64 {
    if policy.lazy_binding() { longest_ms(policy) } else { rest_ms(record, policy) }
}

/// Runs scripts in as many slots, some at a time, and returns what those are about that failed.
async fn run_all<T: Send + 'static>(link: &Arc<Link>, calls: Vec<(T, Call)>) -> Vec<T> {
    let (mut calls, mut running, mut failed) = (calls.into_iter(), JoinSet::new(), Vec::new());
    loop {
        for (about, call) in calls.by_ref().take(AT_ONCE - running.len()) {
            let link = Arc::clone(link);
            running.spawn(async move { link.run(&call).await.err().map(|_| about) });
        }
        match running.join_next().await {
            Some(done) => failed.extend(done.ok().flatten()),
            None => return failed,
        }
    }
}

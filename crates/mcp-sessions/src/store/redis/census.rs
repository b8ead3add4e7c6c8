//! How many sessions there are in all, as well as can be known without a word to every other process.
//!
//! Every session is a member of one of sixteen sorted sets, by until when it lives. Whoever makes or
//! ends one says so there; sessions that are used are noted here and told in one go every ten seconds.
//! A session that another process ends within those seconds is counted until it would have ended by
//! itself.
//!
//! The cap on all sessions is held against a count that is seconds old, and everything that this
//! process made since; the sets are counted again before a session is refused. One process alone keeps
//! the cap exactly; several exceed it by what they make within the same moment.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::keys::{Keys, LIVE_SETS, live_set};
use super::link::{Fault, Link};
use super::reply::Reply;
use super::scripts::{COUNT, Call, LIVE};
use crate::SessionKey;

/// How old the count may be that the cap is held against.
const OLD: Duration = Duration::from_secs(3);

/// How often the sets are told of sessions that were used.
const TELL: Duration = Duration::from_secs(10);

/// How many sessions one command tells of.
const BATCH: usize = 256;

pub(super) struct Census {
    keys: Keys,
    link: Arc<Link>,
    known: Mutex<Known>,
    counting: tokio::sync::Mutex<()>,
    used: Mutex<Used>,
}

struct Known {
    count: usize,
    counted: Option<Instant>,
    /// What this process has made, or is about to make, and the count does not have.
    made: usize,
    /// How many of those are in the sets, so that the next count has them.
    told: usize,
}

struct Used {
    until_ms: HashMap<SessionKey, u64>,
    /// For how long the sets are kept.
    keep_ms: u64,
    told: Instant,
}

/// Room for one session, given back unless it [was made](Self::made).
pub(super) struct Room<'a>(&'a Census);

impl Census {
    pub(super) fn new(keys: Keys, link: Arc<Link>) -> Self {
        Self {
            keys,
            link,
            known: Mutex::new(Known { count: 0, counted: None, made: 0, told: 0 }),
            counting: tokio::sync::Mutex::default(),
            used: Mutex::new(Used { until_ms: HashMap::new(), keep_ms: 0, told: Instant::now() }),
        }
    }

    /// Room for one more session, as far as is known. An old count is renewed, meanwhile or, when there is
    /// none at all, first.
    pub(super) async fn room(self: &Arc<Self>, max: usize) -> Result<Option<Room<'_>>, Fault> {
        let counted = self.known.lock().counted;
        match counted {
            None => self.recount().await?,
            Some(counted) if counted.elapsed() > OLD && self.counting.try_lock().is_ok() => {
                let census = Arc::clone(self);
                // If it fails, so does what the caller is about to do.
                tokio::spawn(async move { census.recount().await });
            }
            Some(_) => {}
        }
        Ok(self.take_room(max))
    }

    /// Like [`room`](Self::room), after counting again.
    pub(super) async fn room_after_all(&self, max: usize) -> Result<Option<Room<'_>>, Fault> {
        self.recount().await?;
        Ok(self.take_room(max))
    }

    fn take_room(&self, max: usize) -> Option<Room<'_>> {
        let mut known = self.known.lock();
        (known.count.saturating_add(known.made) < max).then(|| {
            known.made += 1;
            Room(self)
        })
    }

    /// Tells the sets of a session that was just made.
    pub(super) async fn tell(&self, session: &SessionKey, until_ms: u64, keep_ms: u64) {
        if self.tell_all(live_set(session), &[(*session, until_ms)], keep_ms).await.is_err() {
            self.note_used(session, until_ms, keep_ms);
        }
    }

    /// Notes a use. `true` when it is time to [tell](Self::tell_used) the sets.
    pub(super) fn note_used(&self, session: &SessionKey, until_ms: u64, keep_ms: u64) -> bool {
        let mut used = self.used.lock();
        used.until_ms.insert(*session, until_ms);
        used.keep_ms = used.keep_ms.max(keep_ms);
        let due = used.told.elapsed() >= TELL;
        if due {
            used.told = Instant::now();
        }
        due
    }

    /// Tells the sets of sessions that were used.
    pub(super) async fn tell_used(&self) -> Result<(), Fault> {
        let (used, keep_ms) = {
            let mut used = self.used.lock();
            used.told = Instant::now();
            (std::mem::take(&mut used.until_ms), used.keep_ms)
        };
        let mut sets: HashMap<u8, Vec<(SessionKey, u64)>> = HashMap::new();
        for (session, until_ms) in used {
            sets.entry(live_set(&session)).or_default().push((session, until_ms));
        }
        let mut outcome = Ok(());
        for (set, sessions) in sets {
            for batch in sessions.chunks(BATCH) {
                if outcome.is_ok() {
                    outcome = self.tell_all(set, batch, keep_ms).await;
                }
                if outcome.is_err() {
                    let mut used = self.used.lock();
                    for (session, until_ms) in batch {
                        used.until_ms.entry(*session).or_insert(*until_ms);
                    }
                }
            }
        }
        outcome
    }

    async fn tell_all(&self, set: u8, sessions: &[(SessionKey, u64)], keep_ms: u64) -> Result<(), Fault> {
        let mut call = Call::new(&LIVE, [self.keys.live(set)]).number(keep_ms);
        for (session, until_ms) in sessions {
            call = call.number(*until_ms).bytes(*session.as_bytes());
        }
        self.link.run(&call).await.map(drop)
    }

    /// Takes sessions that ended out of the sets. Where that fails, they are counted until they would have
    /// ended by themselves.
    pub(super) async fn forget(&self, sessions: &[SessionKey]) {
        let mut sets: HashMap<u8, redis::Cmd> = HashMap::new();
        {
            let mut used = self.used.lock();
            for session in sessions {
                used.until_ms.remove(session);
                let set = live_set(session);
                let command = sets.entry(set).or_insert_with(|| {
                    let mut command = redis::cmd("ZREM");
                    command.arg(self.keys.live(set).as_bytes());
                    command
                });
                command.arg(session.as_bytes());
            }
        }
        let forget = |command: redis::Cmd| {
            let link = Arc::clone(&self.link);
            async move { link.ask(&command).await }
        };
        sets.into_values().map(forget).collect::<JoinSet<_>>().join_all().await;
    }

    /// How many sessions the sets have, those past their time included.
    pub(super) async fn count(&self) -> Result<usize, Fault> {
        Ok(self.all("count").await?.1)
    }

    /// Removes from the sets what is past its time, and tells how many that were.
    pub(super) async fn trim(&self) -> Result<usize, Fault> {
        self.tell_used().await?;
        Ok(self.all("trim").await?.0)
    }

    /// Counts again, unless somebody else did while we waited.
    async fn recount(&self) -> Result<(), Fault> {
        let asked = Instant::now();
        let _counting = self.counting.lock().await;
        if self.known.lock().counted.is_some_and(|counted| counted > asked) {
            return Ok(());
        }
        self.tell_used().await?;
        let (told, begun) = (self.known.lock().told, Instant::now());
        let (_, count) = self.all("trim").await?;
        let mut known = self.known.lock();
        known.count = count;
        known.counted = Some(begun);
        known.made = known.made.saturating_sub(told);
        known.told = known.told.saturating_sub(told);
        Ok(())
    }

    /// What is removed from all sets and what remains.
    async fn all(&self, how: &'static str) -> Result<(usize, usize), Fault> {
        let mut sets: JoinSet<_> = (0..LIVE_SETS)
            .map(|set| {
                let (link, call) =
                    (Arc::clone(&self.link), Call::new(&COUNT, [self.keys.live(set)]).bytes(how));
                async move {
                    let mut reply = Reply::new(link.run(&call).await?)?;
                    Ok((reply.count()?, reply.count()?))
                }
            })
            .collect();
        let (mut removed, mut remaining) = (0_usize, 0_usize);
        while let Some(set) = sets.join_next().await {
            let set: Result<(usize, usize), Fault> = set.unwrap_or(Err(Fault::Late));
            let (gone, left) = set?;
            removed = removed.saturating_add(gone);
            remaining = remaining.saturating_add(left);
        }
        Ok((removed, remaining))
    }
}

impl Room<'_> {
    /// The room is taken, by a session of which the sets know.
    pub(super) fn made(self) {
        self.0.known.lock().told += 1;
        std::mem::forget(self);
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        let mut known = self.0.known.lock();
        known.made = known.made.saturating_sub(1);
    }
}

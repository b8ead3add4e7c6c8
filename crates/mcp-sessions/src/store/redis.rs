//! Sessions on a Redis or Valkey server, or a cluster of them, for several processes at once.
//!
//! Which keys there are says [`keys`]; what happens to them say the scripts in `lua/`, each of which is
//! one atomic step by the server's clock. This page puts the steps together.
//!
//! A session of an identity is looked up *under that identity*: to everybody else it is not there. Its
//! record carries the epoch of its identity at the time it was made. To log an identity out everywhere is to remove
//! its epoch: whatever was made under it is over, and the next session starts a new one. An epoch that is lost, to eviction say,
//! ends sessions; it never revives one.
//!
//! Under [lazy binding](Policy::with_lazy_binding) a session that is nobody's goes to its owner's slot in
//! two steps, for no script reaches into two slots. Its *holder* is claimed, which only one
//! identity can do; then the session is made in that identity's slot, under its cap; then the
//! holder keeps nothing but to whom the session went, and under which epoch. Who fails in between goes on where
//! it was with the next [`get_or_create`](SessionStore::get_or_create); after a log-out everywhere in between, the
//! claim is void. Without lazy binding, [`holders`] are for an alert only, and live as long as their sessions.
//!
//! A session past its time is kept for another minute, so that the call that finds it can tell it from one
//! that never was.

mod address;
mod census;
mod holders;
mod keys;
mod link;
mod reply;
mod scripts;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use redis::Value;
use tokio::time::timeout;

use self::address::Address;
pub use self::address::RedisUrlError;
use self::census::Census;
use self::holders::Holders;
use self::keys::{Key, Keys};
use self::link::{Fault, Link};
use self::reply::Reply;
use self::scripts::{CLAIM, Call, INDEX, LOOK, LOOK_OPEN, MAKE, MAKE_OPEN, READ, REVOKE, SETTLE, longest_ms};
use super::{Adoption, Cap, Creation, SessionStore, StoreError, Verdict};
use crate::{
    Age, Binding, CallerKey, IdentityDigest, Policy, Record, SessionKey, SessionState, SessionSummary,
};

/// How long a verb may take, whatever the servers do.
const DEADLINE: Duration = Duration::from_millis(900);

/// How often a verb starts again because others changed the session in between.
const ROUNDS: usize = 5;

/// How many sessions are read at once for a list.
const BATCH: usize = 64;

const DEFAULT_PREFIX: &str = "mcp-sessions:";

/// A [`SessionStore`] on Redis (6.2 or newer) or Valkey, standalone or a cluster: every process that uses
/// the same servers and the same prefix has the same sessions. Clones share the connection.
///
/// - `validate` is one round trip. No process keeps a copy: what one ends is over for all others with
///   their next call.
/// - A session of another identity is [`Verdict::Unknown`], except under lazy binding.
/// - The cap of each identity is exact. The cap on all sessions and [`count`](SessionStore::count) are
///   approximate: exact for one process alone, seconds behind for several.
/// - Every verb answers within a second, with a [`StoreError`] when the servers do not. Nothing
///   is connected before the first verb, and a lost connection is made again by itself.
/// - Time is the server's. Records are lost with the server's memory, unless it persists them, and a
///   failover may lose what was not yet replicated, an end included: sessions then end by their
///   lifetime. The server must not evict keys silently (`maxmemory-policy noeviction`); if it does, sessions
///   end early, and none comes back.
///
/// ```no_run
/// use mcp_sessions::{Policy, RedisStore, Sessions};
///
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisStore::connect("rediss://user:password@redis-1:6379,redis-2:6379/0")?;
/// let sessions = Sessions::start(store, Policy::default())?;
/// # Ok(())
/// # }
/// ```
///
/// A user with access rights needs the keys that start with the prefix and `+@connection +eval +evalsha
/// +time +get +set +unlink +pttl +pexpire +hget +hset +hsetnx +hmget +hdel +setrange +zadd +zrem +zcard
/// +zrange +zrangebyscore +zremrangebyscore`, in a cluster `+cluster` and `+readonly` as well.
#[derive(Clone)]
pub struct RedisStore {
    inner: Arc<Inner>,
}

struct Inner {
    keys: Keys,
    link: Arc<Link>,
    census: Arc<Census>,
    holders: Arc<Holders>,
    ca: Option<Vec<u8>>,
}

/// What a look at a session found.
enum Seen {
    Valid(Record),
    /// There is none. Under which epoch the identity's next session will be.
    Unknown {
        epoch: Option<Vec<u8>>,
    },
    Past(Age),
}

/// What a look at a holder found.
enum Held {
    Seen(Seen),
    Foreign(Binding),
    /// The session is, or was, in the slot of this identity; or it is on its way there.
    Marked {
        owner: IdentityDigest,
        on_its_way: bool,
    },
}

/// What became of a session that was to be made.
enum Made {
    Created {
        record: Record,
        replaced: bool,
    },
    Resumed(Record),
    Taken,
    AtCapacity(Cap),
    /// The identity was logged out everywhere since the session was claimed.
    Revoked,
    Foreign(Binding),
    Marked {
        owner: IdentityDigest,
        on_its_way: bool,
    },
}

/// What became of a claim.
enum Claim {
    /// Nobody has the session yet, and nobody else will.
    Free {
        replaced: bool,
    },
    /// It was nobody's and is to move to the claimant's slot.
    Moving {
        created_ms: u64,
        state: SessionState,
    },
    Foreign(Binding),
    Marked {
        owner: IdentityDigest,
        on_its_way: bool,
    },
}

impl RedisStore {
    /// A store on the servers of this URL. Nothing is connected yet: that they cannot be reached is told by the
    /// verbs, and passes.
    ///
    /// - `redis://user:password@host:6379/0`: one server. Everything but the host may be left out; `rediss://` is TLS.
    /// - `redis://host-1,host-2`: a primary and its replicas. The one that takes writes is used,
    ///   after a failover the new one. There must be one that does at any time, not two.
    /// - `redis+cluster://host-1,host-2`, `rediss+cluster://…`: a cluster, of which these are some nodes. With TLS,
    ///   its nodes must name each other as their certificates do (`cluster-preferred-endpoint-type hostname`).
    ///
    /// User and password are percent-encoded.
    ///
    /// # Errors
    ///
    /// [`RedisUrlError`] when the URL is none of these.
    pub fn connect(url: &str) -> Result<Self, RedisUrlError> {
        Self::new(Address::parse(url)?, DEFAULT_PREFIX, None)
    }

    /// Starts every key with `prefix` instead of `mcp-sessions:`, so that several stores can share a server.
    ///
    /// # Errors
    ///
    /// [`RedisUrlError::KeyPrefix`] when it has a brace.
    pub fn with_key_prefix(self, prefix: &str) -> Result<Self, RedisUrlError> {
        Self::new(self.inner.link.address().clone(), prefix, self.inner.ca.clone())
    }

    /// Trusts the certificates in this file (PEM) instead of those that the system trusts.
    ///
    /// # Errors
    ///
    /// [`RedisUrlError`] when the file cannot be used, or the URL has no TLS.
    pub fn with_ca_file(self, path: impl AsRef<Path>) -> Result<Self, RedisUrlError> {
        let address = self.inner.link.address().clone();
        if !address.tls {
            return Err(RedisUrlError::NoTls);
        }
        let ca = std::fs::read(path).map_err(RedisUrlError::CaFile)?;
        if !String::from_utf8_lossy(&ca).contains("-----BEGIN CERTIFICATE-----") {
            return Err(RedisUrlError::CaCertificates("there is none in it".to_owned()));
        }
        Self::new(address, self.inner.keys.prefix(), Some(ca))
    }

    fn new(address: Address, prefix: &str, ca: Option<Vec<u8>>) -> Result<Self, RedisUrlError> {
        let keys = Keys::new(prefix).ok_or(RedisUrlError::KeyPrefix)?;
        let link = Arc::new(Link::new(address, ca.clone(), keys.nothing())?);
        let census = Arc::new(Census::new(keys.clone(), Arc::clone(&link)));
        let holders = Arc::new(Holders::new(keys.clone(), Arc::clone(&link)));
        Ok(Self { inner: Arc::new(Inner { keys, link, census, holders, ca }) })
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("address", self.inner.link.address())
            .field("key_prefix", &self.inner.keys.prefix())
            .finish_non_exhaustive()
    }
}

impl Inner {
    async fn run(&self, call: &Call) -> Result<Reply, Fault> {
        Reply::new(self.link.run(call).await?)
    }

    /// Looks at a session in the slot of `owner`.
    async fn look(
        &self,
        key: &SessionKey,
        owner: &IdentityDigest,
        how: &'static str,
        policy: &Policy,
    ) -> Result<Seen, Fault> {
        let call = Call::new(&LOOK, self.keys.owned(owner, key)).times(policy).bytes(how);
        let mut reply = self.run(&call.bytes(*key.as_bytes()).bytes(fresh_epoch()?)).await?;
        match &*reply.bytes()? {
            b"valid" => Ok(Seen::Valid(reply.record(Binding::Bound(*owner))?)),
            b"unknown" => Ok(Seen::Unknown { epoch: reply.maybe_bytes()? }),
            status => past(status),
        }
    }

    /// Looks at what is kept of a session outside of any identity's slot.
    async fn look_open(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        epoch: Option<Vec<u8>>,
        how: &'static str,
        policy: &Policy,
    ) -> Result<Held, Fault> {
        let owner = match caller {
            CallerKey::Identified(owner) => owner.as_bytes().to_vec(),
            CallerKey::Anonymous => Vec::new(),
        };
        let call = Call::new(&LOOK_OPEN, self.keys.open(key)).times(policy).bytes(how);
        let mut reply = self.run(&call.bytes(owner).bytes(epoch.unwrap_or_default())).await?;
        match &*reply.bytes()? {
            b"valid" => {
                let binding = reply.binding()?;
                if !binding.admits(caller) {
                    return Err(Fault::Nonsense("a session is open to somebody else"));
                }
                Ok(Held::Seen(Seen::Valid(reply.record(binding)?)))
            }
            b"unknown" => Ok(Held::Seen(Seen::Unknown { epoch: None })),
            b"foreign" => Ok(Held::Foreign(reply.binding()?)),
            b"marked" => Ok(Held::Marked { owner: owner_of(&mut reply)?, on_its_way: reply.flag()? }),
            status => past(status).map(Held::Seen),
        }
    }

    /// The verdict on a session for `caller`, who uses or ends it.
    async fn judge(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        how: &'static str,
        policy: &Policy,
    ) -> Result<Verdict, Fault> {
        let epoch = match caller {
            CallerKey::Anonymous => None,
            CallerKey::Identified(owner) => match self.look(key, &owner, how, policy).await? {
                Seen::Unknown { epoch } if policy.lazy_binding() => epoch,
                seen => return Ok(seen.into()),
            },
        };
        match self.look_open(key, caller, epoch, how, policy).await? {
            Held::Seen(seen) => Ok(seen.into()),
            Held::Foreign(binding) => Ok(Verdict::Mismatch { binding }),
            Held::Marked { owner, on_its_way } if policy.lazy_binding() => {
                self.judge_marked(key, owner, on_its_way, policy).await
            }
            Held::Marked { .. } => Ok(Verdict::Unknown),
        }
    }

    /// The verdict on a session for somebody to whom it does not belong, if it is still there.
    async fn judge_marked(
        &self,
        key: &SessionKey,
        owner: IdentityDigest,
        on_its_way: bool,
        policy: &Policy,
    ) -> Result<Verdict, Fault> {
        let foreign = Verdict::Mismatch { binding: Binding::Bound(owner) };
        if on_its_way {
            return Ok(foreign);
        }
        Ok(match self.look(key, &owner, "check", policy).await? {
            Seen::Valid(_) => foreign,
            seen => seen.into(),
        })
    }

    /// Makes a session in the slot of `owner`, or resumes it if `how` says so.
    async fn make_bound(
        &self,
        key: &SessionKey,
        owner: IdentityDigest,
        how: &'static str,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Made, Fault> {
        let (bytes, epoch) = (state.to_bytes(), fresh_epoch()?);
        let call = |room| {
            let call = Call::new(&MAKE, self.keys.owned(&owner, key)).times(policy).bytes(how);
            let call = call.bytes(*key.as_bytes()).bytes(bytes.clone()).bytes(epoch);
            call.number(cap(policy)).flag(room)
        };
        self.make(key, Binding::Bound(owner), state, policy, call).await
    }

    /// Makes a session that belongs to no identity, or resumes it if `how` says so.
    async fn make_open(
        &self,
        key: &SessionKey,
        binding: Binding,
        how: &'static str,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Made, Fault> {
        let bytes = state.to_bytes();
        let letter = if binding == Binding::Unbound { "u" } else { "a" };
        let call = |room| {
            let call = Call::new(&MAKE_OPEN, self.keys.open(key)).times(policy).bytes(how);
            call.bytes(letter).bytes(bytes.clone()).flag(room)
        };
        self.make(key, binding, state, policy, call).await
    }

    /// Makes a session as soon as there is room among all, and tells where it has to be known.
    async fn make(
        &self,
        key: &SessionKey,
        binding: Binding,
        state: SessionState,
        policy: &Policy,
        call: impl Fn(bool) -> Call + Send + Sync,
    ) -> Result<Made, Fault> {
        let state = Arc::new(state);
        let mut room = self.census.room(policy.max_sessions()).await?;
        let mut made = made(&mut self.run(&call(room.is_some())).await?, binding, &state)?;
        if let Made::AtCapacity(Cap::Total) = made {
            room = self.census.room_after_all(policy.max_sessions()).await?;
            if room.is_some() {
                made = self::made(&mut self.run(&call(true)).await?, binding, &state)?;
            }
        }
        if let Made::Created { record, .. } = &made {
            let until_ms = policy.alive_until_ms(record.created_ms, record.last_used_ms);
            let tell = self.census.tell(key, until_ms, longest_ms(policy));
            match binding.owner() {
                // If the mark fails, a stranger who asks for this session is told less exactly that it is not theirs.
                Some(owner) => drop(tokio::join!(tell, self.holders.mark(key, &owner, record, policy))),
                None => tell.await,
            }
            if let Some(room) = room {
                room.made();
            }
        }
        Ok(made)
    }

    /// Moves a session that was nobody's to the slot of `owner`, who has claimed it.
    async fn bind(
        &self,
        key: &SessionKey,
        owner: IdentityDigest,
        created_ms: u64,
        state: SessionState,
        claimed_under: &[u8],
        policy: &Policy,
    ) -> Result<Made, Fault> {
        let call = Call::new(&MAKE, self.keys.owned(&owner, key)).times(policy).bytes("bind");
        let call = call.bytes(*key.as_bytes()).bytes(state.to_bytes()).bytes(claimed_under);
        // It counts among all already.
        let call = call.number(cap(policy)).flag(true).number(created_ms).bytes(claimed_under);
        made(&mut self.run(&call).await?, Binding::Bound(owner), &Arc::new(state))
    }

    async fn claim(
        &self,
        key: &SessionKey,
        owner: &IdentityDigest,
        epoch: &[u8],
        policy: &Policy,
    ) -> Result<Claim, Fault> {
        let call = Call::new(&CLAIM, self.keys.open(key)).times(policy);
        let mut reply = self.run(&call.bytes(*owner.as_bytes()).bytes(epoch)).await?;
        match &*reply.bytes()? {
            b"free" => Ok(Claim::Free { replaced: reply.flag()? }),
            b"moving" => {
                let (created_ms, state) = (reply.time()?, Arc::unwrap_or_clone(reply.state()?));
                Ok(Claim::Moving { created_ms, state })
            }
            b"foreign" => Ok(Claim::Foreign(reply.binding()?)),
            b"marked" => Ok(Claim::Marked { owner: owner_of(&mut reply)?, on_its_way: reply.flag()? }),
            _ => Err(Fault::Nonsense("an unknown answer to a claim")),
        }
    }

    /// Ends a claim, as `settle.lua` says. `false` when it was the claimant's no more.
    async fn settle(
        &self,
        key: &SessionKey,
        owner: &IdentityDigest,
        how: &'static str,
        policy: &Policy,
    ) -> Result<bool, Fault> {
        let call = Call::new(&SETTLE, [self.keys.holder(key)]).times(policy).bytes(how);
        let value = self.link.run(&call.bytes(*owner.as_bytes())).await?;
        Ok(reply::count(&value)? == 1)
    }

    async fn adopt_as_nobody(
        &self,
        key: &SessionKey,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Adoption, Fault> {
        let binding = policy.binding_for(CallerKey::Anonymous);
        let mut gone = false;
        for _ in 0..ROUNDS {
            match self.make_open(key, binding, "adopt", state.clone(), policy).await? {
                Made::Created { record, replaced } => {
                    return Ok(Adoption::Created { record, replaced: replaced || gone });
                }
                Made::Resumed(record) => return Ok(Adoption::Resumed(record)),
                Made::AtCapacity(cap) => return Ok(Adoption::AtCapacity(cap)),
                Made::Foreign(binding) => return Ok(Adoption::Mismatch { binding }),
                Made::Marked { owner, on_its_way } => {
                    match self.judge_marked(key, owner, on_its_way, policy).await? {
                        Verdict::Mismatch { binding } => return Ok(Adoption::Mismatch { binding }),
                        verdict => gone |= verdict != Verdict::Unknown,
                    }
                    self.settle(key, &owner, "forget", policy).await?;
                }
                Made::Taken | Made::Revoked => {
                    return Err(Fault::Nonsense("an unknown answer to an adoption"));
                }
            }
        }
        Err(Fault::Contended)
    }

    async fn adopt(
        &self,
        key: &SessionKey,
        owner: IdentityDigest,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Adoption, Fault> {
        match self.make_bound(key, owner, "adopt", state, policy).await? {
            Made::Created { record, replaced } => Ok(Adoption::Created { record, replaced }),
            Made::Resumed(record) => Ok(Adoption::Resumed(record)),
            Made::AtCapacity(cap) => Ok(Adoption::AtCapacity(cap)),
            Made::Taken | Made::Revoked | Made::Foreign(_) | Made::Marked { .. } => {
                Err(Fault::Nonsense("an unknown answer to an adoption"))
            }
        }
    }

    /// Adopts a session that may be nobody's yet: claims it, makes it in the slot of `owner`, ends the claim.
    async fn adopt_or_bind(
        &self,
        key: &SessionKey,
        owner: IdentityDigest,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Adoption, Fault> {
        let mut gone = false;
        for _ in 0..ROUNDS {
            let epoch = match self.look(key, &owner, "claim", policy).await? {
                Seen::Valid(record) => return Ok(Adoption::Resumed(record)),
                Seen::Past(_) => {
                    gone = true;
                    continue;
                }
                Seen::Unknown { epoch } => epoch.ok_or(Fault::Nonsense("an identity has no epoch"))?,
            };
            let (made, bound) = match self.claim(key, &owner, &epoch, policy).await? {
                Claim::Free { replaced } => {
                    gone |= replaced;
                    (self.make_bound(key, owner, "adopt", state.clone(), policy).await?, false)
                }
                Claim::Moving { created_ms, state } => {
                    (self.bind(key, owner, created_ms, state, &epoch, policy).await?, true)
                }
                Claim::Foreign(binding) => return Ok(Adoption::Mismatch { binding }),
                Claim::Marked { owner, on_its_way } => {
                    match self.judge_marked(key, owner, on_its_way, policy).await? {
                        Verdict::Mismatch { binding } => return Ok(Adoption::Mismatch { binding }),
                        verdict => gone |= verdict != Verdict::Unknown,
                    }
                    self.settle(key, &owner, "forget", policy).await?;
                    continue;
                }
            };
            let adoption = match made {
                Made::Created { record, .. } if bound => Adoption::Bound(record),
                Made::Created { record, replaced } => {
                    Adoption::Created { record, replaced: replaced || gone }
                }
                Made::Resumed(record) => Adoption::Resumed(record),
                Made::AtCapacity(cap) => {
                    self.settle(key, &owner, "release", policy).await?;
                    return Ok(Adoption::AtCapacity(cap));
                }
                Made::Revoked => {
                    self.settle(key, &owner, "drop", policy).await?;
                    continue;
                }
                Made::Taken | Made::Foreign(_) | Made::Marked { .. } => {
                    return Err(Fault::Nonsense("an unknown answer to an adoption"));
                }
            };
            if self.settle(key, &owner, "settle", policy).await? {
                return Ok(adoption);
            }
            // The claim was taken for abandoned, or ended: what was made under it goes.
            self.look(key, &owner, "end", policy).await?;
        }
        Err(Fault::Contended)
    }

    /// Notes that a session was used, for the count of all and for who looks it up without its owner.
    fn used(&self, key: &SessionKey, record: &Record, policy: &Policy) {
        let until_ms = policy.alive_until_ms(record.created_ms, record.last_used_ms);
        if self.census.note_used(key, until_ms, longest_ms(policy)) {
            let census = Arc::clone(&self.census);
            // What cannot be told now is told the next time.
            tokio::spawn(async move { census.tell_used().await });
        }
        if let Some(owner) = record.binding.owner() {
            self.holders.note_used(key, owner, record, policy);
        }
    }

    async fn list(&self, identity: &IdentityDigest, policy: &Policy) -> Result<Vec<SessionSummary>, Fault> {
        let index = self.run(&Call::new(&INDEX, [self.keys.index(identity)])).await?.sessions()?;
        let mut living = Vec::new();
        for batch in index.chunks(BATCH) {
            let sessions = batch.iter().map(|key| self.keys.session(identity, key));
            let keys: Vec<Key> = std::iter::once(self.keys.epoch(identity)).chain(sessions).collect();
            let mut reply = self.run(&Call::new(&READ, keys)).await?;
            let now_ms = reply.time()?;
            let mut records = reply.list()?;
            for key in batch {
                let record = records.list()?.maybe_record(Binding::Bound(*identity))?;
                let alive =
                    |record: &Record| policy.age(record.created_ms, record.last_used_ms, now_ms) == Age::Live;
                living.extend(record.filter(alive).map(|record| SessionSummary::new(key, &record)));
            }
        }
        Ok(living)
    }
}

impl From<Seen> for Verdict {
    fn from(seen: Seen) -> Self {
        match seen {
            Seen::Valid(record) => Self::Valid(record),
            Seen::Unknown { .. } | Seen::Past(Age::Live) => Self::Unknown,
            Seen::Past(Age::Stale) => Self::Stale,
            Seen::Past(Age::Expired) => Self::Expired,
        }
    }
}

/// What time has done to a session, by the word for it.
fn past(status: &[u8]) -> Result<Seen, Fault> {
    match status {
        b"stale" => Ok(Seen::Past(Age::Stale)),
        b"expired" => Ok(Seen::Past(Age::Expired)),
        _ => Err(Fault::Nonsense("an unknown answer to a look")),
    }
}

/// Reads what became of a session that was to be made with this binding and state.
fn made(reply: &mut Reply, binding: Binding, state: &Arc<SessionState>) -> Result<Made, Fault> {
    match &*reply.bytes()? {
        b"created" => {
            let (created_ms, last_used_ms) = (reply.time()?, reply.maybe_time()?);
            let record = Record { binding, created_ms, last_used_ms, state: Arc::clone(state) };
            Ok(Made::Created { record, replaced: reply.flag()? })
        }
        b"resumed" => {
            let binding = if binding.owner().is_some() { binding } else { reply.binding()? };
            Ok(Made::Resumed(reply.record(binding)?))
        }
        b"taken" => Ok(Made::Taken),
        b"identity_full" => Ok(Made::AtCapacity(Cap::Identity)),
        b"full" => Ok(Made::AtCapacity(Cap::Total)),
        b"revoked" => Ok(Made::Revoked),
        b"foreign" => Ok(Made::Foreign(reply.binding()?)),
        b"marked" => Ok(Made::Marked { owner: owner_of(reply)?, on_its_way: reply.flag()? }),
        _ => Err(Fault::Nonsense("an unknown answer to a new session")),
    }
}

fn owner_of(reply: &mut Reply) -> Result<IdentityDigest, Fault> {
    reply.binding()?.owner().ok_or(Fault::Nonsense("a mark names no identity"))
}

fn cap(policy: &Policy) -> u64 {
    policy.max_per_identity().try_into().unwrap_or(u64::MAX)
}

/// An epoch that no session was made under.
fn fresh_epoch() -> Result<[u8; 16], Fault> {
    let mut epoch = [0; 16];
    match getrandom::fill(&mut epoch) {
        Ok(()) => Ok(epoch),
        Err(error) => Err(Fault::Failed(error.to_string().into())),
    }
}

/// What a verb makes of its steps: an answer within a second.
async fn within<T>(
    action: &'static str,
    steps: impl Future<Output = Result<T, Fault>>,
) -> Result<T, StoreError> {
    let outcome = timeout(DEADLINE, steps).await.unwrap_or(Err(Fault::Late));
    outcome.map_err(|fault| StoreError::new(action, fault))
}

impl SessionStore for RedisStore {
    async fn create(
        &self,
        key: &SessionKey,
        binding: Binding,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Creation, StoreError> {
        within("create a session", async {
            let made = match binding {
                Binding::Bound(owner) => self.inner.make_bound(key, owner, "create", state, policy).await?,
                Binding::Unbound | Binding::Anonymous => {
                    self.inner.make_open(key, binding, "create", state, policy).await?
                }
            };
            match made {
                Made::Created { record, .. } => Ok(Creation::Created(record)),
                Made::Taken => Ok(Creation::Taken),
                Made::AtCapacity(cap) => Ok(Creation::AtCapacity(cap)),
                Made::Resumed(_) | Made::Revoked | Made::Foreign(_) | Made::Marked { .. } => {
                    Err(Fault::Nonsense("an unknown answer to a new session"))
                }
            }
        })
        .await
    }

    async fn validate(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        touch: bool,
        policy: &Policy,
    ) -> Result<Verdict, StoreError> {
        within("validate a session", async {
            let how = if touch { "touch" } else { "check" };
            let verdict = self.inner.judge(key, caller, how, policy).await?;
            if let Verdict::Valid(record) = &verdict
                && touch
            {
                self.inner.used(key, record, policy);
            }
            Ok(verdict)
        })
        .await
    }

    async fn get_or_create(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Adoption, StoreError> {
        within("resume or create a session", async {
            let adoption = match caller {
                CallerKey::Anonymous => self.inner.adopt_as_nobody(key, state, policy).await?,
                CallerKey::Identified(owner) if policy.lazy_binding() => {
                    self.inner.adopt_or_bind(key, owner, state, policy).await?
                }
                CallerKey::Identified(owner) => self.inner.adopt(key, owner, state, policy).await?,
            };
            if let Adoption::Resumed(record) | Adoption::Bound(record) = &adoption {
                self.inner.used(key, record, policy);
            }
            Ok(adoption)
        })
        .await
    }

    async fn terminate(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        policy: &Policy,
    ) -> Result<Verdict, StoreError> {
        within("end a session", async {
            let inner = &self.inner;
            let verdict = inner.judge(key, caller, "end", policy).await?;
            match &verdict {
                Verdict::Valid(Record { binding: Binding::Bound(owner), .. }) => {
                    let ended = [*key];
                    let dropped = inner.settle(key, owner, "drop", policy);
                    let (dropped, ()) = tokio::join!(dropped, inner.census.forget(&ended));
                    // A claim that was not ended could still be used.
                    if policy.lazy_binding() {
                        dropped?;
                    }
                }
                Verdict::Valid(_) => inner.census.forget(&[*key]).await,
                Verdict::Unknown | Verdict::Stale | Verdict::Expired | Verdict::Mismatch { .. } => {}
            }
            Ok(verdict)
        })
        .await
    }

    async fn terminate_all(&self, identity: &IdentityDigest) -> Result<usize, StoreError> {
        within("end the sessions of an identity", async {
            let keys = [self.inner.keys.index(identity), self.inner.keys.epoch(identity)];
            let mut reply = self.inner.run(&Call::new(&REVOKE, keys)).await?;
            let epoch = reply.maybe_bytes()?.unwrap_or_default();
            let ended = reply.list()?.sessions()?;
            self.inner.holders.forget(&ended, identity, &epoch);
            self.inner.census.forget(&ended).await;
            Ok(ended.len())
        })
        .await
    }

    async fn list(
        &self,
        identity: &IdentityDigest,
        policy: &Policy,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        within("list sessions", self.inner.list(identity, policy)).await
    }

    async fn sweep(&self, _policy: &Policy) -> Result<usize, StoreError> {
        self.inner.holders.prolong();
        within("remove sessions past their time", self.inner.census.trim()).await
    }

    async fn count(&self) -> Result<usize, StoreError> {
        within("count sessions", self.inner.census.count()).await
    }

    fn keeps_apart(&self) -> bool {
        true
    }

    async fn probe(&self, key: &SessionKey) -> Result<Option<Binding>, StoreError> {
        within("tell to whom a session belongs", async {
            let mut command = redis::cmd("HGET");
            command.arg(self.inner.keys.holder(key).as_bytes()).arg("b");
            match self.inner.link.ask(&command).await? {
                Value::Nil => Ok(None),
                Value::BulkString(bytes) => reply::binding(&bytes).map(Some),
                _ => Err(Fault::Nonsense("a binding is damaged")),
            }
        })
        .await
    }
}

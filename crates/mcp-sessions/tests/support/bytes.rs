//! A store of the kind that somebody else would write: it keeps nothing but bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use mcp_sessions::store::{Adoption, Cap, Creation, Verdict};
use mcp_sessions::{
    Age, Binding, CallerKey, Clock, IdentityDigest, ManualClock, Policy, Record, SessionKey, SessionState,
    SessionStore, SessionSummary, StoreError,
};
use parking_lot::Mutex;
use tokio::sync::watch;

/// Records as bytes under keys as bytes, behind one lock, which makes every verb atomic.
pub(crate) struct ByteStore {
    clock: ManualClock,
    records: Mutex<Records>,
    /// While set, the verdicts of `validate` are on their way.
    pub(crate) late: watch::Sender<bool>,
}

#[derive(Default)]
struct Records(BTreeMap<[u8; 32], Vec<u8>>);

impl ByteStore {
    pub(crate) fn with_clock(clock: ManualClock) -> Self {
        Self { clock, records: Mutex::default(), late: watch::Sender::new(false) }
    }
}

impl Records {
    fn get(&self, key: &SessionKey) -> Result<Option<Record>, StoreError> {
        self.0.get(key.as_bytes()).map(|bytes| decode(bytes)).transpose()
    }

    fn put(&mut self, key: &SessionKey, record: &Record) {
        self.0.insert(*key.as_bytes(), record.to_bytes());
    }

    fn all(&self) -> Result<Vec<(SessionKey, Record)>, StoreError> {
        self.0.iter().map(|(key, bytes)| Ok((SessionKey::from(*key), decode(bytes)?))).collect()
    }

    fn of(&self, owner: &IdentityDigest) -> Result<Vec<(SessionKey, Record)>, StoreError> {
        let mut records = self.all()?;
        records.retain(|(_, record)| record.binding.owner() == Some(*owner));
        Ok(records)
    }

    fn remove_past(&mut self, of: &[(SessionKey, Record)], policy: &Policy, now_ms: u64) -> usize {
        let past = of.iter().filter(|(_, record)| age(record, policy, now_ms) != Age::Live);
        past.filter(|(key, _)| self.0.remove(key.as_bytes()).is_some()).count()
    }

    fn look(
        &mut self,
        key: &SessionKey,
        caller: CallerKey,
        policy: &Policy,
        now_ms: u64,
    ) -> Result<Verdict, StoreError> {
        let Some(record) = self.get(key)? else { return Ok(Verdict::Unknown) };
        let past = match age(&record, policy, now_ms) {
            Age::Live if record.binding.admits(caller) => return Ok(Verdict::Valid(record)),
            Age::Live => return Ok(Verdict::Mismatch { binding: record.binding }),
            Age::Stale => Verdict::Stale,
            Age::Expired => Verdict::Expired,
        };
        self.0.remove(key.as_bytes());
        Ok(past)
    }

    fn validate(
        &mut self,
        key: &SessionKey,
        caller: CallerKey,
        touch: bool,
        policy: &Policy,
        now_ms: u64,
    ) -> Result<Verdict, StoreError> {
        let mut verdict = self.look(key, caller, policy, now_ms)?;
        if let Verdict::Valid(record) = &mut verdict
            && touch
        {
            self.touch(key, record, now_ms);
        }
        Ok(verdict)
    }

    fn touch(&mut self, key: &SessionKey, record: &mut Record, now_ms: u64) {
        record.last_used_ms = Some(now_ms);
        self.put(key, record);
    }

    /// The cap that leaves no room for one more session bound like this.
    fn cap(&mut self, binding: Binding, policy: &Policy, now_ms: u64) -> Result<Option<Cap>, StoreError> {
        let Some(owner) = binding.owner() else { return Ok(None) };
        if self.of(&owner)?.len() >= policy.max_per_identity() {
            self.remove_past(&self.of(&owner)?, policy, now_ms);
        }
        Ok((self.of(&owner)?.len() >= policy.max_per_identity()).then_some(Cap::Identity))
    }

    fn create(
        &mut self,
        key: &SessionKey,
        binding: Binding,
        state: SessionState,
        policy: &Policy,
        now_ms: u64,
    ) -> Result<Creation, StoreError> {
        if self.0.contains_key(key.as_bytes()) {
            return Ok(Creation::Taken);
        }
        if let Some(cap) = self.cap(binding, policy, now_ms)? {
            return Ok(Creation::AtCapacity(cap));
        }
        if self.0.len() >= policy.max_sessions() {
            self.remove_past(&self.all()?, policy, now_ms);
        }
        if self.0.len() >= policy.max_sessions() {
            return Ok(Creation::AtCapacity(Cap::Total));
        }
        let record = Record { binding, created_ms: now_ms, last_used_ms: None, state: Arc::new(state) };
        self.put(key, &record);
        Ok(Creation::Created(record))
    }
}

fn age(record: &Record, policy: &Policy, now_ms: u64) -> Age {
    policy.age(record.created_ms, record.last_used_ms, now_ms)
}

impl SessionStore for ByteStore {
    async fn create(
        &self,
        key: &SessionKey,
        binding: Binding,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Creation, StoreError> {
        self.records.lock().create(key, binding, state, policy, self.clock.now_ms())
    }

    async fn validate(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        touch: bool,
        policy: &Policy,
    ) -> Result<Verdict, StoreError> {
        let verdict = self.records.lock().validate(key, caller, touch, policy, self.clock.now_ms());
        self.late.subscribe().wait_for(|late| !late).await.expect("the sender is here");
        verdict
    }

    async fn get_or_create(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Adoption, StoreError> {
        let (mut records, now_ms) = (self.records.lock(), self.clock.now_ms());
        let verdict = records.look(key, caller, policy, now_ms)?;
        let replaced = matches!(verdict, Verdict::Stale | Verdict::Expired);
        let fresh = policy.binding_for(caller);
        Ok(match verdict {
            Verdict::Mismatch { binding } => Adoption::Mismatch { binding },
            Verdict::Valid(mut record) if record.binding == Binding::Unbound && fresh.owner().is_some() => {
                if let Some(cap) = records.cap(fresh, policy, now_ms)? {
                    return Ok(Adoption::AtCapacity(cap));
                }
                record.binding = fresh;
                records.touch(key, &mut record, now_ms);
                Adoption::Bound(record)
            }
            Verdict::Valid(mut record) => {
                records.touch(key, &mut record, now_ms);
                Adoption::Resumed(record)
            }
            Verdict::Unknown | Verdict::Stale | Verdict::Expired => {
                match records.create(key, fresh, state, policy, now_ms)? {
                    Creation::Created(record) => Adoption::Created { record, replaced },
                    Creation::AtCapacity(cap) => Adoption::AtCapacity(cap),
                    Creation::Taken => return Err(StoreError::new("adopt a session", "it came back")),
                }
            }
        })
    }

    async fn terminate(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        policy: &Policy,
    ) -> Result<Verdict, StoreError> {
        let mut records = self.records.lock();
        let verdict = records.look(key, caller, policy, self.clock.now_ms())?;
        if let Verdict::Valid(_) = verdict {
            records.0.remove(key.as_bytes());
        }
        Ok(verdict)
    }

    async fn terminate_all(&self, identity: &IdentityDigest) -> Result<usize, StoreError> {
        let mut records = self.records.lock();
        let theirs = records.of(identity)?;
        Ok(theirs.iter().filter(|(key, _)| records.0.remove(key.as_bytes()).is_some()).count())
    }

    async fn list(
        &self,
        identity: &IdentityDigest,
        policy: &Policy,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        let mut theirs = self.records.lock().of(identity)?;
        theirs.retain(|(_, record)| age(record, policy, self.clock.now_ms()) == Age::Live);
        Ok(theirs.iter().map(|(key, record)| SessionSummary::new(key, record)).collect())
    }

    async fn sweep(&self, policy: &Policy) -> Result<usize, StoreError> {
        let mut records = self.records.lock();
        let all = records.all()?;
        Ok(records.remove_past(&all, policy, self.clock.now_ms()))
    }

    async fn count(&self) -> Result<usize, StoreError> {
        Ok(self.records.lock().0.len())
    }
}

fn decode(bytes: &[u8]) -> Result<Record, StoreError> {
    Record::from_bytes(bytes).map_err(|error| StoreError::new("read a session", error))
}

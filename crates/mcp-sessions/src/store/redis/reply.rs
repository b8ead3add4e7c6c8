//! Reading what the server answers. Somebody else may have written it: every part is checked, and what
//! is not as it should be is an error.

use std::sync::Arc;
use std::vec;

use redis::Value;

use super::link::Fault;
use crate::{Binding, IdentityDigest, Record, SessionKey, SessionState};

/// The parts of an answer, taken one after the other.
pub(super) struct Reply(vec::IntoIter<Value>);

impl Reply {
    pub(super) fn new(value: Value) -> Result<Self, Fault> {
        match value {
            Value::Array(parts) => Ok(Self(parts.into_iter())),
            _ => Err(Fault::Nonsense("no list where one was expected")),
        }
    }

    fn next(&mut self) -> Result<Value, Fault> {
        self.0.next().ok_or(Fault::Nonsense("an answer is too short"))
    }

    /// Bytes, or nothing.
    pub(super) fn maybe_bytes(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        match self.next()? {
            Value::Nil => Ok(None),
            Value::BulkString(bytes) => Ok(Some(bytes)),
            _ => Err(Fault::Nonsense("no text where one was expected")),
        }
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, Fault> {
        self.maybe_bytes()?.ok_or(Fault::Nonsense("a text is missing"))
    }

    /// A time, as it is kept or as a script has it; or nothing.
    pub(super) fn maybe_time(&mut self) -> Result<Option<u64>, Fault> {
        match self.next()? {
            Value::Nil => Ok(None),
            Value::BulkString(bytes) => time(&bytes).map(Some),
            Value::Int(time) => time.try_into().map(Some).map_err(|_| Fault::Nonsense("a time is negative")),
            _ => Err(Fault::Nonsense("no time where one was expected")),
        }
    }

    pub(super) fn time(&mut self) -> Result<u64, Fault> {
        self.maybe_time()?.ok_or(Fault::Nonsense("a time is missing"))
    }

    /// A count.
    pub(super) fn count(&mut self) -> Result<usize, Fault> {
        count(&self.next()?)
    }

    pub(super) fn flag(&mut self) -> Result<bool, Fault> {
        Ok(self.count()? != 0)
    }

    pub(super) fn binding(&mut self) -> Result<Binding, Fault> {
        binding(&self.bytes()?)
    }

    pub(super) fn state(&mut self) -> Result<Arc<SessionState>, Fault> {
        let state = SessionState::from_bytes(&self.bytes()?);
        state.map(Arc::new).map_err(|_| Fault::Nonsense("a session's state is damaged"))
    }

    /// When a session was made and last used, and its state.
    pub(super) fn record(&mut self, binding: Binding) -> Result<Record, Fault> {
        Ok(Record {
            binding,
            created_ms: self.time()?,
            last_used_ms: self.maybe_time()?,
            state: self.state()?,
        })
    }

    /// Like [`record`](Self::record), of a session that may be gone.
    pub(super) fn maybe_record(&mut self, binding: Binding) -> Result<Option<Record>, Fault> {
        if self.0.len() == 0 { Ok(None) } else { self.record(binding).map(Some) }
    }

    /// An answer inside of the answer.
    pub(super) fn list(&mut self) -> Result<Self, Fault> {
        Self::new(self.next()?)
    }

    /// The sessions that the rest of the answer names.
    pub(super) fn sessions(self) -> Result<Vec<SessionKey>, Fault> {
        let session = |value| match value {
            Value::BulkString(bytes) => <[u8; 32]>::try_from(bytes).ok().map(SessionKey::from),
            _ => None,
        };
        self.0.map(session).collect::<Option<_>>().ok_or(Fault::Nonsense("an index names no session"))
    }
}

pub(super) fn count(value: &Value) -> Result<usize, Fault> {
    match value {
        Value::Int(count) => usize::try_from(*count).map_err(|_| Fault::Nonsense("a count is negative")),
        _ => Err(Fault::Nonsense("no count where one was expected")),
    }
}

/// To whom the session belongs that a holder is about.
pub(super) fn binding(bytes: &[u8]) -> Result<Binding, Fault> {
    match bytes {
        b"a" => Ok(Binding::Anonymous),
        b"u" => Ok(Binding::Unbound),
        bytes => <[u8; 32]>::try_from(bytes)
            .map(|digest| Binding::Bound(IdentityDigest::from(digest)))
            .map_err(|_| Fault::Nonsense("a binding is damaged")),
    }
}

/// Digits and nothing else.
fn time(bytes: &[u8]) -> Result<u64, Fault> {
    let text = str::from_utf8(bytes).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    text.and_then(|text| text.parse().ok()).ok_or(Fault::Nonsense("a time is damaged"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Nil),
            Just(Value::Okay),
            any::<i64>().prop_map(Value::Int),
            "[a-z0-9]{0,20}".prop_map(|text| Value::BulkString(text.into_bytes())),
            prop::collection::vec(any::<u8>(), 32).prop_map(Value::BulkString),
            prop::collection::vec(any::<u8>(), 0..80).prop_map(Value::BulkString),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| prop::collection::vec(inner, 0..6).prop_map(Value::Array))
    }

    proptest! {
        #[test]
        fn nothing_that_a_server_says_makes_us_panic(value in values()) {
            let reply = || Reply::new(value.clone());
            let _ = reply().and_then(|mut reply| reply.record(Binding::Anonymous));
            let _ = reply().and_then(|mut reply| reply.maybe_record(Binding::Anonymous));
            let _ = reply().and_then(|mut reply| reply.binding());
            let _ = reply().and_then(|mut reply| reply.flag());
            let _ = reply().and_then(|mut reply| reply.list());
            let _ = reply().and_then(Reply::sessions);
        }
    }

    #[test]
    fn a_time_is_digits() {
        for (text, expected) in [("0", Some(0)), ("1764170000000", Some(1_764_170_000_000))] {
            assert_eq!(time(text.as_bytes()).ok(), expected, "{text}");
        }
        for text in ["", "nan", "1e3", "-1", "+1", "0x10", " 1", "99999999999999999999"] {
            assert!(time(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}

//! Records and states as bytes, for stores that keep them outside of this process.
//!
//! ```text
//! record  = format(1) binding created_ms(8) last_used state
//! binding = 0 | 1 | 2 digest(32)                         unbound, anonymous, bound
//! last_used = 0 | 1 last_used_ms(8)
//! state   = format(1) version name client_version (0 | 1 capabilities | 2 handle)
//! text    = length(2) UTF-8
//! ```
//!
//! Numbers are big-endian. What is read back is believed no more than a request is: every length is checked, and
//! a text that is longer than a state may hold is damage.

use std::sync::Arc;

use super::{Kept, Record, SessionState};
use crate::{Binding, IdentityDigest};

/// Changes with what stands below it, unless older bytes are still read; a reader that does not know it gives up.
const FORMAT: u8 = 1;

/// The bytes are no record, or none of a format that this version of the crate knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes of a session record are damaged, or of a newer version")]
pub struct DamagedRecord;

impl Record {
    /// The record as bytes, at most 4,300 of them; of a session, 2,200. [`from_bytes`](Self::from_bytes) reads them back.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        match self.binding {
            Binding::Unbound => bytes.push(0),
            Binding::Anonymous => bytes.push(1),
            Binding::Bound(owner) => {
                bytes.push(2);
                bytes.extend(owner.as_bytes());
            }
        }
        bytes.extend(self.created_ms.to_be_bytes());
        match self.last_used_ms {
            None => bytes.push(0),
            Some(last_used_ms) => {
                bytes.push(1);
                bytes.extend(last_used_ms.to_be_bytes());
            }
        }
        bytes.extend(self.state.to_bytes());
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    ///
    /// [`DamagedRecord`] for everything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DamagedRecord> {
        let mut reader = Reader(bytes);
        let record = (|| {
            reader.format()?;
            let binding = match reader.byte()? {
                0 => Binding::Unbound,
                1 => Binding::Anonymous,
                2 => Binding::Bound(IdentityDigest::from(reader.array::<32>()?)),
                _ => return None,
            };
            let created_ms = u64::from_be_bytes(reader.array()?);
            let last_used_ms = match reader.byte()? {
                0 => None,
                1 => Some(u64::from_be_bytes(reader.array()?)),
                _ => return None,
            };
            let state = Arc::new(reader.state()?);
            Some(Self { binding, created_ms, last_used_ms, state })
        })();
        reader.whole(record)
    }
}

impl SessionState {
    /// The state as bytes, at most 4,200 of them; of a session, 2,100. [`from_bytes`](Self::from_bytes) reads them back.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        for text in [&self.protocol_version, &self.client_name, &self.client_version] {
            put_text(&mut bytes, text);
        }
        match (self.handle(), &self.capabilities) {
            (Some(handle), _) => {
                bytes.push(2);
                put_text(&mut bytes, handle);
            }
            (None, Some(capabilities)) => {
                bytes.push(1);
                put_text(&mut bytes, capabilities);
            }
            (None, None) => bytes.push(0),
        }
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    ///
    /// [`DamagedRecord`] for everything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DamagedRecord> {
        let mut reader = Reader(bytes);
        let state = reader.state();
        reader.whole(state)
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("no text of a state is as long as 64 KiB");
    bytes.extend(length.to_be_bytes());
    bytes.extend(text.as_bytes());
}

/// What is still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        self.0.split_off_first().copied()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.0.split_off(..N)?.try_into().ok()
    }

    fn format(&mut self) -> Option<()> {
        (self.byte()? == FORMAT).then_some(())
    }

    fn text(&mut self, max_bytes: usize) -> Option<&'a str> {
        let length = usize::from(u16::from_be_bytes(self.array()?));
        let text = self.0.split_off(..length)?;
        str::from_utf8(text).ok().filter(|text| text.len() <= max_bytes)
    }

    fn state(&mut self) -> Option<SessionState> {
        self.format()?;
        let mut state = SessionState {
            protocol_version: self.text(SessionState::MAX_PROTOCOL_VERSION)?.into(),
            client_name: self.text(SessionState::MAX_NAME)?.into(),
            client_version: self.text(SessionState::MAX_VERSION)?.into(),
            ..SessionState::default()
        };
        match self.byte()? {
            0 => {}
            1 => state.capabilities = Some(self.text(SessionState::MAX_CAPABILITIES)?.into()),
            2 => state.handle = Some(Kept(self.text(SessionState::MAX_HANDLE)?.into())),
            _ => return None,
        }
        Some(state)
    }

    /// What was read, if it was there and nothing follows it.
    fn whole<T>(&self, read: Option<T>) -> Result<T, DamagedRecord> {
        read.filter(|_| self.0.is_empty()).ok_or(DamagedRecord)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records() -> impl Strategy<Value = Record> {
        let binding = prop_oneof![
            Just(Binding::Unbound),
            Just(Binding::Anonymous),
            any::<[u8; 32]>().prop_map(|digest| Binding::Bound(digest.into())),
        ];
        let state = (".{0,40}", ".{0,300}", ".{0,150}", prop::option::of(".{0,1700}")).prop_map(
            |(protocol, name, version, capabilities)| {
                let state = SessionState::default()
                    .with_protocol_version(&protocol)
                    .with_client_name(&name)
                    .with_client_version(&version);
                match capabilities {
                    Some(json) => state.with_capabilities(&json),
                    None => state,
                }
            },
        );
        let handle = ".{16,1000}".prop_map(SessionState::of_handle);
        let state = prop_oneof![state, handle];
        (binding, any::<u64>(), any::<Option<u64>>(), state).prop_map(
            |(binding, created_ms, last_used_ms, state)| Record {
                binding,
                created_ms,
                last_used_ms,
                state: Arc::new(state),
            },
        )
    }

    proptest! {
        #[test]
        fn a_record_reads_back(record in records()) {
            let bytes = record.to_bytes();
            prop_assert!(bytes.len() <= 4_300);
            prop_assert_eq!(Record::from_bytes(&bytes), Ok(record.clone()));
            let state = record.state.to_bytes();
            prop_assert!(state.len() <= 4_200);
            prop_assert_eq!(SessionState::from_bytes(&state), Ok((*record.state).clone()));
        }

        #[test]
        fn what_was_cut_off_or_goes_on_is_damage(record in records(), at: prop::sample::Index) {
            let mut bytes = record.to_bytes();
            prop_assert_eq!(Record::from_bytes(&bytes[..at.index(bytes.len())]), Err(DamagedRecord));
            bytes.push(0);
            prop_assert_eq!(Record::from_bytes(&bytes), Err(DamagedRecord));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            // Bytes of which a record can be made are the record's bytes: there is one spelling.
            if let Ok(record) = Record::from_bytes(&bytes) {
                prop_assert_eq!(record.to_bytes(), bytes.clone());
            }
            if let Ok(state) = SessionState::from_bytes(&bytes) {
                prop_assert_eq!(state.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn another_format_and_unknown_marks_are_damage() {
        let record =
            Record { binding: Binding::Anonymous, created_ms: 1, last_used_ms: None, state: Arc::default() };
        let good = record.to_bytes();
        // The record's format, its binding, whether it was used, the state's format, whether there are capabilities.
        for mark in [0, 1, 10, 11, good.len() - 1] {
            let mut bytes = good.clone();
            bytes[mark] = 9;
            assert_eq!(Record::from_bytes(&bytes), Err(DamagedRecord), "byte {mark}");
        }
    }
}

//! `Page`: how a page of studies stands in the whole answer, and the token that leads to the next one.

use crate::{NctId, query::Expanded};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{fmt, str::FromStr};

/// What a page of studies says besides its studies.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// How many studies match in all, exactly.
    pub total: u64,
    /// Leads to the next page; absent on the last.
    pub next: Option<PageToken>,
    /// What the reader should know about the answer, in whole sentences.
    pub notices: Vec<String>,
    /// What terms of the question were also searched by.
    pub expanded: Vec<Expanded>,
}

/// Where a page starts: at which place, of which question, on which data.
///
/// Opaque outside, and hostile when it comes back: a made-up token can only start a page somewhere else, and tell who
/// made it up a total of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageToken {
    /// The question it belongs to: [`StudyQuery::fingerprint`](crate::StudyQuery::fingerprint).
    pub fingerprint: u64,
    /// The data version it was made on.
    pub version: VersionId,
    /// The place.
    pub place: Place,
}

/// A place in the studies that answer a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// After a study, in an order that is kept here.
    After {
        /// The sort keys of the last study shown, as many as the question has.
        keys: Vec<Option<i64>>,
        /// The last study shown.
        id: NctId,
    },
    /// Where a remote service says.
    Remote(RemotePlace),
}

/// A place in an answer of a remote service, which knows it by a name of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemotePlace {
    /// How many studies match in all, as the first page said: the service does not say it again.
    pub total: u32,
    /// How many of them were shown before this page, no more than there are.
    pub shown: u32,
    /// The service's name for the place: 1 to [`RemotePlace::NAME_BYTES_MAX`] visible ASCII characters.
    pub name: String,
}

impl RemotePlace {
    /// Longest name of a place. ClinicalTrials.gov's have up to about 60 characters.
    pub const NAME_BYTES_MAX: usize = 256;

    /// Whether this can be a name of a place.
    pub fn is_name(text: &str) -> bool {
        (1..=Self::NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    }
}

/// Names a state of the data: equal ids, equal records. Eight bytes, shown as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VersionId(pub [u8; 8]);

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a page token of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a page token of this server; pass the token of the page before unchanged, or leave it out")]
pub struct InvalidPageToken;

/// What a token starts with that stands for [`Place::After`].
const AFTER: u8 = 1;
/// What a token starts with that stands for [`Place::Remote`].
const REMOTE: u8 = 2;
/// The longest token, in bytes of text: one with the longest name. What is longer is refused before it is decoded.
const TEXT_BYTES_MAX: usize = (1 + 8 + 8 + 4 + 4 + RemotePlace::NAME_BYTES_MAX).div_ceil(3) * 4;
/// More keys than any sort has.
const KEYS_MAX: usize = 8;

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![match self.place {
            Place::After { .. } => AFTER,
            Place::Remote(_) => REMOTE,
        }];
        bytes.extend(self.fingerprint.to_be_bytes());
        bytes.extend(self.version.0);
        match &self.place {
            Place::After { keys, id } => {
                bytes.extend(id.number().to_be_bytes());
                for key in keys {
                    bytes.push(key.is_some().into());
                    bytes.extend(key.unwrap_or_default().to_be_bytes());
                }
            }
            Place::Remote(RemotePlace { total, shown, name }) => {
                bytes.extend(total.to_be_bytes());
                bytes.extend(shown.to_be_bytes());
                bytes.extend(name.as_bytes());
            }
        }
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for PageToken {
    type Err = InvalidPageToken;

    fn from_str(text: &str) -> Result<Self, InvalidPageToken> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(InvalidPageToken);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidPageToken)?;
        let mut rest = bytes.as_slice();
        let [format] = take(&mut rest)?;
        let fingerprint = u64::from_be_bytes(take(&mut rest)?);
        let version = VersionId(take(&mut rest)?);
        let place = match format {
            AFTER => after(rest)?,
            REMOTE => remote(rest)?,
            _ => return Err(InvalidPageToken),
        };
        Ok(Self { fingerprint, version, place })
    }
}

fn after(mut rest: &[u8]) -> Result<Place, InvalidPageToken> {
    let id = NctId::new(u32::from_be_bytes(take(&mut rest)?)).map_err(|_| InvalidPageToken)?;
    let mut keys = Vec::new();
    while !rest.is_empty() {
        let [present] = take(&mut rest)?;
        let key = i64::from_be_bytes(take(&mut rest)?);
        keys.push(match (present, key) {
            (0, 0) => None,
            (1, key) => Some(key),
            _ => return Err(InvalidPageToken),
        });
    }
    if keys.len() > KEYS_MAX {
        return Err(InvalidPageToken);
    }
    Ok(Place::After { keys, id })
}

fn remote(mut rest: &[u8]) -> Result<Place, InvalidPageToken> {
    let total = u32::from_be_bytes(take(&mut rest)?);
    let shown = u32::from_be_bytes(take(&mut rest)?);
    let name = std::str::from_utf8(rest).ok().filter(|name| RemotePlace::is_name(name) && shown <= total);
    let name = name.ok_or(InvalidPageToken)?.to_owned();
    Ok(Place::Remote(RemotePlace { total, shown, name }))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], InvalidPageToken> {
    let (head, tail) = rest.split_first_chunk().ok_or(InvalidPageToken)?;
    *rest = tail;
    Ok(*head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places() -> impl Strategy<Value = Place> {
        let after = (1..99_999_999_u32, prop::collection::vec(any::<Option<i64>>(), 0..3))
            .prop_map(|(number, keys)| Place::After { keys, id: NctId::new(number).unwrap() });
        let remote = (any::<u32>(), any::<u32>(), "[!-~]{1,256}").prop_map(|(one, other, name)| {
            Place::Remote(RemotePlace { total: one.max(other), shown: one.min(other), name })
        });
        prop_oneof![after, remote]
    }

    proptest! {
        #[test]
        fn printing_then_parsing_gives_the_same_token(
            fingerprint: u64, version: [u8; 8], place in places(),
        ) {
            let token = PageToken { fingerprint, version: VersionId(version), place };
            prop_assert_eq!(token.to_string().parse::<PageToken>(), Ok(token));
        }

        #[test]
        fn any_text_is_read_or_refused_and_what_is_read_prints_back(text in "(AQ|Ag)?[A-Za-z0-9_-]{0,140}") {
            if let Ok(token) = text.parse::<PageToken>() {
                prop_assert_eq!(token.to_string(), text);
            }
        }
    }

    #[test]
    fn a_place_of_a_remote_service_has_a_short_visible_name_and_lies_within_the_answer() {
        let token = |total, shown, name: &str| {
            let place = Place::Remote(RemotePlace { total, shown, name: name.to_owned() });
            PageToken { fingerprint: 1, version: VersionId([2; 8]), place }.to_string().parse::<PageToken>()
        };
        let longest = "x".repeat(RemotePlace::NAME_BYTES_MAX);
        for (total, shown, name, is_read) in [
            (7, 7, "NF0g5JGBlPMuwQY", true),
            (7, 0, longest.as_str(), true),
            (7, 8, "NF0g5JGBlPMuwQY", false),
            (7, 0, &format!("{longest}x"), false),
            (7, 0, "", false),
            (7, 0, "a b", false),
            (7, 0, "a\u{7f}", false),
            (7, 0, "é", false),
        ] {
            assert_eq!(token(total, shown, name).is_ok(), is_read, "{shown} of {total}, {name:?}");
        }
    }

    #[test]
    fn foreign_tokens_are_refused() {
        for text in ["", "NF0g5JGBlPMuwQY", "ZVt07cGHkvI2wRk2CJf6_LLq14bEL8swd7KrgP4dnDeTsPkw", "???", "é"] {
            assert_eq!(text.parse::<PageToken>(), Err(InvalidPageToken), "{text}");
        }
    }
}

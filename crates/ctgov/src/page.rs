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

/// Where a page starts: after which study, of which question, on which data.
///
/// Opaque outside, and hostile when it comes back: a made-up token can only start a page somewhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageToken {
    /// The question it belongs to: [`StudyQuery::fingerprint`](crate::StudyQuery::fingerprint).
    pub fingerprint: u64,
    /// The data version it was made on.
    pub version: VersionId,
    /// The sort keys of the last study shown, as many as the question has.
    pub after: Vec<Option<i64>>,
    /// The last study shown.
    pub after_id: NctId,
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

const FORMAT: u8 = 1;
/// More keys than any sort has, in bytes of text; refused before it is decoded.
const TEXT_BYTES_MAX: usize = 128;

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![FORMAT];
        bytes.extend(self.fingerprint.to_be_bytes());
        bytes.extend(self.version.0);
        bytes.extend(self.after_id.number().to_be_bytes());
        for key in &self.after {
            bytes.push(key.is_some().into());
            bytes.extend(key.unwrap_or_default().to_be_bytes());
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
        let [FORMAT] = take(&mut rest)? else { return Err(InvalidPageToken) };
        let fingerprint = u64::from_be_bytes(take(&mut rest)?);
        let version = VersionId(take(&mut rest)?);
        let after_id = NctId::new(u32::from_be_bytes(take(&mut rest)?)).map_err(|_| InvalidPageToken)?;
        let mut after = Vec::new();
        while !rest.is_empty() {
            let [present] = take(&mut rest)?;
            let key = i64::from_be_bytes(take(&mut rest)?);
            after.push(match (present, key) {
                (0, 0) => None,
                (1, key) => Some(key),
                _ => return Err(InvalidPageToken),
            });
        }
        Ok(Self { fingerprint, version, after, after_id })
    }
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

    proptest! {
        #[test]
        fn printing_then_parsing_gives_the_same_token(
            fingerprint: u64, version: [u8; 8], number in 1..99_999_999_u32,
            after in prop::collection::vec(any::<Option<i64>>(), 0..3),
        ) {
            let after_id = NctId::new(number).unwrap();
            let token = PageToken { fingerprint, version: VersionId(version), after, after_id };
            prop_assert_eq!(token.to_string().parse::<PageToken>(), Ok(token));
        }

        #[test]
        fn any_text_is_read_or_refused_and_what_is_read_prints_back(text in "[A-Za-z0-9_-]{0,140}") {
            if let Ok(token) = text.parse::<PageToken>() {
                prop_assert_eq!(token.to_string(), text);
            }
        }
    }

    #[test]
    fn foreign_tokens_are_refused() {
        for text in ["", "NF0g5JGBlPMuwQY", "ZVt07cGHkvI2wRk2CJf6_LLq14bEL8swd7KrgP4dnDeTsPkw", "???", "é"] {
            assert_eq!(text.parse::<PageToken>(), Err(InvalidPageToken), "{text}");
        }
    }
}

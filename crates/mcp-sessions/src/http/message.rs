//! As much of a JSON-RPC message as the layer needs: its method, its id, its era.
//!
//! Strangers' bytes come here first. They are read once, borrowed, without a tree; exactly one
//! message; no deeper than [`MAX_DEPTH`]; and no key that decides anything may come twice, because two
//! readers could take different ones.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::SessionState;

pub(super) const PARSE_ERROR: i32 = -32700;
pub(super) const INVALID_REQUEST: i32 = -32600;

/// How deep arrays and objects may nest; the engine's own parser allows no more.
const MAX_DEPTH: usize = 127;

/// The first revision of the protocol without sessions.
const FIRST_MODERN: &str = "2026-07-28";

/// What is wrong with a body, as the client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: i32,
    pub(super) message: &'static str,
}

const MALFORMED: Fault = Fault { code: PARSE_ERROR, message: "Parse error" };
const TOO_DEEP: Fault = Fault { code: PARSE_ERROR, message: "Parse error: nested too deeply" };
const NOT_A_MESSAGE: Fault =
    Fault { code: INVALID_REQUEST, message: "Invalid request: the body is not a JSON-RPC message" };
const BATCH: Fault = Fault {
    code: INVALID_REQUEST,
    message: "Invalid request: batches are not supported, send one message per request",
};
const BAD_ID: Fault =
    Fault { code: INVALID_REQUEST, message: "Invalid request: the id is neither a string nor a number" };

/// One JSON-RPC message.
#[derive(Debug)]
pub(super) struct Message<'a> {
    /// `None` for a response.
    pub(super) method: Option<Method>,
    pub(super) id: Option<RequestId>,
    /// Whether the message itself names a revision that has no sessions, or none that there is, which the engine
    /// refuses by name; `None` when it names nothing.
    pub(super) modern: Option<bool>,
    params: Option<&'a RawValue>,
}

/// The methods that mean something to sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Initialize,
    Cancelled,
    Other,
}

#[derive(serde::Deserialize)]
struct Envelope<'a> {
    method: Option<Method>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Default, serde::Deserialize)]
struct Params {
    #[serde(rename = "_meta")]
    meta: Option<Object<Meta>>,
}

#[derive(serde::Deserialize)]
struct Meta {
    #[serde(rename = "io.modelcontextprotocol/protocolVersion")]
    version: Option<Modern>,
}

struct Modern(bool);

#[derive(serde::Deserialize)]
struct Cancelled<'a> {
    #[serde(borrow, rename = "requestId")]
    id: &'a RawValue,
}

#[derive(Default, serde::Deserialize)]
struct Hello<'a> {
    #[serde(borrow, rename = "clientInfo")]
    client: Option<Object<ClientInfo<'a>>>,
    #[serde(borrow)]
    capabilities: Option<&'a RawValue>,
}

#[derive(Default, serde::Deserialize)]
struct ClientInfo<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    version: Cow<'a, str>,
}

impl<'a> Message<'a> {
    /// Reads the one message in `bytes`.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            return Err(BATCH);
        }
        if is_too_deep(bytes) {
            return Err(TOO_DEEP);
        }
        let Object(envelope): Object<Envelope<'_>> = serde_json::from_slice(bytes).map_err(fault)?;
        let Object(Params { meta }) = match envelope.params {
            Some(params) if params.get().starts_with('{') => {
                serde_json::from_str(params.get()).map_err(fault)?
            }
            _ => Object::default(),
        };
        Ok(Self {
            method: envelope.method,
            id: envelope.id.map(|id| RequestId::read(id).ok_or(BAD_ID)).transpose()?,
            modern: meta.and_then(|Object(meta)| meta.version).map(|Modern(modern)| modern),
            params: envelope.params,
        })
    }

    /// The id of a request. A response has one too, but it is the server's, and nothing runs under it.
    pub(super) fn request_id(&self) -> Option<&RequestId> {
        self.id.as_ref().filter(|_| self.method.is_some())
    }

    /// Which request a `notifications/cancelled` is about.
    pub(super) fn cancelled_id(&self) -> Option<RequestId> {
        let Object(cancelled): Object<Cancelled<'_>> = serde_json::from_str(self.params?.get()).ok()?;
        RequestId::read(cancelled.id)
    }

    /// What the client of an `initialize` says of itself. The engine judges whether that is right.
    pub(super) fn client(&self) -> SessionState {
        let hello = self.params.and_then(|params| serde_json::from_str(params.get()).ok());
        let Object(Hello { client, capabilities }) = hello.unwrap_or_default();
        let Object(ClientInfo { name, version }) = client.unwrap_or_default();
        let state = SessionState::default().with_client_name(&name).with_client_version(&version);
        match capabilities {
            Some(capabilities) => state.with_capabilities(capabilities.get()),
            None => state,
        }
    }
}

/// Whether this names a revision of the protocol that has no sessions; `None` if it is not a date, as all are.
pub(super) fn is_modern(version: &str) -> Option<bool> {
    let is_date = version.len() == 10
        && version.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    is_date.then(|| version >= FIRST_MODERN)
}

/// The id of a request: a string or a number. Strings are equal by their characters, numbers by
/// their digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum RequestId {
    Text(Box<str>),
    Number(Box<str>),
}

impl RequestId {
    fn read(raw: &RawValue) -> Option<Self> {
        match raw.get().as_bytes().first()? {
            b'"' => Some(Self::Text(serde_json::from_str(raw.get()).ok()?)),
            b'-' | b'0'..=b'9' => Some(Self::Number(raw.get().into())),
            _ => None,
        }
    }

    pub(super) fn to_json(&self) -> String {
        match self {
            Self::Text(text) => serde_json::Value::from(&**text).to_string(),
            Self::Number(digits) => digits.to_string(),
        }
    }
}

/// Counts brackets outside strings, so that no parser after this one meets more of them than it can bear.
fn is_too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

#[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
fn fault(error: serde_json::Error) -> Fault {
    if error.is_data() { NOT_A_MESSAGE } else { MALFORMED }
}

/// A `T` that stands in an object. By itself, what is derived takes an array of its fields as well.
#[derive(Default)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(|name: &str| match name {
            "initialize" => Self::Initialize,
            "notifications/cancelled" => Self::Cancelled,
            _ => Self::Other,
        }))
    }
}

impl<'de> Deserialize<'de> for Modern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Clients of the revisions with sessions name theirs in no message.
        deserializer.deserialize_str(Text(|version: &str| Self(is_modern(version).unwrap_or(true))))
    }
}

/// Makes something of a string without keeping it.
struct Text<F>(F);

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok((self.0)(text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(digits: &str) -> Option<RequestId> {
        Some(RequestId::Number(digits.into()))
    }

    #[test]
    fn a_message_is_read_as_far_as_needed() {
        let meta = |version| {
            format!(
                r#"{{"id":1,"method":"x","params":{{"_meta":{{"io.modelcontextprotocol/protocolVersion":"{version}"}}}}}}"#
            )
        };
        let cases = [
            (r#"{"id":1,"method":"initialize"}"#.to_owned(), Some(Method::Initialize), number("1"), None),
            (r#" {"method":"notifications\/cancelled"} "#.to_owned(), Some(Method::Cancelled), None, None),
            (r#"{"id":-1.5e3,"result":{}}"#.to_owned(), None, number("-1.5e3"), None),
            (
                r#"{"id":"\u0061\n","method":"x","params":[1]}"#.to_owned(),
                Some(Method::Other),
                Some(RequestId::Text("a\n".into())),
                None,
            ),
            (r#"{"id":null,"method":"x","params":null}"#.to_owned(), Some(Method::Other), None, None),
            (meta("2026-07-28"), Some(Method::Other), number("1"), Some(true)),
            (meta("2025-11-25"), Some(Method::Other), number("1"), Some(false)),
            (meta("v999.0.0"), Some(Method::Other), number("1"), Some(true)),
        ];
        for (text, method, id, modern) in cases {
            let message = Message::read(text.as_bytes()).expect(&text);
            assert_eq!((message.method, message.id, message.modern), (method, id, modern), "{text}");
        }
    }

    #[test]
    fn what_is_not_one_message_is_refused_and_named() {
        let cases = [
            ("", MALFORMED),
            ("{", MALFORMED),
            (r#"{"method":"x"} {}"#, MALFORMED),
            (r#"{"method":"x",}"#, MALFORMED),
            (r#"[{"method":"x"}]"#, BATCH),
            (" [", BATCH),
            ("3", NOT_A_MESSAGE),
            (r#"{"method":7}"#, NOT_A_MESSAGE),
            (r#"{"method":"ping","method":"initialize"}"#, NOT_A_MESSAGE),
            (r#"{"id":1,"id":2}"#, NOT_A_MESSAGE),
            (r#"{"params":{"_meta":7}}"#, NOT_A_MESSAGE),
            (r#"{"params":{"_meta":["2026-07-28"]}}"#, NOT_A_MESSAGE),
            (r#"{"id":{}}"#, BAD_ID),
            (r#"{"id":true}"#, BAD_ID),
        ];
        for (text, expected) in cases {
            assert_eq!(Message::read(text.as_bytes()).expect_err(text), expected, "{text}");
        }
    }

    #[test]
    fn only_objects_are_read_by_field() {
        let by_position =
            r#"{"method":"x","params":[{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}]}"#;
        assert_eq!(Message::read(by_position.as_bytes()).expect("a message").modern, None);
        let cancelled = |params| {
            let text = format!(r#"{{"method":"notifications/cancelled","params":{params}}}"#);
            Message::read(text.as_bytes()).expect("a message").cancelled_id()
        };
        assert_eq!((cancelled(r#"{"requestId":5}"#), cancelled("[5]")), (number("5"), None));
        let client = |params| {
            let text = format!(r#"{{"method":"initialize","params":{params}}}"#);
            Message::read(text.as_bytes()).expect("a message").client().client_name().to_owned()
        };
        assert_eq!(client(r#"{"clientInfo":{"name":"desk"}}"#), "desk");
        assert_eq!(client(r#"{"clientInfo":["desk"]}"#), "");
        assert_eq!(client(r#"[{"name":"desk"}]"#), "");
    }

    #[test]
    fn nesting_is_bounded_and_brackets_in_strings_do_not_count() {
        let nested = |depth| format!(r#"{{"params":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert!(Message::read(nested(126).as_bytes()).is_ok());
        assert_eq!(Message::read(nested(127).as_bytes()).expect_err("too deep"), TOO_DEEP);
        assert_eq!(Message::read(nested(100_000).as_bytes()).expect_err("too deep"), TOO_DEEP);
        assert_eq!(
            Message::read(format!(r#"{{"a":{}"#, "{".repeat(100_000)).as_bytes()).expect_err("too deep"),
            TOO_DEEP
        );
        let text = format!(r#"{{"params":"\"{}"}}"#, "[".repeat(100_000));
        assert!(Message::read(text.as_bytes()).is_ok());
    }

    #[test]
    fn only_a_date_can_name_a_revision() {
        let cases = [
            ("2026-07-28", Some(true)),
            ("2099-01-01", Some(true)),
            ("2026-07-27", Some(false)),
            ("2025-11-25", Some(false)),
            ("2026-7-28", None),
            ("9999999999", None),
            ("2026-07-28 ", None),
            ("DRAFT-2026", None),
            ("", None),
        ];
        for (version, modern) in cases {
            assert_eq!(is_modern(version), modern, "{version:?}");
        }
    }

    #[test]
    fn an_id_is_echoed_as_json() {
        assert_eq!(RequestId::Text("a\"b".into()).to_json(), r#""a\"b""#);
        assert_eq!(RequestId::Number("007e1".into()).to_json(), "007e1");
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes: Vec<u8>) {
            let _ = Message::read(&bytes);
        }

        #[test]
        fn reading_something_like_json_never_panics(text in r#"[\[\]{}":,\\a-e0-9 _]{0,64}"#) {
            let wrapped = format!(r#"{{"method":"initialize","params":{text}}}"#);
            for bytes in [text.as_bytes(), wrapped.as_bytes()] {
                if let Ok(message) = Message::read(bytes) {
                    let _ = (message.client(), message.cancelled_id());
                }
            }
        }
    }
}

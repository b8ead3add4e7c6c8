//! The answer to `initialize`: whether it opens a session is known only once its result is.

use std::borrow::Cow;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;

use super::BoxError;
use super::body::{self, SessionBody};
use super::message::Object;

/// How much of a response is read in search of the result.
const MAX_BYTES: usize = 1024 * 1024;

#[derive(serde::Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: Option<Object<Initialized<'a>>>,
}

#[derive(serde::Deserialize)]
struct Initialized<'a> {
    #[serde(borrow, rename = "protocolVersion", default)]
    protocol_version: Cow<'a, str>,
}

#[derive(Clone, Copy)]
enum Format {
    Json,
    Events,
}

/// Reads a response until the outcome is known: the protocol version agreed upon if the handshake
/// succeeded. The response comes back as it was, only partly read.
///
/// # Errors
///
/// When the body fails before that.
pub(super) async fn outcome(
    response: Response<SessionBody>,
) -> Result<(Option<String>, Response<SessionBody>), BoxError> {
    let (parts, mut rest) = response.into_parts();
    let format = format(&parts.headers).filter(|_| parts.status.is_success());
    let Some(format) = format else { return Ok((None, Response::from_parts(parts, rest))) };

    let mut read = Vec::new();
    let mut version = None;
    while version.is_none() && read.len() <= MAX_BYTES {
        let frame = rest.frame().await.transpose()?;
        let ended = frame.is_none();
        if let Some(data) = frame.and_then(|frame| frame.into_data().ok()) {
            read.extend_from_slice(&data);
        }
        version = match format {
            Format::Json if ended => agreed(&read),
            Format::Json => None,
            Format::Events => agreed_in_events(&read, ended),
        };
        if ended {
            return Ok((version, Response::from_parts(parts, body::full(read))));
        }
    }
    let replayed = Replayed { read: Some(read.into()), rest };
    Ok((version, Response::from_parts(parts, body::boxed(replayed))))
}

fn format(headers: &HeaderMap) -> Option<Format> {
    let media_type = headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
    match media_type {
        "application/json" => Some(Format::Json),
        "text/event-stream" => Some(Format::Events),
        _ => None,
    }
}

fn agreed(json: &[u8]) -> Option<String> {
    let Object(answer): Object<Answer<'_>> = serde_json::from_slice(json).ok()?;
    answer.result.map(|Object(result)| result.protocol_version.into_owned())
}

/// Looks for the result in the `data:` lines that are complete.
fn agreed_in_events(text: &[u8], ended: bool) -> Option<String> {
    let complete = if ended { text.len() } else { text.iter().rposition(|byte| *byte == b'\n')? };
    text[..complete].split(|byte| *byte == b'\n').find_map(|line| agreed(line.strip_prefix(b"data:")?))
}

/// A body of which the beginning was read already.
struct Replayed {
    read: Option<Bytes>,
    rest: SessionBody,
}

impl Body for Replayed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.read.take() {
            Some(read) => Poll::Ready(Some(Ok(Frame::data(read)))),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let read = self.read.as_ref().map_or(0, |read| read.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(self.rest.size_hint().lower().saturating_add(read));
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_found_in_json_and_in_events() {
        let result = r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18"}}"#;
        let error = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}"#;
        let version = Some("2025-06-18".to_owned());
        let cases = [
            (format!("id: 0\r\ndata:\r\n\r\ndata: {result}\r\n\r\n"), version.clone()),
            (format!("data:{{\"method\":\"notifications/message\"}}\n\ndata:{result}\n"), version.clone()),
            (format!("data: {error}\n\n"), None),
            (format!(": {result}\n\n"), None),
            (String::new(), None),
        ];
        for (events, expected) in cases {
            assert_eq!(agreed_in_events(events.as_bytes(), true), expected, "{events:?}");
        }
        assert_eq!(agreed(result.as_bytes()), version);
        for other in [error, r#"{"result":["2025-06-18"]}"#, r#"[{"protocolVersion":"2025-06-18"}]"#] {
            assert_eq!(agreed(other.as_bytes()), None, "{other}");
        }
        assert_eq!(agreed_in_events(format!("data: {result}").as_bytes(), false), None, "the line may go on");
    }
}

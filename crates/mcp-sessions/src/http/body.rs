//! Bodies: reading a request's within a limit, and the one type of all responses.

use std::pin::pin;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::Body;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

use super::BoxError;

/// The body of every response that comes out of the layer.
pub type SessionBody = UnsyncBoxBody<Bytes, BoxError>;

pub(super) fn full(bytes: impl Into<Bytes>) -> SessionBody {
    boxed(Full::new(bytes.into()))
}

pub(super) fn boxed<B>(body: B) -> SessionBody
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    body.map_err(Into::into).boxed_unsync()
}

/// Why a request's body was not read.
#[derive(Debug)]
pub(super) enum Unread {
    TooLarge,
    Broken,
}

/// Reads a body of at most `max_bytes` into memory of its own, so that no buffer of the connection is held for
/// as long as the request runs.
///
/// A length that is announced is believed when it is too large, and not when memory is reserved.
pub(super) async fn read<B>(headers: &HeaderMap, body: B, max_bytes: usize) -> Result<Bytes, Unread>
where
    B: Body<Data = Bytes>,
{
    const RESERVED_BYTES_MAX: usize = 16 * 1024;
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max_bytes) {
        return Err(Unread::TooLarge);
    }
    let mut body = pin!(body);
    let mut bytes = Vec::with_capacity(announced.unwrap_or(0).min(RESERVED_BYTES_MAX));
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        if data.len() > max_bytes - bytes.len() {
            return Err(Unread::TooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.into())
}

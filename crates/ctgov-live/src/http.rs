//! One request over HTTP: what is sent, what of the answer is read, and what each status means.

use crate::{
    answer::{Answer, Reply},
    error::LiveError,
    live::OpenError,
    options::{Base, LiveOptions},
    outbound::{Outbound, Roots, causes, is_web_page, shown},
};
use flate2::write::MultiGzDecoder;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use std::{
    io::{self, Write},
    time::{Duration, SystemTime},
};
use tokio::time::timeout;

/// Longest silence in the middle of a body.
const READ_TIME_MAX: Duration = Duration::from_secs(20);
/// Largest text of a refusal read, in bytes, and shown, in characters.
const REFUSAL_BYTES_MAX: usize = 16 << 10;
const REFUSAL_CHARS_MAX: usize = 1_000;
/// Longest ETag kept.
const ETAG_BYTES_MAX: usize = 256;

/// What came back.
pub(crate) enum Fetched {
    /// What is known by the ETag is still true.
    NotModified,
    /// An answer.
    Answer(Answer),
}

/// Sends requests to one API.
pub(crate) struct Http {
    outbound: Outbound,
    base: Base,
    user_agent: HeaderValue,
    time_max: Duration,
    body_bytes_max: usize,
}

impl Http {
    /// Reads the system's certificates if the API is behind TLS.
    pub(crate) fn new(options: &LiveOptions) -> Result<Self, OpenError> {
        let roots = if options.base.is_encrypted() {
            Roots::of_system().ok_or(OpenError::NoCertificates)?
        } else {
            Roots::none()
        };
        let outbound = Outbound::new(roots, options.proxy.clone(), options.request_time_max);
        let outbound = outbound.map_err(OpenError::Tls)?;
        let user_agent = HeaderValue::try_from(&options.user_agent)
            .unwrap_or(HeaderValue::from_static(env!("CARGO_PKG_NAME")));
        let (time_max, body_bytes_max) = (options.request_time_max, options.body_bytes_max);
        Ok(Self { outbound, base: options.base.clone(), user_agent, time_max, body_bytes_max })
    }

    /// The whole address of `target`, `/studies?query.cond=asthma`.
    pub(crate) fn address(&self, target: &str) -> String {
        format!("{}{target}", self.base.as_str())
    }

    /// Asks for `target` once; with `etag`, only whether what is known by it is still true.
    pub(crate) async fn get(&self, target: &str, etag: Option<&str>) -> Result<Fetched, LiveError> {
        let limit = self.time_max;
        timeout(limit, self.attempt(target, etag)).await.unwrap_or(Err(LiveError::TimedOut { limit }))
    }

    async fn attempt(&self, target: &str, etag: Option<&str>) -> Result<Fetched, LiveError> {
        let mut request = Request::get(self.address(target))
            .header(header::USER_AGENT, &self.user_agent)
            .header(header::ACCEPT, "application/json")
            .header(header::ACCEPT_ENCODING, "gzip");
        if let Some(etag) = etag.and_then(|etag| HeaderValue::try_from(etag).ok()) {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let request = request
            .body(Full::default())
            .map_err(|error| LiveError::Unreachable { cause: causes(&error) })?;
        let response = self.outbound.send(request).await;
        let response = response.map_err(|error| LiveError::Unreachable { cause: causes(&error) })?;
        let (status, headers) = (response.status(), response.headers().clone());
        match status {
            StatusCode::NOT_MODIFIED if etag.is_some() => Ok(Fetched::NotModified),
            StatusCode::OK => {
                let body = self.body(response, self.body_bytes_max).await?;
                if is_web_page(&headers, &body) {
                    return Err(LiveError::WebPage { status: status.as_u16() });
                }
                Ok(Fetched::Answer(answer(&headers, Reply::Body(body))))
            }
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => {
                let location = headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
                let location = shown(location.unwrap_or_default(), REFUSAL_CHARS_MAX);
                Ok(Fetched::Answer(answer(&headers, Reply::Moved(location))))
            }
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {
                let body = self.body(response, REFUSAL_BYTES_MAX).await?;
                if is_web_page(&headers, &body) {
                    return Err(LiveError::UnknownStatus { status: status.as_u16() });
                }
                let text = shown(&String::from_utf8_lossy(&body), REFUSAL_CHARS_MAX);
                if status == StatusCode::NOT_FOUND {
                    return Ok(Fetched::Answer(answer(&headers, Reply::Absent)));
                }
                Err(LiveError::Refused { text })
            }
            StatusCode::FORBIDDEN => Err(LiveError::TurnedAway),
            StatusCode::URI_TOO_LONG => Err(LiveError::TooLong),
            StatusCode::TOO_MANY_REQUESTS => {
                Err(LiveError::TooOften { retry_after: retry_after(&headers, SystemTime::now()) })
            }
            status if status.is_server_error() => Err(LiveError::Failing { status: status.as_u16() }),
            status => Err(LiveError::UnknownStatus { status: status.as_u16() }),
        }
    }

    /// The body, decompressed, if it has no more than `bytes_max` bytes.
    async fn body(&self, response: Response<Incoming>, bytes_max: usize) -> Result<Vec<u8>, LiveError> {
        let is_gzip = response.headers().get(header::CONTENT_ENCODING).is_some_and(|value| value == "gzip");
        let mut out = Out::new(is_gzip, bytes_max);
        let mut body = response.into_body();
        while let Some(frame) = timeout(READ_TIME_MAX.min(self.time_max), body.frame())
            .await
            .map_err(|_| LiveError::TimedOut { limit: READ_TIME_MAX.min(self.time_max) })?
        {
            let frame = frame.map_err(|error| LiveError::CutOff { cause: causes(&error) })?;
            if let Some(bytes) = frame.data_ref() {
                out.push(bytes)?;
            }
        }
        out.finish()
    }
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("base", &self.base).finish_non_exhaustive()
    }
}

fn answer(headers: &HeaderMap, reply: Reply) -> Answer {
    let etag = headers.get(header::ETAG).and_then(|etag| etag.to_str().ok());
    let etag = etag.filter(|etag| etag.len() <= ETAG_BYTES_MAX).map(str::to_owned);
    // What a server of this project says where some of the studies are made up.
    let synthetic = headers.get("x-synthetic").is_some_and(|told| told == "true");
    Answer { reply, etag, synthetic }
}

/// Longest that a service is left alone because it said so: a slip of a few digits must not silence it for years.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

/// How long to wait: seconds, or until a date; an hour at most.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let told = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match told.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(told).ok()?.duration_since(now).ok()?,
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// Takes a body in, up to its bound.
enum Out {
    Plain(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
}

/// Bytes up to a bound.
struct Bounded {
    bytes: Vec<u8>,
    bytes_max: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.bytes_max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Out {
    fn new(is_gzip: bool, bytes_max: usize) -> Self {
        let bounded = Bounded { bytes: Vec::new(), bytes_max };
        if is_gzip { Self::Gzip(Box::new(MultiGzDecoder::new(bounded))) } else { Self::Plain(bounded) }
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), LiveError> {
        let (written, bytes_max) = match self {
            Self::Plain(out) => (out.write_all(bytes), out.bytes_max),
            Self::Gzip(out) => {
                let written = out.write_all(bytes);
                (written, out.get_ref().bytes_max)
            }
        };
        written.map_err(|error| unreadable(&error, bytes_max))
    }

    fn finish(self) -> Result<Vec<u8>, LiveError> {
        match self {
            Self::Plain(out) => Ok(out.bytes),
            Self::Gzip(mut out) => {
                let bytes_max = out.get_ref().bytes_max;
                let ended = out.try_finish();
                ended.map_err(|error| unreadable(&error, bytes_max))?;
                Ok(std::mem::take(&mut out.get_mut().bytes))
            }
        }
    }
}

fn unreadable(error: &io::Error, bytes_max: usize) -> LiveError {
    match error.kind() {
        io::ErrorKind::FileTooLarge => LiveError::TooLarge { bytes_max },
        _ => LiveError::CutOff { cause: format!("it is not whole gzip: {error}") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_says_in_seconds_or_by_date_how_long_to_wait() {
        let date = "Fri, 14 Aug 2026 09:00:10 GMT";
        let now = httpdate::parse_http_date("Fri, 14 Aug 2026 09:00:00 GMT").unwrap();
        let seconds = |told: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, HeaderValue::try_from(told).unwrap());
            retry_after(&headers, now).map(|time| time.as_secs())
        };
        let cases = [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            (date, Some(10)),
            ("soon", None),
            ("-1", None),
            ("18446744073709551615", Some(3_600)),
            ("Thu, 14 Aug 2036 09:00:10 GMT", Some(3_600)),
        ];
        for (told, expected) in cases {
            assert_eq!(seconds(told), expected, "{told}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn a_small_gzip_that_grows_is_stopped_at_the_bound() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(&vec![b' '; 1 << 20]).unwrap();
        let packed = packed.finish().unwrap();
        assert!(packed.len() < 2_000);
        let read = |bytes: &[u8], bytes_max| {
            let mut out = Out::new(true, bytes_max);
            bytes.chunks(100).try_for_each(|chunk| out.push(chunk))?;
            out.finish()
        };
        assert_eq!(read(&packed, 1 << 20).unwrap().len(), 1 << 20);
        assert_eq!(read(&packed, 1 << 16), Err(LiveError::TooLarge { bytes_max: 1 << 16 }));
        let cut = &packed[..packed.len() - 9];
        assert!(matches!(read(cut, 1 << 20), Err(LiveError::CutOff { .. })), "its end is missing");
        assert!(matches!(read(b"not gzip at all", 100), Err(LiveError::CutOff { .. })));
    }
}

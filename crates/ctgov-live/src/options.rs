//! `LiveOptions`: where the API is, and how much it is asked.

use crate::outbound::Proxy;
use http::Uri;
use std::{path::PathBuf, time::Duration};

/// Where the API is, and how much it is asked.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    pub(crate) base: Base,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) user_agent: String,
    pub(crate) request_time_max: Duration,
    pub(crate) interval: Duration,
    pub(crate) first_wait: Duration,
    pub(crate) version_age_max: Duration,
    pub(crate) body_bytes_max: usize,
    pub(crate) cache: Option<PathBuf>,
    pub(crate) cache_bytes_max: u64,
}

impl Default for LiveOptions {
    /// The API of ClinicalTrials.gov: a request a second, 30 seconds each, nothing kept on disk.
    fn default() -> Self {
        Self {
            base: Base(Self::BASE_URL.to_owned()),
            proxy: None,
            user_agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
            request_time_max: Duration::from_secs(30),
            interval: Duration::from_secs(1),
            first_wait: Duration::from_millis(500),
            version_age_max: Duration::from_secs(300),
            body_bytes_max: 64 << 20,
            cache: None,
            cache_bytes_max: 0,
        }
    }
}

impl LiveOptions {
    /// The address of ClinicalTrials.gov's API.
    pub const BASE_URL: &str = "https://clinicaltrials.gov/api/v2";

    /// The API at `base_url`, else as by default.
    ///
    /// # Errors
    ///
    /// [`InvalidBaseUrl`] says what an address of an API looks like.
    pub fn new(base_url: &str) -> Result<Self, InvalidBaseUrl> {
        let base = Base::parse(base_url).ok_or(InvalidBaseUrl)?;
        Ok(Self { base, ..Self::default() })
    }

    /// Asks through this proxy, if it is for the API's host.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// What the program calls itself (`User-Agent`): visible ASCII and spaces, else the library's name is sent.
    #[must_use]
    pub fn with_user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// Longest that one attempt at a request may take in all.
    #[must_use]
    pub fn with_request_time_max(mut self, time: Duration) -> Self {
        self.request_time_max = time;
        self
    }

    /// Shortest time between two requests, repeated ones included.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// About how long to wait before a failed request is repeated for the first time; each further time it is twice as
    /// long.
    #[must_use]
    pub fn with_first_wait(mut self, wait: Duration) -> Self {
        self.first_wait = wait;
        self
    }

    /// How old what is known of the data version may be before the service is asked again.
    #[must_use]
    pub fn with_version_age_max(mut self, age: Duration) -> Self {
        self.version_age_max = age;
        self
    }

    /// Largest body read, in bytes after decompression.
    #[must_use]
    pub fn with_body_bytes_max(mut self, bytes: usize) -> Self {
        self.body_bytes_max = bytes;
        self
    }

    /// Keeps answers in the folder `path`, at most `bytes_max` of them in all. They are public data.
    #[must_use]
    pub fn with_cache(mut self, path: impl Into<PathBuf>, bytes_max: u64) -> Self {
        self.cache = Some(path.into());
        self.cache_bytes_max = bytes_max;
        self
    }
}

/// The text is no address of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an http or https address without user, query and fragment, such as {}", LiveOptions::BASE_URL)]
pub struct InvalidBaseUrl;

/// The address of an API, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base(String);

impl Base {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('/');
        let uri: Uri = text.parse().ok()?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let has_host = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        (is_web && has_host && uri.query().is_none() && !text.contains('#')).then(|| Self(text.to_owned()))
    }

    /// As it was given.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.starts_with("https:")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_an_api_is_told_from_other_texts() {
        let cases = [
            ("https://clinicaltrials.gov/api/v2", Some("https://clinicaltrials.gov/api/v2")),
            ("http://127.0.0.1:3010/api/v2/", Some("http://127.0.0.1:3010/api/v2")),
            ("http://localhost", Some("http://localhost")),
            ("https://ana:secret@clinicaltrials.gov/api/v2", None),
            ("https://clinicaltrials.gov/api/v2?x=1", None),
            ("https://clinicaltrials.gov/api/v2#x", None),
            ("clinicaltrials.gov/api/v2", None),
            ("ftp://clinicaltrials.gov", None),
            ("https://", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Base::parse(text).as_ref().map(Base::as_str), expected, "{text}");
        }
    }
}

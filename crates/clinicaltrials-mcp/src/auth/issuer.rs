//! What an authorization server is asked: where its keys are, and which ones it has.
//!
//! Its answers are a stranger's: bounded in size and time, from an encrypted connection or this very machine, without
//! following it anywhere, and read key by key, so that one of a kind that is not known costs no other.

use super::key::{KeyError, TrustedKey};
use crate::settings::OauthSettings;
use axum::body::Bytes;
use ctgov_live::outbound::{self, Outbound, Roots, causes};
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use jsonwebtoken::jwk::Jwk;
use reqwest::Url;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::{error::Error, net::IpAddr, time::Duration};
use tokio::time::timeout;

/// Largest answer that is read.
const ANSWER_BYTES_MAX: usize = 256 << 10;
/// Most keys that are looked at.
const KEYS_MAX: usize = 64;

/// An authorization server.
pub(super) struct Issuer {
    issuer: String,
    keys_address: Option<Url>,
    outbound: Outbound,
    request_time_max: Duration,
}

/// Why there is nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// No certificates to check its own with.
    #[error("there are no certificates to trust on this machine; name a file of them in OAUTH_CA_FILE")]
    NoCertificates,
    /// Connections cannot be set up at all.
    #[error("connections cannot be set up: {0}")]
    Setup(String),
    /// It cannot be reached, or does not answer in time.
    #[error("{url} cannot be reached: {cause}")]
    Unreachable {
        /// What was asked.
        url: Url,
        /// Why.
        cause: String,
    },
    /// It says something else than 200.
    #[error("{url} answers with {status}")]
    Status {
        /// What was asked.
        url: Url,
        /// What it said.
        status: u16,
    },
    /// It says too much.
    #[error("{url} answers with more than {ANSWER_BYTES_MAX} bytes")]
    TooLarge {
        /// What was asked.
        url: Url,
    },
    /// It shows a page for people.
    #[error("{url} answers with a web page")]
    WebPage {
        /// What was asked.
        url: Url,
    },
    /// What it says is not what it should be.
    #[error("what {url} answers is not read: {cause}")]
    Unreadable {
        /// What was asked.
        url: Url,
        /// What is wrong with it; never the value.
        cause: String,
    },
    /// Its metadata is another server's.
    #[error(
        "{url} is the metadata of another issuer; OAUTH_ISSUER_URL must be what it says, to the letter: {told}"
    )]
    OtherIssuer {
        /// What was asked.
        url: Url,
        /// Whose it is.
        told: String,
    },
    /// Its keys would come over a connection that anybody can change.
    #[error("{url} says that its keys are at {told}, which is neither https nor this machine")]
    InsecureKeys {
        /// What was asked.
        url: Url,
        /// Where they are.
        told: String,
    },
    /// None of its keys can be used.
    #[error("{url} has no key that can be used: {why}")]
    NoKeys {
        /// What was asked.
        url: Url,
        /// Why not the first one.
        why: String,
    },
}

/// What of its metadata matters (RFC 8414, OpenID Connect Discovery).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// Whether what comes from there comes unchanged: encrypted, or from this machine.
pub(crate) fn is_safe(url: &Url) -> bool {
    match (url.scheme(), url.host_str()) {
        ("https", Some(_)) => true,
        ("http", Some(host)) => {
            let host = host.trim_matches(['[', ']']);
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        _ => false,
    }
}

impl Issuer {
    /// Sets connections up.
    ///
    /// # Errors
    ///
    /// [`IssuerError`] when that cannot be done on this machine.
    pub(super) fn new(settings: &OauthSettings) -> Result<Self, IssuerError> {
        let roots = match &settings.roots {
            Some(roots) => roots.clone(),
            // On this machine nothing may be encrypted.
            None => match Roots::of_system() {
                None if settings.issuer.starts_with("http://") => Roots::none(),
                roots => roots.ok_or(IssuerError::NoCertificates)?,
            },
        };
        let request_time_max = settings.times.request_time_max;
        let outbound = Outbound::new(roots, settings.proxy.clone(), request_time_max);
        Ok(Self {
            issuer: settings.issuer.clone(),
            keys_address: settings.keys_address.clone(),
            outbound: outbound.map_err(|error| IssuerError::Setup(causes(&*error)))?,
            request_time_max,
        })
    }

    /// Where the keys are.
    ///
    /// # Errors
    ///
    /// [`IssuerError`]: what went wrong at the place where the most was there.
    pub(super) async fn keys_address(&self) -> Result<Url, IssuerError> {
        if let Some(address) = &self.keys_address {
            return Ok(address.clone());
        }
        let mut worst: Option<IssuerError> = None;
        for url in metadata_addresses(&self.issuer)? {
            match self.keys_address_from(url).await {
                Ok(address) => return Ok(address),
                // A server that is not there is not there at another path.
                Err(error @ IssuerError::Unreachable { .. }) => return Err(worst.unwrap_or(error)),
                Err(error) => {
                    // That nothing is there says less than what is wrong with what is.
                    if worst
                        .as_ref()
                        .is_none_or(|worst| matches!(worst, IssuerError::Status { status: 404, .. }))
                    {
                        worst = Some(error);
                    }
                }
            }
        }
        Err(worst.unwrap_or(IssuerError::Setup("the issuer has no metadata address".to_owned())))
    }

    async fn keys_address_from(&self, url: Url) -> Result<Url, IssuerError> {
        let metadata: Metadata = self.get(&url).await?;
        // RFC 8414 §3.3: else somebody could speak for somebody else.
        if metadata.issuer != self.issuer {
            return Err(IssuerError::OtherIssuer { url, told: shown(&metadata.issuer) });
        }
        match Url::parse(&metadata.jwks_uri) {
            Ok(address) if is_safe(&address) => Ok(address),
            _ => Err(IssuerError::InsecureKeys { url, told: shown(&metadata.jwks_uri) }),
        }
    }

    /// The keys there that can be used.
    ///
    /// # Errors
    ///
    /// [`IssuerError`] when there is none.
    pub(super) async fn keys(&self, url: &Url) -> Result<Vec<TrustedKey>, IssuerError> {
        let set: KeySet = self.get(url).await?;
        let mut why = None;
        let mut keys = Vec::new();
        for value in set.keys.into_iter().take(KEYS_MAX) {
            let key = serde_json::from_value::<Jwk>(value).map_err(|_| KeyError::Unusable);
            match key.and_then(|jwk| TrustedKey::from_jwk(&jwk)) {
                Ok(key) => keys.push(key),
                Err(error) => why = why.or(Some(error)),
            }
        }
        if keys.is_empty() {
            let why = why.map_or("there is none".to_owned(), |error| format!("the first {error}"));
            return Err(IssuerError::NoKeys { url: url.clone(), why });
        }
        Ok(keys)
    }

    async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, IssuerError> {
        let body = timeout(self.request_time_max, self.body(url)).await.unwrap_or_else(|_| {
            let cause = format!("no whole answer within {} ms", self.request_time_max.as_millis());
            Err(IssuerError::Unreachable { url: url.clone(), cause })
        })?;
        serde_json::from_slice(&body).map_err(|error| IssuerError::Unreadable {
            url: url.clone(),
            cause: format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column()),
        })
    }

    async fn body(&self, url: &Url) -> Result<Bytes, IssuerError> {
        let unreachable =
            |error: &dyn Error| IssuerError::Unreachable { url: url.clone(), cause: causes(error) };
        let uri: Uri = url.as_str().parse().map_err(|error| unreachable(&error))?;
        let request = Request::get(uri)
            .header(header::USER_AGENT, concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .header(header::ACCEPT, "application/json")
            .body(Full::default())
            .map_err(|error| unreachable(&error))?;
        let response = self.outbound.send(request).await.map_err(|error| unreachable(&error))?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(IssuerError::Status { url: url.clone(), status: status.as_u16() });
        }
        let headers = response.headers().clone();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| match error.is::<LengthLimitError>() {
            true => IssuerError::TooLarge { url: url.clone() },
            false => unreachable(&*error),
        })?;
        let body = body.to_bytes();
        if outbound::is_web_page(&headers, &body) {
            return Err(IssuerError::WebPage { url: url.clone() });
        }
        Ok(body)
    }
}

/// Where the metadata may be: RFC 8414 §3.1, OpenID Connect Discovery in the manner of RFC 8414 §5, and as it was
/// before that.
fn metadata_addresses(issuer: &str) -> Result<Vec<Url>, IssuerError> {
    let url = Url::parse(issuer).map_err(|error| IssuerError::Setup(error.to_string()))?;
    let path = url.path().trim_end_matches('/').to_owned();
    let mut paths = vec![
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("/.well-known/openid-configuration{path}"),
        format!("{path}/.well-known/openid-configuration"),
    ];
    paths.dedup();
    Ok(paths
        .into_iter()
        .map(|path| {
            let mut address = url.clone();
            address.set_path(&path);
            address
        })
        .collect())
}

/// A stranger's text, short and on one line.
fn shown(text: &str) -> String {
    outbound::shown(text, 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_looked_for_where_the_standards_put_it() {
        let addresses = |issuer| -> Vec<String> {
            metadata_addresses(issuer).unwrap().into_iter().map(String::from).collect()
        };
        assert_eq!(
            addresses("https://idp.example"),
            [
                "https://idp.example/.well-known/oauth-authorization-server",
                "https://idp.example/.well-known/openid-configuration",
            ]
        );
        assert_eq!(
            addresses("https://idp.example:8443/realms/trials/"),
            [
                "https://idp.example:8443/.well-known/oauth-authorization-server/realms/trials",
                "https://idp.example:8443/.well-known/openid-configuration/realms/trials",
                "https://idp.example:8443/realms/trials/.well-known/openid-configuration",
            ]
        );
    }

    #[test]
    fn only_what_nobody_can_change_on_the_way_is_asked() {
        let cases = [
            ("https://idp.example", true),
            ("http://localhost:4000", true),
            ("http://127.0.0.1", true),
            ("http://127.8.9.1:1", true),
            ("http://[::1]:4000/keys", true),
            ("http://idp.example", false),
            ("http://localhost.evil.example", false),
            ("http://10.0.0.7", false),
            ("file:///etc/passwd", false),
            ("data:application/json,{}", false),
        ];
        for (url, safe) in cases {
            assert_eq!(is_safe(&Url::parse(url).unwrap()), safe, "{url}");
        }
    }
}

//! Connections to other services: encrypted where the address says so, through a proxy where one is set.
//!
//! ClinicalTrials.gov is asked through them; a program may ask others the same way, so that certificates and proxies mean
//! the same everywhere.

use http::{HeaderMap, Request, Response, Uri, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::{
        legacy::{
            Client, Error as RequestError,
            connect::{HttpConnector, proxy::Tunnel},
        },
        proxy::matcher::{Intercept, Matcher},
    },
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use std::{error::Error, fmt, path::Path, sync::Arc, time::Duration};

/// Longest that connecting may take, without TLS.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// How long an unused connection is kept.
const IDLE_TIME_MAX: Duration = Duration::from_secs(60);
/// Longest text of an error and its causes, in characters.
const CAUSES_CHARS_MAX: usize = 1_000;

/// The certificates that services are known by.
#[derive(Clone, Debug)]
pub struct Roots(RootCertStore);

impl Roots {
    /// Those of the system; `None` when it has none.
    #[must_use]
    pub fn of_system() -> Option<Self> {
        Self::some(rustls_native_certs::load_native_certs().certs)
    }

    /// Those in a file (PEM); `None` when it has none that can be read.
    #[must_use]
    pub fn in_file(path: &Path) -> Option<Self> {
        let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
        Self::some(all.ok()?)
    }

    /// None: no encrypted service can be asked.
    #[must_use]
    pub fn none() -> Self {
        Self(RootCertStore::empty())
    }

    fn some(certificates: Vec<CertificateDer<'static>>) -> Option<Self> {
        let mut roots = RootCertStore::empty();
        let (usable, _) = roots.add_parsable_certificates(certificates);
        (usable > 0).then_some(Self(roots))
    }
}

/// A proxy that takes HTTP, and the hosts that are asked without it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    address: String,
    except: String,
}

impl Proxy {
    /// The proxy at `address` (`http://[user:password@]host:port`) for all hosts but those in `except` (names and networks
    /// with commas between, as in `NO_PROXY`). What is not encrypted is asked directly.
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`] for anything else than a proxy that takes HTTP.
    pub fn new(address: &str, except: &str) -> Result<Self, InvalidProxy> {
        let proxy = Self { address: address.to_owned(), except: except.to_owned() };
        proxy.itself().ok_or(InvalidProxy)?;
        Ok(proxy)
    }

    /// Whether this address is asked through it.
    #[must_use]
    pub fn is_for(&self, address: &Uri) -> bool {
        self.matching(&self.except, address).is_some()
    }

    /// Where it is, and who is known to it.
    fn itself(&self) -> Option<Intercept> {
        let any = Uri::from_static("https://example.org");
        self.matching("", &any).filter(|proxy| proxy.uri().scheme_str() == Some("http"))
    }

    fn matching(&self, except: &str, address: &Uri) -> Option<Intercept> {
        Matcher::builder().https(&*self.address).no(except).build().intercept(address)
    }
}

/// Its address can hold a password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxy")
    }
}

/// The text is no address of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a proxy that takes HTTP, such as http://proxy.example.org:3128")]
pub struct InvalidProxy;

/// Sends requests. Clones share connections.
#[derive(Clone)]
pub struct Outbound {
    direct: ClientOver<HttpConnector>,
    proxied: Option<(Proxy, ClientOver<Tunnel<HttpConnector>>)>,
}

/// A client whose connections are made by `C`.
type ClientOver<C> = Client<HttpsConnector<C>, Full<Bytes>>;

impl Outbound {
    /// Connections to services that `roots` vouch for; connecting takes no longer than `connect_time_max`, nor than ten
    /// seconds.
    ///
    /// # Errors
    ///
    /// When TLS does not work as it is set up here.
    pub fn new(
        roots: Roots,
        proxy: Option<Proxy>,
        connect_time_max: Duration,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots.0)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(CONNECT_TIME_MAX.min(connect_time_max)));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let secured =
            || HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http().enable_http1();
        let mut pool = Client::builder(TokioExecutor::new());
        pool.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE_TIME_MAX);
        let proxied = proxy.and_then(|proxy| {
            let at = proxy.itself()?;
            let tunnel = Tunnel::new(at.uri().clone(), tcp.clone());
            let auth = at.basic_auth().into_iter();
            let tunnel = auth.fold(tunnel, |tunnel, auth| tunnel.with_auth(auth.clone()));
            Some((proxy, pool.build(secured().wrap_connector(tunnel))))
        });
        Ok(Self { direct: pool.build(secured().wrap_connector(tcp)), proxied })
    }

    /// Sends a request and returns the answer's head; its body is still on its way.
    ///
    /// # Errors
    ///
    /// When there is no connection, or it breaks; [`causes`] says why.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, RequestError> {
        match &self.proxied {
            Some((proxy, client)) if proxy.is_for(request.uri()) => client.request(request).await,
            _ => self.direct.request(request).await,
        }
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound").finish_non_exhaustive()
    }
}

/// Whether an answer is a page for people, whatever it says of itself: data never starts like that.
#[must_use]
pub fn is_web_page(headers: &HeaderMap, body: &[u8]) -> bool {
    let told = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    told.is_some_and(|kind| kind.starts_with("text/html")) || body.trim_ascii_start().starts_with(b"<")
}

/// An error and what led to it, in one line.
#[must_use]
pub fn causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !line.ends_with(&cause_text) {
            line = format!("{line}: {cause_text}");
        }
        source = cause.source();
    }
    shown(&line, CAUSES_CHARS_MAX)
}

/// What a stranger wrote, fit to be shown: one line of at most `chars_max` characters, nothing that controls a terminal.
#[must_use]
pub fn shown(text: &str, chars_max: usize) -> String {
    let printable = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    printable.take(chars_max).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_gone_through_for_what_is_behind_tls_and_not_excepted() {
        let api = Uri::from_static("https://clinicaltrials.gov/api/v2");
        let is_for = |uri: &Uri, except| {
            Proxy::new("http://ana:secret@proxy.example.org:3128", except).unwrap().is_for(uri)
        };
        assert!(is_for(&api, ""));
        assert!(is_for(&api, "localhost,.example.org"));
        assert!(!is_for(&api, "clinicaltrials.gov"));
        assert!(!is_for(&Uri::from_static("http://127.0.0.1:3010/api/v2"), ""));
        let proxy = Proxy::new("http://ana:secret@proxy.example.org:3128", "").unwrap();
        let itself = proxy.itself().unwrap();
        assert_eq!(itself.uri().to_string(), "http://proxy.example.org:3128/");
        assert!(itself.basic_auth().is_some());
        assert!(!format!("{proxy:?}").contains("secret"));
        let bare = Proxy::new("proxy:3128", "").unwrap().itself().unwrap();
        assert_eq!((bare.uri().to_string().as_str(), bare.basic_auth()), ("http://proxy:3128/", None));
        for address in ["", "socks5://proxy:1080", "https://proxy:3128", "http://"] {
            assert_eq!(Proxy::new(address, "clinicaltrials.gov"), Err(InvalidProxy), "{address}");
        }
    }

    #[test]
    fn a_page_for_people_is_known_by_its_type_or_its_start() {
        let kind = |kind: &'static str| {
            HeaderMap::from_iter([(header::CONTENT_TYPE, http::HeaderValue::from_static(kind))])
        };
        assert!(is_web_page(&kind("text/html; charset=utf-8"), b"{}"));
        assert!(is_web_page(&kind("application/json"), b" \n<!DOCTYPE html>"));
        assert!(!is_web_page(&kind("application/json"), b"{\"a\":\"<html>\"}"));
    }
}

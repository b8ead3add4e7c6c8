//! Who may knock: the `Host` and `Origin` of a request, checked before anything else of it is read.
//!
//! A web page can make a browser call a server on its user's machine. Its `Origin` gives it away, and when it
//! has rebound a DNS name of its own to this machine, the `Host` does.

use crate::settings::AllowedOrigins;
use http::{HeaderMap, StatusCode, Uri, header, uri::Authority};

/// The names this server answers to, and the origins it lets call.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    hosts: Vec<String>,
    origins: AllowedOrigins,
}

/// Why a request is turned away, with the status it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TurnedAway {
    /// No usable `Host`.
    #[error("the Host header is missing or malformed")]
    BadHost,
    /// A `Host` that is not ours.
    #[error("this server does not answer to that Host; the operator can add it to MCP_ALLOWED_HOSTS")]
    ForeignHost,
    /// An `Origin` that may not call.
    #[error("pages of that Origin may not call this server; the operator can add it to MCP_ALLOWED_ORIGINS")]
    ForeignOrigin,
}

impl TurnedAway {
    /// The status of the answer.
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::BadHost => StatusCode::BAD_REQUEST,
            Self::ForeignHost | Self::ForeignOrigin => StatusCode::FORBIDDEN,
        }
    }
}

impl Guard {
    /// Loopback names are always answered to, besides `hosts`.
    pub(super) fn new(hosts: Vec<String>, origins: AllowedOrigins) -> Self {
        Self { hosts, origins }
    }

    /// Lets a request in or turns it away.
    ///
    /// # Errors
    ///
    /// [`TurnedAway`] says why.
    pub(super) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), TurnedAway> {
        self.check_host(uri, headers)?;
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => Ok(()),
            (Some(origin), None) if origin.to_str().is_ok_and(|origin| self.lets_call(origin)) => Ok(()),
            _ => Err(TurnedAway::ForeignOrigin),
        }
    }

    /// Lets a request in or turns it away, from whatever origin it comes.
    ///
    /// # Errors
    ///
    /// [`TurnedAway`] says why.
    pub(super) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), TurnedAway> {
        let authority = self.authority(uri, headers).ok_or(TurnedAway::BadHost)?;
        if is_loopback(authority.host()) || self.answers_to(&authority) {
            Ok(())
        } else {
            Err(TurnedAway::ForeignHost)
        }
    }

    /// The one authority a request names: in HTTP/2 it is part of the URI.
    fn authority(&self, uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
        let mut hosts = headers.get_all(header::HOST).iter();
        match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().ok()?.parse().ok(),
            (None, _) => uri.authority().cloned(),
            _ => None,
        }
    }

    fn answers_to(&self, authority: &Authority) -> bool {
        let host = authority.host().trim_matches(['[', ']']);
        self.hosts
            .iter()
            .any(|known| known.eq_ignore_ascii_case(host) || known.eq_ignore_ascii_case(authority.as_str()))
    }

    /// Whether pages of this origin may call.
    pub(super) fn lets_call(&self, origin: &str) -> bool {
        match &self.origins {
            AllowedOrigins::Any => true,
            AllowedOrigins::Listed(listed) => listed.iter().any(|known| known.eq_ignore_ascii_case(origin)),
            AllowedOrigins::Loopback => origin
                .parse::<Uri>()
                .is_ok_and(|origin| origin.scheme().is_some() && origin.host().is_some_and(is_loopback)),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(guard: &Guard, host: &str, origin: Option<&str>) -> Result<(), TurnedAway> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        guard.check(&Uri::from_static("/mcp"), &headers)
    }

    #[test]
    fn only_our_names_and_our_origins_get_in() {
        let hosts = vec!["mcp.example.org".into(), "10.0.0.7".into(), "ported.example.org:8443".into()];
        let loopback = Guard::new(hosts.clone(), AllowedOrigins::Loopback);
        let listed = Guard::new(hosts, AllowedOrigins::Listed(vec!["https://app.example.org".into()]));
        let cases = [
            (&loopback, "127.0.0.1:3010", None, Ok(())),
            (&loopback, "LOCALHOST:1", None, Ok(())),
            (&loopback, "[::1]:3010", None, Ok(())),
            (&loopback, "mcp.example.org", None, Ok(())),
            (&loopback, "MCP.example.org:443", None, Ok(())),
            (&loopback, "10.0.0.7:3010", None, Ok(())),
            (&loopback, "ported.example.org:8443", None, Ok(())),
            (&loopback, "ported.example.org", None, Err(TurnedAway::ForeignHost)),
            (&loopback, "evil.example", None, Err(TurnedAway::ForeignHost)),
            (&loopback, "localhost.evil.example", None, Err(TurnedAway::ForeignHost)),
            (&loopback, "a b", None, Err(TurnedAway::BadHost)),
            (&loopback, "localhost", Some("http://localhost:1234"), Ok(())),
            (&loopback, "localhost", Some("http://127.0.0.1"), Ok(())),
            (&loopback, "localhost", Some("https://evil.example"), Err(TurnedAway::ForeignOrigin)),
            (&loopback, "localhost", Some("http://localhost.evil.example"), Err(TurnedAway::ForeignOrigin)),
            (&loopback, "localhost", Some("null"), Err(TurnedAway::ForeignOrigin)),
            (&listed, "localhost", Some("https://app.example.org"), Ok(())),
            (&listed, "localhost", Some("https://app.example.org:444"), Err(TurnedAway::ForeignOrigin)),
            (&listed, "localhost", Some("http://localhost"), Err(TurnedAway::ForeignOrigin)),
        ];
        for (guard, host, origin, expected) in cases {
            assert_eq!(check(guard, host, origin), expected, "host {host}, origin {origin:?}");
        }
    }

    #[test]
    fn two_hosts_or_two_origins_are_turned_away() {
        let guard = Guard::new(Vec::new(), AllowedOrigins::Any);
        let mut headers = HeaderMap::new();
        assert_eq!(guard.check(&Uri::from_static("/mcp"), &headers), Err(TurnedAway::BadHost));
        headers.append(header::HOST, "localhost".parse().unwrap());
        headers.append(header::ORIGIN, "http://localhost".parse().unwrap());
        headers.append(header::ORIGIN, "http://localhost".parse().unwrap());
        assert_eq!(guard.check(&Uri::from_static("/mcp"), &headers), Err(TurnedAway::ForeignOrigin));
        headers.append(header::HOST, "localhost".parse().unwrap());
        assert_eq!(guard.check(&Uri::from_static("/mcp"), &headers), Err(TurnedAway::BadHost));
    }
}

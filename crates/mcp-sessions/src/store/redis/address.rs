//! Where the servers are, as a URL tells.

use std::fmt;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, RedisConnectionInfo};

const DEFAULT_PORT: u16 = 6379;

/// What a [`RedisStore`](super::RedisStore) cannot be made of. Nothing of the URL is repeated: who forgets
/// the `@` has a password where a port is expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisUrlError {
    /// The URL starts with none of the four schemes.
    #[error(
        "the URL of a Redis server starts with redis://, rediss://, redis+cluster:// or rediss+cluster://"
    )]
    Scheme,
    /// User or password have a percent sign that stands for no byte, or are no UTF-8.
    #[error("the user or password in the URL of a Redis server is not percent-encoded UTF-8")]
    Credentials,
    /// There is no host, or a port that is none.
    #[error(
        "host {number} in the URL of a Redis server is not of the form `name`, `name:port` or `[v6]:port`"
    )]
    Host {
        /// Which of the hosts, counted from one.
        number: usize,
    },
    /// The path is no number of a database; in a cluster there is only 0.
    #[error("the path in the URL of a Redis server is no number of a database that it can have")]
    Database,
    /// The prefix has a brace. What stands in braces decides where a cluster keeps a key.
    #[error("the prefix of keys has a brace")]
    KeyPrefix,
    /// Certificates were given for servers without TLS.
    #[error("certificates are of no use to a URL without TLS")]
    NoTls,
    /// The file of certificates cannot be read.
    #[error("the file of certificates cannot be read")]
    CaFile(#[source] std::io::Error),
    /// The file has no certificate that can be trusted.
    #[error("the file of certificates cannot be used: {0}")]
    CaCertificates(String),
}

/// What a URL says.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) cluster: bool,
    pub(super) tls: bool,
    hosts: Vec<(String, u16)>,
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
    database: i64,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, RedisUrlError> {
        let (scheme, rest) = url.split_once("://").ok_or(RedisUrlError::Scheme)?;
        let (cluster, tls) = match scheme {
            "redis" => (false, false),
            "rediss" => (false, true),
            "redis+cluster" => (true, false),
            "rediss+cluster" => (true, true),
            _ => return Err(RedisUrlError::Scheme),
        };
        // A password may have a slash; a host may have no `@`.
        let (credentials, rest) = match rest.rsplit_once('@') {
            Some((credentials, rest)) => (Some(credentials), rest),
            None => (None, rest),
        };
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = |(index, host)| host_and_port(host).ok_or(RedisUrlError::Host { number: index + 1 });
        let hosts = hosts.split(',').enumerate().map(host).collect::<Result<Vec<_>, _>>()?;
        let database = if path.is_empty() { Some(0) } else { path.parse::<u16>().ok() };
        let database = database.filter(|number| !cluster || *number == 0);
        let database = database.ok_or(RedisUrlError::Database)?;
        let (username, password) = match credentials.map(|both| both.split_once(':').unwrap_or((both, ""))) {
            Some((username, password)) => (decoded(username)?, decoded(password)?),
            None => (None, None),
        };
        Ok(Self { cluster, tls, hosts, username, password, database: database.into() })
    }

    /// How to reach each of the servers.
    pub(super) fn servers(&self) -> Result<Vec<ConnectionInfo>, redis::RedisError> {
        let server = |(host, port): &(String, u16)| {
            let (host, port) = (host.clone(), *port);
            let address = if self.tls {
                ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
            } else {
                ConnectionAddr::Tcp(host, port)
            };
            // The name of a library in a server's list of clients is worth no round trip.
            let mut login = RedisConnectionInfo::default().set_skip_set_lib_name().set_db(self.database);
            if let Some(username) = &self.username {
                login = login.set_username(username);
            }
            if let Some(password) = &self.password {
                login = login.set_password(password);
            }
            Ok(address.into_connection_info()?.set_redis_settings(login))
        };
        self.hosts.iter().map(server).collect()
    }
}

/// Without user and password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cluster, tls, hosts, database, .. } = self;
        f.debug_struct("Address")
            .field("cluster", cluster)
            .field("tls", tls)
            .field("hosts", hosts)
            .field("database", database)
            .finish_non_exhaustive()
    }
}

/// `name`, `name:port`, `[v6]` or `[v6]:port`.
fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => port.parse().ok().filter(|port| *port > 0)?,
        None if rest.is_empty() => DEFAULT_PORT,
        None => return None,
    };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

/// The text without percent-encoding; `None` when there is none.
fn decoded(text: &str) -> Result<Option<String>, RedisUrlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(byte) = rest.split_off_first() {
        bytes.push(match byte {
            b'%' => {
                let digits = rest.split_off(..2).and_then(|digits| str::from_utf8(digits).ok());
                let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
                digits
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                    .ok_or(RedisUrlError::Credentials)?
            }
            byte => *byte,
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| RedisUrlError::Credentials)?;
    Ok((!text.is_empty()).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_servers_user_and_database() {
        let cases = [
            // url, cluster, tls, hosts, user, password, database
            ("redis://h", (false, false, &[("h", 6379)][..], None, None, 0)),
            ("redis://h:7/3", (false, false, &[("h", 7)][..], None, None, 3)),
            ("redis://:p@h", (false, false, &[("h", 6379)][..], None, Some("p"), 0)),
            (
                "rediss://u:p%40%2F@[::1]:7,h/1",
                (false, true, &[("::1", 7), ("h", 6379)][..], Some("u"), Some("p@/"), 1),
            ),
            ("redis+cluster://a:1,b:2", (true, false, &[("a", 1), ("b", 2)][..], None, None, 0)),
            ("rediss+cluster://u@a/0", (true, true, &[("a", 6379)][..], Some("u"), None, 0)),
        ];
        for (url, (cluster, tls, hosts, username, password, database)) in cases {
            let address = Address::parse(url).expect(url);
            let found: Vec<_> = address.hosts.iter().map(|(host, port)| (host.as_str(), *port)).collect();
            assert_eq!((address.cluster, address.tls, &found[..]), (cluster, tls, hosts), "{url}");
            assert_eq!(address.username.as_deref(), username, "{url}");
            assert_eq!(address.password.as_deref(), password, "{url}");
            assert_eq!(address.database, database, "{url}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_url_is_told_without_repeating_it() {
        let cases = [
            ("h:6379", "starts with"),
            ("http://h", "starts with"),
            ("redis://", "host 1 "),
            ("redis://u:secret", "host 1 "),
            ("redis://u:secret@h:port", "host 1 "),
            ("redis://u:secret@h:0", "host 1 "),
            ("redis://u:secret@[::1]x", "host 1 "),
            ("redis://u:secret@[::1", "host 1 "),
            ("redis://u:secret@a,,b", "host 2 "),
            ("redis://u:secret%zz@h", "percent-encoded"),
            ("redis://u:secret%+1@h", "percent-encoded"),
            ("redis://u:secret%f@h", "percent-encoded"),
            ("redis://u:secret@h/one", "no number"),
            ("redis+cluster://u:secret@h/1", "no number"),
        ];
        for (url, message) in cases {
            let error = Address::parse(url).expect_err(url);
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(message) && !shown.contains("secret"), "{url}: {shown}");
        }
    }

    #[test]
    fn debug_shows_no_password() {
        let shown = format!("{:?}", Address::parse("redis://user:secret@h").expect("a URL"));
        assert!(shown.contains("\"h\"") && !shown.contains("secret") && !shown.contains("user"), "{shown}");
    }
}

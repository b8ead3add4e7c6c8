//! Who may call: what the operator set about tokens, and whose they are.

use super::{AUTHENTICATION_MODES, Reader, SECRET_BYTES_MIN, given};
use crate::auth::{TrustedKey, is_safe};
use ctgov_live::outbound::{Proxy, Roots};
use reqwest::Url;
use std::{path::Path, time::Duration};

/// Who may call.
#[derive(Clone, Debug)]
pub enum AuthSettings {
    /// Everybody, unnamed.
    None,
    /// Who brings a token signed with a key of the operator's.
    Jwt(Box<JwtSettings>),
    /// Who brings a token of an authorization server.
    Oauth(Box<OauthSettings>),
}

impl AuthSettings {
    /// Tokens signed with a secret, and nothing demanded of them but that.
    #[must_use]
    pub fn shared_secret(secret: &[u8]) -> Self {
        Self::Jwt(Box::new(JwtSettings {
            key: TrustedKey::from_secret(secret),
            issuer: None,
            audience: None,
            scopes: ScopeSettings::default(),
            resource: None,
        }))
    }

    /// Whether everybody may call.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// Tokens signed with a key of the operator's.
#[derive(Clone, Debug)]
pub struct JwtSettings {
    /// The key.
    pub key: TrustedKey,
    /// The `iss` a token must have.
    pub issuer: Option<String>,
    /// The `aud` a token must have.
    pub audience: Option<String>,
    /// What a token must allow.
    pub scopes: ScopeSettings,
    /// What clients are told, if it is known how they reach this server.
    pub resource: Option<ResourceSettings>,
}

/// Tokens of an authorization server.
#[derive(Clone, Debug)]
pub struct OauthSettings {
    /// The server, to the letter as its metadata and tokens have it.
    pub issuer: String,
    /// The `aud` a token must have.
    pub audience: String,
    /// The `resource`, else `aud`, that a token must have besides.
    pub token_resource: Option<String>,
    /// Where its keys are, if its metadata is not to be asked.
    pub keys_address: Option<Url>,
    /// What a token must allow.
    pub scopes: ScopeSettings,
    /// What clients are told.
    pub resource: ResourceSettings,
    /// Certificates to trust instead of the system's.
    pub roots: Option<Roots>,
    /// The proxy through which it is asked.
    pub proxy: Option<Proxy>,
    /// How often and how long it is asked.
    pub times: KeyTimes,
}

/// What a token must allow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSettings {
    /// Every one of these scopes.
    pub required: Vec<String>,
    /// The claim that they may be in, besides `scope` and `scp`.
    pub claim: Option<String>,
}

/// This server as its clients know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceSettings {
    /// What tokens are for (RFC 8707).
    pub identifier: String,
    /// Where its metadata is (RFC 9728).
    pub metadata_url: String,
}

/// How often and how long an authorization server is asked for its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTimes {
    /// Longest that a request to it may take.
    pub request_time_max: Duration,
    /// Shortest time between two requests because of tokens with an unknown key.
    pub cooldown: Duration,
    /// How long its keys are used while it cannot be asked.
    pub keep_time_max: Duration,
}

impl Default for KeyTimes {
    /// Five seconds, half a minute, an hour.
    fn default() -> Self {
        Self {
            request_time_max: Duration::from_secs(5),
            cooldown: Duration::from_secs(30),
            keep_time_max: Duration::from_secs(3_600),
        }
    }
}

/// What a token of an authorization server must allow unless it is said otherwise.
const SCOPE_DEFAULT: &str = "clinicaltrials:read";

impl Reader<'_> {
    /// How clients reach this server, without a slash at the end.
    pub(super) fn public_url(&mut self) -> Option<Url> {
        self.url("MCP_PUBLIC_URL", "https://mcp.example.org", |url| {
            ["http", "https"].contains(&url.scheme()) && url.query().is_none()
        })
    }

    pub(super) fn auth(
        &mut self,
        option: Option<&str>,
        public_url: Option<&Url>,
        endpoint: &str,
    ) -> Option<AuthSettings> {
        let (setting, mode) =
            self.text(given("--auth", option), "MCP_AUTH_MODE").unwrap_or(("--auth".into(), "none".into()));
        match mode.to_ascii_lowercase().as_str() {
            "none" => Some(AuthSettings::None),
            "jwt" => {
                let key = self.jwt_key();
                let jwt = JwtSettings {
                    issuer: self.variable("MCP_JWT_EXPECTED_ISSUER"),
                    audience: self.variable("MCP_JWT_EXPECTED_AUDIENCE"),
                    scopes: self.scopes(None),
                    resource: self.resource(public_url, endpoint),
                    key: key?,
                };
                Some(AuthSettings::Jwt(Box::new(jwt)))
            }
            "oauth" => self.oauth(public_url, endpoint).map(|oauth| AuthSettings::Oauth(Box::new(oauth))),
            _ => {
                self.mistake(setting, format!("`{mode}` is not one of {AUTHENTICATION_MODES}"));
                None
            }
        }
    }

    fn jwt_key(&mut self) -> Option<TrustedKey> {
        let secret = self.text_or_file("MCP_AUTH_SECRET_KEY");
        let public = self.text_or_file("MCP_JWT_PUBLIC_KEY");
        match (secret?, public?) {
            (Some(_), Some((setting, _))) => {
                self.mistake(setting, "is set as well as the secret; tokens are signed with one of them");
                None
            }
            (None, None) => {
                self.mistake(
                    "MCP_AUTH_SECRET_KEY",
                    "is not set; --auth jwt needs it (or the file in its _FILE variant), or a public key in \
                     MCP_JWT_PUBLIC_KEY_FILE",
                );
                None
            }
            (Some((setting, secret)), None) if secret.len() < SECRET_BYTES_MIN => {
                let length = secret.len();
                self.mistake(
                    setting,
                    format!("has {length} bytes; a secret needs at least {SECRET_BYTES_MIN}"),
                );
                None
            }
            (Some((_, secret)), None) => Some(TrustedKey::from_secret(&secret)),
            (None, Some((setting, pem))) => match TrustedKey::from_pem(&pem) {
                Ok(key) => Some(key),
                Err(error) => {
                    self.mistake(setting, error.to_string());
                    None
                }
            },
        }
    }

    fn oauth(&mut self, public_url: Option<&Url>, endpoint: &str) -> Option<OauthSettings> {
        let issuer = self.variable("OAUTH_ISSUER_URL");
        let is_issuer = self
            .url("OAUTH_ISSUER_URL", "https://idp.example.org", |url| is_safe(url) && url.query().is_none());
        if issuer.is_none() {
            self.mistake(
                "OAUTH_ISSUER_URL",
                "is not set; --auth oauth needs the authorization server, as its tokens name it in iss",
            );
        }
        let keys_address = self.url("OAUTH_JWKS_URI", "https://idp.example.org/jwks.json", is_safe);
        let scopes = self.scopes(Some(SCOPE_DEFAULT));
        let resource = self.resource(public_url, endpoint);
        if resource.is_none() && self.variable("MCP_PUBLIC_URL").is_none() {
            self.mistake(
                "MCP_PUBLIC_URL",
                "is not set; --auth oauth needs the address that clients use, such as https://mcp.example.org",
            );
        }
        let audience = self.variable("OAUTH_AUDIENCE");
        let identifier = self.variable("MCP_SERVER_RESOURCE_IDENTIFIER");
        let token_resource = identifier.filter(|_| audience.is_some());
        let roots = self.variable("OAUTH_CA_FILE").map(|file| Roots::in_file(Path::new(&file)));
        if let Some(None) = roots {
            self.mistake("OAUTH_CA_FILE", "has no certificate in PEM that can be read");
        }
        let proxy = self.proxy().map(|(address, except)| Proxy::new(&address, &except));
        if let Some(Err(error)) = &proxy {
            self.mistake("HTTPS_PROXY", error.to_string());
        }
        let times = self.key_times();
        let (resource, issuer) = (resource?, issuer.filter(|_| is_issuer.is_some())?);
        let audience = audience.unwrap_or_else(|| resource.identifier.clone());
        Some(OauthSettings {
            issuer,
            audience,
            token_resource,
            keys_address,
            scopes,
            resource,
            roots: roots.flatten(),
            proxy: proxy.and_then(Result::ok),
            times,
        })
    }

    fn key_times(&mut self) -> KeyTimes {
        let mut time = |variable, expected, range: std::ops::RangeInclusive<u64>| {
            self.parsed(None, variable, expected, |time: &u64| range.contains(time))
                .map(Duration::from_millis)
        };
        let default = KeyTimes::default();
        KeyTimes {
            request_time_max: time("OAUTH_JWKS_TIMEOUT_MS", "milliseconds from 100 to 60000", 100..=60_000)
                .unwrap_or(default.request_time_max),
            cooldown: time("OAUTH_JWKS_COOLDOWN_MS", "milliseconds from 100 to 3600000", 100..=3_600_000)
                .unwrap_or(default.cooldown),
            keep_time_max: time(
                "OAUTH_JWKS_KEEP_MS",
                "milliseconds from 1000 to 86400000",
                1_000..=86_400_000,
            )
            .unwrap_or(default.keep_time_max),
        }
    }

    /// What clients are told, if it is known how they reach this server.
    fn resource(&mut self, public_url: Option<&Url>, endpoint: &str) -> Option<ResourceSettings> {
        let identifier = self.variable("MCP_SERVER_RESOURCE_IDENTIFIER");
        if identifier.as_ref().is_some_and(|text| {
            Url::parse(text).map_or(true, |url| url.fragment().is_some()) || !is_plain(text)
        }) {
            self.mistake(
                "MCP_SERVER_RESOURCE_IDENTIFIER",
                "is not an absolute URI without a fragment, such as https://mcp.example.org/mcp",
            );
        }
        let base = public_url?.as_str().trim_end_matches('/');
        Some(ResourceSettings {
            identifier: identifier.unwrap_or_else(|| format!("{base}{endpoint}")),
            metadata_url: format!("{base}/.well-known/oauth-protected-resource{endpoint}"),
        })
    }

    fn scopes(&mut self, default: Option<&str>) -> ScopeSettings {
        let text = self.variable("MCP_AUTH_REQUIRED_SCOPES");
        let text = text.as_deref().or(default).unwrap_or("none");
        let required: Vec<_> = match text.trim() {
            "none" => Vec::new(),
            text => text.split_ascii_whitespace().map(str::to_owned).collect(),
        };
        if let Some(wrong) = required.iter().find(|scope| !is_plain(scope)) {
            self.mistake(
                "MCP_AUTH_REQUIRED_SCOPES",
                format!(
                    "`{}` is not a scope; set scopes with spaces between, or none",
                    wrong.escape_default()
                ),
            );
        }
        ScopeSettings { required, claim: self.variable("MCP_AUTH_SCOPE_CLAIM") }
    }

    /// An address, without a user, a password and a fragment.
    fn url(&mut self, variable: &str, example: &str, accept: impl Fn(&Url) -> bool) -> Option<Url> {
        let text = self.variable(variable)?;
        let url = Url::parse(&text).ok().filter(|url| {
            let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
            is_plain && url.has_host() && accept(url)
        });
        if url.is_none() {
            // What is in it may be a password.
            let shown = if text.contains('@') {
                "what it says".into()
            } else {
                format!("`{}`", text.escape_default())
            };
            let rule = if example.contains("idp") { " (https, or http on this machine)" } else { "" };
            self.mistake(variable, format!("{shown} is not a URL such as {example}{rule}"));
        }
        url
    }
}

/// Whether it can stand between quotes in a header: what RFC 6749 §3.3 allows in a scope.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::ServeOptions, settings::HttpSettings};
    use std::env::VarError;

    fn read(pairs: &[(&str, &str)]) -> Result<HttpSettings, Vec<String>> {
        let env = |name: &str| {
            let pair = pairs.iter().find(|(known, _)| *known == name);
            pair.map(|(_, value)| (*value).to_owned()).ok_or(VarError::NotPresent)
        };
        let settings = HttpSettings::read(&ServeOptions::default(), &env);
        settings.map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    fn oauth(pairs: &[(&str, &str)]) -> OauthSettings {
        let needed = [
            ("MCP_AUTH_MODE", "oauth"),
            ("OAUTH_ISSUER_URL", "https://idp.example.org/realms/trials/"),
            ("MCP_PUBLIC_URL", "https://MCP.example.org/"),
        ];
        let settings = read(&[pairs, &needed].concat()).unwrap();
        assert!(settings.allowed_hosts.iter().any(|host| host == "mcp.example.org"));
        match settings.auth {
            AuthSettings::Oauth(oauth) => *oauth,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_authorization_server_and_our_address_are_enough() {
        let settings = oauth(&[]);
        assert_eq!(settings.issuer, "https://idp.example.org/realms/trials/", "to the letter");
        assert_eq!(
            (settings.audience.as_str(), settings.token_resource),
            ("https://mcp.example.org/mcp", None)
        );
        assert_eq!(
            settings.resource,
            ResourceSettings {
                identifier: "https://mcp.example.org/mcp".into(),
                metadata_url: "https://mcp.example.org/.well-known/oauth-protected-resource/mcp".into(),
            }
        );
        assert_eq!(
            settings.scopes,
            ScopeSettings { required: vec!["clinicaltrials:read".into()], claim: None }
        );
        assert_eq!(settings.times, KeyTimes::default());
    }

    #[test]
    fn what_tokens_must_have_can_be_set() {
        let settings = oauth(&[
            ("MCP_HTTP_ENDPOINT_PATH", "/trials"),
            ("OAUTH_AUDIENCE", "api://trials"),
            ("MCP_SERVER_RESOURCE_IDENTIFIER", "urn:example:trials"),
            ("MCP_AUTH_REQUIRED_SCOPES", "a  b:c"),
            ("MCP_AUTH_SCOPE_CLAIM", "roles"),
            ("OAUTH_JWKS_URI", "http://127.0.0.1:4000/keys"),
            ("OAUTH_JWKS_COOLDOWN_MS", "1000"),
            ("HTTPS_PROXY", "http://ana:hush@proxy.example.org:3128"),
        ]);
        assert_eq!(settings.audience, "api://trials");
        assert_eq!(settings.token_resource.as_deref(), Some("urn:example:trials"));
        assert_eq!(settings.resource.identifier, "urn:example:trials");
        assert_eq!(
            settings.resource.metadata_url,
            "https://mcp.example.org/.well-known/oauth-protected-resource/trials"
        );
        assert_eq!(
            settings.scopes,
            ScopeSettings { required: vec!["a".into(), "b:c".into()], claim: Some("roles".into()) }
        );
        assert_eq!(settings.times.cooldown, Duration::from_secs(1));
        assert!(!format!("{settings:?}").contains("hush"), "{settings:?}");
        let proxy = settings.proxy.unwrap();
        assert!(proxy.is_for(&http::Uri::from_static("https://idp.example.org/keys")));
        assert!(!proxy.is_for(&http::Uri::from_static("http://127.0.0.1:4000/keys")));
        assert_eq!(oauth(&[("MCP_AUTH_REQUIRED_SCOPES", "none")]).scopes, ScopeSettings::default());
    }

    #[test]
    fn everything_that_is_missing_or_wrong_is_told_at_once() {
        assert_eq!(
            read(&[("MCP_AUTH_MODE", "oauth")]).unwrap_err(),
            [
                "OAUTH_ISSUER_URL: is not set; --auth oauth needs the authorization server, as its tokens name it in iss",
                "MCP_PUBLIC_URL: is not set; --auth oauth needs the address that clients use, such as https://mcp.example.org",
            ]
        );
        let wrong = [
            ("MCP_AUTH_MODE", "oauth"),
            ("OAUTH_ISSUER_URL", "http://idp.example.org"),
            ("OAUTH_JWKS_URI", "https://ana:hush@idp.example.org/keys"),
            ("MCP_PUBLIC_URL", "mcp.example.org"),
            ("MCP_SERVER_RESOURCE_IDENTIFIER", "https://mcp.example.org/#mcp"),
            ("MCP_AUTH_REQUIRED_SCOPES", "read\"write"),
            ("OAUTH_CA_FILE", "/nowhere/ca.pem"),
            ("OAUTH_JWKS_TIMEOUT_MS", "0"),
            ("HTTPS_PROXY", "socks5://ana:hush@proxy.example.org"),
            ("MCP_HTTP_ENDPOINT_PATH", "/.well-known/mcp"),
        ];
        assert_eq!(
            read(&wrong).unwrap_err(),
            [
                "MCP_PUBLIC_URL: `mcp.example.org` is not a URL such as https://mcp.example.org",
                "MCP_HTTP_ENDPOINT_PATH: something else is served at `/.well-known/mcp`",
                "OAUTH_ISSUER_URL: `http://idp.example.org` is not a URL such as https://idp.example.org (https, or http on this machine)",
                "OAUTH_JWKS_URI: what it says is not a URL such as https://idp.example.org/jwks.json (https, or http on this machine)",
                "MCP_AUTH_REQUIRED_SCOPES: `read\\\"write` is not a scope; set scopes with spaces between, or none",
                "MCP_SERVER_RESOURCE_IDENTIFIER: is not an absolute URI without a fragment, such as https://mcp.example.org/mcp",
                "OAUTH_CA_FILE: has no certificate in PEM that can be read",
                "HTTPS_PROXY: not the address of a proxy that takes HTTP, such as http://proxy.example.org:3128",
                "OAUTH_JWKS_TIMEOUT_MS: `0` is not milliseconds from 100 to 60000",
            ]
        );
        let both = [
            ("MCP_AUTH_MODE", "jwt"),
            ("MCP_AUTH_SECRET_KEY", "0123456789abcdef0123456789abcdef"),
            ("MCP_JWT_PUBLIC_KEY", "-----BEGIN PUBLIC KEY-----"),
        ];
        assert_eq!(
            read(&both).unwrap_err(),
            ["MCP_JWT_PUBLIC_KEY: is set as well as the secret; tokens are signed with one of them"]
        );
        assert!(read(&[("MCP_AUTH_MODE", "jwt")]).unwrap_err()[0].contains("or a public key in"));
        assert_eq!(
            read(&[("MCP_AUTH_MODE", "ouath")]).unwrap_err(),
            ["MCP_AUTH_MODE: `ouath` is not one of none, jwt, oauth"]
        );
    }
}

//! Who is calling: the one place where a verified token becomes an `Identity`.
//!
//! ```text
//! Authorization: Bearer … ─▶ token: header ─▶ a secret, a key file, or keys ◀─ issuer ◀─ authorization server
//!                                                 └▶ token: signature, times, issuer, audience, scopes ─▶ Identity
//! ```

mod issuer;
mod key;
mod keys;
mod resource;
mod token;

pub use issuer::IssuerError;
pub(crate) use issuer::is_safe;
pub use key::{KeyError, TrustedKey};

use crate::settings::AuthSettings;
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri, header::AUTHORIZATION};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use keys::{Keys, NoKey};
use mcp_sessions::Caller;
use resource::Resource;
use std::time::Duration;
use token::Rules;

/// Tells callers apart, or lets everybody be unnamed.
pub struct Authenticator {
    trust: Trust,
    resource: Resource,
}

/// Whose tokens are believed.
enum Trust {
    /// Nobody's: everybody is anonymous.
    Nobody,
    /// Whoever has the key.
    Key(Rules, Box<TrustedKey>),
    /// An authorization server.
    Issuer(Rules, Keys),
}

/// Why a caller is not let in. Never says more than the caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no `Authorization` header, or one of another scheme.
    #[error("a bearer token is required")]
    Missing,
    /// The header stands twice, has no token, or one that is too long.
    #[error("there must be one Authorization header, of Bearer and a token")]
    Malformed,
    /// There is a token in the query, where logs and histories keep it.
    #[error("a token must not be in the address; send it in the Authorization header")]
    InAddress,
    /// The signature, the time, the issuer, the audience or the type is wrong, or a claim has the wrong type.
    #[error("the token is not valid")]
    Invalid,
    /// The token is bound to a key that the caller would have to prove possession of.
    #[error("sender-constrained tokens (claim cnf) are not supported")]
    SenderConstrained,
    /// The token names nobody.
    #[error("the token names neither a subject nor a client")]
    Nameless,
    /// The token is valid, and does not allow what is required.
    #[error("the token does not have every required scope")]
    InsufficientScope,
    /// The token cannot be checked now.
    #[error("tokens cannot be checked just now; try again")]
    Unavailable {
        /// When it may be possible.
        retry_after: Duration,
    },
}

impl AuthError {
    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Malformed | Self::InAddress => StatusCode::BAD_REQUEST,
            Self::Missing | Self::Invalid | Self::SenderConstrained | Self::Nameless => {
                StatusCode::UNAUTHORIZED
            }
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What it is called among figures and in the audit log.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::InAddress => "in_address",
            Self::Invalid => "invalid",
            Self::SenderConstrained => "sender_constrained",
            Self::Nameless => "nameless",
            Self::InsufficientScope => "insufficient_scope",
            Self::Unavailable { .. } => "unavailable",
        }
    }

    /// What it is called in RFC 6750 §3.1.
    const fn code(self) -> &'static str {
        match self {
            Self::Malformed | Self::InAddress => "invalid_request",
            Self::Missing | Self::Invalid | Self::SenderConstrained | Self::Nameless => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::Unavailable { .. } => "temporarily_unavailable",
        }
    }
}

/// Signs a token that [`Authenticator`] accepts under the same secret: for trying things out, not for issuing.
///
/// # Errors
///
/// When the claims are not a JSON object.
pub fn sign_hs256(secret: &[u8], claims: &serde_json::Value) -> Result<String, jsonwebtoken::errors::Error> {
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret))
}

impl Authenticator {
    /// The authenticator that the settings ask for; must be called within a Tokio runtime, which then asks the
    /// authorization server for its keys.
    #[must_use]
    pub fn new(settings: &AuthSettings) -> Self {
        let trust = match settings {
            AuthSettings::None => Trust::Nobody,
            AuthSettings::Jwt(jwt) => {
                let rules = Rules {
                    issuer: jwt.issuer.clone(),
                    audience: jwt.audience.clone(),
                    resource: None,
                    scopes: jwt.scopes.clone(),
                };
                Trust::Key(rules, Box::new(jwt.key.clone()))
            }
            AuthSettings::Oauth(oauth) => {
                let rules = Rules {
                    issuer: Some(oauth.issuer.clone()),
                    audience: Some(oauth.audience.clone()),
                    resource: oauth.token_resource.clone(),
                    scopes: oauth.scopes.clone(),
                };
                Trust::Issuer(rules, Keys::start(oauth))
            }
        };
        Self { trust, resource: Resource::new(settings) }
    }

    /// The caller of a request to this address with these headers.
    ///
    /// # Errors
    ///
    /// [`AuthError`], to be answered with [`refusal`](Self::refusal).
    pub async fn caller(&self, uri: &Uri, headers: &HeaderMap) -> Result<Caller, AuthError> {
        let (rules, trusted) = match &self.trust {
            Trust::Nobody => return Ok(Caller::Anonymous),
            Trust::Key(rules, key) => (rules, Ok(key)),
            Trust::Issuer(rules, keys) => (rules, Err(keys)),
        };
        let query = uri.query().unwrap_or_default();
        if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token") {
            return Err(AuthError::InAddress);
        }
        let token = bearer_token(headers)?;
        let (id, algorithm) = token::header(token)?;
        let identity = match trusted {
            Ok(key) => rules.identity(token, key),
            Err(keys) => match keys.find(id.as_deref(), algorithm).await {
                Ok(key) => rules.identity(token, &key),
                Err(NoKey::Unknown) => {
                    tracing::debug!(?algorithm, "token refused: the authorization server has no such key");
                    Err(AuthError::Invalid)
                }
                Err(NoKey::Unavailable { retry_after }) => Err(AuthError::Unavailable { retry_after }),
            },
        };
        identity.map(Caller::Identified)
    }

    /// The answer to a request that is not let in.
    #[must_use]
    pub fn refusal(&self, error: AuthError) -> Response {
        self.resource.refusal(error)
    }

    /// What clients are told about this resource (RFC 9728), if there is anything to tell.
    #[must_use]
    pub fn metadata(&self) -> Option<Response> {
        self.resource.metadata()
    }

    /// Whether tokens can be checked.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        match &self.trust {
            Trust::Nobody | Trust::Key(..) => true,
            Trust::Issuer(_, keys) => keys.are_known(),
        }
    }
}

fn bearer_token(headers: &HeaderMap) -> Result<&str, AuthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthError::Missing)?;
    if values.next().is_some() {
        return Err(AuthError::Malformed);
    }
    let value = value.to_str().map_err(|_| AuthError::Malformed)?.trim();
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    // The scheme's case does not matter (RFC 9110 §11.1).
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(AuthError::Missing);
    }
    let token = token.trim_start();
    if token.is_empty() || token.contains([' ', ',']) { Err(AuthError::Malformed) } else { Ok(token) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{JwtSettings, ScopeSettings};
    use mcp_sessions::Identity;
    use serde_json::{Value, json};

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const LATER: u64 = 4_000_000_000;

    fn authenticator(issuer: Option<&str>, audience: Option<&str>, scopes: ScopeSettings) -> Authenticator {
        Authenticator::new(&AuthSettings::Jwt(Box::new(JwtSettings {
            key: TrustedKey::from_secret(SECRET),
            issuer: issuer.map(str::to_owned),
            audience: audience.map(str::to_owned),
            scopes,
            resource: None,
        })))
    }

    fn signed(algorithm: Algorithm, secret: &[u8], claims: &Value) -> String {
        jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    async fn caller(authenticator: &Authenticator, authorization: &str) -> Result<Caller, AuthError> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization.parse().unwrap());
        authenticator.caller(&Uri::from_static("/mcp"), &headers).await
    }

    async fn with_claims(authenticator: &Authenticator, claims: &Value) -> Result<Caller, AuthError> {
        caller(authenticator, &format!("Bearer {}", signed(Algorithm::HS256, SECRET, claims))).await
    }

    #[tokio::test]
    async fn a_token_names_its_bearer() {
        let identity = |issuer: &str, tenant: &str, client: &str, subject: &str| {
            let identity = Identity::default().with_issuer(issuer).with_tenant(tenant);
            Ok(Caller::Identified(identity.with_client(client).with_subject(subject)))
        };
        let cases = [
            (
                json!({"exp": LATER, "iss": "idp", "tid": "t", "client_id": "c", "cid": "x", "azp": "y", "sub": "s"}),
                identity("idp", "t", "c", "s"),
            ),
            (json!({"exp": LATER, "client_id": "", "cid": "c"}), identity("", "", "c", "")),
            (json!({"exp": LATER, "azp": "c", "tid": ""}), identity("", "", "c", "")),
            (json!({"exp": LATER, "sub": "s"}), identity("", "", "", "s")),
            (json!({"exp": LATER, "tid": "t"}), Err(AuthError::Nameless)),
            (json!({"exp": LATER, "sub": ""}), Err(AuthError::Nameless)),
            (json!({"exp": LATER, "sub": "s", "tid": ["t"]}), Err(AuthError::Invalid)),
            (json!({"exp": LATER, "sub": 7}), Err(AuthError::Invalid)),
            (json!({"exp": LATER, "sub": "s", "azp": null}), Err(AuthError::Invalid)),
            (json!({"sub": "s"}), Err(AuthError::Invalid)),
            (json!({"exp": 1_000_000, "sub": "s"}), Err(AuthError::Invalid)),
            (json!({"exp": "never", "sub": "s"}), Err(AuthError::Invalid)),
            (json!({"exp": LATER, "nbf": LATER, "sub": "s"}), Err(AuthError::Invalid)),
            (json!({"exp": LATER, "nbf": "soon", "sub": "s"}), Err(AuthError::Invalid)),
            (json!({"exp": LATER, "sub": "s", "cnf": {"jkt": "k"}}), Err(AuthError::SenderConstrained)),
        ];
        let authenticator = authenticator(None, None, ScopeSettings::default());
        for (claims, expected) in cases {
            assert_eq!(with_claims(&authenticator, &claims).await, expected, "{claims}");
        }
    }

    #[tokio::test]
    async fn only_tokens_signed_as_agreed_are_read() {
        let claims = json!({"exp": LATER, "sub": "s"});
        let good = signed(Algorithm::HS256, SECRET, &claims);
        let none = format!("{}.{}.", "eyJhbGciOiJub25lIn0", good.split('.').nth(1).unwrap());
        let cases = [
            (format!("Bearer {good}"), None),
            (format!("bearer {good}"), None),
            (format!("BEARER  {good}"), None),
            // The secret is too short for these.
            (format!("Bearer {}", signed(Algorithm::HS384, SECRET, &claims)), Some(AuthError::Invalid)),
            (format!("Bearer {}", signed(Algorithm::HS512, SECRET, &claims)), Some(AuthError::Invalid)),
            (format!("Bearer {}", signed(Algorithm::HS256, &[b'x'; 32], &claims)), Some(AuthError::Invalid)),
            (format!("Bearer {none}"), Some(AuthError::Invalid)),
            (format!("Basic {good}"), Some(AuthError::Missing)),
            (good.clone(), Some(AuthError::Missing)),
            ("Bearer".into(), Some(AuthError::Malformed)),
            ("Bearer ".into(), Some(AuthError::Malformed)),
            (format!("Bearer {good}, Bearer {good}"), Some(AuthError::Malformed)),
            (format!("Bearer {}", "x".repeat(17 << 10)), Some(AuthError::Malformed)),
            ("Bearer x.y.z".into(), Some(AuthError::Invalid)),
        ];
        let authenticator = authenticator(None, None, ScopeSettings::default());
        for (authorization, expected) in cases {
            assert_eq!(caller(&authenticator, &authorization).await.err(), expected, "{authorization}");
        }
        let mut headers = HeaderMap::new();
        let uri = Uri::from_static("/mcp");
        assert_eq!(authenticator.caller(&uri, &headers).await, Err(AuthError::Missing));
        let value: http::HeaderValue = format!("Bearer {good}").parse().unwrap();
        headers.append(AUTHORIZATION, value.clone());
        assert!(authenticator.caller(&uri, &headers).await.is_ok());
        headers.append(AUTHORIZATION, value);
        assert_eq!(authenticator.caller(&uri, &headers).await, Err(AuthError::Malformed));
    }

    #[tokio::test]
    async fn a_long_secret_is_for_longer_hashes_too() {
        let secret = [7; 64];
        let authenticator = Authenticator::new(&AuthSettings::shared_secret(&secret));
        let claims = json!({"exp": LATER, "sub": "s"});
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let token = signed(algorithm, &secret, &claims);
            assert!(caller(&authenticator, &format!("Bearer {token}")).await.is_ok(), "{algorithm:?}");
        }
        let shorter = Authenticator::new(&AuthSettings::shared_secret(&secret[..63]));
        let token = signed(Algorithm::HS512, &secret[..63], &claims);
        assert_eq!(caller(&shorter, &format!("Bearer {token}")).await, Err(AuthError::Invalid));
    }

    #[tokio::test]
    async fn issuer_and_audience_count_when_they_are_set() {
        let cases = [
            (json!({"exp": LATER, "sub": "s", "iss": "idp", "aud": "us"}), true),
            (json!({"exp": LATER, "sub": "s", "iss": "idp", "aud": ["us", "them"]}), true),
            (json!({"exp": LATER, "sub": "s", "iss": "other", "aud": "us"}), false),
            (json!({"exp": LATER, "sub": "s", "iss": ["idp"], "aud": "us"}), false),
            (json!({"exp": LATER, "sub": "s", "iss": "idp", "aud": "them"}), false),
            (json!({"exp": LATER, "sub": "s", "iss": "idp", "aud": []}), false),
            (json!({"exp": LATER, "sub": "s", "iss": "idp", "aud": {"us": "us"}}), false),
            (json!({"exp": LATER, "sub": "s", "aud": "us"}), false),
            (json!({"exp": LATER, "sub": "s", "iss": "idp"}), false),
        ];
        let authenticator = authenticator(Some("idp"), Some("us"), ScopeSettings::default());
        for (claims, accepted) in cases {
            assert_eq!(with_claims(&authenticator, &claims).await.is_ok(), accepted, "{claims}");
        }
    }

    #[tokio::test]
    async fn scopes_are_read_from_every_claim_that_has_them() {
        let scopes =
            ScopeSettings { required: vec!["a:read".into(), "b".into()], claim: Some("roles".into()) };
        let authenticator = authenticator(None, None, scopes);
        let cases = [
            (json!({"scope": "a:read b"}), None),
            (json!({"scope": "b other a:read"}), None),
            (json!({"scp": ["a:read", "b"]}), None),
            (json!({"scp": "a:read b"}), None),
            (json!({"roles": ["b"], "scope": "a:read"}), None),
            (json!({}), Some(AuthError::InsufficientScope)),
            (json!({"scope": ""}), Some(AuthError::InsufficientScope)),
            (json!({"scope": "a:read"}), Some(AuthError::InsufficientScope)),
            (json!({"scope": "a:reader b"}), Some(AuthError::InsufficientScope)),
            (json!({"scope": "A:READ B"}), Some(AuthError::InsufficientScope)),
            (json!({"permissions": ["a:read", "b"]}), Some(AuthError::InsufficientScope)),
            (json!({"scope": 7}), Some(AuthError::Invalid)),
            (json!({"scp": ["a:read", 7]}), Some(AuthError::Invalid)),
            (json!({"scope": "a:read b", "roles": {"b": true}}), Some(AuthError::Invalid)),
        ];
        for (mut claims, expected) in cases {
            claims["exp"] = LATER.into();
            claims["sub"] = "s".into();
            assert_eq!(with_claims(&authenticator, &claims).await.err(), expected, "{claims}");
        }
    }

    #[tokio::test]
    async fn a_token_in_the_address_is_refused_whatever_it_is() {
        let authenticator = authenticator(None, None, ScopeSettings::default());
        let token = signed(Algorithm::HS256, SECRET, &json!({"exp": LATER, "sub": "s"}));
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        let caller = async |uri: &str| authenticator.caller(&uri.parse().unwrap(), &headers).await.err();
        assert_eq!(caller("/mcp?other=1&my_access_token=2").await, None);
        for query in ["access_token=x", "a=b&access_token=", "access%5Ftoken=x", "access_token"] {
            assert_eq!(caller(&format!("/mcp?{query}")).await, Some(AuthError::InAddress), "{query}");
        }
    }
}

//! Who is calling: the one place where a verified token becomes an `Identity`.

use crate::settings::AuthSettings;
use http::{HeaderMap, header::AUTHORIZATION};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use mcp_sessions::{Caller, Identity};
use serde::{Deserialize, Deserializer};

/// Tells callers apart, or lets everybody be unnamed.
pub enum Authenticator {
    /// Everybody is anonymous.
    None,
    /// Callers bring a token signed with a shared secret.
    Jwt(Box<JwtVerifier>),
}

/// Verifies HS256 tokens.
pub struct JwtVerifier {
    key: DecodingKey,
    validation: Validation,
}

/// Why a caller is not let in. Never says more than the caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no `Authorization` header.
    #[error("a bearer token is required")]
    Missing,
    /// The header is not `Bearer` and a token, or stands twice.
    #[error("the Authorization header must be `Bearer` and a token")]
    Malformed,
    /// The signature, the time or the issuer is wrong, or a claim has the wrong type.
    #[error("the token is not valid")]
    Invalid,
    /// The token is bound to a key that the caller would have to prove possession of.
    #[error("sender-constrained tokens (claim `cnf`) are not supported")]
    SenderConstrained,
    /// The token names nobody.
    #[error("the token names neither a subject nor a client")]
    Nameless,
}

/// What a token says about its bearer. A claim of the wrong type makes the token invalid.
#[derive(Deserialize)]
struct Claims {
    #[serde(default, deserialize_with = "text")]
    iss: Option<String>,
    #[serde(default, deserialize_with = "text")]
    tid: Option<String>,
    #[serde(default, deserialize_with = "text")]
    client_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    cid: Option<String>,
    #[serde(default, deserialize_with = "text")]
    azp: Option<String>,
    #[serde(default, deserialize_with = "text")]
    sub: Option<String>,
    cnf: Option<serde::de::IgnoredAny>,
}

/// Signs a token that [`Authenticator`] accepts under the same secret: for trying things out, not for issuing.
///
/// # Errors
///
/// When the claims are not a JSON object.
pub fn sign_hs256(secret: &[u8], claims: &serde_json::Value) -> Result<String, jsonwebtoken::errors::Error> {
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret))
}

/// A string, never `null`; an empty one is absent.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(|text| Some(text).filter(|text| !text.is_empty()))
}

impl AuthError {
    /// The `WWW-Authenticate` value of the answer; without an `error` when no token came (RFC 6750 §3.1).
    pub const fn challenge(self) -> &'static str {
        match self {
            Self::Missing => r#"Bearer realm="clinicaltrials-mcp""#,
            _ => r#"Bearer realm="clinicaltrials-mcp", error="invalid_token""#,
        }
    }
}

/// How much the clocks of whoever makes tokens and of this machine may differ.
const SKEW_SECONDS: u64 = 60;

impl Authenticator {
    /// The authenticator that the settings ask for.
    pub fn new(settings: &AuthSettings) -> Self {
        match settings {
            AuthSettings::None => Self::None,
            AuthSettings::Jwt { secret, issuer, audience } => {
                let mut validation = Validation::new(Algorithm::HS256);
                validation.validate_nbf = true;
                validation.leeway = SKEW_SECONDS;
                validation.validate_aud = audience.is_some();
                validation.set_required_spec_claims(&["exp"]);
                if let Some(issuer) = issuer {
                    validation.set_issuer(&[issuer]);
                    validation.required_spec_claims.insert("iss".into());
                }
                if let Some(audience) = audience {
                    validation.set_audience(&[audience]);
                    validation.required_spec_claims.insert("aud".into());
                }
                Self::Jwt(Box::new(JwtVerifier { key: DecodingKey::from_secret(secret), validation }))
            }
        }
    }

    /// The caller of a request with these headers.
    ///
    /// # Errors
    ///
    /// [`AuthError`], to be answered with 401.
    pub fn caller(&self, headers: &HeaderMap) -> Result<Caller, AuthError> {
        match self {
            Self::None => Ok(Caller::Anonymous),
            Self::Jwt(verifier) => verifier.identity(bearer_token(headers)?).map(Caller::Identified),
        }
    }
}

fn bearer_token(headers: &HeaderMap) -> Result<&str, AuthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthError::Missing)?;
    if values.next().is_some() {
        return Err(AuthError::Malformed);
    }
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(AuthError::Malformed)?;
    // The scheme's case does not matter (RFC 9110 §11.1).
    if scheme.eq_ignore_ascii_case("Bearer") { Ok(token.trim_start()) } else { Err(AuthError::Malformed) }
}

impl JwtVerifier {
    fn identity(&self, token: &str) -> Result<Identity, AuthError> {
        let token = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation).map_err(|error| {
            tracing::debug!(reason = ?error.kind(), "token refused");
            AuthError::Invalid
        })?;
        let claims = token.claims;
        if claims.cnf.is_some() {
            return Err(AuthError::SenderConstrained);
        }
        let client = claims.client_id.or(claims.cid).or(claims.azp);
        let identity = Identity::default()
            .with_issuer(claims.iss.unwrap_or_default())
            .with_tenant(claims.tid.unwrap_or_default())
            .with_client(client.unwrap_or_default())
            .with_subject(claims.sub.unwrap_or_default());
        identity.checked().map_err(|_| AuthError::Nameless)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const LATER: u64 = 4_000_000_000;

    fn authenticator(issuer: Option<&str>, audience: Option<&str>) -> Authenticator {
        Authenticator::new(&AuthSettings::Jwt {
            secret: SECRET.to_vec(),
            issuer: issuer.map(str::to_owned),
            audience: audience.map(str::to_owned),
        })
    }

    fn signed(algorithm: Algorithm, secret: &[u8], claims: &Value) -> String {
        jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    fn caller(authenticator: &Authenticator, authorization: &str) -> Result<Caller, AuthError> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization.parse().unwrap());
        authenticator.caller(&headers)
    }

    fn with_claims(claims: &Value) -> Result<Caller, AuthError> {
        caller(&authenticator(None, None), &format!("Bearer {}", signed(Algorithm::HS256, SECRET, claims)))
    }

    #[test]
    fn a_token_names_its_bearer() {
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
            (json!({"exp": LATER, "nbf": LATER, "sub": "s"}), Err(AuthError::Invalid)),
            (json!({"exp": LATER, "sub": "s", "cnf": {"jkt": "k"}}), Err(AuthError::SenderConstrained)),
        ];
        for (claims, expected) in cases {
            assert_eq!(with_claims(&claims), expected, "{claims}");
        }
    }

    #[test]
    fn only_tokens_signed_as_agreed_are_read() {
        let claims = json!({"exp": LATER, "sub": "s"});
        let good = signed(Algorithm::HS256, SECRET, &claims);
        let none = format!("{}.{}.", "eyJhbGciOiJub25lIn0", good.split('.').nth(1).unwrap());
        let cases = [
            (format!("Bearer {good}"), true),
            (format!("bearer {good}"), true),
            (format!("Bearer {}", signed(Algorithm::HS512, SECRET, &claims)), false),
            (format!("Bearer {}", signed(Algorithm::HS256, &[b'x'; 32], &claims)), false),
            (format!("Bearer {none}"), false),
            (format!("Basic {good}"), false),
            (good, false),
            ("Bearer".into(), false),
            ("Bearer x.y.z".into(), false),
        ];
        for (authorization, accepted) in cases {
            assert_eq!(
                caller(&authenticator(None, None), &authorization).is_ok(),
                accepted,
                "{authorization}"
            );
        }
        assert_eq!(authenticator(None, None).caller(&HeaderMap::new()), Err(AuthError::Missing));
    }

    #[test]
    fn issuer_and_audience_count_when_they_are_set() {
        let cases = [
            (json!({"exp": LATER, "sub": "s", "iss": "idp", "aud": "us"}), true),
            (json!({"exp": LATER, "sub": "s", "iss": "idp", "aud": ["us", "them"]}), true),
            (json!({"exp": LATER, "sub": "s", "iss": "other", "aud": "us"}), false),
            (json!({"exp": LATER, "sub": "s", "iss": "idp", "aud": "them"}), false),
            (json!({"exp": LATER, "sub": "s", "aud": "us"}), false),
            (json!({"exp": LATER, "sub": "s", "iss": "idp"}), false),
        ];
        for (claims, accepted) in cases {
            let token = format!("Bearer {}", signed(Algorithm::HS256, SECRET, &claims));
            assert_eq!(caller(&authenticator(Some("idp"), Some("us")), &token).is_ok(), accepted, "{claims}");
        }
    }
}

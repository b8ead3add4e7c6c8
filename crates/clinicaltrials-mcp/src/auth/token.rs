//! Which tokens are valid, and what a valid one says of its bearer.

use super::{AuthError, key::TrustedKey};
use crate::settings::ScopeSettings;
use jsonwebtoken::{
    Algorithm, Header, Validation, dangerous::insecure_decode_claims, decode_header, errors::ErrorKind,
};
use mcp_sessions::Identity;
use reqwest::Url;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// How much the clocks of whoever makes tokens and of this machine may differ.
const SKEW_SECONDS: u64 = 60;
/// Longest token that is read.
const TOKEN_BYTES_MAX: usize = 16 << 10;
/// What a token may say that it is (RFC 9068 §2.1), in any case, with or without `application/`. Others are not
/// access tokens: an identity token for logging out (`logout+jwt`), a proof of possession (`dpop+jwt`).
const TYPES: [&str; 2] = ["at+jwt", "jwt"];

/// What is demanded of a token, whatever key it is signed with.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// Who must have issued it.
    pub(super) issuer: Option<String>,
    /// Whom it must be for (`aud`).
    pub(super) audience: Option<String>,
    /// What it must be for (`resource`, else `aud`), if that is not the same as the audience.
    pub(super) resource: Option<String>,
    /// What it must allow.
    pub(super) scopes: ScopeSettings,
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
    #[serde(default)]
    aud: Texts,
    #[serde(default)]
    resource: Texts,
    #[serde(default)]
    scope: Texts,
    #[serde(default)]
    scp: Texts,
    cnf: Option<serde::de::IgnoredAny>,
}

/// A string, never `null`; an empty one is absent.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(|text| Some(text).filter(|text| !text.is_empty()))
}

/// A string or several.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Texts {
    #[default]
    None,
    One(String),
    Several(Vec<String>),
}

impl Texts {
    fn all(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }

    fn names(&self, ours: &str) -> bool {
        self.all().iter().any(|theirs| is_same(theirs, ours))
    }

    /// Whether one of them, or of the words in them, is `scope`.
    fn grants(&self, scope: &str) -> bool {
        self.all().iter().any(|texts| texts.split(' ').any(|granted| granted == scope))
    }
}

/// Whether two audiences are one: to the letter, or as addresses, in which the case of scheme and host does not matter.
fn is_same(theirs: &str, ours: &str) -> bool {
    let url = |text: &str| Url::parse(text).ok().filter(|url| url.has_host() && url.fragment().is_none());
    theirs == ours || url(theirs).is_some_and(|theirs| url(ours) == Some(theirs))
}

/// A token's header, as far as it may be believed before its signature is checked.
pub(super) fn header(token: &str) -> Result<(Option<String>, Algorithm), AuthError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(AuthError::Malformed);
    }
    let Header { alg, typ, kid, crit, .. } =
        decode_header(token).map_err(|_| refused(&"a header that is not read"))?;
    let typ = typ.map(|typ| typ.to_ascii_lowercase());
    let is_access_token =
        typ.as_deref().is_none_or(|typ| TYPES.contains(&typ.strip_prefix("application/").unwrap_or(typ)));
    if !is_access_token {
        return Err(refused(&"another type of token"));
    }
    // What must be understood is not (RFC 7515 §4.1.11).
    if crit.is_some() {
        return Err(refused(&"critical headers"));
    }
    Ok((kid, alg))
}

impl Rules {
    /// The bearer of a token that is signed with `key`.
    pub(super) fn identity(&self, token: &str, key: &TrustedKey) -> Result<Identity, AuthError> {
        let mut validation = Validation {
            algorithms: key.algorithms().to_vec(),
            validate_nbf: true,
            leeway: SKEW_SECONDS,
            // Addresses are compared as such, below.
            validate_aud: false,
            ..Validation::default()
        };
        if let Some(issuer) = &self.issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".into());
        }
        let claims = jsonwebtoken::decode::<Claims>(token, key.key(), &validation).map_err(|error| {
            // The reader's error tells the value that it did not like.
            match error.kind() {
                ErrorKind::Json(_) => refused(&"a claim of another type"),
                kind => refused(kind),
            }
        })?;
        let claims = claims.claims;
        if self.audience.as_ref().is_some_and(|ours| !claims.aud.names(ours)) {
            return Err(refused(&"another audience"));
        }
        if self.resource.as_ref().is_some_and(|ours| !claims.resource.names(ours) && !claims.aud.names(ours))
        {
            return Err(refused(&"another resource"));
        }
        if claims.cnf.is_some() {
            return Err(AuthError::SenderConstrained);
        }
        self.check_scopes(token, &claims)?;
        let client = claims.client_id.or(claims.cid).or(claims.azp);
        let identity = Identity::default()
            .with_issuer(claims.iss.unwrap_or_default())
            .with_tenant(claims.tid.unwrap_or_default())
            .with_client(client.unwrap_or_default())
            .with_subject(claims.sub.unwrap_or_default());
        identity.checked().map_err(|_| AuthError::Nameless)
    }

    /// Whether a token whose signature is right allows what is required.
    fn check_scopes(&self, token: &str, claims: &Claims) -> Result<(), AuthError> {
        if self.scopes.required.is_empty() {
            return Ok(());
        }
        let more = match &self.scopes.claim {
            None => Texts::None,
            Some(claim) => {
                let mut all: Map<String, Value> =
                    insecure_decode_claims(token).map_err(|_| AuthError::Invalid)?;
                let more = all.remove(claim).map(serde_json::from_value);
                more.transpose().map_err(|_| refused(&"a claim of another type"))?.unwrap_or_default()
            }
        };
        let is_granted =
            |scope: &String| [&claims.scope, &claims.scp, &more].iter().any(|all| all.grants(scope));
        if self.scopes.required.iter().all(is_granted) { Ok(()) } else { Err(AuthError::InsufficientScope) }
    }
}

fn refused(reason: &dyn std::fmt::Debug) -> AuthError {
    tracing::debug!(?reason, "token refused");
    AuthError::Invalid
}

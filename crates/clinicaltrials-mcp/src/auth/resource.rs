//! How a client finds out which authorization server's tokens open this server, and what a refusal says (RFC 6750,
//! RFC 9728).
//!
//! All of it is made from the settings. What a request says of where it went (`Host`) is not looked at: whoever forges
//! it would send clients to an authorization server of their own.

use super::AuthError;
use crate::settings::AuthSettings;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// How clients may keep the metadata.
const METADATA_MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// The server as its clients see it: a resource that tokens are for.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    metadata: Option<Value>,
    /// What follows the error in a challenge, from the comma on.
    where_to_go: String,
}

impl Resource {
    pub(super) fn new(settings: &AuthSettings) -> Self {
        let (resource, issuer, scopes) = match settings {
            AuthSettings::None => (None, None, None),
            AuthSettings::Jwt(jwt) => (jwt.resource.as_ref(), None, Some(&jwt.scopes)),
            AuthSettings::Oauth(oauth) => (Some(&oauth.resource), Some(&oauth.issuer), Some(&oauth.scopes)),
        };
        let required = scopes.map(|scopes| scopes.required.as_slice()).unwrap_or_default();
        // Both were checked: neither has a quote or a control character.
        let mut where_to_go = String::new();
        if let Some(resource) = resource {
            let _ = write!(where_to_go, r#", resource_metadata="{}""#, resource.metadata_url);
        }
        if !required.is_empty() {
            let _ = write!(where_to_go, r#", scope="{}""#, required.join(" "));
        }
        let metadata = resource.map(|resource| {
            let mut metadata = json!({
                "resource": resource.identifier,
                "resource_name": "ClinicalTrials.gov over MCP",
                "bearer_methods_supported": ["header"],
            });
            if let Some(issuer) = issuer {
                metadata["authorization_servers"] = json!([issuer]);
            }
            if !required.is_empty() {
                metadata["scopes_supported"] = json!(required);
            }
            metadata
        });
        Self { metadata, where_to_go }
    }

    /// The metadata of RFC 9728, if clients can be told anything.
    pub(super) fn metadata(&self) -> Option<Response> {
        let metadata = self.metadata.clone()?;
        Some(([(header::CACHE_CONTROL, METADATA_MAX_AGE)], Json(metadata)).into_response())
    }

    /// The answer to a request that is not let in. The challenge has no `error` when no token came (RFC 6750 §3.1).
    pub(super) fn refusal(&self, error: AuthError) -> Response {
        let status = error.status();
        let code = error.code();
        let mut headers = HeaderMap::new();
        if let AuthError::Unavailable { retry_after } = error {
            headers.insert(header::RETRY_AFTER, retry_after.as_secs().max(1).into());
        } else {
            let told = match error {
                AuthError::Missing => String::new(),
                _ => format!(r#", error="{code}", error_description="{error}""#),
            };
            let challenge = format!(r#"Bearer realm="clinicaltrials-mcp"{told}{}"#, self.where_to_go);
            if let Ok(challenge) = HeaderValue::try_from(challenge) {
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
        }
        let body = Json(json!({"error": code, "error_description": error.to_string()}));
        (status, headers, body).into_response()
    }
}

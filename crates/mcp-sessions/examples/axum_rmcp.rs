//! How sessions are put in front of an rmcp server in axum.
//!
//! ```text
//! cargo run -p mcp-sessions --example axum_rmcp
//! curl -si localhost:3010/mcp -H 'authorization: Bearer ana' \
//!      -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \
//!      -d '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"curl","version":"8"}}}'
//! ```

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{StatusCode, header::AUTHORIZATION, request::Parts};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use mcp_sessions::{Caller, Identity, MemoryStore, Policy, PolicyError, SessionLayer, Sessions};
use rmcp::handler::server::tool::Extension;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use rmcp::{tool, tool_router};
use tower::Layer;

#[derive(Clone)]
struct WhoAmI;

#[tool_router(server_handler)]
impl WhoAmI {
    /// Of the HTTP request, tools find the `Caller`, and in a session the `Session` too.
    #[tool(description = "Tells who is calling")]
    fn whoami(&self, Extension(parts): Extension<Parts>) -> String {
        match parts.extensions.get::<Caller>() {
            Some(Caller::Identified(identity)) => identity.subject().unwrap_or("a program").to_owned(),
            _ => "nobody".to_owned(),
        }
    }
}

/// Stands for your authentication, which verifies a token. Here whoever says "ana" is believed to be Ana.
async fn authenticate(mut request: Request, next: Next) -> Response {
    let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let subject = token.and_then(|token| token.strip_prefix("Bearer ")).unwrap_or_default();
    let identity = Identity::default().with_issuer("https://idp.example").with_subject(subject);
    // A token that names nobody is a bad token: all its bearers would be one.
    let Ok(identity) = identity.checked() else { return StatusCode::UNAUTHORIZED.into_response() };
    request.extensions_mut().insert(Caller::Identified(identity));
    next.run(request).await
}

pub fn router() -> Result<axum::Router, PolicyError> {
    let sessions = Sessions::start(MemoryStore::default(), Policy::default())?;
    // rmcp keeps no sessions of its own.
    let config =
        StreamableHttpServerConfig::default().with_legacy_session_mode(false).with_json_response(true);
    let mcp = StreamableHttpService::new(|| Ok(WhoAmI), Arc::new(NeverSessionManager::default()), config);
    Ok(axum::Router::new()
        .route_service("/mcp", SessionLayer::new(sessions).layer(mcp))
        .layer(from_fn(authenticate))) // the outermost layer runs first
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3010").await?, router()?).await?;
    Ok(())
}

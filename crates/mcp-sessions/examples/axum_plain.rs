//! How sessions are put in front of an MCP server that is written by hand, in axum.
//!
//! ```text
//! cargo run -p mcp-sessions --example axum_plain
//! curl -si localhost:3010/mcp -H 'authorization: Bearer ana' \
//!      -H 'content-type: application/json' \
//!      -d '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}'
//! ```

use axum::extract::Request;
use axum::http::{StatusCode, header::AUTHORIZATION};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, Router, routing::any};
use mcp_sessions::{Caller, Identity, MemoryStore, Policy, PolicyError, Session, SessionLayer, Sessions};
use serde_json::{Value, json};

/// Stands for your MCP server: it gets what may pass, and no session ids.
async fn engine(session: Option<Extension<Session>>, Json(message): Json<Value>) -> Response {
    let client = session.as_ref().map_or("stranger", |session| session.state().client_name());
    let result = match message["method"].as_str() {
        Some("initialize") => json!({"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
            "serverInfo": {"name": "plain", "version": "1"}}),
        Some("tools/list") => json!({"tools": [{"name": "hello", "inputSchema": {"type": "object"}}]}),
        Some("tools/call") => json!({"content": [{"type": "text", "text": format!("hello, {client}")}]}),
        _ => return StatusCode::ACCEPTED.into_response(),
    };
    Json(json!({"jsonrpc": "2.0", "id": message["id"], "result": result})).into_response()
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

pub fn router() -> Result<Router, PolicyError> {
    let sessions = Sessions::start(MemoryStore::default(), Policy::default())?;
    Ok(Router::new()
        .route("/mcp", any(engine))
        .layer(SessionLayer::new(sessions))
        .layer(from_fn(authenticate))) // the outermost layer runs first
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3010").await?, router()?).await?;
    Ok(())
}

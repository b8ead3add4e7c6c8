//! An MCP endpoint with sessions, and an engine that only says whom it serves.
//!
//! ```text
//! cargo run --example axum_server
//! curl -si localhost:3010/mcp -H 'authorization: Bearer ana' \
//!      -d '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}'
//! ```
//!
//! The bearer token is the subject, which is no authentication: an example is all this is.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use mcp_sessions::{Caller, Identity, MemoryStore, Policy, Session, SessionLayer, Sessions};

async fn authenticate(mut request: Request, next: Next) -> Response {
    let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(subject) = token.and_then(|token| token.strip_prefix("Bearer ")) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let Ok(identity) = Identity::default().with_issuer("example").with_subject(subject).checked() else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    request.extensions_mut().insert(Caller::Identified(identity));
    next.run(request).await
}

async fn engine(request: Request) -> impl IntoResponse {
    let session = request.extensions().get::<Session>().map(|session| session.fingerprint().to_string());
    let result = session.unwrap_or_else(|| "no session yet".to_owned());
    (
        [(header::CONTENT_TYPE, "application/json")],
        format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"session":"{result}"}}}}"#),
    )
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::start(MemoryStore::default(), Policy::default())?;
    let app = Router::new()
        .route("/mcp", routing::any(engine))
        .layer(SessionLayer::new(sessions))
        .layer(from_fn(authenticate));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3010").await?;
    axum::serve(listener, app).await?;
    Ok(())
}

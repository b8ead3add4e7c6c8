//! The HTTP server: which path leads where, and what a request passes on its way.
//!
//! ```text
//! POST /mcp ─▶ guard: host, origin ─▶ auth: token ─▶ Caller ─▶ sessions: (id, Caller) ─▶ Session ─▶ rmcp ─▶ tools
//! ```

mod guard;

use crate::{auth::Authenticator, engine::Engine, mcp::McpServer, settings::HttpSettings};
use axum::{
    Json, Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
    serve::ListenerExt as _,
};
use guard::Guard;
use http::{HeaderValue, StatusCode, header};
use mcp_sessions::{MemoryStore, Policy, PolicyError, Sessions, http::SessionLayer};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use serde_json::json;
use std::{
    future::Future,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::Layer as _;

/// Longest that running calls may take to finish once the server is asked to stop.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(30);

/// The HTTP server, built and ready to listen.
pub struct HttpServer {
    router: Router,
    health: Arc<Health>,
    /// Ends streams that outlive the drain.
    abandon: CancellationToken,
}

/// Whether requests can be answered.
struct Health {
    engine: Engine,
    sessions: Sessions<MemoryStore>,
    draining: AtomicBool,
}

/// What stands before the MCP endpoint.
struct Gate {
    guard: Guard,
    authenticator: Authenticator,
}

impl HttpServer {
    /// Builds the server; must be called within a Tokio runtime, which then sweeps the sessions.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] when the session limits contradict each other.
    pub fn new(settings: &HttpSettings, engine: Engine, server: McpServer) -> Result<Self, PolicyError> {
        let policy = Policy::default();
        // A session that was never used must not outlive one that was.
        let unused = policy.unused_timeout().min(settings.session_idle);
        let policy = policy.with_idle_timeout(settings.session_idle).with_unused_timeout(unused);
        let sessions = Sessions::start(MemoryStore::default(), policy)?;
        let abandon = CancellationToken::new();
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(settings.body_bytes_max)
            .with_cancellation_token(abandon.clone())
            // `Guard` checks both, for every route alike.
            .disable_allowed_hosts()
            .disable_allowed_origins();
        let factory = move || Ok(server.clone());
        let mcp = StreamableHttpService::new(factory, Arc::new(NeverSessionManager::default()), config);
        let with_sessions =
            SessionLayer::new(sessions.clone()).with_max_body_bytes(settings.body_bytes_max).layer(mcp);
        let gate = Arc::new(Gate {
            guard: Guard::new(settings.allowed_hosts.clone(), settings.allowed_origins.clone()),
            authenticator: Authenticator::new(&settings.auth),
        });
        let health = Arc::new(Health { engine, sessions, draining: AtomicBool::new(false) });
        let endpoint = settings.endpoint.clone();
        let router = Router::new()
            .route_service(&endpoint, with_sessions)
            .route_layer(from_fn_with_state(gate, admit))
            .route("/healthz", get(|| async { Json(json!({"status": "ok"})) }))
            .route("/readyz", get(ready).with_state(health.clone()))
            .fallback(move || async move {
                (StatusCode::NOT_FOUND, format!("There is nothing here. MCP is served at POST {endpoint}.\n"))
            });
        Ok(Self { router, health, abandon })
    }

    /// The routes, for tests that need no listener.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Serves until `stop` resolves, then lets running calls finish.
    ///
    /// # Errors
    ///
    /// When the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let listener = listener.tap_io(|connection| {
            // Answers are written in two parts; with Nagle's algorithm the second would wait 40 ms.
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "cannot set TCP_NODELAY");
            }
        });
        let (health, abandon) = (self.health, self.abandon);
        let stopped = CancellationToken::new();
        let drain = stopped.clone();
        let stop = async move {
            stop.await;
            health.draining.store(true, Ordering::Relaxed);
            tracing::info!("stopping: running calls may finish");
            stopped.cancel();
        };
        let serving = axum::serve(listener, self.router).with_graceful_shutdown(stop).into_future();
        let overdue = async {
            drain.cancelled().await;
            tokio::time::sleep(DRAIN_TIME_MAX).await;
            abandon.cancel();
            // Streams end with the token; whoever still holds a connection open is cut off.
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        tokio::select! {
            result = serving => result,
            () = overdue => {
                tracing::warn!("calls were still running after {} s and were cut off", DRAIN_TIME_MAX.as_secs());
                Ok(())
            }
        }
    }
}

/// Checks where a request comes from and who sends it, before any of its body is read.
async fn admit(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    if let Err(turned_away) = gate.guard.check(request.uri(), request.headers()) {
        tracing::debug!(reason = %turned_away, "request turned away");
        return (turned_away.status(), Json(json!({"error": turned_away.to_string()}))).into_response();
    }
    match gate.authenticator.caller(request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => {
            let challenge = error.challenge();
            let body = Json(json!({"error": "invalid_token", "error_description": error.to_string()}));
            let headers = [(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))];
            (StatusCode::UNAUTHORIZED, headers, body).into_response()
        }
    }
}

async fn ready(State(health): State<Arc<Health>>) -> Response {
    let problem = if health.draining.load(Ordering::Relaxed) {
        Some("draining")
    } else if health.engine.ready().is_err() {
        Some("the registry cannot be read")
    } else if health.sessions.count().await.is_err() {
        Some("the session store cannot be reached")
    } else {
        None
    };
    match problem {
        None => Json(json!({"status": "ready"})).into_response(),
        Some(problem) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "not ready", "problem": problem})))
                .into_response()
        }
    }
}

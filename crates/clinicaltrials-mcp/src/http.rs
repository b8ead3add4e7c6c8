//! The HTTP server: which path leads where, and what a request passes on its way.
//!
//! ```text
//! POST /mcp ─▶ bounds: address ─▶ guard: host, origin ─▶ auth: token ─▶ Caller ─▶ bounds: identity
//!                                  ─▶ sessions: (id, Caller) ─▶ Session ─▶ rmcp ─▶ tools
//! GET /api/v2/… ─▶ open: bounds: address ─▶ guard: host ─▶ api_v2
//!              └─▶ guarded: as POST /mcp, without sessions ─▶ api_v2
//! GET /.well-known/oauth-protected-resource ─▶ what clients are told, made from the settings
//! ```

mod bounds;
mod connection;
mod cors;
mod guard;
mod observed;

use crate::{
    api_v2,
    auth::Authenticator,
    engine::Engine,
    sessions::Store,
    settings::{ApiAccess, AuthSettings, HttpSettings},
    telemetry::{CALLERS, figures},
};
use arc_swap::ArcSwap;
use axum::{
    Json, Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use axum_server::Handle;
use bounds::{Bounds, TooMuch};
use connection::Acceptor;
use guard::{Guard, TurnedAway};
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use http_body_util::BodyExt as _;
use mcp_sessions::{PolicyError, Sessions, http::SessionLayer};
use observed::{Observer, observe};
use rmcp::{
    ServerHandler,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use serde_json::json;
use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, sync::Mutex};
use tokio_util::sync::CancellationToken;
use tower::Layer as _;

/// Where a protected resource is described; for this one, with the path of the endpoint after it (RFC 9728 §3.1).
const METADATA_PATH: &str = "/.well-known/oauth-protected-resource";
/// How long a server that was asked to stop still takes requests while `/readyz` already refuses.
const ANNOUNCE_TIME: Duration = Duration::from_secs(1);
/// How old an answer of the session store may be for `/readyz`.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Longest that running calls may take to finish after that; supervisors kill after 30 s.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(20);
/// Longest that a client may take to send a request's head, and that a connection may idle between requests.
const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// From about here on the head of a request is too large (431); an address is from 64 KiB on (414).
const HEAD_BYTES_MAX: usize = 128 << 10;

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
    sessions: Sessions<Store>,
    gate: Arc<Gate>,
    /// When the session store was last asked, and whether it answered.
    asked: Mutex<Option<(Instant, bool)>>,
    draining: AtomicBool,
}

impl Health {
    /// Whether the session store answers. It is asked once a second, however many want to know: anybody may.
    async fn store_answers(&self) -> bool {
        let mut asked = self.asked.lock().await;
        if let Some((when, answered)) = *asked
            && when.elapsed() < ASKED_AGAIN_AFTER
        {
            return answered;
        }
        let answers = self.sessions.count().await.is_ok();
        *asked = Some((Instant::now(), answers));
        answers
    }
}

/// What stands before the MCP endpoint.
struct Gate {
    bounds: Bounds,
    guard: Guard,
    /// Another one when the keys in files were read again.
    authenticator: ArcSwap<Authenticator>,
}

/// Changes what can change while a server runs.
pub struct Reload(Arc<Gate>);

impl Reload {
    /// From now on tokens are checked by these settings; sessions stay whose they are.
    pub fn authentication(&self, settings: &AuthSettings) {
        self.0.authenticator.store(Arc::new(Authenticator::new(settings)));
    }
}

impl HttpServer {
    /// Builds the server; must be called within a Tokio runtime, which then sweeps the sessions.
    ///
    /// What answers MCP requests is cloned for each. `engine` answers the REST API and says whether there is data.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] when the session limits contradict each other.
    pub fn new(
        settings: &HttpSettings,
        engine: Engine,
        handler: impl ServerHandler + Clone,
        store: Store,
    ) -> Result<Self, PolicyError> {
        let sessions = Sessions::start(store, settings.sessions.policy.clone())?;
        let abandon = CancellationToken::new();
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(settings.body_bytes_max)
            .with_cancellation_token(abandon.clone())
            // `Guard` has checked both.
            .disable_allowed_hosts()
            .disable_allowed_origins();
        let factory = move || Ok(handler.clone());
        let mcp = StreamableHttpService::new(factory, Arc::new(NeverSessionManager::default()), config);
        let with_sessions =
            SessionLayer::new(sessions.clone()).with_max_body_bytes(settings.body_bytes_max).layer(mcp);
        let gate = Arc::new(Gate {
            bounds: Bounds::start(&settings.bounds),
            guard: Guard::new(settings.allowed_hosts.clone(), settings.allowed_origins.clone()),
            authenticator: ArcSwap::from_pointee(Authenticator::new(&settings.auth)),
        });
        let api = || api_v2::router(engine.clone(), settings.api.query_time_max);
        let api = match settings.api.access {
            ApiAccess::Open => Some(api().layer(from_fn_with_state(gate.clone(), admit_anybody))),
            ApiAccess::Guarded => Some(api().layer(from_fn_with_state(gate.clone(), admit))),
            ApiAccess::Off => None,
        };
        let (asked, draining) = (Mutex::default(), AtomicBool::new(false));
        let health = Arc::new(Health { engine, sessions, gate: gate.clone(), asked, draining });
        let metadata = Router::new()
            .route(METADATA_PATH, get(metadata))
            .route(&format!("{METADATA_PATH}{}", settings.endpoint), get(metadata))
            .layer(cors::of_what_is_public())
            .with_state(gate.clone());
        let endpoint = settings.endpoint.clone();
        let router = Router::new()
            .route_service(&endpoint, with_sessions)
            .route_layer(from_fn_with_state(gate.clone(), admit))
            .route_layer(cors::of_the_endpoint(gate))
            .merge(metadata)
            .route("/healthz", get(|| async { Json(json!({"status": "ok"})) }))
            .route("/readyz", get(ready).with_state(health.clone()))
            .fallback(move || async move {
                (StatusCode::NOT_FOUND, format!("There is nothing here. MCP is served at POST {endpoint}.\n"))
            });
        let router = match api {
            Some(api) => router.nest("/api/v2", api),
            None => router,
        };
        let observer = Arc::new(Observer::new(settings.endpoint.clone()));
        let router = router.layer(from_fn_with_state(observer, observe));
        Ok(Self { router, health, abandon })
    }

    /// The sessions of its clients.
    #[must_use]
    pub fn sessions(&self) -> Sessions<Store> {
        self.health.sessions.clone()
    }

    /// What changes while it serves.
    #[must_use]
    pub fn reload(&self) -> Reload {
        Reload(self.health.gate.clone())
    }

    /// Serves until `stop` resolves, then lets running calls finish.
    ///
    /// From then on `/readyz` says so for a moment in which requests are still taken, so that a load balancer looks
    /// elsewhere first; then nothing new is accepted.
    ///
    /// # Errors
    ///
    /// When the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let (health, handle) = (self.health, Handle::new());
        let stopping = handle.clone();
        tokio::spawn(async move {
            stop.await;
            health.draining.store(true, Ordering::Relaxed);
            tracing::info!("stopping: running calls may finish");
            tokio::time::sleep(ANNOUNCE_TIME).await;
            stopping.graceful_shutdown(Some(DRAIN_TIME_MAX));
        });
        let mut server = axum_server::from_tcp(listener.into_std()?)?
            .handle(handle.clone())
            .http1_only()
            .first_request_timeout(HEAD_TIME_MAX)
            .acceptor(Acceptor);
        server.http_builder().http1().header_read_timeout(HEAD_TIME_MAX).max_buf_size(HEAD_BYTES_MAX);
        let served = server.serve(self.router.into_make_service_with_connect_info::<SocketAddr>()).await;
        let open = handle.connection_count();
        if open > 0 {
            tracing::warn!(connections = open, "still open after {} s and cut off", DRAIN_TIME_MAX.as_secs());
        }
        self.abandon.cancel();
        served
    }
}

/// Checks where a request comes from and who sends it, before any of its body is read.
async fn admit(
    State(gate): State<Arc<Gate>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Err(too_much) = gate.admit_address(peer, request.headers()) {
        return held_off(too_much);
    }
    if let Err(reason) = gate.guard.check(request.uri(), request.headers()) {
        return turned_away(reason);
    }
    let authenticator = gate.authenticator.load_full();
    let caller = match authenticator.caller(request.uri(), request.headers()).await {
        Ok(caller) => {
            figures::authenticated("ok");
            caller
        }
        Err(error) => {
            let (reason, address) = (error.word(), peer.ip());
            figures::authenticated(reason);
            tracing::debug!(target: CALLERS, event = "not_let_in", reason, %address, "not let in: {error}");
            return authenticator.refusal(error);
        }
    };
    let slot = match gate.bounds.admit(&caller) {
        Ok(slot) => slot,
        Err(too_much) => return held_off(too_much),
    };
    request.extensions_mut().insert(caller);
    // What works on a request holds it, and in a session goes on when nobody waits for the answer any more.
    let slot = slot.map(Arc::new);
    if let Some(slot) = &slot {
        request.extensions_mut().insert(slot.clone());
    }
    let response = next.run(request).await;
    match slot {
        // An answer runs until the last of it is sent.
        Some(slot) => response.map(|body| {
            Body::new(body.map_frame(move |frame| {
                let _held = &slot;
                frame
            }))
        }),
        None => response,
    }
}

impl Gate {
    /// Counts a request by where it comes from.
    fn admit_address(&self, peer: SocketAddr, headers: &HeaderMap) -> Result<(), TooMuch> {
        let forwarded = headers.get_all("x-forwarded-for").iter();
        // What is no text ends the line of those who are believed.
        self.bounds.admit_address(peer.ip(), forwarded.map(|line| line.to_str().unwrap_or_default()))
    }
}

/// What clients are told about the authorization that they need (RFC 9728), whoever asks.
async fn metadata(State(gate): State<Arc<Gate>>) -> Response {
    gate.authenticator.load().metadata().unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

/// Checks only that a request means this server: what is public may be asked for by anybody, from any page.
async fn admit_anybody(
    State(gate): State<Arc<Gate>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if let Err(too_much) = gate.admit_address(peer, request.headers()) {
        return held_off(too_much);
    }
    match gate.guard.check_host(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(reason) => turned_away(reason),
    }
}

fn held_off(too_much: TooMuch) -> Response {
    figures::http_rejected(match too_much {
        TooMuch::FromAddress { .. } => "rate_of_address",
        TooMuch::OfIdentity { .. } => "rate_of_identity",
        TooMuch::AtOnce => "at_once",
    });
    tracing::debug!(reason = %too_much, "request held off");
    // In whole seconds, and not before it may come.
    let retry_after = too_much.retry_after().as_secs() + 1;
    let body = Json(json!({"error": format!("{too_much}; try again in {retry_after} s")}));
    (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, retry_after.to_string())], body).into_response()
}

fn turned_away(reason: TurnedAway) -> Response {
    figures::http_rejected(match reason {
        TurnedAway::BadHost | TurnedAway::ForeignHost => "host",
        TurnedAway::ForeignOrigin => "origin",
    });
    tracing::debug!(%reason, "request turned away");
    (reason.status(), Json(json!({"error": reason.to_string()}))).into_response()
}

async fn ready(State(health): State<Arc<Health>>) -> Response {
    let problem = if health.draining.load(Ordering::Relaxed) {
        Some("draining")
    } else if health.engine.snapshot().is_err() {
        Some("the registry cannot be read")
    } else if !health.store_answers().await {
        Some("the session store cannot be reached")
    } else if !health.gate.authenticator.load().is_ready() {
        Some("the authorization server's keys cannot be had")
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

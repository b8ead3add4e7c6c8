//! What an operator may do to a running server from its own machine: see and end somebody's sessions.
//!
//! ```text
//! clinicaltrials-mcp sessions … ─▶ DATA_DIR/admin/<port>-<process>.json: where, and a secret ─▶ POST /sessions/list, /revoke
//! ```
//!
//! The route listens on a loopback address and a port of its own, and takes only who can read the secret: a file for
//! this server's user that is there, and locked, for as long as the server runs. A file that nobody holds locked was left
//! by a server that was killed: whoever listens at its address now is somebody else. Claims travel in bodies, not in
//! URLs.

use crate::{cohorts::Cohorts, sessions::Store};
use anyhow::Context as _;
use axum::{
    Json, Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::post,
};
use constant_time_eq::constant_time_eq;
use http::{HeaderValue, StatusCode, header};
use mcp_sessions::{Identity, SessionSummary, Sessions, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    fs::{self, File, TryLockError},
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::net::TcpListener;

/// Longest that a door's file may be.
const DOOR_BYTES_MAX: u64 = 4_096;

/// The folder of the doors, in the data directory.
const FOLDER: &str = "admin";

/// Where a running server can be administered, and with which secret. A file holds it as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Door {
    /// Where the server serves its clients.
    pub serving: SocketAddr,
    /// Where it takes orders.
    pub admin: SocketAddr,
    /// What whoever gives orders must know.
    pub secret: String,
}

/// The claims of the person or client whose sessions are meant. One that is not given is absent from the identity:
/// it is compared as a whole.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    /// The token's `iss`.
    pub issuer: Option<String>,
    /// The token's `tid`.
    pub tenant: Option<String>,
    /// The token's `client_id`, `cid` or `azp`.
    pub client: Option<String>,
    /// The token's `sub`.
    pub subject: Option<String>,
}

/// One of somebody's open sessions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenSession {
    /// What this server's log calls it.
    pub fingerprint: String,
    /// The name that its client gave.
    pub client_name: String,
    /// Seconds since it was opened.
    pub age_seconds: u64,
    /// Seconds since it was last used; absent when it never was.
    pub idle_seconds: Option<u64>,
}

/// What `list` answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listed {
    /// Theirs.
    pub sessions: Vec<OpenSession>,
    /// How many everybody has.
    pub total: usize,
}

/// What `revoke` answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revoked {
    /// How many were ended.
    pub ended: usize,
    /// How many saved cohorts were removed.
    pub cohorts: usize,
}

impl From<Whose> for Identity {
    fn from(whose: Whose) -> Self {
        Self::default()
            .with_issuer(whose.issuer.unwrap_or_default())
            .with_tenant(whose.tenant.unwrap_or_default())
            .with_client(whose.client.unwrap_or_default())
            .with_subject(whose.subject.unwrap_or_default())
    }
}

/// What callers have here.
#[derive(Clone)]
struct Theirs {
    sessions: Sessions<Store>,
    cohorts: Cohorts,
}

/// The route, open for as long as this lives.
pub struct Admin {
    file: PathBuf,
    _lock: File,
    serving: tokio::task::JoinHandle<()>,
}

impl Admin {
    /// Opens the route of a server that serves at `serving`.
    ///
    /// # Errors
    ///
    /// When nothing can be written into the data directory.
    pub async fn open(
        data_dir: &Path,
        serving: SocketAddr,
        sessions: Sessions<Store>,
        cohorts: Cohorts,
    ) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free port on 127.0.0.1")?;
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)
            .map_err(|error| anyhow::anyhow!("the system has no randomness: {error}"))?;
        let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let door = Door { serving, admin: listener.local_addr()?, secret };
        let written = write(data_dir, &door);
        let (file, lock) = written.with_context(|| format!("in {}", data_dir.join(FOLDER).display()))?;
        let door = Arc::new(door);
        let router = Router::new()
            .route("/sessions/list", post(list))
            .route("/sessions/revoke", post(revoke))
            .with_state(Theirs { sessions, cohorts })
            .layer(from_fn_with_state(door, admit));
        let server = axum_server::from_tcp(listener.into_std()?)?;
        let serving = tokio::spawn(async move {
            if let Err(error) = server.serve(router.into_make_service()).await {
                tracing::warn!(%error, "the admin route has failed");
            }
        });
        Ok(Self { file, _lock: lock, serving })
    }

    /// Closes the route and waits until nothing of it is at work: the sessions are then held by nobody here.
    pub async fn close(mut self) {
        self.serving.abort();
        // That it was aborted is all that it can say.
        let _ = (&mut self.serving).await;
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        self.serving.abort();
        // Without the server, the file opens nothing.
        let _ = fs::remove_file(&self.file);
    }
}

/// The doors of the servers that run over a data directory.
///
/// # Errors
///
/// When the folder cannot be read. What is no door, or that of a server that was killed, is passed over.
pub fn doors(data_dir: &Path) -> std::io::Result<Vec<Door>> {
    let entries = match fs::read_dir(data_dir.join(FOLDER)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    Ok(entries.filter_map(|entry| read(&entry.ok()?)).collect())
}

fn read(entry: &fs::DirEntry) -> Option<Door> {
    // Opening anything but a file could wait for ever.
    if !entry.file_type().ok()?.is_file() {
        return None;
    }
    let file = File::open(entry.path()).ok()?;
    if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    let mut text = Vec::new();
    file.take(DOOR_BYTES_MAX).read_to_end(&mut text).ok()?;
    let door: Door = serde_json::from_slice(&text).ok()?;
    door.admin.ip().is_loopback().then_some(door)
}

fn write(data_dir: &Path, door: &Door) -> anyhow::Result<(PathBuf, File)> {
    let folder = data_dir.join(FOLDER);
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{}-{}.json", door.serving.port(), std::process::id()));
    // Readable by its owner only from the moment that it is there, and never half written.
    let mut file = tempfile::NamedTempFile::new_in(&folder)?;
    file.write_all(&serde_json::to_vec(door)?)?;
    file.as_file().try_lock()?;
    let lock = file.persist(&path)?;
    Ok((path, lock))
}

/// Lets only those in who know the secret.
async fn admit(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    let expected = format!("Bearer {}", door.secret);
    if given.is_some_and(|given| constant_time_eq(given, expected.as_bytes())) {
        next.run(request).await
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

async fn list(State(Theirs { sessions, .. }): State<Theirs>, Json(whose): Json<Whose>) -> Response {
    let answer = async {
        let now_ms = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_millis());
        let theirs = sessions.list(&whose.into()).await?;
        let sessions_open = theirs.iter().map(|summary| shown(summary, now_ms)).collect();
        Ok(Listed { sessions: sessions_open, total: sessions.count().await? })
    };
    answered(answer.await)
}

async fn revoke(State(Theirs { sessions, cohorts }): State<Theirs>, Json(whose): Json<Whose>) -> Response {
    let identity = Identity::from(whose);
    let answer = async {
        let ended = sessions.terminate_all(&identity).await?;
        Ok(Revoked { ended, cohorts: cohorts.forget_all(&identity).await? })
    };
    answered(answer.await)
}

fn shown(summary: &SessionSummary, now_ms: u128) -> OpenSession {
    let seconds_since = |then_ms: u64| {
        let passed = now_ms.saturating_sub(then_ms.into());
        Duration::from_millis(u64::try_from(passed).unwrap_or(u64::MAX)).as_secs()
    };
    OpenSession {
        fingerprint: summary.fingerprint.to_string(),
        client_name: summary.state.client_name().to_owned(),
        age_seconds: seconds_since(summary.created_ms),
        idle_seconds: summary.last_used_ms.map(seconds_since),
    }
}

fn answered<T: Serialize>(outcome: Result<T, StoreError>) -> Response {
    match outcome {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => {
            tracing::error!(%error, "an order of the operator could not be carried out");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"error": error.to_string()}))).into_response()
        }
    }
}

//! `serve`: MCP over HTTP.

use crate::{
    admin::Admin,
    cohorts::Cohorts,
    engine::CallControl,
    http::{HttpServer, Reload},
    mcp::McpServer,
    sessions::Store,
    settings::{AuthSettings, HttpSettings, SettingError, Settings},
    shutdown::Shutdown,
    source,
    telemetry::Metrics,
};
use anyhow::Context as _;
use std::{
    convert::Infallible,
    future::pending,
    io::{Write as _, stdout},
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    time::timeout,
};

/// Longest that serving waits for a first word from the registry.
const FIRST_ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// Serves until the process is asked to stop. `read_again` reads the settings when it is told to look at its files.
///
/// # Errors
///
/// When there is no source of data to serve or the address cannot be listened on.
pub async fn run(
    settings: &Settings,
    http: &HttpSettings,
    read_again: impl Fn() -> Result<HttpSettings, Vec<SettingError>>,
) -> anyhow::Result<()> {
    let mut shutdown = Shutdown::listen()?;
    let hangups = signal(SignalKind::hangup()).context("cannot listen for signals")?;
    let source = source::open(settings)?;
    let engine = source.engine();
    let version = engine.ask(CallControl::default(), |snapshot, _| Ok(snapshot.data_version().clone()));
    // A service that is down may come back; until then `/readyz` says so.
    let version = timeout(FIRST_ANSWER_TIME_MAX, version).await;
    let store = Store::open(&http.sessions, &settings.data_dir)?;
    let cohorts = Cohorts::open(&http.sessions, &settings.data_dir)?;
    let server = McpServer::new(engine.clone(), cohorts.clone(), settings.page_size_max);
    let server = HttpServer::new(http, engine.clone(), server, store)?;
    let metrics = match http.observe.metrics {
        Some(address) => Some(Metrics::serve(address, server.sessions(), engine).await?),
        None => None,
    };
    let listener = TcpListener::bind(http.listen)
        .await
        .with_context(|| format!("cannot listen on {}; choose another address with --listen", http.listen))?;
    let address = listener.local_addr().context("the listener has no address")?;
    let admin = Admin::open(&settings.data_dir, address, server.sessions(), cohorts).await;
    if let Err(error) = &admin {
        tracing::warn!("the command `sessions` cannot reach this server: {error:#}");
    }
    match version {
        Ok(Ok(version)) => tracing::info!(
            %address, endpoint = http.endpoint, data.version = %version.id, data.source = %version.source,
            data.studies = version.studies, "serving MCP over HTTP"
        ),
        Ok(Err(error)) => tracing::warn!(
            %address, endpoint = http.endpoint, %error, "serving MCP over HTTP, but nothing is known of the data"
        ),
        Err(_) => tracing::warn!(
            %address, endpoint = http.endpoint, "serving MCP over HTTP, but the data is not there yet"
        ),
    }
    // Whoever closed standard output does not need the hint.
    let _ = stdout().write_all(request_to_copy(address, http).as_bytes());
    let reloading = reload_on(hangups, server.reload(), read_again);
    let served = tokio::select! {
        served = server.serve(listener, async move { shutdown.requested().await }) => served,
        never = reloading => match never {},
    };
    if let Ok(admin) = admin {
        admin.close().await;
    }
    if let Some(metrics) = metrics {
        metrics.abort();
    }
    served.context("the HTTP server failed")
}

/// Reads the keys that tokens are checked with again at every SIGHUP: whoever renews one in its file says so by it.
async fn reload_on(
    mut hangups: Signal,
    reload: Reload,
    read_again: impl Fn() -> Result<HttpSettings, Vec<SettingError>>,
) -> Infallible {
    loop {
        if hangups.recv().await.is_none() {
            return pending().await;
        }
        match read_again() {
            Ok(http) if matches!(http.auth, AuthSettings::Jwt(_)) => {
                reload.authentication(&http.auth);
                tracing::info!("the key that tokens are signed with was read again");
            }
            Ok(_) => tracing::info!(
                "asked to read secrets again, of which there are none: an authorization server's keys are fetched as they \
                 change, and whatever else is set needs a restart"
            ),
            Err(mistakes) => {
                for mistake in mistakes {
                    tracing::error!("settings that were read again are wrong, the old ones stay: {mistake}");
                }
            }
        }
    }
}

/// One request that shows the server answering, to paste into a shell on this machine.
fn request_to_copy(mut address: SocketAddr, http: &HttpSettings) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    let token = match http.auth {
        AuthSettings::None => "",
        AuthSettings::Jwt(_) | AuthSettings::Oauth(_) => "  -H \"Authorization: Bearer $TOKEN\" \\\n",
    };
    format!(
        "Serving MCP at http://{address}{}. Try it:\n\n\
         curl -s http://{address}{} \\\n{token}  \
         -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \\\n  \
         -H 'MCP-Protocol-Version: 2026-07-28' -H 'Mcp-Method: tools/call' -H 'Mcp-Name: clinicaltrials_get_study_count' \\\n  \
         -d '{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"clinicaltrials_get_study_count\",\
         \"arguments\":{{\"conditionQuery\":\"diabetes\"}},\"_meta\":{{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\",\
         \"io.modelcontextprotocol/clientCapabilities\":{{}}}}}}}}'\n\n",
        http.endpoint, http.endpoint,
    )
}

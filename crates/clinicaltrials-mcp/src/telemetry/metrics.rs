//! `GET /metrics`, on an address of its own.

use super::figures;
use crate::{engine::Engine, sessions::Store};
use anyhow::Context as _;
use axum::{Router, extract::State, http::header::CONTENT_TYPE, response::IntoResponse, routing::get};
use mcp_sessions::Sessions;
use metrics_exporter_prometheus::PrometheusHandle;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use time::{Date, Month};
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};

/// How often what was measured is put where it takes no more room.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);
/// Longest that the session store may take to say how many there are; without it there is no such figure.
const COUNT_TIME_MAX: Duration = Duration::from_secs(2);

/// Counts, and answers to whoever scrapes.
pub(crate) struct Metrics {
    handle: PrometheusHandle,
    sessions: Sessions<Store>,
    engine: Engine,
}

impl Metrics {
    /// Starts to count and listens on `address`. What is returned ends with its task.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on.
    pub(crate) async fn serve(
        address: SocketAddr,
        sessions: Sessions<Store>,
        engine: Engine,
    ) -> anyhow::Result<JoinHandle<()>> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}; choose another address with --metrics"))?;
        let address = listener.local_addr().context("the listener has no address")?;
        let metrics = Arc::new(Self { handle: figures::start()?, sessions, engine });
        tracing::info!("figures are at http://{address}/metrics");
        let router = Router::new().route("/metrics", get(show)).with_state(metrics.clone());
        Ok(tokio::spawn(async move {
            let upkeep = async {
                loop {
                    tokio::time::sleep(UPKEEP_INTERVAL).await;
                    metrics.handle.run_upkeep();
                }
            };
            tokio::select! {
                // It goes on over connections that fail.
                _ = axum::serve(listener, router) => {}
                () = upkeep => {}
            }
        }))
    }
}

async fn show(State(metrics): State<Arc<Metrics>>) -> impl IntoResponse {
    let sessions = timeout(COUNT_TIME_MAX, metrics.sessions.count()).await.ok().and_then(Result::ok);
    let snapshot = metrics.engine.snapshot().ok();
    let version = snapshot.as_ref().map(|snapshot| snapshot.data_version());
    let newest = version.and_then(|version| version.newest_update.as_deref());
    figures::seen(sessions, version.and_then(|version| version.studies), newest.and_then(unix_time));
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.handle.render())
}

/// The first second of a day such as `2026-11-27`.
fn unix_time(day: &str) -> Option<i64> {
    let mut parts = day.split('-');
    let mut number = || parts.next()?.parse::<u16>().ok();
    let (year, month, day) = (number()?, u8::try_from(number()?).ok()?, u8::try_from(number()?).ok()?);
    let date = Date::from_calendar_date(year.into(), Month::try_from(month).ok()?, day).ok()?;
    Some(date.midnight().assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::unix_time;

    #[test]
    fn a_day_begins_at_midnight_in_greenwich() {
        assert_eq!(unix_time("1970-01-02"), Some(86_400));
        assert_eq!(unix_time("2026-11-27"), Some(1_795_737_600));
        for nonsense in ["", "2026", "2026-13-01", "2026-02-30", "x-y-z"] {
            assert_eq!(unix_time(nonsense), None, "{nonsense}");
        }
    }
}

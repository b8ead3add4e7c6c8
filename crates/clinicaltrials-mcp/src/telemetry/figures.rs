//! The figures that an operator sees at `/metrics`: what each is called and means. Where nobody asked for them, counting
//! costs nothing.

use anyhow::Context as _;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::{borrow::Cow, time::Duration};

const HTTP_REQUESTS: &str = "http_requests_total";
const HTTP_DURATION: &str = "http_request_duration_seconds";
const HTTP_REJECTIONS: &str = "http_rejections_total";
const AUTH_ATTEMPTS: &str = "mcp_auth_attempts_total";
const MCP_REQUESTS: &str = "mcp_requests_total";
const MCP_DURATION: &str = "mcp_request_duration_seconds";
const SESSIONS_ACTIVE: &str = "mcp_sessions_active";
const SESSION_EVENTS: &str = "mcp_sessions_events_total";
const SESSION_DURATION: &str = "mcp_session_duration_seconds";
const QUESTION_DURATION: &str = "registry_question_duration_seconds";
const QUESTION_WAIT: &str = "registry_question_wait_seconds";
const STUDIES: &str = "registry_studies";
const NEWEST_UPDATE: &str = "registry_newest_update_timestamp_seconds";
const LIVE_REQUESTS: &str = "live_requests_total";
const LIVE_DURATION: &str = "live_request_duration_seconds";

/// Upper bounds in seconds: an answer from memory takes tens of microseconds, one may take half a minute.
const SECONDS: [f64; 13] =
    [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];
/// Upper bounds in seconds of what lasts minutes or hours.
const LONG_SECONDS: [f64; 7] = [10.0, 60.0, 300.0, 1_800.0, 7_200.0, 28_800.0, 86_400.0];

/// Starts to count, for the rest of the process, and returns what shows the counts.
///
/// # Errors
///
/// When something counts already.
pub(crate) fn start() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .and_then(|builder| {
            builder.set_buckets_for_metric(Matcher::Full(SESSION_DURATION.into()), &LONG_SECONDS)
        })
        .context("the bounds of the figures are wrong")?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).context("figures are counted already")?;
    describe_counter!(HTTP_REQUESTS, "Requests answered, by route, method and status");
    describe_histogram!(
        HTTP_DURATION,
        Unit::Seconds,
        "Time from a request's head to its answer's head, by route"
    );
    describe_counter!(HTTP_REJECTIONS, "Requests refused before they were looked at, by reason");
    describe_counter!(AUTH_ATTEMPTS, "Requests whose token was checked, by outcome");
    describe_counter!(MCP_REQUESTS, "MCP requests, by method, tool and outcome");
    describe_histogram!(MCP_DURATION, Unit::Seconds, "Time that MCP requests took, by method and tool");
    describe_gauge!(SESSIONS_ACTIVE, "Sessions that are open; of all replicas where they share a store");
    describe_counter!(SESSION_EVENTS, "What happened to sessions and cohorts, by kind, event and reason");
    describe_histogram!(
        SESSION_DURATION,
        Unit::Seconds,
        "From their start to their last use, of sessions that their clients ended"
    );
    describe_histogram!(
        QUESTION_DURATION,
        Unit::Seconds,
        "Time that questions to the registry worked, by kind"
    );
    describe_histogram!(
        QUESTION_WAIT,
        Unit::Seconds,
        "Time that questions to the registry waited for their turn"
    );
    describe_gauge!(STUDIES, "Studies in the data that answers");
    describe_gauge!(NEWEST_UPDATE, Unit::Seconds, "The newest update in the data that answers, in Unix time");
    describe_counter!(LIVE_REQUESTS, "Requests to ClinicalTrials.gov, by outcome");
    describe_histogram!(LIVE_DURATION, Unit::Seconds, "Time that requests to ClinicalTrials.gov took");
    Ok(handle)
}

/// A request over HTTP was answered.
pub(crate) fn http_answered(route: &'static str, method: &'static str, status: u16, took: Duration) {
    counter!(HTTP_REQUESTS, "route" => route, "method" => method, "status" => status.to_string())
        .increment(1);
    histogram!(HTTP_DURATION, "route" => route).record(took);
}

/// A request over HTTP was refused before it was looked at.
pub(crate) fn http_rejected(reason: &'static str) {
    counter!(HTTP_REJECTIONS, "reason" => reason).increment(1);
}

/// A token was checked, or missed.
pub(crate) fn authenticated(outcome: &'static str) {
    counter!(AUTH_ATTEMPTS, "outcome" => outcome).increment(1);
}

/// An MCP request was answered; `tool` is empty but for calls of tools.
pub(crate) fn mcp_answered(
    method: &'static str,
    tool: Cow<'static, str>,
    outcome: &'static str,
    took: Duration,
) {
    counter!(MCP_REQUESTS, "method" => method, "tool" => tool.clone(), "outcome" => outcome).increment(1);
    histogram!(MCP_DURATION, "method" => method, "tool" => tool).record(took);
}

/// Something happened to so many sessions, or others of that kind.
pub(crate) fn session_event(kind: String, event: String, reason: String, many: u64) {
    counter!(SESSION_EVENTS, "kind" => kind, "event" => event, "reason" => reason).increment(many);
}

/// A session was ended by its client, after it had been used for so long.
pub(crate) fn session_ended(after: Duration) {
    histogram!(SESSION_DURATION).record(after);
}

/// A question to the registry was answered, or given up.
pub(crate) fn questioned(kind: &'static str, waited: Duration, worked: Duration) {
    histogram!(QUESTION_WAIT, "kind" => kind).record(waited);
    histogram!(QUESTION_DURATION, "kind" => kind).record(worked);
}

/// ClinicalTrials.gov was asked.
pub(crate) fn asked_live(outcome: String, took: Duration) {
    counter!(LIVE_REQUESTS, "outcome" => outcome).increment(1);
    histogram!(LIVE_DURATION).record(took);
}

/// What is open and what there is, looked at when somebody wants to know.
pub(crate) fn seen(sessions: Option<usize>, studies: Option<u64>, newest_update: Option<i64>) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "figures are floating-point numbers; these are far below 2^53"
    )]
    {
        if let Some(sessions) = sessions {
            gauge!(SESSIONS_ACTIVE).set(sessions as f64);
        }
        if let Some(studies) = studies {
            gauge!(STUDIES).set(studies as f64);
        }
        if let Some(newest_update) = newest_update {
            gauge!(NEWEST_UPDATE).set(newest_update as f64);
        }
    }
}

//! What is told of what happens: log lines on standard error, so that standard output stays the protocol's; figures; an
//! audit log; traces.

mod events;
pub(crate) mod figures;
mod metrics;
pub(crate) mod traces;

pub(crate) use events::CALLERS;
pub(crate) use metrics::Metrics;

use crate::settings::{LogFormat, Settings};
use anyhow::Context as _;
use events::Events;
use std::{
    fs::OpenOptions,
    io::{IsTerminal as _, stderr},
    path::Path,
};
use traces::Traces;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// What is told until the process ends.
pub struct Telemetry {
    traces: Option<Traces>,
}

impl Telemetry {
    /// Sends what is left to be sent; nothing happens any more.
    pub fn finish(&self) {
        if let Some(traces) = &self.traces {
            traces.finish();
        }
    }
}

/// Starts logging for the rest of the process, an audit log if there is a file for it, and traces if they go anywhere, for
/// which it must be called within a Tokio runtime.
///
/// # Errors
///
/// When that file cannot be written, or traces cannot be sent.
pub fn start(settings: &Settings, audit_log: Option<&Path>) -> anyhow::Result<Telemetry> {
    let traces = settings.traces.as_ref().map(Traces::start).transpose()?;
    let (traces, tracer) = traces.unzip();
    let spans = tracer.map(|tracer| {
        let spans =
            tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
        let filter = Targets::new()
            .with_target("clinicaltrials_mcp", LevelFilter::INFO)
            .with_target("ctgov_live", LevelFilter::DEBUG)
            .with_target("mcp_sessions", LevelFilter::INFO);
        spans.with_filter(filter)
    });
    let settings = settings.log;
    let audit = audit_log.map(|path| {
        let opened = OpenOptions::new().append(true).create(true).open(path);
        opened.with_context(|| format!("the audit log {} cannot be written", path.display()))
    });
    let events = Events::new(audit.transpose()?).with_filter(Events::filter());
    // What libraries say below a warning is theirs to debug, not the operator's.
    let filter = Targets::new()
        .with_default(settings.level.min(LevelFilter::WARN))
        .with_target("clinicaltrials_mcp", settings.level)
        .with_target(traces::TARGET, LevelFilter::OFF)
        // It warns of every error that a caller is told, so that anybody could fill the log.
        .with_target("rmcp", settings.level.min(LevelFilter::ERROR))
        .with_target("ctgov_live", settings.level)
        .with_target("ctgov_mirror", settings.level)
        .with_target("mcp_sessions", settings.level);
    let on_terminal = stderr().is_terminal();
    let format = settings.format.unwrap_or(if on_terminal { LogFormat::Text } else { LogFormat::Json });
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(on_terminal).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).with(events).with(spans).init();
    Ok(Telemetry { traces })
}

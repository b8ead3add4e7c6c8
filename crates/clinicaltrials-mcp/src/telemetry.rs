//! Logs: structured lines on standard error, so that standard output stays the protocol's.

use crate::settings::{LogFormat, LogSettings};
use std::io::{IsTerminal as _, stderr};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Starts logging for the rest of the process.
pub fn start(settings: LogSettings) {
    // What libraries say below a warning is theirs to debug, not the operator's.
    let filter = Targets::new()
        .with_default(settings.level.min(LevelFilter::WARN))
        .with_target("clinicaltrials_mcp", settings.level)
        .with_target("ctgov_mirror", settings.level)
        .with_target("mcp_sessions", settings.level);
    let on_terminal = stderr().is_terminal();
    let format = settings.format.unwrap_or(if on_terminal { LogFormat::Text } else { LogFormat::Json });
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(on_terminal).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}

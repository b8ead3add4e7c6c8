//! Where figures, the audit log and traces go.

use super::{Reader, given};
use crate::cli::ServeOptions;
use reqwest::Url;
use std::{net::SocketAddr, path::PathBuf};

/// Where figures and the audit log go; nowhere unless said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObserveSettings {
    /// Where `/metrics` is served.
    pub metrics: Option<SocketAddr>,
    /// What happened to sessions and who was not let in, a JSON object a line.
    pub audit_log: Option<PathBuf>,
}

/// Where traces go.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSettings {
    /// Where the collector takes them.
    pub endpoint: Url,
    /// What this program is called in them.
    pub service_name: String,
    /// Which part is sent of those that begin here, from 0 to 1.
    pub ratio: f64,
}

const COLLECTOR_DEFAULT: &str = "http://localhost:4318";

impl Reader<'_> {
    /// Where traces go, if they go anywhere: the variables that OpenTelemetry has for it, and one that switches them on.
    pub(super) fn traces(&mut self) -> Option<TraceSettings> {
        let is_on = self.choice(None, "OTEL_ENABLED", &[("true", true), ("false", false)], false);
        let (variable, endpoint) = match self.variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
            Some(endpoint) => ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint),
            None => {
                let collector = self.variable("OTEL_EXPORTER_OTLP_ENDPOINT");
                let collector = collector.as_deref().unwrap_or(COLLECTOR_DEFAULT);
                ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("{}/v1/traces", collector.trim_end_matches('/')))
            }
        };
        let service_name = self.variable("OTEL_SERVICE_NAME").unwrap_or(env!("CARGO_PKG_NAME").to_owned());
        let expected = "a number from 0 to 1";
        let ratio = self
            .parsed(None, "OTEL_TRACES_SAMPLER_ARG", expected, |ratio: &f64| (0.0..=1.0).contains(ratio))
            .unwrap_or(1.0);
        if !is_on {
            return None;
        }
        match endpoint.parse::<Url>() {
            Ok(endpoint) if matches!(endpoint.scheme(), "http" | "https") && endpoint.has_host() => {
                Some(TraceSettings { endpoint, service_name, ratio })
            }
            _ => {
                // What is in it may be a password.
                self.mistake(variable, "is not the address of a collector such as http://localhost:4318");
                None
            }
        }
    }

    pub(super) fn observe(&mut self, options: &ServeOptions) -> ObserveSettings {
        let expected = "an address with a port, such as 127.0.0.1:9464";
        let metrics = given("--metrics", options.metrics.as_deref());
        let audit_log = given("--audit-log", options.audit_log.as_deref());
        ObserveSettings {
            metrics: self.parsed(metrics, "MCP_METRICS_LISTEN", expected, |_| true),
            audit_log: self.text(audit_log, "MCP_AUDIT_LOG").map(|(_, path)| path.into()),
        }
    }
}

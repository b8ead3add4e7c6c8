//! Traces: what a request spent its time on, sent to an OpenTelemetry collector (OTLP over HTTP), as a part of the trace of
//! whoever asks (W3C Trace Context, in the request's head or in the `_meta` of an MCP message).

use crate::settings::TraceSettings;
use anyhow::Context as _;
use axum::body::Bytes;
use ctgov_live::outbound::{Outbound, Roots, causes};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Limited};
use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator as _},
    trace::{TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracer, SdkTracerProvider},
};
use rmcp::model::MetaObject;
use std::time::Duration;
use tokio::{runtime::Handle, time::timeout};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The target of spans that are for traces only.
pub(crate) const TARGET: &str = "clinicaltrials_mcp::traces";
/// Longest that a collector may take over what it is sent.
const SEND_TIME_MAX: Duration = Duration::from_secs(10);
/// Most of its answer that is read.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Sends what is left when it is told that there will be no more.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts to send; must be called within a Tokio runtime.
    ///
    /// # Errors
    ///
    /// When connections cannot be set up.
    pub(super) fn start(settings: &TraceSettings) -> anyhow::Result<(Self, SdkTracer)> {
        let roots = Roots::of_system().unwrap_or_else(Roots::none);
        let outbound = Outbound::new(roots, None, SEND_TIME_MAX)
            .map_err(|error| anyhow::anyhow!("traces cannot be sent: {}", causes(&*error)))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Sender { outbound, runtime: Handle::current() })
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(settings.endpoint.as_str())
            .with_timeout(SEND_TIME_MAX)
            .build()
            .context("traces cannot be sent")?;
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.ratio)));
        let resource = Resource::builder_empty().with_service_name(settings.service_name.clone()).build();
        let provider = SdkTracerProvider::builder()
            .with_sampler(sampler)
            .with_resource(resource)
            .with_batch_exporter(exporter)
            .build();
        let tracer = provider.tracer(env!("CARGO_PKG_NAME"));
        Ok((Self(provider), tracer))
    }

    /// Sends what is left.
    pub(super) fn finish(&self) {
        if let Err(error) = self.0.shutdown_with_timeout(SEND_TIME_MAX) {
            tracing::warn!(%error, "not all traces were sent");
        }
    }
}

/// Sends to the collector from the program's own runtime: the exporter works on a thread of its own.
#[derive(Debug)]
struct Sender {
    outbound: Outbound,
    runtime: Handle,
}

#[async_trait::async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let outbound = self.outbound.clone();
        let sending = async move {
            let (parts, body) = outbound.send(request.map(Into::into)).await?.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(parts, body))
        };
        // A timer, too, is of the runtime.
        self.runtime.spawn(async move { timeout(SEND_TIME_MAX, sending).await }).await??
    }
}

/// Makes `span` a part of the trace that the head of a request names.
pub(crate) fn continue_head(span: &Span, headers: &HeaderMap) {
    continue_from(span, &HeaderExtractor(headers));
}

/// Makes `span` a part of the trace that the `_meta` of an MCP message names.
pub(crate) fn continue_message(span: &Span, meta: &MetaObject) {
    continue_from(span, &MetaExtractor(meta));
}

fn continue_from(span: &Span, carrier: &dyn Extractor) {
    if carrier.get("traceparent").is_none() {
        return;
    }
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), carrier);
    if parent.span().span_context().is_valid() {
        // Where no traces are sent there is nothing to be a part of.
        let _ = span.set_parent(parent);
    }
}

struct MetaExtractor<'a>(&'a MetaObject);

impl Extractor for MetaExtractor<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

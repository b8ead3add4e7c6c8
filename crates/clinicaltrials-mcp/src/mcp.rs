//! The MCP server: what it says it can do, and which tool, resource or prompt answers a request.

use crate::{
    cohorts::{Cohorts, OwnCohorts},
    completion,
    engine::{CallControl, Engine},
    prompts, resources,
    telemetry::{figures, traces},
    tools,
};
use mcp_sessions::{Caller, http::RequestCancellation};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
        CustomRequest, CustomResult, ErrorCode, GetPromptRequestParams, GetPromptResponse, Implementation,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
        PaginatedRequestParams, ProgressNotificationParam, ProgressToken, ProtocolVersion,
        ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig, Tool,
    },
    service::{Peer, RequestContext},
};
use std::{
    borrow::Cow,
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tracing::{Instrument as _, Span};

/// Protocol revisions served: two with sessions, and the stateless one.
pub const PROTOCOL_VERSIONS: &[ProtocolVersion] =
    &[ProtocolVersion::V_2025_06_18, ProtocolVersion::V_2025_11_25, ProtocolVersion::V_2026_07_28];

/// How long definitions may be kept, by anybody: they change with the program.
const DEFINITIONS_TTL_MS: u64 = 60 * 60 * 1_000;
/// How long records may be kept, by whoever asked: the data changes with an import.
const RECORDS_TTL_MS: u64 = 60 * 1_000;

/// Shortest time between two reports of progress; a call that is done sooner reports none.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

const INSTRUCTIONS: &str = "\
Studies registered on ClinicalTrials.gov. Search with clinicaltrials_search_studies, count with \
clinicaltrials_get_study_count, read records with clinicaltrials_get_study_record and posted results with \
clinicaltrials_get_study_results; for a person use clinicaltrials_find_eligible; go on with a set of studies by \
clinicaltrials_create_cohort. When a field's name or value is \
uncertain, look it up with clinicaltrials_get_field_definitions and clinicaltrials_get_field_values. Every answer names \
the data version it comes from; records with an NCT9… number are synthetic, made up for trying things out, and describe no \
real study.";

/// Answers MCP requests. Cheap to clone: the HTTP transport takes one for each request.
#[derive(Clone)]
pub struct McpServer {
    engine: Engine,
    cohorts: Cohorts,
    tools: Arc<tools::Catalogue>,
}

impl McpServer {
    /// A server that answers from `engine`, keeps `cohorts`, and has at most `page_size_max` studies on a page.
    pub fn new(engine: Engine, cohorts: Cohorts, page_size_max: u16) -> Self {
        let tools = Arc::new(tools::Catalogue::new(page_size_max, cohorts.kept()));
        Self { engine, cohorts, tools }
    }
}

impl McpServer {
    /// The cohorts of whoever makes this request.
    fn own_cohorts(&self, context: &RequestContext<RoleServer>) -> Result<OwnCohorts, ErrorData> {
        let caller = match context.extensions.get::<http::request::Parts>() {
            // Over standard input and output there is one caller, who started this process.
            None => Caller::Anonymous,
            Some(parts) => parts.extensions.get::<Caller>().cloned().ok_or_else(|| {
                tracing::error!("a request without a caller: nothing in front authenticates");
                ErrorData::internal_error("it is not known who asks", None)
            })?,
        };
        Ok(self.cohorts.of(caller))
    }
}

impl ServerHandler for McpServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_completions()
            .enable_prompts()
            .enable_resources()
            .enable_tools()
            .build();
        ServerConfig::new(capabilities)
            .with_server_info(
                Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
                    .with_title("ClinicalTrials.gov"),
            )
            .with_instructions(INSTRUCTIONS)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(PROTOCOL_VERSIONS)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        counted(&context, "tools/list", async {
            only_page(request)?;
            Ok(ListToolsResult::with_all_items(self.tools.definitions())
                .with_ttl_ms(DEFINITIONS_TTL_MS)
                .with_cache_scope(CacheScope::Public))
        })
        .await
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.tools.definition(name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = self.tools.definition(&request.name).map_or("unknown".into(), |tool| tool.name);
        let span = span(&context, "tools/call", &tool);
        let counting = Counting::start("tools/call", tool);
        let arguments = request.arguments.unwrap_or_default();
        let own = self.own_cohorts(&context)?;
        let call = |control| self.tools.call(&self.engine, &own, &request.name, arguments, control);
        let answer = in_context(&context, call).instrument(span).await;
        counting.done(match &answer {
            Ok(result) if result.is_error == Some(true) => "refused",
            Ok(_) => "ok",
            Err(_) => "error",
        });
        Ok(answer?.into())
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        counted(&context, "prompts/list", async {
            only_page(request)?;
            Ok(ListPromptsResult::with_all_items(prompts::definitions())
                .with_ttl_ms(DEFINITIONS_TTL_MS)
                .with_cache_scope(CacheScope::Public))
        })
        .await
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let get = async { Ok(prompts::get(&request.name, request.arguments.as_ref())?.into()) };
        counted(&context, "prompts/get", get).await
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let (argument, typed) = (&request.argument.name, &request.argument.value);
        let complete = |control| completion::complete(&self.engine, &request.r#ref, argument, typed, control);
        counted(&context, "completion/complete", async {
            Ok(CompleteResult::new(in_context(&context, complete).await?))
        })
        .await
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let cursor = request.and_then(|request| request.cursor);
        let list = |control| resources::list(&self.engine, cursor.as_deref(), control);
        let page = counted(&context, "resources/list", in_context(&context, list)).await?;
        Ok(page.with_ttl_ms(RECORDS_TTL_MS).with_cache_scope(CacheScope::Private))
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        counted(&context, "resources/templates/list", async {
            only_page(request)?;
            Ok(ListResourceTemplatesResult::with_all_items(resources::templates())
                .with_ttl_ms(DEFINITIONS_TTL_MS)
                .with_cache_scope(CacheScope::Public))
        })
        .await
    }

    /// What the SDK could not read as a request it knows: a method that is not served, or one that is, with parameters
    /// of another shape.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        const SERVED: [&str; 8] = [
            "completion/complete",
            "prompts/get",
            "prompts/list",
            "resources/list",
            "resources/read",
            "resources/templates/list",
            "tools/call",
            "tools/list",
        ];
        /// And these in the revisions with sessions, whose clients name theirs in no message.
        const SERVED_IN_SESSIONS: [&str; 2] = ["initialize", "ping"];
        let method = request.method;
        let served_in_sessions =
            context.meta.protocol_version().is_none() && SERVED_IN_SESSIONS.contains(&method.as_str());
        if SERVED.contains(&method.as_str()) || served_in_sessions {
            return Err(ErrorData::invalid_params(
                format!("the parameters of {method} have another shape"),
                None,
            ));
        }
        let shown: String = method.chars().take(60).collect();
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, shown, None))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let read = |control| resources::read(&self.engine, &request.uri, control);
        let contents = counted(&context, "resources/read", in_context(&context, read)).await?;
        Ok(contents.with_ttl_ms(RECORDS_TTL_MS).with_cache_scope(CacheScope::Private).into())
    }
}

/// Handles a request that is no call of a tool, and counts it.
async fn counted<T>(
    context: &RequestContext<RoleServer>,
    method: &'static str,
    handling: impl Future<Output = Result<T, ErrorData>>,
) -> Result<T, ErrorData> {
    let counting = Counting::start(method, "".into());
    let answer = handling.instrument(span(context, method, "")).await;
    counting.done(if answer.is_ok() { "ok" } else { "error" });
    answer
}

/// What a trace has of a request, in the trace that its `_meta` names, if any.
fn span(context: &RequestContext<RoleServer>, method: &str, tool: &str) -> Span {
    let span = tracing::info_span!(target: traces::TARGET, "mcp", otel.name = method, tool);
    traces::continue_message(&span, &context.meta);
    span
}

/// A request that is counted when it is done, or when nobody waits for it any more.
struct Counting {
    method: &'static str,
    tool: Cow<'static, str>,
    started: Instant,
    outcome: &'static str,
}

impl Counting {
    fn start(method: &'static str, tool: Cow<'static, str>) -> Self {
        Self { method, tool, started: Instant::now(), outcome: "cancelled" }
    }

    fn done(mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        let tool = std::mem::take(&mut self.tool);
        figures::mcp_answered(self.method, tool, self.outcome, self.started.elapsed());
    }
}

/// Refuses a cursor to a list that has one page: none was ever given out.
fn only_page(request: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    match request.and_then(|request| request.cursor) {
        None => Ok(()),
        Some(_) => Err(ErrorData::invalid_params("`cursor`: this list has one page; leave it out", None)),
    }
}

/// Runs `call` so that its caller can cancel it, in either protocol era, and hears how far it is if it asked.
async fn in_context<T, F: Future<Output = T>>(
    context: &RequestContext<RoleServer>,
    call: impl FnOnce(CallControl) -> F,
) -> T {
    let mut control = CallControl { cancellations: vec![context.ct.clone()], ..CallControl::default() };
    // Present only in a 2025 session over HTTP, where cancelling is a request of its own.
    let parts = context.extensions.get::<http::request::Parts>();
    if let Some(cancellation) = parts.and_then(|parts| parts.extensions.get::<RequestCancellation>()) {
        control.cancellations.push(cancellation.token().clone());
    }
    let Some(token) = context.meta.get_progress_token() else {
        return call(control).await;
    };
    let (sender, reports) = watch::channel((0, 0));
    control.progress = Some(sender);
    with_progress(call(control), reports, &context.peer, &token).await
}

/// Runs `call` and tells the client how far it is, at most ten times a second and only growing numbers.
///
/// A report under way is waited for: none may come after the answer.
async fn with_progress<T>(
    call: impl Future<Output = T>,
    mut reports: watch::Receiver<(u64, u64)>,
    client: &Peer<RoleServer>,
    token: &ProgressToken,
) -> T {
    tokio::pin!(call);
    let mut last = 0;
    loop {
        tokio::select! {
            answer = &mut call => return answer,
            () = tokio::time::sleep(PROGRESS_INTERVAL) => {}
        }
        let (done, total) = *reports.borrow_and_update();
        if done > last {
            last = done;
            #[expect(
                clippy::cast_precision_loss,
                reason = "progress is a JSON number; it counts steps, not atoms"
            )]
            let progress =
                ProgressNotificationParam::new(token.clone(), done as f64).with_total(total as f64);
            // A client that is gone misses nothing.
            let _ = client.notify_progress(progress).await;
        }
    }
}

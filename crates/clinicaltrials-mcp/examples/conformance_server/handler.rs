//! Which fixture answers a request, and what is declared.
//!
//! Clients of the revisions with sessions are promised nothing that would need a stream of the server's own: this
//! stack has none. So no list is said to change for them, and no tool asks them anything.

#![expect(deprecated, reason = "the suite tests logging, which the newest revision deprecates")]

use crate::{
    input::{self, Next},
    prompts, resources, tools,
};
use clinicaltrials_mcp::mcp::PROTOCOL_VERSIONS;
use mcp_sessions::{Fingerprint, Session};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
        GetPromptRequestParams, GetPromptResponse, Implementation, InitializeRequestParams, InitializeResult,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, LoggingLevel,
        LoggingMessageNotificationParam, PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams,
        ReadResourceResponse, ServerCapabilities, ServerConfig, SetLevelRequestMethod, SetLevelRequestParams,
        SubscriptionFilter, Tool,
    },
    service::{RequestContext, SubscriptionContext},
};
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::broadcast;

/// A list that a tool says has changed.
#[derive(Clone, Copy)]
pub(crate) enum Changed {
    Tools,
    Prompts,
}

/// Answers MCP requests with fixtures.
#[derive(Clone)]
pub(crate) struct Fixtures {
    /// Told to whoever listens.
    changes: broadcast::Sender<Changed>,
    /// The least severe level that a session wants logged.
    levels: Arc<Mutex<HashMap<Fingerprint, LoggingLevel>>>,
}

impl Fixtures {
    pub(crate) fn new() -> Self {
        Self { changes: broadcast::Sender::new(16), levels: Arc::default() }
    }

    /// Tells whoever listens that a list has changed.
    pub(crate) fn change(&self, list: Changed) {
        // Nobody may be listening.
        let _ = self.changes.send(list);
    }

    /// Logs to the client of this request, if it asked for such messages: in the request, or earlier in its session.
    pub(crate) async fn log(&self, context: &RequestContext<RoleServer>, level: LoggingLevel, message: &str) {
        let least = context.meta.log_level().or_else(|| {
            let levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
            levels.get(&session(context)?.fingerprint()).copied()
        });
        if least.is_some_and(|least| level as u8 >= least as u8) {
            let message = LoggingMessageNotificationParam::new(level, message.into()).with_logger("fixtures");
            // A client that is gone misses nothing.
            let _ = context.peer.notify_logging_message(message).await;
        }
    }
}

/// The session of a request, in the revisions that have one.
fn session(context: &RequestContext<RoleServer>) -> Option<&Session> {
    context.extensions.get::<http::request::Parts>()?.extensions.get()
}

impl ServerHandler for Fixtures {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_completions()
            .enable_logging()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("conformance_server", env!("CARGO_PKG_VERSION")))
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(PROTOCOL_VERSIONS)
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let mut result = self.negotiate_initialize(&request)?;
        let (tools, prompts) = (&mut result.capabilities.tools, &mut result.capabilities.prompts);
        tools.iter_mut().for_each(|tools| tools.list_changed = None);
        prompts.iter_mut().for_each(|prompts| prompts.list_changed = None);
        Ok(result)
    }

    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let session = session(&context).ok_or_else(ErrorData::method_not_found::<SetLevelRequestMethod>)?;
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        levels.insert(session.fingerprint(), request.level);
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.supported_by(&self.get_info().capabilities))
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.changes.subscribe();
        loop {
            let changed = tokio::select! {
                () = subscription.cancelled() => return Ok(()),
                changed = changes.recv() => changed,
            };
            // What this client did not ask for is kept from it, with an error that matters to nobody.
            let _ = match changed {
                Ok(Changed::Tools) => subscription.sink().notify_tool_list_changed().await,
                Ok(Changed::Prompts) => subscription.sink().notify_prompt_list_changed().await,
                Err(broadcast::error::RecvError::Lagged(_)) => continue,
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            };
        }
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::definitions()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::definitions().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        match input::asking(&request.name) {
            Some(asking) => {
                let (responses, state) = (request.input_responses.as_ref(), request.request_state.as_deref());
                match asking.proceed(responses, state, &context)? {
                    Next::Ask(inputs) => Ok(inputs.into()),
                    Next::Done(text) => Ok(tools::text(text).into()),
                }
            }
            None => tools::call(self, &request, &context).await.map(Into::into),
        }
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::definitions()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(&request, &context)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        prompts::complete(&request)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(resources::list()))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(&request.uri).map(Into::into)
    }
}

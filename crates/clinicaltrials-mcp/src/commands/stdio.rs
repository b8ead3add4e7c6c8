//! `stdio`: MCP over standard input and output, for a client that starts the server itself.

use crate::{engine::Engine, mcp::McpServer, settings::Settings, shutdown::Shutdown, source};
use anyhow::Context as _;
use rmcp::ServiceExt as _;

/// Serves until the client closes standard input, or the process is asked to stop.
///
/// # Errors
///
/// When there is no data to serve, or the client does not speak MCP.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let mut shutdown = Shutdown::listen()?;
    let source = source::open(settings)?;
    let server = McpServer::new(Engine::new(source.registry()), settings.page_size_max);
    let running = server
        .serve(rmcp::transport::stdio())
        .await
        .context("the client did not start an MCP conversation")?;
    let token = running.cancellation_token();
    tokio::spawn(async move {
        shutdown.requested().await;
        token.cancel();
    });
    running.waiting().await.context("the MCP conversation broke off")?;
    Ok(())
}

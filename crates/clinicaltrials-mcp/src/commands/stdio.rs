//! `stdio`: MCP over standard input and output, for a client that starts the server itself.

use crate::{cohorts::Cohorts, mcp::McpServer, settings::Settings, shutdown::Shutdown, source};
use anyhow::Context as _;
use rmcp::ServiceExt as _;
use std::{
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Serves until the client closes standard input, or the process is asked to stop.
///
/// # Errors
///
/// When there is no data to serve, or the client does not speak MCP.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let mut shutdown = Shutdown::listen()?;
    let source = source::open(settings)?;
    let server = McpServer::new(source.engine(), Cohorts::in_memory()?, settings.page_size_max);
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        shutdown.requested().await;
        stopping.cancel();
    });
    serve(server, tokio::io::stdin(), tokio::io::stdout(), stop).await
}

/// Serves one client until it closes `input` or `stop` fires, then lets running calls finish.
///
/// # Errors
///
/// When the client does not speak MCP.
pub async fn serve(
    server: McpServer,
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    // Being asked to stop looks like the client closing its end: nothing more is read, and running calls finish.
    let input = UntilStopped { input, stopped: Box::pin(stop.clone().cancelled_owned()) };
    let running = tokio::select! {
        running = server.serve((input, output)) => {
            running.context("the client did not start an MCP conversation")?
        }
        () = stop.cancelled() => return Ok(()),
    };
    running.waiting().await.context("the MCP conversation broke off")?;
    Ok(())
}

/// An input that ends when `stopped` resolves.
struct UntilStopped<I> {
    input: I,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<I: AsyncRead + Unpin> AsyncRead for UntilStopped<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.stopped.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Ok(())),
            Poll::Pending => Pin::new(&mut self.input).poll_read(cx, buffer),
        }
    }
}

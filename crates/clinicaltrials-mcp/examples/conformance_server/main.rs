//! The official conformance suite's fixtures, behind the very HTTP stack that the program's own tools stand behind.
//!
//! `cargo xtask conformance` runs the suite against it; alone it is started with
//! `cargo run --example conformance_server -- --listen 127.0.0.1:3011`.

mod handler;
mod input;
mod prompts;
mod resources;
mod tools;

use anyhow::{Context as _, anyhow};
use clap::Parser as _;
use clinicaltrials_mcp::{
    cli::ServeOptions, engine::Engine, http::HttpServer, sessions::Store, settings::HttpSettings,
    shutdown::Shutdown,
};
use ctgov::{Registry, RegistryError, Snapshot};
use mcp_sessions::MemoryStore;
use std::{
    env::VarError,
    io::{Write as _, stderr, stdout},
    sync::Arc,
};
use tokio::net::TcpListener;
use tracing::Level;

/// Serves the fixtures of the MCP conformance suite.
#[derive(clap::Parser)]
struct Options {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3011")]
    listen: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_max_level(Level::WARN).with_ansi(false).with_writer(stderr).init();
    let options =
        ServeOptions { listen: Some(Options::parse().listen), api: Some("off".into()), ..Default::default() };
    // Nothing that happens to be set where the suite runs may matter.
    let settings = HttpSettings::read(&options, &|_| Err(VarError::NotPresent)).map_err(|mistakes| {
        let mistakes: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        anyhow!(mistakes.join("; "))
    })?;
    let mut shutdown = Shutdown::listen()?;
    let store = Store::Memory(MemoryStore::default());
    let server =
        HttpServer::new(&settings, Engine::new(Arc::new(NoStudies)), handler::Fixtures::new(), store)?;
    let listener = TcpListener::bind(settings.listen).await.context("cannot listen")?;
    let url = format!("http://{}{}", listener.local_addr()?, settings.endpoint);
    writeln!(stdout(), "Serving the suite's fixtures at {url}")?;
    server.serve(listener, async move { shutdown.requested().await }).await.context("the HTTP server failed")
}

/// No fixture is about a study; `/readyz` says that there are none.
struct NoStudies;

impl Registry for NoStudies {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, RegistryError> {
        Err(RegistryError::Unavailable("there are only fixtures".into()))
    }
}

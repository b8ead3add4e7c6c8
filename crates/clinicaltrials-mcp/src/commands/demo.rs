//! `demo`: the whole product in a minute, on made-up studies, with nothing set up.
//!
//! A real server on a free port, a client that searches, counts and reads over HTTP, a thief who has stolen
//! the client's session id and gets nowhere with it, and a restart that the session survives.

mod client;

use crate::{
    auth::sign_hs256,
    cohorts::Cohorts,
    engine::Engine,
    http::HttpServer,
    mcp::McpServer,
    sessions::Store,
    settings::{
        AllowedOrigins, ApiSettings, AuthSettings, BoundSettings, HttpSettings, ObserveSettings,
        SessionPlace, SessionSettings, Settings, Source,
    },
    source,
};
use anyhow::{Context as _, ensure};
use client::Client;
use mcp_sessions::Policy;
use serde_json::{Value, json};
use std::{
    io::{Write as _, stdout},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::{Duration, SystemTime},
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

const TOKEN_LIFETIME: Duration = Duration::from_secs(600);

/// Shows it and ends.
///
/// # Errors
///
/// When a step did not go as it must.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    say(
        "ClinicalTrials.gov over MCP, shown on made-up studies.\n\nBuilding a registry of synthetic studies …\n",
    )?;
    let source = source::open(&Settings { source: Source::Sample, ..settings.clone() })?;
    let engine = source.engine();
    let data = engine.snapshot()?.data_version().clone();
    let secret: [u8; 32] = rand_secret()?;
    let folder = tempfile::tempdir().context("no folder for the sessions")?;
    let mut http = HttpSettings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        endpoint: "/mcp".into(),
        allowed_hosts: Vec::new(),
        allowed_origins: AllowedOrigins::Loopback,
        body_bytes_max: 1 << 20,
        bounds: BoundSettings::none(),
        observe: ObserveSettings::default(),
        auth: AuthSettings::shared_secret(&secret),
        sessions: SessionSettings { place: SessionPlace::File(None), policy: Policy::default() },
        api: ApiSettings::default(),
    };
    let start = async |http: &HttpSettings| {
        let cohorts = Cohorts::open(&http.sessions, folder.path())?;
        let mcp = McpServer::new(engine.clone(), cohorts, settings.page_size_max);
        Running::start(http, engine.clone(), mcp, folder.path()).await
    };
    let server = start(&http).await?;
    http.listen = server.address;
    let url = format!("http://{}{}", server.address, http.endpoint);
    say(&format!(
        "{} studies, data version {}. Serving at {url}, callers must bring a token.\n",
        data.studies.unwrap_or_default(),
        data.id
    ))?;

    let mut ana = Client::new(&url, token(&secret, "ana")?);
    let ben = Client::new(&url, token(&secret, "ben")?);
    conversation(&mut ana, ben).await?;

    title("The server stops, and starts again")?;
    server.stop().await?;
    let server = start(&http).await?;
    say("  … its sessions were in a file\n")?;

    title("Ana's session is unharmed; she ends it, and the id is dead")?;
    goodbye(&mut ana).await?;
    server.stop().await?;
    say(&how_to_connect()?)
}

/// A server at work.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Running {
    async fn start(
        http: &HttpSettings,
        engine: Engine,
        mcp: McpServer,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let server = HttpServer::new(http, engine, mcp, Store::open(&http.sessions, folder)?)?;
        let listener = TcpListener::bind(http.listen).await.context("no free port on 127.0.0.1")?;
        let address = listener.local_addr().context("the listener has no address")?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(server.serve(listener, async move { _ = stopped.await }));
        Ok(Self { address, stop, serving })
    }

    async fn stop(self) -> anyhow::Result<()> {
        // Nobody waits for this any more if it has ended by itself.
        let _ = self.stop.send(());
        Ok(self.serving.await.context("the server did not stop")??)
    }
}

async fn conversation(ana: &mut Client, mut ben: Client) -> anyhow::Result<()> {
    title("Ana opens a session")?;
    let server = ana.initialize().await?;
    say(&format!(
        "  <- 200, {} {}, protocol {}, and a session id of 64 hexadecimal digits that only Ana's tokens can use\n",
        server["serverInfo"]["name"].as_str().unwrap_or_default(),
        server["serverInfo"]["version"].as_str().unwrap_or_default(),
        server["protocolVersion"].as_str().unwrap_or_default(),
    ))?;

    title("She searches")?;
    let search = json!({"conditionQuery": "diabetes", "statusFilter": "RECRUITING", "sort": "LastUpdatePostDate:desc", "pageSize": 3});
    let page = ana.call("clinicaltrials_search_studies", search).await?;
    answer(&page)?;
    let found = page["structuredContent"]["studies"][0]["nctId"]
        .as_str()
        .context("the search found nothing")?
        .to_owned();

    title("She counts")?;
    answer(&ana.call("clinicaltrials_get_study_count", json!({"phaseFilter": ["PHASE2", "PHASE3"]})).await?)?;

    title("She reads a record")?;
    let record = ana.call("clinicaltrials_get_study_record", json!({"nctId": found})).await?;
    let text = record["content"][1]["text"].as_str().unwrap_or_default();
    let heading = record["content"][0]["text"].as_str().unwrap_or_default();
    let start: String = text.chars().take(300).collect();
    say(&format!("  <- 200, {heading}\n     {start}… ({} bytes)\n", text.len()))?;

    title("Ben has stolen Ana's session id and sends it with his own, valid token")?;
    ben.steal_session_of(ana);
    let stolen = ben.request("tools/list", json!({})).await?;
    say(&format!("  <- {}, {}\n", stolen.status, stolen.body))?;
    ensure!(stolen.status == 404, "a stolen session id was answered with {}", stolen.status);

    title("He tries an id that does not exist: the very same answer, so he learns nothing")?;
    ben.invent_session();
    let unknown = ben.request("tools/list", json!({})).await?;
    say(&format!("  <- {}, {}\n", unknown.status, unknown.body))?;
    ensure!((unknown.status, &unknown.body) == (stolen.status, &stolen.body), "the two answers differ");
    Ok(())
}

async fn goodbye(ana: &mut Client) -> anyhow::Result<()> {
    let tools = ana.request("tools/list", json!({})).await?;
    say(&format!(
        "  <- {}, {} tools\n",
        tools.status,
        tools.json()?["result"]["tools"].as_array().map_or(0, Vec::len)
    ))?;
    ensure!(tools.status == 200, "the session did not survive: {}", tools.body);
    let ended = ana.end_session().await?;
    say(&format!("  <- {ended}\n"))?;
    let afterwards = ana.request("tools/list", json!({})).await?;
    say(&format!("  <- {}, {}\n", afterwards.status, afterwards.body))?;
    ensure!((ended, afterwards.status) == (204, 404), "the session did not end");
    Ok(())
}

fn title(text: &str) -> anyhow::Result<()> {
    say(&format!("\n{text}\n"))
}

/// The text of a tool's answer, indented under the request it answers.
fn answer(result: &Value) -> anyhow::Result<()> {
    ensure!(result["isError"] != true, "the tool refused: {result}");
    let text = result["content"][0]["text"].as_str().unwrap_or_default();
    say(&format!("  <- 200, {}\n", text.replace('\n', "\n     ")))
}

fn say(text: &str) -> anyhow::Result<()> {
    stdout().write_all(text.as_bytes()).context("nobody reads the demo any more")
}

fn rand_secret() -> anyhow::Result<[u8; 32]> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("the system has no randomness: {error}"))?;
    Ok(secret)
}

/// A token such as an identity provider would issue to a client that `subject` uses.
fn token(secret: &[u8], subject: &str) -> anyhow::Result<String> {
    let expires =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default() + TOKEN_LIFETIME;
    let claims = json!({
        "iss": "https://idp.example", "sub": subject, "client_id": "demo", "exp": expires.as_secs(),
    });
    sign_hs256(secret, &claims).context("cannot sign a token")
}

/// What to paste where, so that the clients people use start this program.
fn how_to_connect() -> anyhow::Result<String> {
    let program = std::env::current_exe().context("this program has no path")?;
    let entry = json!({"command": program, "args": ["stdio", "--source", "sample"]});
    let pretty =
        |value: Value| serde_json::to_string_pretty(&value).context("the configuration cannot be printed");
    let servers = pretty(json!({"mcpServers": {"clinicaltrials": entry}}))?;
    let mut with_type = entry;
    with_type["type"] = "stdio".into();
    let vscode = pretty(json!({"servers": {"clinicaltrials": with_type}}))?;
    let program = program.display();
    Ok(format!(
        "\nThat was it. To use it yourself (on synthetic studies until you import real ones):\n\n\
         Claude Desktop (Settings, Developer, Edit Config) and Cursor (~/.cursor/mcp.json):\n{servers}\n\n\
         VS Code (.vscode/mcp.json):\n{vscode}\n\n\
         MCP Inspector:\nnpx @modelcontextprotocol/inspector {program} stdio --source sample\n\n\
         Real studies: download records from ClinicalTrials.gov, then\n{program} import FILE…\n{program} serve\n"
    ))
}

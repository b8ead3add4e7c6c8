//! What the end-to-end tests share: a server (this process's or the real program), callers, tokens.

pub(crate) mod issuer;
pub(crate) mod servers;
pub(crate) mod toolbox;

use clinicaltrials_mcp::{
    auth::sign_hs256,
    cohorts::Cohorts,
    engine::Engine,
    http::HttpServer,
    mcp::McpServer,
    sessions::Store,
    settings::{
        AllowedOrigins, ApiAccess, ApiSettings, AuthSettings, BoundSettings, HttpSettings, ObserveSettings,
        SessionPlace, SessionSettings,
    },
};
use ctgov::{
    Budget, DataSource, DataVersion, Document, Matching, NctId, Page, Registry, RegistryError, Snapshot,
    StudyQuery, VersionId,
    pieces::Piece,
    synonyms::Synonyms,
    tabulate::{FieldStats, ListSizes, RecordSizes, Table, TableQuery},
};
use mcp_sessions::{MemoryStore, Policy};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};

pub(crate) const SECRET: &str = "a secret of the tests, long enough to be one";
pub(crate) const LEGACY: &str = "2025-11-25";
pub(crate) const MODERN: &str = "2026-07-28";

/// Says on the real standard error, past the test harness, that a test cannot run here.
pub(crate) fn skipped(reason: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {reason}");
}

/// The real data next to the checkout, if it is there.
pub(crate) fn shared_data(file: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(file);
    if path.exists() {
        return Some(path);
    }
    skipped(&format!("{file} of the real data is not next to the checkout"));
    None
}

/// A mirror of `count` synthetic studies in a folder of its own.
pub(crate) fn sample_mirror(count: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sample.ndjson");
    let lines: String = ctgov_sample::Sample::new(count).iter().map(|study| study + "\n").collect();
    std::fs::write(&file, lines).unwrap();
    import(&file, folder.path());
    folder
}

/// Imports with the real program.
pub(crate) fn import(file: &Path, data_dir: &Path) {
    let output = program().arg("import").arg(file).arg("--data-dir").arg(data_dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The real program, with nothing of this process's environment but PATH and HOME.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clinicaltrials-mcp"));
    command.env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR"));
    command
}

/// The real program serving HTTP; killed when dropped.
pub(crate) struct Program {
    pub(crate) url: String,
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    stderr: PathBuf,
    _folder: tempfile::TempDir,
}

impl Program {
    pub(crate) fn serve(data_dir: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = program();
        command
            .args(["serve", "--data-dir"])
            .arg(data_dir)
            .args(if arguments.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] })
            .args(arguments)
            .envs(variables.iter().copied());
        Self::start(&mut command)
    }

    /// Starts a command that serves HTTP.
    pub(crate) fn start(command: &mut Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stderr = folder.path().join("stderr");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line.split_once("http://").and_then(|(_, rest)| rest.split_once(". ")).map(|(url, _)| url);
        let told = std::fs::read_to_string(&stderr).unwrap();
        let url = format!("http://{}", url.unwrap_or_else(|| panic!("it said {line:?} and {told}")));
        Self { url, child, stdout, stderr, _folder: folder }
    }

    pub(crate) fn jwt(data_dir: &Path, arguments: &[&str]) -> Self {
        let arguments = [&["--auth", "jwt"], arguments].concat();
        Self::serve(data_dir, &arguments, &[("MCP_AUTH_SECRET_KEY", SECRET)])
    }

    /// The request that it printed to be copied into a shell.
    pub(crate) fn request_to_copy(&mut self) -> String {
        let mut request = String::new();
        while !request.trim_end().ends_with("}'") {
            assert_ne!(self.stdout.read_line(&mut request).unwrap(), 0, "{request}");
        }
        request
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let status =
            Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until its log says so.
    pub(crate) async fn wait_until_it_says(&self, words: &str) {
        let mut said = String::new();
        for _ in 0..200 {
            said = std::fs::read_to_string(&self.stderr).unwrap();
            if said.contains(words) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it never said `{words}`: {said}");
    }

    /// Waits for it to end by itself, and returns its exit code and everything it wrote.
    pub(crate) fn finish(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        let mut written = String::new();
        std::io::Read::read_to_string(&mut self.stdout, &mut written).unwrap();
        (status.code(), written + &std::fs::read_to_string(&self.stderr).unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server in this process.
pub(crate) struct InProcess {
    pub(crate) url: String,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl InProcess {
    pub(crate) async fn start(registry: Arc<dyn Registry>, auth: AuthSettings) -> Self {
        Self::start_within(registry, auth, BoundSettings::none()).await
    }

    /// One whose callers may ask only so much.
    pub(crate) async fn start_within(
        registry: Arc<dyn Registry>,
        auth: AuthSettings,
        bounds: BoundSettings,
    ) -> Self {
        // As `serve` has it by default, with time for unoptimised searches.
        let access = if auth.is_none() { ApiAccess::Open } else { ApiAccess::Guarded };
        let api = ApiSettings { access, query_time_max: Duration::from_secs(20) };
        let settings = HttpSettings {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            endpoint: "/mcp".into(),
            allowed_hosts: vec!["mcp.example.org".into()],
            allowed_origins: AllowedOrigins::Loopback,
            body_bytes_max: 64 << 10,
            bounds,
            observe: ObserveSettings::default(),
            auth,
            sessions: SessionSettings { place: SessionPlace::Memory, policy: Policy::default() },
            api,
        };
        let engine = Engine::new(registry);
        let store = Store::Memory(MemoryStore::default());
        let cohorts = Cohorts::in_memory().unwrap();
        let server =
            HttpServer::new(&settings, engine.clone(), McpServer::new(engine, cohorts, 200), store).unwrap();
        let listener = TcpListener::bind(settings.listen).await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(server.serve(listener, async move { _ = stopped.await }));
        Self { url, stop: Some(stop), serving }
    }

    /// Asks it to stop; [`stopped`](Self::stopped) waits until it has.
    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(crate) async fn stopped(self) {
        self.serving.await.unwrap().unwrap();
    }
}

/// An answer as it came over HTTP.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Every header but the date and the request's id, sorted.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The JSON-RPC message, out of JSON or out of the last event of a stream.
    pub(crate) fn message(&self) -> Value {
        let last_event = self.body.lines().rev().find_map(|line| line.strip_prefix("data: "));
        let text = last_event.filter(|_| !self.body.starts_with('{')).unwrap_or(&self.body);
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn result(&self) -> Value {
        let mut message = self.message();
        assert!(message.get("result").is_some(), "{self:?}");
        message["result"].take()
    }
}

/// One caller: where, with which token, in which session and protocol revision.
#[derive(Clone)]
pub(crate) struct Caller {
    http: reqwest::Client,
    url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) modern: bool,
}

impl Caller {
    pub(crate) fn new(url: &str) -> Self {
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json, text/event-stream".to_owned()),
        ];
        Self { http: reqwest::Client::new(), url: url.to_owned(), headers, modern: false }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn bearing(self, claims: &Value) -> Self {
        self.with("authorization", format!("Bearer {}", token(claims)))
    }

    pub(crate) fn in_session(self, id: &str) -> Self {
        self.with("mcp-session-id", id).with("mcp-protocol-version", LEGACY)
    }

    pub(crate) fn stateless(mut self) -> Self {
        self.modern = true;
        self.with("mcp-protocol-version", MODERN)
    }

    pub(crate) async fn send(&self, method: reqwest::Method, body: impl Into<reqwest::Body>) -> Reply {
        let request =
            self.headers.iter().fold(self.http.request(method, &self.url), |request, (name, value)| {
                request.header(*name, value)
            });
        let response = request.body(body).send().await.unwrap();
        let status = response.status().as_u16();
        let mut headers: Vec<_> = response
            .headers()
            .iter()
            .filter(|(name, _)| *name != "date" && *name != "x-request-id")
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        headers.sort();
        Reply { status, headers, body: response.text().await.unwrap() }
    }

    /// The status of a request that may fail with its connection.
    pub(crate) async fn try_request(&self, method: &str) -> reqwest::Result<u16> {
        let message = json!({"jsonrpc": "2.0", "id": 5, "method": method, "params": {}});
        let request = self
            .headers
            .iter()
            .fold(self.http.post(&self.url), |request, (name, value)| request.header(*name, value));
        let response = request.body(message.to_string()).send().await?;
        let status = response.status().as_u16();
        response.bytes().await?;
        Ok(status)
    }

    pub(crate) async fn post(&self, message: &Value) -> Reply {
        let mut caller = self.clone();
        let mut message = message.clone();
        if self.modern {
            let method = message["method"].as_str().unwrap().to_owned();
            let name =
                message["params"]["name"].as_str().or(message["params"]["uri"].as_str()).map(str::to_owned);
            let meta = &mut message["params"]["_meta"];
            meta["io.modelcontextprotocol/protocolVersion"] = MODERN.into();
            meta["io.modelcontextprotocol/clientCapabilities"] = json!({});
            caller = caller.with("mcp-method", method);
            if let Some(name) = name {
                caller = caller.with("mcp-name", name);
            }
        }
        caller.send(reqwest::Method::POST, message.to_string()).await
    }

    pub(crate) async fn request(&self, id: impl Into<Value>, method: &str, params: Value) -> Reply {
        let id: Value = id.into();
        self.post(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await
    }

    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.request(1, "tools/call", json!({"name": tool, "arguments": arguments})).await.result()
    }

    pub(crate) async fn delete(&self) -> Reply {
        self.send(reqwest::Method::DELETE, "").await
    }

    pub(crate) async fn initialize(&self, version: &str) -> Reply {
        let params = json!({
            "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
        });
        self.request(0, "initialize", params).await
    }

    /// Opens a session and returns its id.
    pub(crate) async fn open_session(&self) -> String {
        let reply = self.initialize(LEGACY).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.header("mcp-session-id").unwrap_or_else(|| panic!("{reply:?}")).to_owned()
    }
}

/// A token with these claims, valid for years unless they say otherwise.
pub(crate) fn token(claims: &Value) -> String {
    let mut claims = claims.clone();
    if claims.get("exp").is_none() {
        claims["exp"] = 4_000_000_000_u64.into();
    }
    sign_hs256(SECRET.as_bytes(), &claims).unwrap()
}

/// A registry whose searches work on for a while, telling how far they are, unless they are told to stop.
pub(crate) struct SlowRegistry {
    search_time: Duration,
    started: watch::Sender<usize>,
}

impl SlowRegistry {
    pub(crate) fn new(search_time: Duration) -> Arc<Self> {
        Arc::new(Self { search_time, started: watch::Sender::new(0) })
    }

    /// Waits until this many searches are, or were, at work.
    pub(crate) async fn started(&self, searches: usize) {
        self.started.subscribe().wait_for(|started| *started >= searches).await.unwrap();
    }
}

impl Registry for SlowRegistry {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, RegistryError> {
        let version = DataVersion {
            id: VersionId([7; 8]),
            source: DataSource::Sample,
            studies: Some(1),
            synthetic: Some(1),
            newest_update: None,
            service: None,
        };
        Ok(Arc::new(SlowSnapshot { search_time: self.search_time, started: self.started.clone(), version }))
    }
}

struct SlowSnapshot {
    search_time: Duration,
    started: watch::Sender<usize>,
    version: DataVersion,
}

impl Snapshot for SlowSnapshot {
    fn data_version(&self) -> &DataVersion {
        &self.version
    }

    fn search(
        &self,
        _: &StudyQuery,
        budget: &Budget,
        _: &mut dyn FnMut(Document) -> Result<(), RegistryError>,
    ) -> Result<Page, RegistryError> {
        const STEP: Duration = Duration::from_millis(20);
        self.started.send_modify(|started| *started += 1);
        let steps = (self.search_time.as_millis() / STEP.as_millis()) as u64;
        for done in 0..steps {
            budget.step(done, steps)?;
            std::thread::sleep(STEP);
        }
        Ok(Page::default())
    }

    fn count(&self, _: &Matching, _: &Budget) -> Result<u64, RegistryError> {
        Ok(1)
    }

    fn study(&self, _: NctId, _: &Budget) -> Result<Option<Document>, RegistryError> {
        Ok(None)
    }

    fn find(&self, query: &StudyQuery, budget: &Budget) -> Result<(Vec<NctId>, Page), RegistryError> {
        Ok((Vec::new(), self.search(query, budget, &mut |_| Ok(()))?))
    }

    fn synonyms(&self) -> &Synonyms {
        Synonyms::none()
    }

    fn successor(&self, _: NctId, _: &Budget) -> Result<Option<NctId>, RegistryError> {
        Ok(None)
    }

    fn tabulate(&self, _: &TableQuery, _: &Budget) -> Result<Table, RegistryError> {
        Ok(Table::default())
    }

    fn field_stats(&self, _: Piece, _: &Matching, _: &Budget) -> Result<FieldStats, RegistryError> {
        Err(RegistryError::Busy)
    }

    fn list_sizes(&self, _: Piece, _: &Budget) -> Result<ListSizes, RegistryError> {
        Err(RegistryError::Busy)
    }

    fn record_sizes(&self, _: &Budget) -> Result<RecordSizes, RegistryError> {
        Err(RegistryError::Busy)
    }
}

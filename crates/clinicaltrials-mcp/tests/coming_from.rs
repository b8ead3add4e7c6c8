//! `docs/coming-from-clinicaltrialsgov-mcp-server.md` for users of the npm server: it names everything of theirs, and what
//! it calls taken is taken. Their environment starts this program.

use crate::support::{
    Caller, LEGACY, Program, SECRET, program, sample_mirror, servers::free_address, shared_data,
    toolbox::Toolbox,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

const DOCUMENT: &str = include_str!("../../../docs/coming-from-clinicaltrialsgov-mcp-server.md");

/// The tools of a line of theirs, with their parameters.
type Tools = &'static [(&'static str, &'static [&'static str])];

const LINE_2: Tools = &[
    (
        "clinicaltrials_search_studies",
        &[
            "query",
            "conditionQuery",
            "interventionQuery",
            "locationQuery",
            "sponsorQuery",
            "titleQuery",
            "outcomeQuery",
            "statusFilter",
            "phaseFilter",
            "advancedFilter",
            "geoFilter",
            "nctIds",
            "fields",
            "sort",
            "pageSize",
            "pageToken",
            "countTotal",
            "includeUnknownEnrollment",
        ],
    ),
    (
        "clinicaltrials_get_study_record",
        &["nctId", "locationLimit", "outcomeLimit", "referenceLimit", "nearLocation"],
    ),
    (
        "clinicaltrials_get_study_count",
        &[
            "query",
            "conditionQuery",
            "interventionQuery",
            "locationQuery",
            "sponsorQuery",
            "titleQuery",
            "outcomeQuery",
            "statusFilter",
            "phaseFilter",
            "advancedFilter",
            "includeUnknownEnrollment",
        ],
    ),
    ("clinicaltrials_get_field_values", &["fields"]),
    ("clinicaltrials_get_field_definitions", &["mode", "query", "path", "limit", "includeIndexedOnly"]),
    ("clinicaltrials_get_study_results", &["nctIds", "sections", "summary"]),
    (
        "clinicaltrials_find_eligible",
        &["age", "sex", "conditions", "location", "healthyVolunteer", "recruitingOnly", "maxResults"],
    ),
];

const LINE_1: Tools = &[
    ("clinicaltrials_get_study", &["nctIds", "summaryOnly"]),
    (
        "clinicaltrials_find_eligible_studies",
        &["age", "sex", "conditions", "location", "healthyVolunteer", "maxResults", "recruitingOnly"],
    ),
    (
        "clinicaltrials_search_studies",
        &[
            "query",
            "conditionQuery",
            "interventionQuery",
            "sponsorQuery",
            "filter",
            "statusFilter",
            "phaseFilter",
            "pageSize",
            "pageToken",
            "sort",
            "fields",
            "country",
            "state",
            "city",
            "geoFilter",
        ],
    ),
    ("clinicaltrials_get_study_results", &["nctIds", "sections"]),
    ("clinicaltrials_get_field_values", &["fieldName"]),
    ("clinicaltrials_analyze_trends", &["query", "filter", "analysisType"]),
    ("clinicaltrials_compare_studies", &["nctIds", "compareFields"]),
];

/// Their variables, as somebody has them who set them all.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("CT_API_BASE_URL", "https://clinicaltrials.gov/api/v2"),
    ("CT_REQUEST_TIMEOUT_MS", "30000"),
    ("CT_MAX_PAGE_SIZE", "50"),
    ("CT_MAX_ELIGIBLE_CANDIDATES", "500"),
    ("MCP_TRANSPORT_TYPE", "http"),
    ("MCP_SESSION_MODE", "auto"),
    ("MCP_RESPONSE_VERBOSITY", "standard"),
    ("MCP_HTTP_PORT", "3010"),
    ("MCP_HTTP_HOST", "127.0.0.1"),
    ("MCP_HTTP_ENDPOINT_PATH", "/clinicaltrials"),
    ("MCP_HTTP_MAX_PORT_RETRIES", "15"),
    ("MCP_HTTP_PORT_RETRY_DELAY_MS", "50"),
    ("MCP_HTTP_MAX_BODY_BYTES", "20000"),
    ("MCP_PUBLIC_URL", "https://mcp.example.org"),
    ("MCP_STATEFUL_SESSION_STALE_TIMEOUT_MS", "1800000"),
    ("MCP_HTTP_RESUMABILITY", "true"),
    ("MCP_HTTP_RESUMABILITY_MAX_EVENTS", "512"),
    ("MCP_HTTP_RESUMABILITY_TTL_MS", "300000"),
    ("MCP_HEARTBEAT_INTERVAL_MS", "0"),
    ("MCP_HEARTBEAT_MISS_THRESHOLD", "3"),
    ("MCP_GC_PRESSURE_INTERVAL_MS", "60000"),
    ("MCP_ALLOWED_ORIGINS", "https://app.example.org, https://other.example.org"),
    ("MCP_AUTH_MODE", "jwt"),
    ("MCP_AUTH_SECRET_KEY", SECRET),
    ("MCP_JWT_EXPECTED_ISSUER", "https://idp.example.org"),
    ("MCP_JWT_EXPECTED_AUDIENCE", "clinicaltrials"),
    ("MCP_AUTH_DISABLE_SCOPE_CHECKS", "false"),
    ("OAUTH_ISSUER_URL", "https://idp.example.org"),
    ("OAUTH_AUDIENCE", "clinicaltrials"),
    ("OAUTH_JWKS_URI", "https://idp.example.org/jwks"),
    ("OAUTH_JWKS_COOLDOWN_MS", "300000"),
    ("OAUTH_JWKS_TIMEOUT_MS", "5000"),
    ("MCP_SERVER_RESOURCE_IDENTIFIER", "https://mcp.example.org/clinicaltrials"),
    ("DEV_MCP_AUTH_BYPASS", "true"),
    ("DEV_MCP_CLIENT_ID", "dev-client-id"),
    ("DEV_MCP_SCOPES", "dev-scope"),
    ("OAUTH_PROXY_AUTHORIZATION_URL", "https://idp.example.org/authorize"),
    ("OAUTH_PROXY_TOKEN_URL", "https://idp.example.org/token"),
    ("OAUTH_PROXY_REVOCATION_URL", "https://idp.example.org/revoke"),
    ("OAUTH_PROXY_ISSUER_URL", "https://idp.example.org"),
    ("OAUTH_PROXY_SERVICE_DOCUMENTATION_URL", "https://idp.example.org/docs"),
    ("OAUTH_PROXY_DEFAULT_CLIENT_REDIRECT_URIS", "http://localhost/callback"),
    ("MCP_LOG_LEVEL", "notice"),
    ("LOGS_DIR", "logs"),
    ("LOG_LLM_INTERACTIONS", "false"),
    ("MCP_LOG_RATE_LIMIT_THRESHOLD", "10"),
    ("MCP_LOG_RATE_LIMIT_WINDOW_MS", "60000"),
    ("NODE_ENV", "production"),
    ("MCP_SERVER_NAME", "our-trials"),
    ("MCP_SERVER_VERSION", "1.2.3"),
    ("MCP_SERVER_DESCRIPTION", "trials"),
    ("MCP_SERVER_HOMEPAGE", "https://example.org"),
    ("PACKAGE_NAME", "our-trials"),
    ("PACKAGE_VERSION", "1.2.3"),
    ("PACKAGE_DESCRIPTION", "trials"),
    ("PACKAGE_KEYWORDS", "trials"),
    ("STORAGE_PROVIDER_TYPE", "filesystem"),
    ("STORAGE_FILESYSTEM_PATH", "./.storage"),
    ("SUPABASE_URL", "https://db.example.org"),
    ("SUPABASE_ANON_KEY", "key"),
    ("SUPABASE_SERVICE_ROLE_KEY", "key"),
    ("TASK_STORE_TYPE", "in-memory"),
    ("TASK_STORE_TENANT_ID", "system-tasks"),
    ("TASK_STORE_DEFAULT_TTL_MS", "60000"),
    ("OTEL_ENABLED", "false"),
    ("OTEL_SERVICE_NAME", "our-trials"),
    ("OTEL_SERVICE_VERSION", "1.2.3"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:4318/v1/traces"),
    ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://127.0.0.1:4318/v1/metrics"),
    ("OTEL_TRACES_SAMPLER_ARG", "1.0"),
    ("OTEL_LOG_LEVEL", "INFO"),
    ("CANVAS_PROVIDER_TYPE", "none"),
    ("SPEECH_TTS_ENABLED", "false"),
    ("SPEECH_STT_ENABLED", "false"),
    ("OPENROUTER_API_KEY", "key"),
    ("LLM_DEFAULT_MODEL", "none"),
    ("CLINICALTRIALS_DATA_PATH", "./data"),
    ("MAX_STUDIES_FOR_ANALYSIS", "5000"),
];

const RESOURCE: &str = "clinicaltrials://{nctId}";
const PROMPT: (&str, [&str; 2]) = ("analyze_trial_landscape", ["topic", "focusAreas"]);

/// A row: what it calls the name, and what it says of it.
struct Row {
    status: &'static str,
    note: &'static str,
}

/// A part of the document under a heading.
struct Part {
    /// The headings above it and its own: `Tools of 2.x`, `` `clinicaltrials_search_studies` ``.
    headings: (&'static str, &'static str),
    text: &'static str,
    rows: BTreeMap<&'static str, Row>,
}

fn quoted(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split('`').skip(1).step_by(2)
}

/// The parts that have tables, in the document's order.
fn parts() -> Vec<Part> {
    let mut parts = Vec::new();
    for chapter in DOCUMENT.split("\n## ").skip(1) {
        let title = chapter.lines().next().unwrap();
        for (at, text) in chapter.split("\n### ").enumerate() {
            let own = if at == 0 { "" } else { text.lines().next().unwrap() };
            let mut rows = BTreeMap::new();
            for line in text.lines().filter(|line| line.starts_with("| `")) {
                let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
                let [names, status, note] = cells[..] else { panic!("no row of three cells: {line}") };
                for name in quoted(names) {
                    let new = rows.insert(name, Row { status, note }).is_none();
                    assert!(new, "{title}, {own}: `{name}` has two rows");
                }
            }
            parts.push(Part { headings: (title, own), text, rows });
        }
    }
    parts.retain(|part| !part.rows.is_empty());
    parts
}

/// The names of a line's tools and parameters in the list that was taken from their server, if it is here.
fn listed(version: &str) -> Option<BTreeMap<String, BTreeSet<String>>> {
    let surface = std::fs::read_to_string(shared_data("peer-surface.json")?).unwrap();
    let surface: Value = serde_json::from_str(&surface).unwrap();
    let tool = |tool: &Value| {
        let parameters = tool["inputSchema"]["properties"].as_object().unwrap();
        (tool["name"].as_str().unwrap().to_owned(), parameters.keys().cloned().collect())
    };
    Some(surface[version]["tools"].as_array().unwrap().iter().map(tool).collect())
}

#[test]
fn the_lists_here_are_those_of_their_server() {
    for (version, tools) in [("2.8.2", LINE_2), ("1.9.3", LINE_1)] {
        let Some(listed) = listed(version) else { return };
        let here = tools.iter().map(|(name, parameters)| {
            ((*name).to_owned(), parameters.iter().map(|name| (*name).to_owned()).collect())
        });
        assert_eq!(here.collect::<BTreeMap<_, BTreeSet<_>>>(), listed, "{version}");
    }
}

#[tokio::test]
async fn every_tool_and_parameter_of_theirs_has_its_row_and_what_is_called_taken_is() {
    let toolbox = Toolbox::sample();
    let definitions = toolbox.definitions().await;
    let parts = parts();
    for (chapter, tools) in [("Tools of 2.x", LINE_2), ("Tools of 1.x", LINE_1)] {
        let of_line: Vec<&Part> = parts.iter().filter(|part| part.headings.0 == chapter).collect();
        assert_eq!(of_line.len(), tools.len(), "{chapter}: a tool too many or too few");
        for (tool, parameters) in tools {
            let part = of_line.iter().find(|part| part.headings.1 == format!("`{tool}`"));
            let part = part.unwrap_or_else(|| panic!("{chapter}: `{tool}` is missing"));
            let names: Vec<&str> = part.rows.keys().copied().collect();
            let mut expected = parameters.to_vec();
            expected.sort_unstable();
            assert_eq!(names, expected, "{chapter}, {tool}");
            let here = part.text.split_once("\nHere: ").and_then(|(_, rest)| quoted(rest).next()).unwrap();
            let definition = definitions.iter().find(|definition| definition["name"] == here);
            let known = &definition.unwrap_or_else(|| panic!("there is no tool `{here}`"))["inputSchema"]["properties"];
            for (name, Row { status, note }) in &part.rows {
                // Another name here is the first one that the note quotes: as `advancedFilter`.
                let own_name = match note.strip_prefix("as `") {
                    Some(rest) => rest.split('`').next().unwrap(),
                    None => name,
                };
                let short = here.strip_prefix("clinicaltrials_").unwrap();
                match *status {
                    "taken" => {
                        assert!(known.get(own_name).is_some(), "{here} has no `{own_name}`");
                        if own_name != *name {
                            // Its mistakes are about its value, or about another parameter, or there are none.
                            let arguments = json!({*name: 1_000_000_000});
                            let answer = toolbox.caller().call(here, arguments).await.to_string();
                            assert!(!answer.contains("there is no parameter"), "{here}, {name}: {answer}");
                        }
                    }
                    "refused" => {
                        let (problem, hint) = toolbox.refusal(short, json!({*name: "x"})).await;
                        assert!(problem.contains(&format!("`{name}` is not served")), "{here}: {problem}");
                        assert!(hint.len() > 20, "{here}, {name}: {hint}");
                    }
                    other => panic!("{here}, {name}: `{other}`"),
                }
            }
        }
    }
    let within = |tool: &str, parameter: &str| -> BTreeSet<String> {
        let definition = definitions.iter().find(|definition| definition["name"] == tool).unwrap();
        let object = definition["inputSchema"]["properties"][parameter].as_object().unwrap();
        object["properties"].as_object().unwrap().keys().cloned().collect()
    };
    let place = within("clinicaltrials_find_eligible", "location");
    assert!(["country", "state", "city"].iter().all(|name| place.contains(*name)), "{place:?}");
    let near = within("clinicaltrials_get_study_record", "nearLocation");
    assert!(["lat", "lon", "radiusMi"].iter().all(|name| near.contains(*name)), "{near:?}");
}

#[tokio::test]
async fn their_resource_and_prompt_have_their_rows_and_are_here() {
    let parts = parts();
    let part = parts.iter().find(|part| part.headings.0 == "Resource and prompt").unwrap();
    assert_eq!(part.rows.keys().copied().collect::<Vec<_>>(), [PROMPT.0, RESOURCE]);
    assert!(part.rows.values().all(|row| row.status == "taken"));
    let toolbox = Toolbox::sample();
    let caller = toolbox.caller();
    let templates = caller.request(1, "resources/templates/list", json!({})).await.result();
    let templates = templates["resourceTemplates"].as_array().unwrap();
    assert!(templates.iter().any(|template| template["uriTemplate"] == RESOURCE), "{templates:?}");
    let prompts = caller.request(1, "prompts/list", json!({})).await.result();
    let prompt = &prompts["prompts"][0];
    assert_eq!(prompt["name"], PROMPT.0);
    let arguments = prompt["arguments"].as_array().unwrap();
    for name in PROMPT.1 {
        assert!(part.rows[PROMPT.0].note.contains(&format!("`{name}`")), "{name}");
        let argument = arguments.iter().find(|argument| argument["name"] == name).unwrap();
        assert_eq!(argument["required"], name == "topic");
    }
}

#[test]
fn every_variable_of_theirs_has_its_row_and_every_row_is_about_one() {
    let parts = parts();
    let mut rows = BTreeMap::new();
    for part in parts.iter().filter(|part| part.headings.0 == "Settings") {
        for (name, row) in &part.rows {
            assert!(rows.insert(*name, row.status).is_none(), "`{name}` has two rows");
            assert!(["taken", "taken, with a difference", "without effect"].contains(&row.status), "{name}");
        }
    }
    let row_of = |variable: &str| {
        let is_of = |name: &&&str| match name.strip_suffix('*') {
            Some(start) => variable.starts_with(start),
            None => variable == **name,
        };
        let mut found = rows.keys().filter(is_of);
        let row = *found.next().unwrap_or_else(|| panic!("`{variable}` has no row"));
        assert_eq!(found.next(), None, "`{variable}` has two rows");
        row
    };
    let used: BTreeSet<&str> = ENVIRONMENT.iter().map(|(variable, _)| row_of(variable)).collect();
    assert_eq!(used, rows.keys().copied().collect(), "rows about no variable of theirs");
}

/// The program, started as theirs is, with all of their variables and some changed.
fn started(home: &Path, changed: &[(&str, &str)]) -> Command {
    let mut command = program();
    command.env("HOME", home).envs(ENVIRONMENT.iter().copied()).envs(changed.iter().copied());
    command
}

fn initialize() -> Value {
    let parameters = json!({
        "protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "theirs", "version": "1"},
    });
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": parameters})
}

#[tokio::test(flavor = "multi_thread")]
async fn their_environment_serves_over_http_where_and_to_whom_it_says() {
    let mirror = sample_mirror(20);
    let service = Program::serve(mirror.path(), &[], &[]);
    let (home, port) = (tempfile::tempdir().unwrap(), free_address().port().to_string());
    let api = service.url.replace("/mcp", "/api/v2");
    let mut command = started(home.path(), &[("MCP_HTTP_PORT", &port), ("CT_API_BASE_URL", &api)]);
    let server = Program::start(&mut command);
    assert_eq!(server.url, format!("http://127.0.0.1:{port}/clinicaltrials"));

    let good = json!({"iss": "https://idp.example.org", "aud": "clinicaltrials", "sub": "ana", "cid": "app"});
    let with = |claim: &str, value: &str| {
        let mut claims = good.clone();
        claims[claim] = value.into();
        claims
    };
    let nobody = Caller::new(&server.url);
    assert_eq!(nobody.post(&initialize()).await.status, 401, "DEV_MCP_AUTH_BYPASS bypasses nothing");
    for claims in [with("iss", "https://elsewhere.example.org"), with("aud", "another")] {
        assert_eq!(nobody.clone().bearing(&claims).post(&initialize()).await.status, 401, "{claims}");
    }
    let ana = nobody.bearing(&good);
    for (name, value, status) in [
        ("host", "mcp.example.org", 200),
        ("host", "elsewhere.example.org", 403),
        ("origin", "https://other.example.org", 200),
        ("origin", "http://localhost:5173", 403),
    ] {
        assert_eq!(ana.clone().with(name, value).post(&initialize()).await.status, status, "{name}: {value}");
    }
    let session = ana.open_session().await;
    let ana = ana.in_session(&session);
    let counted = ana.call("clinicaltrials_get_study_count", json!({})).await;
    assert_eq!(counted["structuredContent"]["totalCount"], 20, "{counted}");
    assert_eq!(counted["structuredContent"]["data"]["source"], "live");
    let tools = ana.request(2, "tools/list", json!({})).await.result();
    let search = tools["tools"].as_array().unwrap().iter();
    let search = search.clone().find(|tool| tool["name"] == "clinicaltrials_search_studies").unwrap();
    assert_eq!(search["inputSchema"]["properties"]["pageSize"]["maximum"], 50, "CT_MAX_PAGE_SIZE");
    let large = json!({"name": "clinicaltrials_get_study_count", "arguments": {"query": "x".repeat(20_000)}});
    assert_eq!(ana.request(3, "tools/call", large).await.status, 413, "MCP_HTTP_MAX_BODY_BYTES");
}

#[tokio::test(flavor = "multi_thread")]
async fn their_sessions_end_when_they_say() {
    let (home, port) = (tempfile::tempdir().unwrap(), free_address().port().to_string());
    let changed = [
        ("MCP_HTTP_PORT", port.as_str()),
        ("MCP_AUTH_MODE", "none"),
        ("MCP_SESSION_MODE", "stateful"),
        ("MCP_STATEFUL_SESSION_STALE_TIMEOUT_MS", "1000"),
        ("MCP_LOG_LEVEL", "emerg"),
        ("CT_API_BASE_URL", "http://127.0.0.1:1/api/v2"),
    ];
    let server = Program::start(&mut started(home.path(), &changed));
    let caller = Caller::new(&server.url);
    let session = caller.open_session().await;
    let caller = caller.in_session(&session);
    assert_eq!(caller.request(2, "tools/list", json!({})).await.status, 200);
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    assert_eq!(caller.request(3, "tools/list", json!({})).await.status, 404);
}

#[test]
fn their_environment_serves_over_stdio() {
    let home = tempfile::tempdir().unwrap();
    let mut child = started(home.path(), &[("MCP_TRANSPORT_TYPE", "stdio"), ("MCP_LOG_LEVEL", "crit")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}});
    let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    writeln!(stdin, "{}\n{initialized}\n{list}", initialize()).unwrap();
    let answers: Vec<Value> =
        stdout.lines().take(2).map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    assert_eq!(answers[0]["result"]["protocolVersion"], LEGACY);
    let names: Vec<&str> = answers[1]["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert!(LINE_2.iter().all(|(tool, _)| names.contains(tool)), "{names:?}");
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_is_not_served_yet_of_their_settings_is_told_at_the_start() {
    let home = tempfile::tempdir().unwrap();
    let output = started(home.path(), &[("MCP_SESSION_MODE", "stateless"), ("MCP_HTTP_MAX_BODY_BYTES", "0")]);
    let mut output = output;
    let output = output.stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{told}");
    assert!(told.contains("MCP_SESSION_MODE: `stateless` is not one of auto, stateful"), "{told}");
    assert!(told.contains("MCP_HTTP_MAX_BODY_BYTES: `0` is not"), "{told}");
}

//! The command line: which subcommands there are, what they take, what their help says.
//!
//! Values stay text here; `settings` reads them, together with the environment, so that every mistake is
//! reported at once.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Start here:
  clinicaltrials-mcp demo                              see it work on made-up studies
  clinicaltrials-mcp stdio --source live               answer from ClinicalTrials.gov itself, nothing to download
  clinicaltrials-mcp import FILE…                      build a local mirror from downloaded records
  clinicaltrials-mcp serve                             serve the mirror to MCP clients over HTTP
  clinicaltrials-mcp stdio --source sample             what a desktop client's configuration runs

Options can also be set by the environment variable named in their help; serve --help lists more.
Exit codes: 0 done, 1 failed, 2 imported but some records were refused, 64 wrong usage, 78 wrong settings.";

const SERVE_AFTER_HELP: &str = "\
Set by the environment only:
  MCP_AUTH_SECRET_KEY[_FILE]             --auth jwt: the secret, or a file with it: at least 32 bytes (HS256),
                                         48 for HS384 too, 64 for HS512 too
  MCP_JWT_PUBLIC_KEY[_FILE]              --auth jwt: instead of a secret, a public key in PEM, or a file with it: RSA
                                         (RS256 to RS512, PS256 to PS512), P-256 (ES256), P-384 (ES384), Ed25519 (EdDSA)
  MCP_JWT_EXPECTED_ISSUER, _AUDIENCE     --auth jwt: the iss and aud that a token must have
  OAUTH_ISSUER_URL                       --auth oauth: the authorization server, as its tokens have it in iss
  OAUTH_AUDIENCE                         --auth oauth: the aud that a token must have [default: the resource]
  OAUTH_JWKS_URI                         where its keys are [default: what its metadata says]
  OAUTH_JWKS_TIMEOUT_MS                  longest that one request to it may take [default: 5000]
  OAUTH_JWKS_COOLDOWN_MS                 shortest time between two requests because of unknown keys [default: 30000]
  OAUTH_JWKS_KEEP_MS                     how long its keys are used while it cannot be asked [default: 3600000]
  OAUTH_CA_FILE                          certificates (PEM) to trust for it, instead of the system's
  MCP_AUTH_REQUIRED_SCOPES               scopes that a token must have, with spaces between, or none
                                         [default: clinicaltrials:read with --auth oauth, else none]
  MCP_AUTH_SCOPE_CLAIM                   a claim that has them, besides scope and scp, such as roles
  MCP_PUBLIC_URL                         how clients reach this server, such as https://mcp.example.org: what they are
                                         told about authorization is made from it (--auth oauth needs it)
  MCP_SERVER_RESOURCE_IDENTIFIER         what tokens are for (RFC 8707) [default: MCP_PUBLIC_URL and the endpoint]
  MCP_ALLOWED_HOSTS                      more names clients use for this server (Host header), besides loopback
  MCP_ALLOWED_ORIGINS                    web origins whose requests are not refused [default: loopback; * for all]
  MCP_HTTP_ENDPOINT_PATH                 where MCP is served [default: /mcp]
  MCP_HTTP_MAX_BODY_BYTES                largest request body [default: 1048576]
  MCP_RATE_LIMIT_PER_ADDRESS             most requests a second from one address, this machine's own excepted; ten
                                         seconds' worth may come at once; 0 for no limit [default: 100]
  MCP_RATE_LIMIT_PER_IDENTITY            most requests a second of one identity, likewise [default: 100]
  MCP_REQUESTS_AT_ONCE_PER_IDENTITY      most of its requests that run at once; 0 for no limit [default: 64]
  MCP_STATEFUL_SESSION_STALE_TIMEOUT_MS  when a session that nobody uses ends [default: 1800000]
  MCP_SESSION_LIFETIME_MS                when any session ends [default: 86400000]
  MCP_SESSIONS_KEY_PREFIX                what keys in Redis start with; services that share a server need one each
  MCP_SESSIONS_CA_FILE                   certificates (PEM) to trust for rediss://, instead of the system's
  MCP_SESSIONS_MAX                       most sessions at once; one more is answered with 503 [default: 10000]
  MCP_SESSIONS_MAX_PER_IDENTITY          most sessions of one identity at once [default: 100]
  OTEL_ENABLED                           true sends traces to an OpenTelemetry collector [default: false]
  OTEL_EXPORTER_OTLP_ENDPOINT            where it is [default: http://localhost:4318]; with _TRACES_ before ENDPOINT, the
                                         whole address
  OTEL_SERVICE_NAME                      what this program is called in them [default: clinicaltrials-mcp]
  OTEL_TRACES_SAMPLER_ARG                which part of those that begin here is sent, from 0 to 1 [default: 1]
  CT_API_BASE_URL                        with --source live: where the API is [default: https://clinicaltrials.gov/api/v2]
  CT_REQUEST_TIMEOUT_MS                  longest that one request to it may take [default: 30000]
  CLINICALTRIALS_LIVE_REQUESTS_PER_SECOND  how often it is asked [default: 1]
  HTTPS_PROXY, NO_PROXY                  the proxy it and an authorization server are asked through, and hosts that are not
  CLINICALTRIALS_LIVE_CACHE_BYTES        most bytes of its answers kept in the data directory [default: 268435456]
  CT_MAX_PAGE_SIZE                       most studies on a page of a tool's answer [default: 200]
  CLINICALTRIALS_API_QUERY_TIMEOUT_MS    longest that a search of the REST API may work [default: 2000]";

/// An MCP server for ClinicalTrials.gov over a local mirror, with identity-bound sessions.
#[derive(Debug, Parser)]
#[command(version, about, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do; without it MCP_TRANSPORT_TYPE decides (stdio or http)
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options every subcommand takes
    #[command(flatten)]
    pub options: CommonOptions,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show it working: a made-up registry, a real server, a client's conversation, a stolen session refused
    Demo,
    /// Serve MCP over HTTP (protocol 2025-06-18, 2025-11-25 and 2026-07-28)
    #[command(after_help = SERVE_AFTER_HELP)]
    Serve(ServeOptions),
    /// Serve MCP over standard input and output, for a desktop client's configuration
    Stdio,
    /// Check or show what is set for serve, by options and by the environment, without serving
    Config(ConfigOptions),
    /// Take study records into the local mirror
    Import(ImportOptions),
    /// Show what the local mirror holds
    Status(StatusOptions),
    /// See or end what somebody has open on the server that runs over the data directory on this machine
    Sessions(SessionsOptions),
    /// Read everything in the local mirror and name what is damaged; exit code 1 if anything is
    Verify,
    /// Rewrite the local mirror without what was replaced since: less on disk, faster answers, the same data
    Compact,
}

/// Options that every subcommand takes.
#[derive(Clone, Debug, Default, Args)]
pub struct CommonOptions {
    /// Where the mirror lives [env: CLINICALTRIALS_DATA_DIR] [default: the user's data directory]
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// Where studies come from: auto (the mirror if there is one, else live), mirror, live (ClinicalTrials.gov's API, asked for every answer), sample [env: CLINICALTRIALS_SOURCE] [default: auto]
    #[arg(long, value_name = "SOURCE", global = true)]
    pub source: Option<String>,
    /// How much is logged: error, warn, info, debug, trace [env: MCP_LOG_LEVEL] [default: info]
    #[arg(long, value_name = "LEVEL", global = true)]
    pub log_level: Option<String>,
    /// How log lines look: text or json [env: MCP_LOG_FORMAT] [default: text on a terminal, else json]
    #[arg(long, value_name = "FORMAT", global = true)]
    pub log_format: Option<String>,
}

/// Options of `serve`.
#[derive(Clone, Debug, Default, Args)]
pub struct ServeOptions {
    /// Address and port to listen on [env: MCP_HTTP_HOST, MCP_HTTP_PORT] [default: 127.0.0.1:3010]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Where sessions live: file (in the data directory), file:PATH, memory (gone with the process) or the URL of a Redis or Valkey server that replicas share: redis://, rediss://, redis+cluster://HOST,HOST [env: MCP_SESSIONS, or MCP_SESSIONS_FILE for a file with the URL] [default: file]
    #[arg(long, value_name = "STORE")]
    pub sessions: Option<String>,
    /// Who may call: none (everybody), jwt (who has a token signed with the key in MCP_AUTH_SECRET_KEY or MCP_JWT_PUBLIC_KEY_FILE) or oauth (who has a token of the authorization server OAUTH_ISSUER_URL) [env: MCP_AUTH_MODE] [default: none]
    #[arg(long, value_name = "MODE")]
    pub auth: Option<String>,
    /// Who may use the REST API at /api/v2: open (everybody), guarded (who may use MCP) or off [env: CLINICALTRIALS_API] [default: open with --auth none, else guarded]
    #[arg(long, value_name = "ACCESS")]
    pub api: Option<String>,
    /// Serve without authentication on an address that others can reach [env: MCP_ALLOW_UNAUTHENTICATED]
    #[arg(long)]
    pub allow_unauthenticated: bool,
    /// Where Prometheus finds figures, at /metrics: an address of its own, without tokens, so keep it from strangers [env: MCP_METRICS_LISTEN] [default: none]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics: Option<String>,
    /// A file to which what happened to sessions and who was not let in is added, a JSON object a line [env: MCP_AUDIT_LOG] [default: none]
    #[arg(long, value_name = "FILE")]
    pub audit_log: Option<String>,
    /// An address or network of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8; may be given several times [env: MCP_TRUSTED_PROXIES, with commas between]
    #[arg(long = "trusted-proxy", value_name = "CIDR")]
    pub trusted_proxies: Vec<String>,
}

/// Options of `config`.
#[derive(Debug, Args)]
pub struct ConfigOptions {
    /// check says what is wrong, exit code 78 if anything is; show lists every setting and who set it, without secrets
    #[arg(value_enum, value_name = "WHAT")]
    pub what: ConfigCommand,
    /// What would be given to serve
    #[command(flatten)]
    pub serve: ServeOptions,
}

/// What `config` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConfigCommand {
    /// Say what is wrong.
    Check,
    /// List every setting.
    Show,
}

/// Options of `import`.
#[derive(Clone, Debug, Args)]
pub struct ImportOptions {
    /// Study .json, API page .json, .ndjson (each also .gz or .zst), a .zip of them (ctg-studies.json.zip), a folder of them, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// Options of `sessions`.
#[derive(Clone, Debug, Args)]
pub struct SessionsOptions {
    /// What to do
    #[command(subcommand)]
    pub action: SessionsAction,
    /// The server, by the address it serves at, if several run over the data directory
    #[arg(long, value_name = "ADDRESS:PORT", global = true)]
    pub server: Option<String>,
}

/// What can be done about sessions.
#[derive(Clone, Debug, Subcommand)]
pub enum SessionsAction {
    /// List somebody's open sessions (fingerprints as in the server's log, never ids)
    List {
        /// Whose
        #[command(flatten)]
        whose: WhoseOptions,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// End all of somebody's sessions, on every replica that shares the session store: log-out everywhere
    Revoke {
        /// Whose
        #[command(flatten)]
        whose: WhoseOptions,
    },
}

/// An identity, claim by claim. It is compared as a whole: a claim that is not given must be absent from their tokens.
#[derive(Clone, Debug, Default, Args)]
pub struct WhoseOptions {
    /// The tokens' issuer (iss)
    #[arg(long)]
    pub issuer: Option<String>,
    /// The tokens' tenant (tid)
    #[arg(long)]
    pub tenant: Option<String>,
    /// The tokens' client (client_id, cid or azp)
    #[arg(long)]
    pub client: Option<String>,
    /// The tokens' subject (sub)
    #[arg(long)]
    pub subject: Option<String>,
}

/// Options of `status`.
#[derive(Clone, Debug, Default, Args)]
pub struct StatusOptions {
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

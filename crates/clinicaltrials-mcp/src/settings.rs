//! What the operator set, read once and checked as a whole.
//!
//! An option on the command line wins over the environment. The environment is an argument, so reading it can be
//! tested; nothing else in the program looks at it. All mistakes are reported together.

mod auth;
mod bounds;
mod observe;

pub use auth::{AuthSettings, JwtSettings, KeyTimes, OauthSettings, ResourceSettings, ScopeSettings};
pub use bounds::BoundSettings;
pub use observe::{ObserveSettings, TraceSettings};

use crate::cli::{CommonOptions, ServeOptions};
use ctgov_live::{LiveOptions, outbound::Proxy};
use mcp_sessions::{Policy, RedisStore, RedisUrlError};
use reqwest::Url;
use std::{
    collections::BTreeMap,
    env::VarError,
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};
use tracing::level_filters::LevelFilter;

/// Settings of every subcommand.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the mirror lives.
    pub data_dir: PathBuf,
    /// Where studies come from.
    pub source: Source,
    /// How the registry's API is asked.
    pub live: LiveSettings,
    /// How much is logged, and how it looks.
    pub log: LogSettings,
    /// Where traces go, if anywhere.
    pub traces: Option<TraceSettings>,
    /// Most studies a search returns on one page (`CT_MAX_PAGE_SIZE`).
    pub page_size_max: u16,
    /// Without a subcommand: what to run (`MCP_TRANSPORT_TYPE`).
    pub transport: Option<Transport>,
}

/// Where studies come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The mirror, if there is one, else the registry's API.
    Auto,
    /// The mirror in the data directory.
    Mirror,
    /// The registry's API, asked for every answer.
    Live,
    /// Made-up studies.
    Sample,
}

/// How the registry's API is asked.
#[derive(Clone)]
pub struct LiveSettings {
    /// As the address, the time a request may take and the rate are set.
    options: LiveOptions,
    /// Most bytes of answers kept in the data directory; 0 keeps none.
    cache_bytes_max: u64,
    /// What `HTTPS_PROXY` says, and what `NO_PROXY` excepts. Others use them too: they are looked at when they matter.
    proxy: Option<(String, String)>,
}

impl LiveSettings {
    /// As the registry takes them, with answers kept in `data_dir`.
    ///
    /// # Errors
    ///
    /// When the proxy that is set is none that can be used.
    pub fn options(&self, data_dir: &Path) -> Result<LiveOptions, SettingError> {
        let options = match self.cache_bytes_max {
            0 => self.options.clone(),
            bytes_max => self.options.clone().with_cache(data_dir.join("live"), bytes_max),
        };
        match &self.proxy {
            None => Ok(options),
            Some((address, except)) => match Proxy::new(address, except) {
                Ok(proxy) => Ok(options.with_proxy(proxy)),
                Err(error) => {
                    Err(SettingError { setting: "HTTPS_PROXY".to_owned(), problem: error.to_string() })
                }
            },
        }
    }
}

/// A proxy's address can hold a password.
impl fmt::Debug for LiveSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveSettings")
            .field("options", &self.options)
            .field("cache_bytes_max", &self.cache_bytes_max)
            .finish_non_exhaustive()
    }
}

/// What runs when no subcommand is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Standard input and output.
    Stdio,
    /// Streamable HTTP.
    Http,
}

/// How much is logged, and how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// Least severe level written.
    pub level: LevelFilter,
    /// Text or JSON; unset means text on a terminal.
    pub format: Option<LogFormat>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, an object a line.
    Json,
}

/// Settings of the HTTP server.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where MCP is served, `/mcp`.
    pub endpoint: String,
    /// `Host` names accepted besides the loopback ones, lower case, with a port only if it must match.
    pub allowed_hosts: Vec<String>,
    /// `Origin`s accepted.
    pub allowed_origins: AllowedOrigins,
    /// Largest request body, in bytes.
    pub body_bytes_max: usize,
    /// How much one address and one identity may ask.
    pub bounds: BoundSettings,
    /// Where figures and the audit log go.
    pub observe: ObserveSettings,
    /// Who may call.
    pub auth: AuthSettings,
    /// Where sessions are kept, for how long, and how many.
    pub sessions: SessionSettings,
    /// Who may use the REST API, and for how long.
    pub api: ApiSettings,
}

/// Where sessions are kept, for how long, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSettings {
    /// Where.
    pub place: SessionPlace,
    /// For how long, and how many.
    pub policy: Policy,
}

/// Where sessions are kept.
#[derive(Clone, PartialEq, Eq)]
pub enum SessionPlace {
    /// In this process, and no longer than it.
    Memory,
    /// In a file, from which they come back; by default in the data directory.
    File(Option<PathBuf>),
    /// In a Redis or Valkey server, which replicas share.
    Redis(RedisSettings),
}

/// A Redis or Valkey server or cluster, and how its keys are told from others'.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisSettings {
    /// Where it is, with user and password.
    pub url: String,
    /// What the keys start with, if not with the library's own.
    pub key_prefix: Option<String>,
    /// The certificates to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
}

impl RedisSettings {
    /// The store there, which connects when it is first asked.
    ///
    /// # Errors
    ///
    /// [`RedisUrlError`] when a part is wrong.
    pub fn store(&self) -> Result<RedisStore, RedisUrlError> {
        let mut store = RedisStore::connect(&self.url)?;
        if let Some(ca_file) = &self.ca_file {
            store = store.with_ca_file(ca_file)?;
        }
        match &self.key_prefix {
            Some(key_prefix) => store.with_key_prefix(key_prefix),
            None => Ok(store),
        }
    }

    /// The same server, for something else: keys that start with `what` after what they start with here.
    #[must_use]
    pub fn under(&self, what: &str) -> Self {
        let key_prefix = self.key_prefix.as_deref().unwrap_or("mcp-sessions:");
        Self { key_prefix: Some(format!("{key_prefix}{what}")), ..self.clone() }
    }
}

/// A URL can hold a password.
impl fmt::Debug for SessionPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("Memory"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Redis(_) => f.write_str("Redis"),
        }
    }
}

/// Settings of the REST API, `/api/v2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiSettings {
    /// Who may use it.
    pub access: ApiAccess,
    /// Longest that a search may work.
    pub query_time_max: Duration,
}

/// Who may use the REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiAccess {
    /// Everybody, pages of any origin included.
    Open,
    /// Who may use MCP.
    Guarded,
    /// Nobody: it is not there.
    Off,
}

impl Default for ApiSettings {
    /// Guarded, two seconds a search.
    fn default() -> Self {
        Self { access: ApiAccess::Guarded, query_time_max: Duration::from_secs(2) }
    }
}

/// Which browser origins may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Pages served from this machine.
    Loopback,
    /// These, and no other: `https://app.example.com`.
    Listed(Vec<String>),
    /// All of them: the check is off.
    Any,
}

/// One mistake: which setting, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct SettingError {
    /// The option or variable, as the operator wrote it.
    pub setting: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// The environment, as [`std::env::var`] gives it.
pub type Environment<'a> = &'a dyn Fn(&str) -> Result<String, VarError>;

/// A secret shorter than this can be guessed offline from one token (RFC 7518 §3.2).
pub const SECRET_BYTES_MIN: usize = 32;
/// What `--auth` takes.
const AUTHENTICATION_MODES: &str = "none, jwt, oauth";
const BODY_BYTES_MAX_DEFAULT: usize = 1 << 20;
const PAGE_SIZE_MAX_DEFAULT: u16 = 200;
const CACHE_BYTES_MAX_DEFAULT: u64 = 256 << 20;

impl Settings {
    /// Reads what every subcommand needs.
    ///
    /// # Errors
    ///
    /// Every mistake there is.
    pub fn read(options: &CommonOptions, env: Environment<'_>) -> Result<Self, Vec<SettingError>> {
        let mut reader = Reader::new(env);
        let settings = Self::read_by(&mut reader, options);
        reader.finish(settings)
    }

    fn read_by(reader: &mut Reader<'_>, options: &CommonOptions) -> Self {
        Self {
            data_dir: reader.data_dir(options.data_dir.as_deref()),
            source: reader.choice(
                given("--source", options.source.as_deref()),
                "CLINICALTRIALS_SOURCE",
                &[
                    ("auto", Source::Auto),
                    ("mirror", Source::Mirror),
                    ("live", Source::Live),
                    ("sample", Source::Sample),
                ],
                Source::Auto,
            ),
            live: reader.live(),
            log: LogSettings {
                level: reader.choice(
                    given("--log-level", options.log_level.as_deref()),
                    "MCP_LOG_LEVEL",
                    &LEVELS,
                    LevelFilter::INFO,
                ),
                format: reader.choice(
                    given("--log-format", options.log_format.as_deref()),
                    "MCP_LOG_FORMAT",
                    &[("text", Some(LogFormat::Text)), ("json", Some(LogFormat::Json))],
                    None,
                ),
            },
            traces: reader.traces(),
            page_size_max: reader
                .parsed(None, "CT_MAX_PAGE_SIZE", "a number from 1 to 1000", |size: &u16| {
                    (1..=ctgov::PAGE_SIZE_MAX).contains(size)
                })
                .unwrap_or(PAGE_SIZE_MAX_DEFAULT),
            transport: reader.choice(
                None,
                "MCP_TRANSPORT_TYPE",
                &[("stdio", Some(Transport::Stdio)), ("http", Some(Transport::Http))],
                None,
            ),
        }
    }
}

impl HttpSettings {
    /// Reads what serving over HTTP needs.
    ///
    /// # Errors
    ///
    /// Every mistake there is.
    pub fn read(options: &ServeOptions, env: Environment<'_>) -> Result<Self, Vec<SettingError>> {
        let mut reader = Reader::new(env);
        let settings = Self::read_by(&mut reader, options);
        reader.finish(settings)
    }

    fn read_by(reader: &mut Reader<'_>, options: &ServeOptions) -> Self {
        let listen = reader.listen(options.listen.as_deref());
        let (public_url, endpoint) = (reader.public_url(), reader.endpoint());
        let auth = reader.auth(options.auth.as_deref(), public_url.as_ref(), &endpoint);
        if options.allow_unauthenticated {
            reader.given_instead("MCP_ALLOW_UNAUTHENTICATED", "--allow-unauthenticated", "true");
        }
        let allow_unauthenticated = options.allow_unauthenticated
            || reader.choice(None, "MCP_ALLOW_UNAUTHENTICATED", &[("true", true), ("false", false)], false);
        if auth.as_ref().is_some_and(AuthSettings::is_none)
            && !listen.ip().is_loopback()
            && !allow_unauthenticated
        {
            reader.mistake(
                "--auth none",
                format!(
                    "{listen} can be reached from other machines; use --auth jwt or oauth, listen on 127.0.0.1, \
                     or say --allow-unauthenticated if everybody may call"
                ),
            );
        }
        let sessions = reader.sessions(options.sessions.as_deref());
        reader.choice(None, "MCP_SESSION_MODE", &[("auto", ()), ("stateful", ())], ());
        let api = reader.api(options.api.as_deref(), auth.as_ref());
        Self {
            listen,
            endpoint,
            allowed_hosts: reader.allowed_hosts(listen.ip(), public_url.as_ref()),
            allowed_origins: reader.allowed_origins(),
            body_bytes_max: reader
                .parsed(
                    None,
                    "MCP_HTTP_MAX_BODY_BYTES",
                    "a number of bytes from 1024 to 67108864",
                    |bytes: &usize| (1 << 10..=64 << 20).contains(bytes),
                )
                .unwrap_or(BODY_BYTES_MAX_DEFAULT),
            bounds: reader.bounds(&options.trusted_proxies),
            observe: reader.observe(options),
            auth: auth.unwrap_or(AuthSettings::None),
            sessions,
            api,
        }
    }
}

/// A setting, for people to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The variable that sets it.
    pub name: String,
    /// What it is set to, unless that is a secret, and by what.
    pub set: Option<(String, String)>,
}

/// Every setting of `serve` that was looked at, by name: which ones are depends on some of them.
pub fn list(common: &CommonOptions, serve: &ServeOptions, env: Environment<'_>) -> Vec<Listed> {
    let mut reader = Reader::new(env);
    Settings::read_by(&mut reader, common);
    HttpSettings::read_by(&mut reader, serve);
    reader.seen.into_iter().map(|(name, set)| Listed { name, set }).collect()
}

/// A value without the user and password that an address in it may have.
fn without_password(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..authority_end].rfind('@') {
        Some(at) => format!("{scheme}://***{}", &rest[at..]),
        None => value.to_owned(),
    }
}

/// The peer's syslog names mean the nearest level here.
const LEVELS: [(&str, LevelFilter); 11] = [
    ("off", LevelFilter::OFF),
    ("error", LevelFilter::ERROR),
    ("warn", LevelFilter::WARN),
    ("info", LevelFilter::INFO),
    ("debug", LevelFilter::DEBUG),
    ("trace", LevelFilter::TRACE),
    ("warning", LevelFilter::WARN),
    ("notice", LevelFilter::INFO),
    ("crit", LevelFilter::ERROR),
    ("alert", LevelFilter::ERROR),
    ("emerg", LevelFilter::ERROR),
];

/// An option of the command line that was given.
type Given<'a> = Option<(&'static str, &'a str)>;

fn given<'a>(option: &'static str, value: Option<&'a str>) -> Given<'a> {
    value.map(|value| (option, value))
}

/// Reads settings one by one and keeps every mistake.
struct Reader<'a> {
    env: Environment<'a>,
    mistakes: Vec<SettingError>,
    /// Every variable that was looked at; what it or the option in its place says, and which of the two it was.
    seen: BTreeMap<String, Option<(String, String)>>,
}

impl<'a> Reader<'a> {
    fn new(env: Environment<'a>) -> Self {
        Self { env, mistakes: Vec::new(), seen: BTreeMap::new() }
    }

    fn finish<T>(self, settings: T) -> Result<T, Vec<SettingError>> {
        if self.mistakes.is_empty() { Ok(settings) } else { Err(self.mistakes) }
    }

    fn mistake(&mut self, setting: impl Into<String>, problem: impl Into<String>) {
        self.mistakes.push(SettingError { setting: setting.into(), problem: problem.into() });
    }

    /// A variable's value; empty means unset.
    fn variable(&mut self, name: &str) -> Option<String> {
        let value = match (self.env)(name) {
            Ok(value) => Some(value).filter(|value| !value.is_empty()),
            Err(VarError::NotPresent) => None,
            Err(VarError::NotUnicode(_)) => {
                self.mistake(name, "is not UTF-8 text");
                None
            }
        };
        let shown = value.as_deref().map(|value| (without_password(value), "environment".to_owned()));
        self.seen.insert(name.to_owned(), shown);
        value
    }

    /// Notes that an option was given in place of a variable.
    fn given_instead(&mut self, variable: &str, option: &str, value: &str) {
        self.seen.insert(variable.to_owned(), Some((without_password(value), option.to_owned())));
    }

    /// The option if given, else the variable; with the name it was given by.
    fn text(&mut self, option: Given<'_>, variable: &str) -> Option<(String, String)> {
        match option {
            Some((name, value)) => {
                self.given_instead(variable, name, value);
                Some((name.to_owned(), value.to_owned()))
            }
            None => self.variable(variable).map(|value| (variable.to_owned(), value)),
        }
    }

    fn choice<T: Copy>(&mut self, option: Given<'_>, variable: &str, choices: &[(&str, T)], default: T) -> T {
        let Some((setting, text)) = self.text(option, variable) else { return default };
        if let Some((_, value)) = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(&text)) {
            return *value;
        }
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        self.mistake(setting, format!("`{text}` is not one of {}", names.join(", ")));
        default
    }

    fn parsed<T: FromStr>(
        &mut self,
        option: Given<'_>,
        variable: &str,
        expected: &str,
        accept: impl Fn(&T) -> bool,
    ) -> Option<T> {
        let (setting, text) = self.text(option, variable)?;
        let value = text.parse().ok().filter(accept);
        if value.is_none() {
            self.mistake(setting, format!("`{text}` is not {expected}"));
        }
        value
    }

    fn data_dir(&mut self, option: Option<&Path>) -> PathBuf {
        if let Some(folder) = option {
            self.given_instead("CLINICALTRIALS_DATA_DIR", "--data-dir", &folder.to_string_lossy());
        }
        let asked = option
            .map(Path::to_owned)
            .or_else(|| self.variable("CLINICALTRIALS_DATA_DIR").map(PathBuf::from));
        let below_home =
            if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" };
        let xdg =
            if cfg!(target_os = "macos") { None } else { self.variable("XDG_DATA_HOME").map(PathBuf::from) };
        let users = xdg.or_else(|| self.variable("HOME").map(|home| Path::new(&home).join(below_home)));
        asked.or_else(|| users.map(|users| users.join("clinicaltrials-mcp"))).unwrap_or_else(|| {
            self.mistake("--data-dir", "there is no HOME to put the mirror under; say where it lives");
            PathBuf::new()
        })
    }

    fn live(&mut self) -> LiveSettings {
        let base_url = self.variable("CT_API_BASE_URL");
        let base_url = base_url.as_deref().unwrap_or(LiveOptions::BASE_URL);
        let options = LiveOptions::new(base_url).unwrap_or_else(|error| {
            // What is in it may be a password.
            self.mistake("CT_API_BASE_URL", error.to_string());
            LiveOptions::default()
        });
        let time =
            self.parsed(None, "CT_REQUEST_TIMEOUT_MS", "milliseconds from 100 to 300000", |time: &u64| {
                (100..=300_000).contains(time)
            });
        let rate = self.parsed(
            None,
            "CLINICALTRIALS_LIVE_REQUESTS_PER_SECOND",
            "a number from 0.1 to 1000",
            |rate: &f64| (0.1..=1_000.0).contains(rate),
        );
        let cache = self.parsed(
            None,
            "CLINICALTRIALS_LIVE_CACHE_BYTES",
            "a number of bytes from 0 (nothing is kept) to 1099511627776",
            |bytes: &u64| *bytes <= 1 << 40,
        );
        let options =
            options.with_user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
        let options = time
            .into_iter()
            .fold(options, |options, time| options.with_request_time_max(Duration::from_millis(time)));
        let options = rate
            .into_iter()
            .fold(options, |options, rate| options.with_interval(Duration::from_secs_f64(1.0 / rate)));
        let proxy = self.proxy();
        LiveSettings { options, cache_bytes_max: cache.unwrap_or(CACHE_BYTES_MAX_DEFAULT), proxy }
    }

    /// What `HTTPS_PROXY` says, and what `NO_PROXY` excepts.
    fn proxy(&mut self) -> Option<(String, String)> {
        let mut either = |upper: &str, lower: &str| self.variable(upper).or_else(|| self.variable(lower));
        let address = either("HTTPS_PROXY", "https_proxy")?;
        Some((address, either("NO_PROXY", "no_proxy").unwrap_or_default()))
    }

    fn listen(&mut self, option: Option<&str>) -> SocketAddr {
        let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 3010));
        if let Some(text) = option {
            self.given_instead("MCP_HTTP_HOST", "--listen", text);
            self.given_instead("MCP_HTTP_PORT", "--listen", text);
            return text.replacen("localhost:", "127.0.0.1:", 1).parse().unwrap_or_else(|_| {
                self.mistake(
                    "--listen",
                    format!("`{text}` is not an address with a port, such as 127.0.0.1:3010"),
                );
                default
            });
        }
        let host = self.variable("MCP_HTTP_HOST").map(|host| host.replace("localhost", "127.0.0.1"));
        let host = host.map_or(Some(default.ip()), |host| {
            let address = host.parse::<IpAddr>().ok();
            if address.is_none() {
                self.mistake("MCP_HTTP_HOST", format!("`{host}` is not an IP address or localhost"));
            }
            address
        });
        let port = self.parsed(None, "MCP_HTTP_PORT", "a port from 0 to 65535", |_: &u16| true);
        SocketAddr::new(host.unwrap_or(default.ip()), port.unwrap_or(default.port()))
    }

    fn api(&mut self, option: Option<&str>, auth: Option<&AuthSettings>) -> ApiSettings {
        // What needs no token for MCP needs none here.
        let default =
            if auth.is_some_and(AuthSettings::is_none) { ApiAccess::Open } else { ApiAccess::Guarded };
        let accesses = [("open", ApiAccess::Open), ("guarded", ApiAccess::Guarded), ("off", ApiAccess::Off)];
        ApiSettings {
            access: self.choice(given("--api", option), "CLINICALTRIALS_API", &accesses, default),
            query_time_max: self
                .parsed(
                    None,
                    "CLINICALTRIALS_API_QUERY_TIMEOUT_MS",
                    "milliseconds from 100 to 30000",
                    |time: &u64| (100..=30_000).contains(time),
                )
                .map_or(ApiSettings::default().query_time_max, Duration::from_millis),
        }
    }

    fn sessions(&mut self, option: Option<&str>) -> SessionSettings {
        let place = self.session_place(option).unwrap_or(SessionPlace::Memory);
        let default = Policy::default();
        let idle =
            self.milliseconds("MCP_STATEFUL_SESSION_STALE_TIMEOUT_MS").unwrap_or(default.idle_timeout());
        let lifetime = self.milliseconds("MCP_SESSION_LIFETIME_MS").unwrap_or(default.lifetime());
        let mut number = |variable| {
            self.parsed(None, variable, "a number from 1 to 10000000", |count| {
                (1..=10_000_000).contains(count)
            })
        };
        let max = number("MCP_SESSIONS_MAX").unwrap_or(default.max_sessions());
        let max_per_identity =
            number("MCP_SESSIONS_MAX_PER_IDENTITY").unwrap_or(default.max_per_identity().min(max));
        let policy = default
            .clone()
            .with_idle_timeout(idle)
            // A session that was never used must not outlive one that was.
            .with_unused_timeout(default.unused_timeout().min(idle))
            .with_lifetime(lifetime)
            .with_max_sessions(max)
            .with_max_per_identity(max_per_identity);
        let policy = policy.checked().unwrap_or_else(|error| {
            self.mistake("the limits of sessions", format!("{error}; see MCP_SESSION… in serve --help"));
            default
        });
        SessionSettings { place, policy }
    }

    fn milliseconds(&mut self, variable: &str) -> Option<Duration> {
        let accept = |time: &u64| (1_000..=86_400_000 * 30).contains(time);
        let time =
            self.parsed(None, variable, "milliseconds from 1000 (a second) to 2592000000 (30 days)", accept);
        time.map(Duration::from_millis)
    }

    fn session_place(&mut self, option: Option<&str>) -> Option<SessionPlace> {
        let from_file = option.is_none() && self.variable("MCP_SESSIONS").is_none();
        let (setting, text) = match option {
            Some(text) => {
                self.given_instead("MCP_SESSIONS", "--sessions", text);
                ("--sessions".to_owned(), text.to_owned())
            }
            None => match self.text_or_file("MCP_SESSIONS")? {
                Some((setting, bytes)) => match String::from_utf8(bytes) {
                    Ok(text) => (setting, text),
                    Err(_) => {
                        self.mistake(setting, "is not UTF-8 text");
                        return None;
                    }
                },
                None => return Some(SessionPlace::File(None)),
            },
        };
        let is_url = ["redis://", "rediss://", "redis+cluster://", "rediss+cluster://"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        match text.as_str() {
            "memory" => Some(SessionPlace::Memory),
            "file" => Some(SessionPlace::File(None)),
            _ if is_url => {
                let redis = RedisSettings {
                    url: text,
                    key_prefix: self.variable("MCP_SESSIONS_KEY_PREFIX"),
                    ca_file: self.variable("MCP_SESSIONS_CA_FILE").map(PathBuf::from),
                };
                match redis.store() {
                    Ok(_) => Some(SessionPlace::Redis(redis)),
                    Err(error) => {
                        self.mistake(setting, error.to_string());
                        None
                    }
                }
            }
            other => match other.strip_prefix("file:").filter(|path| !path.is_empty()) {
                Some(path) => Some(SessionPlace::File(Some(path.into()))),
                None => {
                    // What is in a file, or was meant as a URL, may be a secret.
                    let is_word = other.len() <= 20 && other.bytes().all(|byte| byte.is_ascii_lowercase());
                    let shown =
                        if is_word && !from_file { format!("`{other}`") } else { "what it says".into() };
                    self.mistake(
                        setting,
                        format!("{shown} is not one of memory, file, file:PATH, redis://…, rediss://…, redis+cluster://…"),
                    );
                    None
                }
            },
        }
    }

    fn endpoint(&mut self) -> String {
        let path = self.variable("MCP_HTTP_ENDPOINT_PATH").unwrap_or_else(|| "/mcp".into());
        let plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte));
        if !path.starts_with('/') || path.len() < 2 || path.ends_with('/') || path.contains("//") || !plain {
            self.mistake("MCP_HTTP_ENDPOINT_PATH", format!("`{path}` is not a path such as /mcp"));
            return "/mcp".into();
        }
        if path == "/healthz"
            || path == "/readyz"
            || path == "/api/v2"
            || path.starts_with("/api/v2/")
            || path.starts_with("/.well-known/")
        {
            self.mistake("MCP_HTTP_ENDPOINT_PATH", format!("something else is served at `{path}`"));
        }
        path
    }

    fn allowed_hosts(&mut self, listen: IpAddr, public_url: Option<&Url>) -> Vec<String> {
        let mut hosts: Vec<String> = self.list("MCP_ALLOWED_HOSTS");
        if !listen.is_unspecified() {
            hosts.push(listen.to_string());
        }
        hosts.extend(public_url.and_then(Url::host_str).map(str::to_owned));
        hosts
    }

    fn allowed_origins(&mut self) -> AllowedOrigins {
        let origins = self.list("MCP_ALLOWED_ORIGINS");
        if origins.iter().any(|origin| origin == "*") {
            return AllowedOrigins::Any;
        }
        for origin in &origins {
            let url = origin.parse::<http::Uri>().ok();
            if !url.is_some_and(|url| url.scheme().is_some() && url.host().is_some() && url.path() == "/") {
                self.mistake(
                    "MCP_ALLOWED_ORIGINS",
                    format!("`{origin}` is not an origin such as https://app.example.org"),
                );
            }
        }
        if origins.is_empty() { AllowedOrigins::Loopback } else { AllowedOrigins::Listed(origins) }
    }

    fn list(&mut self, variable: &str) -> Vec<String> {
        let text = self.variable(variable).unwrap_or_default();
        let items = text.split(',').map(|item| item.trim().trim_end_matches('/').to_ascii_lowercase());
        items.filter(|item| !item.is_empty()).collect()
    }

    /// What a variable says, or the file that its `…_FILE` names, and which of the two; `None` after a mistake.
    #[expect(clippy::option_option, reason = "the outer one is about mistakes, as everywhere here")]
    fn text_or_file(&mut self, variable: &str) -> Option<Option<(String, Vec<u8>)>> {
        let file = format!("{variable}_FILE");
        match (self.variable(variable), self.variable(&file)) {
            (Some(_), Some(_)) => {
                self.mistake(file, format!("is set as well as {variable}; set one of them"));
                None
            }
            (Some(text), None) => {
                self.seen.insert(variable.to_owned(), Some(("not shown".into(), "environment".into())));
                Some(Some((variable.to_owned(), text.into_bytes())))
            }
            (None, Some(path)) => match std::fs::read(&path) {
                Ok(bytes) => Some(Some((file, bytes.trim_ascii_end().to_vec()))),
                Err(error) => {
                    self.mistake(file, format!("cannot read {path}: {error}"));
                    None
                }
            },
            (None, None) => Some(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Result<String, VarError> {
        move |name| {
            let pair = pairs.iter().find(|(known, _)| *known == name);
            pair.map(|(_, value)| (*value).to_owned()).ok_or(VarError::NotPresent)
        }
    }

    fn lines(errors: &[SettingError]) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn defaults_need_nothing_but_a_home() {
        let env = vars(&[("HOME", "/home/ana")]);
        let settings = Settings::read(&CommonOptions::default(), &env).unwrap();
        assert!(
            settings.data_dir.starts_with("/home/ana") && settings.data_dir.ends_with("clinicaltrials-mcp")
        );
        assert_eq!((settings.source, settings.page_size_max), (Source::Auto, 200));
        let http = HttpSettings::read(&ServeOptions::default(), &env).unwrap();
        assert_eq!(http.listen.to_string(), "127.0.0.1:3010");
        assert!(http.endpoint == "/mcp" && http.auth.is_none());
        assert_eq!(
            http.sessions,
            SessionSettings { place: SessionPlace::File(None), policy: Policy::default() }
        );
    }

    #[test]
    fn every_bad_setting_is_reported_at_once() {
        let env = vars(&[
            ("MCP_AUTH_MODE", "jwt"),
            ("MCP_AUTH_SECRET_KEY", "short"),
            ("MCP_ALLOWED_ORIGINS", "app.example.org"),
            ("MCP_SESSION_MODE", "stateless"),
            ("MCP_STATEFUL_SESSION_STALE_TIMEOUT_MS", "0"),
        ]);
        let options = ServeOptions { listen: Some("3010".into()), ..ServeOptions::default() };
        let errors = HttpSettings::read(&options, &env).unwrap_err();
        assert_eq!(
            lines(&errors),
            [
                "--listen: `3010` is not an address with a port, such as 127.0.0.1:3010",
                "MCP_AUTH_SECRET_KEY: has 5 bytes; a secret needs at least 32",
                "MCP_STATEFUL_SESSION_STALE_TIMEOUT_MS: `0` is not milliseconds from 1000 (a second) to 2592000000 (30 days)",
                "MCP_SESSION_MODE: `stateless` is not one of auto, stateful",
                "MCP_ALLOWED_ORIGINS: `app.example.org` is not an origin such as https://app.example.org",
            ]
        );
    }

    #[test]
    fn an_option_wins_over_the_environment_and_empty_means_unset() {
        let env = vars(&[("HOME", "/h"), ("CLINICALTRIALS_SOURCE", "mirror"), ("MCP_LOG_LEVEL", "")]);
        let options = CommonOptions { source: Some("sample".into()), ..CommonOptions::default() };
        let settings = Settings::read(&options, &env).unwrap();
        assert_eq!((settings.source, settings.log.level), (Source::Sample, LevelFilter::INFO));
    }

    #[test]
    fn serving_others_without_authentication_must_be_said() {
        let open = ServeOptions { listen: Some("0.0.0.0:3010".into()), ..ServeOptions::default() };
        let errors = HttpSettings::read(&open, &vars(&[])).unwrap_err();
        assert!(lines(&errors)[0].starts_with("--auth none: 0.0.0.0:3010 can be reached"), "{errors:?}");
        let said = ServeOptions { allow_unauthenticated: true, ..open };
        assert!(HttpSettings::read(&said, &vars(&[])).is_ok());
    }

    #[test]
    fn the_api_is_open_where_mcp_is_unless_said_otherwise() {
        const JWT: &[(&str, &str)] =
            &[("MCP_AUTH_MODE", "jwt"), ("MCP_AUTH_SECRET_KEY", "0123456789abcdef0123456789abcdef")];
        let access = |option: Option<&str>, env| {
            let options = ServeOptions { api: option.map(str::to_owned), ..ServeOptions::default() };
            HttpSettings::read(&options, &vars(env)).unwrap().api.access
        };
        assert_eq!(access(None, &[]), ApiAccess::Open);
        assert_eq!(access(None, JWT), ApiAccess::Guarded);
        assert_eq!(access(Some("open"), JWT), ApiAccess::Open);
        assert_eq!(access(None, &[("CLINICALTRIALS_API", "off")]), ApiAccess::Off);
        let env = vars(&[
            ("CLINICALTRIALS_API", "yes"),
            ("CLINICALTRIALS_API_QUERY_TIMEOUT_MS", "1"),
            ("MCP_HTTP_ENDPOINT_PATH", "/api/v2/mcp"),
        ]);
        let errors = HttpSettings::read(&ServeOptions::default(), &env).unwrap_err();
        assert_eq!(
            lines(&errors),
            [
                "MCP_HTTP_ENDPOINT_PATH: something else is served at `/api/v2/mcp`",
                "CLINICALTRIALS_API: `yes` is not one of open, guarded, off",
                "CLINICALTRIALS_API_QUERY_TIMEOUT_MS: `1` is not milliseconds from 100 to 30000",
            ]
        );
    }

    #[test]
    fn a_variable_that_is_no_text_is_a_mistake_not_unset() {
        let env = |name: &str| match name {
            "HOME" => Ok("/h".to_owned()),
            "CLINICALTRIALS_DATA_DIR" => Err(VarError::NotUnicode("x".into())),
            _ => Err(VarError::NotPresent),
        };
        let errors = Settings::read(&CommonOptions::default(), &env).unwrap_err();
        assert_eq!(lines(&errors), ["CLINICALTRIALS_DATA_DIR: is not UTF-8 text"]);
    }

    #[test]
    fn a_secret_is_read_from_a_file_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "0123456789abcdef0123456789abcdef\n").unwrap();
        let env = |name: &str| match name {
            "MCP_AUTH_MODE" => Ok("jwt".to_owned()),
            "MCP_AUTH_SECRET_KEY_FILE" => Ok(path.to_str().unwrap().to_owned()),
            _ => Err(VarError::NotPresent),
        };
        let settings = HttpSettings::read(&ServeOptions::default(), &env).unwrap();
        let AuthSettings::Jwt(jwt) = &settings.auth else { panic!("{settings:?}") };
        // Without the line's end it is too short for another algorithm.
        assert!(format!("{:?}", jwt.key).contains("[HS256]"), "{:?}", jwt.key);
        assert!(!format!("{settings:?}").contains("0123456789"));
    }
}

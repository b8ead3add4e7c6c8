//! The connection to the server: made when it is needed, by one attempt at a time, given up when it fails.
//!
//! ```text
//!            a call, or the time to try again has come
//!      Down ──────────────────────────────────────────▶ Connecting ──▶ Up
//!       ▲  ▲                                                │          │
//!       │  └──────── none of the servers takes writes ──────┘          │
//!       └───────────── no answer in time, or not from a primary ───────┘
//! ```
//!
//! All calls share one connection. While it is made they wait for it; while there is none they fail at
//! once. The pause between two attempts doubles up to a second, and a part of it is chance, so that
//! many processes do not come back at the same moment.
//!
//! A server counts as reached when it takes a write: of several, this finds the primary, and
//! one that loads its data, has become a replica or lost its disk is as good as none. A cluster is
//! left to the client library, which knows who has which slot, until nothing in it answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, TlsCertificates,
    Value, cmd,
};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::address::{Address, RedisUrlError};
use super::keys::Key;
use super::scripts::Call;

/// How long a server may take to answer.
const ANSWER: Duration = Duration::from_millis(450);

/// How long it may take until a server has accepted a connection and a write.
const CONNECT: Duration = Duration::from_millis(400);

/// The first pause between two attempts to connect, and the longest.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A connection that fails sooner than this was no better than none.
const PROVEN: Duration = Duration::from_secs(1);

/// When nothing in a cluster has answered for so long, all connections to it are given up. With one
/// node down, the others answer, and the client library finds out who takes over.
const SILENCE: Duration = Duration::from_millis(250);

/// The most of an error's text that is passed on.
const LONGEST_REASON: usize = 300;

/// Why a call has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Fault {
    /// There is no connection, and it is too soon to try again.
    #[error("no connection: {0}")]
    Down(Arc<str>),
    /// The server, or the way to it, failed.
    #[error("{0}")]
    Failed(Arc<str>),
    /// The verb took too long as a whole.
    #[error("no answer in time")]
    Late,
    /// The answer makes no sense.
    #[error("what the server keeps makes no sense: {0}")]
    Nonsense(&'static str),
    /// Others changed the session each time.
    #[error("too many at once asked for one session")]
    Contended,
}

impl From<RedisError> for Fault {
    fn from(error: RedisError) -> Self {
        Self::Failed(reason(&error))
    }
}

/// What went wrong, in so many words as fit a log.
fn reason(error: &RedisError) -> Arc<str> {
    let text = error.to_string();
    text[..text.floor_char_boundary(LONGEST_REASON)].into()
}

/// The way to the servers. Nothing is connected before the first call.
pub(super) struct Link {
    address: Address,
    target: Target,
    /// A key that is never there.
    nothing: Arc<Key>,
    state: Mutex<State>,
}

enum Target {
    /// One primary, and who may take its place.
    Servers(Vec<Client>),
    Cluster(Box<ClusterClient>),
}

enum State {
    Down { failures: u32, not_before: Instant, why: Arc<str> },
    Connecting { attempt: watch::Receiver<()> },
    Up { connection: Connection, number: u64, since: Instant, answered: Instant, failures: u32 },
}

#[derive(Clone)]
enum Connection {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    async fn ask(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Server(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }
}

impl Link {
    /// A way to the servers of `address`, which trusts the certificates in `ca` (PEM) if there are any,
    /// else those that the system trusts.
    pub(super) fn new(address: Address, ca: Option<Vec<u8>>, nothing: Key) -> Result<Self, RedisUrlError> {
        if address.tls {
            // The host may have chosen already; then its choice stands.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let target = target(&address, ca)
            .map_err(|error| RedisUrlError::CaCertificates(reason(&error).as_ref().to_owned()))?;
        let state = State::Down { failures: 0, not_before: Instant::now(), why: "not connected yet".into() };
        Ok(Self { address, target, nothing: Arc::new(nothing), state: Mutex::new(state) })
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Runs a script: one round trip, unless the server does not know the script.
    pub(super) async fn run(self: &Arc<Self>, call: &Call) -> Result<Value, Fault> {
        let (mut connection, number) = self.connection().await?;
        let mut answer = connection.ask(&call.by_name()).await;
        if let Err(error) = &answer
            && error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
        {
            answer = connection.ask(&call.with_text()).await;
        }
        self.conclude(number, answer)
    }

    /// Runs a command.
    pub(super) async fn ask(self: &Arc<Self>, command: &Cmd) -> Result<Value, Fault> {
        let (mut connection, number) = self.connection().await?;
        let answer = connection.ask(command).await;
        self.conclude(number, answer)
    }

    /// The connection and which one it is. Waits for it while it is made.
    async fn connection(self: &Arc<Self>) -> Result<(Connection, u64), Fault> {
        loop {
            let (mut attempt, begun) = {
                let mut state = self.state.lock();
                match &*state {
                    State::Up { connection, number, .. } => return Ok((connection.clone(), *number)),
                    State::Down { not_before, why, .. } if Instant::now() < *not_before => {
                        return Err(Fault::Down(Arc::clone(why)));
                    }
                    State::Down { failures, .. } => {
                        let (over, attempt) = watch::channel(());
                        let begun = Attempt::new(Arc::clone(self), *failures, over);
                        *state = State::Connecting { attempt: attempt.clone() };
                        (attempt, Some(begun))
                    }
                    State::Connecting { attempt } => (attempt.clone(), None),
                }
            };
            if let Some(begun) = begun {
                // Whoever waits may give up; the attempt goes on for the others.
                tokio::spawn(begun.run());
            }
            // Nothing is ever sent: the sender goes when the attempt is over.
            let _ = attempt.changed().await;
        }
    }

    async fn connect(&self) -> Result<Connection, Arc<str>> {
        match &self.target {
            Target::Servers(clients) => {
                let open = |client: &Client| open(client.clone(), Arc::clone(&self.nothing));
                let mut attempts: JoinSet<_> = clients.iter().map(open).collect();
                let mut reasons = Vec::new();
                while let Some(attempt) = attempts.join_next().await {
                    match attempt {
                        Ok(Ok(connection)) => return Ok(Connection::Server(connection)),
                        Ok(Err(why)) => reasons.push(why),
                        Err(_) => reasons.push("the attempt to connect was dropped".into()),
                    }
                }
                Err(reasons.join("; ").into())
            }
            Target::Cluster(client) => match timeout(2 * CONNECT, client.get_async_connection()).await {
                Ok(Ok(connection)) => Ok(Connection::Cluster(connection)),
                Ok(Err(error)) => Err(reason(&error)),
                Err(_) => Err("no node of the cluster answered in time".into()),
            },
        }
    }
    /// Notes what an answer says about the connection.
    fn conclude(&self, number: u64, answer: RedisResult<Value>) -> Result<Value, Fault> {
        let error = match answer {
            Ok(value) => {
                self.answered(number);
                return Ok(value);
            }
            Err(error) => error,
        };
        if is_of_the_connection(&error) {
            self.give_up(number, &error);
        } else {
            self.answered(number);
        }
        Err(error.into())
    }

    fn answered(&self, of: u64) {
        // Only a cluster needs to know.
        if let Target::Cluster(_) = self.target
            && let State::Up { number, answered, .. } = &mut *self.state.lock()
            && *number == of
        {
            *answered = Instant::now();
        }
    }

    /// Gives up a connection, unless somebody else did.
    fn give_up(&self, of: u64, error: &RedisError) {
        let mut state = self.state.lock();
        let State::Up { number, since, answered, failures, .. } = &*state else { return };
        let silent = match self.target {
            Target::Servers(_) => true,
            Target::Cluster(_) => answered.elapsed() >= SILENCE,
        };
        if *number == of && silent {
            let failures = if since.elapsed() < PROVEN { failures + 1 } else { 0 };
            *state =
                State::Down { failures, not_before: Instant::now() + pause(failures), why: reason(error) };
        }
    }
}

/// One attempt to connect.
struct Attempt {
    link: Arc<Link>,
    failures: u32,
    outcome: Option<Result<Connection, Arc<str>>>,
    /// Whoever waits for the attempt waits for this to go.
    _over: watch::Sender<()>,
}

impl Attempt {
    const fn new(link: Arc<Link>, failures: u32, over: watch::Sender<()>) -> Self {
        Self { link, failures, outcome: None, _over: over }
    }

    async fn run(mut self) {
        self.outcome = Some(self.link.connect().await);
    }
}

/// An attempt ends in every case, its runtime's end included: nobody waits for ever.
impl Drop for Attempt {
    fn drop(&mut self) {
        let outcome = self.outcome.take().unwrap_or_else(|| Err("the attempt to connect was dropped".into()));
        let now = Instant::now();
        *self.link.state.lock() = match outcome {
            Ok(connection) => State::Up {
                connection,
                number: next_number(),
                since: now,
                answered: now,
                failures: self.failures,
            },
            Err(why) => {
                let failures = self.failures.saturating_add(1);
                State::Down { failures, not_before: now + pause(failures), why }
            }
        };
    }
}

fn next_number() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// Connects to a server that takes writes.
async fn open(client: Client, nothing: Arc<Key>) -> Result<MultiplexedConnection, Arc<str>> {
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(Some(ANSWER));
    let connect = async {
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        // Removes nothing; but a server that takes no writes says so.
        cmd("UNLINK").arg(nothing.as_bytes()).query_async::<Value>(&mut connection).await?;
        Ok(connection)
    };
    match timeout(CONNECT, connect).await {
        Ok(outcome) => outcome.map_err(|error: RedisError| reason(&error)),
        Err(_) => Err("the server did not answer in time".into()),
    }
}

fn target(address: &Address, ca: Option<Vec<u8>>) -> RedisResult<Target> {
    let servers = address.servers()?;
    let certificates = ca.map(|ca| TlsCertificates { client_tls: None, root_cert: Some(ca) });
    if !address.cluster {
        let client = |server| match certificates.clone() {
            Some(certificates) => Client::build_with_tls(server, certificates),
            None => Client::open(server),
        };
        return servers.into_iter().map(client).collect::<RedisResult<_>>().map(Target::Servers);
    }
    let mut builder = ClusterClient::builder(servers)
        .connection_timeout(CONNECT)
        .response_timeout(ANSWER)
        .overall_response_timeout(Some(ANSWER + CONNECT / 2))
        .retries(4)
        .min_retry_wait(10)
        .max_retry_wait(100);
    if let Some(certificates) = certificates {
        builder = builder.certs(certificates);
    }
    Ok(Target::Cluster(Box::new(builder.build()?)))
}

/// Whether an error says that the connection is of no use any more: it is lost or does not answer, or
/// the server at its end is not a primary with all its data.
fn is_of_the_connection(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Io
        | ErrorKind::Parse
        | ErrorKind::AuthenticationFailed
        | ErrorKind::ClusterConnectionNotFound
        | ErrorKind::Server(
            ServerErrorKind::ReadOnly | ServerErrorKind::BusyLoading | ServerErrorKind::MasterDown,
        ) => true,
        // Before 7.0, what happened inside of a script is told in the text of another error.
        ErrorKind::Server(ServerErrorKind::ResponseError) => error.detail().is_some_and(|text| {
            ["-READONLY", "-LOADING", "-MASTERDOWN"].iter().any(|code| text.contains(code))
        }),
        _ => false,
    }
}

/// How long to wait before the next attempt, after so many that failed.
fn pause(failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(1) else { return Duration::ZERO };
    let pause = PAUSE.saturating_mul(1 << doublings.min(10)).min(LONGEST_PAUSE);
    // Without randomness all would come back at once, which is better than never.
    let chance = getrandom::u32().unwrap_or_default();
    pause.mul_f64(0.5 + 0.5 * f64::from(chance) / f64::from(u32::MAX))
}

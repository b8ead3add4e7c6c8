//! What happens while the server cannot do its part: every verb says so within a second, nobody is let in and
//! nobody's session is denied, and it passes by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mcp_sessions::store::Verdict;
use mcp_sessions::{
    Binding, CallerKey, Policy, RedisStore, SessionKey, SessionState, SessionStore as _, StoreError,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::redis::server::{Server, caller, digest, free_port, fresh_key, policy, recovered, server};

/// What a verb came to.
type Outcome = Result<String, StoreError>;

const VERBS: [&str; 12] = [
    "create",
    "create for nobody",
    "validate",
    "check",
    "validate nobody's",
    "get_or_create",
    "get_or_create, lazily",
    "terminate_all",
    "list",
    "sweep",
    "count",
    "terminate",
];

async fn verb(verb: &str, store: &RedisStore, key: &SessionKey, policy: &Policy) -> Outcome {
    fn text<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> Outcome {
        outcome.map(|outcome| format!("{outcome:?}"))
    }
    let (bound, state) = (Binding::Bound(digest("ana")), SessionState::default());
    let lazy = policy.clone().with_lazy_binding(true);
    match verb {
        "create" => text(store.create(&fresh_key(), bound, state, policy).await),
        "create for nobody" => text(store.create(&fresh_key(), Binding::Anonymous, state, policy).await),
        "validate" => text(store.validate(key, caller("ana"), true, policy).await),
        "check" => text(store.validate(key, caller("ana"), false, policy).await),
        "validate nobody's" => text(store.validate(&fresh_key(), CallerKey::Anonymous, true, policy).await),
        "get_or_create" => text(store.get_or_create(&fresh_key(), caller("ben"), state, policy).await),
        "get_or_create, lazily" => text(store.get_or_create(&fresh_key(), caller("ben"), state, &lazy).await),
        "terminate_all" => text(store.terminate_all(&digest("kim")).await),
        "list" => text(store.list(&digest("ana"), policy).await),
        "sweep" => text(store.sweep(policy).await),
        "count" => text(store.count().await),
        _ => text(store.terminate(key, caller("ana"), policy).await),
    }
}

/// Every verb fails, in less than a second.
async fn assert_all_fail(store: &RedisStore, key: &SessionKey) {
    for name in VERBS {
        let start = Instant::now();
        let outcome = verb(name, store, key, &policy()).await;
        let took = start.elapsed();
        assert!(took < Duration::from_secs(1), "{name} took {took:?}");
        outcome.expect_err(name);
    }
    // All at once as well: nobody waits for anybody.
    let mut all = JoinSet::new();
    for name in VERBS.into_iter().cycle().take(60) {
        let (store, key) = (store.clone(), *key);
        all.spawn(async move {
            let start = Instant::now();
            verb(name, &store, &key, &policy()).await.expect_err(name);
            assert!(start.elapsed() < Duration::from_secs(1), "{name} took {:?}", start.elapsed());
        });
    }
    all.join_all().await;
}

async fn with_a_session(server: &Server) -> (RedisStore, SessionKey) {
    let (store, key) = (server.store(), fresh_key());
    store.create(&key, Binding::Bound(digest("ana")), SessionState::default(), &policy()).await.expect("up");
    (store, key)
}

/// Her session is valid again, before long.
async fn assert_it_is_back(store: &RedisStore, key: &SessionKey) {
    let verdict = recovered(async || store.validate(key, caller("ana"), true, &policy()).await).await;
    assert!(matches!(verdict, Verdict::Valid(_)), "{verdict:?}");
    for name in VERBS {
        verb(name, store, key, &policy()).await.expect(name);
    }
}

/// S-11: an error at once while it is down, never a guess.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn down_at_the_start_and_down_later() {
    let mut server = server!();
    server.crash();
    let (store, key) = (server.store(), fresh_key());
    assert_all_fail(&store, &key).await;
    server.restart();
    let state = SessionState::default;
    let bound = Binding::Bound(digest("ana"));
    recovered(async || store.create(&key, bound, state(), &policy()).await).await;
    assert_it_is_back(&store, &key).await;
    server.crash();
    assert_all_fail(&store, &key).await;
    server.restart();
    let verdict = recovered(async || store.validate(&key, caller("ana"), true, &policy()).await).await;
    assert_eq!(verdict, Verdict::Unknown, "nothing was persisted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_by_seconds() {
    let server = server!();
    let (store, key) = with_a_session(&server).await;
    let _: String = server.ask(&["CLIENT", "PAUSE", "5000", "ALL"]);
    assert_all_fail(&store, &key).await;
    assert_it_is_back(&store, &key).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connected_and_silent() {
    let server = server!();
    let (store, key) = with_a_session(&server).await;
    server.signal("-STOP");
    assert_all_fail(&store, &key).await;
    server.signal("-CONT");
    assert_it_is_back(&store, &key).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_takes_no_writes() {
    let server = server!();
    let (store, key) = with_a_session(&server).await;
    let nobody = free_port().to_string();
    let _: String = server.ask(&["REPLICAOF", "127.0.0.1", &nobody]);
    assert_all_fail(&store, &key).await;
    let _: String = server.ask(&["REPLICAOF", "NO", "ONE"]);
    assert_it_is_back(&store, &key).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_lost_its_primary() {
    let server = server!("--replica-serve-stale-data", "no");
    let (store, key) = with_a_session(&server).await;
    let nobody = free_port().to_string();
    let _: String = server.ask(&["REPLICAOF", "127.0.0.1", &nobody]);
    assert_all_fail(&store, &key).await;
    let _: String = server.ask(&["REPLICAOF", "NO", "ONE"]);
    assert_it_is_back(&store, &key).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn out_of_memory() {
    let server = server!();
    let (store, key) = with_a_session(&server).await;
    let _: String = server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    let (free, other): (Vec<_>, Vec<_>) = VERBS
        .iter()
        .partition(|name| ["terminate_all", "list", "sweep", "count", "terminate"].contains(name));
    for name in other {
        verb(name, &store, &key, &policy()).await.expect_err(name);
    }
    let another = fresh_key();
    for name in free {
        verb(name, &store, &another, &policy()).await.expect("what takes no memory works");
    }
    let _: String = server.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_it_is_back(&store, &key).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_without_its_replicas() {
    let server = server!("--min-replicas-to-write", "0");
    let (store, key) = with_a_session(&server).await;
    let _: String = server.ask(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    assert_all_fail(&store, &key).await;
    let _: String = server.ask(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    assert_it_is_back(&store, &key).await;
}

#[tokio::test]
async fn evicted_keys_end_sessions_and_bring_none_back() {
    let server = server!();
    let (store, key) = with_a_session(&server).await;
    store.terminate_all(&digest("ana")).await.expect("up");
    verb("create", &store, &key, &policy()).await.expect("up");
    for part in [":e", ":i"] {
        for name in server.keys().into_iter().filter(|name| name.ends_with(part)) {
            let _: u64 = server.ask(&["DEL", &name]);
        }
        let verdict = store.validate(&key, caller("ana"), true, &policy()).await.expect("up");
        assert_eq!(verdict, Verdict::Unknown, "without {part}");
    }
}

/// A server that answers each command with these words, except the one that a connection begins with, and counts connections.
struct Fake {
    port: u16,
    connections: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
enum Manner {
    /// Says nothing.
    Silent,
    /// Hangs up at once.
    Rude,
    /// Answers everything with this.
    Says(&'static str),
    /// Takes the first write, and answers everything else with this.
    ThenSays(&'static str),
}

impl Fake {
    async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("it listens");
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, manner));
            }
        });
        Self { port, connections }
    }

    fn store(&self) -> RedisStore {
        self.store_by("redis")
    }

    fn store_by(&self, scheme: &str) -> RedisStore {
        RedisStore::connect(&format!("{scheme}://127.0.0.1:{}", self.port)).expect("a good URL")
    }
}

async fn serve(mut stream: TcpStream, manner: Manner) {
    let mut bytes = [0; 4096];
    loop {
        if let Manner::Rude = manner {
            return;
        }
        let Ok(read @ 1..) = stream.read(&mut bytes).await else { return };
        let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
        for command in text.split('*').filter(|command| command.contains('\r')) {
            let answer = match manner {
                Manner::Silent | Manner::Rude => continue,
                Manner::ThenSays(_) if command.contains("UNLINK\r\n") && !command.contains("EVAL") => {
                    ":0\r\n"
                }
                Manner::Says(answer) | Manner::ThenSays(answer) => answer,
            };
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_still_loads() {
    let words = "-LOADING Redis is loading the dataset in memory\r\n";
    for manner in [Manner::Says(words), Manner::ThenSays(words)] {
        let fake = Fake::start(manner).await;
        assert_all_fail(&fake.store(), &fresh_key()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_make_no_sense() {
    let nonsense = [
        "+OK\r\n",
        "$-1\r\n",
        ":1\r\n",
        "*0\r\n",
        "*1\r\n$5\r\nvalid\r\n",
        "*1\r\n$7\r\ncreated\r\n",
        "*4\r\n$5\r\nvalid\r\n$3\r\nnan\r\n$-1\r\n$0\r\n\r\n",
        "*4\r\n$5\r\nvalid\r\n$1\r\n1\r\n$-1\r\n$1\r\n\u{1}\r\n",
        "*2\r\n:-5\r\n:-9\r\n",
        "*2\r\n$1\r\nx\r\n*1\r\n$1\r\ny\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        "!hello\r\n",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "-ERR \u{7} no\r\n",
        "-READONLY no\r\n",
        "-NOSCRIPT no\r\n",
        "-MOVED 1 127.0.0.1:1\r\n",
    ];
    for words in nonsense {
        let fake = Fake::start(Manner::ThenSays(words)).await;
        let (store, key) = (fake.store(), fresh_key());
        for name in VERBS {
            let start = Instant::now();
            let outcome = verb(name, &store, &key, &policy()).await;
            assert!(start.elapsed() < Duration::from_secs(1), "{words:?}: {name}");
            // An empty list is a list.
            if words != "*0\r\n" || !["list", "terminate_all"].contains(&name) {
                outcome.expect_err(&format!("{words:?}: {name}"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_storms_a_server_that_is_down() {
    let words = "-LOADING Redis is loading the dataset in memory\r\n";
    for (manner, scheme, name) in [
        (Manner::Silent, "redis", "silent"),
        (Manner::Rude, "redis", "rude"),
        (Manner::Says(words), "redis", "loading"),
        (Manner::ThenSays(words), "redis", "loading later"),
        (Manner::Silent, "redis+cluster", "a silent cluster"),
        (Manner::Rude, "redis+cluster", "a rude cluster"),
        (Manner::Says(words), "redis+cluster", "a cluster that loads"),
    ] {
        let fake = Fake::start(manner).await;
        let store = fake.store_by(scheme);
        let end = Instant::now() + Duration::from_secs(3);
        let mut callers = JoinSet::new();
        for _ in 0..200 {
            let store = store.clone();
            callers.spawn(async move {
                while Instant::now() < end {
                    let start = Instant::now();
                    let verdict = store.validate(&fresh_key(), caller("ana"), true, &policy()).await;
                    verdict.expect_err("nobody answers");
                    assert!(start.elapsed() < Duration::from_secs(1));
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            });
        }
        callers.join_all().await;
        let connections = fake.connections.load(Ordering::SeqCst);
        assert!((2..=16).contains(&connections), "{name}: {connections} connections in three seconds");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_comes_back_over_one_connection() {
    let mut server = server!();
    let (store, _) = with_a_session(&server).await;
    server.crash();
    let mut callers = JoinSet::new();
    for _ in 0..200 {
        let store = store.clone();
        callers.spawn(async move {
            while store.validate(&fresh_key(), caller("ana"), true, &policy()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.restart();
    callers.join_all().await;
    let info: String = server.ask(&["INFO", "stats"]);
    let received = info.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
    let received: usize = received.and_then(|count| count.trim().parse().ok()).expect("a count");
    // One to see that it is up, one for `INFO`, one for the store; one more where an attempt came too early.
    assert!(received <= 5, "{received} connections");
}

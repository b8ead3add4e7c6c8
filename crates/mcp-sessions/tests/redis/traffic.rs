//! What goes over the wire: one command for each request that is checked.

use std::time::Instant;

use mcp_sessions::store::Verdict;
use mcp_sessions::{Binding, CallerKey, SessionState, SessionStore as _};

use crate::redis::server::{Server, caller, digest, fresh_key, policy, recovered, server};

/// The commands that clients have sent since the last call, by name, those of scripts and of this connection apart.
struct Monitor(Vec<std::io::BufReader<std::net::TcpStream>>);

impl Monitor {
    fn start(server: &Server) -> Self {
        use std::io::{BufRead as _, BufReader, Write as _};
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port)).expect("it is up");
        stream.write_all(b"MONITOR\r\n").expect("it is up");
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).expect("it is up");
        assert_eq!(line, "+OK\r\n");
        Self(vec![reader])
    }

    /// What was sent until `mark` was.
    fn until(&mut self, server: &Server, mark: &str) -> Vec<String> {
        use std::io::BufRead as _;
        let _: String = server.ask(&["ECHO", mark]);
        let mut commands = Vec::new();
        loop {
            let mut line = String::new();
            self.0[0].read_line(&mut line).expect("it is up");
            if line.contains(mark) {
                return commands;
            }
            let script = line.contains(" lua] ");
            let name = line.split('"').nth(1).unwrap_or_default().to_uppercase();
            // The setting up of the connection that sends the mark.
            if !script && !["CLIENT", "SELECT"].contains(&&*name) {
                commands.push(name);
            }
        }
    }
}

#[tokio::test]
async fn one_command_answers_a_request() {
    let server = server!();
    let (store, policy) = (server.store(), policy());
    let (hers, nobodys) = (fresh_key(), fresh_key());
    let state = SessionState::default;
    store.create(&hers, Binding::Bound(digest("ana")), state(), &policy).await.expect("up");
    store.create(&nobodys, Binding::Anonymous, state(), &policy).await.expect("up");
    let cases = [
        (hers, caller("ana")),
        (hers, caller("ben")),
        (hers, CallerKey::Anonymous),
        (nobodys, CallerKey::Anonymous),
    ];
    for (key, who) in &cases {
        store.validate(key, *who, true, &policy).await.expect("the script is known from here on");
    }
    let mut monitor = Monitor::start(&server);
    for (number, (key, who)) in cases.iter().enumerate() {
        for touch in [false, true] {
            let allowed = store.validate(key, *who, touch, &policy).await.expect("up");
            assert_eq!(matches!(allowed, Verdict::Valid(_)), number == 0 || number == 3);
            let sent = monitor.until(&server, &format!("mark-{number}-{touch}"));
            assert_eq!(sent, ["EVALSHA"], "case {number}, touch {touch}");
        }
    }
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_gets_them_again() {
    let mut server = server!();
    let (store, policy, key) = (server.store(), policy(), fresh_key());
    store.create(&key, Binding::Bound(digest("ana")), SessionState::default(), &policy).await.expect("up");
    let validate = || store.validate(&key, caller("ana"), true, &policy);
    assert!(matches!(validate().await.expect("up"), Verdict::Valid(_)));
    let _: String = server.ask(&["SCRIPT", "FLUSH"]);
    assert!(matches!(validate().await.expect("up"), Verdict::Valid(_)));
    let _: String = server.ask(&["FLUSHALL"]);
    assert_eq!(validate().await.expect("up"), Verdict::Unknown);
    store.create(&key, Binding::Bound(digest("ana")), SessionState::default(), &policy).await.expect("up");
    server.crash();
    server.restart();
    assert_eq!(recovered(async || validate().await).await, Verdict::Unknown, "nothing was persisted");
}

/// Writes how a validation compares with the least that a round trip takes.
#[tokio::test]
#[ignore = "a figure, not a promise: run alone"]
async fn validating_takes_little_more_than_a_ping() {
    let server = server!();
    let (store, policy, key) = (server.store(), policy(), fresh_key());
    store.create(&key, Binding::Bound(digest("ana")), SessionState::default(), &policy).await.expect("up");
    let client = redis::Client::open(server.url()).expect("a good URL");
    let mut connection = client.get_multiplexed_async_connection().await.expect("up");
    let (mut pings, mut validations) = (Vec::new(), Vec::new());
    for _ in 0..20_000 {
        let start = Instant::now();
        let _: String = redis::cmd("PING").query_async(&mut connection).await.expect("up");
        pings.push(start.elapsed());
        let start = Instant::now();
        store.validate(&key, caller("ana"), true, &policy).await.expect("up");
        validations.push(start.elapsed());
    }
    let stats: String = server.ask(&["INFO", "commandstats"]);
    let evalsha = stats.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:"));
    let at = |times: &mut Vec<std::time::Duration>, share: usize| {
        times.sort_unstable();
        times[times.len() * share / 100]
    };
    eprintln!(
        "FIGURE: redis: PING {:?} (p50) {:?} (p99), validate {:?} (p50) {:?} (p99); {}",
        at(&mut pings, 50),
        at(&mut pings, 99),
        at(&mut validations, 50),
        at(&mut validations, 99),
        evalsha.unwrap_or_default()
    );
}

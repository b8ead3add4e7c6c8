//! How much one address and one identity may ask of the program, and how large and slow a request may be.

use crate::support::{Caller, InProcess, Program, SECRET, SlowRegistry, sample_mirror};
use clinicaltrials_mcp::settings::{AuthSettings, BoundSettings};
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    num::NonZeroUsize,
    time::Duration,
};

const JWT: (&str, &str) = ("MCP_AUTH_SECRET_KEY", SECRET);

fn claims(subject: &str) -> Value {
    json!({"sub": subject, "client_id": "app"})
}

async fn statuses(caller: &Caller, requests: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for id in 0..requests {
        let reply = caller.request(id, "tools/list", json!({})).await;
        if reply.status == 429 {
            let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=10).contains(&wait) && reply.body.contains("try again in"), "{reply:?}");
        }
        statuses.push(reply.status);
    }
    statuses
}

#[tokio::test]
async fn an_address_may_ask_so_much_whoever_it_says_it_is() {
    let mirror = sample_mirror(5);
    let arguments = ["--auth", "jwt", "--sessions", "memory", "--trusted-proxy", "127.0.0.1"];
    let program = Program::serve(mirror.path(), &arguments, &[JWT, ("MCP_RATE_LIMIT_PER_ADDRESS", "1")]);
    let from = |addresses: &str| Caller::new(&program.url).stateless().with("x-forwarded-for", addresses);
    // Before any token is looked at, and before one would be missed.
    let guesses = statuses(&from("192.0.2.66"), 20).await;
    assert_eq!(guesses[..10], [401; 10]);
    assert!(guesses[12..].iter().all(|status| *status == 429), "{guesses:?}");
    // The same address, whatever it claims to forward; and not another one.
    assert_eq!(from("192.0.2.1, 192.0.2.66").request(1, "tools/list", json!({})).await.status, 429);
    assert_eq!(
        from("192.0.2.1").bearing(&claims("ana")).request(1, "tools/list", json!({})).await.status,
        200
    );
    // Whether it is alive may be asked by anybody, at any time.
    let health = Caller::new(&program.url.replace("/mcp", "/healthz")).with("x-forwarded-for", "192.0.2.66");
    assert_eq!(health.send(reqwest::Method::GET, "").await.status, 200);
}

#[tokio::test]
async fn without_trusted_proxies_nobody_is_believed_and_this_machine_is_not_held_off() {
    let mirror = sample_mirror(5);
    let program = Program::serve(mirror.path(), &[], &[("MCP_RATE_LIMIT_PER_ADDRESS", "1")]);
    let caller = Caller::new(&program.url).stateless().with("x-forwarded-for", "192.0.2.66");
    assert_eq!(statuses(&caller, 30).await, [200; 30]);
}

#[tokio::test]
async fn the_open_api_is_bounded_by_address_too() {
    let mirror = sample_mirror(5);
    let arguments = ["--trusted-proxy", "127.0.0.0/8"];
    let program = Program::serve(mirror.path(), &arguments, &[("MCP_RATE_LIMIT_PER_ADDRESS", "1")]);
    let api =
        Caller::new(&program.url.replace("/mcp", "/api/v2/version")).with("x-forwarded-for", "192.0.2.66");
    let mut last = 0;
    for _ in 0..15 {
        last = api.send(reqwest::Method::GET, "").await.status;
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn an_identity_may_ask_so_much_and_others_do_not_pay_for_it() {
    let mirror = sample_mirror(5);
    let arguments = ["--auth", "jwt", "--sessions", "memory"];
    let program = Program::serve(mirror.path(), &arguments, &[JWT, ("MCP_RATE_LIMIT_PER_IDENTITY", "1")]);
    let caller = |subject| Caller::new(&program.url).stateless().bearing(&claims(subject));
    let asked = statuses(&caller("ana"), 20).await;
    assert_eq!(asked[..10], [200; 10]);
    assert!(asked[12..].iter().all(|status| *status == 429), "{asked:?}");
    assert_eq!(statuses(&caller("ben"), 5).await, [200; 5]);
}

#[tokio::test]
async fn so_many_requests_of_an_identity_run_at_once() {
    let bounds = BoundSettings { at_once_per_identity: NonZeroUsize::new(2), ..BoundSettings::none() };
    let auth = AuthSettings::shared_secret(SECRET.as_bytes());
    let server = InProcess::start_within(SlowRegistry::new(Duration::from_millis(500)), auth, bounds).await;
    let ana = Caller::new(&server.url).stateless().bearing(&claims("ana"));
    let count = json!({"name": "clinicaltrials_get_study_count", "arguments": {}});
    let call = |caller: &Caller| {
        let (caller, count) = (caller.clone(), count.clone());
        tokio::spawn(async move { caller.request(1, "tools/call", count).await.status })
    };
    let running: Vec<_> = (0..5).map(|_| call(&ana)).collect();
    let other = call(&Caller::new(&server.url).stateless().bearing(&claims("ben"))).await.unwrap();
    let mut statuses = Vec::new();
    for call in running {
        statuses.push(call.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!((statuses, other), (vec![200, 200, 429, 429, 429], 200));
    // Their places are free again.
    assert_eq!(call(&ana).await.unwrap(), 200);

    // In a session what runs goes on when its client hangs up, and keeps its place.
    let client = Caller::new(&server.url).bearing(&claims("cem"));
    let cem = client.clone().in_session(&client.open_session().await);
    let search = json!({"name": "clinicaltrials_search_studies", "arguments": {}});
    for id in 1..=2 {
        let asking = cem.request(id, "tools/call", search.clone());
        assert!(tokio::time::timeout(Duration::from_millis(100), asking).await.is_err());
    }
    assert_eq!(cem.request(3, "tools/list", json!({})).await.status, 429);
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(cem.request(4, "tools/list", json!({})).await.status, 200);
}

#[test]
fn a_head_that_is_too_large_is_refused_as_such() {
    let mirror = sample_mirror(5);
    let program = Program::serve(mirror.path(), &[], &[]);
    let address = program.url.strip_prefix("http://").unwrap().strip_suffix("/mcp").unwrap();
    let status = |request: String| {
        let mut connection = TcpStream::connect(address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        // It may be refused before it is sent whole.
        let _ = connection.write_all(request.as_bytes());
        let mut answer = [0; 12];
        connection.read_exact(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[9..]).into_owned()
    };
    let head = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{more}\r\n");
    assert_eq!(status(head("/healthz", &format!("x-long: {}\r\n", "a".repeat(30_000)))), "200");
    assert_eq!(status(head("/healthz", &format!("x-long: {}\r\n", "a".repeat(200_000)))), "431");
    assert_eq!(status(head("/healthz", &"x: a\r\n".repeat(200))), "431");
    assert_eq!(status(head(&format!("/healthz?{}", "a".repeat(30_000)), "")), "200");
    assert!(
        ["414", "431"].contains(&status(head(&format!("/healthz?{}", "a".repeat(200_000)), "")).as_str())
    );
}

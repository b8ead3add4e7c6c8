//! The examples serve what they say, over TCP, and the README shows them as they are.

use axum::Router;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[allow(dead_code, unreachable_pub, reason = "a program with a `main`, of which the router is used")]
#[path = "../examples/axum_plain.rs"]
mod axum_plain;

#[allow(dead_code, unreachable_pub, reason = "a program with a `main`, of which the router is used")]
#[path = "../examples/axum_rmcp.rs"]
mod axum_rmcp;

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{
    "protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#;
const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
const CALL: &str =
    r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"NAME","arguments":{}}}"#;

/// A client of a server that listens on a port of its own.
struct Client {
    port: u16,
}

/// A response as it came over the wire.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Client {
    async fn of(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it listens").port();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port }
    }

    /// One request on a connection of its own.
    async fn send(&self, method: &str, who: Option<&str>, session: Option<&str>, body: &str) -> Reply {
        let header = |name: &str, value: Option<&str>| {
            value.map_or_else(String::new, |value| format!("{name}: {value}\r\n"))
        };
        let request = format!(
            "{method} /mcp HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n\
             content-type: application/json\r\naccept: application/json, text/event-stream\r\n\
             {}{}content-length: {}\r\n\r\n{body}",
            self.port,
            header("authorization", who.map(|who| format!("Bearer {who}")).as_deref()),
            header("mcp-session-id", session),
            body.len(),
        );
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).await.expect("it listens");
        connection.write_all(request.as_bytes()).await.expect("it reads");
        let mut reply = String::new();
        connection.read_to_string(&mut reply).await.expect("it answers in text");
        let (head, body) = reply.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    }

    async fn post(&self, who: &str, session: Option<&str>, body: &str) -> Reply {
        self.send("POST", Some(who), session, body).await
    }
}

impl Reply {
    fn session_id(&self) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix("mcp-session-id: "))
    }

    fn result(&self) -> Value {
        assert_eq!(self.status, 200, "{}\n{}", self.head, self.body);
        let mut message: Value = serde_json::from_str(&self.body).expect("one JSON-RPC message");
        message["result"].take()
    }
}

/// From `initialize` to the end of the session, with a thief on the way, who then opens one of his own. The server has
/// one tool, which says `text` to him.
async fn a_life_of_a_session(router: Router, tool: &str, text: &str) {
    let client = Client::of(router).await;
    assert_eq!(client.send("POST", None, None, INITIALIZE).await.status, 401);
    let opened = client.post("ana", None, INITIALIZE).await;
    assert_eq!(opened.result()["protocolVersion"], "2025-06-18");
    let id = opened.session_id().expect("it opened a session").to_owned();
    assert_eq!(id.len(), 64);
    assert_eq!(client.post("ana", Some(&id), INITIALIZED).await.status, 202);
    assert_eq!(client.post("ana", Some(&id), LIST).await.result()["tools"][0]["name"], tool);

    assert_eq!(client.post("ana", None, LIST).await.status, 400);
    let foreign = client.post("ben", Some(&id), LIST).await;
    let unknown = client.post("ben", Some(&"0".repeat(64)), LIST).await;
    assert_eq!((foreign.status, &foreign.body), (404, &unknown.body));
    assert_eq!(client.send("DELETE", Some("ben"), Some(&id), "").await.status, 404);
    assert_eq!(client.post("ana", Some(&id), LIST).await.status, 200, "the thief has ended nothing");

    assert_eq!(client.send("DELETE", Some("ana"), Some(&id), "").await.status, 204);
    assert_eq!(client.post("ana", Some(&id), LIST).await.status, 404);
    assert_eq!(client.send("DELETE", Some("ana"), Some(&id), "").await.status, 404);

    let opened = client.post("ben", None, INITIALIZE).await;
    let called = client.post("ben", opened.session_id(), &CALL.replace("NAME", tool)).await;
    assert_eq!(called.result()["content"][0]["text"], text);
}

#[tokio::test]
async fn the_plain_example_serves_a_session() {
    a_life_of_a_session(axum_plain::router().expect("the policy agrees"), "hello", "hello, test").await;
}

#[tokio::test]
async fn the_rmcp_example_serves_a_session() {
    a_life_of_a_session(axum_rmcp::router().expect("the policy agrees"), "whoami", "ben").await;
}

/// What is compiled and run here is what the README shows: each program whole, less its first lines.
#[test]
fn the_readme_shows_the_examples_as_they_are() {
    const README: &str = include_str!("../README.md");
    let programs = [include_str!("../examples/axum_plain.rs"), include_str!("../examples/axum_rmcp.rs")];
    for program in programs {
        let header = program.lines().take_while(|line| line.starts_with("//!")).map(|line| line.len() + 1);
        let code = program[header.sum()..].trim_start();
        assert!(README.contains(&format!("```rust,no_run\n{code}```\n")), "the README lacks:\n{code}");
    }
}

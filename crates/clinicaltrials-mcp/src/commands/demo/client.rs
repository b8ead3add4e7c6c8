//! A small MCP client that speaks plain HTTP and shows what it sends.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::io::{Write as _, stdout};

const PROTOCOL: &str = "2025-11-25";
const SESSION_ID: &str = "Mcp-Session-Id";

/// One caller: a token, and the session it opened.
pub(super) struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
    session: Option<String>,
    next_id: u64,
}

/// An answer as it came.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
    session: Option<String>,
}

impl Reply {
    pub(super) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.body).with_context(|| format!("not JSON: {}", self.body))
    }
}

impl Client {
    pub(super) fn new(url: &str, token: String) -> Self {
        Self { http: reqwest::Client::new(), url: url.to_owned(), token, session: None, next_id: 1 }
    }

    /// Opens a session and returns what the server says of itself.
    pub(super) async fn initialize(&mut self) -> anyhow::Result<Value> {
        let params = json!({
            "protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": {"name": "demo", "version": "1.0.0"},
        });
        let reply = self.request("initialize", params).await?;
        ensure!(reply.status == 200, "initialize was answered with {}: {}", reply.status, reply.body);
        self.session.clone_from(&reply.session);
        ensure!(self.session.is_some(), "initialize gave no session");
        let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let accepted = self.post(&initialized).await?;
        ensure!(accepted.status == 202, "the notification was answered with {}", accepted.status);
        Ok(reply.json()?["result"].take())
    }

    /// Calls a tool and returns its result.
    pub(super) async fn call(&mut self, tool: &str, arguments: Value) -> anyhow::Result<Value> {
        let reply = self.request("tools/call", json!({"name": tool, "arguments": arguments})).await?;
        let mut message = reply.json()?;
        ensure!(message.get("result").is_some(), "{tool} was answered with {}: {}", reply.status, reply.body);
        Ok(message["result"].take())
    }

    /// Sends a request in this client's session, if it has one.
    pub(super) async fn request(&mut self, method: &str, params: Value) -> anyhow::Result<Reply> {
        let shown = if params == json!({}) { String::new() } else { format!(" {params}") };
        stdout()
            .write_all(format!("  -> {method}{shown}\n").as_bytes())
            .context("nobody reads the demo any more")?;
        let message = json!({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params});
        self.next_id += 1;
        self.post(&message).await
    }

    /// Ends the session and returns the status.
    pub(super) async fn end_session(&self) -> anyhow::Result<u16> {
        stdout().write_all(b"  -> DELETE\n").context("nobody reads the demo any more")?;
        let request = self.headers(self.http.delete(&self.url));
        Ok(request.send().await.context("the server cannot be reached")?.status().as_u16())
    }

    pub(super) fn steal_session_of(&mut self, victim: &Self) {
        self.session.clone_from(&victim.session);
    }

    pub(super) fn invent_session(&mut self) {
        self.session = Some("0123456789abcdef".repeat(4));
    }

    async fn post(&self, message: &Value) -> anyhow::Result<Reply> {
        let request = self
            .headers(self.http.post(&self.url))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .body(message.to_string());
        let response = request.send().await.context("the server cannot be reached")?;
        let session = response.headers().get(SESSION_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
        let status = response.status().as_u16();
        Ok(Reply { status, session, body: response.text().await.context("the answer broke off")? })
    }

    fn headers(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let request = request.bearer_auth(&self.token);
        match &self.session {
            Some(session) => request.header(SESSION_ID, session).header("MCP-Protocol-Version", PROTOCOL),
            None => request,
        }
    }
}

//! `sessions`: what somebody has open on the running server, and how to end it.

use crate::{
    admin::{self, Door, Listed, Revoked, Whose},
    cli::{SessionsAction, SessionsOptions, WhoseOptions},
    settings::Settings,
};
use anyhow::{Context as _, bail, ensure};
use indicatif::HumanDuration;
use mcp_sessions::Identity;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fmt::Write as _,
    io::{Write as _, stdout},
    path::Path,
    time::Duration,
};

/// Longest that a server on this machine may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lists or ends the sessions of one identity.
///
/// # Errors
///
/// When no server runs over the data directory, or more than one and none is named, or it cannot do what it is asked.
pub async fn run(settings: &Settings, options: &SessionsOptions) -> anyhow::Result<()> {
    let server = Server::find(&settings.data_dir, options.server.as_deref())?;
    let text = match &options.action {
        SessionsAction::List { whose, json } => {
            let listed: Listed = server.ask("list", &named(whose)?).await?;
            if *json { format!("{}\n", serde_json::to_string_pretty(&listed)?) } else { in_words(&listed) }
        }
        SessionsAction::Revoke { whose } => {
            let Revoked { ended, cohorts } = server.ask("revoke", &named(whose)?).await?;
            ensure!(
                ended + cohorts > 0,
                "nobody has a session open under this identity: it is compared as a whole, so give every claim that \
                 their tokens carry (--issuer, --tenant, --client, --subject) and no other; each client a person uses \
                 is an identity of its own"
            );
            let cohorts = match cohorts {
                0 => String::new(),
                1 => " and removed a saved cohort".to_owned(),
                several => format!(" and removed {several} saved cohorts"),
            };
            format!("ended {}{cohorts}\n", sessions(ended))
        }
    };
    stdout().write_all(text.as_bytes()).context("nobody reads the answer")
}

/// The identity that is meant: one that names somebody.
fn named(whose: &WhoseOptions) -> anyhow::Result<Whose> {
    let WhoseOptions { issuer, tenant, client, subject } = whose.clone();
    let whose = Whose { issuer, tenant, client, subject };
    Identity::from(whose.clone())
        .checked()
        .context("say whose: --subject or --client, and every other claim that their tokens carry")?;
    Ok(whose)
}

/// A server that runs on this machine and has let us in.
struct Server {
    http: reqwest::Client,
    door: Door,
}

impl Server {
    fn find(data_dir: &Path, serving: Option<&str>) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
        let doors = admin::doors(data_dir)
            .with_context(|| format!("cannot look for running servers in {}", data_dir.display()))?;
        let wanted = |door: &Door| serving.is_none_or(|serving| door.serving.to_string() == serving);
        let mut running: Vec<_> =
            doors.into_iter().filter(wanted).map(|door| Self { http: http.clone(), door }).collect();
        if running.len() > 1 {
            let addresses: Vec<_> = running.iter().map(|server| server.door.serving.to_string()).collect();
            bail!(
                "several servers run over {}: choose one with --server {}",
                data_dir.display(),
                addresses.join(" or --server ")
            );
        }
        running.pop().with_context(|| {
            format!(
                "no server that can be asked runs over {}: start `serve` with this data directory, or name the one \
                 that it has with --data-dir",
                data_dir.display()
            )
        })
    }

    async fn ask<T: DeserializeOwned>(&self, what: &str, whose: &impl Serialize) -> anyhow::Result<T> {
        let url = format!("http://{}/sessions/{what}", self.door.admin);
        let request = self.http.post(url).bearer_auth(&self.door.secret).json(whose);
        let response = request.send().await.context("the server cannot be reached")?;
        let status = response.status();
        let text = response.text().await.context("the server's answer broke off")?;
        ensure!(status.is_success(), "the server answered {status}: {text}");
        serde_json::from_str(&text).with_context(|| format!("the server answered {text}"))
    }
}

fn in_words(listed: &Listed) -> String {
    let ago = |seconds| format!("{} ago", HumanDuration(Duration::from_secs(seconds)));
    let mut text = format!("{} open, of {} in all\n", sessions(listed.sessions.len()), listed.total);
    for session in &listed.sessions {
        let used =
            session.idle_seconds.map_or("never used".into(), |idle| format!("last used {}", ago(idle)));
        // A name is what a client says of itself: nothing in it may reach the terminal as an order.
        let client = session.client_name.escape_debug();
        let opened = ago(session.age_seconds);
        _ = writeln!(text, "  {}  opened {opened}, {used}, by {client}", session.fingerprint);
    }
    text
}

fn sessions(count: usize) -> String {
    if count == 1 { "1 session".into() } else { format!("{count} sessions") }
}

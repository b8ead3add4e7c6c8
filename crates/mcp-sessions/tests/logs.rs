//! No id, key or claim reaches a log, an error or a `Debug` output.

use mcp_sessions::{Caller, Policy, SessionId, SessionState};

use crate::support::http::{INITIALIZE, LIST, delete, post, server_with};
use crate::support::{Log, MINUTE, ana, ben, identity};

/// S-12: eight characters of an id, a key or a claim would be found.
#[tokio::test]
async fn a_log_of_everything_holds_no_id() {
    let log = Log::start();
    let policy = Policy::default().with_max_per_identity(3).with_max_sessions(4).with_lazy_binding(true);
    let (server, clock) = server_with(policy);
    let sessions = &server.sessions;
    let mut ids =
        vec![server.open(&ana()).await, server.open(&ana()).await, SessionId::random().expose_hex()];
    let answer = server.send(post(&ana(), Some(&ids[2]), LIST)).await;
    tracing::info!("{answer:?}");
    for id in &ids {
        for caller in [ana(), ben(), Caller::Anonymous] {
            tracing::info!("{:?}", sessions.validate(id, &caller).await);
            tracing::info!("{:?}", sessions.check(id, &caller).await);
        }
        for request in
            [post(&ben(), Some(id), LIST), post(&ana(), Some(id), INITIALIZE), delete(&ben(), Some(id))]
        {
            server.send(request).await;
        }
        tracing::info!("{:?}", SessionId::parse(id));
        tracing::info!("{:?}", SessionId::parse(&id.to_uppercase()));
    }
    let adopted = SessionId::random().expose_hex();
    for caller in [Caller::Anonymous, ana(), ben()] {
        tracing::info!("{:?}", sessions.get_or_create(&adopted, &caller).await);
    }
    ids.push(adopted);
    for _ in 0..3 {
        if let Ok(id) = sessions.create(&ana(), SessionState::default()).await {
            ids.push(id.expose_hex());
        }
    }
    tracing::info!(
        "{:?} {:?}",
        sessions.list(&identity("ana")).await,
        server.engine.last.lock().take().map(|seen| seen.headers)
    );
    server.send(delete(&ana(), Some(&ids[0]))).await;
    clock.advance(MINUTE * 31);
    tracing::info!("{:?}", sessions.validate(&ids[1], &ana()).await);
    tracing::info!("{:?}", sessions.sweep().await);
    server.open(&ana()).await;
    tracing::info!("{:?} {sessions:?}", sessions.terminate_all(&identity("ana")).await);

    let log = log.take();
    for event in ["created", "bound", "terminated", "stale_cleanup", "rejected", "possible session hijack"] {
        assert!(log.contains(event), "the scenario lacks `{event}`:\n{log}");
    }
    let hex = |bytes: &[u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let keys = ids.iter().map(|id| hex(SessionId::parse(id).expect("an id").key().as_bytes()));
    let digests = ["ana", "ben"].map(|who| hex(identity(who).digest().as_bytes()));
    let claims = ["ana", "ben"].map(identity);
    let claims = claims.iter().flat_map(|who| [who.issuer(), who.tenant(), who.client(), who.subject()]);
    let claims = claims.map(|claim| claim.expect("all four are there").to_owned());
    let secrets: Vec<_> = ids.iter().cloned().chain(keys).chain(digests).chain(claims).collect();
    assert_eq!(shared(&log, &secrets), None, "in this log:\n{log}");

    let leak = format!("{log} {}", &secrets[0][20..28]);
    assert!(shared(&leak, &secrets).is_some(), "eight characters from the middle are found");
}

/// Eight characters in a row, or more, that a log shares with a secret.
fn shared(log: &str, secrets: &[String]) -> Option<String> {
    let log = log.to_lowercase();
    let mut windows = secrets.iter().flat_map(|secret| (8..=secret.len()).map(|end| &secret[end - 8..end]));
    windows.find(|window| log.contains(window)).map(str::to_owned)
}

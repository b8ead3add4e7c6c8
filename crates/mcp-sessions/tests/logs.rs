//! No id, key or claim reaches a log, an error or a `Debug` output.

use mcp_sessions::{Caller, Policy, SessionId, SessionState};

use crate::support::http::{INITIALIZE, LIST, delete, post, server_with};
use crate::support::{Log, MINUTE, ana, ben, identity};

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
    for event in ["created", "bound", "terminated", "swept", "rejected", "possible session hijack"] {
        assert!(log.contains(event), "the scenario lacks `{event}`:\n{log}");
    }
    for id in &ids {
        let key = SessionId::parse(id).expect("an id").key();
        let key: String = key.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let digest = identity("ana").digest();
        let digest: String = digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        for secret in [id, &key, &digest] {
            assert!(!log.to_lowercase().contains(&secret[..8]), "{}… is in the log:\n{log}", &secret[..8]);
        }
    }
    for claim in ["https://idp.example", "\"ana\"", "\"ben\"", "north"] {
        assert!(!log.contains(claim), "{claim} is in the log:\n{log}");
    }
}

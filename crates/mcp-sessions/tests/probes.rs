//! What becomes of more unknown ids than can be looked into.

use std::sync::Arc;
use std::time::Duration;

use mcp_sessions::{Policy, SessionId, Sessions};
use tokio::sync::Semaphore;

use crate::support::unreachable::Unreachable;
use crate::support::{Log, MINUTE, ben};

#[tokio::test(start_paused = true)]
async fn a_flood_of_unknown_ids_is_reported_once_a_minute_with_their_number() {
    let log = Log::start();
    let answers = Arc::new(Semaphore::new(0));
    let sessions =
        Sessions::new(Unreachable::but_for(Arc::clone(&answers)), Policy::default()).expect("a policy");
    let send = async |count| {
        for _ in 0..count {
            let id = SessionId::random().expose_hex();
            sessions.validate(&id, &ben()).await.expect_err("it is unknown");
        }
    };
    let alerts = |log: &str| log.matches("possible session hijack").count();

    send(4_096 + 7).await;
    tokio::time::sleep(MINUTE / 2).await;
    send(3).await;
    assert!(!log.take().contains("not_looked_into"));
    tokio::time::sleep(MINUTE / 2 + Duration::from_millis(1)).await;
    let told = log.take();
    let missed: Vec<_> = told.lines().filter(|line| line.contains("not_looked_into")).collect();
    assert!(
        matches!(&missed[..], [line] if line.contains("WARN") && line.contains("10 unknown ids")),
        "{missed:?}"
    );
    assert_eq!(alerts(&told), 0);

    // Whoever waits is looked into, and then there is room for others.
    answers.add_permits(4_096 + 5);
    tokio::time::sleep(MINUTE).await;
    send(5).await;
    tokio::time::sleep(MINUTE * 2).await;
    let told = log.take();
    assert_eq!((alerts(&told), told.contains("not_looked_into")), (4_096 + 5, false));
}

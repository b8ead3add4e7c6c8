//! What holds when many do it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::{MINUTE, ana, identity, sessions, sessions_with};
use mcp_sessions::{Caller, Identity, Policy, Rejection, SessionId, SessionState};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn creating_at_once_never_exceeds_a_cap() {
    let policy = Policy::default().with_max_per_identity(10).with_max_sessions(25);
    let (sessions, _) = sessions_with(policy);
    let mut tasks = JoinSet::new();
    for task in 0..300 {
        let sessions = sessions.clone();
        let who = ["ana", "ben", "eva"][task % 3];
        tasks.spawn(async move {
            let made = sessions.create(&Caller::Identified(identity(who)), SessionState::default()).await;
            match made {
                Ok(_) => "made",
                Err(rejection) => rejection.reason(),
            }
        });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "made").count(), 25);
    assert_eq!(sessions.count().await.expect("memory does not fail"), 25);
    for who in ["ana", "ben", "eva"] {
        let open = sessions.list(&identity(who)).await.expect("memory does not fail").len();
        assert!((5..=10).contains(&open), "{who} has {open}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_one_identity_wins_an_unbound_session() {
    let (sessions, _) = sessions_with(Policy::default().with_lazy_binding(true));
    for _ in 0..50 {
        let id =
            sessions.create(&Caller::Anonymous, SessionState::default()).await.expect("room").expose_hex();
        let start = Arc::new(Barrier::new(8));
        let mut tasks = JoinSet::new();
        for racer in 0..8 {
            let (sessions, id, start) = (sessions.clone(), id.clone(), Arc::clone(&start));
            // Half of each pair's claims are the other's: a mixture of two would be let in somewhere.
            let racer = Identity::default()
                .with_tenant(format!("tenant {}", racer % 4))
                .with_client(format!("client {}", racer / 4))
                .with_subject("ana");
            tasks.spawn(async move {
                start.wait().await;
                sessions.get_or_create(&id, &Caller::Identified(racer.clone())).await.is_ok().then_some(racer)
            });
        }
        let winners: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        let [winner] = &winners[..] else { panic!("{} winners", winners.len()) };
        assert!(
            sessions.terminate(&id, &Caller::Identified(winner.clone())).await.expect("it is the winner's")
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_terminating_nothing_validates() {
    let (sessions, _) = sessions();
    for _ in 0..100 {
        let id = sessions.create(&ana(), SessionState::default()).await.expect("room").expose_hex();
        let ended = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            let (sessions, id, ended) = (sessions.clone(), id.clone(), Arc::clone(&ended));
            tasks.spawn(async move {
                loop {
                    let had_ended = ended.load(Ordering::SeqCst);
                    match sessions.validate(&id, &ana()).await {
                        Ok(_) => assert!(!had_ended, "it validated after it was terminated"),
                        Err(Rejection::Unknown) => return,
                        Err(other) => panic!("{other}"),
                    }
                    tokio::task::yield_now().await;
                }
            });
        }
        assert!(sessions.terminate(&id, &ana()).await.expect("it is hers"));
        ended.store(true, Ordering::SeqCst);
        tasks.join_all().await;
    }
    assert_eq!(sessions.count().await.expect("memory does not fail"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_at_once_neither_locks_up_nor_loses_count() {
    let policy = Policy::default().with_lazy_binding(true).with_max_per_identity(3).with_max_sessions(40);
    let (sessions, clock) = sessions_with(policy);
    let ids: Arc<Vec<_>> = Arc::new((0..40).map(|_| SessionId::random().expose_hex()).collect());
    let mut tasks = JoinSet::new();
    for task in 0..8_usize {
        let (sessions, clock, ids) = (sessions.clone(), clock.clone(), Arc::clone(&ids));
        tasks.spawn(async move {
            for round in 0..2_000_usize {
                let id = &ids[(round * 7 + task) % ids.len()];
                let person = identity(["ana", "ben", "eva", "kim"][(round / 3 + task) % 4]);
                let caller =
                    if round % 5 == 0 { Caller::Anonymous } else { Caller::Identified(person.clone()) };
                match (round + task) % 7 {
                    0 => drop(sessions.validate(id, &caller).await),
                    1 => drop(sessions.terminate(id, &caller).await),
                    2 => drop(sessions.sweep().await),
                    3 if round % 50 == 0 => drop(sessions.terminate_all(&person).await),
                    4 => drop(sessions.create(&caller, SessionState::default()).await),
                    5 => clock.advance(MINUTE),
                    _ => drop(sessions.get_or_create(id, &caller).await),
                }
                if round % 16 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        });
    }
    tasks.join_all().await;
    assert!(sessions.count().await.expect("memory does not fail") <= 40);
    clock.advance(MINUTE * 60 * 25);
    sessions.sweep().await.expect("memory does not fail");
    assert_eq!(sessions.count().await.expect("memory does not fail"), 0);
}

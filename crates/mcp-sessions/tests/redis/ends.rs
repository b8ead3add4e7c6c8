//! What has ended has ended, on every replica, and who is refused changes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mcp_sessions::store::Verdict;
use mcp_sessions::{Binding, CallerKey, SessionState, SessionStore as _};
use tokio::task::JoinSet;

use crate::redis::server::{ask, caller, digest, fresh_key, policy, server};

/// S-9: neither here nor there does a call find it that starts after the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_it_has_ended_no_replica_validates_it() {
    let server = server!();
    let (here, there) = (server.store(), server.store());
    let policy = policy();
    for round in 0..40 {
        let key = fresh_key();
        let state = SessionState::default();
        here.create(&key, Binding::Bound(digest("ana")), state, &policy).await.expect("up");
        let ended = Arc::new(AtomicBool::new(false));
        let mut users = JoinSet::new();
        for user in 0..4 {
            let store = if user % 2 == 0 { here.clone() } else { there.clone() };
            let (ended, policy) = (Arc::clone(&ended), policy.clone());
            users.spawn(async move {
                loop {
                    let had_ended = ended.load(Ordering::SeqCst);
                    match store.validate(&key, caller("ana"), true, &policy).await.expect("up") {
                        Verdict::Valid(_) => assert!(!had_ended, "it validated after it had ended"),
                        Verdict::Unknown => return,
                        other => panic!("{other:?}"),
                    }
                }
            });
        }
        if round % 2 == 0 {
            let verdict = there.terminate(&key, caller("ana"), &policy).await.expect("up");
            assert!(matches!(verdict, Verdict::Valid(_)));
        } else {
            assert_eq!(there.terminate_all(&digest("ana")).await.expect("up"), 1);
        }
        ended.store(true, Ordering::SeqCst);
        users.join_all().await;
        assert_eq!(here.validate(&key, caller("ana"), true, &policy).await.expect("up"), Verdict::Unknown);
    }
}

#[tokio::test]
async fn who_is_refused_prolongs_nothing() {
    let server = server!();
    let (store, policy) = (server.store(), policy());
    let (hers, nobodys) = (fresh_key(), fresh_key());
    let state = SessionState::default;
    store.create(&hers, Binding::Bound(digest("ana")), state(), &policy).await.expect("up");
    store.create(&nobodys, Binding::Anonymous, state(), &policy).await.expect("up");
    let mut connection = server.connection();
    let sessions: Vec<_> = server.keys();
    let ends = |connection: &mut redis::Connection| -> Vec<i64> {
        sessions.iter().map(|key| ask(connection, &["PTTL", key])).collect()
    };
    let before = ends(&mut connection);
    tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    for lazy in [false, true] {
        let policy = policy.clone().with_lazy_binding(lazy);
        for (key, stranger) in [(hers, caller("ben")), (hers, CallerKey::Anonymous), (nobodys, caller("ben"))]
        {
            for touch in [false, true] {
                let verdict = store.validate(&key, stranger, touch, &policy).await.expect("up");
                assert!(matches!(verdict, Verdict::Unknown | Verdict::Mismatch { .. }), "{verdict:?}");
            }
            store.terminate(&key, stranger, &policy).await.expect("up");
        }
    }
    let after = ends(&mut connection);
    for ((key, before), after) in sessions.iter().zip(before).zip(after) {
        assert!(after <= before - 60, "{key}: {before} ms, then {after} ms");
    }
}

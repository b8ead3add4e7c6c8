//! Caps and counts, and what is left behind.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use mcp_sessions::store::{Adoption, Cap, Creation, Verdict};
use mcp_sessions::{Binding, CallerKey, SessionState, SessionStore as _};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::redis::server::{Server, ask, caller, digest, fresh_key, policy, server, short_policy};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racers_on_two_replicas_never_exceed_an_identitys_cap() {
    let server = server!();
    let stores = [server.store(), server.store()];
    let start = Arc::new(Barrier::new(64));
    let mut racers = JoinSet::new();
    for racer in 0..64 {
        let (store, start) = (stores[racer % 2].clone(), Arc::clone(&start));
        racers.spawn(async move {
            start.wait().await;
            let (key, binding) = (fresh_key(), Binding::Bound(digest("ana")));
            if racer % 4 < 2 {
                store.create(&key, binding, SessionState::default(), &policy()).await.expect("up")
            } else {
                let state = SessionState::default();
                match store.get_or_create(&key, caller("ana"), state, &policy()).await.expect("up") {
                    Adoption::Created { record, .. } => Creation::Created(record),
                    Adoption::AtCapacity(cap) => Creation::AtCapacity(cap),
                    other => panic!("{other:?}"),
                }
            }
        });
    }
    let outcomes = racers.join_all().await;
    let made = outcomes.iter().filter(|outcome| matches!(outcome, Creation::Created(_))).count();
    let refused = outcomes.iter().filter(|outcome| **outcome == Creation::AtCapacity(Cap::Identity)).count();
    assert_eq!((made, refused), (5, 59));
    assert_eq!(stores[0].list(&digest("ana"), &policy()).await.expect("up").len(), 5);
    assert_eq!(stores[1].count().await.expect("up"), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_never_exceeds_the_cap_on_all() {
    let server = server!();
    let (store, policy) = (server.store(), policy().with_max_sessions(20));
    let mut racers = JoinSet::new();
    for racer in 0..100 {
        let (store, policy) = (store.clone(), policy.clone());
        racers.spawn(async move {
            let (key, who) = (fresh_key(), caller(&racer.to_string()));
            let binding = policy.binding_for(if racer % 2 == 0 { who } else { CallerKey::Anonymous });
            let made = store.create(&key, binding, SessionState::default(), &policy).await.expect("up");
            assert!(matches!(made, Creation::Created(_) | Creation::AtCapacity(Cap::Total)), "{made:?}");
            matches!(made, Creation::Created(_)).then_some((key, binding))
        });
    }
    let made: Vec<_> = racers.join_all().await.into_iter().flatten().collect();
    assert_eq!(made.len(), 20);
    assert_eq!(store.count().await.expect("up"), 20);

    // Another process knows that it is full as well, and both when one session less is there.
    let other = server.store();
    let anonymous = |store| {
        let policy = policy.clone();
        async move { create(store, Binding::Anonymous, &policy).await }
    };
    assert_eq!(anonymous(&other).await, Creation::AtCapacity(Cap::Total));
    let (key, binding) = &made[0];
    let owner = binding.owner().map_or(CallerKey::Anonymous, CallerKey::Identified);
    assert!(matches!(store.terminate(key, owner, &policy).await.expect("up"), Verdict::Valid(_)));
    assert!(matches!(anonymous(&other).await, Creation::Created(_)));
    assert_eq!(anonymous(&store).await, Creation::AtCapacity(Cap::Total));
}

async fn create(
    store: &mcp_sessions::RedisStore,
    binding: Binding,
    policy: &mcp_sessions::Policy,
) -> Creation {
    store.create(&fresh_key(), binding, SessionState::default(), policy).await.expect("up")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_identities_exactly_one_gets_an_unbound_session() {
    let server = server!();
    let stores = [server.store(), server.store()];
    let policy = policy().with_lazy_binding(true).with_max_sessions(1_000).with_max_per_identity(100);
    for round in 0..50 {
        let key = fresh_key();
        stores[0].create(&key, Binding::Unbound, SessionState::default(), &policy).await.expect("up");
        let start = Arc::new(Barrier::new(8));
        let mut racers = JoinSet::new();
        for racer in 0..8 {
            let (store, start, policy) = (stores[racer % 2].clone(), Arc::clone(&start), policy.clone());
            racers.spawn(async move {
                start.wait().await;
                let who = caller(&racer.to_string());
                let state = SessionState::default();
                match store.get_or_create(&key, who, state, &policy).await.expect("up") {
                    Adoption::Bound(record) => Ok((racer, record.binding)),
                    Adoption::Mismatch { binding } => Err(binding),
                    other => panic!("{other:?}"),
                }
            });
        }
        let (won, lost): (Vec<_>, Vec<_>) = racers.join_all().await.into_iter().partition(Result::is_ok);
        let [Ok((winner, binding))] = &won[..] else { panic!("round {round}: {won:?}") };
        assert_eq!(*binding, Binding::Bound(digest(&winner.to_string())));
        assert!(lost.iter().all(|lost| lost.as_ref().err() == Some(binding)), "round {round}: {lost:?}");
        for racer in 0..8 {
            let who = caller(&racer.to_string());
            let verdict = stores[1].validate(&key, who, true, &policy).await.expect("up");
            assert_eq!(matches!(verdict, Verdict::Valid(_)), racer == *winner, "{racer}: {verdict:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_identities_exactly_one_gets_a_new_id_under_lazy_binding() {
    let server = server!();
    let (store, policy) = (server.store(), policy().with_lazy_binding(true).with_max_sessions(1_000));
    for round in 0..20 {
        let key = fresh_key();
        let mut racers = JoinSet::new();
        for racer in 0..8 {
            let (store, policy) = (store.clone(), policy.clone().with_max_per_identity(100));
            racers.spawn(async move {
                let (who, state) = (caller(&racer.to_string()), SessionState::default());
                let adoption = store.get_or_create(&key, who, state, &policy).await.expect("up");
                matches!(adoption, Adoption::Created { .. })
            });
        }
        let made = racers.join_all().await.into_iter().filter(|made| *made).count();
        assert_eq!(made, 1, "round {round}");
    }
}

fn assert_every_key_ends(server: &Server) {
    let mut connection = server.connection();
    for key in server.keys() {
        let ttl: i64 = ask(&mut connection, &["PTTL", &key]);
        assert!(ttl > 0, "{key} is kept for ever");
    }
}

#[tokio::test]
async fn every_key_ends_by_itself() {
    let server = server!();
    let (store, policy) = (server.store(), policy().with_lazy_binding(true));
    let (mine, ours, claimed) = (fresh_key(), fresh_key(), fresh_key());
    store.create(&mine, Binding::Bound(digest("ana")), SessionState::default(), &policy).await.expect("up");
    store.create(&ours, Binding::Anonymous, SessionState::default(), &policy).await.expect("up");
    assert_every_key_ends(&server);
    store.create(&claimed, Binding::Unbound, SessionState::default(), &policy).await.expect("up");
    store.get_or_create(&claimed, caller("ben"), SessionState::default(), &policy).await.expect("up");
    store.get_or_create(&fresh_key(), caller("ben"), SessionState::default(), &policy).await.expect("up");
    assert_every_key_ends(&server);
    store.validate(&mine, caller("ana"), true, &policy).await.expect("up");
    store.validate(&ours, CallerKey::Anonymous, true, &policy).await.expect("up");
    store.validate(&claimed, caller("ana"), true, &policy).await.expect("up");
    store.get_or_create(&mine, caller("eva"), SessionState::default(), &policy).await.expect("up");
    store.sweep(&policy).await.expect("up");
    assert_every_key_ends(&server);
    store.terminate_all(&digest("ben")).await.expect("up");
    store.get_or_create(&claimed, caller("kim"), SessionState::default(), &policy).await.expect("up");
    assert_every_key_ends(&server);
    assert!(server.keys().len() > 8, "{:?}", server.keys());
}

#[tokio::test]
async fn what_is_past_its_time_is_forgotten_by_the_next_write_and_by_a_sweep() {
    let server = server!();
    let (store, policy) = (server.store(), short_policy());
    for who in ["ana", "ana", "ana", "ben"] {
        assert!(matches!(create(&store, Binding::Bound(digest(who)), &policy).await, Creation::Created(_)));
    }
    let indexed = || -> BTreeSet<u64> {
        let mut connection = server.connection();
        let indices = server.keys().into_iter().filter(|key| key.ends_with(":i"));
        indices.map(|index| ask(&mut connection, &["ZCARD", &index])).collect()
    };
    assert_eq!(indexed(), BTreeSet::from([1, 3]));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(matches!(create(&store, Binding::Bound(digest("ana")), &policy).await, Creation::Created(_)));
    assert_eq!(indexed(), BTreeSet::from([1]), "her three are gone, his is not looked at");
    assert_eq!(store.count().await.expect("up"), 5);
    assert_eq!(store.sweep(&policy).await.expect("up"), 4);
    assert_eq!(store.sweep(&policy).await.expect("up"), 0);
    assert_eq!(store.count().await.expect("up"), 1);
}

#[tokio::test]
async fn a_session_in_use_is_counted_for_as_long_as_it_lives() {
    let server = server!();
    let (store, other, policy) = (server.store(), server.store(), short_policy());
    let key = fresh_key();
    store.create(&key, Binding::Bound(digest("ana")), SessionState::default(), &policy).await.expect("up");
    for _ in 0..3 {
        let verdict = store.validate(&key, caller("ana"), true, &policy).await.expect("up");
        assert!(matches!(verdict, Verdict::Valid(_)), "{verdict:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    // It was made more than the unused timeout ago; only the one who saw the uses knows better.
    assert_eq!(store.sweep(&policy).await.expect("up"), 0);
    assert_eq!(other.sweep(&policy).await.expect("up"), 0, "and has told");
    assert_eq!(other.count().await.expect("up"), 1);
}

//! What holds in whatever order threads meet in the memory store: thousands of orders, tried out by a scheduler.
//!
//! `RUSTFLAGS="--cfg shuttle" cargo test -p mcp-sessions --test schedules`, which is part of `cargo xtask deep`; without
//! the flag this is empty.

#![cfg(shuttle)]

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use mcp_sessions::store::{Adoption, Cap, Creation, Verdict};
use mcp_sessions::{
    Binding, CallerKey, Identity, ManualClock, MemoryStore, Policy, SessionId, SessionKey, SessionState,
    SessionStore,
};
use shuttle::thread;

const ORDERS: usize = 10_000;

type Store = Arc<MemoryStore<ManualClock>>;

/// The outcome of a call to the store, which waits for nothing but its locks, and now and then lets others go first.
fn now<T, E: std::fmt::Debug>(future: impl Future<Output = Result<T, E>>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => return outcome.expect("memory does not fail"),
            Poll::Pending => thread::yield_now(),
        }
    }
}

/// Tries orders at random, and as many of those in which few switches matter.
fn in_every_order(test: impl Fn() + Send + Sync + Clone + 'static) {
    shuttle::check_random(test.clone(), ORDERS);
    shuttle::check_pct(test, ORDERS, 3);
}

fn store() -> (Store, ManualClock) {
    let clock = ManualClock::default();
    (Arc::new(MemoryStore::with_clock(clock.clone())), clock)
}

fn owner(who: &str) -> mcp_sessions::IdentityDigest {
    Identity::default().with_subject(who).digest()
}

fn caller(who: &str) -> CallerKey {
    CallerKey::Identified(owner(who))
}

fn create(store: &Store, binding: Binding, policy: &Policy) -> (SessionKey, Creation) {
    let key = SessionId::random().key();
    (key, now(store.create(&key, binding, SessionState::default(), policy)))
}

fn adopt(store: &Store, key: &SessionKey, who: &str, policy: &Policy) -> Adoption {
    now(store.get_or_create(key, caller(who), SessionState::default(), policy))
}

fn validate(store: &Store, key: &SessionKey, who: &str, policy: &Policy) -> Verdict {
    now(store.validate(key, caller(who), true, policy))
}

#[test]
fn creating_never_exceeds_a_cap_and_uses_it_up() {
    in_every_order(|| {
        let policy = Policy::default().with_max_sessions(3).with_max_per_identity(2);
        let (store, _) = store();
        let racers: Vec<_> = ["ana", "ana", "ana", "ben", "ben"]
            .map(|who| {
                let (store, policy) = (Arc::clone(&store), policy.clone());
                thread::spawn(move || create(&store, Binding::Bound(owner(who)), &policy).1)
            })
            .into();
        let outcomes: Vec<_> = racers.into_iter().map(|racer| racer.join().expect("it ends")).collect();
        let made = outcomes.iter().filter(|outcome| matches!(outcome, Creation::Created(_))).count();
        assert_eq!((made, now(store.count())), (3, 3));
        for who in ["ana", "ben"] {
            assert!(now(store.list(&owner(who), &policy)).len() <= 2);
        }
    });
}

#[test]
fn room_is_made_once_for_each_that_ends() {
    in_every_order(|| {
        let policy = Policy::default().with_max_sessions(1).with_max_per_identity(1);
        let (store, clock) = store();
        create(&store, Binding::Bound(owner("ana")), &policy);
        clock.advance(policy.unused_timeout() + std::time::Duration::from_millis(1));
        let racers: Vec<_> = ["ana", "ben", "eva"]
            .map(|who| {
                let (store, policy) = (Arc::clone(&store), policy.clone());
                thread::spawn(move || create(&store, Binding::Bound(owner(who)), &policy).1)
            })
            .into();
        let outcomes: Vec<_> = racers.into_iter().map(|racer| racer.join().expect("it ends")).collect();
        let made = outcomes.iter().filter(|outcome| matches!(outcome, Creation::Created(_))).count();
        let full = outcomes.iter().filter(|outcome| **outcome == Creation::AtCapacity(Cap::Total)).count();
        assert_eq!((made, full, now(store.count())), (1, 2, 1), "{outcomes:?}");
    });
}

#[test]
fn one_identity_binds_an_unbound_session_whole() {
    in_every_order(|| {
        let policy = Policy::default().with_lazy_binding(true);
        let (store, _) = store();
        let (key, _) = create(&store, Binding::Unbound, &policy);
        let racers: Vec<_> = ["ana", "ben", "eva"]
            .map(|who| {
                let (store, policy) = (Arc::clone(&store), policy.clone());
                thread::spawn(move || (who, adopt(&store, &key, who, &policy)))
            })
            .into();
        let outcomes: Vec<_> = racers.into_iter().map(|racer| racer.join().expect("it ends")).collect();
        let winners: Vec<_> = outcomes
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Adoption::Bound(_)))
            .map(|(who, _)| *who)
            .collect();
        let [winner] = winners[..] else { panic!("{outcomes:?}") };
        for who in ["ana", "ben", "eva"] {
            let verdict = validate(&store, &key, who, &policy);
            assert_eq!(matches!(verdict, Verdict::Valid(_)), who == winner, "{who}: {verdict:?}");
        }
        assert_eq!(now(store.list(&owner(winner), &policy)).len(), 1);
    });
}

/// Somebody uses a session at its last moment, and somebody else ends it a moment later.
#[test]
fn what_there_was_nothing_of_to_end_is_not_there() {
    in_every_order(|| {
        let policy = Policy::default();
        let (store, clock) = store();
        let (key, _) = create(&store, Binding::Bound(owner("ana")), &policy);
        clock.advance(policy.unused_timeout());
        let uses = thread::spawn({
            let (store, policy) = (Arc::clone(&store), policy.clone());
            move || validate(&store, &key, "ana", &policy)
        });
        let ends = thread::spawn({
            let (store, policy) = (Arc::clone(&store), policy.clone());
            move || {
                clock.advance(std::time::Duration::from_millis(1));
                now(store.terminate(&key, caller("ana"), &policy))
            }
        });
        let (used, ended) = (uses.join().expect("it ends"), ends.join().expect("it ends"));
        let after = validate(&store, &key, "ana", &policy);
        assert_eq!(after, Verdict::Unknown, "it was used ({used:?}), was ended ({ended:?}) and is there");
    });
}

#[test]
fn binding_and_ending_leave_nothing_half_done() {
    in_every_order(|| {
        let policy = Policy::default().with_lazy_binding(true);
        let (store, _) = store();
        let (key, _) = create(&store, Binding::Unbound, &policy);
        let binds = thread::spawn({
            let (store, policy) = (Arc::clone(&store), policy.clone());
            move || adopt(&store, &key, "ana", &policy)
        });
        let ends = thread::spawn({
            let (store, policy) = (Arc::clone(&store), policy.clone());
            move || now(store.terminate(&key, CallerKey::Anonymous, &policy))
        });
        let (bound, ended) = (binds.join().expect("it ends"), ends.join().expect("it ends"));
        let there = matches!(validate(&store, &key, "ana", &policy), Verdict::Valid(_));
        let count = now(store.count());
        let listed = now(store.list(&owner("ana"), &policy)).len();
        assert_eq!((count, listed), (usize::from(there), usize::from(there)), "{bound:?} {ended:?}");
        match ended {
            Verdict::Mismatch { .. } => assert!(there && matches!(bound, Adoption::Bound(_))),
            Verdict::Valid(_) => assert!(matches!(bound, Adoption::Created { .. }) && there, "{bound:?}"),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn nothing_validates_after_it_was_ended() {
    in_every_order(|| {
        let policy = Policy::default();
        let (store, _) = store();
        let (key, _) = create(&store, Binding::Bound(owner("ana")), &policy);
        let uses = thread::spawn({
            let (store, policy) = (Arc::clone(&store), policy.clone());
            move || {
                for _ in 0..3 {
                    validate(&store, &key, "ana", &policy);
                }
            }
        });
        let logs_out = thread::spawn({
            let store = Arc::clone(&store);
            move || now(store.terminate_all(&owner("ana")))
        });
        let ended = matches!(now(store.terminate(&key, caller("ana"), &policy)), Verdict::Valid(_));
        assert_eq!(validate(&store, &key, "ana", &policy), Verdict::Unknown);
        uses.join().expect("it ends");
        let logged_out = logs_out.join().expect("it ends");
        assert_eq!(usize::from(ended) + logged_out, 1, "it is ended once");
        assert_eq!(validate(&store, &key, "ana", &policy), Verdict::Unknown);
        assert_eq!(now(store.count()), 0);
    });
}

#[test]
fn sweeping_takes_nothing_that_is_in_use() {
    in_every_order(|| {
        let policy = Policy::default();
        let (store, clock) = store();
        let (used, _) = create(&store, Binding::Bound(owner("ana")), &policy);
        let (unused, _) = create(&store, Binding::Bound(owner("ana")), &policy);
        validate(&store, &used, "ana", &policy);
        clock.advance(policy.unused_timeout() + std::time::Duration::from_millis(1));
        let sweeps: Vec<_> = (0..2)
            .map(|_| {
                let (store, policy) = (Arc::clone(&store), policy.clone());
                thread::spawn(move || now(store.sweep(&policy)))
            })
            .collect();
        assert!(matches!(validate(&store, &used, "ana", &policy), Verdict::Valid(_)));
        let asked = matches!(validate(&store, &unused, "ana", &policy), Verdict::Stale);
        let swept: usize = sweeps.into_iter().map(|sweep| sweep.join().expect("it ends")).sum();
        assert_eq!(swept + usize::from(asked), 1, "it is removed once");
        assert_eq!((now(store.count()), now(store.list(&owner("ana"), &policy)).len()), (1, 1));
    });
}

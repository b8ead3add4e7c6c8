//! The alert about a stolen id: what it needs is there as long as the session and no longer, and no flood hides a theft.

use std::time::{Duration, Instant};

use mcp_sessions::store::{Adoption, Creation, Verdict};
use mcp_sessions::{
    Binding, Policy, Record, RedisStore, SessionId, SessionKey, SessionState, SessionStore as _, Sessions,
};
use tokio::task::JoinSet;

use crate::redis::server::{Server, ask, caller, digest, fresh_key, policy, server};
use crate::support::{Log, ana, ben};

/// For how much longer a holder is kept than its session, which is kept for as long past its time.
const GRACE: Duration = Duration::from_secs(60);

/// More than it takes to write a holder after its session.
const WHILE: Duration = Duration::from_secs(5);

async fn create(store: &RedisStore, policy: &Policy) -> SessionKey {
    let (key, bound) = (fresh_key(), Binding::Bound(digest("ana")));
    let made = store.create(&key, bound, SessionState::default(), policy).await.expect("up");
    assert!(matches!(made, Creation::Created(Record { binding, .. }) if binding == bound));
    key
}

/// How long the only key that ends in this, or has it inside, is still kept.
fn left(server: &Server, part: &str) -> Duration {
    let mut keys = server.keys().into_iter().filter(|key| key.contains(part));
    let key = keys.next().expect("there is one");
    assert_eq!(keys.next(), None);
    Duration::from_millis(ask(&mut server.connection(), &["PTTL", &key]))
}

fn holders(server: &Server) -> usize {
    server.keys().iter().filter(|key| key.ends_with(":h")).count()
}

/// Waits for what happens in the background.
async fn soon(what: &str, happened: impl Fn() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_holder_is_kept_a_little_longer_than_its_session() {
    let server = server!();
    let (store, policy) = (server.store(), policy());
    let key = create(&store, &policy).await;
    let (session, holder) = (left(&server, ":s:"), left(&server, ":h"));
    assert!(session <= policy.unused_timeout() + GRACE, "{session:?}");
    assert!(holder > session && holder <= session + GRACE + WHILE, "{holder:?} for {session:?}");

    let verdict = store.validate(&key, caller("ana"), true, &policy).await.expect("up");
    assert!(matches!(verdict, Verdict::Valid(_)), "{verdict:?}");
    store.sweep(&policy).await.expect("up");
    soon("uses prolong it", || left(&server, ":h") > policy.idle_timeout()).await;
    let (session, holder) = (left(&server, ":s:"), left(&server, ":h"));
    assert!(session > policy.idle_timeout(), "{session:?}");
    assert!(holder > session && holder <= session + GRACE + WHILE, "{holder:?} for {session:?}");
}

/// An id without a holder goes to whoever asks for it.
#[tokio::test]
async fn under_lazy_binding_a_holder_is_kept_as_long_as_any_session() {
    let server = server!();
    let (store, policy) = (server.store(), policy().with_lazy_binding(true));
    let key = fresh_key();
    let adopt = || store.get_or_create(&key, caller("ana"), SessionState::default(), &policy);
    assert!(matches!(adopt().await.expect("up"), Adoption::Created { .. }));
    assert!(left(&server, ":h") > policy.lifetime());
    assert!(matches!(adopt().await.expect("up"), Adoption::Resumed(_)));
    store.sweep(&policy).await.expect("up");
    assert!(left(&server, ":h") > policy.lifetime());
    store.terminate_all(&digest("ana")).await.expect("up");
    soon("it is gone", || holders(&server) == 0).await;
}

/// What a log-out everywhere forgets in the background is not what was claimed since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_during_a_log_out_everywhere_keeps_the_id() {
    let server = server!();
    let (store, other) = (server.store(), server.store());
    let policy = policy().with_lazy_binding(true).with_max_sessions(2_000).with_max_per_identity(1_000);
    let (key, binding) = (fresh_key(), Binding::Bound(digest("ana")));
    let adopt = |who| other.get_or_create(&key, caller(who), SessionState::default(), &policy);
    // So many that the last one's holder is not looked at before she is back.
    for _ in 0..600 {
        create(&store, &policy).await;
    }
    assert!(matches!(adopt("ana").await.expect("up"), Adoption::Created { .. }));
    let back = async { while !matches!(adopt("ana").await.expect("up"), Adoption::Created { .. }) {} };
    let ana = digest("ana");
    let (ended, ()) = tokio::join!(store.terminate_all(&ana), back);
    assert_eq!(ended.expect("up"), 601);
    soon("what was not claimed is gone", || holders(&server) <= 1).await;
    assert_eq!(adopt("ben").await.expect("up"), Adoption::Mismatch { binding });
}

#[tokio::test]
async fn a_session_made_anew_has_its_holder_for_as_long() {
    let server = server!();
    let (store, policy) = (server.store(), policy());
    let key = fresh_key();
    let adopt = || store.get_or_create(&key, caller("ana"), SessionState::default(), &policy);
    assert!(matches!(adopt().await.expect("up"), Adoption::Created { .. }));
    let mut connection = server.connection();
    for key in server.keys() {
        let _: u64 = match key {
            session if session.contains(":s:") => ask(&mut connection, &["DEL", &session]),
            holder if holder.ends_with(":h") => ask(&mut connection, &["PEXPIRE", &holder, "5000"]),
            _ => 0,
        };
    }
    assert!(matches!(adopt().await.expect("up"), Adoption::Created { .. }));
    assert!(left(&server, ":h") > left(&server, ":s:"));
}

#[tokio::test]
async fn a_session_that_was_ended_is_nobodys() {
    let server = server!();
    let (store, other, policy) = (server.store(), server.store(), policy());
    let keys = [create(&store, &policy).await, create(&store, &policy).await, create(&store, &policy).await];
    let kept = fresh_key();
    store.create(&kept, Binding::Bound(digest("ben")), SessionState::default(), &policy).await.expect("up");
    for key in &keys {
        other.validate(key, caller("ana"), true, &policy).await.expect("up");
    }
    assert_eq!(holders(&server), 4);
    store.terminate(&keys[0], caller("ana"), &policy).await.expect("up");
    assert_eq!(store.probe(&keys[0]).await.expect("up"), None);
    assert_eq!(store.terminate_all(&digest("ana")).await.expect("up"), 2);
    soon("only his is left", || holders(&server) == 1).await;

    // A replica that has not yet told of their last uses brings none back.
    other.sweep(&policy).await.expect("up");
    create(&other, &policy).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    for key in &keys {
        assert_eq!(store.probe(key).await.expect("up"), None);
    }
    assert_eq!(store.probe(&kept).await.expect("up"), Some(Binding::Bound(digest("ben"))));
}

#[tokio::test]
async fn a_theft_is_reported_among_a_thousand_ids_of_the_thiefs_own_making() {
    let server = server!();
    let log = Log::start();
    let sessions = Sessions::new(server.store(), policy()).expect("a policy");
    let stolen = sessions.create(&ana(), SessionState::default()).await.expect("up").expose_hex();
    let mut attempts = JoinSet::new();
    for attempt in 0..=1_000 {
        let (sessions, random) = (sessions.clone(), SessionId::random().expose_hex());
        let id = if attempt == 1_000 { stolen.clone() } else { random };
        attempts.spawn(async move { sessions.validate(&id, &ben()).await.expect_err("it is not his") });
    }
    attempts.join_all().await;
    let (mut told, start) = (String::new(), Instant::now());
    while !told.contains("possible session hijack") {
        assert!(start.elapsed() < Duration::from_secs(10), "no alert");
        tokio::time::sleep(Duration::from_millis(10)).await;
        told.push_str(&log.take());
    }
    assert_eq!(told.matches("possible session hijack").count(), 1);
    assert!(!told.contains("not_looked_into"));
}

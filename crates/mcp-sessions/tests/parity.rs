//! One test for each row of the table in the documentation of `mcp_sessions::parity`.

use std::time::Duration;

use crate::support::{Log, MINUTE, TestSessions, ana, ben, identity, sessions, sessions_with};
use mcp_sessions::{
    Caller, Face, Identity, InvalidSessionId, MemoryStore, Policy, Rejection, SessionId, SessionState,
    Sessions,
};

const MILLISECOND: Duration = Duration::from_millis(1);

async fn open(sessions: &TestSessions, caller: &Caller) -> String {
    let id = sessions.create(caller, SessionState::default()).await.expect("there is room");
    id.expose_hex()
}

fn reason<T>(outcome: Result<T, Rejection>) -> &'static str {
    outcome.err().map_or("allowed", |rejection| rejection.reason())
}

#[tokio::test]
async fn an_id_is_exactly_64_hex() {
    let (sessions, _) = sessions();
    let id = open(&sessions, &ana()).await;
    assert!(id.len() == 64 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    assert_eq!(InvalidSessionId::JSON_RPC_CODE, -32602);
    for bad in ["", "abc", &id.to_uppercase(), &format!("{id}0"), &format!("g{}", &id[1..])] {
        let error = sessions.get_or_create(bad, &ana()).await.expect_err(bad);
        assert!(matches!(error, Rejection::Malformed(_)), "{bad}");
        assert_eq!(
            error.to_string(),
            "Invalid session ID format. Session IDs must be 64 hexadecimal characters."
        );
    }
}

#[tokio::test]
async fn only_non_empty_claims_are_kept() {
    let (sessions, _) = sessions();
    let sparse = Identity::default().with_subject("ana").with_tenant("").with_client("");
    assert_eq!((sparse.tenant(), sparse.client(), sparse.subject()), (None, None, Some("ana")));
    let id = open(&sessions, &Caller::Identified(sparse)).await;
    let same = Caller::Identified(Identity::default().with_subject("ana"));
    assert_eq!(reason(sessions.check(&id, &same).await), "allowed");
}

#[tokio::test]
async fn retrieving_touches() {
    let (sessions, clock) = sessions();
    let id = open(&sessions, &ana()).await;
    for _ in 0..3 {
        assert_eq!(reason(sessions.get_or_create(&id, &ana()).await), "allowed");
        clock.advance(MINUTE * 20);
        assert_eq!(reason(sessions.validate(&id, &ana()).await), "allowed");
        clock.advance(MINUTE * 20);
    }
    clock.advance(MINUTE * 5);
    assert_eq!(reason(sessions.validate(&id, &ben()).await), "other_identity");
    clock.advance(MINUTE * 6);
    assert_eq!(reason(sessions.validate(&id, &ana()).await), "stale", "ben did not prolong it");
}

#[tokio::test]
async fn lazy_binding_binds_whole_and_once() {
    let (sessions, _) = sessions_with(Policy::default().with_lazy_binding(true));
    let id = open(&sessions, &Caller::Anonymous).await;
    assert_eq!(reason(sessions.validate(&id, &ana()).await), "allowed", "nobody's yet");
    assert_eq!(reason(sessions.validate(&id, &ben()).await), "allowed", "validating binds nothing");

    let ana_without_client = Caller::Identified(identity("ana").with_client(""));
    assert_eq!(reason(sessions.get_or_create(&id, &ana_without_client).await), "allowed");
    assert_eq!(reason(sessions.get_or_create(&id, &ana_without_client).await), "allowed");
    assert_eq!(
        reason(sessions.get_or_create(&id, &ana()).await),
        "other_identity",
        "no claim is added later"
    );
    assert_eq!(reason(sessions.get_or_create(&id, &Caller::Anonymous).await), "anonymous_caller");

    let (strict, _) = crate::support::sessions();
    let id = open(&strict, &Caller::Anonymous).await;
    assert_eq!(reason(strict.get_or_create(&id, &ana()).await), "authenticated_caller");
}

#[tokio::test]
async fn an_unknown_id_is_invalid() {
    let (sessions, _) = sessions();
    let id = SessionId::random().expose_hex();
    assert_eq!(reason(sessions.validate(&id, &ana()).await), "unknown");
    assert_eq!(reason(sessions.check(&id, &ana()).await), "unknown");
}

#[tokio::test]
async fn a_stale_session_ends_strictly_after_the_timeout() {
    let (sessions, clock) = sessions();
    let id = open(&sessions, &ana()).await;
    assert_eq!(reason(sessions.validate(&id, &ana()).await), "allowed");
    clock.advance(MINUTE * 30);
    assert_eq!(reason(sessions.check(&id, &ana()).await), "allowed", "exactly the timeout");
    clock.advance(MILLISECOND);
    assert_eq!(reason(sessions.check(&id, &ana()).await), "stale");
    assert_eq!(reason(sessions.check(&id, &ana()).await), "unknown", "it was terminated");

    let never_used = open(&sessions, &ana()).await;
    clock.advance(MINUTE * 5 + MILLISECOND);
    assert_eq!(reason(sessions.validate(&never_used, &ana()).await), "stale");

    let busy = open(&sessions, &ana()).await;
    for _ in 0..24 * 4 {
        assert_eq!(reason(sessions.validate(&busy, &ana()).await), "allowed");
        clock.advance(MINUTE * 15);
    }
    assert_eq!(reason(sessions.validate(&busy, &ana()).await), "allowed");
    clock.advance(MILLISECOND);
    assert_eq!(reason(sessions.validate(&busy, &ana()).await), "expired");
}

#[tokio::test]
async fn nothing_bound() {
    let everybody = [Caller::Anonymous, ana(), Caller::Identified(Identity::default().with_tenant("north"))];
    let (lazy, _) = sessions_with(Policy::default().with_lazy_binding(true));
    let unbound = open(&lazy, &Caller::Anonymous).await;
    for caller in &everybody {
        assert_eq!(reason(lazy.validate(&unbound, caller).await), "allowed", "{caller:?}");
    }

    let (sessions, _) = sessions();
    let anonymous = open(&sessions, &Caller::Anonymous).await;
    let [nobody, identified @ ..] = &everybody;
    assert_eq!(reason(sessions.validate(&anonymous, nobody).await), "allowed");
    for caller in identified {
        assert_eq!(reason(sessions.validate(&anonymous, caller).await), "authenticated_caller", "{caller:?}");
    }
}

#[tokio::test]
async fn bound_and_no_identity_is_refused() {
    refuses(&Caller::Anonymous, "anonymous_caller").await;
}

#[tokio::test]
async fn an_identity_without_any_claim_is_refused() {
    let (sessions, _) = sessions();
    let nameless = Caller::Identified(Identity::default().with_tenant(""));
    let (hers, nobodys) = (open(&sessions, &ana()).await, open(&sessions, &Caller::Anonymous).await);
    let log = Log::start();
    assert_eq!(reason(sessions.create(&nameless, SessionState::default()).await), "nameless");
    for id in [&*hers, &*nobodys, &*SessionId::random().expose_hex(), "no id"] {
        assert_eq!(reason(sessions.check(id, &nameless).await), "nameless");
        assert_eq!(reason(sessions.validate(id, &nameless).await), "nameless");
        assert_eq!(reason(sessions.get_or_create(id, &nameless).await), "nameless");
        let refused = sessions.terminate(id, &nameless).await.expect_err("it is nobody's");
        assert_eq!((refused.reason(), refused.face()), ("nameless", Face::Unavailable));
    }
    let log = log.take();
    assert_eq!(log.matches(r#"ERROR mcp_sessions: "#).count(), 17, "{log}");
    assert_eq!(sessions.count().await.expect("memory does not fail"), 2);
}

#[tokio::test]
async fn another_tenant_is_refused() {
    refuses(&Caller::Identified(identity("ana").with_tenant("south")), "other_identity").await;
    refuses(&Caller::Identified(identity("ana").with_tenant("")), "other_identity").await;
}

#[tokio::test]
async fn another_client_is_refused() {
    refuses(&Caller::Identified(identity("ana").with_client("phone")), "other_identity").await;
    refuses(&Caller::Identified(identity("ana").with_client("")), "other_identity").await;
}

#[tokio::test]
async fn another_subject_is_refused() {
    refuses(&ben(), "other_identity").await;
    refuses(&Caller::Identified(identity("ana").with_subject("")), "other_identity").await;
}

/// Ana's session refuses `caller` for `expected`, with one warning for each attempt, and stays hers.
async fn refuses(caller: &Caller, expected: &str) {
    let (sessions, _) = sessions();
    let id = open(&sessions, &ana()).await;
    let log = Log::start();
    assert_eq!(reason(sessions.check(&id, caller).await), expected);
    assert_eq!(reason(sessions.validate(&id, caller).await), expected);
    assert_eq!(reason(sessions.get_or_create(&id, caller).await), expected);
    assert_eq!(reason(sessions.terminate(&id, caller).await), expected);
    let log = log.take();
    assert_eq!(log.matches("WARN").count(), 4, "{log}");
    assert_eq!(log.matches("possible session hijack").count(), 4, "{log}");
    assert_eq!(reason(sessions.check(&id, &ana()).await), "allowed");
}

#[tokio::test]
async fn checking_does_not_touch() {
    let (sessions, clock) = sessions();
    let id = open(&sessions, &ana()).await;
    sessions.validate(&id, &ana()).await.expect("it is hers");
    clock.advance(MINUTE * 20);
    assert_eq!(reason(sessions.check(&id, &ana()).await), "allowed");
    clock.advance(MINUTE * 11);
    assert_eq!(reason(sessions.check(&id, &ana()).await), "stale");
}

#[tokio::test]
async fn terminating_twice_is_no_mistake() {
    let (sessions, clock) = sessions();
    let log = Log::start();
    let id = open(&sessions, &ana()).await;
    log.take();
    assert!(sessions.terminate(&id, &ana()).await.expect("it is hers"));
    assert!(log.take().contains(r#"INFO mcp_sessions: ended session"#));
    assert!(!sessions.terminate(&id, &ana()).await.expect("no mistake"));
    let log = log.take();
    assert!(!log.contains("terminated"), "{log}");

    let stale = open(&sessions, &ana()).await;
    clock.advance(MINUTE * 31);
    assert!(!sessions.terminate(&stale, &ana()).await.expect("it had ended by itself"));
}

/// S-10: sessions past their time are removed without being asked for.
#[tokio::test(start_paused = true)]
async fn cleaning_up_is_reported_when_it_removed_something() {
    let log = Log::start();
    let clock = mcp_sessions::ManualClock::default();
    let sessions =
        Sessions::start(MemoryStore::with_clock(clock.clone()), Policy::default()).expect("agrees");
    open(&sessions, &ana()).await;
    log.take();

    tokio::time::advance(MINUTE + MILLISECOND).await;
    tokio::task::yield_now().await;
    assert_eq!(log.take(), "", "nothing to remove");

    clock.advance(MINUTE * 31);
    tokio::time::advance(MINUTE).await;
    while sessions.count().await.expect("memory does not fail") > 0 {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;
    let log = log.take();
    assert!(log.contains("DEBUG mcp_sessions: removed 1 sessions past their time"), "{log}");
}

#[tokio::test]
async fn counting() {
    let (sessions, clock) = sessions();
    let count = async || sessions.count().await.expect("memory does not fail");
    assert_eq!(count().await, 0);
    let id = open(&sessions, &ana()).await;
    open(&sessions, &Caller::Anonymous).await;
    assert_eq!(count().await, 2);
    sessions.terminate(&id, &ana()).await.expect("it is hers");
    assert_eq!(count().await, 1);
    clock.advance(MINUTE * 31);
    assert_eq!(count().await, 1, "past its time and not yet removed");
    assert_eq!(sessions.sweep().await.expect("memory does not fail"), 1);
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn the_timeout_is_an_argument() {
    let policy = Policy::default().with_unused_timeout(MILLISECOND).with_idle_timeout(MILLISECOND * 2);
    let (sessions, clock) = sessions_with(policy);
    let id = open(&sessions, &ana()).await;
    sessions.validate(&id, &ana()).await.expect("it is hers");
    clock.advance(MILLISECOND * 2);
    assert_eq!(reason(sessions.check(&id, &ana()).await), "allowed");
    clock.advance(MILLISECOND);
    assert_eq!(reason(sessions.check(&id, &ana()).await), "stale");
}

#[tokio::test]
async fn a_subject_alone_binds() {
    let (sessions, _) = sessions();
    let lone = [Identity::default().with_subject("ana"), Identity::default().with_tenant("north")];
    for owner in lone.map(Caller::Identified) {
        let id = open(&sessions, &owner).await;
        assert_eq!(reason(sessions.validate(&id, &owner).await), "allowed");
        assert_eq!(reason(sessions.validate(&id, &Caller::Anonymous).await), "anonymous_caller");
        assert_eq!(reason(sessions.validate(&id, &ben()).await), "other_identity");
    }
}

#[tokio::test]
async fn events_and_their_levels() {
    let (sessions, clock) = sessions_with(Policy::default().with_lazy_binding(true));
    let log = Log::start();
    let level = |expected: &str, event: &str| {
        let log = log.take();
        assert!(log.contains(expected) && log.contains(event), "expected {expected} {event}, got: {log}");
        assert_eq!(log.lines().count(), 1, "{log}");
    };

    let id = open(&sessions, &Caller::Anonymous).await;
    level("DEBUG", r#"event="created""#);
    sessions.get_or_create(&id, &ana()).await.expect("it was nobody's");
    level("DEBUG", r#"event="bound""#);
    sessions.validate(&id, &ana()).await.expect("it is hers");
    assert_eq!(log.take(), "", "what goes well is not worth a line");
    sessions.validate(&id, &ben()).await.expect_err("it is not his");
    level("WARN", r#"event="rejected""#);
    sessions.validate(&SessionId::random().expose_hex(), &ben()).await.expect_err("there is none");
    level("DEBUG", r#"event="rejected""#);
    sessions.validate("guess", &ben()).await.expect_err("no id");
    level("DEBUG", r#"event="rejected""#);
    sessions.terminate(&id, &ana()).await.expect("it is hers");
    level("INFO", r#"event="terminated""#);

    let id = open(&sessions, &ana()).await;
    log.take();
    clock.advance(MINUTE * 31);
    sessions.validate(&id, &ana()).await.expect_err("it is stale");
    level("INFO", r#"event="terminated""#);

    open(&sessions, &ana()).await;
    log.take();
    clock.advance(MINUTE * 31);
    sessions.sweep().await.expect("memory does not fail");
    level("DEBUG", r#"event="stale_cleanup""#);
}

#[tokio::test(start_paused = true)]
async fn the_timer_ends_with_the_store() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let _log = Log::start();
    let sessions = Sessions::start(MemoryStore::default(), Policy::default()).expect("agrees");
    let clone = sessions.clone();
    assert_eq!(metrics.num_alive_tasks(), before + 1);
    drop(sessions);
    tokio::time::advance(MINUTE * 3).await;
    tokio::task::yield_now().await;
    assert_eq!(metrics.num_alive_tasks(), before + 1, "one clone is left");
    drop(clone);
    tokio::time::advance(MINUTE * 3).await;
    tokio::task::yield_now().await;
    assert_eq!(metrics.num_alive_tasks(), before);
}

//! Handles are guarded as sessions are, on every store.

use std::time::Duration;

use mcp_sessions::conformance::World;
use mcp_sessions::store::Cap;
use mcp_sessions::{
    CONTENT_BYTES_MAX, Caller, Face, HandleError, Handles, Identity, MemoryStore, Policy, Rejection,
    SessionId, SessionState, Sessions,
};

use crate::support::worlds::on_every_store;
use crate::support::{Log, ana, ben, identity};

on_every_store! {
    a_handle_is_its_makers
    nobody_is_one_owner
    a_handle_is_kept_while_it_is_used
    an_owner_has_no_more_than_the_cap
    handles_come_back
}

fn policy<W: World>(world: &W) -> Policy {
    let tick = world.tick();
    Policy::default().with_unused_timeout(tick * 4).with_idle_timeout(tick * 4).with_lifetime(tick * 12)
}

async fn handles<W: World>(world: &W, policy: Policy) -> Handles<W::Store> {
    Handles::start(world.store().await, policy).expect("the policy agrees with itself")
}

/// H-4: possession is not authorization.
async fn a_handle_is_its_makers<W: World>(world: &W) {
    let handles = handles(world, policy(world)).await;
    let handle = handles.create(&ana(), "AREA[Phase]PHASE3").await.expect("there is room");
    assert_eq!(handle.content(), "AREA[Phase]PHASE3");
    assert!(handle.id().len() == 16 && handle.id().bytes().all(|byte| byte.is_ascii_hexdigit()));
    let other_tenant = Identity::default().with_issuer("https://idp.example").with_subject("ana@example.org");
    let strangers = [ben(), Caller::Anonymous, Caller::Identified(other_tenant)];
    for stranger in &strangers {
        let refused = handles.get(handle.id(), stranger).await.expect_err("it is not theirs");
        assert_eq!(refused.face(), Face::NotFound, "{refused}");
        assert_eq!(handles.list(stranger).await.expect("the store answers"), []);
        let ended = handles.remove(handle.id(), stranger).await;
        assert!(ended.map_or_else(|refused| refused.face() == Face::NotFound, |ended| !ended));
    }
    assert_eq!(handles.get(handle.id(), &ana()).await.expect("it is hers"), handle);
    assert_eq!(handles.list(&ana()).await.expect("the store answers"), std::slice::from_ref(&handle));
    assert!(handles.remove(handle.id(), &ana()).await.expect("it is hers"));
    assert!(!handles.remove(handle.id(), &ana()).await.expect("twice is no mistake"));
    assert!(matches!(handles.get(handle.id(), &ana()).await, Err(Rejection::Unknown)));
}

/// H-4: who is not signed in shares with everybody else who is not, and with nobody who is.
async fn nobody_is_one_owner<W: World>(world: &W) {
    let handles = handles(world, policy(world).with_max_per_identity(1)).await;
    let handle = handles.create(&Caller::Anonymous, "asthma").await.expect("there is room");
    assert_eq!(
        handles.list(&Caller::Anonymous).await.expect("the store answers"),
        std::slice::from_ref(&handle)
    );
    assert_eq!(handles.get(handle.id(), &Caller::Anonymous).await.expect("it is theirs"), handle);
    assert!(handles.get(handle.id(), &ana()).await.is_err());
    let full = handles.create(&Caller::Anonymous, "cough").await.expect_err("they have one");
    assert!(matches!(full, HandleError::Rejected(Rejection::AtCapacity(Cap::Identity))), "{full}");
    handles.create(&ana(), "cough").await.expect("hers are counted by themselves");
    let nameless = Caller::Identified(Identity::default());
    assert!(matches!(handles.list(&nameless).await, Err(Rejection::Nameless)));
}

async fn a_handle_is_kept_while_it_is_used<W: World>(world: &W) {
    let handles = handles(world, policy(world)).await;
    let used = handles.create(&ana(), "used").await.expect("there is room");
    let idle = handles.create(&ana(), "idle").await.expect("there is room");
    for _ in 0..2 {
        world.pass(world.tick() * 3).await;
        assert_eq!(handles.get(used.id(), &ana()).await.expect("it is in use"), used);
    }
    assert!(handles.get(idle.id(), &ana()).await.is_err());
    assert_eq!(handles.list(&ana()).await.expect("the store answers"), std::slice::from_ref(&used));
    for _ in 0..3 {
        world.pass(world.tick() * 3).await;
        let _ = handles.get(used.id(), &ana()).await;
    }
    assert!(handles.get(used.id(), &ana()).await.is_err(), "none outlives the lifetime");
}

async fn an_owner_has_no_more_than_the_cap<W: World>(world: &W) {
    let handles = handles(world, policy(world).with_max_per_identity(2)).await;
    let first = handles.create(&ana(), "1").await.expect("there is room");
    handles.create(&ana(), "2").await.expect("there is room");
    let full = handles.create(&ana(), "3").await.expect_err("she has two");
    assert!(matches!(full, HandleError::Rejected(Rejection::AtCapacity(Cap::Identity))), "{full}");
    handles.create(&ben(), "his").await.expect("his are counted by themselves");
    handles.remove(first.id(), &ana()).await.expect("it is hers");
    handles.create(&ana(), "3").await.expect("there is room again");
    assert_eq!(handles.remove_all(&identity("ana")).await.expect("the store answers"), 2);
    assert_eq!(handles.list(&ana()).await.expect("the store answers"), []);
    assert_eq!(handles.list(&ben()).await.expect("the store answers").len(), 1);
    let long = "x".repeat(CONTENT_BYTES_MAX);
    let most = handles.create(&ben(), &long).await.expect("as long as may be");
    assert_eq!(handles.get(most.id(), &ben()).await.expect("it is his").content(), long);
    let too_large = handles.create(&ana(), &format!("{long}x")).await.expect_err("too long");
    assert!(matches!(too_large, HandleError::TooLarge { bytes } if bytes == CONTENT_BYTES_MAX + 1));
}

async fn handles_come_back<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world));
    let (id, content) = {
        let handles = Handles::start(store, policy.clone()).expect("the policy agrees with itself");
        let handle = handles.create(&ana(), "kept").await.expect("there is room");
        (handle.id().to_owned(), handle.content().to_owned())
    };
    // The background task lets go of the store.
    tokio::task::yield_now().await;
    let other = world.store().await;
    let Some(store) = world.reopened(other).await else { return };
    let handles = Handles::start(store, policy).expect("the policy agrees with itself");
    let handle = handles.get(&id, &ana()).await.expect("it came back");
    assert_eq!((handle.id(), handle.content()), (&*id, &*content));
    assert!(handles.get(&id, &ben()).await.is_err());
}

/// An id of the one kind finds nothing of the other, even in one store.
#[tokio::test]
async fn sessions_and_handles_are_two_kinds() {
    let sessions = Sessions::new(MemoryStore::default(), Policy::default()).expect("a policy");
    let handles = Handles::start(MemoryStore::default(), Policy::default()).expect("a policy");
    let session = sessions.create(&ana(), SessionState::default()).await.expect("there is room").expose_hex();
    let handle = handles.create(&ana(), "").await.expect("there is room");
    assert!(handles.get(&session, &ana()).await.is_err());
    assert!(matches!(sessions.validate(handle.id(), &ana()).await, Err(Rejection::Malformed(_))));
    for text in ["", "é", &"f".repeat(10_000), &SessionId::random().expose_hex()] {
        assert!(matches!(handles.get(text, &ana()).await, Err(Rejection::Unknown)), "{text:.20}");
    }
}

/// An attempt on a handle is told as one on a session is; what the handle stands for is told nowhere.
#[tokio::test]
async fn an_attempt_on_a_handle_is_reported() {
    let log = Log::start();
    let policy = Policy::default().with_idle_timeout(Duration::from_secs(60 * 60));
    let handles = Handles::start(MemoryStore::default(), policy).expect("a policy");
    let handle = handles.create(&ana(), "a question about somebody").await.expect("there is room");
    assert!(matches!(handles.get(handle.id(), &ben()).await, Err(Rejection::OtherIdentity)));
    tracing::info!("{handle:?} {handles:?} {:?}", handles.list(&ana()).await);
    handles.remove(handle.id(), &ana()).await.expect("it is hers");
    let log = log.take();
    for told in ["created handle", "possible handle hijack", "ended handle", "kind"] {
        assert!(log.contains(told), "{told} is missing:\n{log}");
    }
    assert!(!log.contains("somebody") && !log.contains(&handle.id()[..8]), "{log}");
}

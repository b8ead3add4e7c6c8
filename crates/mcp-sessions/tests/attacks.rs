//! Attacks on sessions, each a test of that name, on every store where the store matters.
//!
//! Some are whole files elsewhere: what a store that fails does (attack 15) is in `redis`, claims against claims through
//! the real program and tokens bound to a key (attacks 2 and 20) in the tests of `clinicaltrials-mcp`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method, StatusCode};
use mcp_sessions::conformance::World;
use mcp_sessions::store::{Creation, Verdict};
use mcp_sessions::{
    Binding, Caller, CallerKey, Identity, MemoryStore, Policy, SessionId, SessionState, SessionStore,
    Sessions,
};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::faulty::{Faults, Faulty};
use crate::support::http::{Answer, INITIALIZE, LIST, Server, delete, post, request, server, server_on};
use crate::support::worlds::{File, Memory, Redis};
use crate::support::{Log, ana, ben, identity};

/// A test of each attack on each store.
macro_rules! on_every_store {
    ($($attack:ident)*) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $attack() { super::$attack(&super::Memory::default()).await; })*
        }
        mod file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $attack() { super::$attack(&super::File::new()).await; })*
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $attack() {
                if let Some(world) = super::Redis::new() {
                    super::$attack(&world).await;
                }
            })*
        }
    };
}

on_every_store! {
    attack_01_fixation
    attack_02_hijack_by_any_other_identity
    attack_03_logging_in_and_out_under_a_session
    attack_04_a_chimera_of_two_identities
    attack_06_a_use_that_comes_too_late
    attack_07_replay_of_what_has_ended
    attack_08_keeping_a_stolen_session_alive
    attack_09_another_token
    attack_10_restoring_somebody_elses_session
    attack_11_telling_foreign_ids_from_unknown_ones
    attack_12_flooding
    attack_16_one_replica_does_not_know
    attack_17_reading_ids_in_logs
    attack_18_spellings_of_an_id
    attack_21_mixing_the_eras
    turning_authentication_on
}

/// Limits that a store with a clock of its own reaches in a test's time.
fn policy<W: World>(world: &W) -> Policy {
    let tick = world.tick();
    Policy::default()
        .with_unused_timeout(tick * 2)
        .with_idle_timeout(tick * 4)
        .with_lifetime(tick * 12)
        .with_max_sessions(1_000)
}

async fn server_in<W: World>(world: &W) -> Server<W::Store> {
    server_with(world, policy(world)).await
}

async fn server_with<W: World>(world: &W, policy: Policy) -> Server<W::Store> {
    server_on(Sessions::new(world.store().await, policy).expect("the policy agrees with itself"))
}

fn unknown() -> String {
    SessionId::random().expose_hex()
}

/// An id that a client makes up, or plants on somebody, is never adopted.
/// H-2: ids are made here and nowhere else.
async fn attack_01_fixation<W: World>(world: &W) {
    let server = server_in(world).await;
    let planted = unknown();
    for caller in [ana(), Caller::Anonymous] {
        assert_eq!(server.status(&caller, &planted).await, 404);
        let answer = server.send(post(&caller, Some(&planted), INITIALIZE)).await;
        assert_eq!((answer.status.as_u16(), answer.session_id()), (404, None));
        let given = server.open(&caller).await;
        assert_ne!(given, planted);
        assert_eq!(server.status(&caller, &planted).await, 404);
    }
    assert_eq!(server.sessions.count().await.expect("the store answers"), 2, "only what was minted is kept");
}

/// Every claim × everything that can be wrong with it × every way in: only the whole identity passes.
/// H-1, H-3, H-6: on POST, on DELETE and on a GET that would resume events.
async fn attack_02_hijack_by_any_other_identity<W: World>(world: &W) {
    type SetClaim = fn(Identity, &str) -> Identity;
    const CLAIMS: [SetClaim; 4] = [
        |identity, value| identity.with_issuer(value),
        |identity, value| identity.with_tenant(value),
        |identity, value| identity.with_client(value),
        |identity, value| identity.with_subject(value),
    ];
    const CHANGES: [(&str, &str, bool); 9] = [
        ("Ana@x", "Ana@x", true),
        ("", "", true),
        ("Ana@x", "ben", false),
        ("Ana@x", "", false),
        ("", "Ana@x", false),
        ("Ana@x", "ana@x", false),
        ("Ana@x", "Ana@x\0", false),
        ("Ana@x", "Ana@x ", false),
        ("\u{e9}", "e\u{301}", false),
    ];
    let roomy = policy(world)
        .with_unused_timeout(Duration::from_secs(300))
        .with_idle_timeout(Duration::from_secs(300));
    let server = server_with(world, roomy.with_lifetime(Duration::from_secs(3_000))).await;
    let not_found = server.send(post(&ana(), Some(&unknown()), LIST)).await;
    assert_eq!(not_found.status, 404);
    for (number, set) in CLAIMS.into_iter().enumerate() {
        for (at_bind, now, same) in CHANGES {
            let case = format!("claim {number}: {at_bind:?}, then {now:?}");
            let owner = Caller::Identified(set(identity("kim"), at_bind));
            let caller = Caller::Identified(set(identity("kim"), now));
            let id = server.open(&owner).await;
            let calls = server.engine.calls();
            let mut resume = request(Method::GET, &caller, Some(&id), "");
            resume.headers_mut().insert("last-event-id", HeaderValue::from_static("0"));
            assert_eq!(server.send(resume).await.status, 405, "{case}: there is no stream to resume");
            let answer = server.send(post(&caller, Some(&id), LIST)).await;
            if same {
                assert_eq!(answer.status, 200, "{case}");
                assert_eq!(server.send(delete(&caller, Some(&id))).await.status, 204, "{case}");
                continue;
            }
            assert_eq!(answer, not_found, "{case}");
            assert_eq!(server.send(post(&caller, Some(&id), INITIALIZE)).await, not_found, "{case}");
            assert_eq!(server.send(delete(&caller, Some(&id))).await, not_found, "{case}");
            assert_eq!(server.engine.calls(), calls, "{case}: the engine saw it");
            assert_eq!(server.send(delete(&owner, Some(&id))).await.status, 204, "{case}: the owner lost it");
        }
    }
}

/// An anonymous session is not taken along when its holder logs in, nor an authenticated one when they log out.
async fn attack_03_logging_in_and_out_under_a_session<W: World>(world: &W) {
    let server = server_in(world).await;
    let (hers, nobodys) = (server.open(&ana()).await, server.open(&Caller::Anonymous).await);
    for (caller, id) in [(ana(), &nobodys), (Caller::Anonymous, &hers)] {
        assert_eq!(server.status(&caller, id).await, 404);
        assert_eq!(server.send(delete(&caller, Some(id))).await.status, 404);
    }
    assert_eq!(server.status(&ana(), &hers).await, 200);
    assert_eq!(server.status(&Caller::Anonymous, &nobodys).await, 200);
}

/// Identities that share claims race for one unbound session: one has it whole, and no mixture gets in.
async fn attack_04_a_chimera_of_two_identities<W: World>(world: &W) {
    let policy = policy(world).with_lazy_binding(true);
    let sessions = Sessions::new(world.store().await, policy).expect("agrees");
    let racer = |tenant: usize, client: usize| {
        let identity = Identity::default().with_subject("ana");
        let identity =
            identity.with_tenant(format!("tenant {tenant}")).with_client(format!("client {client}"));
        Caller::Identified(identity)
    };
    for _ in 0..20 {
        let id =
            sessions.create(&Caller::Anonymous, SessionState::default()).await.expect("room").expose_hex();
        let start = Arc::new(Barrier::new(4));
        let mut tasks = JoinSet::new();
        for (tenant, client) in [(0, 0), (1, 1), (2, 2), (3, 3)] {
            let (sessions, id, start) = (sessions.clone(), id.clone(), Arc::clone(&start));
            tasks.spawn(async move {
                start.wait().await;
                sessions.get_or_create(&id, &racer(tenant, client)).await.is_ok().then_some(tenant)
            });
        }
        let winners: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        let [winner] = winners[..] else { panic!("{} winners", winners.len()) };
        for tenant in 0..4 {
            for client in 0..4 {
                let allowed = sessions.check(&id, &racer(tenant, client)).await.is_ok();
                assert_eq!(
                    allowed,
                    (tenant, client) == (winner, winner),
                    "tenant {tenant} with client {client}"
                );
            }
        }
        assert!(sessions.terminate(&id, &racer(winner, winner)).await.expect("it is the winner's"));
    }
}

/// Claims that run into each other when they are joined: nobody is somebody else. (A property of
/// `identity` says it of all claims.)
#[test]
fn attack_05_claims_that_look_alike_when_joined() {
    let identities = [
        ("a", "b", "c"),
        ("a@b", "", "c"),
        ("", "a@b", "c"),
        ("a", "b:c", ""),
        ("a:b", "c", ""),
        ("a\0b", "c", ""),
        ("a", "\0bc", ""),
        ("ab", "c", ""),
        ("a", "bc", ""),
        ("", "abc", ""),
        ("", "", "abc"),
    ]
    .map(|(tenant, client, subject)| {
        Identity::default().with_tenant(tenant).with_client(client).with_subject(subject)
    });
    for (at, one) in identities.iter().enumerate() {
        for (other_at, other) in identities.iter().enumerate() {
            assert_eq!(one.digest() == other.digest(), at == other_at, "{at} and {other_at}");
        }
    }
}

/// A check that was on its way when the session ended does not bring it back.
async fn attack_06_a_use_that_comes_too_late<W: World>(world: &W) {
    let server = Arc::new(server_in(world).await);
    for _ in 0..10 {
        let id = server.open(&ana()).await;
        let mut users = JoinSet::new();
        for _ in 0..4 {
            let (server, id) = (Arc::clone(&server), id.clone());
            users.spawn(async move { while server.status(&ana(), &id).await == StatusCode::OK {} });
        }
        assert_eq!(server.send(delete(&ana(), Some(&id))).await.status, 204);
        assert_eq!(server.status(&ana(), &id).await, 404, "after the answer to DELETE nothing gets in");
        users.join_all().await;
        assert_eq!(server.status(&ana(), &id).await, 404, "nothing has brought it back");
    }
}

/// An id is dead after DELETE, after its time and after log-out everywhere, here and on another replica.
/// S-5, S-6, H-2: what has ended or expired is 404 to everybody.
async fn attack_07_replay_of_what_has_ended<W: World>(world: &W) {
    let server = server_in(world).await;
    let replica =
        world.replica().await.map(|store| server_on(Sessions::new(store, policy(world)).expect("agrees")));
    let (ended, revoked) = (server.open(&ana()).await, server.open(&ana()).await);
    assert_eq!(server.send(delete(&ana(), Some(&ended))).await.status, 204);
    assert_eq!(server.sessions.terminate_all(&identity("ana")).await.expect("the store answers"), 1);
    let past = server.open(&ana()).await;
    world.pass(world.tick() * 3).await;
    for id in [&ended, &revoked, &past] {
        for server in std::iter::once(&server).chain(&replica) {
            assert_eq!(server.status(&ana(), id).await, 404);
            assert_eq!(server.send(post(&ana(), Some(id), INITIALIZE)).await.status, 404);
            assert_eq!(server.send(delete(&ana(), Some(id))).await.status, 404);
        }
    }
}

/// Polling with a stolen id does not keep the session from going stale.
async fn attack_08_keeping_a_stolen_session_alive<W: World>(world: &W) {
    let server = server_in(world).await;
    let id = server.open(&ana()).await;
    assert_eq!(server.status(&ana(), &id).await, 200);
    for _ in 0..9 {
        world.pass(world.tick() / 2).await;
        for thief in [ben(), Caller::Anonymous] {
            assert_eq!(server.status(&thief, &id).await, 404);
            assert_eq!(server.send(delete(&thief, Some(&id))).await.status, 404);
        }
    }
    assert_eq!(server.status(&ana(), &id).await, 404, "nobody used it for longer than it may rest");
}

/// A fresh token of the same identity keeps the session; another identity's on the same connection does not.
async fn attack_09_another_token<W: World>(world: &W) {
    let server = server_in(world).await;
    let id = server.open(&Caller::Identified(identity("ana"))).await;
    assert_eq!(server.status(&Caller::Identified(identity("ana")), &id).await, 200);
    assert_eq!(server.status(&ben(), &id).await, 404);
    assert_eq!(server.status(&Caller::Identified(identity("ana")), &id).await, 200);
}

/// A store that was opened again, or another replica, lets in whom the first one did: restoring is no way in.
/// S-11: what is restored is as bound as it was.
async fn attack_10_restoring_somebody_elses_session<W: World>(world: &W) {
    let policy = policy(world);
    let store = world.store().await;
    let create = async |store: &W::Store| {
        let key = SessionId::random().key();
        let binding = Binding::Bound(identity("ana").digest());
        let outcome = store.create(&key, binding, SessionState::default(), &policy).await;
        assert!(matches!(outcome.expect("the store answers"), Creation::Created(_)));
        key
    };
    let (kept, ended) = (create(&store).await, create(&store).await);
    let ana = CallerKey::Identified(identity("ana").digest());
    store.terminate(&ended, ana, &policy).await.expect("the store answers");
    let cold = match world.replica().await {
        Some(replica) => replica,
        None => match world.reopened(store).await {
            Some(reopened) => reopened,
            None => return, // it ends with its process: nothing is restored
        },
    };
    for thief in [CallerKey::Identified(identity("ben").digest()), CallerKey::Anonymous] {
        for key in [&kept, &ended] {
            let verdict = cold.validate(key, thief, true, &policy).await.expect("the store answers");
            assert!(matches!(verdict, Verdict::Unknown | Verdict::Mismatch { .. }), "{verdict:?}");
        }
    }
    let verdict = cold.validate(&kept, ana, true, &policy).await.expect("the store answers");
    assert!(matches!(verdict, Verdict::Valid(_)), "{verdict:?}");
    let verdict = cold.validate(&ended, ana, true, &policy).await.expect("the store answers");
    assert_eq!(verdict, Verdict::Unknown);
}

/// Whether an id is somebody's shows nowhere: status, headers, body and what the store is asked are the same. (How
/// long it takes is a benchmark.)
/// S-8: status, headers, body and the work for the store are the same.
async fn attack_11_telling_foreign_ids_from_unknown_ones<W: World>(world: &W) {
    let asked = Faults::default();
    let store = Faulty::new(world.store().await, asked.clone());
    let server = server_on(Sessions::new(store, policy(world)).expect("agrees"));
    let foreign = server.open(&ana()).await;
    let nobodys = server.open(&Caller::Anonymous).await;
    let near = format!("{}{}", &foreign[..63], if foreign.ends_with('0') { '1' } else { '0' });
    let ways: [fn(&str) -> http::Request<axum::body::Body>; 3] = [
        |id| post(&ben(), Some(id), LIST),
        |id| post(&ben(), Some(id), INITIALIZE),
        |id| delete(&ben(), Some(id)),
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let mut seen: Option<(Answer, Vec<&str>)> = None;
        for id in [&unknown(), &foreign, &nobodys, &near] {
            asked.take_asked();
            let answer = server.send(way(id)).await;
            let now = (answer, asked.take_asked());
            assert_eq!(*seen.get_or_insert_with(|| now.clone()), now, "way {number}");
        }
        let (answer, asked) = seen.expect("something was sent");
        assert_eq!(answer.status, 404);
        assert!(matches!(asked[..], ["validate" | "terminate"]), "one question to the store, not {asked:?}");
    }
}

/// One identity that opens sessions without end has its cap, and nobody else loses anything.
/// S-10: the cap of one identity, met by many requests at once.
async fn attack_12_flooding<W: World>(world: &W) {
    let policy = policy(world).with_max_per_identity(5).with_max_sessions(20);
    let policy = policy.with_unused_timeout(world.tick() * 4);
    let server = Arc::new(server_with(world, policy).await);
    let hers = server.open(&ana()).await;
    let mut flood = JoinSet::new();
    for _ in 0..200 {
        let server = Arc::clone(&server);
        flood.spawn(async move { server.send(post(&ben(), None, INITIALIZE)).await });
    }
    let while_flooded = server.open(&ana()).await;
    let answers = flood.join_all().await;
    let opened = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(opened, 5, "the cap of one identity");
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!((refused.status.as_u16(), refused.session_id()), (503, None));
        assert!(refused.header("retry-after").is_some_and(|after| after.parse::<u32>().is_ok()));
    }
    assert_eq!(
        server.sessions.count().await.expect("the store answers"),
        7,
        "no more is kept than was opened"
    );
    for id in [&hers, &while_flooded] {
        assert_eq!(server.status(&ana(), id).await, 200, "nobody else's session is given up");
    }
    assert_eq!(server.sessions.list(&identity("ben")).await.expect("the store answers").len(), 5);
}

/// A request that never ends neither outlives its session's end nor holds it beyond its lifetime; there is no stream
/// to hold open without one.
#[tokio::test(start_paused = true)]
async fn attack_13_holding_a_session_open() {
    let (server, clock) =
        crate::support::http::server_with(Policy::default().with_lifetime(Duration::from_secs(7_200)));
    let id = server.open(&ana()).await;
    assert_eq!(server.send(request(Method::GET, &ana(), Some(&id), "")).await.status, 405);
    let endless = tokio::spawn({
        let service = server.service.clone();
        let request = post(&ana(), Some(&id), r#"{"jsonrpc":"2.0","id":7,"method":"stream"}"#);
        async move { tower::ServiceExt::oneshot(service, request).await }
    });
    for _ in 0..150 {
        clock.advance(Duration::from_secs(60));
        tokio::time::advance(Duration::from_secs(60)).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(server.status(&ana(), &id).await, 404, "the lifetime is over, whatever runs");
    assert_eq!(server.sessions.sweep().await.expect("memory does not fail"), 0, "nothing is left of it");
    assert_eq!(server.sessions.count().await.expect("memory does not fail"), 0);
    endless.abort();
}

/// Clocks that jump, in both directions and by any amount, end nothing early and panic nowhere.
#[tokio::test]
async fn attack_14_moving_the_clock() {
    let hour = 3_600_000_u64;
    for jump in [-(365 * 24), -1, 1] {
        let (server, clock) = server();
        let start = 1_000_000 * hour;
        clock.set_ms(start);
        let id = server.open(&ana()).await;
        assert_eq!(server.status(&ana(), &id).await, 200);
        clock.set_ms(start.saturating_add_signed(jump * i64::try_from(hour).expect("an hour")));
        let expected = if jump > 0 { 404 } else { 200 };
        assert_eq!(server.status(&ana(), &id).await.as_u16(), expected, "{jump} hours");
    }
    let (server, clock) = server();
    let id = server.open(&ana()).await;
    clock.set_ms(u64::MAX);
    assert_eq!(server.status(&ana(), &id).await, 404);
    let id = server.open(&ana()).await;
    assert_eq!(server.status(&ana(), &id).await, 200, "at the end of time");
    clock.set_ms(0);
    assert_eq!(server.status(&ana(), &id).await, 200);
}

/// What one replica ends or binds another one knows at once; both cannot give one session to two.
/// S-9: ended on one, dead on all at the next request.
async fn attack_16_one_replica_does_not_know<W: World>(world: &W) {
    let policy = policy(world).with_lazy_binding(true);
    let here = Sessions::new(world.store().await, policy.clone()).expect("agrees");
    let Some(store) = world.replica().await else { return };
    let there = Sessions::new(store, policy).expect("agrees");
    for round in 0..20 {
        let id = here.create(&Caller::Anonymous, SessionState::default()).await.expect("room").expose_hex();
        let (ana_caller, ben_caller) = (ana(), ben());
        let (one, other) =
            tokio::join!(here.get_or_create(&id, &ana_caller), there.get_or_create(&id, &ben_caller));
        assert!(one.is_ok() != other.is_ok(), "round {round}: {one:?} {other:?}");
        let (winner, loser) = if one.is_ok() { (ana(), ben()) } else { (ben(), ana()) };
        for sessions in [&here, &there] {
            assert!(sessions.validate(&id, &winner).await.is_ok());
            assert!(sessions.validate(&id, &loser).await.is_err());
        }
        assert!(there.terminate(&id, &winner).await.expect("it is the winner's"));
        assert!(here.validate(&id, &winner).await.is_err(), "ended there, dead here");
    }
    for who in ["ana", "ben"] {
        let caller = Caller::Identified(identity(who));
        let id = here.create(&caller, SessionState::default()).await.expect("room").expose_hex();
        assert_eq!(there.terminate_all(&identity(who)).await.expect("the store answers"), 1);
        assert!(here.validate(&id, &caller).await.is_err(), "logged out there, dead here");
    }
}

/// No id, nor eight characters of one, in anything that is logged or shown. (`logs` looks for more, on one store.)
/// S-12: on every store.
async fn attack_17_reading_ids_in_logs<W: World>(world: &W) {
    let policy = policy(world).with_max_per_identity(2);
    let store = world.store().await;
    let log = Log::start();
    let server = server_on(Sessions::new(store, policy).expect("agrees"));
    let ids = [server.open(&ana()).await, server.open(&ana()).await, unknown()];
    server.send(post(&ana(), None, INITIALIZE)).await;
    for id in &ids {
        for caller in [ana(), ben(), Caller::Anonymous] {
            tracing::info!("{:?}", server.sessions.validate(id, &caller).await);
            tracing::info!("{:?}", server.sessions.terminate(id, &caller).await);
            server.send(post(&caller, Some(id), LIST)).await;
        }
    }
    tracing::info!("{:?} {:?}", server.sessions.policy(), server.sessions.list(&identity("ana")).await);
    let log = log.take();
    assert!(log.contains("terminated"), "{log}");
    for id in &ids {
        let key = SessionId::parse(id).expect("an id").key();
        let key: String = key.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        for secret in [id, &key] {
            for start in 0..=secret.len() - 8 {
                assert!(!log.contains(&secret[start..start + 8]), "{log}");
            }
        }
    }
}

/// An id has one spelling, comes once, and anything else costs the store nothing.
async fn attack_18_spellings_of_an_id<W: World>(world: &W) {
    let asked = Faults::default();
    let store = Faulty::new(world.store().await, asked.clone());
    let server = server_on(Sessions::new(store, policy(world)).expect("agrees"));
    let own = server.open(&ana()).await;
    asked.take_asked();
    let not_found = server.send(post(&ana(), Some("x"), LIST)).await;
    assert_eq!(not_found.status, 404);
    let spellings = [
        own.to_uppercase(),
        format!(" {own}"),
        format!("{own} "),
        format!("0x{own}"),
        format!("{own},{own}"),
        format!("{own}0"),
        own[1..].to_owned(),
        String::new(),
        "a".repeat(8 * 1024),
        "a".repeat(10 * 1024 * 1024),
        "../../../etc/passwd".to_owned(),
        "%00".repeat(20),
    ];
    for spelling in &spellings {
        for request in [
            post(&ana(), Some(spelling), LIST),
            post(&ana(), Some(spelling), INITIALIZE),
            delete(&ana(), Some(spelling)),
        ] {
            assert_eq!(server.send(request).await, not_found, "{}", &spelling[..spelling.len().min(80)]);
        }
    }
    for mut twice in [post(&ana(), Some(&own), LIST), delete(&ana(), Some(&own))] {
        twice.headers_mut().append("mcp-session-id", own.parse().expect("a value"));
        assert_eq!(server.send(twice).await, not_found, "two headers");
    }
    assert_eq!(asked.take_asked(), [""; 0], "the store was never asked");
    assert_eq!(server.status(&ana(), &own).await, 200);
}

/// Who listens to the events and panics neither locks a part of the store nor stops an end from happening.
#[tokio::test]
async fn attack_19_a_listener_that_panics() {
    struct Panics;
    impl tracing::Subscriber for Panics {
        fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
            metadata.target() == "mcp_sessions"
        }
        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }
        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn event(&self, _: &tracing::Event<'_>) {
            panic!("the listener does not like it");
        }
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
    }
    let store = MemoryStore::default();
    let sessions = Sessions::new(store, Policy::default()).expect("agrees");
    let id = sessions.create(&ana(), SessionState::default()).await.expect("room").expose_hex();
    let other = sessions.create(&ana(), SessionState::default()).await.expect("room").expose_hex();
    let panicked = tracing::subscriber::with_default(Panics, || {
        // Nothing in memory waits: one look at each future finishes it, or panics.
        let outcomes = [
            catch_unwind(AssertUnwindSafe(|| drop(now(sessions.validate(&other, &ben()))))),
            catch_unwind(AssertUnwindSafe(|| drop(now(sessions.terminate(&id, &ana()))))),
            catch_unwind(AssertUnwindSafe(|| drop(now(sessions.create(&ben(), SessionState::default()))))),
        ];
        outcomes.iter().filter(|outcome| outcome.is_err()).count()
    });
    assert_eq!(panicked, 3, "every listener panicked");
    assert!(sessions.check(&id, &ana()).await.is_err(), "it has ended all the same");
    assert!(sessions.check(&other, &ana()).await.is_ok());
    assert_eq!(sessions.terminate_all(&identity("ana")).await.expect("memory does not fail"), 1);
}

/// The outcome of a future that has nothing to wait for.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("it waits"),
    }
}

/// A request of a revision without sessions that carries an id: no id is looked at, none is made.
async fn attack_21_mixing_the_eras<W: World>(world: &W) {
    let asked = Faults::default();
    let store = Faulty::new(world.store().await, asked.clone());
    let server = server_on(Sessions::new(store, policy(world)).expect("agrees"));
    let id = server.open(&ana()).await;
    asked.take_asked();
    for (caller, id) in [(ana(), Some(&*id)), (ben(), Some(&*id)), (ben(), Some("x")), (ben(), None)] {
        let mut modern = post(&caller, id, LIST);
        modern.headers_mut().insert("mcp-protocol-version", HeaderValue::from_static("2026-07-28"));
        let answer = server.send(modern).await;
        assert_eq!((answer.status.as_u16(), answer.session_id()), (200, None));
        let seen = server.engine.last.lock().take().expect("the engine was asked");
        assert!(seen.session.is_none() && !seen.headers.contains_key("mcp-session-id"));
    }
    assert_eq!(asked.take_asked(), [""; 0], "the store was never asked");
}

/// Sessions of the time when everybody was anonymous are closed to everybody who authenticates.
async fn turning_authentication_on<W: World>(world: &W) {
    let policy = policy(world);
    let store = world.store().await;
    let key = SessionId::random().key();
    let created = store.create(&key, Binding::Anonymous, SessionState::default(), &policy).await;
    assert!(matches!(created.expect("the store answers"), Creation::Created(_)));
    let Some(store) = world.reopened(store).await else { return };
    for who in ["ana", "ben"] {
        let caller = CallerKey::Identified(identity(who).digest());
        let verdict = store.validate(&key, caller, true, &policy).await.expect("the store answers");
        assert!(matches!(verdict, Verdict::Unknown | Verdict::Mismatch { .. }), "{verdict:?}");
    }
    let verdict =
        store.validate(&key, CallerKey::Anonymous, false, &policy).await.expect("the store answers");
    assert!(matches!(verdict, Verdict::Valid(_)), "it did survive: {verdict:?}");
}

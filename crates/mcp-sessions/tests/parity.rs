//! One test for each row of the table in the documentation of `mcp_sessions::parity`, on every store.

use std::ops::Deref;
use std::time::Duration;

use mcp_sessions::conformance::World;
use mcp_sessions::{
    Caller, Face, Identity, InvalidSessionId, Policy, Rejection, SessionId, SessionState, SessionStore,
    Sessions,
};

use crate::support::worlds::on_every_store;
use crate::support::{Log, ana, ben, identity};

const MILLISECOND: Duration = Duration::from_millis(1);

on_every_store! {
    an_id_is_exactly_64_hex
    only_non_empty_claims_are_kept
    retrieving_touches
    lazy_binding_binds_whole_and_once
    an_unknown_id_is_invalid
    a_stale_session_ends_strictly_after_the_timeout
    nothing_bound
    bound_and_no_identity_is_refused
    an_identity_without_any_claim_is_refused
    another_tenant_is_refused
    another_client_is_refused
    another_subject_is_refused
    checking_does_not_touch
    terminating_twice_is_no_mistake
    cleaning_up_is_reported_when_it_removed_something
    counting
    the_timeout_is_an_argument
    a_subject_alone_binds
    events_and_their_levels
    the_timer_ends_with_the_store
}

/// Limits in the proportions of the defaults, in which a world's time can pass.
fn policy<W: World>(world: &W) -> Policy {
    let tick = world.tick();
    Policy::default().with_unused_timeout(tick * 2).with_idle_timeout(tick * 4).with_lifetime(tick * 12)
}

/// Sessions in a store, and whether that keeps identities apart.
struct Tested<S> {
    sessions: Sessions<S>,
    keeps_apart: bool,
}

impl<S> Deref for Tested<S> {
    type Target = Sessions<S>;

    fn deref(&self) -> &Sessions<S> {
        &self.sessions
    }
}

impl<S> Tested<S> {
    /// What the refusal of a caller whose session it is not comes to: a store that keeps identities apart knows
    /// nothing of the session.
    fn foreign(&self, reason: &'static str) -> &'static str {
        if self.keeps_apart { "unknown" } else { reason }
    }
}

async fn sessions_with<W: World>(world: &W, policy: Policy) -> Tested<W::Store> {
    Log::install();
    let store = world.store().await;
    let keeps_apart = store.keeps_apart();
    Tested { sessions: Sessions::new(store, policy).expect("the policy agrees with itself"), keeps_apart }
}

async fn sessions<W: World>(world: &W) -> Tested<W::Store> {
    sessions_with(world, policy(world)).await
}

async fn open<S: SessionStore>(sessions: &Sessions<S>, caller: &Caller) -> String {
    let id = sessions.create(caller, SessionState::default()).await.expect("there is room");
    id.expose_hex()
}

fn reason<T>(outcome: Result<T, Rejection>) -> &'static str {
    outcome.err().map_or("allowed", |rejection| rejection.reason())
}

/// Lets pass what a limit allows, and no more.
async fn pass_within<W: World>(world: &W, limit: Duration) {
    let margin = if world.time_stands_still() { Duration::ZERO } else { world.tick() / 2 };
    world.pass(limit - margin).await;
}

/// Lets pass more than a limit allows.
async fn pass_beyond<W: World>(world: &W, limit: Duration) {
    let margin = if world.time_stands_still() { MILLISECOND } else { world.tick() / 2 };
    world.pass(limit + margin).await;
}

/// What this crate logs, until that are `count` lines: what is found out in the background is told later.
async fn lines(log: &Log, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for _ in 0..500 {
        let logged = log.take();
        lines.extend(logged.lines().filter(|line| line.contains(" mcp_sessions: ")).map(str::to_owned));
        if lines.len() >= count {
            break;
        }
        tokio::time::sleep(MILLISECOND * 10).await;
    }
    assert_eq!(lines.len(), count, "{lines:#?}");
    lines
}

async fn an_id_is_exactly_64_hex<W: World>(world: &W) {
    let sessions = sessions(world).await;
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

async fn only_non_empty_claims_are_kept<W: World>(world: &W) {
    let sessions = sessions(world).await;
    let sparse = Identity::default().with_subject("ana").with_tenant("").with_client("");
    assert_eq!((sparse.tenant(), sparse.client(), sparse.subject()), (None, None, Some("ana")));
    let id = open(&sessions, &Caller::Identified(sparse)).await;
    let same = Caller::Identified(Identity::default().with_subject("ana"));
    assert_eq!(reason(sessions.check(&id, &same).await), "allowed");
}

async fn retrieving_touches<W: World>(world: &W) {
    let (sessions, tick) = (sessions(world).await, world.tick());
    let id = open(&sessions, &ana()).await;
    assert_eq!(reason(sessions.get_or_create(&id, &ana()).await), "allowed");
    world.pass(tick * 3).await;
    assert_eq!(reason(sessions.get_or_create(&id, &ana()).await), "allowed");
    world.pass(tick * 3).await;
    assert_eq!(reason(sessions.validate(&id, &ana()).await), "allowed");
    world.pass(tick * 3).await;
    let refused = sessions.foreign("other_identity");
    assert_eq!(reason(sessions.validate(&id, &ben()).await), refused);
    pass_beyond(world, tick).await;
    assert_eq!(reason(sessions.validate(&id, &ana()).await), "stale", "ben did not prolong it");
}

async fn lazy_binding_binds_whole_and_once<W: World>(world: &W) {
    let lazy = sessions_with(world, policy(world).with_lazy_binding(true)).await;
    let id = open(&lazy, &Caller::Anonymous).await;
    assert_eq!(reason(lazy.validate(&id, &ana()).await), "allowed", "nobody's yet");
    assert_eq!(reason(lazy.validate(&id, &ben()).await), "allowed", "validating binds nothing");

    let ana_without_client = Caller::Identified(identity("ana").with_client(""));
    assert_eq!(reason(lazy.get_or_create(&id, &ana_without_client).await), "allowed");
    assert_eq!(reason(lazy.get_or_create(&id, &ana_without_client).await), "allowed");
    assert_eq!(reason(lazy.get_or_create(&id, &ana()).await), "other_identity", "no claim is added later");
    assert_eq!(reason(lazy.get_or_create(&id, &Caller::Anonymous).await), "anonymous_caller");
}

async fn an_unknown_id_is_invalid<W: World>(world: &W) {
    let sessions = sessions(world).await;
    let id = SessionId::random().expose_hex();
    assert_eq!(reason(sessions.validate(&id, &ana()).await), "unknown");
    assert_eq!(reason(sessions.check(&id, &ana()).await), "unknown");
}

async fn a_stale_session_ends_strictly_after_the_timeout<W: World>(world: &W) {
    let (sessions, policy) = (sessions(world).await, policy(world));
    let [idle, unused, lifetime] = [policy.idle_timeout(), policy.unused_timeout(), policy.lifetime()];
    let id = open(&sessions, &ana()).await;
    assert_eq!(reason(sessions.validate(&id, &ana()).await), "allowed");
    pass_within(world, idle).await;
    assert_eq!(
        reason(sessions.check(&id, &ana()).await),
        "allowed",
        "exactly the timeout, where time stands still"
    );
    pass_beyond(world, idle / 4).await;
    assert_eq!(reason(sessions.check(&id, &ana()).await), "stale");
    assert_eq!(reason(sessions.check(&id, &ana()).await), "unknown", "it was terminated");

    let never_used = open(&sessions, &ana()).await;
    pass_beyond(world, unused).await;
    assert_eq!(reason(sessions.validate(&never_used, &ana()).await), "stale");

    let busy = open(&sessions, &ana()).await;
    for _ in 0..5 {
        assert_eq!(reason(sessions.validate(&busy, &ana()).await), "allowed");
        world.pass(lifetime / 6).await;
    }
    assert_eq!(reason(sessions.validate(&busy, &ana()).await), "allowed");
    pass_within(world, lifetime / 6).await;
    assert_eq!(reason(sessions.validate(&busy, &ana()).await), "allowed");
    pass_beyond(world, lifetime / 12).await;
    assert_eq!(reason(sessions.validate(&busy, &ana()).await), "expired");
}

async fn nothing_bound<W: World>(world: &W) {
    let everybody = [Caller::Anonymous, ana(), Caller::Identified(Identity::default().with_tenant("north"))];
    let lazy = sessions_with(world, policy(world).with_lazy_binding(true)).await;
    let unbound = open(&lazy, &Caller::Anonymous).await;
    for caller in &everybody {
        assert_eq!(reason(lazy.validate(&unbound, caller).await), "allowed", "{caller:?}");
    }
    drop(lazy);

    let sessions = sessions(world).await;
    let anonymous = open(&sessions, &Caller::Anonymous).await;
    let [nobody, identified @ ..] = &everybody;
    assert_eq!(reason(sessions.validate(&anonymous, nobody).await), "allowed");
    let refused = sessions.foreign("authenticated_caller");
    for caller in identified {
        assert_eq!(reason(sessions.validate(&anonymous, caller).await), refused, "{caller:?}");
        let adopted = reason(sessions.get_or_create(&anonymous, caller).await);
        assert!(
            adopted == "authenticated_caller" || sessions.keeps_apart && adopted == "allowed",
            "{adopted}"
        );
    }
    assert_eq!(reason(sessions.validate(&anonymous, nobody).await), "allowed");
}

async fn bound_and_no_identity_is_refused<W: World>(world: &W) {
    refuses(world, &[Caller::Anonymous], "anonymous_caller").await;
}

async fn an_identity_without_any_claim_is_refused<W: World>(world: &W) {
    let sessions = sessions(world).await;
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
    let log = lines(&log, 17).await;
    assert!(log.iter().all(|line| line.contains("ERROR mcp_sessions: ")), "{log:#?}");
    assert_eq!(sessions.count().await.expect("the store answers"), 2);
}

async fn another_tenant_is_refused<W: World>(world: &W) {
    let others = ["south", ""].map(|tenant| Caller::Identified(identity("ana").with_tenant(tenant)));
    refuses(world, &others, "other_identity").await;
}

async fn another_client_is_refused<W: World>(world: &W) {
    let others = ["phone", ""].map(|client| Caller::Identified(identity("ana").with_client(client)));
    refuses(world, &others, "other_identity").await;
}

async fn another_subject_is_refused<W: World>(world: &W) {
    let nobody = Caller::Identified(identity("ana").with_subject(""));
    refuses(world, &[ben(), nobody], "other_identity").await;
}

/// Ana's session refuses each of `callers` for `expected`, with a warning for each attempt, and stays hers.
///
/// A store that keeps identities apart knows nothing of the session: it warns later, and `get_or_create` makes the
/// caller's own.
async fn refuses<W: World>(world: &W, callers: &[Caller], expected: &'static str) {
    let sessions = sessions(world).await;
    let id = open(&sessions, &ana()).await;
    let refused = sessions.foreign(expected);
    for caller in callers {
        let log = Log::start();
        assert_eq!(reason(sessions.check(&id, caller).await), refused);
        assert_eq!(reason(sessions.validate(&id, caller).await), refused);
        match sessions.terminate(&id, caller).await {
            Ok(ended) => assert!(!ended && sessions.keeps_apart),
            Err(rejection) => assert_eq!(rejection.reason(), refused),
        }
        let told = if sessions.keeps_apart { 6 } else { 3 };
        let log_lines = lines(&log, told).await;
        let warnings = log_lines.iter().filter(|line| line.contains("possible session hijack"));
        assert_eq!(warnings.filter(|line| line.contains("WARN")).count(), 3, "{log_lines:#?}");

        let log = Log::start();
        let adopted = reason(sessions.get_or_create(&id, caller).await);
        if adopted == expected {
            assert!(lines(&log, 1).await[0].contains("WARN mcp_sessions: possible session hijack"));
        } else {
            assert!(sessions.keeps_apart && adopted == "allowed", "{adopted}");
        }
        assert_eq!(reason(sessions.check(&id, &ana()).await), "allowed");
        sessions.terminate(&id, caller).await.ok();
        assert_eq!(reason(sessions.check(&id, &ana()).await), "allowed", "another's own is another's");
    }
}

async fn checking_does_not_touch<W: World>(world: &W) {
    let (sessions, tick) = (sessions(world).await, world.tick());
    let id = open(&sessions, &ana()).await;
    sessions.validate(&id, &ana()).await.expect("it is hers");
    world.pass(tick * 3).await;
    assert_eq!(reason(sessions.check(&id, &ana()).await), "allowed");
    pass_beyond(world, tick).await;
    assert_eq!(reason(sessions.check(&id, &ana()).await), "stale");
}

async fn terminating_twice_is_no_mistake<W: World>(world: &W) {
    let sessions = sessions(world).await;
    let log = Log::start();
    let id = open(&sessions, &ana()).await;
    lines(&log, 1).await;
    assert!(sessions.terminate(&id, &ana()).await.expect("it is hers"));
    assert!(lines(&log, 1).await[0].contains("INFO mcp_sessions: ended session"));
    assert!(!sessions.terminate(&id, &ana()).await.expect("no mistake"));
    let log = log.take();
    assert!(!log.contains("terminated"), "{log}");

    let stale = open(&sessions, &ana()).await;
    pass_beyond(world, policy(world).unused_timeout()).await;
    assert!(!sessions.terminate(&stale, &ana()).await.expect("it had ended by itself"));
}

/// S-10: sessions past their time are removed without being asked for.
async fn cleaning_up_is_reported_when_it_removed_something<W: World>(world: &W) {
    let log = Log::start();
    let policy = policy(world).with_sweep_interval(MILLISECOND * 20);
    let sessions =
        Sessions::start(world.store().await, policy.clone()).expect("the policy agrees with itself");
    open(&sessions, &ana()).await;
    lines(&log, 1).await;
    tokio::time::sleep(MILLISECOND * 100).await;
    lines(&log, 0).await;

    pass_beyond(world, policy.unused_timeout()).await;
    let removed = &lines(&log, 1).await[0];
    assert!(removed.contains("DEBUG mcp_sessions: removed 1 sessions past their time"), "{removed}");
    assert_eq!(sessions.count().await.expect("the store answers"), 0);
}

async fn counting<W: World>(world: &W) {
    let sessions = sessions(world).await;
    let count = async || sessions.count().await.expect("the store answers");
    assert_eq!(count().await, 0);
    let id = open(&sessions, &ana()).await;
    open(&sessions, &Caller::Anonymous).await;
    assert_eq!(count().await, 2);
    sessions.terminate(&id, &ana()).await.expect("it is hers");
    assert_eq!(count().await, 1);
    pass_beyond(world, policy(world).unused_timeout()).await;
    if world.time_stands_still() {
        assert_eq!(count().await, 1, "past its time and not yet removed");
        assert_eq!(sessions.sweep().await.expect("the store answers"), 1);
    } else {
        sessions.sweep().await.expect("the store answers"); // it may have removed the session by itself
    }
    assert_eq!(count().await, 0);
}

async fn the_timeout_is_an_argument<W: World>(world: &W) {
    let tick = world.tick();
    let shorter = policy(world).with_unused_timeout(tick).with_idle_timeout(tick * 2);
    let sessions = sessions_with(world, shorter).await;
    let id = open(&sessions, &ana()).await;
    sessions.validate(&id, &ana()).await.expect("it is hers");
    pass_within(world, tick * 2).await;
    assert_eq!(reason(sessions.check(&id, &ana()).await), "allowed");
    pass_beyond(world, tick / 2).await;
    assert_eq!(reason(sessions.check(&id, &ana()).await), "stale");
}

async fn a_subject_alone_binds<W: World>(world: &W) {
    let sessions = sessions(world).await;
    let lone = [Identity::default().with_subject("ana"), Identity::default().with_tenant("north")];
    for owner in lone.map(Caller::Identified) {
        let id = open(&sessions, &owner).await;
        assert_eq!(reason(sessions.validate(&id, &owner).await), "allowed");
        for (caller, refusal) in [(Caller::Anonymous, "anonymous_caller"), (ben(), "other_identity")] {
            let refused = sessions.foreign(refusal);
            assert_eq!(reason(sessions.validate(&id, &caller).await), refused);
        }
    }
}

async fn events_and_their_levels<W: World>(world: &W) {
    let sessions = sessions_with(world, policy(world).with_lazy_binding(true)).await;
    let log = Log::start();
    let told = async |expected: &[(&str, &str)]| {
        let lines = lines(&log, expected.len()).await;
        for (line, (level, event)) in lines.iter().zip(expected) {
            assert!(
                line.contains(level) && line.contains(&format!("event={event:?}")),
                "{level} {event}: {line}"
            );
        }
    };

    let id = open(&sessions, &Caller::Anonymous).await;
    told(&[("DEBUG", "created")]).await;
    sessions.get_or_create(&id, &ana()).await.expect("it was nobody's");
    told(&[("DEBUG", "bound")]).await;
    sessions.validate(&id, &ana()).await.expect("it is hers");
    told(&[]).await; // what goes well is not worth a line
    // A store that keeps identities apart remembers what was nobody's at first.
    assert_eq!(reason(sessions.validate(&id, &ben()).await), "other_identity");
    told(&[("WARN", "rejected")]).await;
    sessions.validate(&SessionId::random().expose_hex(), &ben()).await.expect_err("there is none");
    told(&[("DEBUG", "rejected")]).await;
    sessions.validate("guess", &ben()).await.expect_err("no id");
    told(&[("DEBUG", "rejected")]).await;
    sessions.terminate(&id, &ana()).await.expect("it is hers");
    told(&[("INFO", "terminated")]).await;

    let id = open(&sessions, &ana()).await;
    told(&[("DEBUG", "created")]).await;
    pass_beyond(world, policy(world).unused_timeout()).await;
    sessions.validate(&id, &ana()).await.expect_err("it is stale");
    told(&[("INFO", "terminated")]).await;

    open(&sessions, &ana()).await;
    told(&[("DEBUG", "created")]).await;
    pass_beyond(world, policy(world).unused_timeout()).await;
    sessions.sweep().await.expect("the store answers");
    told(&[("DEBUG", "stale_cleanup")]).await;
}

async fn the_timer_ends_with_the_store<W: World>(world: &W) {
    let store = world.store().await;
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let policy = policy(world).with_sweep_interval(MILLISECOND * 10);
    let sessions = Sessions::start(store, policy).expect("the policy agrees with itself");
    let clone = sessions.clone();
    drop(sessions);
    tokio::time::sleep(MILLISECOND * 50).await;
    assert!(metrics.num_alive_tasks() > before, "one clone is left");
    drop(clone);
    tokio::time::timeout(Duration::from_secs(5), async {
        while metrics.num_alive_tasks() > before {
            tokio::time::sleep(MILLISECOND * 10).await;
        }
    })
    .await
    .expect("the timer ends");
}

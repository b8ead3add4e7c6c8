//! The promises of a [`SessionStore`] as checks, for whoever writes one.
//!
//! Tell how a store is made and how its time passes, in a [`World`], and
//! [`conformance_tests!`](crate::conformance_tests) makes a test of each check:
//!
//! ```
//! use std::time::Duration;
//! use mcp_sessions::conformance::World;
//! use mcp_sessions::{ManualClock, MemoryStore};
//!
//! #[derive(Default)]
//! struct Memory(ManualClock);
//!
//! impl World for Memory {
//!     type Store = MemoryStore<ManualClock>;
//!
//!     async fn store(&self) -> Self::Store {
//!         MemoryStore::with_clock(self.0.clone())
//!     }
//!
//!     async fn pass(&self, time: Duration) {
//!         self.0.advance(time);
//!     }
//! }
//!
//! mod a_store_in_memory {
//!     mcp_sessions::conformance_tests!(Some(super::Memory::default()));
//! }
//! # fn main() {}
//! ```
//!
//! A check panics where a promise is broken. Beside the promises of [`store`](crate::store) they cover what shows
//! only between several: replicas, and a store that is opened again.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::store::{Adoption, Cap, Creation, SessionStore, StoreError, Verdict};
use crate::{
    Binding, CallerKey, Identity, IdentityDigest, Policy, Record, SessionId, SessionKey, SessionState,
};

/// How the checks get a store, and how they make its time pass.
pub trait World: Sync {
    /// What is checked.
    type Store: SessionStore;

    /// A store without sessions. Every check asks once, of a world of its own.
    fn store(&self) -> impl Future<Output = Self::Store>;

    /// Lets so much of the store's time pass.
    fn pass(&self, time: Duration) -> impl Future<Output = ()>;

    /// Another store over the same sessions, as another process has it; `None` where that cannot be.
    fn replica(&self) -> impl Future<Output = Option<Self::Store>> {
        async { None }
    }

    /// The same sessions after their process ended and began again; `None` where they end with it.
    fn reopened(&self, store: Self::Store) -> impl Future<Output = Option<Self::Store>> {
        drop(store);
        async { None }
    }

    /// The limits of the checks are a few of these. Where time really passes, a verb must take far less than one.
    fn tick(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// Whether the store's time stands still but for [`pass`](Self::pass). Otherwise checks stay half a
    /// [`tick`](Self::tick) away from a limit.
    fn time_stands_still(&self) -> bool {
        true
    }

    /// Whether the cap on all sessions and their count are exact.
    fn counts_exactly(&self) -> bool {
        true
    }
}

/// A test of each check for the world that an expression makes, which is an `Option`: `None` skips.
///
/// The tests need Tokio with its macros and its runtime of several threads.
#[macro_export]
macro_rules! conformance_tests {
    ($world:expr) => {
        $crate::conformance_tests! { @each $world;
            a_session_is_kept_as_it_was_given
            a_state_comes_back_whatever_it_is_of
            a_key_is_taken_once
            a_session_admits_its_caller_and_nobody_else
            a_use_prolongs_a_session_and_a_look_does_not
            a_refused_caller_prolongs_nothing
            a_session_that_is_never_used_ends_sooner
            a_session_ends_with_its_lifetime_however_it_is_used
            time_is_looked_at_before_whose_a_session_is
            what_was_terminated_is_gone
            terminating_everything_of_an_identity_leaves_everybody_else
            an_identity_lists_what_it_has
            an_identity_has_no_more_than_its_cap
            there_are_no_more_than_the_cap_on_all
            sweeping_removes_what_is_past_its_time
            an_id_that_a_host_brings_is_made_or_resumed
            an_unbound_session_is_bound_whole_and_once
            binding_heeds_the_cap
            many_creating_at_once_stay_within_the_cap
            many_identities_creating_at_once_stay_within_the_cap_on_all
            many_who_bring_one_id_share_one_session
            one_of_many_binds_an_unbound_session
            nothing_validates_after_it_was_terminated
            replicas_see_each_others_sessions
            sessions_come_back
        }
    };
    (@each $world:expr; $($check:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                if let Some(world) = $world {
                    $crate::conformance::$check(&world).await;
                }
            }
        )*
    };
}

/// Idle for four ticks, never used for two, twelve in all.
fn policy<W: World>(world: &W) -> Policy {
    let tick = world.tick();
    Policy::default()
        .with_unused_timeout(tick * 2)
        .with_idle_timeout(tick * 4)
        .with_lifetime(tick * 12)
        .with_max_sessions(1_000)
        .with_max_per_identity(100)
}

/// Passes a limit, or stops just before it.
async fn pass_until<W: World>(world: &W, limit: Duration) {
    let margin = if world.time_stands_still() { Duration::ZERO } else { world.tick() / 2 };
    world.pass(limit.saturating_sub(margin)).await;
}

async fn pass_beyond<W: World>(world: &W, limit: Duration) {
    let margin = if world.time_stands_still() { Duration::from_millis(1) } else { world.tick() / 2 };
    world.pass(limit + margin).await;
}

/// From where [`pass_until`] stopped to the other side of the limit.
async fn pass_over<W: World>(world: &W) {
    let margin = if world.time_stands_still() { Duration::from_millis(1) } else { world.tick() };
    world.pass(margin).await;
}

fn identity(who: &str) -> IdentityDigest {
    Identity::default().with_issuer("https://idp.example").with_subject(who).digest()
}

fn caller(who: &str) -> CallerKey {
    CallerKey::Identified(identity(who))
}

fn state() -> SessionState {
    SessionState::default()
        .with_protocol_version("2025-06-18")
        .with_client_name("désk\0")
        .with_client_version("1.2")
        .with_capabilities(r#"{"roots":{}}"#)
}

fn works<T>(outcome: Result<T, StoreError>) -> T {
    outcome.unwrap_or_else(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        panic!("the store failed: {error}: {source}")
    })
}

async fn create<S: SessionStore>(store: &S, binding: Binding, policy: &Policy) -> SessionKey {
    let key = SessionId::random().key();
    match works(store.create(&key, binding, state(), policy).await) {
        Creation::Created(_) => key,
        refused => panic!("a session was refused: {refused:?}"),
    }
}

async fn create_for<S: SessionStore>(store: &S, who: &str, policy: &Policy) -> SessionKey {
    create(store, Binding::Bound(identity(who)), policy).await
}

async fn validate<S: SessionStore>(
    store: &S,
    key: &SessionKey,
    caller: CallerKey,
    policy: &Policy,
) -> Verdict {
    works(store.validate(key, caller, true, policy).await)
}

async fn check<S: SessionStore>(store: &S, key: &SessionKey, caller: CallerKey, policy: &Policy) -> Verdict {
    works(store.validate(key, caller, false, policy).await)
}

fn allowed(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Valid(_))
}

/// Whether a store may say this to a caller whose session it is not.
fn is_refusal<S: SessionStore>(store: &S, verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Mismatch { .. } => true,
        Verdict::Unknown => store.keeps_apart(),
        Verdict::Valid(_) | Verdict::Stale | Verdict::Expired => false,
    }
}

/// Everybody who can call, and whether a session with this binding is theirs.
fn callers(binding: Binding) -> [(CallerKey, bool); 3] {
    [CallerKey::Anonymous, caller("ana"), caller("ben")].map(|caller| (caller, binding.admits(caller)))
}

/// What is created is what is found, by its caller, in a list, and in the verdict.
pub async fn a_session_is_kept_as_it_was_given<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world));
    let binding = Binding::Bound(identity("ana"));
    let key = SessionId::random().key();
    let Creation::Created(created) = works(store.create(&key, binding, state(), &policy).await) else {
        panic!("there was room")
    };
    assert_eq!((created.binding, created.last_used_ms, &*created.state), (binding, None, &state()));
    let Verdict::Valid(seen) = check(&store, &key, caller("ana"), &policy).await else {
        panic!("it is hers")
    };
    assert_eq!(seen, created, "a look changes nothing");
    world.pass(world.tick()).await;
    let Verdict::Valid(used) = validate(&store, &key, caller("ana"), &policy).await else {
        panic!("it is hers")
    };
    let since = used.last_used_ms.expect("it was used") - created.created_ms;
    let tick = u64::try_from(world.tick().as_millis()).expect("a tick is short");
    assert!(if world.time_stands_still() { since == tick } else { since >= tick }, "{since} of {tick} ms");
    assert_eq!(Record { last_used_ms: None, ..used }, created, "nothing but its last use changes");
    assert_eq!(works(store.count().await), 1);
}

/// Everything that a state can hold comes back, the largest one too: what a client said, and what a handle stands for.
pub async fn a_state_comes_back_whatever_it_is_of<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world));
    let long = "é\0".repeat(2_000);
    let states = [
        SessionState::default(),
        state(),
        SessionState::default()
            .with_protocol_version(&long)
            .with_client_name(&long)
            .with_client_version(&long)
            .with_capabilities(&long[..1_632]),
        SessionState::of_handle(String::new()),
        SessionState::of_handle(long[..SessionState::MAX_HANDLE].to_owned()),
    ];
    for state in states {
        let key = SessionId::random().key();
        let made = store.create(&key, Binding::Bound(identity("ana")), state.clone(), &policy).await;
        assert!(matches!(works(made), Creation::Created(record) if *record.state == state));
        let Verdict::Valid(record) = check(&store, &key, caller("ana"), &policy).await else {
            panic!("it is hers")
        };
        assert_eq!(*record.state, state);
        let listed = works(store.list(&identity("ana"), &policy).await);
        assert!(listed.iter().any(|summary| *summary.state == state));
    }
}

/// A second session under the same key is refused, whoever asks, and the first unharmed.
pub async fn a_key_is_taken_once<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world));
    let key = create_for(&store, "ana", &policy).await;
    let again = works(store.create(&key, Binding::Bound(identity("ana")), state(), &policy).await);
    assert_eq!(again, Creation::Taken);
    assert_eq!(works(store.count().await), 1);
    assert_eq!(works(store.list(&identity("ana"), &policy).await).len(), 1);
}

/// Each kind of binding against each kind of caller, for a look, a use and an end.
pub async fn a_session_admits_its_caller_and_nobody_else<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world).with_lazy_binding(true));
    for binding in [Binding::Unbound, Binding::Anonymous, Binding::Bound(identity("ana"))] {
        for (caller, admitted) in callers(binding) {
            let case = format!("{binding:?} {caller:?}");
            let key = create(&store, binding, &policy).await;
            for touch in [false, true] {
                let verdict = works(store.validate(&key, caller, touch, &policy).await);
                assert!(
                    if admitted { allowed(&verdict) } else { is_refusal(&store, &verdict) },
                    "{case}: {verdict:?}"
                );
            }
            let verdict = works(store.terminate(&key, caller, &policy).await);
            assert!(
                if admitted { allowed(&verdict) } else { is_refusal(&store, &verdict) },
                "{case}: {verdict:?}"
            );
            for (other, theirs) in callers(binding) {
                let verdict = check(&store, &key, other, &policy).await;
                if admitted {
                    assert_eq!(verdict, Verdict::Unknown, "{case}: it was ended");
                } else {
                    assert_eq!(allowed(&verdict), theirs, "{case}: it is as it was: {verdict:?}");
                }
            }
        }
    }
}

/// A session lives for the idle timeout after its last use, that moment included.
pub async fn a_use_prolongs_a_session_and_a_look_does_not<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world));
    let key = create_for(&store, "ana", &policy).await;
    for _ in 0..2 {
        assert!(allowed(&validate(&store, &key, caller("ana"), &policy).await));
        pass_until(world, policy.idle_timeout()).await;
    }
    assert!(allowed(&check(&store, &key, caller("ana"), &policy).await), "the limit is within");
    pass_over(world).await;
    assert_eq!(check(&store, &key, caller("ana"), &policy).await, Verdict::Stale);
    assert_eq!(check(&store, &key, caller("ana"), &policy).await, Verdict::Unknown, "that call removed it");
}

/// Somebody else's attempts leave a session as old as it was.
pub async fn a_refused_caller_prolongs_nothing<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world));
    let key = create_for(&store, "ana", &policy).await;
    assert!(allowed(&validate(&store, &key, caller("ana"), &policy).await));
    for _ in 0..3 {
        world.pass(world.tick()).await;
        for thief in [caller("ben"), CallerKey::Anonymous] {
            let verdict = validate(&store, &key, thief, &policy).await;
            assert!(is_refusal(&store, &verdict), "{verdict:?}");
            assert!(!allowed(&works(store.terminate(&key, thief, &policy).await)));
        }
    }
    pass_beyond(world, world.tick()).await;
    assert_eq!(validate(&store, &key, caller("ana"), &policy).await, Verdict::Stale);
}

/// Who opens a session and never comes back holds it for the shorter time.
pub async fn a_session_that_is_never_used_ends_sooner<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world));
    let key = create_for(&store, "ana", &policy).await;
    pass_until(world, policy.unused_timeout()).await;
    assert!(allowed(&check(&store, &key, caller("ana"), &policy).await));
    pass_over(world).await;
    assert_eq!(validate(&store, &key, caller("ana"), &policy).await, Verdict::Stale);
    assert_eq!(validate(&store, &key, caller("ana"), &policy).await, Verdict::Unknown);
}

/// No use prolongs a session beyond its lifetime.
pub async fn a_session_ends_with_its_lifetime_however_it_is_used<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world));
    let key = create_for(&store, "ana", &policy).await;
    for _ in 0..11 {
        assert!(allowed(&validate(&store, &key, caller("ana"), &policy).await));
        world.pass(world.tick()).await;
    }
    assert!(allowed(&validate(&store, &key, caller("ana"), &policy).await));
    pass_beyond(world, world.tick()).await;
    assert_eq!(validate(&store, &key, caller("ana"), &policy).await, Verdict::Expired);
    assert_eq!(validate(&store, &key, caller("ana"), &policy).await, Verdict::Unknown);
}

/// A session past its time is over for everybody in the same way: not even whose it was is told.
pub async fn time_is_looked_at_before_whose_a_session_is<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world));
    let keys = [
        create_for(&store, "ana", &policy).await,
        create_for(&store, "ana", &policy).await,
        create(&store, Binding::Anonymous, &policy).await,
    ];
    pass_beyond(world, policy.unused_timeout()).await;
    let over = |verdict: &Verdict| match verdict {
        Verdict::Stale => true,
        Verdict::Unknown => store.keeps_apart(),
        Verdict::Valid(_) | Verdict::Expired | Verdict::Mismatch { .. } => false,
    };
    let looked = check(&store, &keys[0], caller("ben"), &policy).await;
    let ended = works(store.terminate(&keys[1], CallerKey::Anonymous, &policy).await);
    let used = validate(&store, &keys[2], caller("ana"), &policy).await;
    for (how, verdict) in [("a look", looked), ("an end", ended), ("a use", used)] {
        assert!(over(&verdict), "{how}: {verdict:?}");
    }
}

/// After it ended, a session is unknown to its own caller; ending it again finds nothing.
pub async fn what_was_terminated_is_gone<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world));
    let (key, kept) = (create_for(&store, "ana", &policy).await, create_for(&store, "ana", &policy).await);
    assert!(allowed(&works(store.terminate(&key, caller("ana"), &policy).await)));
    assert_eq!(validate(&store, &key, caller("ana"), &policy).await, Verdict::Unknown);
    assert_eq!(works(store.terminate(&key, caller("ana"), &policy).await), Verdict::Unknown);
    assert!(allowed(&validate(&store, &kept, caller("ana"), &policy).await));
    assert_eq!(works(store.list(&identity("ana"), &policy).await).len(), 1);
    if world.counts_exactly() {
        assert_eq!(works(store.count().await), 1);
    }
    let stale = create_for(&store, "ana", &policy).await;
    pass_beyond(world, policy.unused_timeout()).await;
    assert_eq!(works(store.terminate(&stale, caller("ana"), &policy).await), Verdict::Stale);
}

/// Log-out everywhere: all of one identity's sessions, none of anybody else's; new ones can be opened.
pub async fn terminating_everything_of_an_identity_leaves_everybody_else<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world));
    let mut hers = Vec::new();
    for _ in 0..3 {
        hers.push(create_for(&store, "ana", &policy).await);
    }
    let (his, nobodys) =
        (create_for(&store, "ben", &policy).await, create(&store, Binding::Anonymous, &policy).await);
    assert_eq!(works(store.terminate_all(&identity("ana")).await), 3);
    for key in &hers {
        assert_eq!(validate(&store, key, caller("ana"), &policy).await, Verdict::Unknown);
    }
    assert_eq!(works(store.list(&identity("ana"), &policy).await), []);
    assert!(allowed(&validate(&store, &his, caller("ben"), &policy).await));
    assert!(allowed(&validate(&store, &nobodys, CallerKey::Anonymous, &policy).await));
    assert_eq!(works(store.terminate_all(&identity("ana")).await), 0);
    let new = create_for(&store, "ana", &policy).await;
    assert!(allowed(&validate(&store, &new, caller("ana"), &policy).await));
    assert_eq!(works(store.terminate_all(&identity("ana")).await), 1, "the second time as well");
    assert_eq!(validate(&store, &new, caller("ana"), &policy).await, Verdict::Unknown);
}

/// A list holds the living sessions of one identity, and what is known of them.
pub async fn an_identity_lists_what_it_has<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world));
    create_for(&store, "ana", &policy).await;
    world.pass(policy.unused_timeout() - world.tick() / 2).await;
    let (used, unused) = (create_for(&store, "ana", &policy).await, create_for(&store, "ana", &policy).await);
    create_for(&store, "ben", &policy).await;
    create(&store, Binding::Anonymous, &policy).await;
    let Verdict::Valid(used_record) = validate(&store, &used, caller("ana"), &policy).await else {
        panic!("it is hers")
    };
    pass_beyond(world, world.tick() / 2).await; // the first one is past its time now
    let mut listed = works(store.list(&identity("ana"), &policy).await);
    listed.sort_by_key(|summary| summary.last_used_ms);
    let [second, first] = &listed[..] else { panic!("two are alive: {listed:?}") };
    assert_eq!((second.fingerprint, second.last_used_ms), (unused.fingerprint(), None));
    assert_eq!(
        (first.fingerprint, first.created_ms, first.last_used_ms, &*first.state),
        (used.fingerprint(), used_record.created_ms, used_record.last_used_ms, &state())
    );
}

/// The cap of one identity: exact, its own, and only the living count.
pub async fn an_identity_has_no_more_than_its_cap<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world).with_max_per_identity(3));
    let mut hers = Vec::new();
    for _ in 0..3 {
        hers.push(create_for(&store, "ana", &policy).await);
    }
    let one_more = async || {
        let key = SessionId::random().key();
        works(store.create(&key, Binding::Bound(identity("ana")), state(), &policy).await)
    };
    assert_eq!(one_more().await, Creation::AtCapacity(Cap::Identity));
    for key in &hers {
        assert!(
            allowed(&validate(&store, key, caller("ana"), &policy).await),
            "no living session is given up"
        );
    }
    create_for(&store, "ben", &policy).await;
    for _ in 0..5 {
        create(&store, Binding::Anonymous, &policy).await;
    }
    assert!(allowed(&works(store.terminate(&hers[0], caller("ana"), &policy).await)));
    assert!(matches!(one_more().await, Creation::Created(_)), "an ended session makes room");
    assert_eq!(one_more().await, Creation::AtCapacity(Cap::Identity));
    pass_beyond(world, policy.unused_timeout()).await;
    assert!(matches!(one_more().await, Creation::Created(_)), "so does one past its time, unswept");
    assert_eq!(one_more().await, Creation::AtCapacity(Cap::Identity));
}

/// The cap on all: exact where the store counts exactly; what is past its time makes room.
pub async fn there_are_no_more_than_the_cap_on_all<W: World>(world: &W) {
    let store = world.store().await;
    let policy = policy(world).with_max_sessions(6).with_max_per_identity(6);
    let one_more = async |binding| {
        let key = SessionId::random().key();
        works(store.create(&key, binding, state(), &policy).await)
    };
    let bindings = [Binding::Anonymous, Binding::Bound(identity("ana")), Binding::Bound(identity("ben"))];
    for binding in bindings.into_iter().cycle().take(6) {
        assert!(matches!(one_more(binding).await, Creation::Created(_)));
    }
    if world.counts_exactly() {
        for binding in bindings {
            assert_eq!(one_more(binding).await, Creation::AtCapacity(Cap::Total));
        }
    }
    pass_beyond(world, policy.unused_timeout()).await;
    if !world.counts_exactly() {
        works(store.sweep(&policy).await);
    }
    assert!(
        matches!(one_more(Binding::Anonymous).await, Creation::Created(_)),
        "those past their time make room"
    );
}

/// A sweep removes what is past its time and nothing else.
pub async fn sweeping_removes_what_is_past_its_time<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world));
    for who in ["ana", "ana", "ben"] {
        create_for(&store, who, &policy).await;
    }
    create(&store, Binding::Anonymous, &policy).await;
    let used = create_for(&store, "ana", &policy).await;
    assert_eq!(works(store.count().await), 5);
    assert!(allowed(&validate(&store, &used, caller("ana"), &policy).await));
    assert_eq!(works(store.sweep(&policy).await), 0);
    pass_beyond(world, policy.unused_timeout()).await;
    let removed = works(store.sweep(&policy).await);
    if world.counts_exactly() {
        assert_eq!((removed, works(store.count().await)), (4, 1));
    }
    assert!(allowed(&validate(&store, &used, caller("ana"), &policy).await));
    pass_beyond(world, policy.lifetime()).await;
    works(store.sweep(&policy).await);
    assert_eq!(works(store.count().await), 0);
}

/// `get_or_create`: made when there is none, resumed when there is, refused when it is somebody else's.
pub async fn an_id_that_a_host_brings_is_made_or_resumed<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world).with_max_per_identity(2));
    let adopt = async |key: &SessionKey, who| works(store.get_or_create(key, who, state(), &policy).await);
    for (who, binding) in
        [(caller("ana"), Binding::Bound(identity("ana"))), (CallerKey::Anonymous, Binding::Anonymous)]
    {
        let key = SessionId::random().key();
        let Adoption::Created { record, replaced: false } = adopt(&key, who).await else {
            panic!("it is new")
        };
        assert_eq!((record.binding, record.last_used_ms, &*record.state), (binding, None, &state()));
        let Adoption::Resumed(record) = adopt(&key, who).await else { panic!("it is theirs") };
        assert!(record.last_used_ms.is_some(), "resuming is a use");
        let foreign = adopt(&key, caller("ben")).await;
        // A store that keeps identities apart knows nothing of a foreign key: it makes ben's own.
        assert!(if store.keeps_apart() {
            !matches!(foreign, Adoption::Resumed(_))
        } else {
            foreign == Adoption::Mismatch { binding }
        });
        assert!(allowed(&check(&store, &key, who, &policy).await));
    }
    let key = SessionId::random().key();
    assert!(matches!(adopt(&key, caller("ana")).await, Adoption::Created { .. }));
    assert_eq!(adopt(&SessionId::random().key(), caller("ana")).await, Adoption::AtCapacity(Cap::Identity));
    pass_beyond(world, policy.unused_timeout()).await;
    let Adoption::Created { record, replaced: true } = adopt(&key, caller("ana")).await else {
        panic!("the one before is past its time")
    };
    assert_eq!(record.last_used_ms, None);
}

/// Lazy binding: open to all until `get_or_create` by somebody identified, then theirs alone.
pub async fn an_unbound_session_is_bound_whole_and_once<W: World>(world: &W) {
    let (store, policy) = (world.store().await, policy(world).with_lazy_binding(true));
    let key = create(&store, Binding::Unbound, &policy).await;
    for who in [CallerKey::Anonymous, caller("ana"), caller("ben")] {
        assert!(allowed(&validate(&store, &key, who, &policy).await), "validating binds nothing");
    }
    let adopt = async |who| works(store.get_or_create(&key, who, SessionState::default(), &policy).await);
    assert!(matches!(adopt(CallerKey::Anonymous).await, Adoption::Resumed(_)));
    let Adoption::Bound(record) = adopt(caller("ana")).await else { panic!("it was nobody's") };
    assert_eq!((record.binding, &*record.state), (Binding::Bound(identity("ana")), &state()));
    assert!(matches!(adopt(caller("ana")).await, Adoption::Resumed(_)));
    for thief in [CallerKey::Anonymous, caller("ben")] {
        assert!(is_refusal(&store, &validate(&store, &key, thief, &policy).await));
        assert!(matches!(adopt(thief).await, Adoption::Mismatch { .. }));
        assert!(!allowed(&works(store.terminate(&key, thief, &policy).await)));
    }
    assert_eq!(works(store.list(&identity("ana"), &policy).await).len(), 1);
    assert!(allowed(&validate(&store, &key, caller("ana"), &policy).await));
    assert!(allowed(&works(store.terminate(&key, caller("ana"), &policy).await)));
    for who in [CallerKey::Anonymous, caller("ana"), caller("ben")] {
        assert_eq!(check(&store, &key, who, &policy).await, Verdict::Unknown);
    }
    assert!(matches!(adopt(caller("ben")).await, Adoption::Created { .. }), "the id is free again");
}

/// Binding counts towards the identity's cap; an unbound session that may not be bound stays unbound.
pub async fn binding_heeds_the_cap<W: World>(world: &W) {
    let store = world.store().await;
    let policy = policy(world).with_lazy_binding(true).with_max_per_identity(1);
    let hers = create_for(&store, "ana", &policy).await;
    let unbound = create(&store, Binding::Unbound, &policy).await;
    let adopt = async |who| works(store.get_or_create(&unbound, who, state(), &policy).await);
    assert_eq!(adopt(caller("ana")).await, Adoption::AtCapacity(Cap::Identity));
    assert!(
        allowed(&validate(&store, &unbound, CallerKey::Anonymous, &policy).await),
        "it is still nobody's"
    );
    assert!(allowed(&works(store.terminate(&hers, caller("ana"), &policy).await)));
    assert!(matches!(adopt(caller("ana")).await, Adoption::Bound(_)));
    let one_more = SessionId::random().key();
    let refused = works(store.create(&one_more, Binding::Bound(identity("ana")), state(), &policy).await);
    assert_eq!(refused, Creation::AtCapacity(Cap::Identity));
}

/// Of many that open a session for one identity at once, as many succeed as its cap allows.
pub async fn many_creating_at_once_stay_within_the_cap<W: World>(world: &W) {
    let policy = policy(world).with_max_per_identity(10);
    let store = Arc::new(world.store().await);
    let mut racers = JoinSet::new();
    for _ in 0..64 {
        let (store, policy) = (Arc::clone(&store), policy.clone());
        racers.spawn(async move {
            let key = SessionId::random().key();
            works(store.create(&key, Binding::Bound(identity("ana")), state(), &policy).await)
        });
    }
    let outcomes = racers.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Creation::Created(_))).count(), 10);
    assert_eq!(works(store.list(&identity("ana"), &policy).await).len(), 10);
}

/// Of many identities that open sessions at once, as many succeed as there may be in all.
pub async fn many_identities_creating_at_once_stay_within_the_cap_on_all<W: World>(world: &W) {
    if !world.counts_exactly() {
        return;
    }
    let policy = policy(world).with_max_sessions(10).with_max_per_identity(10);
    let store = Arc::new(world.store().await);
    let mut racers = JoinSet::new();
    for racer in 0..64 {
        let (store, policy) = (Arc::clone(&store), policy.clone());
        racers.spawn(async move {
            let binding = match racer % 3 {
                0 => Binding::Anonymous,
                _ => Binding::Bound(identity(&format!("racer {racer}"))),
            };
            works(store.create(&SessionId::random().key(), binding, state(), &policy).await)
        });
    }
    let outcomes = racers.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Creation::Created(_))).count(), 10);
    let full = outcomes.iter().filter(|outcome| matches!(outcome, Creation::AtCapacity(Cap::Total))).count();
    assert_eq!((full, works(store.count().await)), (54, 10));
}

/// Of many requests of one identity that bring one id at once, one makes the session and all others resume it.
pub async fn many_who_bring_one_id_share_one_session<W: World>(world: &W) {
    let policy = policy(world);
    let store = Arc::new(world.store().await);
    for _ in 0..10 {
        let key = SessionId::random().key();
        let mut racers = JoinSet::new();
        for _ in 0..8 {
            let (store, policy) = (Arc::clone(&store), policy.clone());
            racers.spawn(
                async move { works(store.get_or_create(&key, caller("ana"), state(), &policy).await) },
            );
        }
        let outcomes = racers.join_all().await;
        let made = outcomes.iter().filter(|outcome| matches!(outcome, Adoption::Created { .. })).count();
        let resumed = outcomes.iter().filter(|outcome| matches!(outcome, Adoption::Resumed(_))).count();
        assert_eq!((made, resumed), (1, 7), "{outcomes:?}");
        assert_eq!(works(store.list(&identity("ana"), &policy).await).len(), 1);
        assert!(allowed(&works(store.terminate(&key, caller("ana"), &policy).await)));
    }
}

/// Of many identities that claim one unbound session at once, one gets it.
pub async fn one_of_many_binds_an_unbound_session<W: World>(world: &W) {
    let policy = policy(world).with_lazy_binding(true);
    let store = Arc::new(world.store().await);
    for _ in 0..20 {
        let key = create(&*store, Binding::Unbound, &policy).await;
        let mut racers = JoinSet::new();
        for racer in 0..8 {
            let (store, policy) = (Arc::clone(&store), policy.clone());
            racers.spawn(async move {
                let who = format!("racer {racer}");
                let adoption = works(store.get_or_create(&key, caller(&who), state(), &policy).await);
                matches!(adoption, Adoption::Bound(_)).then_some(who)
            });
        }
        let winners: Vec<_> = racers.join_all().await.into_iter().flatten().collect();
        let [winner] = &winners[..] else { panic!("{} winners", winners.len()) };
        for racer in (0..8).map(|racer| format!("racer {racer}")) {
            let verdict = check(&*store, &key, caller(&racer), &policy).await;
            assert_eq!(allowed(&verdict), racer == *winner, "{racer}: {verdict:?}");
        }
        assert!(allowed(&works(store.terminate(&key, caller(winner), &policy).await)));
    }
}

/// Once `terminate` has returned, nobody who asks later gets in, however many ask meanwhile.
pub async fn nothing_validates_after_it_was_terminated<W: World>(world: &W) {
    let policy = policy(world);
    let store = Arc::new(world.store().await);
    for round in 0..20 {
        let key = create_for(&*store, "ana", &policy).await;
        let mut users = JoinSet::new();
        for _ in 0..4 {
            let (store, policy) = (Arc::clone(&store), policy.clone());
            users.spawn(
                async move { while allowed(&validate(&*store, &key, caller("ana"), &policy).await) {} },
            );
        }
        if round % 2 == 0 {
            assert!(allowed(&works(store.terminate(&key, caller("ana"), &policy).await)));
        } else {
            assert_eq!(works(store.terminate_all(&identity("ana")).await), 1);
        }
        assert_eq!(validate(&*store, &key, caller("ana"), &policy).await, Verdict::Unknown);
        users.join_all().await; // a use that came late has not brought it back
        assert_eq!(validate(&*store, &key, caller("ana"), &policy).await, Verdict::Unknown);
    }
}

/// What one replica opens another serves, and what one ends is gone on the other at its next request.
pub async fn replicas_see_each_others_sessions<W: World>(world: &W) {
    let (here, policy) = (world.store().await, policy(world).with_max_per_identity(3));
    let Some(there) = world.replica().await else { return };
    let (first, second) = (create_for(&here, "ana", &policy).await, create_for(&there, "ana", &policy).await);
    for store in [&here, &there] {
        for key in [&first, &second] {
            assert!(allowed(&validate(store, key, caller("ana"), &policy).await));
            assert!(is_refusal(store, &validate(store, key, caller("ben"), &policy).await));
        }
        assert_eq!(works(store.list(&identity("ana"), &policy).await).len(), 2);
    }
    create_for(&there, "ana", &policy).await;
    let one_more = SessionId::random().key();
    let refused = works(here.create(&one_more, Binding::Bound(identity("ana")), state(), &policy).await);
    assert_eq!(refused, Creation::AtCapacity(Cap::Identity), "one cap for both");
    assert!(allowed(&works(there.terminate(&first, caller("ana"), &policy).await)));
    assert_eq!(validate(&here, &first, caller("ana"), &policy).await, Verdict::Unknown);
    assert_eq!(works(here.terminate_all(&identity("ana")).await), 2);
    assert_eq!(validate(&there, &second, caller("ana"), &policy).await, Verdict::Unknown);
}

/// What was open is open, and what was ended is ended, after the process began anew.
pub async fn sessions_come_back<W: World>(world: &W) {
    let (store, policy) =
        (world.store().await, policy(world).with_lazy_binding(true).with_max_per_identity(3));
    let (kept, ended) = (create_for(&store, "ana", &policy).await, create_for(&store, "ana", &policy).await);
    let (nobodys, claimed) =
        (create(&store, Binding::Anonymous, &policy).await, create(&store, Binding::Unbound, &policy).await);
    let his = create_for(&store, "ben", &policy).await;
    works(store.get_or_create(&claimed, caller("ana"), state(), &policy).await);
    let Verdict::Valid(before) = validate(&store, &kept, caller("ana"), &policy).await else {
        panic!("it is hers")
    };
    assert!(allowed(&works(store.terminate(&ended, caller("ana"), &policy).await)));
    assert_eq!(works(store.terminate_all(&identity("ben")).await), 1);
    let Some(store) = world.reopened(store).await else { return };
    let Verdict::Valid(after) = check(&store, &kept, caller("ana"), &policy).await else {
        panic!("it did not come back")
    };
    assert_eq!(after, before);
    for (key, caller, alive) in [
        (&claimed, caller("ana"), true),
        (&nobodys, CallerKey::Anonymous, true),
        (&ended, caller("ana"), false),
        (&his, caller("ben"), false),
        (&kept, caller("ben"), false),
        (&nobodys, caller("ana"), false),
        (&claimed, CallerKey::Anonymous, false),
    ] {
        let verdict = check(&store, key, caller, &policy).await;
        assert_eq!(allowed(&verdict), alive, "{caller:?}: {verdict:?}");
    }
    create_for(&store, "ana", &policy).await;
    let one_more = SessionId::random().key();
    let refused = works(store.create(&one_more, Binding::Bound(identity("ana")), state(), &policy).await);
    assert_eq!(refused, Creation::AtCapacity(Cap::Identity), "those that came back count");
    pass_beyond(world, policy.lifetime()).await;
    assert!(!allowed(&check(&store, &kept, caller("ana"), &policy).await), "they end as they would have");
}

//! `Sessions` behaves as a plain map does that is looked through from end to end, over every store: also when calls
//! fail, before or after they did what they were asked for, and when the process begins anew.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use mcp_sessions::conformance::World;
use mcp_sessions::{Caller, Identity, Policy, SessionId, SessionState, Sessions};
use proptest::prelude::*;

use crate::support::faulty::{Fault, Faults, Faulty};
use crate::support::worlds::{Bytes, File, Memory};

/// Unused for more than this, idle for more than this, older than this: milliseconds, small so that
/// steps of the clock cross them often.
const UNUSED: u64 = 20;
const IDLE: u64 = 50;
const LIFETIME: u64 = 200;
const MAX: usize = 6;
const MAX_PER_IDENTITY: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Create {
        who: usize,
    },
    GetOrCreate {
        id: usize,
        who: usize,
    },
    Validate {
        id: usize,
        who: usize,
    },
    Check {
        id: usize,
        who: usize,
    },
    Terminate {
        id: usize,
        who: usize,
    },
    TerminateAll {
        who: usize,
    },
    List {
        who: usize,
    },
    Sweep,
    Wait {
        ms: u64,
    },
    /// The next call to the store fails.
    Fail {
        how: Fault,
    },
    /// The process begins anew, if the sessions outlive it.
    Restart,
}

/// Who takes part: nobody in particular, and three who differ in one claim at most.
const PEOPLE: usize = 4;
const FIRST_IDS: usize = 3;

fn caller(who: usize) -> Caller {
    match who {
        0 => Caller::Anonymous,
        1 => Caller::Identified(person(1)),
        other => Caller::Identified(person(other)),
    }
}

fn person(who: usize) -> Identity {
    match who {
        0 => Identity::default(),
        1 => Identity::default().with_subject("ana"),
        2 => Identity::default().with_subject("ana").with_tenant("north"),
        _ => Identity::default().with_client("ana"),
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Owner {
    Nobody,
    Person(usize),
}

#[derive(Debug, Clone)]
struct Modelled {
    owner: Owner,
    created: u64,
    used: Option<u64>,
}

impl Modelled {
    fn end(&self, now: u64) -> Option<&'static str> {
        let (since, limit) = self.used.map_or((self.created, UNUSED), |used| (used, IDLE));
        if now - self.created > LIFETIME { Some("expired") } else { (now - since > limit).then_some("stale") }
    }
}

#[derive(Default)]
struct Model {
    now: u64,
    lazy: bool,
    sessions: BTreeMap<String, Modelled>,
    /// Whether a store that is full removes all that is past its time, and not just some.
    removes_all: bool,
    /// Past their time, and there or removed: a store that is full makes room, and need not say for how many.
    perhaps: BTreeMap<String, Modelled>,
}

/// What is said of a session that may have been removed, or is by this call.
const GONE: &str = "unknown, stale or expired";

impl Model {
    fn owned(&self, who: usize) -> usize {
        self.sessions.values().filter(|session| session.owner == Owner::Person(who)).count()
    }

    fn owner_of_new(&self, who: usize) -> Owner {
        if who == 0 && self.lazy { Owner::Nobody } else { Owner::Person(who) }
    }

    fn take_past(&mut self, of: impl Fn(&Modelled) -> bool) -> BTreeMap<String, Modelled> {
        let now = self.now;
        let past = |_: &String, session: &mut Modelled| of(session) && session.end(now).is_some();
        self.sessions.extract_if(.., past).collect()
    }

    /// The fewest and the most sessions that may be there of all of which `of` holds.
    fn count(&self, of: impl Fn(&Modelled) -> bool) -> RangeInclusive<usize> {
        let [surely, perhaps] = [&self.sessions, &self.perhaps]
            .map(|sessions| sessions.values().filter(|session| of(session)).count());
        surely..=surely + perhaps
    }

    /// Whoever may be at a cap makes room by what is past its time.
    fn make_room(&mut self, of: impl Fn(&Modelled) -> bool, cap: usize) {
        if *self.count(&of).end() >= cap {
            let past = self.take_past(of);
            if !self.removes_all {
                self.perhaps.extend(past);
            }
        }
    }

    fn room_for(&mut self, who: usize) -> bool {
        if who != 0 {
            self.make_room(|session| session.owner == Owner::Person(who), MAX_PER_IDENTITY);
        }
        who == 0 || self.owned(who) < MAX_PER_IDENTITY
    }

    fn create(&mut self, id: &str, who: usize) -> &'static str {
        if !self.room_for(who) {
            return "identity_capacity";
        }
        self.make_room(|_| true, MAX);
        if self.sessions.len() >= MAX {
            return "capacity";
        }
        let session = Modelled { owner: self.owner_of_new(who), created: self.now, used: None };
        self.sessions.insert(id.to_owned(), session);
        "allowed"
    }

    fn check(&mut self, id: &str, who: usize) -> &'static str {
        if self.perhaps.remove(id).is_some() {
            return GONE;
        }
        let Some(session) = self.sessions.get(id) else { return "unknown" };
        if let Some(end) = session.end(self.now) {
            self.sessions.remove(id);
            return end;
        }
        match session.owner {
            Owner::Nobody => "allowed",
            Owner::Person(owner) if owner == who => "allowed",
            Owner::Person(_) if who == 0 => "anonymous_caller",
            Owner::Person(0) => "authenticated_caller",
            Owner::Person(_) => "other_identity",
        }
    }

    fn validate(&mut self, id: &str, who: usize) -> &'static str {
        let verdict = self.check(id, who);
        if verdict == "allowed" {
            self.sessions.get_mut(id).expect("just seen").used = Some(self.now);
        }
        verdict
    }

    fn terminate(&mut self, id: &str, who: usize) -> &'static str {
        match self.check(id, who) {
            "unknown" | "stale" | "expired" | GONE => "nothing to end",
            "allowed" => {
                self.sessions.remove(id);
                "allowed"
            }
            verdict => verdict,
        }
    }

    fn get_or_create(&mut self, id: &str, who: usize) -> &'static str {
        let verdict = self.check(id, who);
        match verdict {
            "unknown" | "stale" | "expired" | GONE => self.create(id, who),
            "allowed" if who != 0 && self.sessions[id].owner == Owner::Nobody => {
                if !self.room_for(who) {
                    return "identity_capacity";
                }
                let session = self.sessions.get_mut(id).expect("just seen");
                *session = Modelled { owner: Owner::Person(who), used: Some(self.now), ..session.clone() };
                verdict
            }
            "allowed" => self.validate(id, who),
            _ => verdict,
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (id, who) = (|| 0..12_usize, || 0..PEOPLE);
    let step = prop_oneof![
        3 => who().prop_map(|who| Step::Create { who }),
        3 => (id(), who()).prop_map(|(id, who)| Step::GetOrCreate { id, who }),
        4 => (id(), who()).prop_map(|(id, who)| Step::Validate { id, who }),
        2 => (id(), who()).prop_map(|(id, who)| Step::Check { id, who }),
        1 => (id(), who()).prop_map(|(id, who)| Step::Terminate { id, who }),
        1 => (1..PEOPLE).prop_map(|who| Step::TerminateAll { who }),
        1 => (1..PEOPLE).prop_map(|who| Step::List { who }),
        1 => Just(Step::Sweep),
        4 => (1..60_u64).prop_map(|ms| Step::Wait { ms }),
        1 => prop_oneof![Just(Fault::Before), Just(Fault::After)].prop_map(|how| Step::Fail { how }),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..120)
}

fn policy(lazy: bool) -> Policy {
    let ms = Duration::from_millis;
    Policy::default()
        .with_unused_timeout(ms(UNUSED))
        .with_idle_timeout(ms(IDLE))
        .with_lifetime(ms(LIFETIME))
        .with_max_sessions(MAX)
        .with_max_per_identity(MAX_PER_IDENTITY)
        .with_lazy_binding(lazy)
}

/// In what stores differ.
#[derive(Clone, Copy)]
struct Kind {
    survives: bool,
    removes_all: bool,
}

async fn compare<W: World>(
    world: W,
    Kind { survives, removes_all }: Kind,
    lazy: bool,
    steps: Vec<Step>,
) -> Result<(), TestCaseError> {
    let faults = Faults::default();
    let open = async || {
        let store = Faulty::new(world.store().await, faults.clone());
        Sessions::new(store, policy(lazy)).expect("agrees")
    };
    let mut sessions = open().await;
    let mut model = Model { lazy, removes_all, ..Model::default() };
    let mut ids: Vec<_> = (0..FIRST_IDS).map(|_| SessionId::random().expose_hex()).collect();
    for (number, step) in steps.into_iter().enumerate() {
        let id_at = |id: usize| ids[id % ids.len()].clone();
        let fault = faults.planned();
        // What the model says of a call: a call that failed before it did anything is none to it, and of one that
        // failed afterwards nobody heard.
        let heard = |modelled: &dyn Fn(&mut Model) -> &'static str, model: &mut Model| match fault {
            None => modelled(model),
            Some(Fault::Before) => "store_unavailable",
            Some(Fault::After) => {
                modelled(model);
                "store_unavailable"
            }
        };
        let (real, modelled) = match step.clone() {
            Step::Create { who } => {
                let real = sessions.create(&caller(who), SessionState::default()).await;
                // An id that nobody got is kept all the same.
                let id = real.as_ref().map_or_else(|_| format!("lost {number}"), SessionId::expose_hex);
                if real.is_ok() {
                    ids.push(id.clone());
                }
                let modelled = heard(&|model| model.create(&id, who), &mut model);
                (real.map_or_else(|rejection| rejection.reason(), |_| "allowed"), modelled)
            }
            Step::GetOrCreate { id, who } => {
                let id = id_at(id);
                let real = sessions.get_or_create(&id, &caller(who)).await;
                let modelled = heard(&|model| model.get_or_create(&id, who), &mut model);
                (real.map_or_else(|rejection| rejection.reason(), |_| "allowed"), modelled)
            }
            Step::Validate { id, who } => {
                let id = id_at(id);
                let real = sessions.validate(&id, &caller(who)).await;
                let modelled = heard(&|model| model.validate(&id, who), &mut model);
                (real.map_or_else(|rejection| rejection.reason(), |_| "allowed"), modelled)
            }
            Step::Check { id, who } => {
                let id = id_at(id);
                let real = sessions.check(&id, &caller(who)).await;
                let modelled = heard(&|model| model.check(&id, who), &mut model);
                (real.map_or_else(|rejection| rejection.reason(), |_| "allowed"), modelled)
            }
            Step::Terminate { id, who } => {
                let id = id_at(id);
                let real = sessions.terminate(&id, &caller(who)).await;
                let modelled = heard(&|model| model.terminate(&id, who), &mut model);
                let ended = |ended| if ended { "allowed" } else { "nothing to end" };
                (real.map_or_else(|rejection| rejection.reason(), ended), modelled)
            }
            Step::TerminateAll { who } => {
                let ended = sessions.terminate_all(&person(who)).await.ok();
                let theirs = |session: &Modelled| session.owner == Owner::Person(who);
                prop_assert_eq!(ended.is_some(), fault.is_none());
                prop_assert!(ended.is_none_or(|ended| model.count(theirs).contains(&ended)));
                if fault != Some(Fault::Before) {
                    model.sessions.retain(|_, session| !theirs(session));
                    model.perhaps.retain(|_, session| !theirs(session));
                }
                ("", "")
            }
            Step::List { who } => {
                let listed = sessions.list(&person(who)).await.expect("no fault is made here");
                let living = |session: &&Modelled| {
                    session.owner == Owner::Person(who) && session.end(model.now).is_none()
                };
                let mut listed: Vec<_> =
                    listed.iter().map(|summary| (summary.created_ms, summary.last_used_ms)).collect();
                let mut modelled: Vec<_> = model
                    .sessions
                    .values()
                    .filter(living)
                    .map(|session| (session.created, session.used))
                    .collect();
                listed.sort_unstable();
                modelled.sort_unstable();
                prop_assert_eq!(listed, modelled);
                ("", "")
            }
            Step::Sweep => {
                let removed = sessions.sweep().await.expect("no fault is made here");
                let (past, perhaps) = (model.take_past(|_| true), std::mem::take(&mut model.perhaps));
                prop_assert!((past.len()..=past.len() + perhaps.len()).contains(&removed));
                ("", "")
            }
            Step::Wait { ms } => {
                world.pass(Duration::from_millis(ms)).await;
                model.now += ms;
                ("", "")
            }
            Step::Fail { how } => {
                faults.plan(how);
                ("", "")
            }
            Step::Restart => {
                if survives {
                    drop(sessions);
                    sessions = open().await;
                    drop(model.take_past(|_| true));
                    model.perhaps.clear();
                }
                ("", "")
            }
        };
        let agrees = real == modelled || modelled == GONE && ["unknown", "stale", "expired"].contains(&real);
        prop_assert!(agrees, "{real}, not {modelled}: {step:?}");
        let count = sessions.count().await.expect("no fault is made here");
        prop_assert!(model.count(|_| true).contains(&count), "{count}: {step:?}");
        prop_assert!(count <= MAX);
        prop_assert!((1..PEOPLE).all(|who| model.owned(who) <= MAX_PER_IDENTITY));
    }
    Ok(())
}

fn run<W: World>(world: W, kind: Kind, lazy: bool, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(compare(world, kind, lazy, steps))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn sessions_agree_with_a_plain_map(lazy: bool, steps in steps()) {
        run(Memory::default(), Kind { survives: false, removes_all: false }, lazy, steps)?;
    }

    #[test]
    fn a_store_of_bytes_agrees_as_well(lazy: bool, steps in steps()) {
        run(Bytes::default(), Kind { survives: false, removes_all: true }, lazy, steps)?;
    }
}

proptest! {
    // Every case waits for a disk.
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_store_in_a_file_agrees_and_comes_back(lazy: bool, steps in steps()) {
        run(File::with_policy(policy(lazy)), Kind { survives: true, removes_all: false }, lazy, steps)?;
    }
}

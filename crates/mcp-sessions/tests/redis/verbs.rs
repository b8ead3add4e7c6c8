//! What each verb answers.

use std::time::Duration;

use mcp_sessions::store::{Adoption, Cap, Creation, Verdict};
use mcp_sessions::{
    Age, Binding, CallerKey, Policy, RedisStore, RedisUrlError, SessionState, SessionStore as _,
};

use crate::redis::server::{caller, digest, fresh_key, policy, server, short_policy};

fn state() -> SessionState {
    SessionState::default()
        .with_protocol_version("2025-11-25")
        .with_client_name("Inspector \u{1f50e}")
        .with_client_version("1.2")
        .with_capabilities(r#"{"roots":{}}"#)
}

#[tokio::test]
async fn a_session_is_what_it_was_made_as_and_its_owners_alone() {
    let server = server!();
    let (store, policy, key) = (server.store(), policy(), fresh_key());
    let bound = Binding::Bound(digest("ana"));
    let Creation::Created(record) = store.create(&key, bound, state(), &policy).await.expect("up") else {
        panic!("not created")
    };
    assert_eq!((record.binding, record.last_used_ms, &*record.state), (bound, None, &state()));
    assert_eq!(store.create(&key, bound, state(), &policy).await.expect("up"), Creation::Taken);

    let looked = store.validate(&key, caller("ana"), false, &policy).await.expect("up");
    assert_eq!(looked, Verdict::Valid(record.clone()));
    let Verdict::Valid(used) = store.validate(&key, caller("ana"), true, &policy).await.expect("up") else {
        panic!("not valid")
    };
    assert_eq!((used.created_ms, &used.state), (record.created_ms, &record.state));
    assert!(used.last_used_ms >= Some(record.created_ms));

    for stranger in [caller("ben"), CallerKey::Anonymous] {
        for touch in [false, true] {
            let verdict = store.validate(&key, stranger, touch, &policy).await.expect("up");
            assert_eq!(verdict, Verdict::Unknown, "{stranger:?}");
        }
        assert_eq!(store.terminate(&key, stranger, &policy).await.expect("up"), Verdict::Unknown);
    }
    assert_eq!(store.probe(&key).await.expect("up"), Some(bound));
    let again = store.validate(&key, caller("ana"), false, &policy).await.expect("up");
    assert_eq!(again, Verdict::Valid(used.clone()));

    let ended = store.terminate(&key, caller("ana"), &policy).await.expect("up");
    assert_eq!(ended, Verdict::Valid(used));
    assert_eq!(store.terminate(&key, caller("ana"), &policy).await.expect("up"), Verdict::Unknown);
    assert_eq!(store.validate(&key, caller("ana"), true, &policy).await.expect("up"), Verdict::Unknown);
    assert_eq!(store.probe(&key).await.expect("up"), None);
    assert_eq!(store.count().await.expect("up"), 0);
}

#[tokio::test]
async fn an_anonymous_session_is_for_anonymous_callers() {
    let server = server!();
    let (store, policy, key) = (server.store(), policy(), fresh_key());
    let made = store.create(&key, Binding::Anonymous, state(), &policy).await.expect("up");
    assert!(matches!(made, Creation::Created(_)), "{made:?}");
    assert_eq!(store.create(&key, Binding::Anonymous, state(), &policy).await.expect("up"), Creation::Taken);
    assert_eq!(store.validate(&key, caller("ana"), true, &policy).await.expect("up"), Verdict::Unknown);
    let verdict = store.validate(&key, CallerKey::Anonymous, true, &policy).await.expect("up");
    assert!(matches!(verdict, Verdict::Valid(record) if record.binding == Binding::Anonymous));
    assert_eq!(store.probe(&key).await.expect("up"), Some(Binding::Anonymous));
    assert_eq!(store.count().await.expect("up"), 1);
    let ended = store.terminate(&key, CallerKey::Anonymous, &policy).await.expect("up");
    assert!(matches!(ended, Verdict::Valid(_)));
    assert_eq!(store.count().await.expect("up"), 0);
}

#[tokio::test]
async fn time_ends_a_session_as_the_policy_says() {
    let server = server!();
    let (store, policy) = (server.store(), short_policy());
    let wait = |ms| tokio::time::sleep(Duration::from_millis(ms));
    for who in [caller("ana"), CallerKey::Anonymous] {
        let binding = policy.binding_for(who);
        let (unused, idle, busy) = (fresh_key(), fresh_key(), fresh_key());
        for key in [&unused, &idle, &busy] {
            let made = store.create(key, binding, state(), &policy).await.expect("up");
            assert!(matches!(made, Creation::Created(_)), "{made:?}");
        }
        for (key, touch) in [(&idle, true), (&busy, true)] {
            let verdict = store.validate(key, who, touch, &policy).await.expect("up");
            assert!(matches!(verdict, Verdict::Valid(_)), "{verdict:?}");
        }
        wait(500).await;
        assert_eq!(store.validate(&unused, who, true, &policy).await.expect("up"), Verdict::Stale);
        assert_eq!(store.validate(&unused, who, true, &policy).await.expect("up"), Verdict::Unknown);
        for _ in 0..3 {
            let verdict = store.validate(&busy, who, true, &policy).await.expect("up");
            assert!(matches!(verdict, Verdict::Valid(_)), "{verdict:?}");
            wait(450).await;
        }
        assert_eq!(store.validate(&idle, who, true, &policy).await.expect("up"), Verdict::Stale);
        wait(200).await;
        assert_eq!(store.validate(&busy, who, true, &policy).await.expect("up"), Verdict::Expired);
        assert_eq!(store.validate(&busy, who, true, &policy).await.expect("up"), Verdict::Unknown);
    }
    assert_eq!(store.list(&digest("ana"), &policy).await.expect("up"), []);
}

#[tokio::test]
async fn an_id_of_the_hosts_is_made_resumed_and_made_anew() {
    let server = server!();
    let (store, policy) = (server.store(), short_policy());
    for who in [caller("ana"), CallerKey::Anonymous] {
        let key = fresh_key();
        let adopt = || store.get_or_create(&key, who, state(), &policy);
        let Adoption::Created { record, replaced: false } = adopt().await.expect("up") else {
            panic!("not created")
        };
        assert_eq!((record.binding, record.last_used_ms), (policy.binding_for(who), None));
        let resumed = adopt().await.expect("up");
        assert!(matches!(resumed, Adoption::Resumed(record) if record.last_used_ms.is_some()));
        tokio::time::sleep(Duration::from_millis(900)).await;
        let again = adopt().await.expect("up");
        assert!(matches!(again, Adoption::Created { replaced: true, .. }), "{again:?}");
    }
    assert_eq!(store.count().await.expect("up"), 2);
}

#[tokio::test]
async fn an_anonymous_caller_does_not_get_an_identitys_id() {
    let server = server!();
    let (store, policy, key) = (server.store(), policy(), fresh_key());
    let adopt = |who| store.get_or_create(&key, who, state(), &policy);
    assert!(matches!(adopt(caller("ana")).await.expect("up"), Adoption::Created { .. }));
    let binding = Binding::Bound(digest("ana"));
    assert_eq!(adopt(CallerKey::Anonymous).await.expect("up"), Adoption::Mismatch { binding });
    store.terminate_all(&digest("ana")).await.expect("up");
    assert!(matches!(adopt(CallerKey::Anonymous).await.expect("up"), Adoption::Created { .. }));
}

#[tokio::test]
async fn an_identity_lists_what_it_has_and_ends_it_at_once() {
    let server = server!();
    let (store, policy) = (server.store(), policy());
    let mut keys = Vec::new();
    for who in ["ana", "ana", "ana", "ben"] {
        let key = fresh_key();
        store.create(&key, Binding::Bound(digest(who)), state(), &policy).await.expect("up");
        keys.push(key);
    }
    let mut listed = store.list(&digest("ana"), &policy).await.expect("up");
    assert!(listed.iter().all(|summary| *summary.state == state()));
    let mut fingerprints: Vec<_> = listed.drain(..).map(|summary| summary.fingerprint.to_string()).collect();
    let mut expected: Vec<_> = keys[..3].iter().map(|key| key.fingerprint().to_string()).collect();
    fingerprints.sort_unstable();
    expected.sort_unstable();
    assert_eq!(fingerprints, expected);
    assert_eq!(store.count().await.expect("up"), 4);

    assert_eq!(store.terminate_all(&digest("ana")).await.expect("up"), 3);
    assert_eq!(store.terminate_all(&digest("ana")).await.expect("up"), 0);
    for key in &keys[..3] {
        assert_eq!(store.validate(key, caller("ana"), true, &policy).await.expect("up"), Verdict::Unknown);
    }
    let kept = store.validate(&keys[3], caller("ben"), true, &policy).await.expect("up");
    assert!(matches!(kept, Verdict::Valid(_)));
    assert_eq!(store.list(&digest("ana"), &policy).await.expect("up"), []);
    assert_eq!(store.count().await.expect("up"), 1);

    let made = store.create(&keys[0], Binding::Bound(digest("ana")), state(), &policy).await.expect("up");
    assert!(matches!(made, Creation::Created(_)), "a new epoch begins: {made:?}");
    let verdict = store.validate(&keys[1], caller("ana"), true, &policy).await.expect("up");
    assert_eq!(verdict, Verdict::Unknown, "the old one stays over");
}

fn lazy() -> Policy {
    policy().with_lazy_binding(true)
}

#[tokio::test]
async fn a_session_that_is_nobodys_goes_to_who_asks_first() {
    let server = server!();
    let (store, policy, key) = (server.store(), lazy(), fresh_key());
    store.create(&key, Binding::Unbound, state(), &policy).await.expect("up");
    for who in [CallerKey::Anonymous, caller("ana"), caller("ben")] {
        let verdict = store.validate(&key, who, true, &policy).await.expect("up");
        assert!(matches!(verdict, Verdict::Valid(record) if record.binding == Binding::Unbound), "{who:?}");
    }
    let Adoption::Bound(record) =
        store.get_or_create(&key, caller("ana"), SessionState::default(), &policy).await.expect("up")
    else {
        panic!("not bound")
    };
    let binding = Binding::Bound(digest("ana"));
    assert_eq!((record.binding, &*record.state), (binding, &state()));
    let resumed = store.get_or_create(&key, caller("ana"), state(), &policy).await.expect("up");
    assert!(matches!(resumed, Adoption::Resumed(_)));
    for stranger in [CallerKey::Anonymous, caller("ben")] {
        let verdict = store.validate(&key, stranger, true, &policy).await.expect("up");
        assert_eq!(verdict, Verdict::Mismatch { binding }, "{stranger:?}");
        let adoption = store.get_or_create(&key, stranger, state(), &policy).await.expect("up");
        assert_eq!(adoption, Adoption::Mismatch { binding }, "{stranger:?}");
        let ended = store.terminate(&key, stranger, &policy).await.expect("up");
        assert_eq!(ended, Verdict::Mismatch { binding }, "{stranger:?}");
    }
    assert_eq!(store.list(&digest("ana"), &policy).await.expect("up").len(), 1);
    assert_eq!(store.count().await.expect("up"), 1);
    assert!(matches!(store.terminate(&key, caller("ana"), &policy).await.expect("up"), Verdict::Valid(_)));
    assert!(!server.keys().iter().any(|name| name.ends_with(":h")), "{:?}", server.keys());
    let anew = store.get_or_create(&key, caller("ben"), state(), &policy).await.expect("up");
    assert!(matches!(anew, Adoption::Created { replaced: false, .. }), "{anew:?}");
}

#[tokio::test]
async fn a_log_out_everywhere_frees_what_was_bound() {
    let server = server!();
    let (store, policy, key) = (server.store(), lazy(), fresh_key());
    store.create(&key, Binding::Unbound, state(), &policy).await.expect("up");
    let bound = store.get_or_create(&key, caller("ana"), state(), &policy).await.expect("up");
    assert!(matches!(bound, Adoption::Bound(_)));
    assert_eq!(store.terminate_all(&digest("ana")).await.expect("up"), 1);
    for who in [caller("ana"), caller("ben"), CallerKey::Anonymous] {
        assert_eq!(store.validate(&key, who, true, &policy).await.expect("up"), Verdict::Unknown, "{who:?}");
    }
    let anew = store.get_or_create(&key, caller("ben"), state(), &policy).await.expect("up");
    assert!(matches!(anew, Adoption::Created { .. }), "{anew:?}");
    let binding = Binding::Bound(digest("ben"));
    let verdict = store.validate(&key, caller("ana"), true, &policy).await.expect("up");
    assert_eq!(verdict, Verdict::Mismatch { binding });
}

#[tokio::test]
async fn a_claim_that_was_not_finished_is_finished_by_the_claimant() {
    let server = server!();
    let (store, policy, key) = (server.store(), lazy(), fresh_key());
    store.create(&key, Binding::Unbound, state(), &policy).await.expect("up");
    // Ana has an epoch, and her process died after the first of the two steps.
    store.create(&fresh_key(), Binding::Bound(digest("ana")), state(), &policy).await.expect("up");
    let mut connection = server.connection();
    let holder = format!("mcp-sessions:{{{}}}:h", hex(key.as_bytes()));
    let epoch_key = format!("mcp-sessions:{{{}}}:e", hex(digest("ana").as_bytes()));
    let epoch: Vec<u8> = redis::cmd("GET").arg(&epoch_key).query(&mut connection).expect("she has one");
    let claim = |connection: &mut redis::Connection| {
        let mut command = redis::cmd("HSET");
        command.arg(&holder).arg("b").arg(digest("ana").as_bytes()).arg("e").arg(&epoch).arg("r").arg(0);
        command.exec(connection).expect("up");
    };
    claim(&mut connection);

    let binding = Binding::Bound(digest("ana"));
    let foreign = store.validate(&key, caller("ben"), true, &policy).await.expect("up");
    assert_eq!(foreign, Verdict::Mismatch { binding });
    let adoption = store.get_or_create(&key, caller("ben"), state(), &policy).await.expect("up");
    assert_eq!(adoption, Adoption::Mismatch { binding });
    let hers = store.validate(&key, caller("ana"), true, &policy).await.expect("up");
    assert!(matches!(hers, Verdict::Valid(record) if record.binding == binding));
    let bound = store.get_or_create(&key, caller("ana"), state(), &policy).await.expect("up");
    assert!(matches!(bound, Adoption::Bound(_)), "{bound:?}");
    let listed = store.list(&digest("ana"), &policy).await.expect("up");
    assert_eq!(listed.len(), 2);

    // The same, but she was logged out everywhere in between: the claim is void, and the session over.
    let key = fresh_key();
    store.create(&key, Binding::Unbound, state(), &policy).await.expect("up");
    let holder = format!("mcp-sessions:{{{}}}:h", hex(key.as_bytes()));
    let mut command = redis::cmd("HSET");
    command.arg(&holder).arg("b").arg(digest("ana").as_bytes()).arg("e").arg(&epoch).arg("r").arg(0);
    command.exec(&mut connection).expect("up");
    store.terminate_all(&digest("ana")).await.expect("up");
    assert_eq!(store.validate(&key, caller("ana"), true, &policy).await.expect("up"), Verdict::Unknown);
}

#[tokio::test]
async fn binding_heeds_the_cap_and_leaves_the_session_nobodys() {
    let server = server!();
    let (store, policy, key) = (server.store(), lazy(), fresh_key());
    for _ in 0..5 {
        store.create(&fresh_key(), Binding::Bound(digest("ana")), state(), &policy).await.expect("up");
    }
    store.create(&key, Binding::Unbound, state(), &policy).await.expect("up");
    let full = store.get_or_create(&key, caller("ana"), state(), &policy).await.expect("up");
    assert_eq!(full, Adoption::AtCapacity(Cap::Identity));
    let verdict = store.validate(&key, CallerKey::Anonymous, true, &policy).await.expect("up");
    assert!(matches!(verdict, Verdict::Valid(record) if record.binding == Binding::Unbound));
    let fresh = fresh_key();
    let full = store.get_or_create(&fresh, caller("ana"), state(), &policy).await.expect("up");
    assert_eq!(full, Adoption::AtCapacity(Cap::Identity));
    let bens = store.get_or_create(&fresh, caller("ben"), state(), &policy).await.expect("up");
    assert!(matches!(bens, Adoption::Created { .. }), "what was refused is not kept for her: {bens:?}");
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The server's clock, in milliseconds.
fn now_ms(connection: &mut redis::Connection) -> u64 {
    let (seconds, micros): (u64, u64) = redis::cmd("TIME").query(connection).expect("up");
    seconds * 1000 + micros / 1000
}

#[tokio::test]
async fn the_server_judges_age_as_the_policy_does() {
    let server = server!();
    let (store, policy) = (server.store(), policy().with_max_sessions(1_000));
    let mut connection = server.connection();
    // Around every limit, on both sides of it, and in the future, where a clock that stepped back left them.
    let [unused, idle, lifetime] = [policy.unused_timeout(), policy.idle_timeout(), policy.lifetime()]
        .map(|limit| i64::try_from(limit.as_millis()).expect("hours"));
    let around = [unused, idle, lifetime].into_iter().flat_map(|limit| [limit - 60, limit + 60]);
    let ages: Vec<_> = around.chain([0, -60, -lifetime * 2]).collect();
    let mut judged = [0; 3];
    for who in [caller("ana"), CallerKey::Anonymous] {
        for made in &ages {
            for used in ages.iter().map(Some).chain([None]) {
                let key = fresh_key();
                let made_as = policy.binding_for(who);
                store.create(&key, made_as, state(), &policy).await.expect("up");
                let name = match made_as {
                    Binding::Bound(owner) => {
                        format!("mcp-sessions:{{{}}}:s:{}", hex(owner.as_bytes()), hex(key.as_bytes()))
                    }
                    _ => format!("mcp-sessions:{{{}}}:h", hex(key.as_bytes())),
                };
                let before = now_ms(&mut connection);
                let at = |age: &i64| before.saturating_add_signed(-age);
                let mut command = redis::cmd("HSET");
                command.arg(&name).arg("c").arg(at(made));
                if let Some(used) = used {
                    command.arg("u").arg(at(used));
                }
                command.exec(&mut connection).expect("up");
                let verdict = store.validate(&key, who, false, &policy).await.expect("up");
                let age = |now| policy.age(at(made), used.map(at), now);
                let age = Some(age(before)).filter(|before| *before == age(now_ms(&mut connection)));
                let (expected, of) = match age {
                    Some(Age::Live) => (matches!(verdict, Verdict::Valid(_)), 0),
                    Some(Age::Stale) => (verdict == Verdict::Stale, 1),
                    Some(Age::Expired) => (verdict == Verdict::Expired, 2),
                    None => continue, // it came of age in between
                };
                assert!(expected, "made {made} ms ago, used {used:?} ms ago: {verdict:?}, not {age:?}");
                judged[of] += 1;
                store.terminate(&key, who, &policy).await.expect("up");
            }
        }
    }
    assert!(judged.iter().all(|of| *of >= 20), "{judged:?}");
}

#[tokio::test]
async fn a_damaged_record_is_an_error_and_no_verdict() {
    let server = server!();
    let (store, policy) = (server.store(), policy().with_max_sessions(1_000));
    let mut connection = server.connection();
    for who in [caller("ana"), CallerKey::Anonymous] {
        let damages: [(&str, &[u8]); 9] = [
            ("c", b"nan"),
            ("c", b""),
            ("c", b"inf"),
            ("c", b"99999999999999999999"),
            ("u", b"inf"),
            ("u", b"\xff"),
            ("d", b""),
            ("d", b"\x09\xff\xff"),
            ("d", &[1; 5_000]),
        ];
        for (field, value) in damages {
            let key = fresh_key();
            store.create(&key, policy.binding_for(who), state(), &policy).await.expect("up");
            let name = match who {
                CallerKey::Identified(owner) => {
                    format!("mcp-sessions:{{{}}}:s:{}", hex(owner.as_bytes()), hex(key.as_bytes()))
                }
                CallerKey::Anonymous => format!("mcp-sessions:{{{}}}:h", hex(key.as_bytes())),
            };
            redis::cmd("HSET").arg(&name).arg(field).arg(value).exec(&mut connection).expect("up");
            let verdict = store.validate(&key, who, false, &policy).await;
            verdict.expect_err(&format!("{field} {value:?}"));
            // A use replaces the time of the last one.
            if field != "u" {
                let adoption = store.get_or_create(&key, who, state(), &policy).await;
                adoption.expect_err(&format!("{field} {value:?}"));
            }
            redis::cmd("DEL").arg(&name).exec(&mut connection).expect("up");
            redis::cmd("LPUSH").arg(&name).arg("no hash").exec(&mut connection).expect("up");
            store.validate(&key, who, true, &policy).await.expect_err("of another type");
            store.terminate(&key, who, &policy).await.expect_err("of another type");
            store.terminate_all(&digest("ana")).await.expect("up");
        }
    }
}

#[test]
fn a_store_is_made_of_a_url_and_says_nothing_secret() {
    let store = RedisStore::connect("redis://user:secret@127.0.0.1:1/0").expect("a good URL");
    let shown = format!("{store:?}");
    assert!(shown.contains("127.0.0.1") && !shown.contains("secret"), "{shown}");
    let braces = store.clone().with_key_prefix("{x}").expect_err("a brace");
    assert!(matches!(braces, RedisUrlError::KeyPrefix));
    assert!(matches!(store.with_ca_file("/nowhere").expect_err("no TLS"), RedisUrlError::NoTls));
    let store = RedisStore::connect("rediss://127.0.0.1:1").expect("a good URL");
    assert!(matches!(store.with_ca_file("/nowhere").expect_err("no file"), RedisUrlError::CaFile(_)));
}

//! When a session is opened, and when not.

use std::collections::HashSet;

use mcp_sessions::{Caller, Policy, Sessions};

use crate::support::http::{INITIALIZE, LIST, delete, post, server, server_on, server_with};
use crate::support::unreachable::Unreachable;
use crate::support::{Log, MINUTE, ana, ben};

fn initialize(answer: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"answer":"{answer}"}}}}"#)
}

/// S-1: the answer to `initialize` brings the id.
#[tokio::test]
async fn an_initialize_that_succeeds_opens_a_session() {
    for kind in ["json", "events"] {
        let (server, _) = server();
        let answer = server.send(post(&ana(), None, &initialize(kind))).await;
        assert_eq!(answer.status, 200, "{kind}");
        assert!(answer.body.contains(r#""protocolVersion":"2025-06-18""#), "{kind}: {}", answer.body);
        let id = answer.session_id().expect(kind);
        assert_eq!(id.len(), 64, "{kind}");
        assert_eq!(answer.headers.get_all("mcp-session-id").iter().count(), 1, "{kind}");
        assert_eq!(server.status(&ana(), id).await, 200, "{kind}");
    }
}

/// S-2, S-3, H-2: 256 bits without a pattern, in 64 characters that a header may have, never twice.
#[tokio::test]
async fn ids_are_random_and_plain_text() {
    const IDS: usize = 2_000;
    let (server, _) = server_with(Policy::default().with_max_per_identity(IDS));
    let mut seen = HashSet::new();
    let mut ones = [0_usize; 256];
    for _ in 0..IDS {
        let id = server.open(&ana()).await;
        assert_eq!(id.len(), 64);
        assert!(id.bytes().all(|byte| (0x21..=0x7e).contains(&byte)), "{id}");
        for (at, digit) in id.chars().enumerate() {
            let digit = digit.to_digit(16).expect("hexadecimal");
            (0..4).for_each(|bit| ones[at * 4 + bit] += usize::from(digit & (8 >> bit) != 0));
        }
        assert!(seen.insert(id), "an id came twice");
    }
    // Seven standard deviations to either side of a half: chance goes beyond that once in billions of runs.
    let (least, most) = (IDS / 2 - 157, IDS / 2 + 157);
    assert!(ones.iter().all(|ones| (least..=most).contains(ones)), "a bit of the ids has a bias: {ones:?}");
}

/// S-5: what a process kept in memory only is unknown to the next one, which says so with 404 and not with 400.
#[tokio::test]
async fn after_a_restart_without_its_store_a_session_is_unknown() {
    let (before, _) = server();
    let id = before.open(&ana()).await;
    assert_eq!(before.status(&ana(), &id).await, 200);
    drop(before);
    let (after, _) = server();
    for request in [post(&ana(), Some(&id), LIST), delete(&ana(), Some(&id))] {
        assert_eq!(after.send(request).await.status, 404);
    }
    assert_ne!(after.open(&ana()).await, id);
}

#[tokio::test]
async fn an_initialize_that_fails_opens_none() {
    for kind in ["error", "error events", "refused", "other"] {
        let (server, _) = server();
        let answer = server.send(post(&ana(), None, &initialize(kind))).await;
        assert_eq!(answer.session_id(), None, "{kind}");
        assert!(!answer.body.is_empty(), "{kind}: the engine's answer is passed on");
        assert_eq!(server.sessions.count().await.expect("memory does not fail"), 0, "{kind}");
    }
}

#[tokio::test]
async fn a_session_knows_what_its_client_said() {
    let (server, _) = server();
    let id = server.open(&ana()).await;
    server.send(post(&ana(), Some(&id), LIST)).await;
    let seen = server.engine.last.lock().take().expect("it was called");
    let session = seen.session.expect("a session");
    assert_eq!(session.caller(), &ana());
    let state = session.state();
    assert_eq!((state.client_name(), state.client_version()), ("desk", "1.2"));
    assert_eq!((state.protocol_version(), state.capabilities()), ("2025-06-18", Some(r#"{"roots":{}}"#)));
    assert!(seen.headers.get("mcp-session-id").is_none(), "the engine has no use for the id");
}

/// S-10: a session in which nothing but `initialize` was ever asked ends sooner.
#[tokio::test]
async fn a_session_is_not_initialized_twice() {
    let (server, clock) = server();
    let id = server.open(&ana()).await;
    let calls = server.engine.calls();
    assert_eq!(server.send(post(&ana(), Some(&id), INITIALIZE)).await.status, 400);
    assert_eq!(server.send(post(&ben(), Some(&id), INITIALIZE)).await.status, 404);
    assert_eq!(server.engine.calls(), calls);
    clock.advance(MINUTE * 6);
    assert_eq!(server.status(&ana(), &id).await, 404, "an attempt is no use of the session");
}

/// S-10: at a cap the new one is refused, and no living one is given up.
#[tokio::test]
async fn beyond_a_cap_no_session_is_opened() {
    let (server, clock) = server_with(Policy::default().with_max_per_identity(2).with_max_sessions(3));
    let hers = server.open(&ana()).await;
    server.open(&ana()).await;

    let answer = server.send(post(&ana(), None, INITIALIZE)).await;
    assert_eq!((answer.status.as_u16(), answer.session_id()), (503, None));
    assert_eq!(answer.header("retry-after"), Some("60"));

    server.open(&ben()).await;
    let answer = server.send(post(&Caller::Anonymous, None, INITIALIZE)).await;
    assert_eq!((answer.status.as_u16(), answer.session_id()), (503, None));
    assert_eq!(server.status(&ana(), &hers).await, 200, "nobody was put out");

    clock.advance(MINUTE * 6);
    server.open(&Caller::Anonymous).await;
    assert_eq!(server.status(&ana(), &hers).await, 200, "only what was past its time made room");
}

/// S-11: it fails closed, with 503, on which a client keeps its session.
#[tokio::test]
async fn while_the_store_is_down_nobody_is_let_in_and_nobody_loses_a_session() {
    let log = Log::start();
    let server = server_on(Sessions::new(Unreachable::default(), Policy::default()).expect("agrees"));
    let id = "0123456789abcdef".repeat(4);
    let requests = [
        post(&ana(), Some(&id), LIST),
        post(&ana(), None, INITIALIZE),
        post(&ana(), Some(&id), INITIALIZE),
        delete(&ana(), Some(&id)),
    ];
    for request in requests {
        let case = format!("{request:?}");
        let answer = server.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("5")), "{case}");
        assert_eq!(answer.session_id(), None, "{case}");
        assert!(!answer.body.contains("refused"), "the cause is the operator's: {}", answer.body);
        assert!(log.take().contains(r#"cause="connection refused""#), "{case}");
    }
    assert_eq!(server.engine.calls(), 1, "only the first initialize");
}

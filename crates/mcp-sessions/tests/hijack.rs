//! Whoever has somebody else's session id has nothing.

use mcp_sessions::{Caller, Identity, SessionId};

use crate::support::http::{Answer, delete, post, server};
use crate::support::{MINUTE, ana, ben, identity};

const LIST: &str = crate::support::http::LIST;

type SetClaim = fn(Identity, &str) -> Identity;

const CLAIMS: [(&str, SetClaim); 4] = [
    ("issuer", |identity, value| identity.with_issuer(value)),
    ("tenant", |identity, value| identity.with_tenant(value)),
    ("client", |identity, value| identity.with_client(value)),
    ("subject", |identity, value| identity.with_subject(value)),
];

/// The claim when the session is opened, the claim now, and whether they are the same person's.
const CHANGES: [(&str, &str, &str, bool); 9] = [
    ("equal", "Ana@x", "Ana@x", true),
    ("both absent", "", "", true),
    ("different", "Ana@x", "ben", false),
    ("missing now", "Ana@x", "", false),
    ("missing at bind", "", "Ana@x", false),
    ("case changed", "Ana@x", "ana@x", false),
    ("a NUL more", "Ana@x", "Ana@x\0", false),
    ("a space more", "Ana@x", "Ana@x ", false),
    ("composed and decomposed", "\u{e9}", "e\u{301}", false),
];

/// H-3: an id is worth nothing without the whole identity it was given to.
#[tokio::test]
async fn only_the_same_whole_identity_is_let_in() {
    for (claim, set) in CLAIMS {
        for (change, at_bind, now, same) in CHANGES {
            let case = format!("{claim} {change}");
            let (server, _) = server();
            let owner = Caller::Identified(set(identity("kim"), at_bind));
            let caller = Caller::Identified(set(identity("kim"), now));
            let id = server.open(&owner).await;
            let unknown = SessionId::random().expose_hex();
            let calls = server.engine.calls();

            let answer = server.send(post(&caller, Some(&id), LIST)).await;
            if same {
                assert_eq!(answer.status, 200, "{case}");
                assert_eq!(server.send(delete(&caller, Some(&id))).await.status, 204, "{case}");
                continue;
            }
            assert_eq!(answer, server.send(post(&caller, Some(&unknown), LIST)).await, "{case}");
            let deleted = server.send(delete(&caller, Some(&id))).await;
            assert_eq!(deleted, server.send(delete(&caller, Some(&unknown))).await, "{case}");
            assert_eq!(answer, deleted, "{case}");
            assert_eq!(server.engine.calls(), calls, "{case}: the engine saw it");
            assert_eq!(server.status(&owner, &id).await, 200, "{case}: the owner lost it");
        }
    }
}

#[tokio::test]
async fn anonymous_and_identified_callers_do_not_meet() {
    let (server, _) = server();
    let (hers, nobodys) = (server.open(&ana()).await, server.open(&Caller::Anonymous).await);
    assert_eq!(server.status(&Caller::Anonymous, &hers).await, 404);
    assert_eq!(server.status(&ana(), &nobodys).await, 404);
    assert_eq!(server.send(delete(&Caller::Anonymous, Some(&hers))).await.status, 404);
    assert_eq!(server.send(delete(&ana(), Some(&nobodys))).await.status, 404);
    assert_eq!(server.status(&Caller::Anonymous, &nobodys).await, 200);
    assert_eq!(server.status(&ana(), &hers).await, 200);
}

/// S-7, S-8: one 404, byte for byte, never 401 or 403.
#[tokio::test]
async fn every_id_that_opens_nothing_gets_the_same_answer() {
    let (server, clock) = server();
    let not_found = Answer {
        status: http::StatusCode::NOT_FOUND,
        headers: [("content-type", "application/json")]
            .into_iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
            .collect(),
        body: r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}"#
            .to_owned(),
    };
    let foreign = server.open(&ben()).await;
    let stale = server.open(&ana()).await;
    clock.advance(MINUTE * 31);
    server.open(&ben()).await;
    let ended = server.open(&ana()).await;
    assert_eq!(server.send(delete(&ana(), Some(&ended))).await.status, 204);
    let own = server.open(&ana()).await;

    let ids = [
        ("unknown", SessionId::random().expose_hex()),
        ("foreign", foreign),
        ("stale", stale),
        ("ended", ended),
        ("malformed", "abc".to_owned()),
        ("empty", String::new()),
        ("upper case", own.to_uppercase()),
        ("listed twice", format!("{own}, {own}")),
        ("long", "a".repeat(10_000)),
    ];
    for (case, id) in ids {
        for request in [post(&ana(), Some(&id), LIST), delete(&ana(), Some(&id))] {
            assert_eq!(server.send(request).await, not_found, "{case}");
        }
        let initialize = post(&ana(), Some(&id), crate::support::http::INITIALIZE);
        assert_eq!(server.send(initialize).await, not_found, "{case} on initialize");
    }
    for mut request in [post(&ana(), Some(&own), LIST), delete(&ana(), Some(&own))] {
        request.headers_mut().append("mcp-session-id", own.parse().expect("a value"));
        assert_eq!(server.send(request).await, not_found, "two headers");
    }
    let mut request = post(&ana(), None, LIST);
    let bytes = http::HeaderValue::from_bytes(b"\xff\xfe").expect("opaque bytes are allowed");
    request.headers_mut().insert("mcp-session-id", bytes);
    assert_eq!(server.send(request).await, not_found, "not text");
    assert_eq!(server.status(&ana(), &own).await, 200);
}

#[tokio::test]
async fn a_thief_does_not_keep_a_session_alive() {
    let (server, clock) = server();
    let id = server.open(&ana()).await;
    assert_eq!(server.status(&ana(), &id).await, 200);
    for _ in 0..3 {
        clock.advance(MINUTE * 10);
        assert_eq!(server.status(&ben(), &id).await, 404);
        assert_eq!(server.send(delete(&ben(), Some(&id))).await.status, 404);
    }
    assert_eq!(server.sessions.count().await.expect("memory does not fail"), 1);
    clock.advance(std::time::Duration::from_millis(1));
    assert_eq!(server.status(&ana(), &id).await, 404);
    assert_eq!(server.sessions.count().await.expect("memory does not fail"), 0);
}

#[tokio::test]
async fn an_id_that_a_client_brings_is_never_adopted() {
    let (server, _) = server();
    let planted = SessionId::random().expose_hex();
    assert_eq!(server.status(&ana(), &planted).await, 404);
    let answer = server.send(post(&ana(), Some(&planted), crate::support::http::INITIALIZE)).await;
    assert_eq!((answer.status.as_u16(), answer.session_id()), (404, None));
    assert_eq!(server.engine.calls(), 0);
    assert_eq!(server.sessions.count().await.expect("memory does not fail"), 0);
}

#[tokio::test]
async fn a_new_token_of_the_same_identity_keeps_the_session() {
    let (server, _) = server();
    let id = server.open(&Caller::Identified(identity("ana"))).await;
    let refreshed = Caller::Identified(identity("ana"));
    assert_eq!(server.status(&refreshed, &id).await, 200);
}

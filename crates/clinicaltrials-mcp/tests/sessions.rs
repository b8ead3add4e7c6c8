//! A session is of no use to anybody but who opened it, through the real program.

use crate::support::{Caller, Program, Reply, sample_mirror};
use serde_json::{Value, json};

/// Ana's claims: everything an identity is made of.
fn ana() -> Value {
    json!({"iss": "https://idp.example", "tid": "north", "client_id": "app", "sub": "ana"})
}

/// An id of the right form that no server minted.
const INVENTED: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

async fn list_tools(caller: &Caller) -> Reply {
    caller.request(5, "tools/list", json!({})).await
}

/// S-7, S-8, S-12, H-3, A-20: through the real program, from the token to the log.
#[tokio::test]
async fn who_differs_in_any_claim_gets_the_answer_of_an_unknown_id() {
    let mirror = sample_mirror(20);
    let program = Program::jwt(mirror.path(), &["--log-level", "trace"]);
    let caller = |claims: &Value| Caller::new(&program.url).bearing(claims);
    let mut secrets = vec![INVENTED.to_owned()];
    for missing_at_bind in [None, Some("iss"), Some("tid"), Some("client_id"), Some("sub")] {
        let mut owner = ana();
        if let Some(claim) = missing_at_bind {
            owner.as_object_mut().unwrap().remove(claim);
        }
        let id = caller(&owner).open_session().await;
        secrets.push(id.clone());
        let unknown = list_tools(&caller(&owner).in_session(INVENTED)).await;
        assert_eq!(unknown.status, 404);
        let unknown_delete = caller(&owner).in_session(INVENTED).delete().await;
        assert_eq!(unknown_delete.status, 404);
        for claim in ["iss", "tid", "client_id", "sub"] {
            let before = owner.get(claim).and_then(Value::as_str).unwrap_or_default().to_owned();
            let others =
                [Value::Null, "other".into(), before.to_uppercase().into(), format!("{before}\0").into()];
            for value in others {
                let mut thief = owner.clone();
                match &value {
                    Value::Null => thief.as_object_mut().unwrap().remove(claim),
                    value => thief.as_object_mut().unwrap().insert(claim.into(), value.clone()),
                };
                let same = |key: &str| thief.get(key).and_then(Value::as_str).unwrap_or_default();
                if same(claim) == before || (same("client_id").is_empty() && same("sub").is_empty()) {
                    continue;
                }
                secrets.push(crate::support::token(&thief));
                let thief = caller(&thief).in_session(&id);
                assert_eq!(list_tools(&thief).await, unknown, "{owner}: {claim} is {value}");
                assert_eq!(thief.delete().await, unknown_delete, "{owner}: {claim} is {value}");
            }
        }
        let refreshed = json!({"jti": "another", "scope": "less"});
        let mut refreshed_claims = owner.clone();
        refreshed_claims.as_object_mut().unwrap().extend(refreshed.as_object().unwrap().clone());
        assert_eq!(list_tools(&caller(&refreshed_claims).in_session(&id)).await.status, 200, "{owner}");
        secrets.extend([&owner, &refreshed_claims].map(crate::support::token));
    }
    program.signal("TERM");
    let (code, written) = program.finish();
    assert_eq!(code, Some(0), "{written}");
    assert!(written.contains("possible session hijack"), "{written}");
    for secret in secrets {
        // Of an id no eight digits in a row; of a token no part of its payload or signature (its header is the same
        // for everybody's).
        let guarded = secret.split('.').skip(usize::from(secret.contains('.')));
        for part in
            guarded.flat_map(|part| part.as_bytes().windows(if secret.contains('.') { 16 } else { 8 }))
        {
            let part = str::from_utf8(part).unwrap();
            assert!(!written.contains(part), "`{part}` of an id or a token is in the output");
        }
    }
}

#[tokio::test]
async fn a_thief_does_not_prolong_the_session() {
    let mirror = sample_mirror(20);
    let idle =
        [("MCP_AUTH_SECRET_KEY", crate::support::SECRET), ("MCP_STATEFUL_SESSION_STALE_TIMEOUT_MS", "1500")];
    let program = Program::serve(mirror.path(), &["--auth", "jwt"], &idle);
    let owner = Caller::new(&program.url).bearing(&ana());
    let id = owner.open_session().await;
    assert_eq!(list_tools(&owner.clone().in_session(&id)).await.status, 200);
    let thieves = ["iss", "tid", "client_id", "sub"].map(|claim| {
        let mut thief = ana();
        thief[claim] = "other".into();
        Caller::new(&program.url).bearing(&thief).in_session(&id)
    });
    // What is asserted is an order of events: the thieves ask all along, and the session ends all the same.
    for _ in 0..20 {
        for thief in &thieves {
            assert_eq!(list_tools(thief).await.status, 404);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(list_tools(&owner.in_session(&id)).await.status, 404);
}

/// S-4, H-2: through the real program.
#[tokio::test]
async fn an_invented_id_is_never_adopted() {
    let mirror = sample_mirror(20);
    let program = Program::jwt(mirror.path(), &[]);
    let caller = Caller::new(&program.url).bearing(&ana());
    let fixed = caller.clone().with("mcp-session-id", INVENTED);
    let unknown = list_tools(&caller.clone().in_session(INVENTED)).await;
    assert_eq!((unknown.status, fixed.initialize(crate::support::LEGACY).await), (404, unknown));
    assert_eq!(list_tools(&caller.clone().in_session(INVENTED)).await.status, 404);
    for id in ["x", "00112233", &INVENTED.to_uppercase(), &format!("{INVENTED}0"), "../../etc/passwd"] {
        assert_eq!(list_tools(&caller.clone().in_session(id)).await.status, 404, "{id}");
    }
    let id = caller.open_session().await;
    assert_ne!(id, INVENTED);
    assert_eq!(caller.clone().in_session(&id).initialize(crate::support::LEGACY).await.status, 400);
    assert_eq!(list_tools(&caller.with("mcp-protocol-version", crate::support::LEGACY)).await.status, 400);
}

/// H-1, H-7, A-24: the token comes before all else, and the challenge offers no scopes.
#[tokio::test]
async fn without_a_valid_token_nothing_is_read() {
    let mirror = sample_mirror(20);
    let program = Program::jwt(mirror.path(), &[]);
    let anonymous = Caller::new(&program.url);
    let refused = anonymous.send(reqwest::Method::POST, "not even JSON").await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("www-authenticate"), Some(r#"Bearer realm="clinicaltrials-mcp""#));
    let expired = anonymous.bearing(&json!({"sub": "ana", "exp": 1_000_000_000}));
    let refused = list_tools(&expired).await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().contains(r#"error="invalid_token""#), "{refused:?}");
}

/// H-5: a token that was issued for another service, or by another issuer, is nobody's here.
#[tokio::test]
async fn a_token_for_another_service_is_refused() {
    let mirror = sample_mirror(20);
    let variables = [
        ("MCP_AUTH_SECRET_KEY", crate::support::SECRET),
        ("MCP_JWT_EXPECTED_AUDIENCE", "https://mcp.example.org/mcp"),
        ("MCP_JWT_EXPECTED_ISSUER", "https://idp.example"),
    ];
    let program = Program::serve(mirror.path(), &["--auth", "jwt"], &variables);
    let bearing = |audience: Value, issuer: &str| {
        let mut claims = ana();
        claims["aud"] = audience;
        claims["iss"] = issuer.into();
        Caller::new(&program.url).bearing(&claims)
    };
    let ours = bearing("https://mcp.example.org/mcp".into(), "https://idp.example");
    let id = ours.open_session().await;
    let foreign = [
        bearing("https://other.example.org".into(), "https://idp.example"),
        bearing(json!([]), "https://idp.example"),
        bearing("https://mcp.example.org/mcp".into(), "https://other.example"),
    ];
    for caller in foreign {
        assert_eq!(caller.initialize(crate::support::LEGACY).await.status, 401);
        assert_eq!(list_tools(&caller.in_session(&id)).await.status, 401);
    }
    assert_eq!(list_tools(&ours.in_session(&id)).await.status, 200);
}

//! The server believes an authorization server: its metadata, its keys and how they change, its tokens, its faults.

use crate::support::{
    Caller, InProcess, LEGACY, Program, Reply, SlowRegistry,
    issuer::{ALGORITHMS, FakeIssuer, Fault, RESOURCE, SCOPE, SigningKey, settings, trusting, unsigned},
    sample_mirror,
    servers::free_address,
};
use clinicaltrials_mcp::settings::{KeyTimes, OauthSettings};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime};

/// Longest that a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

async fn serving(settings: OauthSettings) -> InProcess {
    InProcess::start(SlowRegistry::new(Duration::ZERO), trusting(settings)).await
}

fn bearing(url: &str, token: &str) -> Caller {
    Caller::new(url).with("authorization", format!("Bearer {token}")).stateless()
}

async fn ask(url: &str, token: &str) -> Reply {
    bearing(url, token).request(1, "tools/list", json!({})).await
}

async fn readiness(url: &str) -> Reply {
    Caller::new(&url.replace("/mcp", "/readyz")).send(reqwest::Method::GET, "").await
}

/// Asks until the answer has this status.
async fn until(status: u16, ask: impl AsyncFn() -> Reply) {
    let end = Instant::now() + PATIENCE;
    loop {
        let reply = ask().await;
        if reply.status == status {
            return;
        }
        assert!(Instant::now() < end, "still {reply:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn es256(id: &str) -> SigningKey {
    SigningKey::new(Algorithm::ES256, id)
}

/// A-5: tokens of the authorization server open this one, wherever its metadata is and whatever kind of key it signs with.
#[tokio::test]
async fn its_tokens_open_the_server() {
    let keys: Vec<_> =
        ALGORITHMS.iter().map(|algorithm| SigningKey::new(*algorithm, &format!("{algorithm:?}"))).collect();
    let keys: Vec<_> = keys.iter().collect();
    for (path, metadata) in [
        ("", "/.well-known/oauth-authorization-server"),
        ("", "/.well-known/openid-configuration"),
        ("/realms/trials", "/.well-known/oauth-authorization-server/realms/trials"),
        ("/realms/trials", "/.well-known/openid-configuration/realms/trials"),
        ("/realms/trials", "/realms/trials/.well-known/openid-configuration"),
        ("/", "/.well-known/oauth-authorization-server"),
    ] {
        let issuer = FakeIssuer::start_at("127.0.0.1:0".parse().unwrap(), path, metadata, &keys).await;
        let server = serving(issuer.settings()).await;
        for key in &keys {
            let reply = ask(&server.url, &key.sign(&issuer.claims())).await;
            assert_eq!(reply.status, 200, "{metadata}: {:?}: {reply:?}", key.algorithm);
        }
        assert_eq!(readiness(&server.url).await.status, 200);
    }
}

/// A-5, A-6, A-19, H-5: what is not signed, not valid now, not of that issuer, not for this server or no access token opens
/// nothing.
#[tokio::test]
async fn what_is_wrong_about_a_token_is_seen() {
    let [rsa, ec, other] = [SigningKey::new(Algorithm::RS256, "rsa"), es256("ec"), es256("ec")];
    let issuer = FakeIssuer::start(&[&rsa, &ec]).await;
    let server = serving(issuer.settings()).await;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let long = 3_600;
    let with = |name: &str, value: Value| {
        let mut claims = issuer.claims();
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.to_owned(), value),
        };
        claims
    };
    let claims = [
        (issuer.claims(), 200),
        (with("iss", Value::Null), 401),
        (with("iss", "https://idp.example".into()), 401),
        (with("iss", format!("{}/", issuer.url()).into()), 401),
        (with("iss", json!([issuer.url()])), 401),
        (with("aud", Value::Null), 401),
        (with("aud", "".into()), 401),
        (with("aud", "https://other.example.org/mcp".into()), 401),
        (with("aud", "https://mcp.example.org".into()), 401),
        (with("aud", "https://mcp.example.org/mcp/more".into()), 401),
        (with("aud", "https://mcp.example.org/MCP".into()), 401),
        (with("aud", "HTTPS://MCP.Example.ORG/mcp".into()), 200),
        (with("aud", "https://mcp.example.org:443/mcp".into()), 200),
        (with("aud", json!(["https://other.example.org", RESOURCE])), 200),
        (with("aud", json!([])), 401),
        (with("aud", json!([RESOURCE, 7])), 401),
        (with("exp", Value::Null), 401),
        (with("exp", (now - long).into()), 401),
        (with("exp", (now - 30).into()), 200),
        (with("exp", "4000000000".into()), 401),
        (with("nbf", (now + long).into()), 401),
        (with("nbf", (now + 30).into()), 200),
        (with("sub", 7.into()), 401),
        (with("cnf", json!({"jkt": "thumbprint"})), 401),
    ];
    for (claims, status) in claims {
        let reply = ask(&server.url, &ec.sign(&claims)).await;
        assert_eq!(reply.status, status, "{claims}: {reply:?}");
    }
    let claims = issuer.claims();
    for (typ, status) in [
        (Some("at+jwt"), 200),
        (Some("AT+JWT"), 200),
        (Some("application/at+jwt"), 200),
        (Some("JWT"), 200),
        (None, 200),
        (Some("logout+jwt"), 401),
        (Some("dpop+jwt"), 401),
        (Some(""), 401),
    ] {
        let token = ec.sign_as(&claims, |header| header.typ = typ.map(str::to_owned));
        assert_eq!(ask(&server.url, &token).await.status, status, "{typ:?}");
    }
    let secret = EncodingKey::from_secret(rsa.pem.as_bytes());
    let mut confused = Header::new(Algorithm::HS256);
    confused.kid = Some("rsa".into());
    let good = ec.sign(&claims);
    let (head, signature) = good.rsplit_once('.').unwrap();
    let forged = [
        other.sign(&claims),
        rsa.sign_as(&claims, |header| header.kid = Some("ec".into())),
        ec.sign_as(&claims, |header| header.kid = Some("rsa".into())),
        ec.sign_as(&claims, |header| header.kid = Some("nobody's".into())),
        ec.sign_as(&claims, |header| header.crit = Some(vec!["exp".into()])),
        jsonwebtoken::encode(&confused, &claims, &secret).unwrap(),
        unsigned(&json!({"alg": "none", "kid": "ec"}), &claims),
        unsigned(&json!({"alg": "ES256", "kid": "ec"}), &claims),
        format!("{}.{signature}", head.replace('.', ".e")),
        format!("{head}.{}", signature.to_lowercase()),
        format!("{good}.{signature}"),
        head.to_owned(),
        String::from("..."),
    ];
    for token in forged {
        assert_eq!(ask(&server.url, &token).await.status, 401, "{token}");
    }
    assert_eq!(ask(&server.url, &good).await.status, 200);
}

#[tokio::test]
async fn a_token_need_not_name_its_key_where_there_is_one_for_its_algorithm() {
    let [rsa, ec, more] = [SigningKey::new(Algorithm::RS256, "rsa"), es256("ec"), es256("more")];
    let issuer = FakeIssuer::start(&[&rsa, &ec]).await;
    let server = serving(issuer.settings()).await;
    let nameless = |key: &SigningKey| key.sign_as(&issuer.claims(), |header| header.kid = None);
    assert_eq!(ask(&server.url, &nameless(&ec)).await.status, 200);
    assert_eq!(ask(&server.url, &nameless(&rsa)).await.status, 200);
    issuer.publish(&[&rsa, &ec, &more]);
    // The server learns of it by a token that names it.
    assert_eq!(ask(&server.url, &more.sign(&issuer.claims())).await.status, 200);
    assert_eq!(ask(&server.url, &nameless(&ec)).await.status, 401);
    assert_eq!(ask(&server.url, &nameless(&rsa)).await.status, 200);
}

/// A-19: a key is for what it is published for; what cannot be used spoils nothing.
#[tokio::test]
async fn keys_are_taken_for_what_they_are_published_for() {
    let [good, encrypting, pinned] =
        [es256("good"), es256("encrypting"), SigningKey::new(Algorithm::RS256, "pinned")];
    let small = SigningKey::small_rsa("small");
    let edited = |key: &SigningKey, edit: &dyn Fn(&mut Value)| {
        let mut jwk = key.jwk();
        edit(&mut jwk);
        jwk
    };
    let secret = "c2VjcmV0IHRoYXQgaXMgcHVibGlzaGVkIGFuZCBub25lIGF0IGFsbA";
    let issuer = FakeIssuer::start(&[]).await;
    issuer.publish_raw(vec![
        json!("not a key"),
        json!({"kty": "oct", "k": secret, "kid": "secret", "alg": "HS256"}),
        json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "point"}),
        json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA", "kid": "curve"}),
        json!({"kty": "NEW", "kid": "new"}),
        small.jwk(),
        edited(&encrypting, &|jwk| jwk["use"] = "enc".into()),
        edited(&pinned, &|jwk| jwk["alg"] = "PS256".into()),
        good.jwk(),
    ]);
    let server = serving(issuer.settings()).await;
    let claims = issuer.claims();
    assert_eq!(ask(&server.url, &good.sign(&claims)).await.status, 200);
    for key in [&small, &encrypting, &pinned] {
        assert_eq!(ask(&server.url, &key.sign(&claims)).await.status, 401, "{}", key.id);
    }
    let as_published = SigningKey { algorithm: Algorithm::PS256, ..pinned };
    assert_eq!(ask(&server.url, &as_published.sign(&claims)).await.status, 200);
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("secret".into());
    let key =
        EncodingKey::from_base64_secret("c2VjcmV0IHRoYXQgaXMgcHVibGlzaGVkIGFuZCBub25lIGF0IGFsbA==").unwrap();
    let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
    assert_eq!(ask(&server.url, &token).await.status, 401);
}

/// A-7, A-8, A-9: a valid token that allows too little is told everything it lacks at once, in one way.
#[tokio::test]
async fn a_token_that_allows_too_little_is_told_what_it_needs() {
    let key = es256("k");
    let issuer = FakeIssuer::start(&[&key]).await;
    let mut both = issuer.settings();
    both.scopes.required = vec![SCOPE.into(), "more".into()];
    both.scopes.claim = Some("roles".into());
    let server = serving(both).await;
    let granted = |scope: Value, roles: Value| {
        let mut claims = issuer.claims();
        claims["scope"] = scope;
        claims["roles"] = roles;
        key.sign(&claims)
    };
    let refused = ask(&server.url, &granted("".into(), json!([]))).await;
    assert_eq!(refused.status, 403);
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(challenge.contains(r#"error="insufficient_scope""#), "{challenge}");
    assert!(challenge.contains(&format!(r#"scope="{SCOPE} more""#)), "{challenge}");
    assert!(challenge.contains("resource_metadata="), "{challenge}");
    for (scope, roles) in [(SCOPE.into(), json!([])), ("more".into(), json!(["other"]))] {
        assert_eq!(ask(&server.url, &granted(scope, roles)).await, refused);
    }
    assert_eq!(ask(&server.url, &granted(SCOPE.into(), json!(["more"]))).await.status, 200);
}

/// A-20, A-21: a session is its identity's, however often the token is fresh; less allowed holds at once.
#[tokio::test]
async fn a_fresh_token_keeps_the_session_and_another_identity_does_not_get_it() {
    let key = es256("k");
    let issuer = FakeIssuer::start(&[&key]).await;
    let server = serving(issuer.settings()).await;
    let with = |edit: &dyn Fn(&mut Value)| {
        let mut claims = issuer.claims();
        edit(&mut claims);
        Caller::new(&server.url).with("authorization", format!("Bearer {}", key.sign(&claims)))
    };
    let id = with(&|_| ()).open_session().await;
    let status = async |edit: &dyn Fn(&mut Value)| {
        with(edit).in_session(&id).request(1, "tools/list", json!({})).await.status
    };
    assert_eq!(status(&|claims| claims["jti"] = "another".into()).await, 200);
    assert_eq!(status(&|claims| claims["exp"] = 4_000_000_001_u64.into()).await, 200);
    assert_eq!(status(&|claims| claims["scope"] = "openid".into()).await, 403);
    for claim in ["sub", "client_id", "tid"] {
        assert_eq!(status(&|claims| claims[claim] = "other".into()).await, 404, "{claim}");
    }
    assert_eq!(status(&|_| ()).await, 200);
}

/// A-19: a key that is new is asked for when the first token comes that it signed; one that is gone is worth nothing.
#[tokio::test]
async fn keys_change_while_the_server_runs() {
    let [old, new] = [es256("old"), es256("new")];
    let issuer = FakeIssuer::start(&[&old]).await;
    let server = serving(issuer.settings()).await;
    assert_eq!(ask(&server.url, &old.sign(&issuer.claims())).await.status, 200);
    issuer.publish(&[&old, &new]);
    assert_eq!(ask(&server.url, &new.sign(&issuer.claims())).await.status, 200);
    assert_eq!(ask(&server.url, &old.sign(&issuer.claims())).await.status, 200);
    issuer.publish(&[&new]);
    let unknown = es256("unknown");
    assert_eq!(ask(&server.url, &unknown.sign(&issuer.claims())).await.status, 401);
    assert_eq!(ask(&server.url, &old.sign(&issuer.claims())).await.status, 401);
    assert_eq!(ask(&server.url, &new.sign(&issuer.claims())).await.status, 200);
}

/// A-19: however many tokens with keys that nobody has come, the authorization server is asked once a cooldown.
#[tokio::test]
async fn a_flood_of_unknown_keys_is_not_passed_on() {
    let key = es256("k");
    let issuer = FakeIssuer::start(&[&key]).await;
    let mut patient = issuer.settings();
    patient.times.cooldown = Duration::from_secs(3_600);
    let server = serving(patient).await;
    let good = key.sign(&issuer.claims());
    assert_eq!(ask(&server.url, &good).await.status, 200);
    for number in 0..50 {
        let forged = key.sign_as(&issuer.claims(), |header| header.kid = Some(number.to_string()));
        assert_eq!(ask(&server.url, &forged).await.status, 401);
    }
    assert_eq!(issuer.asked_for_keys(), 1);
    assert_eq!(ask(&server.url, &good).await.status, 200);
}

/// A-19: requests that wait for the same new key wait for one question.
#[tokio::test]
async fn requests_that_want_the_same_key_share_the_question() {
    let [old, new] = [es256("old"), es256("new")];
    let issuer = FakeIssuer::start(&[&old]).await;
    let server = serving(issuer.settings()).await;
    assert_eq!(ask(&server.url, &old.sign(&issuer.claims())).await.status, 200);
    let before = issuer.requests();
    // While it says nothing, nobody can be answered.
    issuer.fail(Fault::Silent);
    issuer.publish(&[&old, &new]);
    let token = new.sign(&issuer.claims());
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let (url, token) = (server.url.clone(), token.clone());
            tokio::spawn(async move { ask(&url, &token).await.status })
        })
        .collect();
    issuer.asked(before + 1).await;
    // Nobody else waits because of them.
    assert_eq!(ask(&server.url, &old.sign(&issuer.claims())).await.status, 200);
    for status in waiting {
        // It was silent for longer than a request waits.
        assert_eq!(status.await.unwrap(), 503);
    }
    let asked = issuer.requests() - before;
    assert!(asked <= 2, "20 requests made {asked} questions");
}

/// A-19: an authorization server that fails has its keys used for a while, and then not; until then only what they cannot
/// decide is put off.
#[tokio::test]
async fn known_keys_outlive_an_outage_for_a_bounded_time() {
    let [known, unknown] = [es256("known"), es256("unknown")];
    let issuer = FakeIssuer::start(&[&known]).await;
    let mut soon = issuer.settings();
    soon.times.keep_time_max = Duration::from_secs(6);
    let server = serving(soon).await;
    let token = known.sign(&issuer.claims());
    assert_eq!(ask(&server.url, &token).await.status, 200);
    issuer.fail(Fault::Status(500));
    let before = issuer.requests();
    issuer.asked(before + 1).await;
    assert_eq!(ask(&server.url, &token).await.status, 200);
    let put_off = ask(&server.url, &unknown.sign(&issuer.claims())).await;
    assert_eq!(put_off.status, 503);
    assert!(put_off.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().unwrap() > 0));
    until(503, async || ask(&server.url, &token).await).await;
    let unready = readiness(&server.url).await;
    assert_eq!(unready.status, 503);
    assert!(unready.body.contains("the authorization server's keys cannot be had"), "{unready:?}");
    issuer.fail(Fault::None);
    until(200, async || ask(&server.url, &token).await).await;
    assert_eq!(readiness(&server.url).await.status, 200);
}

/// A-15: whatever is wrong with what the authorization server says, it opens nothing, and the log says what it is; the
/// keys are not taken from anywhere but an encrypted address or this machine.
#[tokio::test]
async fn an_authorization_server_that_is_wrong_is_not_believed() {
    let mirror = sample_mirror(20);
    let key = es256("k");
    let faults = [
        (Fault::Status(500), "answers with 500"),
        (Fault::WebPage, "answers with a web page"),
        (Fault::Huge, "more than 262144 bytes"),
        (Fault::Silent, "cannot be reached"),
        (Fault::OtherIssuer, "is the metadata of another issuer"),
        (Fault::InsecureKeys, "neither https nor this machine"),
        (Fault::Redirect, "answers with 302"),
        (Fault::Garbage, "is not read"),
        (Fault::NoKeys, "has no key that can be used"),
    ];
    for (fault, problem) in faults {
        let issuer = FakeIssuer::start(&[&key]).await;
        issuer.fail(fault.clone());
        let token = key.sign(&issuer.claims());
        let program = Program::serve(
            mirror.path(),
            &["--auth", "oauth"],
            &[
                ("OAUTH_ISSUER_URL", issuer.url()),
                ("MCP_PUBLIC_URL", "https://mcp.example.org"),
                ("OAUTH_JWKS_TIMEOUT_MS", "500"),
            ],
        );
        let refused = ask(&program.url, &token).await;
        assert_eq!(refused.status, 503, "{fault:?}");
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
        assert_eq!(Caller::new(&program.url).stateless().request(1, "ping", json!({})).await.status, 401);
        assert_eq!(readiness(&program.url).await.status, 503);
        issuer.fail(Fault::None);
        until(200, async || ask(&program.url, &token).await).await;
        until(200, async || readiness(&program.url).await).await;
        program.signal("TERM");
        let (code, written) = program.finish();
        assert_eq!(code, Some(0), "{written}");
        assert!(written.contains(problem), "{fault:?}: {written}");
        assert!(written.contains("keys are known"), "{written}");
        assert!(token.split('.').skip(1).all(|part| !written.contains(part)), "{written}");
    }
}

#[tokio::test]
async fn an_authorization_server_that_comes_later_is_found() {
    let key = es256("k");
    let address = free_address();
    let server = serving(settings(&format!("http://{address}"))).await;
    assert_eq!(readiness(&server.url).await.status, 503);
    let metadata = "/.well-known/openid-configuration";
    let token = {
        let claims = json!({
            "iss": format!("http://{address}"), "aud": RESOURCE, "exp": 4_000_000_000_u64, "sub": "ana", "scp": [SCOPE],
        });
        key.sign(&claims)
    };
    assert_eq!(ask(&server.url, &token).await.status, 503);
    let _issuer = FakeIssuer::start_at(address, "", metadata, &[&key]).await;
    until(200, async || ask(&server.url, &token).await).await;
    assert_eq!(readiness(&server.url).await.status, 200);
}

#[tokio::test]
async fn the_address_of_the_keys_and_the_audience_can_be_set() {
    let key = es256("k");
    let issuer = FakeIssuer::start_at("127.0.0.1:0".parse().unwrap(), "", "/nowhere", &[&key]).await;
    let mut set = issuer.settings();
    set.keys_address = Some(format!("{}/jwks", issuer.url()).parse().unwrap());
    set.audience = "api://trials".into();
    set.token_resource = Some(RESOURCE.into());
    set.times = KeyTimes::default();
    let server = serving(set).await;
    let status = async |edit: &dyn Fn(&mut Value)| {
        let mut claims = issuer.claims();
        edit(&mut claims);
        ask(&server.url, &key.sign(&claims)).await.status
    };
    assert_eq!(status(&|claims| claims["aud"] = json!(["api://trials", RESOURCE])).await, 200);
    assert_eq!(issuer.requests(), 1, "its metadata is not asked");
    let resource = |resource: Value| {
        move |claims: &mut Value| {
            claims["aud"] = "api://trials".into();
            claims["resource"] = resource.clone();
        }
    };
    assert_eq!(status(&resource(RESOURCE.into())).await, 200);
    assert_eq!(status(&resource(json!([RESOURCE]))).await, 200);
    assert_eq!(status(&resource("https://other.example.org".into())).await, 401);
    assert_eq!(status(&|claims| claims["aud"] = "api://trials".into()).await, 401);
    assert_eq!(status(&|_| ()).await, 401, "the resource alone is not the audience");
}

/// A session of an authorization server's caller is opened by the protocol that has sessions, too.
#[tokio::test]
async fn a_session_is_opened_with_its_token() {
    let key = es256("k");
    let issuer = FakeIssuer::start(&[&key]).await;
    let server = serving(issuer.settings()).await;
    let caller =
        Caller::new(&server.url).with("authorization", format!("bearer {}", key.sign(&issuer.claims())));
    assert_eq!(caller.initialize(LEGACY).await.status, 200);
}

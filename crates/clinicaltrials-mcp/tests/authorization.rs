//! What tokens open and what they do not, whoever signs them: algorithms, answers, addresses.

use crate::support::{
    Caller, InProcess, LEGACY, Program, Reply, SECRET, SlowRegistry,
    issuer::{ALGORITHMS, FakeIssuer, METADATA_URL, RESOURCE, SCOPE, SigningKey, trusting, unsigned},
    program, sample_mirror, token,
};
use clinicaltrials_mcp::settings::AuthSettings;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

async fn serving(auth: AuthSettings) -> InProcess {
    InProcess::start(SlowRegistry::new(Duration::ZERO), auth).await
}

fn bearing(url: &str, token: &str) -> Caller {
    Caller::new(url).with("authorization", format!("Bearer {token}")).stateless()
}

async fn list_tools(caller: &Caller) -> Reply {
    caller.request(1, "tools/list", json!({})).await
}

async fn get(url: &str) -> Reply {
    Caller::new(url).send(reqwest::Method::GET, "").await
}

fn claims() -> Value {
    json!({"exp": 4_000_000_000_u64, "sub": "ana", "client_id": "app"})
}

/// A-19: which algorithms are taken follows from the key; what the token says of itself makes none of them another's.
#[tokio::test]
async fn a_public_key_is_for_its_own_algorithms_and_no_secret() {
    let mirror = sample_mirror(20);
    let others: Vec<_> = ALGORITHMS.iter().map(|algorithm| SigningKey::new(*algorithm, "k")).collect();
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
        let key = SigningKey::new(algorithm, "k");
        let program = Program::serve(mirror.path(), &["--auth", "jwt"], &[("MCP_JWT_PUBLIC_KEY", &key.pem)]);
        assert_eq!(
            list_tools(&bearing(&program.url, &key.sign(&claims()))).await.status,
            200,
            "{algorithm:?}"
        );
        for other in &others {
            // All of RSA have one key in these tests.
            let is_its_own = key.pem == other.pem;
            let status = list_tools(&bearing(&program.url, &other.sign(&claims()))).await.status;
            assert_eq!(status, if is_its_own { 200 } else { 401 }, "{algorithm:?}: {:?}", other.algorithm);
        }
        let text = key.pem.as_bytes();
        let der: String = key.pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = EncodingKey::from_base64_secret(&der).unwrap();
        for secret in [EncodingKey::from_secret(text), EncodingKey::from_secret(text.trim_ascii_end()), der] {
            for confused in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                let token = jsonwebtoken::encode(&Header::new(confused), &claims(), &secret).unwrap();
                let status = list_tools(&bearing(&program.url, &token)).await.status;
                assert_eq!(status, 401, "{algorithm:?} as the secret of {confused:?}");
            }
        }
        for none in ["none", "None", "NONE", "", "HS256", &format!("{algorithm:?}")] {
            let token = unsigned(&json!({"alg": none}), &claims());
            assert_eq!(list_tools(&bearing(&program.url, &token)).await.status, 401, "unsigned {none}");
        }
    }
}

#[test]
fn keys_that_cannot_be_used_are_refused_at_the_start_and_not_shown() {
    let [rsa, ec] = [Algorithm::RS256, Algorithm::ES256].map(|algorithm| SigningKey::new(algorithm, "k"));
    let small = SigningKey::small_rsa("small");
    let cases = [
        (rsa.private_pem.as_str(), "is a private key"),
        (&ec.private_pem, "is a private key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "is a certificate"),
        (&small.pem, "is an RSA key of 1024 bits"),
        (&(rsa.pem.clone() + &ec.pem), "is not a public key in PEM"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "is not a public key in PEM"),
        ("a secret that somebody put into the wrong variable", "is not a public key in PEM"),
    ];
    for (pem, problem) in cases {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");
        std::fs::write(&file, pem).unwrap();
        let mut command = program();
        command.args(["serve", "--auth", "jwt"]).env("MCP_JWT_PUBLIC_KEY_FILE", &file);
        let output = command.output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(78), "{told}");
        assert!(told.contains(&format!("MCP_JWT_PUBLIC_KEY_FILE: {problem}")), "{problem}: {told}");
        let inside = pem.lines().find(|line| !line.starts_with('-')).unwrap();
        assert!(!told.contains(inside), "{told}");
    }
}

/// A-1, A-2, A-3, A-4, A-13, H-7: a client that knows nothing finds out from the 401, or at the two well-known places, where
/// to get which token, and is never sent where a request said it went. A client without a refresh token needs no more.
#[tokio::test]
async fn a_client_learns_where_to_get_a_token_from_the_settings_alone() {
    let key = SigningKey::new(Algorithm::ES256, "k");
    let issuer = FakeIssuer::start(&[&key]).await;
    let server = serving(trusting(issuer.settings())).await;
    let challenge =
        format!(r#"Bearer realm="clinicaltrials-mcp", resource_metadata="{METADATA_URL}", scope="{SCOPE}""#);
    for host in ["localhost", "mcp.example.org", "127.0.0.1:1"] {
        let refused = list_tools(&Caller::new(&server.url).stateless().with("host", host)).await;
        assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some(&*challenge)), "{host}");
        assert!(!refused.body.contains(host), "{refused:?}");
    }
    let expected = json!({
        "resource": RESOURCE, "resource_name": "ClinicalTrials.gov over MCP", "bearer_methods_supported": ["header"],
        "authorization_servers": [issuer.url()], "scopes_supported": [SCOPE],
    });
    let base = server.url.strip_suffix("/mcp").unwrap();
    for path in ["", "/mcp"] {
        let told = Caller::new(&format!("{base}/.well-known/oauth-protected-resource{path}"))
            .with("host", "localhost")
            .with("origin", "https://anywhere.example")
            .send(reqwest::Method::GET, "")
            .await;
        assert_eq!((told.status, told.message()), (200, expected.clone()));
        assert_eq!(told.header("access-control-allow-origin"), Some("*"));
        assert_eq!(told.header("cache-control"), Some("public, max-age=3600"));
    }
}

/// T-5, A-23: what a client must know beforehand is told to everybody, and nothing else is.
#[tokio::test]
async fn what_needs_no_token_is_little() {
    let key = SigningKey::new(Algorithm::ES256, "k");
    let issuer = FakeIssuer::start(&[&key]).await;
    let server = serving(trusting(issuer.settings())).await;
    let base = server.url.strip_suffix("/mcp").unwrap();
    list_tools(&bearing(&server.url, &key.sign(&issuer.claims()))).await;
    let open = [
        "/healthz",
        "/readyz",
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
    ];
    for path in open {
        assert_eq!(get(&format!("{base}{path}")).await.status, 200, "{path}");
    }
    for path in ["/mcp", "/api/v2/studies", "/api/v2/version", "/api/v2/stats/size"] {
        for method in [reqwest::Method::GET, reqwest::Method::POST, reqwest::Method::DELETE] {
            let reply = Caller::new(&format!("{base}{path}")).send(method.clone(), "").await;
            assert_eq!(reply.status, 401, "{method} {path}");
        }
    }
    for path in
        ["/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource/other", "/"]
    {
        assert_eq!(get(&format!("{base}{path}")).await.status, 404, "{path}");
    }
}

/// A-7, A-11: whatever is not one token in the header is refused by what it is.
#[tokio::test]
async fn a_token_is_taken_from_one_header_and_nowhere_else() {
    let server = serving(AuthSettings::shared_secret(SECRET.as_bytes())).await;
    let token = token(&json!({"sub": "ana"}));
    let expired = crate::support::token(&json!({"sub": "ana", "exp": 1_000_000_000}));
    let asked = |query: &str| Caller::new(&format!("{}{query}", server.url)).stateless();
    let cases = [
        (bearing(&server.url, &token), 200, None),
        (bearing(&server.url, &expired), 401, Some("invalid_token")),
        (asked(""), 401, None),
        (asked("").with("authorization", format!("Basic {token}")), 401, None),
        (asked("").with("authorization", "Bearer"), 400, Some("invalid_request")),
        (asked("").with("authorization", format!("Bearer {token} {token}")), 400, Some("invalid_request")),
        (asked(&format!("?access_token={token}")), 400, Some("invalid_request")),
        (
            asked(&format!("?access_token={token}")).with("authorization", format!("Bearer {token}")),
            400,
            Some("invalid_request"),
        ),
    ];
    for (caller, status, error) in cases {
        let reply = list_tools(&caller).await;
        assert_eq!(reply.status, status, "{reply:?}");
        let challenge = reply.header("www-authenticate").unwrap_or_default();
        assert_eq!(challenge.starts_with("Bearer realm="), status != 200, "{reply:?}");
        assert_eq!(challenge.contains("error="), error.is_some(), "{reply:?}");
        assert!(error.is_none_or(|error| challenge.contains(&format!(r#"error="{error}""#))), "{reply:?}");
        assert!(!format!("{reply:?}").contains(&token), "{reply:?}");
    }
    // Inside a session, too.
    let owner = Caller::new(&server.url).bearing(&json!({"sub": "ana"}));
    let id = owner.open_session().await;
    assert_eq!(list_tools(&Caller::new(&server.url).in_session(&id)).await.status, 401);
    assert_eq!(list_tools(&owner.in_session(&id)).await.status, 200);
}

/// A-14, A-24: who has no token is answered before a body is there, and nothing of it is read.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_the_answer_comes_before_the_body() {
    let server = serving(AuthSettings::shared_secret(SECRET.as_bytes())).await;
    let address = server.url.strip_prefix("http://").unwrap().strip_suffix("/mcp").unwrap().to_owned();
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!(
            "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        String::from_utf8(answer.to_vec()).unwrap()
    });
    assert_eq!(answer.await.unwrap(), "HTTP/1.1 401");
}

/// A-22: a page of an origin that may call can send what MCP sends, and read what it answers; other pages cannot.
#[tokio::test]
async fn browsers_are_told_which_pages_may_call() {
    let server = serving(AuthSettings::shared_secret(SECRET.as_bytes())).await;
    let preflight = async |origin: &str| {
        Caller::new(&server.url)
            .with("origin", origin)
            .with("access-control-request-method", "POST")
            .with("access-control-request-headers", "authorization,content-type,mcp-session-id,mcp-method")
            .send(reqwest::Method::OPTIONS, "")
            .await
    };
    let ours = preflight("http://localhost:6274").await;
    assert_eq!(
        (ours.status, ours.header("access-control-allow-origin")),
        (200, Some("http://localhost:6274")),
        "{ours:?}"
    );
    let sent = ours.header("access-control-allow-headers").unwrap();
    for name in
        ["authorization", "content-type", "mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name"]
    {
        assert!(sent.split(',').any(|known| known == name), "{name}: {sent}");
    }
    assert_eq!(preflight("https://evil.example").await.header("access-control-allow-origin"), None);

    let page = |url: &str| Caller::new(url).with("origin", "http://localhost:6274");
    let refused = list_tools(&page(&server.url)).await;
    assert_eq!(refused.status, 401);
    let opened = page(&server.url).bearing(&json!({"sub": "ana"})).initialize(LEGACY).await;
    for reply in [refused, opened] {
        assert_eq!(reply.header("access-control-allow-origin"), Some("http://localhost:6274"), "{reply:?}");
        let read = reply.header("access-control-expose-headers").unwrap();
        assert!(read.contains("mcp-session-id") && read.contains("www-authenticate"), "{read}");
        assert_eq!(reply.header("access-control-allow-credentials"), None);
    }
}

#[tokio::test]
async fn with_a_key_of_ones_own_clients_learn_what_there_is_to_learn() {
    let mirror = sample_mirror(20);
    let variables = [
        ("MCP_AUTH_SECRET_KEY", SECRET),
        ("MCP_PUBLIC_URL", "https://MCP.example.org/"),
        ("MCP_AUTH_REQUIRED_SCOPES", "trials"),
    ];
    let program = Program::serve(mirror.path(), &["--auth", "jwt"], &variables);
    let base = program.url.strip_suffix("/mcp").unwrap();
    let told = get(&format!("{base}/.well-known/oauth-protected-resource")).await;
    let expected = json!({
        "resource": RESOURCE, "resource_name": "ClinicalTrials.gov over MCP", "bearer_methods_supported": ["header"],
        "scopes_supported": ["trials"],
    });
    assert_eq!((told.status, told.message()), (200, expected));
    let refused = list_tools(&bearing(&program.url, &token(&json!({"sub": "ana", "scope": "other"})))).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.header("www-authenticate"),
        Some(&*format!(
            r#"Bearer realm="clinicaltrials-mcp", error="insufficient_scope", error_description="the token does not have every required scope", resource_metadata="{METADATA_URL}", scope="trials""#
        ))
    );
    let granted = bearing(&program.url, &token(&json!({"sub": "ana", "scope": "other trials"})));
    assert_eq!(list_tools(&granted).await.status, 200);

    drop(program);
    let unknown = Program::jwt(mirror.path(), &[]);
    let base = unknown.url.strip_suffix("/mcp").unwrap();
    assert_eq!(get(&format!("{base}/.well-known/oauth-protected-resource")).await.status, 404);
}

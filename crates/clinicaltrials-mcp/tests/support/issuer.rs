//! An authorization server of a test's own, which can be slow, down, wrong or somebody else; and keys to sign with.

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use clinicaltrials_mcp::settings::{AuthSettings, KeyTimes, OauthSettings, ResourceSettings, ScopeSettings};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

pub(crate) const RESOURCE: &str = "https://mcp.example.org/mcp";
pub(crate) const METADATA_URL: &str = "https://mcp.example.org/.well-known/oauth-protected-resource/mcp";
pub(crate) const SCOPE: &str = "clinicaltrials:read";

/// Algorithms of every kind of public key.
pub(crate) const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// A key made up for a test.
#[derive(Clone)]
pub(crate) struct SigningKey {
    pub(crate) id: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) encoding: EncodingKey,
    /// The public half, in PEM.
    pub(crate) pem: String,
    /// The private half, in PEM.
    pub(crate) private_pem: String,
}

impl SigningKey {
    /// A new key; those of RSA are made once, because that takes long.
    pub(crate) fn new(algorithm: Algorithm, id: &str) -> Self {
        let (encoding, pem, private_pem) = match algorithm {
            Algorithm::ES256 => {
                let key = p256::SecretKey::from_slice(&random::<32>()).unwrap();
                let der = key.to_pkcs8_der().unwrap();
                let pem = key.public_key().to_public_key_pem(LineEnding::LF).unwrap();
                (EncodingKey::from_ec_der(der.as_bytes()), pem, key.to_pkcs8_pem(LineEnding::LF).unwrap())
            }
            Algorithm::ES384 => {
                let key = p384::SecretKey::from_slice(&random::<48>()).unwrap();
                let der = key.to_pkcs8_der().unwrap();
                let pem = key.public_key().to_public_key_pem(LineEnding::LF).unwrap();
                (EncodingKey::from_ec_der(der.as_bytes()), pem, key.to_pkcs8_pem(LineEnding::LF).unwrap())
            }
            Algorithm::EdDSA => {
                let key = ed25519_dalek::SigningKey::from_bytes(&random());
                let der = key.to_pkcs8_der().unwrap();
                let pem = key.verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
                (EncodingKey::from_ed_der(der.as_bytes()), pem, key.to_pkcs8_pem(LineEnding::LF).unwrap())
            }
            _ => Self::rsa(rsa_key()),
        };
        Self { id: id.to_owned(), algorithm, encoding, pem, private_pem: private_pem.to_string() }
    }

    fn rsa(key: &rsa::RsaPrivateKey) -> (EncodingKey, String, rsa::pkcs8::der::zeroize::Zeroizing<String>) {
        let der = key.to_pkcs1_der().unwrap();
        let pem = key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
        (EncodingKey::from_rsa_der(der.as_bytes()), pem, key.to_pkcs8_pem(LineEnding::LF).unwrap())
    }

    /// An RSA key that is too small to be safe.
    pub(crate) fn small_rsa(id: &str) -> Self {
        let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 1_024).unwrap();
        let (encoding, pem, private_pem) = Self::rsa(&key);
        let algorithm = Algorithm::RS256;
        Self { id: id.to_owned(), algorithm, encoding, pem, private_pem: private_pem.to_string() }
    }

    /// As an authorization server publishes it.
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = if self.algorithm == Algorithm::EdDSA {
            // The public key is the last 32 bytes of its encoding.
            let der: String = self.pem.lines().filter(|line| !line.starts_with('-')).collect();
            let der = STANDARD.decode(der).unwrap();
            json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(&der[der.len() - 32..])})
        } else {
            serde_json::to_value(Jwk::from_encoding_key(&self.encoding, self.algorithm).unwrap()).unwrap()
        };
        jwk["kid"] = self.id.as_str().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_as(claims, |_| {})
    }

    /// A token with these claims and another header.
    pub(crate) fn sign_as(&self, claims: &Value, edit: impl FnOnce(&mut Header)) -> String {
        let mut header = Header::new(self.algorithm);
        header.typ = Some("at+jwt".into());
        header.kid = Some(self.id.clone());
        edit(&mut header);
        jsonwebtoken::encode(&header, claims, &self.encoding).unwrap()
    }
}

/// A token whose header and claims are these texts, and whose signature is nothing.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(header), part(claims))
}

fn random<const BYTES: usize>() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).unwrap();
    // Below the order of every curve.
    bytes[0] = 0;
    bytes
}

fn rsa_key() -> &'static rsa::RsaPrivateKey {
    static KEY: OnceLock<rsa::RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048).unwrap())
}

/// What is wrong with an authorization server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// It answers everything with this status.
    Status(u16),
    /// It shows a page for people.
    WebPage,
    /// It says too much.
    Huge,
    /// It never begins.
    Silent,
    /// Its metadata has another name.
    OtherIssuer,
    /// Its keys are elsewhere, unencrypted.
    InsecureKeys,
    /// It sends whoever asks elsewhere.
    Redirect,
    /// It says nothing that is JSON.
    Garbage,
    /// It has no key.
    NoKeys,
}

struct Shared {
    url: String,
    /// Where its metadata is.
    metadata_path: String,
    keys: Mutex<Vec<Value>>,
    fault: watch::Sender<Fault>,
    /// Paths that were asked for.
    asked: watch::Sender<Vec<String>>,
}

/// An authorization server; gone when dropped.
pub(crate) struct FakeIssuer {
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl FakeIssuer {
    /// At a free address, with its metadata where RFC 8414 puts it.
    pub(crate) async fn start(keys: &[&SigningKey]) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), "", "/.well-known/oauth-authorization-server", keys)
            .await
    }

    /// At this address, with this path in its name and its metadata at that one.
    pub(crate) async fn start_at(
        address: SocketAddr,
        path: &str,
        metadata_path: &str,
        keys: &[&SigningKey],
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let shared = Arc::new(Shared {
            url: format!("http://{}{path}", listener.local_addr().unwrap()),
            metadata_path: metadata_path.to_owned(),
            keys: Mutex::new(keys.iter().map(|key| key.jwk()).collect()),
            fault: watch::Sender::new(Fault::None),
            asked: watch::Sender::new(Vec::new()),
        });
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, serving }
    }

    pub(crate) fn url(&self) -> &str {
        &self.shared.url
    }

    /// From now on it has these keys.
    pub(crate) fn publish(&self, keys: &[&SigningKey]) {
        self.publish_raw(keys.iter().map(|key| key.jwk()).collect());
    }

    pub(crate) fn publish_raw(&self, keys: Vec<Value>) {
        *self.shared.keys.lock().unwrap() = keys;
    }

    pub(crate) fn fail(&self, fault: Fault) {
        self.shared.fault.send_replace(fault);
    }

    /// How often it was asked for its keys.
    pub(crate) fn asked_for_keys(&self) -> usize {
        self.shared.asked.borrow().iter().filter(|path| path.ends_with("/jwks")).count()
    }

    /// Waits until it was asked this often in all.
    pub(crate) async fn asked(&self, times: usize) {
        self.shared.asked.subscribe().wait_for(|asked| asked.len() >= times).await.unwrap();
    }

    /// How often it was asked for anything.
    pub(crate) fn requests(&self) -> usize {
        self.shared.asked.borrow().len()
    }

    /// Settings that trust it, with times for tests.
    pub(crate) fn settings(&self) -> OauthSettings {
        settings(self.url())
    }

    /// Claims of a token that opens the server.
    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": self.url(), "aud": RESOURCE, "exp": 4_000_000_000_u64, "sub": "ana", "client_id": "app",
            "scope": format!("openid {SCOPE}"),
        })
    }
}

impl Drop for FakeIssuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Settings that trust this issuer; an unknown key makes it be asked at once.
pub(crate) fn settings(issuer: &str) -> OauthSettings {
    OauthSettings {
        issuer: issuer.to_owned(),
        audience: RESOURCE.to_owned(),
        token_resource: None,
        keys_address: None,
        scopes: ScopeSettings { required: vec![SCOPE.to_owned()], claim: None },
        resource: ResourceSettings { identifier: RESOURCE.to_owned(), metadata_url: METADATA_URL.to_owned() },
        roots: None,
        proxy: None,
        times: KeyTimes { cooldown: Duration::ZERO, ..KeyTimes::default() },
    }
}

pub(crate) fn trusting(settings: OauthSettings) -> AuthSettings {
    AuthSettings::Oauth(Box::new(settings))
}

async fn answer(State(issuer): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    issuer.asked.send_modify(|asked| asked.push(path.clone()));
    let is_keys = path.ends_with("/jwks");
    if !is_keys && path != issuer.metadata_path {
        return StatusCode::NOT_FOUND.into_response();
    }
    let fault = issuer.fault.borrow().clone();
    let metadata = |name: &str, keys: String| json!({"issuer": name, "jwks_uri": keys}).to_string();
    let keys_at = format!("{}/jwks", issuer.url);
    let body = match fault {
        Fault::Status(status) => return StatusCode::from_u16(status).unwrap().into_response(),
        Fault::WebPage => "<!DOCTYPE html><title>Sign in</title>".to_owned(),
        Fault::Garbage => r#"{"issuer": "#.to_owned(),
        Fault::Redirect => {
            return (StatusCode::FOUND, [("location", "/elsewhere/jwks")]).into_response();
        }
        Fault::Silent => std::future::pending().await,
        Fault::Huge => " ".repeat(300 << 10) + "{}",
        Fault::OtherIssuer if !is_keys => metadata("https://other.example", keys_at),
        Fault::InsecureKeys if !is_keys => metadata(&issuer.url, "http://idp.example/jwks".into()),
        Fault::NoKeys if is_keys => json!({"keys": []}).to_string(),
        _ if is_keys => json!({"keys": *issuer.keys.lock().unwrap()}).to_string(),
        _ => metadata(&issuer.url, keys_at),
    };
    ([("content-type", "application/json")], body).into_response()
}

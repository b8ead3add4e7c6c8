//! Users with access rights, and TLS.

use std::path::Path;
use std::process::{Command, Stdio};

use mcp_sessions::store::{Adoption, Creation, Verdict};
use mcp_sessions::{Binding, CallerKey, RedisStore, SessionState, SessionStore as _};

use crate::redis::server::{caller, digest, free_port, fresh_key, policy, server, skipped};

/// Every verb, once.
pub(crate) async fn use_everything(store: &RedisStore) {
    let (policy, key, nobodys) = (policy().with_lazy_binding(true), fresh_key(), fresh_key());
    let state = SessionState::default;
    let made = store.create(&key, Binding::Bound(digest("ana")), state(), &policy).await.expect("allowed");
    assert!(matches!(made, Creation::Created(_)));
    store.create(&nobodys, Binding::Unbound, state(), &policy).await.expect("allowed");
    let bound = store.get_or_create(&nobodys, caller("ana"), state(), &policy).await.expect("allowed");
    assert!(matches!(bound, Adoption::Bound(_)));
    for (who, valid) in [(caller("ana"), true), (caller("ben"), false), (CallerKey::Anonymous, false)] {
        let verdict = store.validate(&key, who, true, &policy).await.expect("allowed");
        assert_eq!(matches!(verdict, Verdict::Valid(_)), valid, "{verdict:?}");
    }
    assert_eq!(store.list(&digest("ana"), &policy).await.expect("allowed").len(), 2);
    assert_eq!(store.probe(&key).await.expect("allowed"), Some(Binding::Bound(digest("ana"))));
    assert_eq!(store.sweep(&policy).await.expect("allowed"), 0);
    assert_eq!(store.count().await.expect("allowed"), 2);
    assert!(matches!(
        store.terminate(&key, caller("ana"), &policy).await.expect("allowed"),
        Verdict::Valid(_)
    ));
    assert_eq!(store.terminate_all(&digest("ana")).await.expect("allowed"), 1);
}

#[tokio::test]
async fn a_user_needs_what_the_documentation_says() {
    let server = server!();
    let source = include_str!("../../src/store/redis.rs");
    let (_, rights) = source.split_once("the prefix and `").expect("it says");
    let (rights, _) = rights.split_once('`').expect("it says");
    let rights: Vec<_> = rights.split_whitespace().filter(|word| word.starts_with('+')).collect();
    let user = ["ACL", "SETUSER", "sessions", "on", ">p@ss/wörd", "resetkeys", "~theirs:*"];
    let _: String = server.ask(&[&user[..], &rights].concat());
    let url = |password: &str| format!("redis://sessions:{password}@127.0.0.1:{}", server.port);
    let store = RedisStore::connect(&url("p%40ss%2Fw%C3%B6rd")).expect("a good URL");
    let store = store.with_key_prefix("theirs:").expect("a good prefix");
    use_everything(&store).await;
    assert!(server.keys().iter().all(|key| key.starts_with("theirs:")), "{:?}", server.keys());

    let elsewhere = store.with_key_prefix("others:").expect("a good prefix");
    elsewhere.count().await.expect_err("its keys are not this user's");
    let wrong = RedisStore::connect(&url("wrong")).expect("a good URL");
    let error = wrong.count().await.expect_err("a wrong password");
    let shown = format!("{error:?}");
    assert!(shown.contains("authentication failed") && !shown.contains("p@ss"), "{shown}");
}

/// A certificate of `localhost` and the authority that vouches for it, in a folder.
fn certificates(folder: &Path) -> bool {
    let openssl = |arguments: &[&str]| {
        let mut command = Command::new("openssl");
        command.args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    let authority = ["req", "-x509", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority"];
    let request = ["req", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost"];
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost").expect("a folder");
    let sign = [
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "names",
        "-out",
        "server.pem",
    ];
    openssl(&[&authority[..], &key].concat())
        && openssl(&[&request[..], &key[..5]].concat())
        && openssl(&sign)
}

#[tokio::test]
async fn tls_to_a_server_whose_authority_is_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    if !certificates(folder.path()) {
        return skipped("login::tls_to_a_server_whose_authority_is_trusted: no openssl to make certificates");
    }
    let path = |name: &str| folder.path().join(name).into_os_string().into_string().expect("a plain path");
    let port = free_port();
    let (tls_port, cert, key, ca) =
        (port.to_string(), path("server.pem"), path("server.key"), path("ca.pem"));
    let settings = ["--tls-port", &tls_port, "--tls-cert-file", &cert, "--tls-key-file", &key];
    let more = ["--tls-ca-cert-file", &ca, "--tls-auth-clients", "no"];
    let all = [&settings[..], &more].concat();
    let _server = server!(@ &all);
    let store = |host| RedisStore::connect(&format!("rediss://{host}:{port}")).expect("a good URL");
    use_everything(&store("localhost").with_ca_file(&ca).expect("a certificate")).await;

    store("localhost").count().await.expect_err("nobody else vouches for it");
    let other_name = store("127.0.0.1").with_ca_file(&ca).expect("a certificate");
    other_name.count().await.expect_err("it is not the certificate of this host");
    store("localhost").with_ca_file(path("names")).expect_err("no certificate in there");
}

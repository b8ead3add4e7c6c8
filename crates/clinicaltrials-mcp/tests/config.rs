//! What is set: `config check`, `config show`, and secrets in files that are read again while the program serves.

use crate::support::{Caller, Program, SECRET, program, sample_mirror};
use clinicaltrials_mcp::auth::sign_hs256;
use serde_json::json;
use std::fs;

fn config(what: &str, arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let output =
        program().args(["config", what]).args(arguments).envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

#[test]
fn all_mistakes_are_named_and_nothing_runs() {
    let (code, said) = config("check", &[], &[]);
    assert_eq!((code, said.as_str()), (Some(0), "These settings are in order.\n"));
    let variables =
        [("MCP_RATE_LIMIT_PER_ADDRESS", "lots"), ("MCP_LOG_LEVEL", "loud"), ("MCP_AUTH_MODE", "jwt")];
    for what in ["check", "show"] {
        let (code, said) = config(what, &["--trusted-proxy", "10.0.0.0/99"], &variables);
        assert_eq!(code, Some(78), "{said}");
        let wrong = [
            "MCP_RATE_LIMIT_PER_ADDRESS: `lots`",
            "MCP_LOG_LEVEL: `loud`",
            "--trusted-proxy: `10.0.0.0/99`",
            "MCP_AUTH_SECRET_KEY",
        ];
        assert!(wrong.iter().all(|mistake| said.contains(mistake)), "{said}");
    }
    assert_eq!(config("explain", &[], &[]).0, Some(64));
}

#[test]
fn every_setting_is_shown_with_who_set_it_and_without_secrets() {
    let variables = [
        ("MCP_AUTH_SECRET_KEY", SECRET),
        ("MCP_SESSIONS", "redis://app:swordfish@127.0.0.1:1/0"),
        ("HTTPS_PROXY", "http://ana:swordfish@proxy.example:3128"),
        ("MCP_HTTP_PORT", "3011"),
    ];
    let (code, said) = config("show", &["--auth", "jwt", "--trusted-proxy", "10.0.0.0/8"], &variables);
    assert_eq!(code, Some(0), "{said}");
    let line =
        |name: &str| said.lines().find(|line| line.split(' ').next() == Some(name)).unwrap_or_default();
    assert!(line("MCP_HTTP_PORT").ends_with("  3011  (environment)"), "{said}");
    assert!(line("MCP_AUTH_MODE").ends_with("  jwt  (--auth)"), "{said}");
    assert!(line("MCP_TRUSTED_PROXIES").ends_with("  10.0.0.0/8  (--trusted-proxy)"), "{said}");
    assert!(line("MCP_AUTH_SECRET_KEY").ends_with("  not shown  (environment)"), "{said}");
    assert!(line("HTTPS_PROXY").ends_with("  http://***@proxy.example:3128  (environment)"), "{said}");
    assert!(line("MCP_SESSIONS_MAX").ends_with("  not set"), "{said}");
    assert!(!said.contains("swordfish") && !said.contains(SECRET), "{said}");
}

#[tokio::test]
async fn a_key_that_was_renewed_in_its_file_is_used_without_a_restart() {
    let mirror = sample_mirror(5);
    let file = mirror.path().join("secret");
    let secrets = ["the first secret, which is long enough", "the second secret, which is long enough"];
    let file_name = file.to_str().unwrap();
    fs::write(&file, secrets[0]).unwrap();
    let arguments = ["--auth", "jwt", "--sessions", "memory"];
    let server = Program::serve(mirror.path(), &arguments, &[("MCP_AUTH_SECRET_KEY_FILE", file_name)]);
    let bearing = |secret: &str| {
        let claims = json!({"sub": "ana", "client_id": "app", "exp": 4_000_000_000_u64});
        let token = sign_hs256(secret.as_bytes(), &claims).unwrap();
        Caller::new(&server.url).with("authorization", format!("Bearer {token}"))
    };
    let (old, new) = (bearing(secrets[0]), bearing(secrets[1]));
    let session = old.open_session().await;
    let status = async |caller: &Caller| {
        caller.clone().in_session(&session).request(1, "tools/list", json!({})).await.status
    };
    assert_eq!((status(&old).await, status(&new).await), (200, 401));

    // What cannot be used changes nothing.
    fs::write(&file, "short").unwrap();
    server.signal("HUP");
    server.wait_until_it_says("the old ones stay").await;
    assert_eq!((status(&old).await, status(&new).await), (200, 401));

    fs::write(&file, secrets[1]).unwrap();
    server.signal("HUP");
    server.wait_until_it_says("was read again").await;
    // The session is the same person's as before.
    assert_eq!((status(&old).await, status(&new).await), (401, 200));
}

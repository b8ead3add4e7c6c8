//! Sessions outlive their process, whoever runs it is told what is wrong with their store, and can see and end
//! sessions: through the real program.

use crate::support::{Caller, InProcess, Program, SECRET, SlowRegistry, program, sample_mirror};
use clinicaltrials_mcp::settings::AuthSettings;
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, SystemTime},
};

fn ana() -> Value {
    json!({"iss": "https://idp.example", "tid": "north", "client_id": "app", "sub": "ana"})
}

async fn status(caller: &Caller) -> u16 {
    caller.request(5, "tools/list", json!({})).await.status
}

/// The same caller at another server.
fn at(program: &Program, claims: &Value, session: &str) -> Caller {
    Caller::new(&program.url).bearing(claims).in_session(session)
}

/// S-11: by default sessions are in a file.
#[tokio::test]
async fn a_session_survives_its_process_however_that_ends() {
    let mirror = sample_mirror(10);
    let mut server = Program::jwt(mirror.path(), &[]);
    let kept = Caller::new(&server.url).bearing(&ana()).open_session().await;
    let ended = Caller::new(&server.url).bearing(&ana()).open_session().await;
    assert_eq!(at(&server, &ana(), &ended).delete().await.status, 204);
    for signal in ["KILL", "TERM", "KILL"] {
        server.signal(signal);
        server.finish();
        server = Program::jwt(mirror.path(), &[]);
        assert_eq!(status(&at(&server, &ana(), &kept)).await, 200, "after {signal}");
        assert_eq!(status(&at(&server, &ana(), &ended)).await, 404, "after {signal}");
        let mut ben = ana();
        ben["sub"] = "ben".into();
        assert_eq!(status(&at(&server, &ben, &kept)).await, 404, "after {signal}");
    }
    assert_eq!(at(&server, &ana(), &kept).delete().await.status, 204);
    server.signal("KILL");
    server.finish();
    let server = Program::jwt(mirror.path(), &[]);
    assert_eq!(status(&at(&server, &ana(), &kept)).await, 404, "what was ended stays ended");
}

/// S-5: the next process knows nothing of them and says 404.
#[tokio::test]
async fn sessions_in_memory_end_with_their_process() {
    let mirror = sample_mirror(10);
    let server = Program::jwt(mirror.path(), &["--sessions", "memory"]);
    let id = Caller::new(&server.url).bearing(&ana()).open_session().await;
    drop(server);
    let server = Program::jwt(mirror.path(), &["--sessions", "memory"]);
    assert_eq!(status(&at(&server, &ana(), &id)).await, 404);
    assert!(!mirror.path().join("sessions.redb").exists());
}

#[tokio::test]
async fn anonymous_sessions_are_closed_once_callers_must_authenticate() {
    let mirror = sample_mirror(10);
    let open = Program::serve(mirror.path(), &[], &[]);
    let id = Caller::new(&open.url).open_session().await;
    assert_eq!(status(&Caller::new(&open.url).in_session(&id)).await, 200);
    drop(open);
    let guarded = Program::jwt(mirror.path(), &[]);
    assert_eq!(status(&at(&guarded, &ana(), &id)).await, 404);
    assert_eq!(status(&Caller::new(&guarded.url).in_session(&id)).await, 401);
    drop(guarded);
    let open = Program::serve(mirror.path(), &[], &[]);
    assert_eq!(status(&Caller::new(&open.url).in_session(&id)).await, 200, "it was there all along");
}

/// What runs when its token expires finishes; nothing new is let in until a fresh token of the same identity comes.
#[tokio::test]
async fn a_token_that_expires_ends_nothing_that_runs() {
    /// How far apart clocks may be: so long a token is taken after its end.
    const SKEW_SECONDS: u64 = 60;
    let registry = SlowRegistry::new(Duration::from_secs(4));
    let auth = AuthSettings::shared_secret(SECRET.as_bytes());
    let mut server = InProcess::start(registry.clone(), auth).await;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let mut expiring = ana();
    expiring["exp"] = (now + 2 - SKEW_SECONDS).into();
    let id = Caller::new(&server.url).bearing(&expiring).open_session().await;
    let caller = Caller::new(&server.url).bearing(&expiring).in_session(&id);
    let search = json!({"name": "clinicaltrials_search_studies", "arguments": {}});
    let running = tokio::spawn({
        let caller = caller.clone();
        async move { caller.request(1, "tools/call", search).await }
    });
    registry.started(1).await;
    while status(&caller).await == 200 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!running.is_finished(), "the token expired while the search was at work");
    assert_eq!(status(&caller).await, 401);
    let fresh = Caller::new(&server.url).bearing(&ana()).in_session(&id);
    assert_eq!(status(&fresh).await, 200, "the session is there for a fresh token");
    let answer = running.await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.result()["isError"], false, "{answer:?}");
    server.stop();
    server.stopped().await;
}

/// A token that is bound to a key (DPoP, mutual TLS) is refused: nobody here checks that its bearer has the key.
#[tokio::test]
async fn attack_20_a_token_bound_to_a_key() {
    let mirror = sample_mirror(10);
    let server = Program::jwt(mirror.path(), &[]);
    let id = Caller::new(&server.url).bearing(&ana()).open_session().await;
    for cnf in [json!({"jkt": "0ZcOCORZNYy"}), json!({"x5t#S256": "bwcK0esc3AC"}), json!({}), json!("x")] {
        let mut bound = ana();
        bound["cnf"] = cnf;
        let refused = at(&server, &bound, &id).request(5, "tools/list", json!({})).await;
        assert_eq!(refused.status, 401, "{bound}");
        assert!(refused.header("www-authenticate").unwrap().contains("invalid_token"), "{refused:?}");
        assert_eq!(
            Caller::new(&server.url).bearing(&bound).initialize(crate::support::LEGACY).await.status,
            401
        );
    }
    assert_eq!(status(&at(&server, &ana(), &id)).await, 200);
}

#[test]
fn a_store_that_cannot_be_used_is_named_with_what_to_do() {
    let mirror = sample_mirror(10);
    let serve = |sessions: &str| {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--sessions", sessions, "--data-dir"];
        let output = program().args(arguments).arg(mirror.path()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let running = Program::serve(mirror.path(), &[], &[]);
    let (code, told) = serve("file");
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("sessions.redb is in use by another process: stop that one"), "{told}");
    drop(running);

    let rubbish = mirror.path().join("rubbish");
    std::fs::write(&rubbish, "no sessions here").unwrap();
    let (code, told) = serve(&format!("file:{}", rubbish.display()));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("rubbish is damaged, or is something else: move it away"), "{told}");

    for (sessions, problem) in [
        ("disk", "`disk` is not one of memory, file, file:PATH, redis://"),
        ("http://user:hunter2@host", "what it says is not one of"),
        ("redis:/:hunter2@host:6379/0", "what it says is not one of"),
        ("redis//:hunter2@host", "what it says is not one of"),
        ("redis://user:hunter2@host:port", "--sessions: "),
    ] {
        let (code, told) = serve(sessions);
        assert_eq!(code, Some(78), "{told}");
        assert!(told.contains(problem) && !told.contains("hunter2"), "{told}");
    }
}

fn sessions(data_dir: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = program().arg("sessions").args(arguments).arg("--data-dir").arg(data_dir).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const ANA: [&str; 8] =
    ["--issuer", "https://idp.example", "--tenant", "north", "--client", "app", "--subject", "ana"];

/// S-12, H-1: the operator sees fingerprints, and the route takes orders only from who has its secret.
#[tokio::test]
async fn an_operator_sees_and_ends_what_somebody_has_open() {
    let mirror = sample_mirror(10);
    let (code, _, told) = sessions(mirror.path(), &[&["list"], &ANA[..]].concat());
    assert_eq!(code, Some(1));
    assert!(told.contains("no server that can be asked runs over"), "{told}");

    let server = Program::jwt(mirror.path(), &[]);
    let caller = Caller::new(&server.url).bearing(&ana());
    let ids = [caller.open_session().await, caller.open_session().await];
    assert_eq!(status(&at(&server, &ana(), &ids[0])).await, 200);
    let mut ben = ana();
    ben["sub"] = "ben".into();
    let his = Caller::new(&server.url).bearing(&ben).open_session().await;

    let (code, told, errors) = sessions(mirror.path(), &[&["list"], &ANA[..]].concat());
    assert_eq!(code, Some(0), "{errors}");
    assert!(told.starts_with("2 sessions open, of 3 in all\n"), "{told}");
    assert_eq!((told.matches("never used").count(), told.matches("by test").count()), (1, 2), "{told}");
    for id in &ids {
        assert!(!id.as_bytes().windows(8).any(|part| told.contains(str::from_utf8(part).unwrap())), "{told}");
    }
    let (_, told, _) = sessions(mirror.path(), &[&["list", "--json"], &ANA[..]].concat());
    let listed: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((listed["total"].as_u64(), listed["sessions"].as_array().unwrap().len()), (Some(3), 2));

    // An identity is compared whole: one claim less is somebody else, and nobody in particular is refused.
    let (_, told, _) = sessions(mirror.path(), &["list", "--subject", "ana"]);
    assert!(told.starts_with("0 sessions open"), "{told}");
    let (code, _, told) = sessions(mirror.path(), &["revoke", "--issuer", "https://idp.example"]);
    assert_eq!(code, Some(1));
    assert!(told.contains("say whose: --subject or --client"), "{told}");

    let (code, _, told) = sessions(mirror.path(), &["revoke", "--subject", "ana"]);
    assert_eq!(code, Some(1));
    assert!(told.contains("nobody has a session open under this identity"), "{told}");

    let (code, told, errors) = sessions(mirror.path(), &[&["revoke"], &ANA[..]].concat());
    assert_eq!((code, told.as_str()), (Some(0), "ended 2 sessions\n"), "{errors}");
    for id in &ids {
        assert_eq!(status(&at(&server, &ana(), id)).await, 404);
    }
    assert_eq!(status(&at(&server, &ben, &his)).await, 200);

    // The door is for who can read its secret, and gone with the server.
    let folder = mirror.path().join("admin");
    let doors: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [door] = &doors[..] else { panic!("{doors:?}") };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(door).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let door: Value = serde_json::from_slice(&std::fs::read(door).unwrap()).unwrap();
    let url = format!("http://{}/sessions/revoke", door["admin"].as_str().unwrap());
    for authorization in
        [None, Some("Bearer "), Some("Bearer 00112233"), Some(door["secret"].as_str().unwrap())]
    {
        let request = reqwest::Client::new().post(&url).json(&json!({"subject": "ana"}));
        let request = match authorization {
            Some(authorization) => request.header("authorization", authorization),
            None => request,
        };
        assert_eq!(request.send().await.unwrap().status(), 401, "{authorization:?}");
    }
    server.signal("TERM");
    let (code, written) = server.finish();
    assert_eq!(code, Some(0), "{written}");
    assert!(!written.contains(door["secret"].as_str().unwrap()));
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}

#[tokio::test]
async fn of_several_servers_one_must_be_named() {
    let mirror = sample_mirror(10);
    let first = Program::jwt(mirror.path(), &["--sessions", "memory"]);
    let second = Program::jwt(mirror.path(), &["--sessions", "memory"]);
    Caller::new(&second.url).bearing(&ana()).open_session().await;
    let (code, _, told) = sessions(mirror.path(), &[&["list"], &ANA[..]].concat());
    assert_eq!(code, Some(1));
    let address = |program: &Program| program.url["http://".len()..].trim_end_matches("/mcp").to_owned();
    assert!(told.contains("several servers run over") && told.contains(&address(&first)), "{told}");
    for (server, open) in [(&first, "0 sessions open"), (&second, "1 session open")] {
        let address = address(server);
        let arguments = [&["list", "--server", &address], &ANA[..]].concat();
        let (code, told, errors) = sessions(mirror.path(), &arguments);
        assert_eq!(code, Some(0), "{errors}");
        assert!(told.starts_with(open), "{told}");
    }
    // A server that was killed leaves a door that leads nowhere, and nobody is sent there: not even when somebody
    // else listens at its address by now.
    first.signal("KILL");
    first.finish();
    let doors = std::fs::read_dir(mirror.path().join("admin")).unwrap();
    let doors = doors.map(|door| std::fs::read(door.unwrap().path()).unwrap());
    let left = doors.map(|door| serde_json::from_slice::<Value>(&door).unwrap());
    let left = left.into_iter().find(|door| !second.url.contains(door["serving"].as_str().unwrap())).unwrap();
    let _impostor = std::net::TcpListener::bind(left["admin"].as_str().unwrap()).unwrap();
    #[cfg(unix)]
    {
        let fifo = mirror.path().join("admin/fifo.json");
        assert!(std::process::Command::new("mkfifo").arg(fifo).status().unwrap().success());
    }
    let (code, told, errors) = sessions(mirror.path(), &[&["list"], &ANA[..]].concat());
    assert_eq!(code, Some(0), "{errors}");
    assert!(told.starts_with("1 session open"), "{told}");
}

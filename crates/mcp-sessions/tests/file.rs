//! What a file of sessions withstands: kills, a full disk, a second process, newer versions, damage.
//!
//! Whoever is killed or has no room is this test once more, in a process of its own, in whose working directory
//! there is a mark and nowhere else.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use mcp_sessions::store::{Creation, Verdict};
use mcp_sessions::{
    Binding, Caller, CallerKey, FileStore, FileStoreError, ManualClock, Policy, SessionId, SessionKey,
    SessionState, SessionStore, Sessions,
};
use tokio::task::JoinSet;

use crate::support::identity;

const MARK: &str = "is-the-process-that-writes";
const SESSIONS: &str = "sessions";

fn policy() -> Policy {
    Policy::default().with_max_sessions(1_000_000).with_max_per_identity(1_000_000)
}

fn caller() -> CallerKey {
    CallerKey::Identified(identity("ana").digest())
}

fn hers() -> Binding {
    Binding::Bound(identity("ana").digest())
}

async fn create<S: SessionStore>(store: &S) -> Result<SessionKey, mcp_sessions::StoreError> {
    let key = SessionId::random().key();
    match store.create(&key, hers(), SessionState::default(), &policy()).await? {
        Creation::Created(_) => Ok(key),
        refused => panic!("there was room: {refused:?}"),
    }
}

async fn is_open<S: SessionStore>(store: &S, key: &SessionKey) -> bool {
    let verdict = store.validate(key, caller(), false, &policy()).await.expect("memory answers");
    matches!(verdict, Verdict::Valid(_))
}

fn hex(key: &SessionKey) -> String {
    key.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// This test once more in `folder`, by way of a shell script that ends with `exec "$@"`.
fn again(folder: &Path, script: &str, test: &str) -> Command {
    fs::write(folder.join(MARK), "").expect("the folder is there");
    let mut command = Command::new("sh");
    command
        .args(["-c", script, "sh"])
        .arg(std::env::current_exe().expect("this program has a path"))
        .args(["--exact", test, "--nocapture"])
        .current_dir(folder);
    command
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

/// Creates and ends sessions until it is killed, and writes down what it was told: `begins` before it asks for an
/// end, `created` and `ended` after the reply.
#[tokio::main]
async fn create_and_end() {
    let store = Arc::new(FileStore::open(SESSIONS, &policy()).expect("it opens"));
    let told = OpenOptions::new().append(true).create(true).open("told").expect("it is written down");
    let told = Arc::new(told);
    // A line is one write: it is there, or it is not.
    let say = |mut told: &File, what: &str, key: &SessionKey| {
        told.write_all(format!("{what} {}\n", hex(key)).as_bytes()).expect("it is written down");
    };
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let (store, told) = (Arc::clone(&store), Arc::clone(&told));
        tasks.spawn(async move {
            for round in 0_u32.. {
                let key = create(&*store).await.expect("it is written");
                say(&told, "created", &key);
                if round % 3 == 0 {
                    say(&told, "begins", &key);
                    let verdict = store.terminate(&key, caller(), &policy()).await.expect("it is written");
                    assert!(matches!(verdict, Verdict::Valid(_)));
                    say(&told, "ended", &key);
                }
            }
        });
    }
    tasks.join_all().await;
}

fn start(folder: &Path, test: &str) -> Child {
    let mut command = again(folder, "exec \"$@\"", test);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
}

/// S-11: what was acknowledged is there after a crash, what was ended is not.
#[test]
fn no_session_is_lost_and_none_comes_back_when_the_process_is_killed_at_any_moment() {
    if Path::new(MARK).exists() {
        return create_and_end();
    }
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (mut kept, mut ended) = (0, 0);
    for round in 0..100_u64 {
        let before = fs::metadata(folder.path().join("told")).map_or(0, |told| told.len());
        let mut child = start(
            folder.path(),
            "file::no_session_is_lost_and_none_comes_back_when_the_process_is_killed_at_any_moment",
        );
        while fs::metadata(folder.path().join("told")).map_or(0, |told| told.len()) == before {
            assert!(child.try_wait().expect("it is a child").is_none(), "round {round}: it ended by itself");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(round * 7_919 % 20_000));
        child.kill().expect("it is a child");
        child.wait().expect("it is a child");

        let text = fs::read_to_string(folder.path().join("told")).expect("it was written down");
        let mut said: HashMap<&str, &str> = HashMap::new();
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let (what, key) = line.split_once(' ').expect("what and which");
            said.insert(key, what);
        }
        let store = FileStore::open(folder.path().join(SESSIONS), &policy()).expect("it opens");
        (kept, ended) = (0, 0);
        for (key, what) in said {
            let mut bytes = [0; 32];
            for (at, byte) in bytes.iter_mut().enumerate() {
                *byte = u8::from_str_radix(&key[2 * at..2 * at + 2], 16).expect("hexadecimal");
            }
            let open = runtime.block_on(is_open(&store, &SessionKey::from(bytes)));
            match what {
                "created" => assert!(open, "round {round}: a session is lost"),
                "ended" => assert!(!open, "round {round}: a session came back"),
                _ => {} // nobody was told
            }
            (kept, ended) = (kept + u32::from(what == "created"), ended + u32::from(what == "ended"));
        }
    }
    assert!(kept > 100 && ended > 50, "{kept} kept, {ended} ended: nothing was tried");
}

/// S-12: the file has digests. Who reads it finds no id to present and nobody's claims.
#[tokio::test]
async fn the_file_holds_no_id_and_no_claim() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(SESSIONS);
    let store = FileStore::open(&path, &policy()).expect("it opens");
    let sessions = Sessions::new(store, policy()).expect("agrees");
    let state = || SessionState::default().with_client_name("a client to be found");
    let mut ids = Vec::new();
    for who in [Caller::Identified(identity("ana")), Caller::Anonymous] {
        ids.push(sessions.create(&who, state()).await.expect("room"));
    }
    drop(sessions);

    let file = fs::read(&path).expect("it is there");
    let holds = |secret: &[u8]| file.windows(secret.len()).any(|window| window == secret);
    assert!(holds(b"a client to be found"), "it is this file, and readable");
    assert!(ids.iter().all(|id| holds(id.key().as_bytes())), "keys are digests");
    for id in &ids {
        let hex = id.expose_hex();
        let bytes: Vec<u8> = (0..64)
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal"))
            .collect();
        assert!(!holds(&hex.as_bytes()[..16]) && !holds(&bytes[..8]));
    }
    let ana = identity("ana");
    for claim in [ana.issuer(), ana.tenant(), ana.client(), ana.subject()] {
        assert!(!holds(claim.expect("all four are there").as_bytes()));
    }
}

#[tokio::test]
async fn uses_are_there_after_an_orderly_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, clock, policy) = (folder.path().join(SESSIONS), ManualClock::default(), Policy::default());
    clock.set_ms(1_000_000);
    let open = || FileStore::open_with_clock(&path, &policy, clock.clone()).expect("it opens");
    let store = open();
    let key = create(&store).await.expect("it is written");
    clock.advance(Duration::from_secs(250));
    store.validate(&key, caller(), true, &policy).await.expect("memory answers");
    drop(store);
    clock.advance(policy.idle_timeout());
    let store = open();
    assert!(is_open(&store, &key).await, "it was used: it has the whole idle timeout");
    drop(store);
    clock.advance(Duration::from_millis(1));
    let store = open();
    assert!(!is_open(&store, &key).await, "the time in which nothing ran counts");
    assert_eq!(store.count().await.expect("memory answers"), 0);
}

/// A first use gives a session the longer of the two timeouts: it is in the file before long, whoever is killed.
#[tokio::test]
async fn a_first_use_is_written_without_waiting_for_the_interval() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, copy) = (folder.path().join(SESSIONS), folder.path().join("copy"));
    let (clock, policy) = (ManualClock::default(), Policy::default());
    let store = FileStore::open_with_clock(&path, &policy, clock.clone()).expect("it opens");
    let key = create(&store).await.expect("it is written");
    store.validate(&key, caller(), true, &policy).await.expect("memory answers");
    // Waits for the commit behind the one of the first use.
    create(&store).await.expect("it is written");
    create(&store).await.expect("it is written");
    fs::copy(&path, &copy).expect("it is there");
    clock.advance(policy.unused_timeout() * 2);
    let killed = FileStore::open_with_clock(&copy, &policy, clock.clone()).expect("it opens");
    assert!(is_open(&killed, &key).await, "it was used");
    assert_eq!(killed.count().await.expect("memory answers"), 1, "the others were not");
}

/// Who asks for an end a second time is answered no sooner than the first end is in the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_end_waits_for_the_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, copy) = (folder.path().join(SESSIONS), folder.path().join("copy"));
    let store = Arc::new(FileStore::open(&path, &policy()).expect("it opens"));
    for round in 0..40 {
        let key = create(&*store).await.expect("it is written");
        let first = tokio::spawn({
            let store = Arc::clone(&store);
            async move { store.terminate(&key, caller(), &policy()).await }
        });
        loop {
            let verdict = store.terminate(&key, caller(), &policy()).await.expect("it is written");
            if matches!(verdict, Verdict::Unknown | Verdict::Valid(_)) {
                break;
            }
        }
        fs::copy(&path, &copy).expect("it is there");
        let killed = FileStore::open(&copy, &policy()).expect("it opens");
        assert!(!is_open(&killed, &key).await, "round {round}: it came back");
        drop(killed);
        first.await.expect("it ends").expect("it is written");
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_no_session_live_longer() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, clock, policy) = (folder.path().join(SESSIONS), ManualClock::default(), Policy::default());
    let open = || FileStore::open_with_clock(&path, &policy, clock.clone()).expect("it opens");
    clock.set_ms(1_000_000_000);
    let store = open();
    let key = create(&store).await.expect("it is written");
    drop(store);
    clock.set_ms(5);
    let store = open();
    assert!(is_open(&store, &key).await);
    clock.advance(policy.unused_timeout() + Duration::from_millis(1));
    assert!(!is_open(&store, &key).await, "it counts from when it was opened again");
}

#[test]
fn a_file_has_one_store_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new/folder/sessions");
    let first = FileStore::open(&path, &policy()).expect("it opens, and makes the folder");
    let second = FileStore::open(&path, &policy()).expect_err("it is in use");
    assert!(matches!(second, FileStoreError::InUse { .. }), "{second:?}");
    let text = second.to_string();
    assert!(text.contains("is in use by another process") && text.contains("Redis"), "{text}");
    #[cfg(unix)]
    {
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).expect("it is there").permissions());
        assert_eq!(mode & 0o777, 0o600, "nobody else reads it");
    }
    drop(first);
    FileStore::open(&path, &policy()).expect("it was let go");
}

#[test]
fn a_newer_format_is_refused_by_name_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(SESSIONS);
    drop(FileStore::open(&path, &policy()).expect("it opens"));
    let database = redb::Database::open(&path).expect("it is a database");
    let writing = database.begin_write().expect("it can be written");
    let meta: redb::TableDefinition<'_, &str, u64> = redb::TableDefinition::new("meta");
    writing.open_table(meta).expect("it is there").insert("format", 2).expect("it can be written");
    writing.commit().expect("it can be written");
    drop(database);
    let error = FileStore::open(&path, &policy()).expect_err("it is newer");
    assert!(matches!(error, FileStoreError::Newer { found: 2, known: 1, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("is of format 2 and this version knows up to 1"), "{text}");
    assert!(matches!(FileStore::open(&path, &policy()), Err(FileStoreError::Newer { found: 2, .. })));
}

#[test]
fn what_is_no_session_file_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(SESSIONS);
    for text in ["no database at all".to_owned(), "x".repeat(100_000)] {
        fs::write(&path, &text).expect("it is written");
        let error = FileStore::open(&path, &policy()).expect_err("it is something else");
        assert!(matches!(error, FileStoreError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().contains("move it away"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), text);
    }
    let error = FileStore::open(folder.path(), &policy()).expect_err("it is a folder");
    assert!(matches!(error, FileStoreError::Io { .. }), "{error:?}");
}

#[tokio::test]
async fn a_flipped_byte_is_found_or_harmless() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, flipped) = (folder.path().join(SESSIONS), folder.path().join("flipped"));
    let store = FileStore::open(&path, &policy()).expect("it opens");
    let mut keys = Vec::new();
    for _ in 0..20 {
        keys.push(create(&store).await.expect("it is written"));
    }
    drop(store);
    let whole = fs::read(&path).expect("it is there");
    let used = whole.iter().rposition(|byte| *byte != 0).expect("it is not empty");
    let mut damaged = 0;
    for at in (0..=used).step_by(used / 400) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        fs::write(&flipped, bytes).expect("it is written");
        match FileStore::open(&flipped, &policy()) {
            Ok(store) => {
                for key in &keys {
                    assert!(is_open(&store, key).await, "byte {at}: a session is lost without a word");
                }
            }
            Err(FileStoreError::Damaged { .. } | FileStoreError::Io { .. }) => damaged += 1,
            Err(other) => panic!("byte {at}: {other:?}"),
        }
    }
    assert!(damaged > 0, "no flip has met anything");
}

/// With no room left: no new session, those there are served; with room again, as before.
async fn survives_a_full_disk(fill: impl Fn(), clear: impl Fn()) {
    let store = FileStore::open(Path::new("small").join(SESSIONS), &policy()).expect("it opens");
    let (stays, ends) = (create(&store).await.expect("room"), create(&store).await.expect("room"));
    fill();
    let mut made = Vec::new();
    let error = loop {
        match create(&store).await {
            Ok(key) => made.push(key),
            Err(error) => break error,
        }
        assert!(made.len() < 100_000, "the disk is never full");
    };
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    assert!(cause.contains("the session file cannot be written"), "{error}: {cause}");
    for _ in 0..3 {
        create(&store).await.expect_err("it is still full");
        assert!(is_open(&store, &stays).await, "what is there is served");
        let second = FileStore::open(Path::new("small").join(SESSIONS), &policy()).expect_err("it is in use");
        assert!(matches!(second, FileStoreError::InUse { .. }), "{second:?}");
    }
    let before = store.count().await.expect("memory answers");
    assert_eq!(before, made.len() + 2, "what could not be kept is not there");
    // Either it is written, or whoever asked is told that it was not: but nobody gets in any more.
    let ended = store.terminate(&ends, caller(), &policy()).await;
    assert!(!is_open(&store, &ends).await, "{ended:?}");
    clear();
    let late = loop {
        match create(&store).await {
            Ok(key) => break key,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await, // it looks every second
        }
    };
    drop(store);
    let store = FileStore::open(Path::new("small").join(SESSIONS), &policy()).expect("it opens");
    for key in made.iter().chain([&stays, &late]) {
        assert!(is_open(&store, key).await, "a session is lost");
    }
    assert!(!is_open(&store, &ends).await, "an ended session came back");
    assert_eq!(store.count().await.expect("memory answers"), made.len() + 2);
}

#[test]
fn a_full_disk_refuses_new_sessions_and_serves_the_others() {
    const MOUNTED: &str = "the small file system is there";
    if Path::new(MARK).exists() {
        println!("{MOUNTED}");
        let filler = Path::new("small/filler");
        let fill = || {
            let mut file = File::create(filler).expect("it can be made");
            while file.write_all(&[0; 4096]).is_ok() {}
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().expect("a runtime");
        return runtime
            .block_on(survives_a_full_disk(fill, || fs::remove_file(filler).expect("it is there")));
    }
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("small")).expect("a folder");
    // A mount that only this process and its children see, and that goes away with them.
    let script = "exec unshare --map-root-user --mount \
                  sh -c 'mount -t tmpfs -o size=16m small small && exec \"$@\"' sh \"$@\"";
    let test = "file::a_full_disk_refuses_new_sessions_and_serves_the_others";
    let output = again(folder.path(), script, test).output().expect("there is a shell");
    if !told(&output).contains(MOUNTED) {
        // Past the test harness, which keeps what passing tests print to itself.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no small file system can be mounted here: a full disk of sessions"
        );
        return;
    }
    assert!(output.status.success(), "{}", told(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_at_once_ends_up_in_the_file_as_it_is_in_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(SESSIONS);
    let policy = policy().with_lazy_binding(true).with_max_per_identity(5).with_max_sessions(60);
    let clock = ManualClock::default();
    let store = Arc::new(FileStore::open_with_clock(&path, &policy, clock.clone()).expect("it opens"));
    let keys: Arc<Vec<_>> = Arc::new((0..40).map(|_| SessionId::random().key()).collect());
    let people = ["ana", "ben", "eva", "kim"].map(|who| identity(who).digest());
    let mut tasks = JoinSet::new();
    for task in 0..8_usize {
        let (store, keys, policy) = (Arc::clone(&store), Arc::clone(&keys), policy.clone());
        tasks.spawn(async move {
            for round in 0..150_usize {
                let key = &keys[(round * 7 + task) % keys.len()];
                let owner = people[(round / 3 + task) % people.len()];
                let caller = if round % 5 == 0 { CallerKey::Anonymous } else { CallerKey::Identified(owner) };
                let state = SessionState::default();
                match (round + task) % 6 {
                    0 => drop(store.validate(key, caller, true, &policy).await),
                    1 => drop(store.terminate(key, caller, &policy).await),
                    2 => drop(store.sweep(&policy).await),
                    3 if round % 50 == 0 => drop(store.terminate_all(&owner).await),
                    4 => drop(
                        store.create(&SessionId::random().key(), Binding::Bound(owner), state, &policy).await,
                    ),
                    _ => drop(store.get_or_create(key, caller, state, &policy).await),
                }
            }
        });
    }
    tasks.join_all().await;
    let mut before = Vec::new();
    for owner in &people {
        before.push(store.list(owner, &policy).await.expect("memory answers"));
    }
    let count = store.count().await.expect("memory answers");
    assert!(count > 0);
    drop(Arc::into_inner(store).expect("nobody has it"));
    let store = FileStore::open_with_clock(&path, &policy, clock).expect("it opens");
    assert_eq!(store.count().await.expect("memory answers"), count);
    for (owner, mut before) in people.iter().zip(before) {
        let mut after = store.list(owner, &policy).await.expect("memory answers");
        for list in [&mut before, &mut after] {
            list.sort_by_key(|summary| summary.fingerprint.to_string());
        }
        assert_eq!(before, after);
    }
}

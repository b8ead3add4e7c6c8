//! Session files as a store reads them back: one with bytes changed, and any bytes at all. Whatever is in them, the
//! store opens or says why not, and what it then holds it can tell, end and write again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp_sessions::{
    Binding, FileStore, FileStoreError, Identity, IdentityDigest, ManualClock, Policy, SessionKey,
    SessionState, SessionStore,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};
use tokio::runtime::{Builder, Runtime};

/// How many bytes of an input change one byte of the file.
const CHANGE: usize = 5;

struct World {
    runtime: Runtime,
    path: PathBuf,
    /// A file with a few sessions in it.
    whole: Vec<u8>,
    owner: IdentityDigest,
    _folder: tempfile::TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sessions");
    let owner = Identity::default().with_subject("ana").digest();
    let store = open(&path).expect("it opens");
    runtime.block_on(async {
        for number in 0..5 {
            create(&store, number, owner).await;
        }
    });
    drop(store);
    let whole = fs::read(&path).expect("it was written");
    World { runtime, path, whole, owner, _folder: folder }
});

/// The same every time, and within the time of every session.
fn open(path: &Path) -> Result<FileStore<ManualClock>, FileStoreError> {
    FileStore::open_with_clock(path, &Policy::default(), ManualClock::default())
}

async fn create(store: &FileStore<ManualClock>, number: u8, owner: IdentityDigest) {
    let key = SessionKey::from([number; 32]);
    let binding = Binding::Bound(owner);
    // A damaged file may be full, or not be writable any more.
    let _ = store.create(&key, binding, SessionState::default(), &Policy::default()).await;
}

fuzz_target!(|bytes: &[u8]| {
    let World { runtime, path, whole, owner, .. } = &*WORLD;
    let file = match bytes.split_first() {
        Some((0, changes)) => {
            let mut file = whole.clone();
            for change in changes.chunks_exact(CHANGE) {
                let at = u32::from_le_bytes([change[0], change[1], change[2], change[3]]) as usize;
                let at = at % file.len();
                file[at] ^= change[4];
            }
            file
        }
        _ => bytes.to_vec(),
    };
    fs::write(path, file).expect("it is written");
    let policy = Policy::default();
    let Ok(store) = open(path) else { return };
    runtime.block_on(async {
        let listed = store.list(owner, &policy).await.expect("memory answers");
        assert!(listed.len() <= store.count().await.expect("memory answers"));
        create(&store, u8::MAX, *owner).await;
        let _ = store.terminate_all(owner).await;
    });
});

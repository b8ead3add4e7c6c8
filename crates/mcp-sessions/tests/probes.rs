//! What becomes of more unknown ids than can be looked into.

use std::sync::Arc;
use std::time::Duration;

use mcp_sessions::store::{Adoption, Creation, Verdict};
use mcp_sessions::{
    Binding, CallerKey, IdentityDigest, Policy, SessionId, SessionKey, SessionState, SessionStore,
    SessionSummary, Sessions, StoreError,
};
use tokio::sync::Semaphore;

use crate::support::{Log, MINUTE, ben};

/// A store that keeps identities apart, and says that a session is an anonymous caller's when it is let.
struct Slow(Arc<Semaphore>);

const NOT_ASKED: &str = "no test asks for it";

impl SessionStore for Slow {
    async fn validate(
        &self,
        _: &SessionKey,
        _: CallerKey,
        _: bool,
        _: &Policy,
    ) -> Result<Verdict, StoreError> {
        Ok(Verdict::Unknown)
    }

    fn keeps_apart(&self) -> bool {
        true
    }

    async fn probe(&self, _: &SessionKey) -> Result<Option<Binding>, StoreError> {
        self.0.acquire().await.expect("it is not closed").forget();
        Ok(Some(Binding::Anonymous))
    }

    async fn create(
        &self,
        _: &SessionKey,
        _: Binding,
        _: SessionState,
        _: &Policy,
    ) -> Result<Creation, StoreError> {
        Err(StoreError::new("create a session", NOT_ASKED))
    }

    async fn get_or_create(
        &self,
        _: &SessionKey,
        _: CallerKey,
        _: SessionState,
        _: &Policy,
    ) -> Result<Adoption, StoreError> {
        Err(StoreError::new("resume or create a session", NOT_ASKED))
    }

    async fn terminate(&self, _: &SessionKey, _: CallerKey, _: &Policy) -> Result<Verdict, StoreError> {
        Err(StoreError::new("end a session", NOT_ASKED))
    }

    async fn terminate_all(&self, _: &IdentityDigest) -> Result<usize, StoreError> {
        Err(StoreError::new("end the sessions of an identity", NOT_ASKED))
    }

    async fn list(&self, _: &IdentityDigest, _: &Policy) -> Result<Vec<SessionSummary>, StoreError> {
        Err(StoreError::new("list sessions", NOT_ASKED))
    }

    async fn sweep(&self, _: &Policy) -> Result<usize, StoreError> {
        Err(StoreError::new("remove sessions past their time", NOT_ASKED))
    }

    async fn count(&self) -> Result<usize, StoreError> {
        Err(StoreError::new("count sessions", NOT_ASKED))
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_unknown_ids_is_reported_once_a_minute_with_their_number() {
    let log = Log::start();
    let answers = Arc::new(Semaphore::new(0));
    let sessions = Sessions::new(Slow(Arc::clone(&answers)), Policy::default()).expect("a policy");
    let send = async |count| {
        for _ in 0..count {
            let id = SessionId::random().expose_hex();
            sessions.validate(&id, &ben()).await.expect_err("it is unknown");
        }
    };
    let alerts = |log: &str| log.matches("possible session hijack").count();

    send(4_096 + 7).await;
    tokio::time::sleep(MINUTE / 2).await;
    send(3).await;
    assert!(!log.take().contains("not_looked_into"));
    tokio::time::sleep(MINUTE / 2 + Duration::from_millis(1)).await;
    let told = log.take();
    let missed: Vec<_> = told.lines().filter(|line| line.contains("not_looked_into")).collect();
    assert!(
        matches!(&missed[..], [line] if line.contains("WARN") && line.contains("10 unknown ids")),
        "{missed:?}"
    );
    assert_eq!(alerts(&told), 0);

    // Whoever waits is looked into, and then there is room for others.
    answers.add_permits(4_096 + 5);
    tokio::time::sleep(MINUTE).await;
    send(5).await;
    tokio::time::sleep(MINUTE * 2).await;
    let told = log.take();
    assert_eq!((alerts(&told), told.contains("not_looked_into")), (4_096 + 5, false));
}

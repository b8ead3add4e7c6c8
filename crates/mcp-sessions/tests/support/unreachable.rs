//! A store that cannot be reached, or for nothing but the one question that is asked in the background.

use std::sync::Arc;

use mcp_sessions::store::{Adoption, Creation, Verdict};
use mcp_sessions::{
    Binding, CallerKey, IdentityDigest, Policy, SessionKey, SessionState, SessionStore, SessionSummary,
    StoreError,
};
use tokio::sync::Semaphore;

#[derive(Default)]
pub(crate) struct Unreachable {
    probes: Option<Arc<Semaphore>>,
}

impl Unreachable {
    /// One that keeps identities apart: it knows no session of any caller, and says that one is an anonymous caller's
    /// as often as there are permits.
    pub(crate) fn but_for(probes: Arc<Semaphore>) -> Self {
        Self { probes: Some(probes) }
    }
}

fn unreachable<T>(action: &'static str) -> Result<T, StoreError> {
    Err(StoreError::new(action, "connection refused"))
}

impl SessionStore for Unreachable {
    async fn create(
        &self,
        _: &SessionKey,
        _: Binding,
        _: SessionState,
        _: &Policy,
    ) -> Result<Creation, StoreError> {
        unreachable("create a session")
    }

    async fn validate(
        &self,
        _: &SessionKey,
        _: CallerKey,
        _: bool,
        _: &Policy,
    ) -> Result<Verdict, StoreError> {
        if self.keeps_apart() { Ok(Verdict::Unknown) } else { unreachable("validate a session") }
    }

    async fn get_or_create(
        &self,
        _: &SessionKey,
        _: CallerKey,
        _: SessionState,
        _: &Policy,
    ) -> Result<Adoption, StoreError> {
        unreachable("adopt a session")
    }

    async fn terminate(&self, _: &SessionKey, _: CallerKey, _: &Policy) -> Result<Verdict, StoreError> {
        unreachable("end a session")
    }

    async fn terminate_all(&self, _: &IdentityDigest) -> Result<usize, StoreError> {
        unreachable("end sessions")
    }

    async fn list(&self, _: &IdentityDigest, _: &Policy) -> Result<Vec<SessionSummary>, StoreError> {
        unreachable("list sessions")
    }

    async fn sweep(&self, _: &Policy) -> Result<usize, StoreError> {
        unreachable("sweep sessions")
    }

    fn keeps_apart(&self) -> bool {
        self.probes.is_some()
    }

    async fn probe(&self, _: &SessionKey) -> Result<Option<Binding>, StoreError> {
        let Some(probes) = &self.probes else { return unreachable("tell to whom a session belongs") };
        probes.acquire().await.expect("it is not closed").forget();
        Ok(Some(Binding::Anonymous))
    }

    async fn count(&self) -> Result<usize, StoreError> {
        unreachable("count sessions")
    }
}

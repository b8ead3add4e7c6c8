//! A store that fails when it is told to, before it does what it is asked for or after, and tells what it was asked.

use std::sync::Arc;

use mcp_sessions::store::{Adoption, Creation, Verdict};
use mcp_sessions::{
    Binding, CallerKey, IdentityDigest, Policy, SessionKey, SessionState, SessionStore, SessionSummary,
    StoreError,
};
use parking_lot::Mutex;

/// When the next call fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// Nothing was done.
    Before,
    /// It was done, and the answer lost.
    After,
}

/// What is to fail, and what was asked. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    planned: Option<Fault>,
    asked: Vec<&'static str>,
}

impl Faults {
    pub(crate) fn plan(&self, how: Fault) {
        self.0.lock().planned = Some(how);
    }

    /// The verbs that were asked since the last call.
    pub(crate) fn take_asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().asked)
    }

    /// What the next call that can fail will meet.
    pub(crate) fn planned(&self) -> Option<Fault> {
        self.0.lock().planned
    }

    async fn around<T>(
        &self,
        verb: &'static str,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let fault = {
            let mut state = self.0.lock();
            state.asked.push(verb);
            state.planned.take()
        };
        let failed = || Err(StoreError::new("do it", "it was told to fail"));
        match fault {
            None => call.await,
            Some(Fault::Before) => failed(),
            Some(Fault::After) => {
                call.await?;
                failed()
            }
        }
    }
}

/// A store, and what makes it fail. Lists, sweeps and counts never do.
pub(crate) struct Faulty<S> {
    store: S,
    faults: Faults,
}

impl<S> Faulty<S> {
    pub(crate) fn new(store: S, faults: Faults) -> Self {
        Self { store, faults }
    }
}

impl<S: SessionStore> SessionStore for Faulty<S> {
    async fn create(
        &self,
        key: &SessionKey,
        binding: Binding,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Creation, StoreError> {
        self.faults.around("create", self.store.create(key, binding, state, policy)).await
    }

    async fn validate(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        touch: bool,
        policy: &Policy,
    ) -> Result<Verdict, StoreError> {
        self.faults.around("validate", self.store.validate(key, caller, touch, policy)).await
    }

    async fn get_or_create(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        state: SessionState,
        policy: &Policy,
    ) -> Result<Adoption, StoreError> {
        self.faults.around("get_or_create", self.store.get_or_create(key, caller, state, policy)).await
    }

    async fn terminate(
        &self,
        key: &SessionKey,
        caller: CallerKey,
        policy: &Policy,
    ) -> Result<Verdict, StoreError> {
        self.faults.around("terminate", self.store.terminate(key, caller, policy)).await
    }

    async fn terminate_all(&self, identity: &IdentityDigest) -> Result<usize, StoreError> {
        self.faults.around("terminate_all", self.store.terminate_all(identity)).await
    }

    async fn list(
        &self,
        identity: &IdentityDigest,
        policy: &Policy,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        self.store.list(identity, policy).await
    }

    async fn sweep(&self, policy: &Policy) -> Result<usize, StoreError> {
        self.store.sweep(policy).await
    }

    async fn count(&self) -> Result<usize, StoreError> {
        self.store.count().await
    }
}

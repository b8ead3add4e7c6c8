//! The tower layer and its service.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tower::{Layer, Service};

use super::BoxError;
use super::body::SessionBody;
use super::gate::{Gate, Limits};
use super::in_flight::InFlight;
use crate::{Face, SessionStore, Sessions};

/// Puts sessions in front of an MCP engine. [The module](crate::http) says what it does with a request.
#[derive(Debug)]
pub struct SessionLayer<S> {
    gate: Arc<Gate<S>>,
    limits: Limits,
}

impl<S: SessionStore> SessionLayer<S> {
    /// A layer over these sessions that reads bodies of up to 1 MiB for up to 30 seconds, and runs up
    /// to 64 requests of one session at once. Starts the background task that
    /// keeps sessions alive while their requests run; it ends with the layer and its services.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn new(sessions: Sessions<S>) -> Self {
        let gate = Arc::new(Gate { sessions, in_flight: Arc::new(InFlight::default()) });
        tokio::spawn(renew_until_dropped(Arc::downgrade(&gate)));
        Self { gate, limits: Limits::default() }
    }

    /// Answers 413 to requests with a longer body.
    #[must_use]
    pub fn with_max_body_bytes(mut self, max_body_bytes: usize) -> Self {
        self.limits.max_body_bytes = max_body_bytes;
        self
    }

    /// Answers 408 to requests whose body has not arrived in whole after this long, and asks for
    /// their connection to be closed.
    #[must_use]
    pub fn with_body_timeout(mut self, body_timeout: Duration) -> Self {
        self.limits.body_timeout = body_timeout;
        self
    }

    /// Answers 503 to a request when this many of its session are running, those whose client is
    /// gone included.
    #[must_use]
    pub fn with_max_in_flight(mut self, max_in_flight: usize) -> Self {
        self.limits.max_in_flight = max_in_flight;
        self
    }
}

impl<S> Clone for SessionLayer<S> {
    fn clone(&self) -> Self {
        Self { gate: Arc::clone(&self.gate), limits: self.limits }
    }
}

impl<S, Inner> Layer<Inner> for SessionLayer<S> {
    type Service = SessionService<Inner, S>;

    fn layer(&self, inner: Inner) -> Self::Service {
        SessionService { inner, gate: Arc::clone(&self.gate), limits: self.limits }
    }
}

/// An MCP engine with sessions in front. Made by [`SessionLayer`].
#[derive(Debug)]
pub struct SessionService<Inner, S> {
    inner: Inner,
    gate: Arc<Gate<S>>,
    limits: Limits,
}

impl<Inner: Clone, S> Clone for SessionService<Inner, S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), gate: Arc::clone(&self.gate), limits: self.limits }
    }
}

impl<Inner, S, B, B2> Service<Request<B>> for SessionService<Inner, S>
where
    Inner: Service<Request<Full<Bytes>>, Response = Response<B2>> + Clone + Send + 'static,
    Inner::Future: Send,
    Inner::Error: Into<BoxError>,
    S: SessionStore,
    B: Body<Data = Bytes> + Send + 'static,
    B2: Body<Data = Bytes> + Send + 'static,
    B2::Error: Into<BoxError>,
{
    type Response = Response<SessionBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    /// Always ready: many requests never reach the engine, and those that do wait for it on their way.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (gate, inner, limits) = (Arc::clone(&self.gate), self.inner.clone(), self.limits);
        Box::pin(async move { Ok(gate.pass(inner, request, limits).await) })
    }
}

/// Counts every running request as a use of its session, four times per idle timeout. What runs in a session
/// that was ended, on another replica or by the host, is cancelled; what runs in one that has lived its
/// time may finish.
async fn renew_until_dropped<S: SessionStore>(gate: Weak<Gate<S>>) {
    let Some(period) = gate.upgrade().map(|gate| gate.sessions.policy().idle_timeout() / 4) else { return };
    let period = period.max(Duration::from_millis(1));
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(gate) = gate.upgrade() else { return };
        for (theirs, caller) in gate.in_flight.sessions() {
            let refused = gate.sessions.look(theirs.0, &caller, theirs.1, true).await.err();
            if refused.is_some_and(|rejection| rejection.face() == Face::NotFound) {
                gate.in_flight.cancel_all(&theirs);
            }
        }
    }
}

//! Requests that outlive their connection.
//!
//! To a client with sessions, losing the connection is not a cancellation: its request runs to
//! its end. As long as the client is there, nothing is spawned or buffered; when hyper drops what it
//! was working on, the rest of the work moves to a task of its own. There it goes on to its end, or until
//! it is cancelled: then nobody is left who wants it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::thread;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::runtime::Handle;
use tokio::task::consume_budget;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::BoxError;
use super::body::SessionBody;
use super::in_flight::Call;

/// A future that goes on in a task of its own when it is dropped before its end.
pub(super) struct Outlive<T: Send + 'static> {
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    cancelled: CancellationToken,
}

impl<T: Send> Outlive<T> {
    /// `cancelled` ends the work once nobody waits for it here any more.
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static, cancelled: CancellationToken) -> Self {
        Self { work: Some(Box::pin(work)), cancelled }
    }
}

impl<T: Send> Future for Outlive<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let Some(work) = &mut self.work else { return Poll::Pending };
        let output = work.as_mut().poll(cx);
        if output.is_ready() {
            self.work = None;
        }
        output
    }
}

impl<T: Send> Drop for Outlive<T> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            finish(work, self.cancelled.clone());
        }
    }
}

/// A response's body that holds its request's entry until it has ended, and is read to its end
/// or its cancellation when nobody takes it any more.
pub(super) struct RunningBody {
    body: Option<SessionBody>,
    call: Option<Call>,
    /// Ends the body with its session.
    ended: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

impl RunningBody {
    pub(super) fn new(body: SessionBody, call: Call) -> Self {
        let mut running = Self { body: Some(body), call: Some(call), ended: None };
        running.release_if_ended();
        running.ended = running.call.as_ref().map(|call| Box::pin(call.ended().clone().cancelled_owned()));
        running
    }

    fn release_if_ended(&mut self) {
        if self.body.as_ref().is_none_or(Body::is_end_stream) {
            self.call = None;
        }
    }
}

impl Body for RunningBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(cx);
        let ended = polled.is_pending()
            && self.ended.as_mut().is_some_and(|ended| ended.as_mut().poll(cx).is_ready());
        if ended || matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        self.release_if_ended();
        if ended { Poll::Ready(None) } else { polled }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for RunningBody {
    fn drop(&mut self) {
        let Some(mut body) = self.body.take() else { return };
        // A body of known length is complete already: nobody is working on it.
        if body.is_end_stream() || body.size_hint().exact().is_some() {
            return;
        }
        let Some(call) = self.call.take() else { return };
        let cancelled = call.cancellation().token().clone();
        let drain = async move {
            while let Some(Ok(_)) = body.frame().await {
                consume_budget().await; // a stream that never has to wait lets others run as well
            }
            drop(call);
        };
        finish(drain, cancelled);
    }
}

/// The outcome of the work, or `None` when it is cancelled first. Then the work is given one more turn, to see that for
/// itself, and dropped.
pub(super) async fn until<T>(work: impl Future<Output = T>, cancelled: &CancellationToken) -> Option<T> {
    let (mut work, mut cancelled) = (pin!(work), pin!(cancelled.cancelled()));
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => cancelled.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// Finishes what a connection left, unless it ended in a panic or the runtime is going away.
fn finish<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static, cancelled: CancellationToken) {
    if !thread::panicking()
        && let Ok(runtime) = Handle::try_current()
    {
        runtime.spawn(async move { until(work, &cancelled).await });
    }
}

//! The MCP engine behind the layer, as the layer sees it.

use std::future::poll_fn;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower::Service;

use super::body::{self, SessionBody};
use super::{BoxError, SESSION_ID, answer};
use crate::sessions::TARGET;

/// Something that answers every request. Any HTTP service is one: its failure is an answer too.
pub(super) trait Engine: Send + 'static {
    /// Hands a request on. Ids are given out by the layer and nowhere else: one that the engine made
    /// is left out of its response.
    fn answer(self, request: Request<Full<Bytes>>) -> impl Future<Output = Response<SessionBody>> + Send;
}

impl<T, B> Engine for T
where
    T: Service<Request<Full<Bytes>>, Response = Response<B>> + Send + 'static,
    T::Future: Send,
    T::Error: Into<BoxError>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    async fn answer(mut self, request: Request<Full<Bytes>>) -> Response<SessionBody> {
        let ready: Result<(), BoxError> = poll_fn(|cx| self.poll_ready(cx).map_err(Into::into)).await;
        let outcome = match ready {
            Ok(()) => self.call(request).await.map_err(Into::into),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(mut response) => {
                response.headers_mut().remove(SESSION_ID);
                response.map(body::boxed)
            }
            Err(error) => {
                tracing::error!(target: TARGET, cause = error, "the engine behind the session layer failed");
                answer::internal()
            }
        }
    }
}

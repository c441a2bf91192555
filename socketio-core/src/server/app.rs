//! What can stand beside the Socket.IO server on one port.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::body::Incoming;

use crate::BoxError;

/// The HTTP application that [`run`](crate::SocketIo::run) serves beside Socket.IO: any tower or hyper service that takes
/// `Request<hyper::body::Incoming>` and can be cloned (an axum `Router`, say), or `()` for none.
///
/// `M` is found by the compiler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be served beside Socket.IO",
    label = "neither a tower service, nor a hyper service, nor `()`",
    note = "it must be `Clone`, take `http::Request<hyper::body::Incoming>`, and answer with a body of `Bytes`; an axum `Router` does once its state is given (`.with_state(..)`)"
)]
pub trait App<M>: Clone + Send + 'static {
    #[doc(hidden)]
    type Body: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static;

    #[doc(hidden)]
    fn call(
        self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Self::Body>, BoxError>> + Send;
}

/// Markers, one for each kind of application.
#[derive(Debug)]
pub struct Nothing;
/// See [`Nothing`].
#[derive(Debug)]
pub struct Tower;
/// See [`Nothing`].
#[derive(Debug)]
pub struct Hyper;

/// What answers a request: the engine, or the application.
pub(super) type AppBody<B> = Either<Full<Bytes>, B>;

/// There is nothing here.
pub(super) fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"Not Found")));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

impl App<Nothing> for () {
    type Body = Full<Bytes>;

    async fn call(self, _request: Request<Incoming>) -> Result<Response<Self::Body>, BoxError> {
        Ok(not_found())
    }
}

impl<S, B> App<Tower> for S
where
    S: tower_service::Service<Request<Incoming>, Response = Response<B>, Future: Send>
        + Clone
        + Send
        + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Body = B;

    async fn call(mut self, request: Request<Incoming>) -> Result<Response<B>, BoxError> {
        std::future::poll_fn(|cx| self.poll_ready(cx))
            .await
            .map_err(Into::into)?;
        tower_service::Service::call(&mut self, request)
            .await
            .map_err(Into::into)
    }
}

impl<S, B> App<Hyper> for S
where
    S: hyper::service::Service<Request<Incoming>, Response = Response<B>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Body = B;

    async fn call(self, request: Request<Incoming>) -> Result<Response<B>, BoxError> {
        hyper::service::Service::call(&self, request)
            .await
            .map_err(Into::into)
    }
}

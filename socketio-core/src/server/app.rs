//! What can stand beside the Socket.IO server on one port.

use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;

use crate::base::BoxError;

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
    fn call(self, request: Request<Incoming>) -> AppResponse;

    /// Whether Socket.IO's requests are the application's too.
    #[doc(hidden)]
    fn is_layered(&self) -> bool {
        false
    }
}

/// An application that holds the server's [`layer`](crate::SocketIo::layer) itself, so that layers of its own (sessions,
/// authentication, metrics) lie around Socket.IO too:
///
/// ```text
/// let app = Router::new().route(..).layer(io.layer()).layer(sessions);
/// io.run(Layered(app), "127.0.0.1:5000").await
/// ```
///
/// Otherwise Socket.IO's requests are answered before the application sees them.
#[derive(Clone, Copy, Debug)]
pub struct Layered<A>(pub A);

/// Markers, one for each kind of application.
#[derive(Debug)]
pub struct Nothing;
/// See [`Nothing`].
#[derive(Debug)]
pub struct Tower;
/// See [`Nothing`].
#[derive(Debug)]
pub struct Hyper;

/// See [`Nothing`].
#[derive(Debug)]
pub struct InLayers<M>(std::marker::PhantomData<M>);

/// What went wrong in the application. A type of its own, because the compiler can't see that a future is `Send` in which a
/// `Box<dyn Error>` is converted into itself.
#[derive(Debug)]
pub struct AppError(BoxError);

impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for AppError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// The answer of an application, erased: applications differ in what their bodies are.
#[expect(unreachable_pub, reason = "part of a public trait's hidden method")]
pub type AppResponse = Pin<
    Box<dyn Future<Output = Result<Response<UnsyncBoxBody<Bytes, AppError>>, AppError>> + Send>,
>;

fn erase<B, E>(
    response: Result<Response<B>, E>,
) -> Result<Response<UnsyncBoxBody<Bytes, AppError>>, AppError>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    E: Into<BoxError>,
{
    let response = response.map_err(|error| AppError(error.into()))?;
    Ok(response.map(|body| body.map_err(|error| AppError(error.into())).boxed_unsync()))
}

/// There is nothing here.
pub(super) fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"Not Found")));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

impl App<Nothing> for () {
    fn call(self, _request: Request<Incoming>) -> AppResponse {
        Box::pin(std::future::ready(erase(Ok::<_, BoxError>(not_found()))))
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
    fn call(mut self, request: Request<Incoming>) -> AppResponse {
        Box::pin(async move {
            std::future::poll_fn(|cx| self.poll_ready(cx))
                .await
                .map_err(|error| AppError(error.into()))?;
            erase(tower_service::Service::call(&mut self, request).await)
        })
    }
}

impl<S, B> App<Hyper> for S
where
    S: hyper::service::Service<Request<Incoming>, Response = Response<B>, Future: Send + 'static>
        + Clone
        + Send
        + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    fn call(self, request: Request<Incoming>) -> AppResponse {
        let response = hyper::service::Service::call(&self, request);
        Box::pin(async move { erase(response.await) })
    }
}

impl<M, A: App<M>> App<InLayers<M>> for Layered<A> {
    fn call(self, request: Request<Incoming>) -> AppResponse {
        self.0.call(request)
    }

    fn is_layered(&self) -> bool {
        true
    }
}

//! HTTP applications that are served beside Socket.IO on one port.
//!
//! `run` and `serve` pass every request that is not for Socket.IO to an [`App`].

use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;

use crate::base::BoxError;

/// An HTTP application that [`run`](crate::SocketIo::run) serves beside Socket.IO: any tower or hyper service that takes
/// `Request<hyper::body::Incoming>` and can be cloned (an axum `Router`, for example), or `()` for none.
///
/// The compiler infers `M`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be served beside Socket.IO",
    label = "neither a tower service, nor a hyper service, nor `()`",
    note = "it must be `Clone`, take `http::Request<hyper::body::Incoming>`, and respond with a body of `Bytes`; an axum `Router` does once its state is given (`.with_state(..)`)"
)]
pub trait App<M>: Clone + Send + 'static {
    #[doc(hidden)]
    fn call(self, request: Request<Incoming>) -> AppResponse;

    /// Returns whether the application receives the requests for Socket.IO too.
    #[doc(hidden)]
    fn is_layered(&self) -> bool {
        false
    }
}

/// Wraps an application that contains the server's [`layer`](crate::SocketIo::layer), so that its own layers (sessions,
/// authentication, metrics) apply to Socket.IO too:
///
/// ```text
/// let app = Router::new().route(..).layer(io.layer()).layer(sessions);
/// io.run(Layered(app), "127.0.0.1:5000").await
/// ```
///
/// Without it, requests for Socket.IO don't reach the application.
#[derive(Clone, Copy, Debug)]
pub struct Layered<A>(pub A);

/// Marks `()` as an application. There is a marker for each kind.
#[derive(Debug)]
pub struct Nothing;
/// Marks tower services.
#[derive(Debug)]
pub struct Tower;
/// Marks hyper services.
#[derive(Debug)]
pub struct Hyper;

/// Marks applications in [`Layered`].
#[derive(Debug)]
pub struct InLayers<M>(std::marker::PhantomData<M>);

/// An error of the application. A newtype, because the compiler can't prove that a future is `Send` if it converts a
/// `Box<dyn Error>` into itself.
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

/// The response of an application, with the type of its body erased.
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

/// Returns the response 404.
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

//! The server as a tower service, for those who own their HTTP server.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::future::Either as EitherFuture;
use http::{Request, Response};
use http_body_util::{Either, Full};
use tower_layer::Layer;
use tower_service::Service;

use super::app::not_found;
use crate::{base::BoxError, client::SocketIo};

impl SocketIo {
    /// A layer that answers the requests for this server's path and hands on the others: `Router::new().layer(io.layer())`.
    ///
    /// All layers and services of one server share its sessions, however often they are cloned. The connection must be
    /// served with upgrades (axum's `serve` does; with hyper, `serve_connection(..).with_upgrades()`), or WebSocket fails.
    pub fn layer(&self) -> SocketIoLayer {
        SocketIoLayer(self.clone())
    }

    /// A service of its own; requests for other paths are answered 404.
    pub fn service(&self) -> SocketIoService<NotFound> {
        SocketIoService {
            io: self.clone(),
            inner: NotFound,
        }
    }

    /// Whether a request is for this server: its path, or anything below it.
    pub(super) fn is_for(&self, path: &str) -> bool {
        let own = &*self.node().options.path;
        path.starts_with(own) || path == &own[..own.len() - 1]
    }

    /// Answers a request for this server.
    pub(super) fn answer<B>(
        &self,
        request: Request<B>,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send + 'static
    where
        B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let (parts, body) = request.into_parts();
        if !self.node().options.handshake.concerns(&parts) {
            let request = Request::from_parts(parts, body);
            return EitherFuture::Left(self.node().engine.handle(request));
        }
        let node = Arc::clone(self.node());
        EitherFuture::Right(async move {
            // A page that may not be here is the engine's to refuse: nobody is asked about it.
            if let Some(grant) = node.engine.grant(&parts)
                && let Some(mut refusal) = node.options.handshake.refusal(&parts).await
            {
                grant.apply(false, refusal.headers_mut());
                return refusal;
            }
            node.engine.handle(Request::from_parts(parts, body)).await
        })
    }
}

/// Made by [`SocketIo::layer`].
#[derive(Clone, Debug)]
pub struct SocketIoLayer(SocketIo);

impl<S> Layer<S> for SocketIoLayer {
    type Service = SocketIoService<S>;

    fn layer(&self, inner: S) -> SocketIoService<S> {
        SocketIoService {
            io: self.0.clone(),
            inner,
        }
    }
}

/// Made by [`SocketIo::layer`] and [`SocketIo::service`].
#[derive(Clone, Debug)]
pub struct SocketIoService<S> {
    io: SocketIo,
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for SocketIoService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>, Future: Send + 'static>,
    ReqBody: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<Either<Full<Bytes>, ResBody>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        if self.io.is_for(request.uri().path()) {
            let answer = self.io.answer(request);
            Box::pin(async move { Ok(answer.await.map(Either::Left)) })
        } else {
            let answer = self.inner.call(request);
            Box::pin(async move { Ok(answer.await?.map(Either::Right)) })
        }
    }
}

/// Answers 404.
#[derive(Clone, Copy, Debug)]
pub struct NotFound;

impl<B> Service<Request<B>> for NotFound {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: Request<B>) -> Self::Future {
        std::future::ready(Ok(not_found()))
    }
}

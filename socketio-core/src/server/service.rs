//! The server as a tower layer and service, for programs with their own HTTP server.
//!
//! `run` uses the same code path: a request for the server's path goes to the engine, all others to the inner service.

use std::{
    convert::Infallible,
    future::{poll_fn, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{FutureExt, future::Either as EitherFuture};
use http::{Request, Response, request::Parts};
use http_body_util::{Either, Full};
use tower_layer::Layer;
use tower_service::Service;

use super::app::not_found;
use crate::{
    base::{BoxError, ResponseBody},
    client::SocketIo,
    history::HistoryRoutes,
};

/// Boxed, to keep the future of a poll small.
type BoxedResponse = Pin<Box<dyn Future<Output = Response<ResponseBody>> + Send>>;

impl SocketIo {
    /// Returns a layer that answers requests for this server's path and passes on the others:
    /// `Router::new().layer(io.layer())`.
    ///
    /// All layers and services of one server share its sessions, however often they are cloned. Connections must be served with
    /// upgrades (axum's `serve` does so; with hyper, `serve_connection(..).with_upgrades()`), or WebSocket fails.
    ///
    /// The timeouts of HTTP connections are those of the program's own server. It also has to insert a [`PeerAddr`](crate::PeerAddr) or
    /// [`UnixPeer`](crate::UnixPeer) into the extensions of requests: without it, no peer is a
    /// [trusted proxy](crate::SocketIoBuilder::trusted_proxies).
    ///
    /// Requests for Socket.IO never wait for the inner service to be ready. It is cloned and made ready for each of the other
    /// requests, so load shedding belongs inside of this layer.
    pub fn layer(&self) -> SocketIoLayer {
        SocketIoLayer(self.clone())
    }

    /// Returns a service that responds to requests for other paths with 404.
    pub fn service(&self) -> SocketIoService<NotFound> {
        SocketIoService {
            io: self.clone(),
            inner: NotFound,
        }
    }

    /// Returns whether a path belongs to this server.
    pub(super) fn is_for(&self, path: &str) -> bool {
        #[cfg(feature = "contract")]
        if self.is_for_contract(path) {
            return true;
        }
        let own = &*self.node().options.path;
        if path.starts_with(own) || path == &own[..own.len() - 1] {
            return true;
        }
        #[cfg(feature = "api")]
        if crate::api::ApiState::mounted_at(self, path).is_some() {
            return true;
        }
        HistoryRoutes::at(self, path).is_some()
    }

    /// Responds to a request for this server, for its API, or for its histories.
    pub(super) fn answer<B>(
        &self,
        request: Request<B>,
    ) -> impl Future<Output = Response<ResponseBody>> + Send + 'static
    where
        B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let (parts, body) = request.into_parts();
        if let Some(refusal) = self.node().engine.refuse_ambiguous(&parts) {
            let response = ready(refusal.map(ResponseBody::from));
            return EitherFuture::Left(Box::pin(response) as BoxedResponse);
        }
        let request = Request::from_parts(parts, body);
        #[cfg(feature = "api")]
        if let Some(api) = self.api_for(request.uri().path()) {
            let (io, (parts, body)) = (self.clone(), request.into_parts());
            let response =
                async move { api.answer(&io, parts, body).await.map(ResponseBody::from) };
            return EitherFuture::Left(Box::pin(response) as BoxedResponse);
        }
        if let Some(histories) = self.histories_for(request.uri().path()) {
            let (io, (parts, _)) = (self.clone(), request.into_parts());
            let response = async move { histories.answer(&io, parts).await };
            return EitherFuture::Left(Box::pin(response) as BoxedResponse);
        }
        let response = self.answer_client(request);
        EitherFuture::Right(response.map(|response| response.map(ResponseBody::from)))
    }

    /// Returns the histories, if a path is theirs. It is never below the path of Socket.IO.
    fn histories_for(&self, path: &str) -> Option<Arc<HistoryRoutes>> {
        match path.starts_with(&*self.node().options.path) {
            true => None,
            false => HistoryRoutes::at(self, path),
        }
    }

    /// Returns the API, if a path belongs to it. The contract is served beside it.
    #[cfg(feature = "api")]
    fn api_for(&self, path: &str) -> Option<Arc<crate::api::ApiState>> {
        #[cfg(feature = "contract")]
        if self.is_for_contract(path) {
            return None;
        }
        crate::api::ApiState::mounted_at(self, path)
    }

    /// Responds to a request of a Socket.IO client, or for the contract.
    fn answer_client<B>(
        &self,
        request: Request<B>,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send + 'static
    where
        B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let (mut parts, body) = request.into_parts();
        #[cfg(feature = "contract")]
        if let Some(response) = self.contract_page(&parts) {
            return EitherFuture::Left(EitherFuture::Left(ready(response)));
        }
        if let Some(response) = self.file(&parts) {
            return EitherFuture::Left(EitherFuture::Left(ready(response)));
        }
        if !self.node().options.handshake.concerns(&parts) {
            let request = Request::from_parts(parts, body);
            let response = self.node().engine.handle(request);
            return EitherFuture::Left(EitherFuture::Right(response));
        }
        let node = Arc::clone(self.node());
        EitherFuture::Right(async move {
            // The engine refuses pages of other origins, without a call of the hooks.
            let options = &node.options;
            let proxies = &options.engine.trusted_proxies;
            if let Some(grant) = node.engine.grant(&parts) {
                let mut refusal = node.engine.count_handshake(&mut parts);
                if refusal.is_none() {
                    refusal = options.handshake.refusal(&parts, proxies).await;
                }
                if let Some(mut refusal) = refusal {
                    grant.apply(false, refusal.headers_mut());
                    return refusal;
                }
            }
            node.engine.handle(Request::from_parts(parts, body)).await
        })
    }

    /// Responds to a request for a file of the client. The engine refuses pages of other origins.
    fn file(&self, request: &Parts) -> Option<Response<Full<Bytes>>> {
        let files = self.node().files.as_ref()?;
        let mut response = files(request)?;
        let grant = self.node().engine.grant(request)?;
        grant.apply(false, response.headers_mut());
        Some(response)
    }
}

/// A layer that adds Socket.IO to a service. Created by [`SocketIo::layer`].
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

/// A service that responds to Socket.IO requests and passes others to an inner service. Created by [`SocketIo::layer`] and
/// [`SocketIo::service`].
#[derive(Clone, Debug)]
pub struct SocketIoService<S> {
    io: SocketIo,
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for SocketIoService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>, Future: Send>
        + Clone
        + Send
        + 'static,
    ReqBody: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<Either<ResponseBody, ResBody>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    /// Always ready: requests for Socket.IO don't wait for the inner service, which is made ready for each of its own requests.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        if self.io.is_for(request.uri().path()) {
            let response = self.io.answer(request);
            Box::pin(async move { Ok(response.await.map(Either::Left)) })
        } else {
            let mut inner = self.inner.clone();
            Box::pin(async move {
                poll_fn(|cx| inner.poll_ready(cx)).await?;
                Ok(inner.call(request).await?.map(Either::Right))
            })
        }
    }
}

/// Responds with 404.
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
        ready(Ok(not_found()))
    }
}

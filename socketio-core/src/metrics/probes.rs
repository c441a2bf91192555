//! [`Probes`]: `/live`, `/ready` and `/metrics` as an HTTP service.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use tower_service::Service;

use super::Metrics;
use crate::client::SocketIo;

impl SocketIo {
    /// Returns an HTTP service for operators: `/live` and `/ready` for probes, and `/metrics` for Prometheus. Other paths are
    /// answered with 404.
    ///
    /// It can be the application of [`run`](SocketIo::run), or a service of a router: in axum
    /// `Router::new().fallback_service(io.probes())`. Anyone who can reach it can read the names of handlers: serve it on a
    /// separate port, or let the proxy refuse `/metrics` from outside.
    pub fn probes(&self) -> Probes {
        Probes(self.clone())
    }
}

/// An HTTP service with `/live`, `/ready` and `/metrics`. Created by [`SocketIo::probes`].
#[derive(Clone, Debug)]
pub struct Probes(SocketIo);

impl Probes {
    fn respond(&self, method: &Method, path: &str) -> Response<String> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return with_status(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
        }
        match path {
            "/live" => self.0.health().live_response(),
            "/ready" => self.0.health().ready_response(),
            "/metrics" => {
                let mut response = Response::new(self.0.metrics().to_prometheus());
                let content_type = HeaderValue::from_static(Metrics::PROMETHEUS_CONTENT_TYPE);
                let headers = response.headers_mut();
                headers.insert(header::CONTENT_TYPE, content_type);
                response
            }
            _ => with_status(StatusCode::NOT_FOUND, "Not Found"),
        }
    }
}

fn with_status(status: StatusCode, text: &str) -> Response<String> {
    let mut response = Response::new(text.to_owned());
    *response.status_mut() = status;
    response
}

impl<B> Service<Request<B>> for Probes {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.respond(request.method(), request.uri().path())))
    }
}

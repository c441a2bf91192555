//! [`ApiService`]: the API as a tower service, for the application's own router.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use super::ApiState;
use crate::{base::BoxError, client::SocketIo};

impl SocketIo {
    /// Returns the [HTTP API](crate::Api) as a service for a router: in axum
    /// `Router::new().nest_service("/operators", io.api_service())`. Build the server with
    /// [`Api::mounted(false)`](crate::Api::mounted) if it must not also be served at its own path.
    ///
    /// It answers requests below the API's path, and requests for a route alone, which is what a nested service receives.
    ///
    /// # Panics
    ///
    /// If the server was built without [`api`](crate::SocketIoBuilder::api).
    #[track_caller]
    pub fn api_service(&self) -> ApiService {
        ApiService {
            api: ApiState::of(self)
                .expect("this server has no HTTP API: add `.api(Api::bearer(..))` to the builder"),
            io: self.clone(),
        }
    }
}

/// The HTTP API as a service. Created by [`SocketIo::api_service`].
#[derive(Clone)]
pub struct ApiService {
    io: SocketIo,
    api: Arc<ApiState>,
}

impl fmt::Debug for ApiService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiService")
            .field("path", &self.api.path)
            .finish_non_exhaustive()
    }
}

impl<B> Service<Request<B>> for ApiService
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let ApiService { io, api } = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            Ok(api.answer(&io, parts, body).await)
        })
    }
}

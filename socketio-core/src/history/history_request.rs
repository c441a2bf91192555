//! [`HistoryRequest`]: the request that a guard allows or refuses, and the guard itself.

use std::{fmt, pin::Pin, sync::Arc};

use http::StatusCode;

use crate::{
    base::{BoxError, Forbidden, IntoAccept, Request, fault},
    rest::reply::ApiError,
};

/// A request for the history of a room, which the guard of [`HistoryHttp`](crate::HistoryHttp) allows or refuses.
#[derive(Clone)]
pub struct HistoryRequest {
    pub(super) request: Request,
    pub(super) namespace: Arc<str>,
    pub(super) room: Arc<str>,
}

impl HistoryRequest {
    /// Returns the HTTP request: its headers, query, cookies, and the extensions that layers have inserted.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Returns the namespace of the room.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the room.
    pub fn room(&self) -> &str {
        &self.room
    }
}

impl fmt::Debug for HistoryRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistoryRequest")
            .field("namespace", &self.namespace)
            .field("room", &self.room)
            .finish_non_exhaustive()
    }
}

type Verdict = Pin<Box<dyn Future<Output = Result<bool, BoxError>> + Send>>;

/// The user's guard.
#[derive(Clone)]
pub(super) struct Guard(Arc<dyn Fn(HistoryRequest) -> Verdict + Send + Sync>);

impl Guard {
    pub(super) fn new<F, Fut>(guard: F) -> Self
    where
        F: Fn(HistoryRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: IntoAccept> + Send + 'static,
    {
        Guard(Arc::new(move |request| {
            let verdict = guard(request);
            Box::pin(async move { verdict.await.into_accept() })
        }))
    }

    /// Asks the guard.
    ///
    /// # Errors
    ///
    /// If it refuses, or panics.
    pub(super) async fn allow(&self, request: HistoryRequest) -> Result<(), ApiError> {
        let forbidden = |message: &str| ApiError::new(StatusCode::FORBIDDEN, "forbidden", message);
        let room = Arc::clone(&request.room);
        let asked = async { (self.0)(request).await };
        match fault::run(std::pin::pin!(asked)).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(forbidden(Forbidden::default().message())),
            Ok(Err(error)) => {
                // Formatting an error and its sources runs user code.
                let message = fault::catch(|| {
                    tracing::debug!(target: "socketio", %error, "a history is forbidden");
                    Forbidden::find(&*error).map(str::to_owned)
                });
                let message = message.ok().flatten();
                Err(forbidden(message.as_deref().unwrap_or("forbidden")))
            }
            Err(panic) => {
                tracing::error!(target: "socketio", %panic, room = &*room, "the guard of `history_http` failed");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                Err(ApiError::new(status, "internal_error", "internal error"))
            }
        }
    }
}

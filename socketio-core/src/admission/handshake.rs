//! [`Handshake`]: the `on_handshake` hooks, which run before a session is opened.
//!
//! `service` calls them for requests that would open a session. A hook runs inside the fault boundary.

use std::{fmt, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{Method, Response, StatusCode, request::Parts};
use http_body_util::Full;
use hyper::upgrade::OnUpgrade;

use crate::base::{BoxError, HandshakeRefused, IntoAccept, Request, TrustedProxies, fault};

type Verdict = Pin<Box<dyn Future<Output = Result<bool, BoxError>> + Send>>;
type Hook = Arc<dyn Fn(Request) -> Verdict + Send + Sync>;

/// The hooks, in the order in which they run.
#[derive(Clone, Default)]
pub(crate) struct Handshake(Vec<Hook>);

impl Handshake {
    pub(crate) fn add<F, Fut>(&mut self, hook: F)
    where
        F: Fn(Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: IntoAccept> + Send + 'static,
    {
        self.0.push(Arc::new(move |request| {
            let verdict = hook(request);
            Box::pin(async move { verdict.await.into_accept() })
        }));
    }

    /// Returns whether the hooks run for this request. As in the engine, only a GET, or a CONNECT over HTTP/2, without a
    /// `sid` parameter, even an empty one, opens a session.
    pub(crate) fn concerns(&self, request: &Parts) -> bool {
        if self.0.is_empty() || !matches!(request.method, Method::GET | Method::CONNECT) {
            return false;
        }
        let query = request.uri.query().unwrap_or_default();
        !form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "sid")
    }

    /// Runs the hooks, and returns the response of the first refusal.
    pub(crate) async fn refusal(
        &self,
        parts: &Parts,
        proxies: &TrustedProxies,
    ) -> Option<Response<Full<Bytes>>> {
        let mut parts = parts.clone();
        // The engine needs the upgrade, and a hook that keeps the request must not keep the connection.
        parts.extensions.remove::<OnUpgrade>();
        let request = Request::take(&mut parts, proxies);
        for hook in &self.0 {
            let asked = async { hook(request.clone()).await };
            match fault::run(std::pin::pin!(asked)).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => return Some(HandshakeRefused::default().response()),
                Ok(Err(error)) => {
                    // Formatting an error and its sources runs user code.
                    let response = fault::catch(|| {
                        tracing::debug!(target: "socketio", %error, "handshake refused");
                        HandshakeRefused::response_to(&*error)
                    });
                    let refused = |_| HandshakeRefused::default().response();
                    return Some(response.unwrap_or_else(refused));
                }
                Err(panic) => {
                    tracing::error!(target: "socketio", %panic, ?request, "a handshake hook failed");
                    let refused = HandshakeRefused::new("Internal server error");
                    let refused = refused.status(StatusCode::INTERNAL_SERVER_ERROR);
                    return Some(refused.response());
                }
            }
        }
        None
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hooks", self.0.len())
    }
}

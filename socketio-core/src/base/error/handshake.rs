//! [`HandshakeRefused`]: an error that refuses a client at the HTTP handshake.

use std::{error::Error, fmt};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::json;

use super::chain;

/// Refuses a client at the HTTP handshake. The error of [`on_handshake`](crate::SocketIoBuilder::on_handshake) hooks.
///
/// The default response has status 403 and the body `{"code":4,"message":".."}`, as in the reference server. It is
/// found inside of `anyhow` and `eyre` errors.
///
/// ```
/// use http::StatusCode;
/// use socketio_core::HandshakeRefused;
///
/// let refused = HandshakeRefused::new("log in first").status(StatusCode::UNAUTHORIZED);
/// ```
#[derive(Clone, Debug)]
pub struct HandshakeRefused(Refusal);

/// The response, returned by `source()`: see [`chain::find`].
#[derive(Clone, Debug)]
struct Refusal {
    status: StatusCode,
    message: String,
    body: Option<(HeaderValue, Bytes)>,
}

impl HandshakeRefused {
    /// Creates the error with a message.
    pub fn new(message: impl Into<String>) -> Self {
        HandshakeRefused(Refusal {
            status: StatusCode::FORBIDDEN,
            message: message.into(),
            body: None,
        })
    }

    /// Sets the status. Default: 403. Socket.IO clients only understand client and server errors; other statuses, such
    /// as redirections, are sent unchanged.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// Sets the body to a text, instead of the JSON with the message.
    #[must_use]
    pub fn text(mut self, body: impl Into<String>) -> Self {
        let kind = HeaderValue::from_static("text/plain; charset=UTF-8");
        self.0.body = Some((kind, Bytes::from(body.into())));
        self
    }

    /// Returns the message.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the HTTP response of an error: its own, or a plain refusal if the error is not meant for clients.
    pub(crate) fn response_to(error: &(dyn Error + 'static)) -> Response<Full<Bytes>> {
        match chain::find::<Refusal>(error) {
            Some(refusal) => refusal.response(),
            None => HandshakeRefused::default().response(),
        }
    }

    pub(crate) fn response(&self) -> Response<Full<Bytes>> {
        self.0.response()
    }
}

/// Creates the refusal with the message `Forbidden`.
impl Default for HandshakeRefused {
    fn default() -> Self {
        HandshakeRefused::new("Forbidden")
    }
}

impl Refusal {
    fn response(&self) -> Response<Full<Bytes>> {
        let (kind, body) = self.body.clone().unwrap_or_else(|| {
            let body = json!({ "code": 4, "message": self.message }).to_string();
            (
                HeaderValue::from_static("application/json"),
                Bytes::from(body),
            )
        });
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

impl fmt::Display for HandshakeRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for HandshakeRefused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Refusal {}

//! [`Refusal`]: the responses to refused requests.

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

/// The reason why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The `transport` parameter is missing, unknown, or not enabled.
    UnknownTransport,
    /// There is no session with this id (any more).
    UnknownSid,
    /// A handshake with a method other than GET.
    BadMethod,
    /// Another problem, which is only logged.
    BadRequest(&'static str),
    /// A page of this origin may not connect.
    Forbidden,
    /// The client uses another version of the protocol.
    UnsupportedVersion,
    /// A request of a session with a method other than GET and POST.
    MethodNotAllowed,
    /// Too many POSTs of the session wait for their turn.
    TooManyPosts,
    /// The body is over the limit.
    TooLarge,
    /// The body did not arrive in time.
    TooSlow,
    /// The client uses another version of WebSocket.
    WebSocketVersion,
    /// The limit of sessions is reached, or the server is shutting down.
    Unavailable(&'static str),
}

impl Refusal {
    /// Returns the status, and the code and the message of the reference server.
    fn parts(self) -> (StatusCode, u8, &'static str) {
        match self {
            Refusal::UnknownTransport => (StatusCode::BAD_REQUEST, 0, "Transport unknown"),
            Refusal::UnknownSid => (StatusCode::BAD_REQUEST, 1, "Session ID unknown"),
            Refusal::BadMethod => (StatusCode::BAD_REQUEST, 2, "Bad handshake method"),
            Refusal::BadRequest(_) => (StatusCode::BAD_REQUEST, 3, "Bad request"),
            Refusal::Forbidden => (StatusCode::FORBIDDEN, 4, "Forbidden"),
            Refusal::UnsupportedVersion => {
                (StatusCode::BAD_REQUEST, 5, "Unsupported protocol version")
            }
            Refusal::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, 3, "Bad request"),
            Refusal::TooManyPosts => (StatusCode::TOO_MANY_REQUESTS, 3, "Too many requests"),
            Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, 3, "Payload too large"),
            Refusal::TooSlow => (StatusCode::REQUEST_TIMEOUT, 3, "Request timeout"),
            Refusal::WebSocketVersion => (StatusCode::UPGRADE_REQUIRED, 3, "Bad request"),
            Refusal::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, 3, "Service unavailable"),
        }
    }

    /// Returns the HTTP response.
    pub(super) fn response(self) -> Response<Full<Bytes>> {
        let (status, code, message) = self.parts();
        let mut response = if self == Refusal::TooLarge {
            // The official client expects an empty body, as Node sends it.
            Response::new(Full::default())
        } else {
            let body = format!(r#"{{"code":{code},"message":"{message}"}}"#);
            let mut response = Response::new(Full::from(body));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            response
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        match self {
            Refusal::MethodNotAllowed => {
                headers.insert(
                    header::ALLOW,
                    HeaderValue::from_static("OPTIONS, GET, POST"),
                );
            }
            Refusal::WebSocketVersion => {
                headers.insert(
                    header::SEC_WEBSOCKET_VERSION,
                    HeaderValue::from_static("13"),
                );
            }
            // The rest of the body is not read.
            Refusal::TooManyPosts | Refusal::TooLarge | Refusal::TooSlow => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (.., message) = self.parts();
        match self {
            Refusal::BadRequest(why) | Refusal::Unavailable(why) => write!(f, "{message}: {why}"),
            _ => f.write_str(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn the_answer_is_json_with_the_code_of_the_protocol() {
        let response = Refusal::BadRequest("for the trace only").response();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()["content-type"], "application/json");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, r#"{"code":3,"message":"Bad request"}"#);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_answered_with_nothing_but_the_status() {
        let response = Refusal::TooLarge.response();
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert!(!response.headers().contains_key("content-type"));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(body.is_empty());
    }
}

//! [`Refusal`]: the responses to refused requests.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use crate::base::Problem;

/// The reason why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The `transport` parameter is missing, unknown, or not enabled.
    UnknownTransport,
    /// There is no session with this id.
    UnknownSid,
    /// The session has ended while the request waited. The session logs why.
    Ended,
    /// The session has ended because the payload of this POST is invalid, which it has logged.
    InvalidPayload,
    /// A handshake with a method other than GET.
    BadMethod,
    /// Another problem.
    BadRequest(Problem),
    /// A page of this origin may not connect.
    Forbidden,
    /// The client uses another version of the protocol.
    UnsupportedVersion,
    /// The client uses version 3 of the protocol, which is not enabled.
    Eio3NotAllowed,
    /// A request of a session with a method other than GET and POST.
    MethodNotAllowed,
    /// Too many POSTs of the session wait for their turn.
    TooManyPosts,
    /// The head is over the limit.
    HeadTooLarge,
    /// The body is over the limit.
    TooLarge,
    /// The body did not arrive in time.
    TooSlow,
    /// The client uses another version of WebSocket.
    WebSocketVersion,
    /// The client, or its address, has opened too much.
    TooMany(Problem),
    /// The limit of sessions is reached, or the server is shutting down.
    Unavailable(Problem),
}

impl Refusal {
    pub(super) const OTHER_VERSION: Refusal = Refusal::BadRequest(Problem::OtherVersion);

    /// Returns the status, and the code and the message of the reference server.
    fn parts(self) -> (StatusCode, u8, &'static str) {
        match self {
            Refusal::UnknownTransport => (StatusCode::BAD_REQUEST, 0, "Transport unknown"),
            Refusal::UnknownSid | Refusal::Ended => {
                (StatusCode::BAD_REQUEST, 1, "Session ID unknown")
            }
            Refusal::BadMethod => (StatusCode::BAD_REQUEST, 2, "Bad handshake method"),
            Refusal::BadRequest(_) | Refusal::InvalidPayload => {
                (StatusCode::BAD_REQUEST, 3, "Bad request")
            }
            Refusal::Forbidden => (StatusCode::FORBIDDEN, 4, "Forbidden"),
            Refusal::UnsupportedVersion | Refusal::Eio3NotAllowed => {
                (StatusCode::BAD_REQUEST, 5, "Unsupported protocol version")
            }
            Refusal::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, 3, "Bad request"),
            Refusal::TooManyPosts | Refusal::TooMany(_) => {
                (StatusCode::TOO_MANY_REQUESTS, 3, "Too many requests")
            }
            Refusal::HeadTooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                3,
                "Request header fields too large",
            ),
            Refusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, 3, "Payload too large"),
            Refusal::TooSlow => (StatusCode::REQUEST_TIMEOUT, 3, "Request timeout"),
            Refusal::WebSocketVersion => (StatusCode::UPGRADE_REQUIRED, 3, "Bad request"),
            Refusal::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, 3, "Service unavailable"),
        }
    }

    /// Returns what is to be logged; `None` if that has been done.
    pub(super) fn problem(self) -> Option<Problem> {
        Some(match self {
            Refusal::UnknownTransport => Problem::UnknownTransport,
            Refusal::UnknownSid => Problem::UnknownSession,
            Refusal::BadMethod => Problem::HandshakeMethod,
            Refusal::BadRequest(problem)
            | Refusal::TooMany(problem)
            | Refusal::Unavailable(problem) => problem,
            Refusal::Forbidden => Problem::OriginRefused,
            Refusal::UnsupportedVersion => Problem::UnsupportedVersion,
            Refusal::Eio3NotAllowed => Problem::Eio3NotAllowed,
            Refusal::MethodNotAllowed => Problem::MethodNotAllowed,
            Refusal::TooManyPosts => Problem::TooManyPosts,
            Refusal::HeadTooLarge => Problem::HeadTooLarge,
            Refusal::TooLarge => Problem::BodyTooLarge,
            Refusal::TooSlow => Problem::BodyTooSlow,
            Refusal::WebSocketVersion => Problem::WebSocketVersion,
            Refusal::Ended | Refusal::InvalidPayload => return None,
        })
    }

    /// Returns the HTTP response. Its `message` is the same as in Node; its `reason` has the details.
    pub(super) fn response(self) -> Response<Full<Bytes>> {
        let (status, code, message) = self.parts();
        let body = match self {
            // The official client expects an empty body, as Node sends it.
            Refusal::TooLarge => String::new(),
            Refusal::BadRequest(problem)
            | Refusal::TooMany(problem)
            | Refusal::Unavailable(problem) => {
                let reason = problem.to_string().replace('"', "'");
                format!(r#"{{"code":{code},"message":"{message}","reason":"{reason}"}}"#)
            }
            _ => format!(r#"{{"code":{code},"message":"{message}"}}"#),
        };
        let is_json = !body.is_empty();
        let mut response = Response::new(Full::from(body));
        if is_json {
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
        }
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let nosniff = HeaderValue::from_static("nosniff");
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
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
                // A proxy that takes it for an upgrade must not pass on what follows.
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            // As long as it takes until there may be room: a second for the rate, a little longer for a place.
            Refusal::TooMany(Problem::TooManyHandshakes) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Refusal::TooMany(_) | Refusal::Unavailable(Problem::TooManySessions) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
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

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn the_answer_is_json_with_the_code_of_the_protocol() {
        let response = Refusal::BadRequest(Problem::TwoPolls).response();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()["content-type"], "application/json");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(
            body,
            r#"{"code":3,"message":"Bad request","reason":"two polls at once"}"#
        );
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

//! The part of a refused request that is logged.

use http::{HeaderName, header, request::Parts};

use super::{refusal::Refusal, unique_headers};
use crate::base::Problem;

/// Returns the part of a request that breaks a rule, for the log. Never a credential, a session id or the whole query.
pub(super) fn offending(refusal: Refusal, request: &Parts) -> Option<Vec<u8>> {
    let parameter = |name: &str| {
        let query = request.uri.query().unwrap_or_default();
        let parameters = query.split('&').filter(|parameter| {
            let rest = parameter.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
        });
        let found = parameters.collect::<Vec<_>>().join("&");
        Some(match found.is_empty() {
            true => format!("no parameter {name}").into_bytes(),
            false => found.into_bytes(),
        })
    };
    let headers = |names: &[HeaderName]| {
        let mut shown = Vec::new();
        for name in names {
            for value in request.headers.get_all(name) {
                if !shown.is_empty() {
                    shown.extend_from_slice(b", ");
                }
                shown.extend_from_slice(name.as_str().as_bytes());
                shown.extend_from_slice(b": ");
                shown.extend_from_slice(value.as_bytes());
            }
        }
        Some(shown)
    };
    match refusal.problem()? {
        Problem::OriginRefused | Problem::OtherOrigin => headers(&[header::ORIGIN]),
        Problem::InvalidHost => headers(&[header::HOST]),
        Problem::RepeatedHeader => {
            let name = unique_headers::repeated(&request.headers)?;
            headers(&[name])
        }
        Problem::UnknownTransport => parameter("transport"),
        Problem::UnsupportedVersion | Problem::OtherVersion => parameter("EIO"),
        Problem::Eio3NotAllowed => {
            let input = [parameter("EIO")?, headers(&[header::USER_AGENT])?];
            Some(input.join(&b' '))
        }
        Problem::Jsonp | Problem::JsonpIndex => parameter("j"),
        Problem::HandshakeMethod | Problem::MethodNotAllowed | Problem::PostToWebSocket => {
            Some(request.method.as_str().into())
        }
        Problem::NotWebSocket => headers(&[header::CONNECTION, header::UPGRADE]),
        Problem::WebSocketVersion => headers(&[header::SEC_WEBSOCKET_VERSION]),
        Problem::WebSocketKey => headers(&[header::SEC_WEBSOCKET_KEY]),
        _ => None,
    }
}

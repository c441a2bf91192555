//! Refuses ambiguous requests: those with a repeated header that must be unique, or with an invalid `Host`.
//!
//! The server checks every request, whatever its path is. RFC 9112, 3.2 requires status 400 for a request with more than one `Host` or
//! an invalid one, since a proxy in front may have used another of the values for its decision.

use http::{HeaderMap, HeaderName, header, request::Parts};

use super::refusal::Refusal;
use crate::base::Problem;

/// The headers that decide about access. The server reads only the first value of each.
const UNIQUE: [HeaderName; 3] = [header::HOST, header::ORIGIN, header::SEC_WEBSOCKET_KEY];

/// Returns the header that is repeated although it must be unique.
pub(super) fn repeated(headers: &HeaderMap) -> Option<HeaderName> {
    if headers.len() == headers.keys_len() {
        // No header at all is repeated, as in most requests.
        return None;
    }
    let is_repeated = |name: &&HeaderName| headers.get_all(*name).iter().nth(1).is_some();
    UNIQUE.iter().find(is_repeated).cloned()
}

/// Returns why an ambiguous request is refused. A request without `Host` is accepted.
pub(super) fn check(request: &Parts) -> Result<(), Refusal> {
    if repeated(&request.headers).is_some() {
        return Err(Refusal::BadRequest(Problem::RepeatedHeader));
    }
    let host = request.headers.get(header::HOST);
    // The characters of a host and a port (RFC 3986, 3.2.2). The value is empty if a target has no authority.
    let is_valid = host.is_none_or(|host| {
        let is_part =
            |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=:[]".contains(byte);
        host.as_bytes().iter().all(is_part)
    });
    match is_valid {
        true => Ok(()),
        false => Err(Refusal::BadRequest(Problem::InvalidHost)),
    }
}

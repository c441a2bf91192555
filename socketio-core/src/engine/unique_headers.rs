//! Requests whose headers can be read in two ways: they are refused, whatever they ask for.
//!
//! RFC 9112, 3.2: a server must respond with 400 to a request with more than one `Host`, or an invalid one. A proxy may have
//! decided about the other one.

use http::{HeaderMap, HeaderName, header, request::Parts};

use super::refusal::Refusal;
use crate::base::Problem;

/// The headers that decide who may do what, and of which this server reads the first.
const UNIQUE: [HeaderName; 3] = [header::HOST, header::ORIGIN, header::SEC_WEBSOCKET_KEY];

/// Returns the header that is repeated although a request may have it once.
pub(super) fn repeated(headers: &HeaderMap) -> Option<HeaderName> {
    let is_repeated = |name: &&HeaderName| headers.get_all(*name).iter().nth(1).is_some();
    UNIQUE.iter().find(is_repeated).cloned()
}

/// Returns why a request is refused, if it can be read in two ways. One without `Host` is not.
pub(super) fn check(request: &Parts) -> Result<(), Refusal> {
    if repeated(&request.headers).is_some() {
        return Err(Refusal::BadRequest(Problem::RepeatedHeader));
    }
    let host = request.headers.get(header::HOST);
    // The characters of a host and a port (RFC 3986, 3.2.2). Empty where a target has no authority.
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

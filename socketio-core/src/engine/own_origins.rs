//! [`OwnOrigins`]: the origins of pages that the server of a request may have served.

use std::borrow::Cow;

use http::{
    header,
    request::Parts,
    uri::{Authority, Scheme},
};

use super::origin::Origin;
use crate::base::{TrustedProxies, forwarded::Forwarded};

/// The origins of pages that the server of a request may have served: scheme and host as this server sees them, and as a trusted
/// proxy has forwarded them.
pub(super) struct OwnOrigins<'a> {
    direct: Option<(&'static str, &'a str)>,
    forwarded: Option<(&'static str, Cow<'a, str>)>,
}

impl<'a> OwnOrigins<'a> {
    pub(super) fn of(request: &'a Parts, proxies: &TrustedProxies) -> Self {
        let scheme = own_scheme(request);
        let host = own_host(request);
        let said = Forwarded::read(&request.headers, &request.extensions, proxies);
        let direct = host.map(|host| (scheme, host));
        if said.scheme.is_none() && said.host.is_none() && said.port.is_none() {
            return OwnOrigins {
                direct,
                forwarded: None,
            };
        }
        let scheme = said.scheme.unwrap_or(scheme);
        let host = said.authority(scheme, host);
        OwnOrigins {
            direct,
            forwarded: host.map(|host| (scheme, host)),
        }
    }

    /// Returns the origins, the one that a proxy has forwarded first.
    pub(super) fn iter(&self) -> impl Iterator<Item = Origin<'_>> {
        let forwarded = self.forwarded.as_ref();
        let forwarded = forwarded.and_then(|(scheme, host)| Origin::web(scheme, host));
        let direct = self
            .direct
            .and_then(|(scheme, host)| Origin::web(scheme, host));
        forwarded.into_iter().chain(direct)
    }

    pub(super) fn contain(&self, origin: Origin<'_>) -> bool {
        self.iter().any(|own| own == origin)
    }
}

/// Returns the scheme of the connection to this server.
fn own_scheme(request: &Parts) -> &'static str {
    let scheme = request.extensions.get::<Scheme>();
    match scheme.or(request.uri.scheme()) {
        Some(scheme) if *scheme == Scheme::HTTPS => "https",
        _ => "http",
    }
}

/// Returns the host in the target of the request, where HTTP/2 and proxies write it, or else in `Host`.
fn own_host(request: &Parts) -> Option<&str> {
    let header = request.headers.get(header::HOST);
    request
        .uri
        .authority()
        .map(Authority::as_str)
        .or(header.and_then(|host| host.to_str().ok()))
}

//! The report of forwarding headers that are ignored.

use std::fmt;

use http::request::Parts;

use super::config::Config;
use crate::base::{PeerAddr, Problem, ProblemDetails, forwarded};

/// Reports that a handshake has forwarding headers, but its peer is not a trusted proxy. Every such handshake is counted, and the first
/// one is logged.
pub(super) fn report_ignored_headers(request: &Parts, config: &Config) {
    let extensions = &request.extensions;
    let ignored = forwarded::ignored(&request.headers, extensions, &config.trusted_proxies);
    let Some(header) = ignored else {
        return;
    };
    let peer = extensions.get::<PeerAddr>().map(|peer| peer.0);
    let of_proxy;
    let cure: &dyn fmt::Display = match peer {
        Some(peer) => {
            let ip = peer.ip().to_canonical();
            of_proxy = format!("if this peer is a proxy, add `.trusted_proxies([\"{ip}\"])`");
            &of_proxy
        }
        None => {
            &"insert the peer's `PeerAddr` or `UnixPeer` into the request's extensions, or add `.trusted_proxies(\"*\")` if all clients come through a proxy"
        }
    };
    let details = ProblemDetails {
        peer,
        input: Some(header.as_bytes()),
        cure: Some(cure),
        ..ProblemDetails::default()
    };
    config
        .problems
        .report_once(Problem::ProxyNotTrusted, details);
}

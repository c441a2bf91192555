//! [`Caller`]: who sent a request, for the log.

use std::net::{IpAddr, SocketAddr};

use http::request::Parts;

use crate::base::{PeerAddr, TrustedProxies, forwarded::Forwarded};

/// The sender of a request: the part of the request that is kept while it waits.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) peer: Option<SocketAddr>,
    /// According to proxies.
    pub(crate) client: Option<IpAddr>,
}

impl Caller {
    pub(super) fn of(request: &Parts) -> Self {
        Caller {
            peer: request.extensions.get::<PeerAddr>().map(|peer| peer.0),
            client: None,
        }
    }

    /// Returns the address of the client, if it is known: according to the proxy, if the peer is a trusted one.
    pub(super) fn address(request: &Parts, proxies: &TrustedProxies) -> Option<IpAddr> {
        match proxies.trusts_peer(&request.extensions) {
            true => Forwarded::of_trusted(&request.headers, proxies).addr,
            false => Caller::of(request).peer.map(|peer| peer.ip()),
        }
    }

    /// Adds what a trusted proxy says about the client.
    pub(super) fn behind(self, request: &Parts, proxies: &TrustedProxies) -> Self {
        // A request whose extensions were taken has no peer.
        let client = proxies.trusts_peer(&request.extensions).then(|| {
            let forwarded = Forwarded::of_trusted(&request.headers, proxies);
            forwarded.addr
        });
        Caller {
            client: client.flatten(),
            ..self
        }
    }
}

//! [`Listener`]: the source of connections for `serve`.

use std::{future::Future, io, net::SocketAddr};

use http::{Extensions, uri::Scheme};
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

use crate::base::{PeerAddr, UnixPeer};

/// The number of connections that may wait until they are accepted. The system's own limit may be lower.
const BACKLOG: i32 = 4_096;

/// Accepts the connections that [`serve`](crate::SocketIo::serve) speaks HTTP on.
///
/// Implemented for tokio's `TcpListener` and `UnixListener`, and, with the feature `tls`, for `TlsListener`. Implement it to accept
/// connections of other kinds, or to filter or wrap them:
///
/// ```
/// # use socketio_core as socketio;
/// use std::io;
///
/// use socketio::{Listener, Peer};
/// use tokio::net::{TcpListener, TcpStream};
///
/// /// Accepts connections from this machine only.
/// struct Local(TcpListener);
///
/// impl Listener for Local {
///     type Io = TcpStream;
///
///     fn start(&mut self) {
///         Listener::start(&mut self.0);
///     }
///
///     async fn accept(&mut self) -> io::Result<(TcpStream, Peer)> {
///         loop {
///             let (stream, peer) = Listener::accept(&mut self.0).await?;
///             if peer.addr.is_some_and(|addr| addr.ip().is_loopback()) {
///                 return Ok((stream, peer));
///             }
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "connections can't be accepted from `{Self}`",
    label = "not a `socketio::Listener`",
    note = "tokio's `TcpListener` and `UnixListener` are; those of the standard library become such: `set_nonblocking(true)`, then `TcpListener::from_std`"
)]
pub trait Listener: Send + 'static {
    /// The byte stream of a connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Prepares the listener. Called once, before the first [`accept`](Self::accept). Default: does nothing.
    ///
    /// Those of tokio let 4,096 connections wait until they are accepted, or as many as the system allows
    /// (`net.core.somaxconn` on Linux). tokio's own number is 128, which many clients that connect at once exceed: the system then
    /// delays further connections by a second or more, and resets some of them. A listener that contains another one calls its
    /// `start`.
    fn start(&mut self) {}

    /// Accepts the next connection. No other is accepted meanwhile, so a handshake of several round trips belongs in the first
    /// reads of the connection, which [`header_timeout`](crate::SocketIoBuilder::header_timeout) limits.
    ///
    /// # Errors
    ///
    /// When a connection could not be accepted. The server continues at once after `ConnectionRefused`, `ConnectionAborted` and
    /// `ConnectionReset`, which concern one connection. It logs any other error once and tries again every second.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped when the server stops, and is not called again.
    ///
    /// # Panics
    ///
    /// A panic stops the server, and [`serve`](crate::SocketIo::serve) returns an error.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Io, Peer)>> + Send;
}

/// What a [`Listener`] knows about the peer of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// The address that [`Request::peer_addr`](crate::Request::peer_addr) returns. Default: `None`.
    pub addr: Option<SocketAddr>,
    /// Whether the connection is encrypted; [`Request::is_tls`](crate::Request::is_tls) returns it. Default: `false`.
    pub tls: bool,
    /// Whether the connection came over a Unix socket, whose peers have no address: they are
    /// [trusted proxies](crate::SocketIoBuilder::trusted_proxies) by default. Default: `false`.
    pub unix: bool,
}

impl Peer {
    /// Adds it to the extensions of a request.
    pub(super) fn describe(self, request: &mut Extensions) {
        if let Some(addr) = self.addr {
            request.insert(PeerAddr(addr));
        }
        if self.tls {
            request.insert(Scheme::HTTPS);
        }
        if self.unix {
            request.insert(UnixPeer);
        }
    }
}

/// Creates a peer with an address and without TLS.
impl From<SocketAddr> for Peer {
    fn from(addr: SocketAddr) -> Self {
        Peer {
            addr: Some(addr),
            ..Peer::default()
        }
    }
}

impl Listener for TcpListener {
    type Io = TcpStream;

    fn start(&mut self) {
        // An error leaves the backlog as it is.
        let _ = SockRef::from(&*self).listen(BACKLOG);
    }

    async fn accept(&mut self) -> io::Result<(TcpStream, Peer)> {
        let (stream, addr) = TcpListener::accept(self).await?;
        // Packets are small and latency matters. If the option can't be set, packets are only slower.
        let _ = stream.set_nodelay(true);
        Ok((stream, addr.into()))
    }
}

/// Peers have no address.
#[cfg(unix)]
impl Listener for tokio::net::UnixListener {
    type Io = tokio::net::UnixStream;

    fn start(&mut self) {
        let _ = SockRef::from(&*self).listen(BACKLOG);
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, Peer)> {
        let (stream, _) = tokio::net::UnixListener::accept(self).await?;
        let peer = Peer {
            unix: true,
            ..Peer::default()
        };
        Ok((stream, peer))
    }
}

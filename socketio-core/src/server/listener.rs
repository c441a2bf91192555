//! Where connections come from.

use std::{future::Future, io, net::SocketAddr};

use http::{Extensions, uri::Scheme};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

use crate::base::PeerAddr;

/// Accepts the connections that [`serve`](crate::SocketIo::serve) speaks HTTP on.
///
/// There are implementations for tokio's `TcpListener` and `UnixListener`, and, with the feature `tls`, `TlsListener`.
/// One of your own takes connections from elsewhere, or does something to each of them:
///
/// ```
/// # use socketio_core as socketio;
/// use std::io;
///
/// use socketio::{Listener, Peer};
/// use tokio::net::{TcpListener, TcpStream};
///
/// /// Takes connections from this machine only.
/// struct Local(TcpListener);
///
/// impl Listener for Local {
///     type Io = TcpStream;
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
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection. While this waits, no other is accepted: what takes several round trips, such as a handshake,
    /// belongs into the first reads of the connection, where the deadline for the first request (10 seconds) bounds it.
    ///
    /// The future may be dropped, when the server stops.
    ///
    /// # Errors
    ///
    /// When a connection could not be accepted. The server traces it, and goes on after a short pause.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Io, Peer)>> + Send;
}

/// The other end of a connection, as its [`Listener`] knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// What [`Request::peer_addr`](crate::Request::peer_addr) answers. Default: `None`.
    pub addr: Option<SocketAddr>,
    /// Whether the connection is encrypted: [`Request::is_tls`](crate::Request::is_tls). Default: `false`.
    pub tls: bool,
}

impl Peer {
    /// Tells a request what it came over.
    pub(super) fn describe(self, request: &mut Extensions) {
        if let Some(addr) = self.addr {
            request.insert(PeerAddr(addr));
        }
        if self.tls {
            request.insert(Scheme::HTTPS);
        }
    }
}

/// A peer at an address, without TLS.
impl From<SocketAddr> for Peer {
    fn from(addr: SocketAddr) -> Self {
        Peer {
            addr: Some(addr),
            tls: false,
        }
    }
}

impl Listener for TcpListener {
    type Io = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, Peer)> {
        let (stream, addr) = TcpListener::accept(self).await?;
        // Small packets, each of which somebody waits for.
        let _ = stream.set_nodelay(true);
        Ok((stream, addr.into()))
    }
}

/// The peers have no address.
#[cfg(unix)]
impl Listener for tokio::net::UnixListener {
    type Io = tokio::net::UnixStream;

    async fn accept(&mut self) -> io::Result<(Self::Io, Peer)> {
        let (stream, _) = tokio::net::UnixListener::accept(self).await?;
        Ok((stream, Peer::default()))
    }
}

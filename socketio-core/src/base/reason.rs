//! Why a client is gone.

use std::fmt;

/// Why a client has been disconnected: the argument of `disconnect` handlers.
///
/// [`Reason::as_str`] and `Display` speak with the five words of the Python servers; [`Reason::detail`] with the finer
/// ones that JavaScript users know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The client left the namespace.
    ClientDisconnect,
    /// The client closed the whole connection in good order.
    ClientClose,
    /// The server disconnected the client from the namespace.
    ServerDisconnect,
    /// The server closed the whole connection.
    ServerClose,
    /// The server is shutting down.
    ServerShutdown,
    /// The client did not answer a ping within `ping_timeout`.
    PingTimeout,
    /// The connection was dropped.
    TransportClose,
    /// The connection failed: an I/O error, a write deadline, or a client that read too slowly.
    TransportError,
    /// The client sent what is no packet, or a packet that must not come.
    ParseError,
}

impl Reason {
    /// `client disconnect`, `server disconnect`, `ping timeout`, `transport close` or `transport error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::ClientDisconnect | Reason::ClientClose => "client disconnect",
            Reason::ServerDisconnect
            | Reason::ServerClose
            | Reason::ServerShutdown
            | Reason::ParseError => "server disconnect",
            Reason::PingTimeout => "ping timeout",
            Reason::TransportClose => "transport close",
            Reason::TransportError => "transport error",
        }
    }

    /// The reason as the reference server (Node) words it.
    pub fn detail(self) -> &'static str {
        match self {
            Reason::ClientDisconnect => "client namespace disconnect",
            Reason::ClientClose => "transport close",
            Reason::ServerDisconnect => "server namespace disconnect",
            Reason::ServerClose => "forced server close",
            Reason::ServerShutdown => "server shutting down",
            Reason::PingTimeout => "ping timeout",
            Reason::TransportClose => "transport close",
            Reason::TransportError => "transport error",
            Reason::ParseError => "parse error",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

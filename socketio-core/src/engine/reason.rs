//! [`CloseReason`]: why a session ended.

use std::fmt;

use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// The reason why a session ended. `Display` writes Socket.IO's words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// `transport error`: the connection failed, or the client broke a rule of its transport, such as two polls at once
    /// or a message over the limit.
    TransportError,
    /// `transport close`: the client closed the WebSocket, or its connection ended.
    TransportClose,
    /// `forced close`: the client sent an Engine.IO close packet.
    ForcedClose,
    /// `ping timeout`: the client did not answer a ping in time.
    PingTimeout,
    /// `parse error`: the client sent an invalid packet.
    ParseError,
    /// `forced server close`: the server ended this session.
    ServerClose,
    /// `server shutting down`: the server ended all sessions.
    ServerShutdown,
}

impl CloseReason {
    /// Returns the words that `Display` writes.
    pub fn as_str(self) -> &'static str {
        match self {
            CloseReason::TransportError => "transport error",
            CloseReason::TransportClose => "transport close",
            CloseReason::ForcedClose => "forced close",
            CloseReason::PingTimeout => "ping timeout",
            CloseReason::ParseError => "parse error",
            CloseReason::ServerClose => "forced server close",
            CloseReason::ServerShutdown => "server shutting down",
        }
    }
}

impl CloseReason {
    /// Returns whether the client is notified that the server has ended the session, after which several clients do not reconnect.
    /// After any other end they see an outage, and reconnect.
    pub(super) fn is_goodbye(self) -> bool {
        self == CloseReason::ServerClose
    }

    /// Returns the code of the close frame that ends a WebSocket, unless one was sent before. Without one it ends as that of a process
    /// that was killed.
    pub(super) fn close_code(self) -> Option<CloseCode> {
        match self {
            CloseReason::ServerShutdown
            | CloseReason::PingTimeout
            | CloseReason::TransportError => None,
            CloseReason::ParseError => Some(CloseCode::Protocol),
            _ => Some(CloseCode::Normal),
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for CloseReason {}

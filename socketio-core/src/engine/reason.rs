//! [`CloseReason`]: why a session ended.

use std::fmt;

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

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for CloseReason {}

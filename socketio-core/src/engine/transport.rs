//! [`TransportKind`] and [`Transports`]: the transports of Engine.IO.

use std::fmt;

/// A transport of Engine.IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// HTTP long-polling.
    Polling,
    /// WebSocket.
    WebSocket,
}

impl TransportKind {
    /// Returns the name in the `transport` parameter of requests.
    pub fn as_str(self) -> &'static str {
        match self {
            TransportKind::Polling => "polling",
            TransportKind::WebSocket => "websocket",
        }
    }

    /// Parses the parameter; `None` for another name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        [TransportKind::Polling, TransportKind::WebSocket]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The transports that a server enables. Default: both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transports {
    /// Whether a session may be opened over polling.
    pub polling: bool,
    /// Whether a session may be opened over WebSocket, or upgrade to it.
    pub websocket: bool,
}

impl Transports {
    /// Both transports.
    pub const ALL: Transports = Transports {
        polling: true,
        websocket: true,
    };
    /// Only polling: no session is upgraded.
    pub const POLLING: Transports = Transports {
        polling: true,
        websocket: false,
    };
    /// Only WebSocket, from the handshake on.
    pub const WEBSOCKET: Transports = Transports {
        polling: false,
        websocket: true,
    };

    /// Returns whether a transport is enabled.
    pub fn contains(self, kind: TransportKind) -> bool {
        match kind {
            TransportKind::Polling => self.polling,
            TransportKind::WebSocket => self.websocket,
        }
    }
}

impl Default for Transports {
    fn default() -> Self {
        Transports::ALL
    }
}

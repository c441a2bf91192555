//! The transports there are, and which of them a server offers.

use std::fmt;

/// A way for packets to travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransportKind {
    /// HTTP long-polling.
    Polling,
    /// WebSocket.
    WebSocket,
}

impl TransportKind {
    /// The name in the `transport` parameter of a request.
    pub fn as_str(self) -> &'static str {
        match self {
            TransportKind::Polling => "polling",
            TransportKind::WebSocket => "websocket",
        }
    }

    /// Reads that parameter; `None` for any other word.
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

/// The transports that a server offers. The default is both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transports {
    /// Whether a session may begin over polling.
    pub polling: bool,
    /// Whether a session may begin over WebSocket, or upgrade to it.
    pub websocket: bool,
}

impl Transports {
    /// Both.
    pub const ALL: Transports = Transports {
        polling: true,
        websocket: true,
    };
    /// Long-polling alone: no session is upgraded.
    pub const POLLING: Transports = Transports {
        polling: true,
        websocket: false,
    };
    /// WebSocket alone, from the handshake on.
    pub const WEBSOCKET: Transports = Transports {
        polling: false,
        websocket: true,
    };

    /// Whether this one is offered.
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

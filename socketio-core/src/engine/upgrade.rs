//! A WebSocket that is about to take over a polling session.

use std::task::{Context, Poll, ready};

use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{
    Message as Frame, Utf8Bytes, protocol::frame::coding::CloseCode,
};

use super::{
    packet::{Packet, control},
    reason::CloseReason,
    websocket::Socket,
};

/// A WebSocket that is about to take over a polling session: it asks `2probe`, is told `3probe`,
/// and says `5` once it has nothing more to fetch by polling.
#[derive(Debug)]
pub(super) struct Probe {
    socket: Socket,
    probed: bool,
    pub(super) deadline: Instant,
}

impl Probe {
    pub(super) fn new(socket: Socket, deadline: Instant) -> Self {
        Probe {
            socket,
            probed: false,
            deadline,
        }
    }

    /// Whether the client knows that it gets through, and polls no more: a GET that waits is to be
    /// sent home.
    pub(super) fn is_probed(&self) -> bool {
        self.probed
    }

    /// Ready when the client has made up its mind: `Ok` when the socket is the transport from now
    /// on, `Err` when it is good for nothing and polling goes on.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CloseReason>> {
        loop {
            // Pending or not, what there is to read decides.
            let _ = self.socket.poll_flush(cx)?;
            match ready!(self.socket.poll_packet(cx))? {
                Packet::Probe => {
                    ready!(self.socket.poll_ready(cx))?;
                    self.socket
                        .send(Frame::Text(Utf8Bytes::from_static(control::PROBED)))?;
                    self.probed = true;
                }
                Packet::Upgrade if self.probed => return Poll::Ready(Ok(())),
                _ => return Poll::Ready(Err(CloseReason::ParseError)),
            }
        }
    }

    /// The socket, to become the transport.
    pub(super) fn into_socket(self) -> Socket {
        self.socket
    }

    /// Closes the socket; polling goes on.
    pub(super) fn abandon(mut self, cx: &mut Context<'_>) {
        self.socket.finish(cx, CloseCode::Normal);
    }
}

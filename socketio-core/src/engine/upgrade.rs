//! [`Probe`]: a WebSocket that is about to replace polling as the transport of a session.

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

/// A WebSocket that is being probed: the client sends `2probe`, the server responds with `3probe`, and the client sends
/// `5` once it has stopped polling.
///
/// A client that is sure of its WebSocket may send `5` at once, as the reference server allows: .NET's does.
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

    /// Returns whether the probe has succeeded: the client stops polling, so a waiting GET must be answered.
    pub(super) fn is_probed(&self) -> bool {
        self.probed
    }

    /// Is ready when the probe ends: `Ok` if the socket is the transport now, `Err` if it has failed and polling
    /// continues.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CloseReason>> {
        loop {
            // Whether it is pending or not, reading decides.
            let _ = self.socket.poll_flush(cx)?;
            match ready!(self.socket.poll_packet(cx))? {
                Packet::Probe => {
                    ready!(self.socket.poll_ready(cx))?;
                    self.socket
                        .send(Frame::Text(Utf8Bytes::from_static(control::PROBED)))?;
                    self.probed = true;
                }
                Packet::Upgrade => return Poll::Ready(Ok(())),
                _ => return Poll::Ready(Err(CloseReason::ParseError)),
            }
        }
    }

    /// Returns the socket, to become the transport.
    pub(super) fn into_socket(self) -> Socket {
        self.socket
    }

    /// Closes the socket; polling continues.
    pub(super) fn abandon(mut self, cx: &mut Context<'_>) {
        self.socket.finish(cx, CloseCode::Normal);
    }
}

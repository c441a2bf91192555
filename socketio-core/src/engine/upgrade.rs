//! [`Probe`]: a WebSocket that is about to replace polling as the transport of a session.

use std::{
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{
    Message as Frame, Utf8Bytes, protocol::frame::coding::CloseCode,
};

use super::{
    packet::{Packet, control},
    reason::CloseReason,
    timer::after,
    websocket::{Failure, Socket},
};

/// The time for which a poll may still wait after the probe, for packets: then it is answered, because the client waits
/// for the response before it moves. The same as in Node: the official client's tests take a NOOP packet within 100 ms of
/// connecting for an error.
const POLL_GRACE: Duration = Duration::from_millis(100);

/// A WebSocket that is being probed: the client sends `2probe`, the server responds with `3probe`, and the client sends
/// `5` once it has stopped polling.
///
/// A client that is sure of its WebSocket may send `5` at once, as the reference server allows: .NET's does.
#[derive(Debug)]
pub(super) struct Probe {
    socket: Socket,
    probed: Probed,
    deadline: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probed {
    No,
    /// Polls are answered without packets from this time on.
    Until(Instant),
    /// That time has come.
    Over,
}

impl Probe {
    pub(super) fn new(socket: Socket, deadline: Instant) -> Self {
        Probe {
            socket,
            probed: Probed::No,
            deadline,
        }
    }

    /// Returns whether the probe has succeeded: the client moves as soon as its requests have been answered.
    pub(super) fn is_probed(&self) -> bool {
        self.probed != Probed::No
    }

    /// Returns whether polls are answered without packets.
    pub(super) fn ends_polls(&self) -> bool {
        self.probed == Probed::Over
    }

    /// Returns when to call [`Probe::pass`].
    pub(super) fn due(&self) -> Instant {
        match self.probed {
            Probed::Until(end) => end.min(self.deadline),
            Probed::No | Probed::Over => self.deadline,
        }
    }

    /// Notes that a deadline has passed. Returns `false` if the probe has timed out.
    pub(super) fn pass(&mut self, now: Instant) -> bool {
        if let Probed::Until(end) = self.probed
            && end <= now
        {
            self.probed = Probed::Over;
        }
        now < self.deadline
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
                    if self.probed == Probed::No {
                        self.probed = Probed::Until(after(Instant::now(), POLL_GRACE));
                    }
                }
                Packet::Upgrade => return Poll::Ready(Ok(())),
                _ => return Poll::Ready(Err(CloseReason::ParseError)),
            }
        }
    }

    /// Takes the reason why the socket failed.
    pub(super) fn take_failure(&mut self) -> Option<Box<Failure>> {
        self.socket.take_failure()
    }

    /// Returns the socket, to become the transport.
    pub(super) fn into_socket(self) -> Socket {
        self.socket
    }

    /// Closes the socket; polling continues.
    pub(super) fn abandon(mut self, cx: &mut Context<'_>) {
        self.socket.finish(cx, Some(CloseCode::Normal));
    }
}

//! How a WebSocket is written to: frames are collected, large ones are not copied, and each poll writes a bounded share.

use std::{
    io,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use futures_util::Sink;
use tokio::{io::AsyncWrite, time::Instant};
use tokio_tungstenite::tungstenite::{
    Error, Message as Frame, Utf8Bytes,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{LARGE, Socket, Stage, TURN};
use crate::engine::{outgoing::Outgoing, reason::CloseReason};

/// The size from which a frame is written without a copy in a buffer, in a system call of its own. Smaller ones are, too, if
/// they are large and no other message follows.
const WHOLE: usize = 16 * 1024;

/// The number of bytes that one poll writes before its owner has its turn.
const TURN_BYTES: usize = 256 * 1024;

/// What one poll has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Written {
    /// All that there was, or as much as the socket accepts.
    Everything,
    /// The share of one poll: there may be more to write at once.
    Share,
}

impl Socket {
    /// Is ready when a frame may be added.
    #[inline]
    pub(in crate::engine) fn poll_ready(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), CloseReason>> {
        let socket = ready!(self.poll_open(cx))?;
        let mut ready = socket.get_mut().poll_ahead(cx).map_err(Error::Io);
        if let Poll::Ready(Ok(())) = ready {
            ready = Pin::new(socket).poll_ready(cx);
        }
        self.progress(ready)
    }

    /// Adds a frame, after [`Socket::poll_ready`].
    #[inline]
    pub(in crate::engine) fn send(&mut self, frame: Frame) -> Result<(), CloseReason> {
        let Stage::Open(socket) = &mut self.stage else {
            return Err(CloseReason::TransportClose);
        };
        self.dirty = true;
        self.largest = self.largest.max(frame.len());
        Pin::new(socket)
            .start_send(frame)
            .map_err(|error| self.broken(error))
    }

    /// Adds a large frame, after [`Socket::poll_ready`], without a copy: other connections may share its bytes.
    fn send_whole(&mut self, cx: &mut Context<'_>, frame: Frame) -> Result<(), CloseReason> {
        let Stage::Open(socket) = &mut self.stage else {
            return Err(CloseReason::TransportClose);
        };
        let (opcode, payload) = match frame {
            _ if socket.get_ref().is_ahead() => return self.send(frame),
            Frame::Text(text) => (1, text.into()),
            Frame::Binary(bytes) => (2, bytes),
            frame => return self.send(frame),
        };
        if self.dirty {
            // What was added before goes with the head of this frame.
            socket.get_mut().collect(true);
            let collected = Pin::new(&mut *socket).poll_flush(cx);
            socket.get_mut().collect(false);
            if let Poll::Ready(Err(error)) = collected {
                return Err(self.broken(error));
            }
        }
        socket.get_mut().send(opcode, payload);
        self.dirty = true;
        Ok(())
    }

    /// Writes the frames that were added.
    pub(in crate::engine) fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), CloseReason>> {
        let Stage::Open(socket) = &mut self.stage else {
            return Poll::Ready(Ok(()));
        };
        if !self.dirty {
            return Poll::Ready(Ok(()));
        }
        let flushed = Pin::new(socket).poll_flush(cx);
        self.dirty = flushed.is_pending();
        self.progress(flushed)
    }

    /// Writes the messages of one poll at most, with few system calls. Pending while the socket accepts nothing.
    pub(in crate::engine) fn poll_feed(
        &mut self,
        cx: &mut Context<'_>,
        control_due: &mut Option<&'static str>,
        out: &mut dyn Outgoing,
    ) -> Poll<Result<Written, CloseReason>> {
        // Messages that the socket does not accept now stay in the outbox, where the limits apply.
        ready!(self.poll_flush(cx))?;
        let (mut packets, mut bytes, mut written) = (0, 0, Written::Share);
        while packets < TURN && bytes < TURN_BYTES {
            if self.poll_ready(cx)?.is_pending() {
                written = Written::Everything;
                break;
            }
            let frame = if let Some(packet) = control_due.take() {
                Frame::Text(Utf8Bytes::from_static(packet))
            } else {
                let held = self.held.take().map(|held| *held);
                match held.or_else(|| out.pop()) {
                    Some(message) => self.format.encode(message),
                    None => {
                        written = Written::Everything;
                        break;
                    }
                }
            };
            packets += 1;
            bytes += frame.len();
            if (LARGE..WHOLE).contains(&frame.len()) {
                self.held = self.held.take().or_else(|| out.pop().map(Box::new));
            }
            if frame.len() >= WHOLE || frame.len() >= LARGE && self.held.is_none() {
                self.send_whole(cx, frame)?;
            } else {
                self.send(frame)?;
            }
        }
        ready!(self.poll_flush(cx))?;
        Poll::Ready(Ok(written))
    }

    /// Writes the remaining messages and one close frame, then reads until the client has closed, or can't.
    ///
    /// Without a code, the stream ends without a close frame, as that of a process that was killed: clients take every close
    /// frame for a decision of the server, or don't notice it before their ping timeout.
    pub(in crate::engine) fn poll_goodbye(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut dyn Outgoing,
        code: Option<CloseCode>,
        said: &mut bool,
    ) -> Poll<()> {
        while !*said {
            match ready!(self.poll_feed(cx, &mut None, out)) {
                Ok(Written::Share) => {
                    yield_to_owner(cx);
                    return Poll::Pending;
                }
                // The response to the handshake has not been written yet.
                Ok(_) if !self.is_writable() => return Poll::Pending,
                Ok(_) => match code {
                    Some(code) if self.send(close_frame(code)).is_ok() => *said = true,
                    None if ready!(self.poll_end(cx)).is_ok() => *said = true,
                    _ => return Poll::Ready(()),
                },
                Err(_) => return Poll::Ready(()),
            }
        }
        // Whether it is pending or not, reading decides.
        let _ = self.poll_flush(cx);
        for _ in 0..TURN {
            if ready!(self.poll_packet(cx)).is_err() {
                return Poll::Ready(());
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// After an error: writes the frames that were added, the close frame last, and discards what the client still sends, until it
    /// closes, too.
    ///
    /// A connection that is closed while data arrives is reset, and the client may never see the close frame.
    pub(in crate::engine) fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if matches!(self.poll_flush(cx), Poll::Ready(Err(_))) {
            return Poll::Ready(());
        }
        if !self.dirty && matches!(self.poll_end(cx), Poll::Ready(Err(_))) {
            return Poll::Ready(());
        }
        match &mut self.stage {
            Stage::Open(socket) => socket.get_mut().poll_discard(cx),
            _ => Poll::Ready(()),
        }
    }

    /// Sends a close frame, if there is a code and that is possible without waiting, and closes the connection.
    pub(in crate::engine) fn finish(&mut self, cx: &mut Context<'_>, code: Option<CloseCode>) {
        // An error means that the close frames have been exchanged, or can't be.
        if let Some(code) = code {
            let _ = self.send(close_frame(code));
        }
        let _ = self.poll_flush(cx);
        let _ = self.poll_end(cx);
        self.stage = Stage::Closed;
    }

    /// Ends the stream in this direction.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stage {
            Stage::Open(socket) => Pin::new(socket.get_mut()).poll_shutdown(cx),
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Records whether the socket accepts anything.
    fn progress(&mut self, written: Poll<Result<(), Error>>) -> Poll<Result<(), CloseReason>> {
        match written {
            Poll::Pending => {
                let taken = self.sent();
                if self.stuck.is_none_or(|(_, before)| before != taken) {
                    self.stuck = Some((Instant::now(), taken));
                }
                Poll::Pending
            }
            Poll::Ready(result) => {
                self.stuck = None;
                Poll::Ready(result.map_err(|error| self.broken(error)))
            }
        }
    }
}

/// Has the task polled again, after others. As in `yield_now`, the runtime looks for I/O before: a task that only woke itself
/// would keep its worker from that for dozens of polls.
pub(in crate::engine) fn yield_to_owner(cx: &mut Context<'_>) {
    let _ = pin!(tokio::task::yield_now()).poll(cx);
}

/// Returns the frame that closes a WebSocket.
pub(in crate::engine) fn close_frame(code: CloseCode) -> Frame {
    Frame::Close(Some(CloseFrame {
        code,
        reason: Utf8Bytes::from_static(""),
    }))
}

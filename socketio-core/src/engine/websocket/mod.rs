//! [`Socket`]: a WebSocket as a transport of packets: opening and reading. Writing is in `writing.rs`.

mod writing;

use std::{
    io, mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{FutureExt, Sink as _, Stream as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message as Frame, Utf8Bytes,
        error::ProtocolError,
        protocol::{Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

pub(super) use self::writing::{Written, close_frame, yield_to_owner};
use super::{
    packet::{Malformed, Packet},
    protocol::FrameFormat,
    reason::CloseReason,
    stream::Stream,
    timer::after,
};
use crate::base::{BoxError, Message, Problem};

type Io = Stream<TokioIo<Upgraded>>;

/// The size of tungstenite's read buffer, which it keeps and zeroes for each read.
const READ_BUFFER: usize = 512;
/// Frames are collected up to this size before they are written. No memory is allocated in advance.
const WRITE_BUFFER: usize = 64 * 1024;
/// The size from which a frame leaves a buffer behind that is worth freeing.
const LARGE: usize = 4 * 1024;

/// The number of packets that one poll reads, and that it writes, before the other and the owner have their turn.
pub(super) const TURN: usize = 64;

/// A WebSocket that carries packets, from the response to its handshake on.
#[derive(Debug)]
pub(super) struct Socket {
    stage: Stage,
    format: FrameFormat,
    /// The message behind a large one, which decides on how that is written.
    held: Option<Box<Message>>,
    limit: usize,
    /// Whether frames were added and not flushed yet.
    dirty: bool,
    /// Since when the socket accepts nothing, and how many bytes it had accepted by then.
    stuck: Option<(Instant, u64)>,
    /// The number of messages and control frames that were received.
    returned: u64,
    /// The number of control frames that were received and not taken.
    controls: usize,
    /// The size of the largest frame since the buffers were last known to be small.
    pub(super) largest: usize,
    /// The size of the largest of those that were read.
    largest_read: usize,
    /// Why the last operation failed, until the session logs it.
    failure: Option<Box<Failure>>,
}

/// What is logged about a socket that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) problem: Problem,
    pub(super) input: Option<Malformed>,
    pub(super) detail: Option<BoxError>,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a socket is open almost all the time, and is boxed as a whole"
)]
enum Stage {
    /// hyper still has the connection, to write the response to the handshake.
    Upgrading(OnUpgrade, Option<Utf8Bytes>),
    Open(WebSocketStream<Io>),
    Closed,
}

impl Socket {
    /// Creates a socket that accepts messages up to `limit` bytes, and first sends `greeting`.
    pub(super) fn new(
        upgrade: OnUpgrade,
        format: FrameFormat,
        greeting: Option<Utf8Bytes>,
        limit: usize,
    ) -> Self {
        let stage = Stage::Upgrading(upgrade, greeting);
        Socket {
            stage,
            format,
            held: None,
            limit,
            dirty: false,
            stuck: None,
            returned: 0,
            controls: 0,
            largest: 0,
            largest_read: 0,
            failure: None,
        }
    }

    /// Takes the reason of the last error, if it is worth a line in the log.
    pub(super) fn take_failure(&mut self) -> Option<Box<Failure>> {
        self.failure.take()
    }

    /// Returns the next packet. After an error only [`Socket::finish`] may be called.
    pub(super) fn poll_packet(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Packet, CloseReason>> {
        // Control frames count as well: a flood of them must not delay writing.
        for _ in 0..TURN {
            let socket = ready!(self.poll_open(cx))?;
            let next = match Pin::new(&mut *socket).poll_next(cx) {
                Poll::Ready(next) => next.map(|frame| frame.map(|frame| (frame, false))),
                // One that was read past tungstenite, which has returned everything before it.
                Poll::Pending => match socket.get_mut().take_whole() {
                    Some(frame) => Some(frame.map(|frame| (frame, true))),
                    None => return Poll::Pending,
                },
            };
            let (frame, is_whole) = match next {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Err(self.broken(error))),
                None => return Poll::Ready(Err(CloseReason::TransportClose)),
            };
            let frame = if is_whole {
                frame
            } else {
                self.returned(frame)
            };
            return Poll::Ready(match frame {
                Frame::Text(text) => {
                    let decoded = self.format.decode_text(text);
                    decoded.map_err(|malformed| self.malformed(malformed))
                }
                Frame::Binary(bytes) => {
                    let decoded = self.format.decode_binary(bytes);
                    decoded.map_err(|malformed| self.malformed(malformed))
                }
                Frame::Close(_) => Err(CloseReason::TransportClose),
                // tungstenite has added a pong, which must be flushed.
                Frame::Ping(_) => {
                    self.dirty = true;
                    self.controls += 1;
                    continue;
                }
                Frame::Pong(_) | Frame::Frame(_) => {
                    self.controls += 1;
                    continue;
                }
            });
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Notes a frame that tungstenite has read.
    fn returned(&mut self, frame: Frame) -> Frame {
        self.returned += 1;
        self.largest = self.largest.max(frame.len());
        self.largest_read = self.largest_read.max(frame.len());
        // Then tungstenite's buffer is much larger than the frame, and waits as long as the frame does.
        let is_copied = self.largest_read > LARGE && frame.len() < self.largest_read / 2;
        if is_copied { copied(frame) } else { frame }
    }

    /// Returns whether a message would be written at once.
    pub(super) fn is_writable(&self) -> bool {
        matches!(self.stage, Stage::Open(_)) && self.stuck.is_none()
    }

    /// Returns whether the socket has accepted nothing since something was to be written.
    pub(super) fn is_stuck(&self) -> bool {
        self.stuck.is_some()
    }

    /// Returns the number of bytes that were received so far.
    pub(super) fn received(&self) -> u64 {
        self.stream().map_or(0, Stream::received)
    }

    /// Returns the number of bytes that the connection accepted so far.
    pub(super) fn sent(&self) -> u64 {
        self.stream().map_or(0, Stream::written)
    }

    /// Returns whether a message has arrived in part.
    pub(super) fn is_receiving(&self) -> bool {
        self.stream()
            .is_some_and(|stream| stream.between_messages() != Some(self.returned))
    }

    /// Takes the number of control frames that were received.
    pub(super) fn take_controls(&mut self) -> usize {
        mem::take(&mut self.controls)
    }

    /// Returns whether frames were added that the connection has not accepted.
    pub(super) fn is_sending(&self) -> bool {
        self.dirty || self.stuck.is_some()
    }

    fn stream(&self) -> Option<&Io> {
        match &self.stage {
            Stage::Open(socket) => Some(socket.get_ref()),
            _ => None,
        }
    }

    /// Returns when the socket times out because it accepts nothing.
    pub(super) fn write_deadline(&self, timeout: Duration) -> Option<Instant> {
        self.stuck.map(|(since, _)| after(since, timeout))
    }

    /// Frees the buffers of large messages if they are empty. Called at the heartbeat rather than after each message,
    /// since consecutive messages would allocate them again.
    pub(super) fn shrink(&mut self) {
        if self.largest <= LARGE || self.dirty {
            return;
        }
        let Stage::Open(socket) = &mut self.stage else {
            return;
        };
        // Whatever tungstenite has read, it has returned.
        if socket.get_ref().between_messages() != Some(self.returned) {
            return;
        }
        let Stage::Open(socket) = mem::replace(&mut self.stage, Stage::Closed) else {
            return;
        };
        (self.largest, self.largest_read) = (0, 0);
        self.open(socket.into_inner());
    }

    #[inline]
    fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<&mut WebSocketStream<Io>, CloseReason>> {
        if let Stage::Upgrading(..) = &self.stage {
            ready!(self.poll_upgrade(cx))?;
        }
        Poll::Ready(match &mut self.stage {
            Stage::Open(socket) => Ok(socket),
            _ => Err(CloseReason::TransportClose),
        })
    }

    fn poll_upgrade(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CloseReason>> {
        if let Stage::Upgrading(upgrade, greeting) = &mut self.stage {
            let upgraded = match ready!(Pin::new(upgrade).poll(cx)) {
                Ok(upgraded) => upgraded,
                Err(error) => {
                    self.fail(Problem::HandshakeBroken, None, Some(error.into()));
                    return Poll::Ready(Err(CloseReason::TransportClose));
                }
            };
            let greeting = greeting.take();
            self.open(Stream::new(TokioIo::new(upgraded), self.limit));
            if let Some(greeting) = greeting {
                self.send(Frame::Text(greeting))?;
            }
        }
        Poll::Ready(Ok(()))
    }

    fn open(&mut self, io: Io) {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(self.limit))
            .max_frame_size(Some(self.limit));
        // This does not wait: without a handshake, it is ready in its first poll.
        if let Some(socket) =
            WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).now_or_never()
        {
            self.stage = Stage::Open(socket);
        }
    }

    fn malformed(&mut self, malformed: Malformed) -> CloseReason {
        self.fail(Problem::InvalidTransportPacket, Some(malformed), None);
        CloseReason::ParseError
    }

    fn fail(&mut self, problem: Problem, input: Option<Malformed>, detail: Option<BoxError>) {
        self.failure = Some(Box::new(Failure {
            problem,
            input,
            detail,
        }));
    }

    /// Converts an error, and sends the client a close frame with the matching code.
    fn broken(&mut self, error: Error) -> CloseReason {
        let (code, problem) = match error {
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(
                ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing,
            ) => {
                return CloseReason::TransportClose;
            }
            Error::Io(error) if is_lost(&error) => {
                self.fail(Problem::ConnectionBroken, None, Some(error.into()));
                return CloseReason::TransportError;
            }
            Error::Capacity(_) => (CloseCode::Size, Problem::MessageTooLarge),
            Error::Utf8(_) => (CloseCode::Invalid, Problem::InvalidFrame),
            _ => (CloseCode::Protocol, Problem::InvalidFrame),
        };
        self.fail(problem, None, Some(error.into()));
        if let Stage::Open(socket) = &mut self.stage {
            self.dirty = true;
            let _ = Pin::new(socket).start_send(close_frame(code));
        }
        CloseReason::TransportError
    }
}

/// Returns whether an error is the ordinary end of a connection whose client, or network, is gone.
fn is_lost(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;

    matches!(
        error.kind(),
        Kind::BrokenPipe
            | Kind::ConnectionAborted
            | Kind::ConnectionReset
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NotConnected
            | Kind::TimedOut
            | Kind::UnexpectedEof
    )
}

/// Returns a frame that shares no buffer with others.
fn copied(frame: Frame) -> Frame {
    match frame {
        Frame::Text(text) => Frame::Text(Utf8Bytes::from(text.as_str())),
        Frame::Binary(bytes) => Frame::Binary(bytes::Bytes::copy_from_slice(&bytes)),
        frame => frame,
    }
}

//! [`Socket`]: a WebSocket as a transport of packets.

use std::{
    io, mem,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{FutureExt, Sink, Stream as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncWrite, time::Instant};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message as Frame, Utf8Bytes,
        error::ProtocolError,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{
    outgoing::Outgoing,
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

/// The size from which a frame is written without a copy in a buffer, in a system call of its own. Smaller ones are, too, if
/// they are large and no other message follows.
const WHOLE: usize = 16 * 1024;

/// The number of packets that one poll reads, and that it writes, before the other and the owner have their turn.
pub(super) const TURN: usize = 64;
/// The number of bytes that one poll writes before its owner has its turn.
const TURN_BYTES: usize = 256 * 1024;

/// What one poll has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// All that there was, or as much as the socket accepts.
    Everything,
    /// The share of one poll: there may be more to write at once.
    Share,
}

/// A WebSocket that carries packets, from the response to its handshake on.
#[derive(Debug)]
pub(super) struct Socket {
    stage: Stage,
    format: FrameFormat,
    /// The message behind a large one, which decides on how that is written.
    held: Option<Message>,
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
    largest: usize,
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
            let frame = match ready!(Pin::new(socket).poll_next(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Err(self.broken(error))),
                None => return Poll::Ready(Err(CloseReason::TransportClose)),
            };
            self.returned += 1;
            self.largest = self.largest.max(frame.len());
            self.largest_read = self.largest_read.max(frame.len());
            // Then tungstenite's buffer is much larger than the frame, and waits as long as the frame does.
            let is_copied = self.largest_read > LARGE && frame.len() < self.largest_read / 2;
            let frame = if is_copied { copied(frame) } else { frame };
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

    /// Is ready when a frame may be added.
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CloseReason>> {
        let socket = ready!(self.poll_open(cx))?;
        let mut ready = socket.get_mut().poll_ahead(cx).map_err(Error::Io);
        if let Poll::Ready(Ok(())) = ready {
            ready = Pin::new(socket).poll_ready(cx);
        }
        self.progress(ready)
    }

    /// Adds a frame, after [`Socket::poll_ready`].
    pub(super) fn send(&mut self, frame: Frame) -> Result<(), CloseReason> {
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
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CloseReason>> {
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
    pub(super) fn poll_feed(
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
                match self.held.take().or_else(|| out.pop()) {
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
                self.held = self.held.take().or_else(|| out.pop());
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
    pub(super) fn poll_goodbye(
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

    /// Returns whether a message would be written at once.
    pub(super) fn is_writable(&self) -> bool {
        matches!(self.stage, Stage::Open(_)) && self.stuck.is_none()
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

    /// Sends a close frame, if there is a code and that is possible without waiting, and closes the connection.
    pub(super) fn finish(&mut self, cx: &mut Context<'_>, code: Option<CloseCode>) {
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

    fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<&mut WebSocketStream<Io>, CloseReason>> {
        if let Stage::Upgrading(upgrade, greeting) = &mut self.stage {
            let upgraded = match ready!(Pin::new(upgrade).poll(cx)) {
                Ok(upgraded) => upgraded,
                Err(error) => {
                    self.fail(Problem::HandshakeBroken, None, Some(error.into()));
                    return Poll::Ready(Err(CloseReason::TransportClose));
                }
            };
            let greeting = greeting.take();
            self.open(Stream::new(TokioIo::new(upgraded)));
            if let Some(greeting) = greeting {
                self.send(Frame::Text(greeting))?;
            }
        }
        Poll::Ready(match &mut self.stage {
            Stage::Open(socket) => Ok(socket),
            _ => Err(CloseReason::TransportClose),
        })
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

/// Has the task polled again, after others. As in `yield_now`, the runtime looks for I/O before: a task that only woke itself
/// would keep its worker from that for dozens of polls.
pub(super) fn yield_to_owner(cx: &mut Context<'_>) {
    let _ = pin!(tokio::task::yield_now()).poll(cx);
}

/// Returns a frame that shares no buffer with others.
fn copied(frame: Frame) -> Frame {
    match frame {
        Frame::Text(text) => Frame::Text(Utf8Bytes::from(text.as_str())),
        Frame::Binary(bytes) => Frame::Binary(bytes::Bytes::copy_from_slice(&bytes)),
        frame => frame,
    }
}

/// Returns the frame that closes a WebSocket.
fn close_frame(code: CloseCode) -> Frame {
    Frame::Close(Some(CloseFrame {
        code,
        reason: Utf8Bytes::from_static(""),
    }))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http::{Request, Response, StatusCode};
    use http_body_util::Empty;
    use hyper::{body::Incoming, server::conn::http1, service::service_fn};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        sync::mpsc,
    };

    use super::*;

    /// A socket that takes messages up to 1 MB, and the client's end of its stream.
    async fn socket() -> (Socket, DuplexStream) {
        let (mut client, server) = duplex(256 * 1024);
        let (sender, mut upgrades) = mpsc::channel(1);
        let service = service_fn(move |request: Request<Incoming>| {
            let sent = sender.try_send(hyper::upgrade::on(request));
            assert!(sent.is_ok());
            let response = Response::builder()
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header("connection", "upgrade")
                .header("upgrade", "websocket")
                .body(Empty::<bytes::Bytes>::new());
            async { Ok::<_, Infallible>(response.unwrap()) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(server), service);
        tokio::spawn(connection.with_upgrades());
        let request =
            b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
        client.write_all(request).await.unwrap();
        let socket = Socket::new(
            upgrades.recv().await.unwrap(),
            FrameFormat::V4 { base64: false },
            None,
            1_000_000,
        );
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(client.read_u8().await.unwrap());
        }
        (socket, client)
    }

    /// A binary frame of a client, masked with zeroes.
    fn frame(length: u16) -> Vec<u8> {
        let mut frame = vec![0x82, 0xFE];
        frame.extend(length.to_be_bytes());
        frame.resize(8 + usize::from(length), 0);
        frame
    }

    async fn read(socket: &mut Socket) -> usize {
        match std::future::poll_fn(|cx| socket.poll_packet(cx)).await {
            Ok(Packet::Message(message)) => message.len(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn buffers_are_given_back_once_nothing_is_in_them() {
        let (mut socket, mut client) = socket().await;
        client.write_all(&frame(50_000)).await.unwrap();
        client.write_all(&frame(500)[..100]).await.unwrap();
        assert_eq!(read(&mut socket).await, 50_000);
        let begun = std::future::poll_fn(|cx| Poll::Ready(socket.poll_packet(cx))).await;
        assert!(begun.is_pending());
        socket.shrink();
        assert_eq!(socket.largest, 50_000, "the beginning of a frame is inside");

        client.write_all(&frame(500)[100..]).await.unwrap();
        assert_eq!(read(&mut socket).await, 500);
        socket.send(Frame::text("unwritten")).unwrap();
        socket.shrink();
        assert_eq!(socket.largest, 50_000, "a frame is to be flushed");

        std::future::poll_fn(|cx| socket.poll_flush(cx))
            .await
            .unwrap();
        socket.shrink();
        assert_eq!(socket.largest, 0);
        client.write_all(&frame(500)).await.unwrap();
        assert_eq!(read(&mut socket).await, 500);
    }

    #[tokio::test]
    async fn a_small_message_does_not_keep_the_buffer_of_a_large_one() {
        let (mut socket, mut client) = socket().await;
        client.write_all(&frame(50_000)).await.unwrap();
        assert_eq!(read(&mut socket).await, 50_000);
        client.write_all(&frame(10).repeat(2)).await.unwrap();
        let Ok(Packet::Message(Message::Binary(small))) =
            std::future::poll_fn(|cx| socket.poll_packet(cx)).await
        else {
            panic!("no message");
        };
        assert!(small.is_unique());
    }

    #[tokio::test]
    async fn frames_that_wait_below_the_websocket_survive_that() {
        let (mut socket, mut client) = socket().await;
        client.write_all(&frame(5_000).repeat(10)).await.unwrap();
        for _ in 0..10 {
            assert_eq!(read(&mut socket).await, 5_000);
            socket.shrink();
        }
    }

    #[tokio::test]
    async fn they_are_given_back_also_after_fragments_and_lengths_that_are_longer_than_necessary() {
        let (mut socket, mut client) = socket().await;
        let mut fragments = frame(40_000);
        fragments[0] = 0x02;
        let mut last = frame(10);
        last[0] = 0x80;
        client.write_all(&fragments).await.unwrap();
        client.write_all(&last).await.unwrap();
        assert_eq!(read(&mut socket).await, 40_010);
        socket.shrink();
        assert_eq!(socket.largest, 0);

        client.write_all(&frame(50_000)).await.unwrap();
        // Ten bytes, with a length of eight bytes.
        let mut long = vec![0x82, 0xFF];
        long.extend(10_u64.to_be_bytes());
        long.extend([0; 14]);
        client.write_all(&long).await.unwrap();
        assert_eq!(read(&mut socket).await, 50_000);
        assert_eq!(read(&mut socket).await, 10);
        assert!(!socket.is_receiving());
        socket.shrink();
        assert_eq!(socket.largest, 0);
    }
}

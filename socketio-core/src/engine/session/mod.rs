//! [`Session`]: one Engine.IO connection over either transport.

mod closing;
mod drive;
mod posts;
mod probing;
mod progress;

use std::{
    collections::VecDeque,
    fmt::{self, Write},
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
};

use hyper::upgrade::OnUpgrade;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use self::{posts::ok, progress::Progress};
use super::{
    control_rate::ControlRate,
    heartbeat::Heartbeat,
    outgoing::{Outgoing, Queue},
    post_queue::Post,
    protocol::Protocol,
    reason::CloseReason,
    refusal::Refusal,
    sessions::Sessions,
    shared::Shared,
    timer::{Timer, after},
    transport::TransportKind,
    upgrade::Probe,
    websocket::Socket,
};
use crate::{
    admission::SessionPermit,
    base::{Message, ProtocolVersion, Request},
};

/// The usual size of the first packet of a session, at most.
const OPEN_PACKET: usize = 128;

/// An event of [`Session::poll`].
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The client sent a message.
    Message(Message),
    /// The session has ended. Returned by all further polls, too.
    Closed(CloseReason),
}

/// One connection of a client, over either transport: receives and sends messages.
///
/// A session has no task: its owner drives it with [`Session::poll`], or more simply with [`Session::recv`] and
/// [`Session::send`]. Dropping it ends it at once.
pub struct Session {
    sessions: Arc<Sessions>,
    shared: Arc<Shared>,
    request: Request,
    state: State,
    transport: Transport,
    /// `None` for a session that was opened over a WebSocket. Boxed, since most sessions have one.
    polling: Option<Box<Polling>>,
    probe: Option<Box<Probe>>,
    heartbeat: Heartbeat,
    progress: Progress,
    /// The ping or pong that is to be written.
    control_due: Option<&'static str>,
    /// The pongs that are still to come since [`ask_for_pong`](Session::ask_for_pong).
    asked: Option<u8>,
    controls: ControlRate,
    timer: Timer,
    /// The number of packets that were read since the last turn of writing.
    reads: usize,
    /// `None` unless [`send`](Session::send) is used.
    queue: Option<Box<Queue>>,
    _permit: SessionPermit,
}

/// What a session keeps for polling. After an upgrade, it is dropped once all packets of its POSTs have been taken.
#[derive(Debug, Default)]
struct Polling {
    /// POSTs whose packets are being taken. Only the last may be unanswered.
    posts: VecDeque<Post>,
    /// When a session ends that has not been polled yet.
    first_poll: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Open,
    /// The server closes the session: nothing is read any more, the remaining messages are written.
    Closing {
        reason: CloseReason,
        deadline: Instant,
        said: bool,
        /// The number of bytes that the client has posted since then. It saturates, as it is only compared with a limit.
        posted: u32,
    },
    /// The session has failed, and the client may have to be notified. Nothing more is read.
    Failed {
        reason: CloseReason,
        deadline: Instant,
    },
    Closed(CloseReason),
}

#[derive(Debug)]
enum Transport {
    Polling,
    WebSocket(Box<Socket>),
}

impl Session {
    /// Opens a session over polling. The response to its handshake is [`Session::open_packet`].
    pub(super) fn polling(
        sessions: Arc<Sessions>,
        request: Request,
        protocol: Protocol,
        permit: SessionPermit,
    ) -> Result<Self, Refusal> {
        let origin = request.header("origin");
        let shared = sessions.insert(TransportKind::Polling, protocol, origin)?;
        let mut session = Self::new(sessions, shared, request, permit);
        let timeout = session.sessions.config.first_poll_timeout;
        session.polling = Some(Box::new(Polling {
            posts: VecDeque::new(),
            first_poll: Some(after(Instant::now(), timeout)),
        }));
        Ok(session)
    }

    /// Opens a session over a WebSocket, whose handshake is being answered.
    pub(super) fn websocket(
        sessions: Arc<Sessions>,
        request: Request,
        protocol: Protocol,
        permit: SessionPermit,
        upgrade: OnUpgrade,
    ) -> Result<Self, Refusal> {
        let shared = sessions.insert(TransportKind::WebSocket, protocol, None)?;
        let mut session = Self::new(sessions, shared, request, permit);
        let greeting = Some(Utf8Bytes::from(session.open_packet(false)));
        let limit = session.sessions.config.max_payload;
        let format = protocol.frames();
        let socket = Socket::new(upgrade, format, greeting, limit);
        session.transport = Transport::WebSocket(Box::new(socket));
        Ok(session)
    }

    fn new(
        sessions: Arc<Sessions>,
        shared: Arc<Shared>,
        request: Request,
        permit: SessionPermit,
    ) -> Self {
        let now = Instant::now();
        Session {
            state: State::Open,
            transport: Transport::Polling,
            polling: None,
            probe: None,
            heartbeat: Heartbeat::new(now, &sessions.config, shared.protocol.version()),
            progress: Progress::default(),
            control_due: None,
            asked: None,
            controls: ControlRate::default(),
            timer: Timer::new(after(now, sessions.config.ping_interval)),
            reads: 0,
            queue: None,
            request,
            sessions,
            shared,
            _permit: permit,
        }
    }

    /// Returns the packet with the session's id, timings and limits.
    pub(super) fn open_packet(&self, upgrades: bool) -> String {
        // Collected without the formatter, whose cost shows when many clients reconnect.
        let mut packet = String::with_capacity(OPEN_PACKET);
        packet.push_str(r#"0{"sid":""#);
        packet.push_str(self.sid());
        packet.push_str(match upgrades {
            true => r#"","upgrades":["websocket"],"#,
            false => r#"","upgrades":[],"#,
        });
        packet.push_str(&self.sessions.announced);
        if self.protocol_version() == ProtocolVersion::Eio4 {
            _ = write!(
                packet,
                r#","maxPayload":{}"#,
                self.sessions.config.max_payload
            );
        }
        packet.push('}');
        packet
    }

    /// Returns the id of the session. It is secret: anyone who knows it can act for the client.
    pub fn sid(&self) -> &str {
        self.shared.sid.as_str()
    }

    /// Returns the request that opened the session.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Returns the version of the protocol that the client speaks.
    pub fn protocol_version(&self) -> ProtocolVersion {
        self.shared.protocol.version()
    }

    /// Returns the current transport. It may change once, from polling to WebSocket.
    pub fn transport(&self) -> TransportKind {
        match self.transport {
            Transport::Polling => TransportKind::Polling,
            Transport::WebSocket(_) => TransportKind::WebSocket,
        }
    }

    /// Returns whether a message would be written now: the WebSocket accepts more, or a GET is waiting. False once the
    /// close packet has been sent.
    pub fn can_write(&self) -> bool {
        if let State::Closing { said: true, .. } | State::Failed { .. } | State::Closed(_) =
            self.state
        {
            return false;
        }
        match &self.transport {
            Transport::Polling => self.shared.is_polled(),
            Transport::WebSocket(socket) => socket.is_writable(),
        }
    }

    /// Drives reading, writing, the heartbeat and the upgrade, until there is an event.
    ///
    /// Writes messages of `out` as far as the transport accepts them. If `read` is false, nothing is read: a POST is
    /// not answered until its packets have been taken, and a missing pong does not time out. Poll again at once after
    /// an [`Event::Message`]. If it returns `Pending`, the task is woken, except for new messages in `out`, which the
    /// owner must notice.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut dyn Outgoing,
        read: bool,
    ) -> Poll<Event> {
        let reason = match self.state {
            State::Open => match ready!(self.poll_open(cx, out, read)) {
                Ok(message) => return Poll::Ready(Event::Message(message)),
                Err(reason) => {
                    self.fail(reason);
                    ready!(self.poll_failed(cx, out));
                    reason
                }
            },
            State::Failed { reason, .. } => {
                ready!(self.poll_failed(cx, out));
                reason
            }
            State::Closing { reason, .. } => {
                ready!(self.poll_closing(cx, out));
                reason
            }
            State::Closed(reason) => return Poll::Ready(Event::Closed(reason)),
        };
        if let Transport::WebSocket(socket) = &mut self.transport {
            socket.finish(cx, reason.close_code());
        }
        self.end(reason);
        Poll::Ready(Event::Closed(reason))
    }

    /// Begins to close the session. Nothing is read any more; the messages of `out` are still written. Keep polling until
    /// [`Event::Closed`], which is returned with `reason` once the close handshake has completed, or after
    /// [`Config::close_timeout`](super::Config).
    ///
    /// The reason decides what the client sees:
    ///
    /// | reason | a poll is answered with | a WebSocket ends |
    /// |---|---|---|
    /// | [`ServerClose`](CloseReason::ServerClose) | a close packet | with close code 1000 |
    /// | [`ServerShutdown`](CloseReason::ServerShutdown) | status 503 | without a close frame |
    /// | [`ParseError`](CloseReason::ParseError) | status 400 | with close code 1002 |
    /// | [`TransportError`](CloseReason::TransportError), [`PingTimeout`](CloseReason::PingTimeout) | status 400 | without a close frame |
    ///
    /// A session whose client breaks a rule of WebSocket ends with the close code for it: 1002, 1007 for text that is not UTF-8, 1009 for a
    /// message that is too large.
    ///
    /// Some clients do not reconnect after a close packet or close code 1000. All reconnect after the others.
    pub fn close(&mut self, reason: CloseReason) {
        if let State::Open = self.state {
            let deadline = after(Instant::now(), self.sessions.config.close_timeout);
            self.state = State::Closing {
                reason,
                deadline,
                said: false,
                posted: 0,
            };
            // A client that has stopped polling for an upgrade would not see the end of its session before its ping timeout.
            if !self.is_probed() {
                self.probe = None;
            }
            self.answer_post(ok());
        }
    }

    /// Receives the next message. Cancel-safe.
    ///
    /// # Errors
    ///
    /// The reason why the session has ended.
    pub async fn recv(&mut self) -> Result<Message, CloseReason> {
        poll_fn(|cx| match ready!(self.poll_with_queue(cx, true)) {
            Event::Message(message) => Poll::Ready(Ok(message)),
            Event::Closed(reason) => Poll::Ready(Err(reason)),
        })
        .await
    }

    /// Sends a message: at once if the transport accepts it, otherwise during the next calls of `send` and
    /// [`Session::recv`]. Waits while more than 1 MiB of messages is unsent.
    ///
    /// # Errors
    ///
    /// The reason why the session has ended.
    pub async fn send(&mut self, message: Message) -> Result<(), CloseReason> {
        self.queue.get_or_insert_default().push(message);
        poll_fn(|cx| match self.poll_with_queue(cx, false) {
            Poll::Ready(Event::Closed(reason)) => Poll::Ready(Err(reason)),
            Poll::Ready(Event::Message(_)) | Poll::Pending
                if self.queue.as_ref().is_none_or(|queue| !queue.is_full()) =>
            {
                Poll::Ready(Ok(()))
            }
            _ => Poll::Pending,
        })
        .await
    }

    fn poll_with_queue(&mut self, cx: &mut Context<'_>, read: bool) -> Poll<Event> {
        let mut queue = self.queue.take().unwrap_or_default();
        let event = self.poll(cx, &mut *queue, read);
        self.queue = Some(queue);
        event
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("sid", &self.shared.sid)
            .field("transport", &self.transport())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

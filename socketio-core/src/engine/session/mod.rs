//! One connection of a client, whatever its transport.

mod drive;

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    mem,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{Utf8Bytes, protocol::frame::coding::CloseCode};

use super::{
    heartbeat::Heartbeat,
    outgoing::{Outgoing, Queue},
    packet::control,
    reason::CloseReason,
    refusal::Refusal,
    sessions::Sessions,
    shared::{Answer, Post, Shared},
    timer::{Timer, after},
    transport::TransportKind,
    upgrade::Probe,
    websocket::Socket,
};
use crate::base::{Message, Request};

/// What [`Session::poll`] tells its owner.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// The client sent a message.
    Message(Message),
    /// The session is over. It tells so each time it is polled again.
    Closed(CloseReason),
}

/// One connection of a client, whatever its transport: messages in, messages out.
///
/// It does nothing by itself, no task runs for it: its owner drives it by [`Session::poll`], or
/// more simply by [`Session::recv`] and [`Session::send`]. Dropping it ends it at once.
pub struct Session {
    sessions: Arc<Sessions>,
    shared: Arc<Shared>,
    request: Request,
    state: State,
    transport: Transport,
    /// POSTs whose packets are being taken. Only the last can be one that is still to be answered.
    posts: VecDeque<Post>,
    probe: Option<Box<Probe>>,
    heartbeat: Heartbeat,
    /// A ping waits for the transport.
    ping_due: bool,
    timer: Timer,
    /// Packets read since there was a turn for writing.
    reads: usize,
    queue: Queue,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Open,
    /// The server closes it: nothing is read any more, the rest is written.
    Closing {
        reason: CloseReason,
        deadline: Instant,
        said: bool,
    },
    Closed(CloseReason),
}

#[derive(Debug)]
enum Transport {
    Polling,
    WebSocket(Box<Socket>),
}

impl Session {
    /// A session over polling, whose handshake is being answered with [`Session::open_packet`].
    pub(super) fn polling(sessions: Arc<Sessions>, request: Request) -> Result<Self, Refusal> {
        let shared = sessions.insert(TransportKind::Polling)?;
        Ok(Self::new(sessions, shared, request, Transport::Polling))
    }

    /// A session over a WebSocket whose handshake is being answered.
    pub(super) fn websocket(
        sessions: Arc<Sessions>,
        request: Request,
        upgrade: OnUpgrade,
    ) -> Result<Self, Refusal> {
        let shared = sessions.insert(TransportKind::WebSocket)?;
        let mut session = Self::new(sessions, shared, request, Transport::Polling);
        let greeting = Some(Utf8Bytes::from(session.open_packet(false)));
        let socket = Socket::new(upgrade, greeting, session.sessions.config.max_payload);
        session.transport = Transport::WebSocket(Box::new(socket));
        Ok(session)
    }

    fn new(
        sessions: Arc<Sessions>,
        shared: Arc<Shared>,
        request: Request,
        transport: Transport,
    ) -> Self {
        let now = Instant::now();
        Session {
            state: State::Open,
            transport,
            posts: VecDeque::new(),
            probe: None,
            heartbeat: Heartbeat::new(now, &sessions.config),
            ping_due: false,
            timer: Timer::new(after(now, sessions.config.ping_interval)),
            reads: 0,
            queue: Queue::default(),
            request,
            sessions,
            shared,
        }
    }

    /// The packet that tells the client its id and the figures.
    pub(super) fn open_packet(&self, upgrades: bool) -> String {
        let config = &self.sessions.config;
        let (interval, timeout) = config.announced();
        format!(
            r#"0{{"sid":"{}","upgrades":[{}],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
            self.sid(),
            if upgrades { r#""websocket""# } else { "" },
            interval,
            timeout,
            config.max_payload,
        )
    }

    /// The id of the session, a secret between the client and the server: whoever knows it can
    /// speak for the client.
    pub fn sid(&self) -> &str {
        self.shared.sid.as_str()
    }

    /// The request that opened the session.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The transport now. It may change from polling to WebSocket, once.
    pub fn transport(&self) -> TransportKind {
        match self.transport {
            Transport::Polling => TransportKind::Polling,
            Transport::WebSocket(_) => TransportKind::WebSocket,
        }
    }

    /// Whether a message would be written now: the WebSocket takes more, or a GET waits. False once the client has been
    /// told that it is over.
    pub fn can_write(&self) -> bool {
        if let State::Closing { said: true, .. } | State::Closed(_) = self.state {
            return false;
        }
        match &self.transport {
            Transport::Polling => self.shared.is_polled(),
            Transport::WebSocket(socket) => socket.is_writable(),
        }
    }

    /// Drives reading, writing, the heartbeat and the upgrade, until there is an event.
    ///
    /// Takes from `out` what the transport can write now. With `read` false nothing is read: a POST
    /// stays unanswered until its packets were taken, and the client is not blamed for a missing
    /// pong. After an [`Event::Message`] poll again at once; what is pending wakes the task, except
    /// that nobody else can know when `out` has got something.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut dyn Outgoing,
        read: bool,
    ) -> Poll<Event> {
        let reason = match self.state {
            State::Open => match ready!(self.poll_open(cx, out, read)) {
                Ok(message) => return Poll::Ready(Event::Message(message)),
                Err(reason) => reason,
            },
            State::Closing { reason, .. } => {
                ready!(self.poll_closing(cx, out));
                reason
            }
            State::Closed(reason) => return Poll::Ready(Event::Closed(reason)),
        };
        if let Transport::WebSocket(socket) = &mut self.transport {
            socket.finish(
                cx,
                if reason == CloseReason::ParseError {
                    CloseCode::Protocol
                } else {
                    CloseCode::Normal
                },
            );
        }
        self.end(reason);
        Poll::Ready(Event::Closed(reason))
    }

    /// Begins to close the session. From now on nothing is read; what `out` still holds is written,
    /// then the client is told. Poll on until [`Event::Closed`], which comes with `reason` when the
    /// client has been told, or could not be within [`Config::close_timeout`](super::Config).
    pub fn close(&mut self, reason: CloseReason) {
        if let State::Open = self.state {
            let deadline = after(Instant::now(), self.sessions.config.close_timeout);
            self.state = State::Closing {
                reason,
                deadline,
                said: false,
            };
            self.probe = None;
            self.answer_post(ok());
        }
    }

    /// The next message. Cancel-safe.
    ///
    /// # Errors
    ///
    /// Why the session is over.
    pub async fn recv(&mut self) -> Result<Message, CloseReason> {
        poll_fn(|cx| match ready!(self.poll_with_queue(cx, true)) {
            Event::Message(message) => Poll::Ready(Ok(message)),
            Event::Closed(reason) => Poll::Ready(Err(reason)),
        })
        .await
    }

    /// Sends a message: at once if the transport can take it, else during the next calls of `send`
    /// and [`Session::recv`]. Waits while more than 1 MiB of messages waits for the transport.
    ///
    /// # Errors
    ///
    /// Why the session is over.
    pub async fn send(&mut self, message: Message) -> Result<(), CloseReason> {
        self.queue.push(message);
        poll_fn(|cx| match self.poll_with_queue(cx, false) {
            Poll::Ready(Event::Closed(reason)) => Poll::Ready(Err(reason)),
            Poll::Ready(Event::Message(_)) | Poll::Pending if !self.queue.is_full() => {
                Poll::Ready(Ok(()))
            }
            _ => Poll::Pending,
        })
        .await
    }

    fn poll_with_queue(&mut self, cx: &mut Context<'_>, read: bool) -> Poll<Event> {
        let mut queue = mem::take(&mut self.queue);
        let event = self.poll(cx, &mut queue, read);
        self.queue = queue;
        event
    }

    fn answer_post(&mut self, answer: Answer) {
        if let Some(to) = self.posts.back_mut().and_then(|post| post.answer.take()) {
            // The client may send the next as soon as it has its answer. An error says that it does
            // not wait for one any more.
            self.shared.release_post();
            let _ = to.send(answer);
        }
    }

    /// The session is over: nobody finds it any more, and whoever waits for it is answered.
    fn end(&mut self, reason: CloseReason) {
        tracing::debug!(target: "engineio", sid = ?self.shared.sid, transport = %self.transport(), %reason, "closed");
        self.state = State::Closed(reason);
        self.probe = None;
        // A client that takes its leave wants no answer from its poll, which may be on its way.
        let left = reason == CloseReason::ForcedClose;
        let leaves_polling = left && matches!(self.transport, Transport::Polling);
        if leaves_polling {
            self.sessions.expect_final_poll(self.shared.sid);
        }
        self.sessions.remove(self.shared.sid);
        let polled = self.shared.close(
            if left { control::NOOP } else { control::CLOSE },
            Err(Refusal::UnknownSid),
        );
        if leaves_polling && polled {
            self.sessions.claim_final_poll(self.shared.sid);
        }
        self.answer_post(Err(Refusal::UnknownSid));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        match self.state {
            State::Open => self.end(CloseReason::ServerClose),
            State::Closing { reason, .. } => self.end(reason),
            State::Closed(_) => {}
        }
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

/// The answer to a POST whose packets were taken.
fn ok() -> Answer {
    Ok(Bytes::from_static(b"ok"))
}

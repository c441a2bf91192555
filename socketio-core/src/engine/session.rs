//! One connection of a client, whatever its transport.

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
use tokio_tungstenite::tungstenite::{
    Message as Frame, Utf8Bytes, protocol::frame::coding::CloseCode,
};

use super::{
    handshake::Handshake,
    heartbeat::{Beat, Heartbeat},
    packet::{Packet, control},
    payload::Encoder,
    reason::CloseReason,
    refusal::Refusal,
    sessions::Sessions,
    shared::{Answer, News, Post, Shared},
    timer::{Timer, after},
    transport::TransportKind,
    upgrade::Probe,
    websocket::{Socket, close_frame},
};
use crate::message::Message;

/// So many messages are read before what there is to write gets its turn, and the other way round.
const TURN: usize = 64;
/// So many messages [`Session::send`] keeps before it waits.
const QUEUE: usize = 64;

/// Where a [`Session`] takes its messages from when its transport can write them.
pub trait Outgoing {
    /// The next message to write; `None` when there is nothing now.
    fn pop(&mut self) -> Option<Message>;
}

impl Outgoing for VecDeque<Message> {
    fn pop(&mut self) -> Option<Message> {
        self.pop_front()
    }
}

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
    handshake: Arc<Handshake>,
    state: State,
    transport: Transport,
    /// A POST whose packets are being taken.
    post: Option<Post>,
    probe: Option<Box<Probe>>,
    heartbeat: Heartbeat,
    /// A ping waits for the transport.
    ping_due: bool,
    timer: Timer,
    /// Messages returned since something was written last.
    reads: usize,
    /// What [`Session::send`] took and the transport did not yet.
    queue: VecDeque<Message>,
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
    pub(super) fn polling(sessions: Arc<Sessions>, handshake: Handshake) -> Result<Self, Refusal> {
        let shared = sessions.insert(TransportKind::Polling)?;
        Ok(Self::new(sessions, shared, handshake, Transport::Polling))
    }

    /// A session over a WebSocket whose handshake is being answered.
    pub(super) fn websocket(
        sessions: Arc<Sessions>,
        handshake: Handshake,
        upgrade: OnUpgrade,
    ) -> Result<Self, Refusal> {
        let shared = sessions.insert(TransportKind::WebSocket)?;
        let mut session = Self::new(sessions, shared, handshake, Transport::Polling);
        let greeting = Some(Utf8Bytes::from(session.open_packet(false)));
        let socket = Socket::new(upgrade, greeting, session.sessions.config.max_payload);
        session.transport = Transport::WebSocket(Box::new(socket));
        Ok(session)
    }

    fn new(
        sessions: Arc<Sessions>,
        shared: Arc<Shared>,
        handshake: Handshake,
        transport: Transport,
    ) -> Self {
        let now = Instant::now();
        Session {
            state: State::Open,
            transport,
            post: None,
            probe: None,
            heartbeat: Heartbeat::new(now, &sessions.config),
            ping_due: false,
            timer: Timer::new(after(now, sessions.config.ping_interval)),
            reads: 0,
            queue: VecDeque::new(),
            handshake: Arc::new(handshake),
            sessions,
            shared,
        }
    }

    /// The packet that tells the client its id and the figures.
    pub(super) fn open_packet(&self, upgrades: bool) -> String {
        let config = &self.sessions.config;
        format!(
            r#"0{{"sid":"{}","upgrades":[{}],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
            self.sid(),
            if upgrades { r#""websocket""# } else { "" },
            config.ping_interval.as_millis(),
            config.ping_timeout.as_millis(),
            config.max_payload,
        )
    }

    /// The id of the session, a secret between the client and the server: whoever knows it can
    /// speak for the client.
    pub fn sid(&self) -> &str {
        self.shared.sid.as_str()
    }

    /// The request that opened the session.
    pub fn handshake(&self) -> &Arc<Handshake> {
        &self.handshake
    }

    /// The transport now. It may change from polling to WebSocket, once.
    pub fn transport(&self) -> TransportKind {
        match self.transport {
            Transport::Polling => TransportKind::Polling,
            Transport::WebSocket(_) => TransportKind::WebSocket,
        }
    }

    /// Whether a message would be written now: the WebSocket is not held up, or a GET waits.
    pub fn can_write(&self) -> bool {
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
    /// and [`Session::recv`]. Waits while more than 64 messages wait for the transport.
    ///
    /// # Errors
    ///
    /// Why the session is over.
    pub async fn send(&mut self, message: Message) -> Result<(), CloseReason> {
        self.queue.push_back(message);
        poll_fn(|cx| match self.poll_with_queue(cx, false) {
            Poll::Ready(Event::Closed(reason)) => Poll::Ready(Err(reason)),
            Poll::Ready(Event::Message(_)) | Poll::Pending if self.queue.len() <= QUEUE => {
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

    fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut dyn Outgoing,
        read: bool,
    ) -> Poll<Result<Message, CloseReason>> {
        self.heartbeat.reading(read);
        loop {
            let news = self.take_news(cx);
            let mut again = self.poll_probe(cx);
            if read {
                // However much a client sends, writing and the heartbeat get their turn.
                if self.reads == TURN {
                    again = true;
                } else if let Poll::Ready(result) = self.poll_read(cx) {
                    self.reads += 1;
                    return Poll::Ready(result);
                }
                self.reads = 0;
            }
            // What had come before the client broke a rule is still taken.
            if let (Some(reason), None) = (news.failed, &self.post) {
                return Poll::Ready(Err(reason));
            }
            again |= self.poll_write(cx, out, news.polled)?;
            again |= self.poll_timer(cx)?;
            if !again {
                return Poll::Pending;
            }
        }
    }

    /// Takes what requests have brought. A WebSocket session gets no more of them.
    fn take_news(&mut self, cx: &mut Context<'_>) -> News {
        let Transport::Polling = self.transport else {
            return News::default();
        };
        let mut news = self.shared.news(cx);
        if let Some(post) = news.post.take() {
            self.post = Some(post);
        }
        if let (Some(upgrade), State::Open) = (news.socket.take(), self.state) {
            let config = &self.sessions.config;
            let socket = Socket::new(upgrade, None, config.max_payload);
            self.probe = Some(Box::new(Probe::new(
                socket,
                after(Instant::now(), config.upgrade_timeout),
            )));
        }
        news
    }

    /// `true` when the transport has changed.
    fn poll_probe(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(probe) = &mut self.probe else {
            return false;
        };
        let Poll::Ready(outcome) = probe.poll(cx) else {
            return false;
        };
        let Some(probe) = self.probe.take() else {
            return false;
        };
        match outcome {
            Ok(()) => {
                if let Some(post) = self.shared.complete_upgrade() {
                    self.post = Some(post);
                }
                self.transport = Transport::WebSocket(Box::new(probe.into_socket()));
                true
            }
            Err(reason) => {
                tracing::debug!(target: "engineio", sid = ?self.shared.sid, %reason, "an upgrade was abandoned");
                self.abandon(*probe, cx);
                false
            }
        }
    }

    fn abandon(&mut self, probe: Probe, cx: &mut Context<'_>) {
        probe.abandon(cx);
        self.shared.abandon_upgrade();
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, CloseReason>> {
        loop {
            let packet = match (self.next_posted(), &mut self.transport) {
                (Some(packet), _) => packet?,
                (None, Transport::WebSocket(socket)) => ready!(socket.poll_packet(cx))?,
                (None, Transport::Polling) => return Poll::Pending,
            };
            match packet {
                Packet::Pong => {
                    self.heartbeat.pong(Instant::now(), &self.sessions.config);
                    continue;
                }
                Packet::Close => return Poll::Ready(Err(CloseReason::ForcedClose)),
                Packet::Probe => return Poll::Ready(Err(CloseReason::ParseError)),
                Packet::Message(_) | Packet::Upgrade | Packet::Noop => {}
            }
            self.heartbeat.packet(&self.sessions.config);
            if let Packet::Message(message) = packet {
                return Poll::Ready(Ok(message));
            }
        }
    }

    /// The next packet of the POST that is being taken, which is answered with its last one: a
    /// client may wait for that before it polls for what it causes.
    fn next_posted(&mut self) -> Option<Result<Packet, CloseReason>> {
        let packet = self.post.as_mut()?.payload.next()?;
        match packet {
            Ok(Packet::Close) => self.answer_post(ok()),
            Ok(_)
                if self
                    .post
                    .as_ref()
                    .is_some_and(|post| post.payload.is_empty()) =>
            {
                self.answer_post(ok())
            }
            Ok(_) => {}
            Err(_) => self.answer_post(Err(Refusal::BadRequest("a malformed packet"))),
        }
        Some(packet.map_err(|_| CloseReason::ParseError))
    }

    fn answer_post(&mut self, answer: Answer) {
        if let Some(post) = self.post.take() {
            // The client may send the next as soon as it has its answer. An error says that it does
            // not wait for one any more.
            self.shared.release_post();
            let _ = post.answer.send(answer);
        }
    }

    /// `true` when there may be more to write at once.
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut dyn Outgoing,
        polled: bool,
    ) -> Result<bool, CloseReason> {
        match &mut self.transport {
            Transport::WebSocket(socket) => match poll_feed(socket, cx, &mut self.ping_due, out) {
                Poll::Ready(written) => written.map(|written| written == TURN),
                Poll::Pending => Ok(false),
            },
            Transport::Polling if polled => self.write_answer(out, None),
            Transport::Polling => Ok(false),
        }
    }

    /// Answers the GET that waits, if there is anything to say. With `last` that goes on the end of
    /// the last answer there is; `Ok(true)` tells that this was it.
    fn write_answer(
        &mut self,
        out: &mut dyn Outgoing,
        last: Option<&'static str>,
    ) -> Result<bool, CloseReason> {
        let mut answer = Encoder::default();
        if mem::take(&mut self.ping_due) {
            answer.control(control::PING);
        }
        let mut done = false;
        while answer.len() < self.sessions.config.max_payload && !done {
            match out.pop() {
                Some(message) => answer.message(&message),
                None => done = true,
            }
        }
        if let (true, Some(last)) = (done, last) {
            answer.control(last);
        }
        if answer.is_empty() && self.probe.as_ref().is_some_and(|probe| probe.is_probed()) {
            answer.control(control::NOOP);
        }
        if answer.is_empty() || self.shared.answer_poll(Ok(answer.finish())) {
            Ok(done && last.is_some())
        } else {
            Err(CloseReason::TransportError)
        }
    }

    /// `true` when a deadline has passed and something came of it.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Result<bool, CloseReason> {
        let write_due = self.write_due();
        let probe_due = self.probe.as_ref().map(|probe| probe.deadline);
        let beat_due = self.heartbeat.due();
        let Some(next) = [write_due, probe_due, beat_due].into_iter().flatten().min() else {
            return Ok(false);
        };
        let Poll::Ready(now) = self.timer.poll(cx, next) else {
            return Ok(false);
        };

        let passed = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        if passed(write_due) {
            return Err(CloseReason::TransportError);
        }
        if passed(probe_due)
            && let Some(probe) = self.probe.take()
        {
            self.abandon(*probe, cx);
        }
        if passed(beat_due) {
            match self.heartbeat.beat(now, &self.sessions.config) {
                Beat::Ping => self.ping_due = true,
                Beat::GiveUp => return Err(CloseReason::PingTimeout),
            }
            if let Transport::WebSocket(socket) = &mut self.transport {
                socket.shrink();
            }
        }
        Ok(true)
    }

    fn write_due(&self) -> Option<Instant> {
        match &self.transport {
            Transport::WebSocket(socket) => {
                socket.write_deadline(self.sessions.config.write_timeout)
            }
            Transport::Polling => None,
        }
    }

    /// Ready when the client has been told that it is over, or can't be.
    fn poll_closing(&mut self, cx: &mut Context<'_>, out: &mut dyn Outgoing) -> Poll<()> {
        let news = self.take_news(cx);
        self.answer_post(ok());
        self.ping_due = false;
        let State::Closing { deadline, said, .. } = &mut self.state else {
            return Poll::Ready(());
        };
        if self.timer.poll(cx, *deadline).is_ready() || news.failed.is_some() {
            return Poll::Ready(());
        }
        match &mut self.transport {
            Transport::Polling if news.polled => match self.write_answer(out, Some(control::CLOSE))
            {
                Ok(false) => Poll::Pending,
                Ok(true) | Err(_) => Poll::Ready(()),
            },
            Transport::Polling => Poll::Pending,
            Transport::WebSocket(socket) => poll_goodbye(socket, cx, out, said),
        }
    }

    /// The session is over: nobody finds it any more, and whoever waits for it is answered.
    fn end(&mut self, reason: CloseReason) {
        tracing::debug!(target: "engineio", sid = ?self.shared.sid, transport = %self.transport(), %reason, "closed");
        self.state = State::Closed(reason);
        self.probe = None;
        self.sessions.remove(self.shared.sid);
        // A client that takes its leave wants no answer from its poll.
        let left = reason == CloseReason::ForcedClose;
        self.shared.close(
            if left { control::NOOP } else { control::CLOSE },
            Err(Refusal::UnknownSid),
        );
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

/// Writes what there is, at most a turn, in as few system calls as possible. Pending while the
/// socket takes nothing, else how many messages it took.
fn poll_feed(
    socket: &mut Socket,
    cx: &mut Context<'_>,
    ping_due: &mut bool,
    out: &mut dyn Outgoing,
) -> Poll<Result<usize, CloseReason>> {
    // What the socket does not take now stays with the owner, who knows how much that may be.
    ready!(socket.poll_flush(cx))?;
    let mut written = 0;
    while written < TURN && socket.poll_ready(cx)?.is_ready() {
        let frame = if mem::take(ping_due) {
            Frame::Text(Utf8Bytes::from_static(control::PING))
        } else {
            match out.pop() {
                Some(Message::Text(text)) => Frame::Text(text.framed().clone()),
                Some(Message::Binary(bytes)) => Frame::Binary(bytes),
                None => break,
            }
        };
        socket.send(frame)?;
        written += 1;
    }
    ready!(socket.poll_flush(cx))?;
    Poll::Ready(Ok(written))
}

/// Writes the rest, says good-bye once, and reads on until the client has said so too.
fn poll_goodbye(
    socket: &mut Socket,
    cx: &mut Context<'_>,
    out: &mut dyn Outgoing,
    said: &mut bool,
) -> Poll<()> {
    while !*said {
        match ready!(poll_feed(socket, cx, &mut false, out)) {
            Ok(TURN) => continue,
            Ok(_)
                if socket.is_writable() && socket.send(close_frame(CloseCode::Normal)).is_ok() =>
            {
                *said = true
            }
            // Not open yet: the answer to its handshake is still to be written.
            Ok(_) => return Poll::Pending,
            Err(_) => return Poll::Ready(()),
        }
    }
    let _ = socket.poll_flush(cx);
    for _ in 0..TURN {
        if ready!(socket.poll_packet(cx)).is_err() {
            return Poll::Ready(());
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

//! The steps of [`Session::poll`]: updates, reading, writing, timers.

use std::task::{Context, Poll, ready};

use tokio::time::Instant;

use super::{Session, State, Transport};
use crate::{
    base::{Message, Problem, ProblemDetails, ProtocolVersion},
    engine::{
        heartbeat::HeartbeatAction,
        outgoing::Outgoing,
        packet::{Malformed, Packet, control},
        reason::CloseReason,
        shared::Updates,
        timer::after,
        upgrade::Probe,
        websocket::{Failure, Socket, TURN, Written, yield_to_owner},
    },
};

impl Session {
    pub(super) fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut dyn Outgoing,
        read: bool,
    ) -> Poll<Result<Message, CloseReason>> {
        self.heartbeat.reading(read);
        loop {
            let updates = self.take_updates(cx);
            let mut again = self.poll_probe(cx);
            self.answer_early();
            let mut noisy = false;
            if read {
                // However much a client sends, writing and the heartbeat have their turn.
                if self.reads == TURN {
                    again = true;
                } else if let Poll::Ready(result) = self.poll_read(cx) {
                    return Poll::Ready(result);
                } else {
                    noisy = self.reads == TURN;
                }
                self.reads = 0;
            }
            // Packets that arrived before the client broke a rule are still taken.
            if let Some(reason) = updates.failed
                && !self.has_posts()
            {
                return Poll::Ready(Err(reason));
            }
            let written = self.poll_write(cx, out, updates.polled)?;
            again |= self.poll_timer(cx)?;
            // The owner does not see packets that are not messages, and decides when more is written.
            if noisy || written == Written::Share {
                yield_to_owner(cx);
                return Poll::Pending;
            }
            if !again {
                return Poll::Pending;
            }
        }
    }

    /// Takes what requests have brought. A WebSocket session only takes failures and sockets.
    #[inline(always)]
    pub(super) fn take_updates(&mut self, cx: &mut Context<'_>) -> Updates {
        match self.transport {
            Transport::Polling => self.take_updates_of_requests(cx),
            Transport::WebSocket(_) => Updates::default(),
        }
    }

    fn take_updates_of_requests(&mut self, cx: &mut Context<'_>) -> Updates {
        let mut updates = self.shared.updates(cx);
        let polling = self.polling.get_or_insert_default();
        if updates.has_been_polled || updates.socket.is_some() {
            polling.first_poll = None;
        }
        if let Some(post) = updates.post.take() {
            if let State::Closing { posted, .. } = &mut self.state {
                let bytes = u32::try_from(post.payload.remaining());
                *posted = posted.saturating_add(bytes.unwrap_or(u32::MAX));
            }
            polling.posts.push_back(post);
        }
        if let (Some((upgrade, protocol)), State::Open) = (updates.socket.take(), self.state) {
            let config = &self.sessions.config;
            let format = protocol.frames();
            let socket = Socket::new(upgrade, format, None, config.max_payload);
            self.probe = Some(Box::new(Probe::new(
                socket,
                after(Instant::now(), config.upgrade_timeout),
            )));
        }
        updates
    }

    /// Returns the next message. Also pending when the turn ends with a packet that is not a message.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, CloseReason>> {
        loop {
            if self.reads == TURN {
                return Poll::Pending;
            }
            let packet = match (self.next_posted(), &mut self.transport) {
                (Some(packet), _) => packet?,
                (None, Transport::WebSocket(socket)) => {
                    let polled = socket.poll_packet(cx);
                    let controls = socket.take_controls();
                    if controls > 0 {
                        self.admit_controls(controls)?;
                    }
                    match ready!(polled) {
                        Ok(packet) => packet,
                        Err(reason) => {
                            self.report_socket();
                            return Poll::Ready(Err(reason));
                        }
                    }
                }
                (None, Transport::Polling) => return Poll::Pending,
            };
            self.reads += 1;
            // Those of a POST are bounded by its size, and their number by the turn.
            if !matches!(
                (&packet, &self.transport),
                (Packet::Message(_), _) | (_, Transport::Polling)
            ) {
                self.admit_controls(1)?;
            }
            match packet {
                Packet::Pong => {
                    let config = &self.sessions.config;
                    if let Some(round_trip) = self.heartbeat.pong(Instant::now(), config) {
                        config.counters.ping.record(round_trip);
                    }
                    self.asked = self.asked.map(|pongs| pongs.saturating_sub(1));
                    self.confirm();
                    continue;
                }
                Packet::Ping => {
                    self.pinged(control::PONG);
                    continue;
                }
                Packet::Probe if self.protocol_version() == ProtocolVersion::Eio3 => {
                    self.pinged(control::PROBED);
                    continue;
                }
                Packet::Close => return Poll::Ready(Err(CloseReason::ForcedClose)),
                Packet::Probe => {
                    self.report(Problem::InvalidTransportPacket, |details| {
                        details.input(b"2probe")
                    });
                    return Poll::Ready(Err(CloseReason::ParseError));
                }
                Packet::Message(_) | Packet::Upgrade | Packet::Noop => {}
            }
            self.heartbeat.packet(&self.sessions.config);
            if let Packet::Message(message) = packet {
                return Poll::Ready(Ok(message));
            }
        }
    }

    /// Pings the client at once. Its pong proves that it has received everything that was sent before. Returns false if the protocol
    /// lets the client ping (Engine.IO 3), or if the session ends.
    pub(crate) fn ask_for_pong(&mut self) -> bool {
        if !matches!(self.state, State::Open) || self.protocol_version() == ProtocolVersion::Eio3 {
            return false;
        }
        let is_due = self.control_due == Some(control::PING);
        let awaits = self
            .heartbeat
            .ping_now(Instant::now(), &self.sessions.config);
        // The pong for an earlier ping proves nothing.
        self.asked = Some(if awaits && !is_due { 2 } else { 1 });
        self.control_due = Some(control::PING);
        true
    }

    /// Returns whether the pong that [`ask_for_pong`](Self::ask_for_pong) asked for has arrived.
    pub(crate) fn has_pong(&self) -> bool {
        self.asked == Some(0)
    }

    /// Notes the ping of a client that pings.
    fn pinged(&mut self, answer: &'static str) {
        self.heartbeat.ping(Instant::now(), &self.sessions.config);
        self.control_due = Some(answer);
        self.confirm();
        self.signs_of_life();
        self.shrink();
    }

    /// Frees the buffers of large messages.
    fn shrink(&mut self) {
        if let Transport::WebSocket(socket) = &mut self.transport {
            socket.shrink();
            if !self.has_posts() {
                self.polling = None;
            }
        }
    }

    /// Counts what the client sends beside messages.
    fn admit_controls(&mut self, number: usize) -> Result<(), CloseReason> {
        let limit = self.sessions.config.max_control_rate;
        if self.controls.admit(number, limit) {
            return Ok(());
        }
        self.report(Problem::TooManyControls, |details| details);
        Err(CloseReason::TransportError)
    }

    /// Writes the share of one poll.
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut dyn Outgoing,
        polled: bool,
    ) -> Result<Written, CloseReason> {
        match &mut self.transport {
            Transport::WebSocket(socket) => {
                match socket.poll_feed(cx, &mut self.control_due, out) {
                    Poll::Ready(Ok(written)) => return Ok(written),
                    Poll::Ready(Err(reason)) => {
                        self.report_socket();
                        return Err(reason);
                    }
                    Poll::Pending => {}
                }
            }
            Transport::Polling if polled => {
                self.write_answer(out, None)?;
            }
            Transport::Polling => {}
        }
        Ok(Written::Everything)
    }

    /// Answers the waiting GET if there are packets. `last` is sent once there are no more; returns `Ok(true)` when it has
    /// been sent.
    ///
    /// It has a response of its own, as in Node: a client that finds it behind a Socket.IO DISCONNECT packet handles it
    /// first and reports that the connection was lost.
    pub(super) fn write_answer(
        &mut self,
        out: &mut dyn Outgoing,
        last: Option<&'static str>,
    ) -> Result<bool, CloseReason> {
        let config = &self.sessions.config;
        let mut answer = self.shared.protocol.encoder(config.to_ascii);
        if let Some(packet) = self.control_due.take() {
            answer.control(packet);
        }
        answer.fill(out, config.max_payload);
        let last = last.filter(|_| answer.is_empty());
        if let Some(last) = last {
            answer.control(last);
        }
        if answer.is_empty() && self.probe.as_ref().is_some_and(|probe| probe.ends_polls()) {
            answer.control(control::NOOP);
        }
        self.progress.answered += answer.len() as u64;
        if answer.is_empty() || self.shared.answer_poll(Ok(answer.finish())) {
            Ok(last.is_some())
        } else {
            Err(CloseReason::TransportError)
        }
    }

    /// Handles a deadline that has passed. Returns `true` if something is to be written.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Result<bool, CloseReason> {
        let write_due = self.write_due();
        let probe_due = self.probe.as_ref().map(|probe| probe.due());
        let beat_due = self.heartbeat.due();
        let polling = self.polling.as_ref();
        let first_poll_due = polling.and_then(|polling| polling.first_poll);
        let dues = [write_due, probe_due, beat_due, first_poll_due];
        let Some(next) = dues.into_iter().flatten().min() else {
            return Ok(false);
        };
        let Poll::Ready(now) = self.timer.poll(cx, next) else {
            return Ok(false);
        };

        let passed = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        if passed(write_due) {
            self.report(Problem::WriteTimeout, |details| details);
            return Err(CloseReason::TransportError);
        }
        if passed(first_poll_due) {
            self.report(Problem::NeverPolled, |details| details);
            return Err(CloseReason::PingTimeout);
        }
        if passed(probe_due)
            && let Some(probe) = self.probe.take_if(|probe| !probe.pass(now))
        {
            self.abandon(*probe, &"it took longer than the upgrade timeout", cx);
        }
        if passed(beat_due) {
            match self.heartbeat.beat(now, &self.sessions.config) {
                HeartbeatAction::Ping => {
                    self.control_due = Some(control::PING);
                    self.signs_of_life();
                }
                HeartbeatAction::Timeout => {
                    let signs = self.signs_of_life();
                    if !self.heartbeat.extend(now, &self.sessions.config, signs) {
                        self.report(Problem::PingTimeout, |details| details);
                        return Err(CloseReason::PingTimeout);
                    }
                }
                HeartbeatAction::Wait => {}
            }
            self.shrink();
        }
        Ok(true)
    }

    /// Logs why the WebSocket failed, unless the client has simply closed it.
    fn report_socket(&mut self) {
        if let Transport::WebSocket(socket) = &mut self.transport
            && let Some(failure) = socket.take_failure()
        {
            self.report_failure(failure.problem, &failure);
        }
    }

    pub(super) fn report_failure(&self, problem: Problem, failure: &Failure) {
        self.report(problem, |details| ProblemDetails {
            input: failure.input.as_ref().map(Malformed::input),
            detail: failure.detail.as_ref().map(|detail| detail as _),
            ..details
        });
    }

    pub(super) fn report<'a>(
        &'a self,
        problem: Problem,
        complete: impl FnOnce(ProblemDetails<'a>) -> ProblemDetails<'a>,
    ) {
        let details = ProblemDetails::of(&self.request, self.transport().as_str());
        let problems = &self.sessions.config.problems;
        problems.report(problem, complete(details));
    }

    fn write_due(&self) -> Option<Instant> {
        match &self.transport {
            Transport::WebSocket(socket) => {
                socket.write_deadline(self.sessions.config.write_timeout)
            }
            Transport::Polling => None,
        }
    }
}

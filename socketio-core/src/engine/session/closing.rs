//! The end of a session: the remaining messages, and how the client learns of the end.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::Instant;

use super::{Session, State, Transport};
use crate::{
    base::Problem,
    engine::{
        outgoing::Outgoing,
        packet::{Packet, control},
        reason::CloseReason,
        refusal::Refusal,
        timer::after,
        websocket::{TURN, close_frame},
    },
};

/// How long a WebSocket stays open for the client to end it, after the server has ended its own direction without a close frame. Some
/// clients never do, and at a shutdown a new process waits for the end of this one.
const LINGER: Duration = Duration::from_millis(250);

impl Session {
    /// Is ready when the end of the session has been sent to the client, or can't be.
    pub(super) fn poll_closing(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut dyn Outgoing,
    ) -> Poll<()> {
        let updates = self.take_updates(cx);
        self.poll_probe(cx);
        if self.poll_leave(cx).is_ready() {
            return Poll::Ready(());
        }
        self.control_due = None;
        let probed = self.is_probed();
        let State::Closing {
            reason,
            deadline,
            said,
            posted,
        } = &mut self.state
        else {
            return Poll::Ready(());
        };
        let reason = *reason;
        // Data in flight is discarded, for a limited time.
        let is_too_much = *posted as usize > self.sessions.config.max_payload;
        if self.timer.poll(cx, *deadline).is_ready() || updates.failed.is_some() || is_too_much {
            return Poll::Ready(());
        }
        match &mut self.transport {
            Transport::Polling if updates.polled => {
                let written = match reason.is_goodbye() && !probed {
                    true => self.write_answer(out, Some(control::CLOSE)),
                    false => self.write_rest(out, probed),
                };
                match written {
                    Ok(false) => Poll::Pending,
                    Ok(true) | Err(_) => Poll::Ready(()),
                }
            }
            Transport::Polling => Poll::Pending,
            Transport::WebSocket(socket) => {
                let code = reason.close_code();
                let waited = *said;
                if socket.poll_goodbye(cx, out, code, said).is_ready() {
                    return Poll::Ready(());
                }
                if code.is_none() && *said && !waited {
                    *deadline = after(Instant::now(), LINGER).min(*deadline);
                    return self.timer.poll(cx, *deadline).map(drop);
                }
                Poll::Pending
            }
        }
    }

    /// Begins to end a session that has failed.
    pub(super) fn fail(&mut self, reason: CloseReason) {
        let deadline = after(Instant::now(), self.sessions.config.close_timeout);
        self.state = State::Failed { reason, deadline };
        if let (Transport::WebSocket(socket), Some(code)) =
            (&mut self.transport, reason.close_code())
        {
            // An error means that the close frames have been exchanged, or can't be.
            let _ = socket.send(close_frame(code));
        }
    }

    /// Is ready when a client that has broken a rule has closed its WebSocket, too, or had time for it.
    pub(super) fn poll_failed(&mut self, cx: &mut Context<'_>, out: &mut dyn Outgoing) -> Poll<()> {
        let (State::Failed { reason, deadline }, Transport::WebSocket(socket)) =
            (self.state, &mut self.transport)
        else {
            return Poll::Ready(());
        };
        let is_clients_fault = matches!(
            reason,
            CloseReason::TransportError | CloseReason::ParseError
        );
        if !is_clients_fault || socket.is_stuck() {
            return Poll::Ready(());
        }
        // The client does not receive it any more.
        while out.pop().is_some() {}
        if socket.poll_linger(cx).is_ready() {
            return Poll::Ready(());
        }
        self.timer.poll(cx, deadline).map(drop)
    }

    /// Answers the waiting GET with the messages that remain, or, if there are none, sends a client on its way to its
    /// WebSocket. Returns `Ok(true)` if there is nothing to answer it with: the end of the session refuses it.
    fn write_rest(&mut self, out: &mut dyn Outgoing, probed: bool) -> Result<bool, CloseReason> {
        let config = &self.sessions.config;
        let mut rest = self.shared.protocol.encoder(config.to_ascii);
        rest.fill(out, config.max_payload);
        if rest.is_empty() {
            if !probed {
                return Ok(true);
            }
            rest.control(control::NOOP);
        }
        match self.shared.answer_poll(Ok(rest.finish())) {
            true => Ok(false),
            false => Err(CloseReason::TransportError),
        }
    }

    /// Discards what a client still posts. Is ready when it closes the session itself, as clients do in response to a
    /// Socket.IO DISCONNECT packet: it does not poll any more.
    fn poll_leave(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..TURN {
            match self.next_posted() {
                Some(Ok(Packet::Close) | Err(_)) => return Poll::Ready(()),
                Some(Ok(_)) => {}
                None => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
    /// Ends the session: removes it and answers the waiting requests.
    pub(super) fn end(&mut self, reason: CloseReason) {
        tracing::debug!(target: "engineio", sid = ?self.shared.sid, transport = %self.transport(), %reason, "closed");
        let was_closing = matches!(self.state, State::Closing { .. });
        self.state = State::Closed(reason);
        self.probe = None;
        // A client that closes the session itself may not wait for the response to its poll.
        let left = reason == CloseReason::ForcedClose;
        let leaves_polling = left && matches!(self.transport, Transport::Polling);
        if leaves_polling {
            self.sessions
                .expect_final_poll(self.shared.sid, self.shared.protocol);
        }
        self.sessions.remove(self.shared.sid);
        let ended = match reason {
            CloseReason::ServerShutdown => Refusal::Unavailable(Problem::ShuttingDown),
            _ => Refusal::Ended,
        };
        let poll_answer = match reason {
            CloseReason::ForcedClose => Ok(self.shared.protocol.body(control::NOOP)),
            // As in Node: its test suite asks for it when a client polls twice at once.
            CloseReason::TransportError if !was_closing => {
                Ok(self.shared.protocol.body(control::CLOSE))
            }
            _ if reason.is_goodbye() => Ok(self.shared.protocol.body(control::CLOSE)),
            _ => Err(ended),
        };
        let polled = self.shared.close(poll_answer, Err(ended));
        if leaves_polling && polled {
            self.sessions.claim_final_poll(self.shared.sid);
        }
        self.answer_post(Err(ended));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        match self.state {
            State::Open if self.sessions.is_stopped() => self.end(CloseReason::ServerShutdown),
            State::Open => self.end(CloseReason::ServerClose),
            State::Closing { reason, .. } | State::Failed { reason, .. } => self.end(reason),
            State::Closed(_) => {}
        }
    }
}

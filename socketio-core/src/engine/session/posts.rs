//! The POSTs of a session: their packets, and when they are answered.

use bytes::Bytes;

use super::Session;
use crate::{
    base::Problem,
    engine::{packet::Packet, reason::CloseReason, refusal::Refusal, shared::RequestResult},
};

impl Session {
    /// Returns the next packet of the POSTs. A POST is answered together with its last packet, because a client may
    /// wait for the response before it polls for the result.
    #[inline]
    pub(super) fn next_posted(&mut self) -> Option<Result<Packet, CloseReason>> {
        if self.posts.is_empty() {
            return None;
        }
        self.take_posted()
    }

    fn take_posted(&mut self) -> Option<Result<Packet, CloseReason>> {
        let post = self.posts.front_mut()?;
        let packet = post.payload.next()?;
        let answer = match packet {
            Ok(Packet::Close) => Some(ok()),
            Ok(_) => post.payload.is_empty().then(ok),
            Err(_) => Some(Err(Refusal::InvalidPayload)),
        };
        if let Err(malformed) = &packet {
            self.report(Problem::InvalidPayload, |details| {
                details.input(malformed.input())
            });
        }
        if let Some(answer) = answer {
            if self.posts.len() == 1 {
                self.answer_post(answer);
            }
            self.posts.pop_front();
        }
        Some(packet.map_err(|_| CloseReason::ParseError))
    }

    /// Answers a POST before its packets have been taken, during an upgrade: a client waits for the response before it
    /// switches to its WebSocket, and would wait as long as the session is not read. Its packets are kept meanwhile, at
    /// most twice the size of a POST.
    pub(super) fn answer_early(&mut self) {
        if !self.is_probed() {
            return;
        }
        let held: usize = self.posts.iter().map(|post| post.payload.remaining()).sum();
        if held <= self.sessions.config.max_payload.saturating_mul(2) {
            self.answer_post(ok());
        }
    }

    pub(super) fn answer_post(&mut self, answer: RequestResult) {
        if let Some(to) = self.posts.back_mut().and_then(|post| post.answer.take()) {
            // Before the answer, because the client may send its next POST at once. An error means that the client does
            // not wait any more.
            self.shared.release_post();
            let _ = to.send(answer);
        }
    }
}

/// Returns the response to a POST whose packets have been taken.
pub(super) fn ok() -> RequestResult {
    Ok(Bytes::from_static(b"ok"))
}

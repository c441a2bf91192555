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
        match self.has_posts() {
            true => self.take_posted(),
            false => None,
        }
    }

    /// Returns whether packets of POSTs have not been taken.
    #[inline]
    pub(super) fn has_posts(&self) -> bool {
        let polling = self.polling.as_ref();
        polling.is_some_and(|polling| !polling.posts.is_empty())
    }

    fn take_posted(&mut self) -> Option<Result<Packet, CloseReason>> {
        let posts = &mut self.polling.as_mut()?.posts;
        let is_last = posts.len() == 1;
        let post = posts.front_mut()?;
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
            if is_last {
                self.answer_post(answer);
            }
            if let Some(polling) = &mut self.polling {
                polling.posts.pop_front();
            }
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
        let posts = self.polling.iter().flat_map(|polling| &polling.posts);
        let held: usize = posts.map(|post| post.payload.remaining()).sum();
        if held <= self.sessions.config.max_payload.saturating_mul(2) {
            self.answer_post(ok());
        }
    }

    pub(super) fn answer_post(&mut self, answer: RequestResult) {
        let last = self.polling.as_mut();
        let last = last.and_then(|polling| polling.posts.back_mut());
        if let Some(to) = last.and_then(|post| post.answer.take()) {
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

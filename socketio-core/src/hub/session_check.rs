//! Whether all that a client has missed can be sent to it: the part of [`KeptSession`] that recovers it.

use super::{credentials::Received, recovery_sessions::KeptSession};
use crate::{
    admission::OutboxLimits,
    counters::RecoveryOutcome,
    event_log::{Entry, LogState, Place},
};

impl KeptSession {
    /// Returns the position that the client presents, and that up to which it has all events, if all later ones are there.
    pub(super) fn check(
        &self,
        received: Received,
        log: &LogState,
        limits: &OutboxLimits,
    ) -> Result<(Place, Place), RecoveryOutcome> {
        let presented = match received {
            Received::Malformed => return Err(RecoveryOutcome::InvalidOffset),
            // Of an earlier session: the official client never forgets it.
            Received::UpTo(offset) if offset.epoch != self.log.epoch() => self.start,
            // What another node has put behind the number of an event is not known here.
            Received::UpTo(offset) if offset.seq.number() > log.seq().number() => {
                return Err(RecoveryOutcome::InvalidOffset);
            }
            Received::UpTo(offset) => offset.seq.max(self.start),
            Received::Nothing => self.start,
        };
        // Up to its end, the client has missed nothing after the last event that was put into its outbox.
        let received = match presented >= self.last {
            true => presented.max(self.until),
            false => presented,
        };
        // What another node has counted behind the number of an event says nothing about what this one has lost there.
        let received = match self.is_foreign {
            true => Place::of(received.number()),
            false => received,
        };
        // Something of what only another node has may be missing.
        let lacks_local = self.is_foreign && presented < self.local;
        if lacks_local || !self.is_complete(received, log) {
            return Err(RecoveryOutcome::Incomplete);
        }
        let missed = || log.after(received).filter(|entry| self.includes(entry));
        let bytes: usize = missed().map(|entry| entry.packet.bytes()).sum();
        let messages: usize = missed().map(|entry| entry.packet.count()).sum();
        if messages > limits.messages || bytes > limits.bytes {
            return Err(RecoveryOutcome::TooMuch);
        }
        Ok((presented, received))
    }

    /// Returns whether a client that presents this position may have kept events of a replay that was interrupted. The official
    /// client dispatches them when it is connected, and not before, and would dispatch them twice.
    pub(super) fn may_be_half_replayed(&self, presented: Place) -> bool {
        self.replayed_after == Some(presented)
    }

    pub(super) fn is_complete(&self, received: Place, log: &LogState) -> bool {
        !self.log.is_ended()
            && log.is_complete_after(received)
            && self.memberships.are_known_after(received)
    }

    fn includes(&self, entry: &Entry) -> bool {
        let is_for = |room: &str| self.memberships.contain(room, entry.seq);
        entry.recipients.include(&self.sid, is_for)
    }
}

//! Checks whether all events that a client has missed can be sent to it: the part of [`KeptSession`] that recovers it.

use super::{credentials::Received, recovery_sessions::KeptSession};
use crate::{
    admission::OutboxLimits,
    counters::RecoveryOutcome,
    event_log::{Entry, LogState, Place},
};

impl KeptSession {
    /// Returns the position that the client presents, and the position up to which it has all events.
    ///
    /// # Errors
    ///
    /// The outcome to count, if the offset is invalid, later events are no longer kept, or they are more than the outbox may hold.
    pub(super) fn check(
        &self,
        received: Received,
        log: &LogState,
        limits: &OutboxLimits,
    ) -> Result<(Place, Place), RecoveryOutcome> {
        let presented = match received {
            Received::Malformed => return Err(RecoveryOutcome::InvalidOffset),
            // The offset of an earlier session: the official client never forgets it.
            Received::UpTo(offset) if offset.epoch != self.log.epoch() => self.start,
            // The same after this epoch has begun.
            Received::UpTo(offset)
                if Some(offset.seq) == self.former && offset.seq > self.start =>
            {
                match self.last < offset.seq && !self.is_foreign {
                    true => self.start,
                    // Perhaps it is the offset of an event of this session.
                    false => return Err(RecoveryOutcome::Incomplete),
                }
            }
            // Only the numbers are compared: which places another node has used between two numbers is unknown here.
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
        // What another node has counted after the number of an event says nothing about the events that this node has lost there.
        let received = match self.is_foreign {
            true => Place::of(received.number()),
            false => received,
        };
        // The client may have missed an event that only the other node had, or have received one that this node delivers later.
        let differs = self.is_foreign && (presented < self.local || presented.is_unkept());
        if differs || !self.is_complete(received, log) {
            return Err(RecoveryOutcome::Incomplete);
        }
        let missed = log.after(received).filter(|entry| self.includes(entry));
        let (messages, bytes) = missed.fold((0, 0), |sum, entry| {
            let (messages, bytes) = entry.size();
            (sum.0 + messages, sum.1 + bytes)
        });
        if messages > limits.messages || bytes > limits.bytes {
            return Err(RecoveryOutcome::TooMuch);
        }
        Ok((presented, received))
    }

    /// Returns whether a client that presents this position may have kept events of an interrupted replay. The official client dispatches them
    /// only once it is connected, and would then dispatch them twice.
    pub(super) fn may_be_half_replayed(&self, presented: Place) -> bool {
        self.replayed_after == Some(presented)
    }

    pub(super) fn is_complete(&self, received: Place, log: &LogState) -> bool {
        !self.log.is_ended()
            && log.is_complete_after(received)
            && self.memberships.are_known_after(received)
    }

    fn includes(&self, entry: &Entry<'_>) -> bool {
        let was_in = |room: &str| self.memberships.contain(room, entry.seq);
        entry.is_for(&self.sid, was_in)
    }
}

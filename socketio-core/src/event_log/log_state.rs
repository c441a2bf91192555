//! [`LogState`]: the part of a log that is changed under its lock.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    Entry, Histories, HistoryEntry, LogLimits, Place,
    entries::{Entries, SharedEvent},
    event_log::{Numbered, Stamped},
    offset::OffsetText,
};
use crate::packet::{Frames, event_name};

/// The part of a log under its lock.
#[derive(Debug)]
pub(crate) struct LogState {
    /// The number of sessions that may need the events. If it is 0, only histories are kept.
    pub(super) sessions: usize,
    /// The position of the newest event.
    pub(super) seq: Place,
    /// The position of the newest event that is no longer kept. All later events are kept.
    pub(super) floor: Place,
    /// Ordered by position. With a store, the numbers between them belong to other namespaces.
    pub(super) entries: Entries,
    /// When the age of the events was last checked.
    pub(super) trimmed_at: Option<Instant>,
    pub(super) offset: OffsetText,
    pub(crate) histories: Histories,
}

impl LogState {
    /// Returns the position of the newest event.
    pub(crate) fn seq(&self) -> Place {
        self.seq
    }

    /// Returns whether all events after a position are kept.
    pub(crate) fn is_complete_after(&self, seq: Place) -> bool {
        seq >= self.floor
    }

    /// Returns the position after which all events are kept.
    pub(crate) fn floor(&self) -> Place {
        self.floor
    }

    /// Returns the kept events after a position, in order.
    pub(crate) fn after(&self, seq: Place) -> impl Iterator<Item = Entry<'_>> {
        self.entries.after(seq)
    }

    /// Returns whether nothing is kept, and no session began here.
    pub(crate) fn is_unused(&self) -> bool {
        self.sessions <= 1 && self.entries.is_empty() && self.histories.size().0 == 0
    }

    /// Returns an event with its offset as the last argument.
    pub(super) fn stamp(&mut self, packet: &Frames, seq: Place) -> Stamped {
        let packet = packet.with_last_argument(self.offset.at(seq));
        Stamped { seq, packet }
    }

    /// Returns an event with its offset, if there are sessions that would use it.
    pub(super) fn stamp_for_sessions(&mut self, packet: &Frames, seq: Place) -> Stamped {
        match self.sessions > 0 {
            true => self.stamp(packet, seq),
            false => Stamped {
                seq,
                packet: packet.clone(),
            },
        }
    }

    /// Notes that an event of this place is not kept. Returns the entries that are of no use any more, to be dropped outside of the lock.
    pub(super) fn lose(&mut self, seq: Place) -> Entries {
        (self.seq, self.floor) = (seq, seq);
        self.histories.lose(seq);
        std::mem::take(&mut self.entries)
    }

    /// Keeps an event that was delivered. Returns the entries that the limits remove, to be dropped outside of the lock.
    pub(super) fn keep(
        &mut self,
        limits: &LogLimits,
        stamped: &Stamped,
        event: Numbered<'_>,
        rooms: &[Arc<str>],
        now: Instant,
    ) -> Vec<SharedEvent> {
        let Stamped { seq, packet } = stamped;
        if self.histories.keep_any(rooms) {
            let (skip, except) = event.recipients.excluded();
            let entry = Arc::new(HistoryEntry {
                seq: *seq,
                event: event_name(event.packet).into(),
                packet: event.packet.clone(),
                skip: skip.to_vec(),
                except: except.to_vec(),
                at: event.at,
                time: event.time,
            });
            for room in rooms {
                self.histories.append(room, &entry);
            }
        }
        if self.sessions > 0 {
            let Numbered { recipients, at, .. } = event;
            self.entries.push(*seq, at, recipients, packet);
        }
        self.trim(limits, now)
    }

    /// Removes the oldest events over the limits, and returns them to be dropped outside of the lock.
    pub(super) fn trim(&mut self, limits: &LogLimits, now: Instant) -> Vec<SharedEvent> {
        self.trimmed_at = Some(now);
        let mut dropped = Vec::new();
        while let Some((at, seq)) = self.entries.oldest()
            && (self.entries.bytes() > limits.bytes || now.duration_since(at) > limits.age)
        {
            self.floor = seq;
            dropped.extend(self.entries.pop_oldest());
        }
        dropped
    }

    /// Does the same as [`trim`](Self::trim), but skips it if nothing can be over the limits: time does not advance within a turn.
    #[inline]
    pub(super) fn trim_once(&mut self, limits: &LogLimits, now: Instant) -> Vec<SharedEvent> {
        if self.trimmed_at == Some(now) && self.entries.bytes() <= limits.bytes {
            return Vec::new();
        }
        self.trim(limits, now)
    }
}

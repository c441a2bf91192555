//! [`LogState`]: the part of a log that is changed under its lock.

use std::{collections::VecDeque, sync::Arc};

use super::{
    Entry, Histories, HistoryEntry, LogLimits, Place,
    event_log::{Numbered, Stamped},
};
use crate::packet::event_name;

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
    pub(super) entries: VecDeque<Arc<Entry>>,
    pub(super) bytes: usize,
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
    pub(crate) fn after(&self, seq: Place) -> impl Iterator<Item = &Arc<Entry>> {
        let first = self.entries.partition_point(|entry| entry.seq <= seq);
        self.entries.range(first..)
    }

    /// Returns whether nothing is kept, and no session began here.
    pub(crate) fn is_unused(&self) -> bool {
        self.sessions <= 1 && self.entries.is_empty() && self.histories.size().0 == 0
    }

    /// Keeps an event that was delivered. Returns the entries that the limits remove, to be dropped outside of the lock.
    pub(super) fn keep(
        &mut self,
        limits: &LogLimits,
        stamped: Stamped,
        event: Numbered<'_>,
        rooms: &[Arc<str>],
    ) -> Vec<Arc<Entry>> {
        let (seq, at) = (stamped.seq, event.at);
        if self.histories.keep_any(rooms) {
            let (skip, except) = event.recipients.excluded();
            let entry = Arc::new(HistoryEntry {
                seq,
                event: event_name(event.packet).into(),
                packet: event.packet.clone(),
                skip: skip.to_vec(),
                except: except.to_vec(),
                at,
                time: event.time,
            });
            for room in rooms {
                self.histories.append(room, &entry);
            }
        }
        if self.sessions > 0 {
            self.append(Entry {
                seq,
                recipients: event.recipients,
                packet: stamped.packet,
                at,
            });
        }
        self.trim(limits)
    }

    pub(super) fn append(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        self.entries.push_back(Arc::new(entry));
    }

    /// Removes the oldest events over the limits, and returns them to be dropped outside of the lock.
    pub(super) fn trim(&mut self, limits: &LogLimits) -> Vec<Arc<Entry>> {
        let mut dropped = Vec::new();
        while let Some(oldest) = self.entries.front()
            && (self.bytes > limits.bytes || oldest.at.elapsed() > limits.age)
        {
            self.bytes -= oldest.bytes();
            self.floor = oldest.seq;
            dropped.extend(self.entries.pop_front());
        }
        dropped
    }
}

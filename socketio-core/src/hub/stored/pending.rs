//! [`PendingEvents`]: what this node has appended to the store, or is about to, and has not read there yet.
//!
//! The state of `StoredEvents` contains it, under its lock. The append task takes batches from it, and the follow task settles
//! entries in the order of their numbers.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    entry_form::EntryForm,
    kept_event::{KeptEvent, OnOutcome},
    late::{LateEntries, RecentEntries},
    stored_events::PATIENCE,
};
use crate::{hub::ConnectionHandle, packet::Frames};

/// The maximum number of waiting events, and of their bytes.
const WAITING: (usize, usize) = (65_536, 64 << 20);

/// The maximum size of a batch: entries and bytes.
const BATCH: (usize, usize) = (256, 1 << 20);

/// The entries of this node that were not read from the store yet, and what clients receive behind them.
pub(super) struct PendingEvents {
    /// The number of the next entry of this node.
    next: u64,
    /// The entries of events that were delivered without the store.
    late: LateEntries,
    /// In the order of their numbers, which are larger than those of late entries.
    pending: VecDeque<Pending>,
    /// The latest entries that were read.
    recent: RecentEntries,
    events: usize,
    bytes: usize,
    /// The number up to which entries were appended.
    appended: u64,
    /// How many times the store has lost entries.
    losses: u64,
}

pub(super) enum Pending {
    Entry(PendingEntry),
    /// A packet that a client receives after the earlier events.
    Packet(Arc<ConnectionHandle>, Frames),
}

pub(super) struct PendingEntry {
    pub(super) number: u64,
    entry: Bytes,
    /// `None` for an entry that is not an event.
    pub(super) event: Option<Arc<KeptEvent>>,
    pub(super) on_outcome: Option<OnOutcome>,
    since: Instant,
}

impl PendingEntry {
    /// Returns the entry to append after its event was delivered.
    fn late(&self, node: &str) -> Bytes {
        let Some(event) = &self.event else {
            return self.entry.clone();
        };
        let late = KeptEvent {
            is_late: true,
            ..KeptEvent::clone(event)
        };
        let written = EntryForm::Event(Box::new(late)).write(node);
        // It was encoded before.
        let Ok(mut written) = written else {
            return self.entry.clone();
        };
        EntryForm::set_number(&mut written, self.number);
        written.into()
    }
}

/// Entries that are appended together.
pub(super) struct Batch {
    pub(super) entries: Vec<Bytes>,
    /// The number of the last one.
    pub(super) last: u64,
    /// When the first one must have been appended.
    pub(super) deadline: Instant,
    /// How many times the store had lost entries.
    losses: u64,
}

impl Default for PendingEvents {
    fn default() -> Self {
        PendingEvents {
            next: 1,
            late: LateEntries::default(),
            pending: VecDeque::new(),
            recent: RecentEntries::default(),
            events: 0,
            bytes: 0,
            appended: 0,
            losses: 0,
        }
    }
}

impl PendingEvents {
    /// Returns the number of the latest entry.
    pub(super) fn last(&self) -> u64 {
        self.next - 1
    }

    /// Returns the number of entries.
    pub(super) fn len(&self) -> usize {
        self.events + self.late.len()
    }

    /// Returns whether nothing waits that was not delivered.
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Returns whether there is no room for another event of `weight` bytes.
    pub(super) fn is_full(&self, weight: usize) -> bool {
        self.events >= WAITING.0 || self.bytes + weight > WAITING.1
    }

    /// Takes the number for the next entry.
    pub(super) fn next_number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    pub(super) fn push(
        &mut self,
        mut entry: Vec<u8>,
        event: Option<KeptEvent>,
        on_outcome: Option<OnOutcome>,
    ) {
        let number = self.next_number();
        self.events += 1;
        self.bytes += event.as_ref().map_or(0, KeptEvent::weight);
        EntryForm::set_number(&mut entry, number);
        self.pending.push_back(Pending::Entry(PendingEntry {
            number,
            entry: entry.into(),
            event: event.map(Arc::new),
            on_outcome,
            since: Instant::now(),
        }));
    }

    /// Adds a packet behind all entries.
    pub(super) fn push_packet(&mut self, connection: &Arc<ConnectionHandle>, packet: Frames) {
        connection.late_acks().begin(packet.bytes());
        let connection = Arc::clone(connection);
        self.pending.push_back(Pending::Packet(connection, packet));
    }

    /// Adds the entry of an event that is delivered without the store. Returns its number; `None` if there is no room for it, so that it will
    /// not be kept.
    pub(super) fn push_late(&mut self, mut entry: Vec<u8>) -> Option<u64> {
        let number = self.next_number();
        EntryForm::set_number(&mut entry, number);
        self.late.push(number, entry.into()).then_some(number)
    }

    /// Returns whether entries of events that were delivered without the store wait to be appended.
    pub(super) fn has_late(&self) -> bool {
        self.late.last().is_some_and(|last| last > self.appended)
    }

    /// Returns whether all events that were delivered without the store are still here, or were appended, since the previous call.
    pub(super) fn take_is_complete(&mut self) -> bool {
        self.late.take_is_complete()
    }

    fn entries(&self) -> impl Iterator<Item = &PendingEntry> {
        self.pending.iter().filter_map(|pending| match pending {
            Pending::Entry(entry) => Some(entry),
            Pending::Packet(..) => None,
        })
    }

    /// Returns the next entries to append, if there are any.
    pub(super) fn batch(&self) -> Option<Batch> {
        let now = Instant::now();
        let late = self.late.after(self.appended);
        let late = late.map(|(number, entry)| (number, entry, now));
        let pending = self.entries().filter(|one| one.number > self.appended);
        let pending = pending.map(|one| (one.number, &one.entry, one.since));
        let mut waiting = late.chain(pending);
        let (number, entry, since) = waiting.next()?;
        let mut batch = Batch {
            entries: vec![entry.clone()],
            last: number,
            deadline: since + PATIENCE,
            losses: self.losses,
        };
        let mut bytes = entry.len();
        for (number, entry, _) in waiting.take(BATCH.0 - 1) {
            bytes += entry.len();
            if bytes > BATCH.1 {
                break;
            }
            batch.entries.push(entry.clone());
            batch.last = number;
        }
        Some(batch)
    }

    /// Notes that the entries of a batch were appended. Returns the callbacks to call, with the numbers of their entries; `None` if the store has
    /// lost the entries again.
    pub(super) fn appended(&mut self, batch: &Batch) -> Option<Vec<(OnOutcome, u64)>> {
        if batch.losses != self.losses {
            return None;
        }
        let last = batch.last;
        self.appended = self.appended.max(last);
        let mut outcomes = Vec::new();
        for pending in &mut self.pending {
            if let Pending::Entry(entry) = pending {
                if entry.number > last {
                    break;
                }
                outcomes.extend(entry.on_outcome.take().map(|call| (call, entry.number)));
            }
        }
        Some(outcomes)
    }

    /// Marks all entries as not appended, and the latest ones that were read as well: the store has lost them, and other nodes may not have
    /// read them.
    pub(super) fn append_again(&mut self) {
        self.losses += 1;
        self.late.push_front(self.recent.take());
        let pending = || self.entries().next().map(|entry| entry.number);
        let first = self.late.first().or_else(pending);
        self.appended = first.map_or(self.last(), |first| first - 1);
    }

    /// Returns the event of an entry.
    pub(super) fn event(&self, number: u64) -> Option<Arc<KeptEvent>> {
        let mut until = self.entries().take_while(|entry| entry.number <= number);
        until.find(|entry| entry.number == number)?.event.clone()
    }

    /// Removes the entries up to a number, which were read, and sends the packets behind them. Returns the callbacks to call, with the numbers of their entries.
    pub(super) fn settle(&mut self, last: u64) -> Vec<(OnOutcome, u64)> {
        let mut outcomes = Vec::new();
        self.recent.extend(self.late.settle(last));
        while let Some(pending) = self.pending.pop_front() {
            match pending {
                Pending::Packet(connection, packet) => {
                    connection.push_late(packet);
                }
                Pending::Entry(entry) if entry.number > last => {
                    self.pending.push_front(Pending::Entry(entry));
                    break;
                }
                Pending::Entry(entry) => {
                    self.events -= 1;
                    let weight = entry.event.map_or(0, |event| event.weight());
                    self.bytes = self.bytes.saturating_sub(weight);
                    outcomes.extend(entry.on_outcome.map(|call| (call, entry.number)));
                    self.recent.push(entry.number, entry.entry);
                }
            }
        }
        self.appended = self.appended.max(last);
        outcomes
    }

    /// Removes and returns everything that waits, in order. The entries are late from now on, even those that are being appended, since the
    /// caller delivers them without the store. `node` is this node.
    pub(super) fn take(&mut self, node: &str) -> VecDeque<Pending> {
        (self.events, self.bytes) = (0, 0);
        let taken = std::mem::take(&mut self.pending);
        for pending in &taken {
            if let Pending::Entry(entry) = pending {
                self.late.push(entry.number, entry.late(node));
            }
        }
        let first = self.late.first();
        self.appended = first.map_or(self.last(), |first| first - 1);
        taken
    }
}

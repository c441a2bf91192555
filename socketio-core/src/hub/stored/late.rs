//! [`LateEntries`]: entries of events that were delivered before they were appended, since the store was down. [`RecentEntries`]: the latest
//! entries that were read.
//!
//! Both are appended once the store can be used again: the late ones after every outage, the recent ones if the store has lost its data.
//! Nodes that have already read an entry ignore it.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;

/// The maximum number of late entries, and of their bytes. Events beyond it are not kept.
const LATE: (usize, usize) = (65_536, 64 << 20);

/// The maximum number of recent entries, and of their bytes.
const RECENT: (usize, usize) = (4_096, 8 << 20);

/// How long an entry is recent. Other nodes read an entry within this time.
const RECENT_AGE: Duration = Duration::from_secs(10);

/// Entries with the numbers that this node gave them, in order.
#[derive(Debug, Default)]
pub(super) struct LateEntries {
    entries: VecDeque<(u64, Bytes)>,
    bytes: usize,
    /// Whether there was no room for an entry.
    has_dropped: bool,
}

impl LateEntries {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns the number of the first one.
    pub(super) fn first(&self) -> Option<u64> {
        self.entries.front().map(|(number, _)| *number)
    }

    /// Returns the number of the last one.
    pub(super) fn last(&self) -> Option<u64> {
        self.entries.back().map(|(number, _)| *number)
    }

    /// Adds an entry. Returns false if there is no room for it.
    pub(super) fn push(&mut self, number: u64, entry: Bytes) -> bool {
        let has_room = self.entries.len() < LATE.0 && self.bytes + entry.len() <= LATE.1;
        match has_room {
            true => {
                self.bytes += entry.len();
                self.entries.push_back((number, entry));
            }
            false => self.has_dropped = true,
        }
        has_room
    }

    /// Adds earlier entries.
    pub(super) fn push_front(&mut self, entries: VecDeque<(u64, Bytes)>) {
        for (number, entry) in entries.into_iter().rev() {
            self.bytes += entry.len();
            self.entries.push_front((number, entry));
        }
    }

    /// Returns the entries after a number.
    pub(super) fn after(&self, number: u64) -> impl Iterator<Item = (u64, &Bytes)> {
        let first = self.entries.partition_point(|(own, _)| *own <= number);
        let entries = self.entries.range(first..);
        entries.map(|(number, entry)| (*number, entry))
    }

    /// Removes and returns the entries up to a number, which were read.
    pub(super) fn settle(&mut self, number: u64) -> impl Iterator<Item = (u64, Bytes)> {
        let count = self.entries.partition_point(|(own, _)| *own <= number);
        let read = self.entries.drain(..count);
        let bytes = &mut self.bytes;
        read.inspect(|(_, entry)| *bytes -= entry.len())
    }

    /// Returns whether there was room for all entries since the previous call.
    pub(super) fn take_is_complete(&mut self) -> bool {
        !std::mem::take(&mut self.has_dropped)
    }
}

/// The latest entries of this node that it has read from the store.
#[derive(Debug, Default)]
pub(super) struct RecentEntries {
    entries: VecDeque<(Instant, u64, Bytes)>,
    bytes: usize,
}

impl RecentEntries {
    /// Adds an entry, and removes those that are not recent any more.
    pub(super) fn push(&mut self, number: u64, entry: Bytes) {
        let now = Instant::now();
        self.bytes += entry.len();
        self.entries.push_back((now, number, entry));
        while let Some((read, _, oldest)) = self.entries.front()
            && (self.entries.len() > RECENT.0
                || self.bytes > RECENT.1
                || now.duration_since(*read) > RECENT_AGE)
        {
            self.bytes -= oldest.len();
            self.entries.pop_front();
        }
    }

    pub(super) fn extend(&mut self, entries: impl Iterator<Item = (u64, Bytes)>) {
        for (number, entry) in entries {
            self.push(number, entry);
        }
    }

    /// Removes and returns all of them.
    pub(super) fn take(&mut self) -> VecDeque<(u64, Bytes)> {
        self.bytes = 0;
        let entries = std::mem::take(&mut self.entries);
        entries
            .into_iter()
            .map(|(_, number, entry)| (number, entry))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(bytes: usize) -> Bytes {
        vec![0; bytes].into()
    }

    #[test]
    fn what_has_no_room_is_noted() {
        let mut late = LateEntries::default();
        assert!(late.push(1, entry(LATE.1 - 10)) && late.push(2, entry(10)));
        assert!(late.take_is_complete());
        assert!(!late.push(3, entry(1)));
        assert!(!late.take_is_complete() && late.take_is_complete());
        assert_eq!(late.settle(1).count(), 1);
        assert!(late.push(4, entry(1)));
        let left: Vec<_> = late.after(0).map(|(number, _)| number).collect();
        assert_eq!(left, [2, 4]);
        assert_eq!(
            (late.first(), late.last(), late.bytes),
            (Some(2), Some(4), 11)
        );
        for number in 5..=LATE.0 as u64 + 2 {
            assert!(late.push(number, Bytes::new()));
        }
        assert!(!late.push(u64::MAX, Bytes::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_latest_entries_are_recent() {
        let mut recent = RecentEntries::default();
        recent.push(1, entry(7));
        tokio::time::advance(RECENT_AGE + Duration::from_secs(1)).await;
        for number in 2..=RECENT.0 as u64 + 5 {
            recent.push(number, entry(1));
        }
        let entries = recent.take();
        assert_eq!((entries.len(), entries[0].0), (RECENT.0, 6));
        recent.push(1, entry(10));
        recent.push(2, entry(RECENT.1));
        let mut late = LateEntries::default();
        late.push(3, entry(5));
        late.push_front(recent.take());
        let all: Vec<_> = late.after(0).map(|(number, _)| number).collect();
        assert_eq!((all, late.bytes), (vec![2, 3], RECENT.1 + 5));
    }
}

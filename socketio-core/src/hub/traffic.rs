//! [`Traffic`]: counters of connections, messages and bytes.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of one server, which [`Traffic::take`] reads and resets.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    opened: AtomicU64,
    closed: AtomicU64,
    messages_received: AtomicU64,
    messages_sent: AtomicU64,
    bytes_received: AtomicU64,
    bytes_sent: AtomicU64,
}

/// What was counted since the last [`Traffic::take`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TrafficCounts {
    pub(crate) opened: u64,
    pub(crate) closed: u64,
    pub(crate) messages_received: u64,
    pub(crate) messages_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) bytes_sent: u64,
}

fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(count as u64, Ordering::Relaxed);
}

impl Traffic {
    /// Counts an opened connection.
    pub(crate) fn opened(&self) {
        add(&self.opened, 1);
    }

    /// Counts a closed connection.
    pub(crate) fn closed(&self) {
        add(&self.closed, 1);
    }

    /// Counts a received message.
    pub(crate) fn received(&self, bytes: usize) {
        add(&self.messages_received, 1);
        add(&self.bytes_received, bytes);
    }

    /// Counts a message that was passed to its transport.
    pub(crate) fn sent(&self, bytes: usize) {
        add(&self.messages_sent, 1);
        add(&self.bytes_sent, bytes);
    }

    /// Returns the counts since the last call.
    pub(crate) fn take(&self) -> TrafficCounts {
        let take = |counter: &AtomicU64| counter.swap(0, Ordering::Relaxed);
        TrafficCounts {
            opened: take(&self.opened),
            closed: take(&self.closed),
            messages_received: take(&self.messages_received),
            messages_sent: take(&self.messages_sent),
            bytes_received: take(&self.bytes_received),
            bytes_sent: take(&self.bytes_sent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_reset_when_they_are_taken() {
        let traffic = Traffic::default();
        traffic.opened();
        traffic.closed();
        traffic.received(3);
        traffic.received(4);
        traffic.sent(5);
        let counts = TrafficCounts {
            opened: 1,
            closed: 1,
            messages_received: 2,
            messages_sent: 1,
            bytes_received: 7,
            bytes_sent: 5,
        };
        assert_eq!(traffic.take(), counts);
        assert_eq!(traffic.take(), TrafficCounts::default());
    }
}

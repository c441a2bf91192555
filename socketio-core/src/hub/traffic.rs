//! What went over all connections.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of one server, each read and set back by [`Traffic::take`].
#[derive(Debug, Default)]
pub(crate) struct Traffic([AtomicU64; 6]);

/// What is counted, as the page of the admin interface calls it.
const NAMES: [&str; 6] = [
    "rawConnection",
    "rawDisconnection",
    "packetsIn",
    "packetsOut",
    "bytesIn",
    "bytesOut",
];

impl Traffic {
    fn add(&self, index: usize, count: usize) {
        self.0[index].fetch_add(count as u64, Ordering::Relaxed);
    }

    /// A connection was opened.
    pub(crate) fn opened(&self) {
        self.add(0, 1);
    }

    /// A connection was closed.
    pub(crate) fn closed(&self) {
        self.add(1, 1);
    }

    /// A message came.
    pub(crate) fn came(&self, bytes: usize) {
        self.add(2, 1);
        self.add(4, bytes);
    }

    /// A message was handed to its transport.
    pub(crate) fn went(&self, bytes: usize) {
        self.add(3, 1);
        self.add(5, bytes);
    }

    /// What was counted since the last time, without what was not.
    pub(crate) fn take(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.0.iter().map(|count| count.swap(0, Ordering::Relaxed));
        NAMES
            .into_iter()
            .zip(counts)
            .filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_not_counted_again() {
        let traffic = Traffic::default();
        traffic.opened();
        traffic.came(3);
        traffic.came(4);
        traffic.went(5);
        assert_eq!(
            traffic.take().collect::<Vec<_>>(),
            [
                ("rawConnection", 1),
                ("packetsIn", 2),
                ("packetsOut", 1),
                ("bytesIn", 7),
                ("bytesOut", 5),
            ]
        );
        traffic.closed();
        assert_eq!(
            traffic.take().collect::<Vec<_>>(),
            [("rawDisconnection", 1)]
        );
        assert_eq!(traffic.take().count(), 0);
    }
}

//! [`Traffic`]: counters of connections, messages and bytes, for the admin interface.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of one server, which [`Traffic::take`] reads and resets.
#[derive(Debug, Default)]
pub(crate) struct Traffic([AtomicU64; 6]);

/// The names of the counters, as the admin page expects them.
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

    /// Counts an opened connection.
    pub(crate) fn opened(&self) {
        self.add(0, 1);
    }

    /// Counts a closed connection.
    pub(crate) fn closed(&self) {
        self.add(1, 1);
    }

    /// Counts a received message.
    pub(crate) fn came(&self, bytes: usize) {
        self.add(2, 1);
        self.add(4, bytes);
    }

    /// Counts a message that was passed to its transport.
    pub(crate) fn went(&self, bytes: usize) {
        self.add(3, 1);
        self.add(5, bytes);
    }

    /// Returns the non-zero counters since the last call.
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
    fn counters_are_reset_when_they_are_taken() {
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

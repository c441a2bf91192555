//! [`Ring`]: the latest records, in memory.

use std::collections::VecDeque;

use super::Record;

/// The limits of a [`Ring`]. Default: 10,000 rows and 16 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RingLimits {
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
}

impl Default for RingLimits {
    fn default() -> Self {
        RingLimits {
            rows: 10_000,
            bytes: 16 << 20,
        }
    }
}

/// The latest rows of a server. The oldest make room for new ones.
#[derive(Debug)]
pub(super) struct Ring {
    limits: RingLimits,
    rows: VecDeque<Record>,
    bytes: usize,
}

impl Ring {
    pub(super) fn new(limits: RingLimits) -> Self {
        Ring {
            limits,
            rows: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Adds a record. Returns the records that were removed for it, to be dropped outside of the lock.
    #[inline]
    pub(super) fn push(&mut self, row: Record) -> Removed {
        self.bytes += row.weight();
        self.rows.push_back(row);
        let mut removed = Removed::default();
        while self.rows.len() > self.limits.rows || self.bytes > self.limits.bytes {
            let Some(oldest) = self.rows.pop_front() else {
                break;
            };
            self.bytes -= oldest.weight();
            match &removed.one {
                None => removed.one = Some(oldest),
                Some(_) => removed.more.push(oldest),
            }
        }
        removed
    }

    /// Returns up to `limit` rows, starting with the number `from`.
    pub(super) fn from(&self, from: u64, limit: usize) -> Vec<Record> {
        let Some(oldest) = self.rows.front().map(|row| row.seq) else {
            return Vec::new();
        };
        let skipped = usize::try_from(from.saturating_sub(oldest)).unwrap_or(usize::MAX);
        let rows = self.rows.iter().skip(skipped);
        rows.take(limit).cloned().collect()
    }

    /// Returns the number of the oldest row.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.rows.front().map(|row| row.seq)
    }
}

/// Rows that have left the ring: usually one.
#[derive(Debug, Default)]
pub(super) struct Removed {
    one: Option<Record>,
    more: Vec<Record>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::Direction;

    fn row(seq: u64) -> Record {
        let mut row = Record::of_namespace(Direction::Out, "/");
        row.seq = seq;
        row
    }

    fn numbers(rows: Vec<Record>) -> Vec<u64> {
        rows.iter().map(|row| row.seq).collect()
    }

    #[test]
    fn the_oldest_rows_make_room_by_number_and_by_bytes() {
        let bytes = 2 * row(1).weight();
        for limits in [
            RingLimits {
                rows: 2,
                bytes: usize::MAX,
            },
            RingLimits { rows: 9, bytes },
        ] {
            let mut ring = Ring::new(limits);
            for seq in 1..=5 {
                ring.push(row(seq));
            }
            assert_eq!(ring.oldest(), Some(4));
            assert_eq!(numbers(ring.from(0, 9)), [4, 5]);
            assert_eq!(numbers(ring.from(5, 9)), [5]);
            assert_eq!(numbers(ring.from(0, 1)), [4]);
            assert_eq!(numbers(ring.from(6, 9)), [] as [u64; 0]);
        }
    }

    #[test]
    fn a_row_that_is_larger_than_the_ring_leaves_it_empty() {
        let mut ring = Ring::new(RingLimits { rows: 9, bytes: 1 });
        ring.push(row(1));
        assert_eq!(ring.oldest(), None);
        assert_eq!(ring.bytes, 0);
    }
}

//! [`DurationCounters`]: counts durations by ranges.

use std::{array, time::Duration};

use super::Counter;

/// The upper bounds of the ranges, inclusive, in microseconds. Longer durations are counted in a last range without bound.
pub(crate) const BOUNDS: [u64; 12] = [
    100, 500, 1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000,
];

/// Counters of durations in fixed ranges, and their sum.
#[derive(Debug, Default)]
pub(crate) struct DurationCounters {
    ranges: [Counter; BOUNDS.len() + 1],
    nanoseconds: Counter,
}

impl DurationCounters {
    /// Counts a duration. Most are in the first range, so ranges are searched from there.
    #[inline]
    pub(crate) fn record(&self, duration: Duration) {
        // `as_nanos` is slower, since it calculates with 128 bits.
        let nanoseconds = duration
            .as_secs()
            .saturating_mul(1_000_000_000)
            .saturating_add(duration.subsec_nanos().into());
        let within = |bound: &u64| nanoseconds <= bound * 1_000;
        let range = BOUNDS.iter().position(within).unwrap_or(BOUNDS.len());
        self.ranges[range].increment();
        self.nanoseconds.add(nanoseconds);
    }

    /// Returns the count of each range, and the sum of all durations.
    pub(crate) fn read(&self) -> ([u64; BOUNDS.len() + 1], Duration) {
        let sum = Duration::from_nanos(self.nanoseconds.get());
        (array::from_fn(|range| self.ranges[range].get()), sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_in_the_first_range_that_it_does_not_exceed() {
        let counters = DurationCounters::default();
        for micros in [0, 100, 101, 5_000_000, 5_000_001] {
            counters.record(Duration::from_micros(micros));
        }
        let (ranges, sum) = counters.read();
        assert_eq!(ranges, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(sum, Duration::from_micros(10_000_202));
        counters.record(Duration::MAX);
        assert_eq!(counters.read().0[BOUNDS.len()], 2);
    }
}

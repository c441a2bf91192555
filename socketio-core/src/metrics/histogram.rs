//! [`Histogram`]: durations that were counted in ranges.

use std::time::Duration;

use crate::counters::{BOUNDS, DurationCounters};

/// Durations that were counted in fixed ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Histogram {
    /// The ranges with an upper bound, the shortest first. Counts are cumulative, as in Prometheus: each includes the ranges
    /// before it.
    pub buckets: Vec<Bucket>,
    /// The number of all durations.
    pub count: u64,
    /// The sum of all durations.
    pub sum: Duration,
}

/// A range of a [`Histogram`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bucket {
    /// The upper bound, inclusive.
    pub bound: Duration,
    /// How many durations were not longer than the bound.
    pub count: u64,
}

impl Histogram {
    pub(super) fn of(counters: &DurationCounters) -> Self {
        let (ranges, sum) = counters.read();
        let mut count = 0;
        let buckets = BOUNDS.iter().zip(ranges).map(|(&bound, in_range)| {
            count += in_range;
            let bound = Duration::from_micros(bound);
            Bucket { bound, count }
        });
        Histogram {
            buckets: buckets.collect(),
            count: ranges.iter().sum(),
            sum,
        }
    }

    /// Returns the average duration; `None` if there were none.
    pub fn average(&self) -> Option<Duration> {
        let nanoseconds = self.sum.as_nanos().checked_div(self.count.into())?;
        Some(Duration::from_nanos(nanoseconds.try_into().ok()?))
    }
}

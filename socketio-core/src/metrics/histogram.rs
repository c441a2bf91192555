//! [`Histogram`]: durations that were counted by ranges.

use std::time::Duration;

use crate::counters::{BOUNDS, DurationCounters};

/// Durations that were counted by fixed ranges.
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
    /// The number of durations that were not longer than the bound.
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

    /// Returns an estimate of the duration that a part of all durations, such as 0.99, does not exceed; `None` if there were none.
    /// The estimate interpolates within a range. Beyond the last bound it is the last bound.
    pub fn quantile(&self, part: f64) -> Option<Duration> {
        let rank = part.clamp(0.0, 1.0) * self.count as f64;
        let (mut below, mut counted) = (Duration::ZERO, 0);
        if self.count == 0 {
            return None;
        }
        for bucket in &self.buckets {
            if bucket.count as f64 >= rank {
                let inside = (bucket.count - counted).max(1) as f64;
                let width = bucket.bound - below;
                return Some(below + width.mul_f64((rank - counted as f64) / inside));
            }
            (below, counted) = (bucket.bound, bucket.count);
        }
        Some(below)
    }

    /// Returns the average duration; `None` if there were none.
    pub fn average(&self) -> Option<Duration> {
        let nanoseconds = self.sum.as_nanos().checked_div(self.count.into())?;
        Some(Duration::from_nanos(nanoseconds.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_estimated_within_their_range() {
        let counters = DurationCounters::default();
        assert_eq!(Histogram::of(&counters).quantile(0.5), None);
        for _ in 0..98 {
            counters.record(Duration::from_micros(50));
        }
        counters.record(Duration::from_millis(3));
        counters.record(Duration::from_secs(60));
        let histogram = Histogram::of(&counters);
        assert_eq!(histogram.quantile(0.49), Some(Duration::from_micros(50)));
        assert_eq!(histogram.quantile(0.99), Some(Duration::from_millis(5)));
        assert_eq!(histogram.quantile(1.0), Some(Duration::from_secs(5)));
        assert_eq!(histogram.quantile(0.0), Some(Duration::ZERO));
    }
}

//! [`NumberSet`]: a set of numbers that are mostly consecutive.

use std::{collections::BTreeMap, ops::RangeInclusive};

/// A set of numbers, stored as ranges. At most [`MAX_RANGES`] are stored: the lowest numbers are removed first.
#[derive(Clone, Debug, Default)]
pub(super) struct NumberSet {
    /// The first and the last number of each range. Neither do ranges overlap, nor is one the continuation of another.
    ranges: BTreeMap<u64, u64>,
}

const MAX_RANGES: usize = 65_536;

impl NumberSet {
    pub(super) fn contains(&self, number: u64) -> bool {
        let range = self.ranges.range(..=number).next_back();
        range.is_some_and(|(_, last)| number <= *last)
    }

    /// Returns whether the set contains all of these numbers.
    pub(super) fn contains_all(&self, numbers: RangeInclusive<u64>) -> bool {
        let (first, last) = numbers.into_inner();
        let range = self.ranges.range(..=first).next_back();
        first > last || range.is_some_and(|(_, end)| last <= *end)
    }

    /// Adds a number. Returns false if the set contained it.
    pub(super) fn insert(&mut self, number: u64) -> bool {
        let is_new = !self.contains(number);
        if is_new {
            self.insert_all(number..=number);
        }
        is_new
    }

    /// Adds numbers.
    fn insert_all(&mut self, numbers: RangeInclusive<u64>) {
        let (mut first, mut last) = numbers.into_inner();
        // The ranges that overlap them, begin behind them, or end before them.
        while let Some((start, end)) = self.ranges.range(..=last.saturating_add(1)).next_back() {
            let (start, end) = (*start, *end);
            if end.saturating_add(1) < first {
                break;
            }
            self.ranges.remove(&start);
            (first, last) = (first.min(start), last.max(end));
        }
        self.ranges.insert(first, last);
        if self.ranges.len() > MAX_RANGES {
            self.ranges.pop_first();
        }
    }

    /// Returns the largest number.
    pub(super) fn last(&self) -> Option<u64> {
        self.ranges.last_key_value().map(|(_, last)| *last)
    }

    /// Adds the numbers of another set.
    pub(super) fn extend(&mut self, other: NumberSet) {
        for (first, last) in other.ranges {
            self.insert_all(first..=last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(set: &NumberSet) -> Vec<(u64, u64)> {
        set.ranges
            .iter()
            .map(|(first, last)| (*first, *last))
            .collect()
    }

    #[test]
    fn neighbours_are_one_range() {
        let mut set = NumberSet::default();
        for number in [5, 7, 1, 2, 9] {
            assert!(set.insert(number) && !set.insert(number));
        }
        assert_eq!(ranges(&set), [(1, 2), (5, 5), (7, 7), (9, 9)]);
        assert!(set.insert(6));
        assert_eq!(ranges(&set), [(1, 2), (5, 7), (9, 9)]);
        let other = set.clone();
        set = NumberSet::default();
        set.insert_all(3..=8);
        set.extend(other);
        assert_eq!(ranges(&set), [(1, 9)]);
        let inside: Vec<_> = (0..12).filter(|number| set.contains(*number)).collect();
        assert_eq!(inside, (1..=9).collect::<Vec<_>>());
        assert!(set.contains_all(1..=9) && set.contains_all(3..=4));
        assert!(!set.contains_all(0..=9) && !set.contains_all(2..=10));
        assert!(set.insert(u64::MAX) && set.insert(0));
        assert_eq!(ranges(&set), [(0, 9), (u64::MAX, u64::MAX)]);
        assert_eq!(set.last(), Some(u64::MAX));
        assert_eq!(NumberSet::default().last(), None);
    }

    #[test]
    fn the_lowest_numbers_are_forgotten_at_the_limit() {
        let mut set = NumberSet::default();
        for number in 1..=MAX_RANGES as u64 + 3 {
            set.insert(2 * number);
        }
        assert_eq!(set.ranges.len(), MAX_RANGES);
        assert!(!set.contains(6) && set.contains(8));
    }
}

//! [`Retained`]: the last messages that this node has published, for nodes that have missed some.

use std::{collections::VecDeque, ops::RangeInclusive, time::Duration};

use bytes::Bytes;
use tokio::time::Instant;

/// The limits: messages, and bytes.
const LIMITS: (usize, usize) = (4_096, 8 << 20);

/// How long a message that was published again is not published once more, since several nodes may ask for it.
const RECENTLY: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
pub(super) struct Retained {
    /// The number of the last message that was pushed.
    last: u64,
    /// Ordered by their numbers. Missing numbers are those of dropped messages.
    messages: VecDeque<(u64, Bytes, Option<Instant>)>,
    bytes: usize,
}

impl Retained {
    /// Returns the number of the next message.
    pub(super) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Adds a message that was published.
    pub(super) fn add(&mut self, number: u64, message: Bytes) {
        self.bytes += message.len();
        self.messages.push_back((number, message, None));
        while self.messages.len() > LIMITS.0 || self.bytes > LIMITS.1 {
            let Some((_, oldest, _)) = self.messages.pop_front() else {
                return;
            };
            self.bytes -= oldest.len();
        }
    }

    /// Returns the messages with these numbers that were not returned recently, and the numbers of those that are no longer kept.
    pub(super) fn take_again(
        &mut self,
        numbers: RangeInclusive<u64>,
    ) -> (Vec<Bytes>, Vec<RangeInclusive<u64>>) {
        let now = Instant::now();
        let (mut again, mut gone) = (Vec::new(), Vec::new());
        let mut next = *numbers.start();
        for (number, message, returned) in &mut self.messages {
            if !numbers.contains(number) {
                continue;
            }
            if *number > next {
                gone.push(next..=*number - 1);
            }
            next = *number + 1;
            if returned.is_none_or(|returned| now.duration_since(returned) >= RECENTLY) {
                *returned = Some(now);
                again.push(message.clone());
            }
        }
        if next <= *numbers.end() {
            gone.push(next..=*numbers.end());
        }
        (again, gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u64) -> Bytes {
        Bytes::from(number.to_string())
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_there_is_returned_and_what_is_not_is_named() {
        let mut retained = Retained::default();
        for number in [2, 3, 5, 6] {
            retained.add(number, message(number));
        }
        let (again, gone) = retained.take_again(1..=7);
        assert_eq!(again, [2, 3, 5, 6].map(message));
        assert_eq!(gone, [1..=1, 4..=4, 7..=7]);
        // Another node asks for the same messages.
        assert_eq!(retained.take_again(2..=3), (vec![], vec![]));
        tokio::time::advance(RECENTLY).await;
        assert_eq!(retained.take_again(2..=3).0, [2, 3].map(message));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_bounded_in_messages_and_bytes() {
        let mut retained = Retained::default();
        for number in 1..=LIMITS.0 as u64 + 10 {
            retained.add(number, message(number));
        }
        assert_eq!(retained.take_again(1..=11).1, [1..=10]);
        let large = Bytes::from(vec![0; LIMITS.1]);
        retained.add(10_000, large);
        assert_eq!(retained.messages.len(), 1);
    }
}

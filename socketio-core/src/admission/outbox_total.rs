//! [`OutboxTotal`]: the bytes that wait in all outboxes together.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The number of bytes from which an outbox is counted, and by which its count changes. Small outboxes, which are the majority, therefore
/// cost nothing.
const STEP: usize = 64 << 10;
/// The memory of a message in an outbox without its payload, in bytes.
const SLOT: usize = 48;

/// The bytes that wait in all outboxes together, and their limit.
#[derive(Debug)]
pub(crate) struct OutboxTotal {
    bytes: AtomicUsize,
    limit: usize,
}

impl OutboxTotal {
    pub(crate) fn new(limit: usize) -> Self {
        OutboxTotal {
            bytes: AtomicUsize::new(0),
            limit,
        }
    }

    /// Returns the bytes that wait. Small outboxes are not counted.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Returns whether the bytes exceed `times` the limit.
    pub(crate) fn exceeds(&self, times: usize) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.limit.saturating_mul(times)
    }
}

/// The share of one outbox in the total.
#[derive(Debug)]
pub(crate) struct OutboxShare {
    total: Arc<OutboxTotal>,
    /// The bytes of the messages in the outbox. A message that many outboxes share counts for each with a part of its bytes.
    cost: usize,
    /// The part of `cost` that is in the total.
    counted: usize,
    /// Whether a message that other outboxes share has been added since this one was empty.
    is_shared: bool,
}

impl OutboxShare {
    pub(crate) fn new(total: Arc<OutboxTotal>) -> Self {
        OutboxShare {
            total,
            cost: 0,
            counted: 0,
            is_shared: false,
        }
    }

    /// Adds a packet of `messages` and `bytes`. `recipients` is an estimate of how many outboxes share it.
    pub(crate) fn add(&mut self, messages: usize, bytes: usize, recipients: usize) {
        let share = match recipients {
            0 | 1 => bytes,
            recipients => {
                self.is_shared = true;
                bytes / recipients
            }
        };
        self.cost += share + SLOT * messages;
        if self.cost >= self.counted + STEP {
            self.total
                .bytes
                .fetch_add(self.cost - self.counted, Ordering::Relaxed);
            self.counted = self.cost;
        }
    }

    /// Notes that `bytes` of the `before` bytes that waited were taken.
    pub(crate) fn take(&mut self, bytes: usize, before: usize) {
        if bytes == before {
            return self.clear();
        }
        let share = match self.is_shared {
            false => bytes + SLOT,
            true => self.proportion(bytes, before.max(1)),
        };
        self.cost = self.cost.saturating_sub(share);
        if self.counted >= self.cost + 2 * STEP {
            self.release();
        }
    }

    /// Returns the proportional cost of `bytes`, since that of each message is not kept.
    fn proportion(&self, bytes: usize, before: usize) -> usize {
        match self.cost.checked_mul(bytes) {
            Some(product) => product / before,
            None => (self.cost as u128 * bytes as u128 / before as u128) as usize,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.cost = 0;
        self.is_shared = false;
        if self.counted > 0 {
            self.release();
        }
    }

    /// Returns whether the total exceeds `times` its limit, and includes this outbox.
    pub(crate) fn is_crowded(&self, times: usize) -> bool {
        self.counted > 0 && self.total.exceeds(times)
    }

    fn release(&mut self) {
        self.total
            .bytes
            .fetch_sub(self.counted - self.cost, Ordering::Relaxed);
        self.counted = self.cost;
    }
}

impl Drop for OutboxShare {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_outboxes_are_not_counted_and_large_ones_in_steps() {
        let total = Arc::new(OutboxTotal::new(1 << 20));
        let counted = || total.bytes.load(Ordering::Relaxed);
        let mut share = OutboxShare::new(Arc::clone(&total));
        share.add(1, 60_000, 1);
        assert_eq!(counted(), 0);
        share.add(1, 60_000, 1);
        assert_eq!(counted(), 120_096);
        share.take(60_000, 120_000);
        assert_eq!(counted(), 120_096);
        share.take(60_000, 60_000);
        assert_eq!(counted(), 0);
        share.add(10, 1 << 20, 1);
        assert!(share.is_crowded(1) && !share.is_crowded(2));
        assert!(!OutboxShare::new(Arc::clone(&total)).is_crowded(1));
        drop(share);
        assert_eq!(counted(), 0);
    }

    #[test]
    fn what_many_outboxes_share_counts_about_once() {
        let total = Arc::new(OutboxTotal::new(1 << 20));
        let mut shares: Vec<_> = (0..1_000)
            .map(|_| OutboxShare::new(Arc::clone(&total)))
            .collect();
        for share in &mut shares {
            for _ in 0..100 {
                share.add(1, 1_000_000, 1_000);
            }
        }
        let counted = total.bytes.load(Ordering::Relaxed);
        assert!((64_000_000..110_000_000).contains(&counted), "{counted}");
        for share in &mut shares {
            for left in (1..=100).rev() {
                share.take(1_000_000, left * 1_000_000);
            }
        }
        assert_eq!(total.bytes.load(Ordering::Relaxed), 0);
    }
}

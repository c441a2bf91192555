//! The state of a server's message queue.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::watch;

/// The state of a server's message queue, returned by [`SocketIo::queue_health`](crate::SocketIo::queue_health).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueHealth {
    /// Whether the server is subscribed to the queue. Always false for a server that is `write_only`.
    pub is_subscribed: bool,
    /// Whether the queue accepted the last message; true before the first one.
    pub is_publishing: bool,
    /// The number of messages that the queue accepted.
    pub published: u64,
    /// The number of messages received from other nodes.
    pub received: u64,
    /// The number of them that no client of this server could receive. Their contents were not decoded.
    pub skipped: u64,
    /// The number of messages that wait to be published.
    pub waiting: usize,
    /// The number of messages that were dropped, because too many were waiting, the queue refused them, or they are larger than
    /// [`max_unpublished`](crate::SocketIoBuilder::max_unpublished).
    pub dropped: u64,
    /// The number of messages that this node has missed and that the other nodes no longer had when it asked for them.
    pub lost: u64,
}

/// The state of this node's subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SubscriptionState {
    Pending,
    Active,
    /// The server has stopped, or is `write_only`.
    Closed,
}

/// The state of the subscription, and counters of received messages.
#[derive(Debug)]
pub(super) struct Health {
    subscription: watch::Sender<SubscriptionState>,
    was_subscribed: AtomicBool,
    received: AtomicU64,
    skipped: AtomicU64,
    lost: AtomicU64,
    /// Whether an invalid message was received.
    invalid: AtomicBool,
    /// Whether a message had to be repaired.
    repaired: AtomicBool,
}

impl Health {
    pub(super) fn new() -> Self {
        Health {
            subscription: watch::Sender::new(SubscriptionState::Pending),
            was_subscribed: AtomicBool::new(false),
            received: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            invalid: AtomicBool::new(false),
            repaired: AtomicBool::new(false),
        }
    }

    pub(super) fn set_subscription(&self, subscription: SubscriptionState) {
        if subscription == SubscriptionState::Active {
            self.was_subscribed.store(true, Ordering::Relaxed);
        }
        self.subscription.send_if_modified(|now| {
            // `Closed` is final.
            let changes = *now != SubscriptionState::Closed && *now != subscription;
            if changes {
                *now = subscription;
            }
            changes
        });
    }

    pub(super) fn is_subscribed(&self) -> bool {
        *self.subscription.borrow() == SubscriptionState::Active
    }

    /// Returns whether the subscription was active at any time.
    pub(super) fn was_subscribed(&self) -> bool {
        self.was_subscribed.load(Ordering::Relaxed)
    }

    /// Waits until the subscription is active or closed.
    pub(super) async fn subscribed(&self) {
        let mut subscription = self.subscription.subscribe();
        // An error would mean that the sender, a field of `self`, is gone.
        drop(
            subscription
                .wait_for(|subscription| *subscription != SubscriptionState::Pending)
                .await,
        );
    }

    pub(super) fn received_one(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
    }

    /// Records an invalid message, and returns whether it was the first one.
    pub(super) fn first_invalid_message(&self) -> bool {
        !self.invalid.swap(true, Ordering::Relaxed)
    }

    /// Notes a message that had to be repaired, and returns whether it was the first one.
    pub(super) fn first_repaired_message(&self) -> bool {
        !self.repaired.swap(true, Ordering::Relaxed)
    }

    pub(super) fn lost_some(&self, messages: u64) {
        self.lost.fetch_add(messages, Ordering::Relaxed);
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Counts a message that this node does not need.
    pub(super) fn skipped_one(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }
}

//! How a server's message queue is doing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::watch;

/// How a server's message queue is doing: [`SocketIo::queue_health`](crate::SocketIo::queue_health).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueHealth {
    /// Whether the server hears the others just now. Never true of a server that is `write_only`.
    pub is_subscribed: bool,
    /// Whether the queue has taken the last message that it was given; true at the beginning.
    pub is_publishing: bool,
    /// Messages that the queue has taken.
    pub published: u64,
    /// Messages of others that came.
    pub received: u64,
    /// Messages that wait to be published.
    pub waiting: usize,
    /// Messages that were given up: too many waited, or the queue refused them again and again.
    pub dropped: u64,
}

/// Whether the others are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SubscriptionState {
    Pending,
    Active,
    /// The server has ended, or does not listen.
    Closed,
}

/// ClientOperation is counted.
#[derive(Debug)]
pub(super) struct Health {
    subscription: watch::Sender<SubscriptionState>,
    received: AtomicU64,
    /// Whether a message came that is none.
    invalid: AtomicBool,
}

impl Health {
    pub(super) fn new() -> Self {
        Health {
            subscription: watch::Sender::new(SubscriptionState::Pending),
            received: AtomicU64::new(0),
            invalid: AtomicBool::new(false),
        }
    }

    pub(super) fn set_subscription(&self, subscription: SubscriptionState) {
        self.subscription.send_if_modified(|now| {
            // Nothing comes after the end.
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

    /// Waits until the others are heard, or will never be.
    pub(super) async fn subscribed(&self) {
        let mut subscription = self.subscription.subscribe();
        // An error would mean that this is gone.
        drop(
            subscription
                .wait_for(|subscription| *subscription != SubscriptionState::Pending)
                .await,
        );
    }

    pub(super) fn received_one(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
    }

    /// True once.
    pub(super) fn first_invalid_message(&self) -> bool {
        !self.invalid.swap(true, Ordering::Relaxed)
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }
}

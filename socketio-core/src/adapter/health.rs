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
pub(super) enum Hearing {
    Not,
    Now,
    /// The server has ended, or does not listen.
    NoMore,
}

/// What is counted.
#[derive(Debug)]
pub(super) struct Health {
    hearing: watch::Sender<Hearing>,
    received: AtomicU64,
    /// Whether a message came that is none.
    rubbish: AtomicBool,
}

impl Health {
    pub(super) fn new() -> Self {
        Health {
            hearing: watch::Sender::new(Hearing::Not),
            received: AtomicU64::new(0),
            rubbish: AtomicBool::new(false),
        }
    }

    pub(super) fn set_hearing(&self, hearing: Hearing) {
        self.hearing.send_if_modified(|now| {
            // Nothing comes after the end.
            let changes = *now != Hearing::NoMore && *now != hearing;
            if changes {
                *now = hearing;
            }
            changes
        });
    }

    pub(super) fn is_subscribed(&self) -> bool {
        *self.hearing.borrow() == Hearing::Now
    }

    /// Waits until the others are heard, or will never be.
    pub(super) async fn subscribed(&self) {
        let mut hearing = self.hearing.subscribe();
        // An error would mean that this is gone.
        drop(hearing.wait_for(|hearing| *hearing != Hearing::Not).await);
    }

    pub(super) fn received_one(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
    }

    /// True once.
    pub(super) fn is_first_rubbish(&self) -> bool {
        !self.rubbish.swap(true, Ordering::Relaxed)
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }
}

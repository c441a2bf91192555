//! How a server's message queue is doing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::watch;

/// How a server's message queue is doing: [`SocketIo::queue_health`](crate::SocketIo::queue_health).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueHealth {
    /// Whether the server hears the others just now. Never true of a server that is `write_only`.
    pub is_subscribed: bool,
    /// Messages that the queue has taken.
    pub published: u64,
    /// Messages of others that came.
    pub received: u64,
    /// Messages that wait to be published.
    pub waiting: usize,
    /// Messages that were given up: too many waited, or the queue refused them again and again.
    pub dropped: u64,
}

/// What is counted.
#[derive(Debug)]
pub(super) struct Health {
    pub(super) subscribed: watch::Sender<bool>,
    received: AtomicU64,
    /// Whether a message came that is none.
    rubbish: AtomicBool,
}

impl Health {
    pub(super) fn new() -> Self {
        Health {
            subscribed: watch::Sender::new(false),
            received: AtomicU64::new(0),
            rubbish: AtomicBool::new(false),
        }
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

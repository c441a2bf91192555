//! [`RunningCallbacks`]: the callbacks that run for the acks of one connection, or of all other nodes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Waker,
};

use futures_util::task::AtomicWaker;

/// Counts callbacks from the arrival of their ack until their end, with the bytes of the acks.
#[derive(Debug, Default)]
pub(crate) struct RunningCallbacks {
    count: AtomicUsize,
    bytes: AtomicUsize,
    waiting: AtomicWaker,
}

impl RunningCallbacks {
    /// Counts one more callback, until the result is dropped.
    pub(crate) fn begin(self: &Arc<Self>, bytes: usize) -> RunningCallback {
        self.count.fetch_add(1, Ordering::AcqRel);
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
        RunningCallback {
            all: Arc::clone(self),
            bytes,
        }
    }

    /// Returns whether no callback is running.
    pub(crate) fn is_empty(&self) -> bool {
        self.count() == 0
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Acquire)
    }

    /// Wakes a task when the next callback ends. The caller must read the counts after this call, so that no end is missed.
    pub(crate) fn wake_at_end(&self, waker: &Waker) {
        self.waiting.register(waker);
    }
}

/// A running callback.
#[derive(Debug)]
pub(crate) struct RunningCallback {
    all: Arc<RunningCallbacks>,
    bytes: usize,
}

impl Drop for RunningCallback {
    fn drop(&mut self) {
        self.all.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
        self.all.count.fetch_sub(1, Ordering::AcqRel);
        self.all.waiting.wake();
    }
}

//! [`LateAcks`]: the packets of one connection, mostly acknowledgements, that wait for the event store.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    task::Waker,
};

use futures_util::task::AtomicWaker;

/// Counts the packets that wait for the event store, with their bytes. The connection is not read while there are too many, because a client
/// could otherwise fill the memory with acknowledgements of its events while the store does not answer.
#[derive(Debug, Default)]
pub(crate) struct LateAcks {
    count: AtomicUsize,
    bytes: AtomicUsize,
    waiting: AtomicWaker,
}

impl LateAcks {
    /// Counts a packet, until [`end`](Self::end).
    pub(super) fn begin(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
        self.count.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn end(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
        self.count.fetch_sub(1, Ordering::AcqRel);
        self.waiting.wake();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Returns whether there are as many packets or bytes as allowed. If so, the task is woken when one of them ends.
    #[inline]
    pub(crate) fn is_full(&self, count: usize, bytes: usize, waker: &Waker) -> bool {
        let is_full = || {
            self.count.load(Ordering::Acquire) >= count
                || self.bytes.load(Ordering::Acquire) >= bytes
        };
        if !is_full() {
            return false;
        }
        // One may have ended before the waker was registered.
        self.waiting.register(waker);
        is_full()
    }
}

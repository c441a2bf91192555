//! The hub's half of a connection: what is to be written, and what is asked of the connection's task.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering},
    },
    task::Waker,
};

use tokio::sync::Notify;

use super::{
    Traffic,
    slots::{Slot, Slots},
};
use crate::{
    admission::{OutboxLimits, OverflowPolicy},
    base::{Message, Reason},
    packet::Frames,
};

/// Why the server closes a whole connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseRequest {
    /// A handler asked for it.
    Server = 1,
    /// The server shuts down.
    Shutdown = 2,
}

/// Shared by the connection's task (which reads it) and by everyone who emits to its clients.
pub(crate) struct ConnectionHandle {
    limits: OutboxLimits,
    outbox: Mutex<Outbox>,
    /// Something other than messages waits for the task: see [`ConnectionHandle::take_notification`].
    notified: AtomicBool,
    /// [`CloseRequest`] as a number.
    closing: AtomicU8,
    transport: Mutex<&'static str>,
    /// Calls from this server that await an answer by this connection.
    pending_calls: AtomicUsize,
    dropped: AtomicUsize,
    /// What all clients of the connection share; each has its own besides.
    data: Mutex<Slots>,
    /// Counts what is written, if somebody wants to know.
    traffic: Option<Arc<Traffic>>,
}

#[derive(Debug, Default)]
struct Outbox {
    queue: VecDeque<Message>,
    bytes: usize,
    /// The task is about to sleep, or sleeps; who adds something takes the waker and wakes it. While it runs, its own
    /// emits find nothing here and wake nobody.
    sleeping: Option<Waker>,
    closed: bool,
    overflowed: bool,
    drained: Option<Arc<Notify>>,
}

impl ConnectionHandle {
    pub(crate) fn new(limits: OutboxLimits, traffic: Option<Arc<Traffic>>) -> Self {
        ConnectionHandle {
            limits,
            outbox: Mutex::default(),
            notified: AtomicBool::new(false),
            closing: AtomicU8::new(0),
            transport: Mutex::new("polling"),
            pending_calls: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
            data: Mutex::default(),
            traffic,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a packet with its attachments, whole or not at all, and wakes the task.
    pub(crate) fn push(&self, packet: Frames) {
        let waker = {
            let outbox = &mut *self.lock();
            if outbox.closed || outbox.overflowed {
                return;
            }
            let bytes = packet.bytes();
            let full = !outbox.queue.is_empty()
                && (outbox.bytes + bytes > self.limits.bytes
                    || outbox.queue.len() + packet.count() > self.limits.messages);
            if full {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                match self.limits.policy {
                    OverflowPolicy::DropNewest => return,
                    OverflowPolicy::Disconnect => {
                        outbox.overflowed = true;
                        outbox.queue = VecDeque::new();
                        outbox.bytes = 0;
                        self.notified.store(true, Ordering::Release);
                    }
                }
            } else {
                outbox.bytes += bytes;
                packet.move_to(&mut outbox.queue);
            }
            outbox.sleeping.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The next message to write.
    pub(crate) fn pop(&self) -> Option<Message> {
        let outbox = &mut *self.lock();
        let message = outbox.queue.pop_front();
        match &message {
            Some(message) => {
                outbox.bytes -= message.len();
                if let Some(traffic) = &self.traffic {
                    traffic.went(message.len());
                }
            }
            None => {
                // An idle client keeps no room for the burst it once had.
                if outbox.queue.capacity() > 64 {
                    outbox.queue = VecDeque::new();
                }
                if let Some(drained) = outbox.drained.take() {
                    drained.notify_waiters();
                }
            }
        }
        message
    }

    /// The last step of the task before it returns pending: false when there is something to do after all.
    pub(crate) fn sleep(&self, waker: &Waker, can_write: bool) -> bool {
        let outbox = &mut *self.lock();
        if self.notified.load(Ordering::Acquire) || (can_write && !outbox.queue.is_empty()) {
            return false;
        }
        match &mut outbox.sleeping {
            Some(old) => old.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        true
    }

    /// The task runs: nobody needs to wake it.
    pub(crate) fn awake(&self) {
        self.lock().sleeping = None;
    }

    /// Has the task look at its clients and at [`ConnectionHandle::closing`].
    pub(crate) fn notify(&self) {
        self.notified.store(true, Ordering::Release);
        let waker = self.lock().sleeping.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn take_notification(&self) -> bool {
        self.notified.swap(false, Ordering::AcqRel)
    }

    /// Asks the task to close the whole connection.
    pub(crate) fn close_connection(&self, closing: CloseRequest) {
        self.closing.fetch_max(closing as u8, Ordering::AcqRel);
        self.notify();
    }

    /// Whether, and why, the connection is to be closed.
    pub(crate) fn closing(&self) -> Option<Reason> {
        match self.closing.load(Ordering::Acquire) {
            0 => None,
            closing if closing == CloseRequest::Server as u8 => Some(Reason::ServerClose),
            _ => Some(Reason::ServerShutdown),
        }
    }

    /// How the client is connected now.
    pub(crate) fn transport(&self) -> &'static str {
        *self
            .transport
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_transport(&self, name: &'static str) {
        *self
            .transport
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = name;
    }

    /// The outbox was full and the policy is to disconnect.
    pub(crate) fn overflowed(&self) -> bool {
        self.lock().overflowed
    }

    /// Packets dropped so far because the outbox was full.
    pub(crate) fn dropped(&self) -> usize {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Nothing will be written any more.
    pub(crate) fn close(&self) {
        let drained = {
            let outbox = &mut *self.lock();
            outbox.closed = true;
            outbox.queue = VecDeque::new();
            outbox.bytes = 0;
            outbox.drained.take()
        };
        if let Some(drained) = drained {
            drained.notify_waiters();
        }
    }

    /// Waits until everything was handed to the transport, or the connection is gone.
    pub(crate) async fn drained(&self) {
        let drained = {
            let outbox = &mut *self.lock();
            if outbox.closed || outbox.queue.is_empty() {
                return;
            }
            Arc::clone(outbox.drained.get_or_insert_default())
        };
        // Registered under no lock: `pop` may have emptied the queue in between, so look again once enlisted.
        let mut notified = std::pin::pin!(drained.notified());
        notified.as_mut().enable();
        let waiting =
            matches!(&self.lock().drained, Some(current) if Arc::ptr_eq(current, &drained));
        if waiting {
            notified.await;
        }
    }

    pub(crate) fn begin_call(&self) {
        self.pending_calls.fetch_add(1, Ordering::AcqRel);
        // The task may have stopped reading because an inbox is full; now it must read on to find the answer.
        self.notify();
    }

    pub(crate) fn end_call(&self) {
        self.pending_calls.fetch_sub(1, Ordering::AcqRel);
    }

    pub(crate) fn has_pending_calls(&self) -> bool {
        self.pending_calls.load(Ordering::Acquire) > 0
    }

    /// The connection's value of type `T`.
    pub(crate) fn data<T: Default + Send + 'static>(&self) -> Arc<Slot<T>> {
        Slots::slot(&self.data)
    }
}

impl fmt::Debug for ConnectionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionHandle")
            .field("transport", &self.transport())
            .field("outbox", &self.outbox)
            .finish_non_exhaustive()
    }
}

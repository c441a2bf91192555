//! The hub's half of a connection: what is to be written, and what is asked of the connection's task.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering},
    },
    task::Waker,
};

use super::{
    Traffic,
    outbox_queue::{OutboxQueue, PacketKind, Push},
    slots::{Slot, Slots},
};
use crate::{
    admission::{OutboxLimits, OverflowPolicy},
    base::{EmitError, Message, Reason},
    packet::Frames,
};

/// What [`ConnectionHandle::sleep`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sleep {
    /// There is something to do after all.
    Awake,
    /// The task will be woken.
    Asleep {
        /// The transport has had its turn and left more behind than the outbox may hold.
        over_limits: bool,
    },
}

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
    outbox: Mutex<OutboxQueue>,
    /// Something other than messages waits for the task: see [`ConnectionHandle::take_notification`].
    notified: AtomicBool,
    /// [`CloseRequest`] as a number.
    closing: AtomicU8,
    transport: Mutex<&'static str>,
    /// Calls from this server that await an answer by this connection.
    pending_calls: AtomicUsize,
    dropped: AtomicUsize,
    /// The outbox was full even for a burst.
    overflowed: AtomicBool,
    /// The time for handlers is over: see [`ConnectionHandle::abandon_handlers`].
    abandoned: AtomicBool,
    /// What all clients of the connection share; each has its own besides.
    slots: Mutex<Slots>,
    /// Counts what is written, if somebody wants to know.
    traffic: Option<Arc<Traffic>>,
}

impl ConnectionHandle {
    pub(crate) fn new(limits: OutboxLimits, traffic: Option<Arc<Traffic>>) -> Self {
        ConnectionHandle {
            limits,
            outbox: Mutex::new(OutboxQueue::new(limits)),
            notified: AtomicBool::new(false),
            closing: AtomicU8::new(0),
            transport: Mutex::new("polling"),
            pending_calls: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
            overflowed: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            slots: Mutex::default(),
            traffic,
        }
    }

    fn lock(&self) -> MutexGuard<'_, OutboxQueue> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn limits(&self) -> &OutboxLimits {
        &self.limits
    }

    /// Adds a packet with its attachments, whole or not at all, and wakes the task. When the outbox is full even for a burst,
    /// the overflow policy applies.
    pub(crate) fn push(&self, packet: Frames, kind: PacketKind) {
        let (pushed, waker) = {
            let outbox = &mut *self.lock();
            let pushed = outbox.push(packet, kind);
            if pushed == Push::Full
                && (kind == PacketKind::Protocol
                    || self.limits.policy == OverflowPolicy::Disconnect)
            {
                // A client that owes so much reads nothing: what waits will not be read either.
                self.overflowed.store(true, Ordering::Release);
                outbox.clear();
            }
            (pushed, outbox.sleeping.take())
        };
        self.after_push(pushed, waker);
    }

    /// Adds an event that a handler emits to this connection alone.
    ///
    /// # Errors
    ///
    /// When the outbox is full even for a burst; then nothing is added and the client stays.
    pub(super) fn try_push(&self, packet: Frames) -> Result<(), EmitError> {
        let (pushed, waker) = {
            let outbox = &mut *self.lock();
            let pushed = outbox.push(packet, PacketKind::Event);
            (pushed, outbox.sleeping.take())
        };
        if pushed == Push::Full {
            if let Some(waker) = waker {
                waker.wake();
            }
            return Err(EmitError::outbox_full());
        }
        self.after_push(pushed, waker);
        Ok(())
    }

    fn after_push(&self, pushed: Push, waker: Option<Waker>) {
        if pushed != Push::Done {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        if pushed == Push::Full {
            self.notified.store(true, Ordering::Release);
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Takes the next message to write.
    pub(crate) fn pop(&self) -> Option<Message> {
        let message = self.lock().pop();
        if let (Some(message), Some(traffic)) = (&message, &self.traffic) {
            traffic.went(message.len());
        }
        message
    }

    /// The last step of the task before it returns pending.
    ///
    /// Looks under the lock that [`push`](Self::push) takes, so no wake-up is lost.
    pub(crate) fn sleep(&self, waker: &Waker, can_write: bool) -> Sleep {
        let outbox = &mut *self.lock();
        if self.notified.load(Ordering::Acquire) || (can_write && !outbox.is_empty()) {
            return Sleep::Awake;
        }
        match &mut outbox.sleeping {
            Some(old) => old.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        Sleep::Asleep {
            over_limits: outbox.after_turn(),
        }
    }

    /// Accepts nothing more; what waits is still written.
    pub(crate) fn seal(&self) {
        self.lock().seal();
    }

    /// Drops what waits for a client that reads too slowly, and accepts nothing more.
    pub(crate) fn overflow(&self) {
        self.lock().clear();
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

    /// Asks the task to drop the handlers that run and the events that wait, so that only `disconnect` handlers remain.
    pub(crate) fn abandon_handlers(&self) {
        self.abandoned.store(true, Ordering::Release);
        self.notify();
    }

    pub(crate) fn handlers_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
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

    /// Whether the outbox was full even for a burst, so that the client has to go.
    pub(crate) fn overflowed(&self) -> bool {
        self.overflowed.load(Ordering::Acquire)
    }

    /// Packets dropped so far because the outbox was full.
    pub(crate) fn dropped(&self) -> usize {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Drops what waits; nothing will be written any more.
    pub(crate) fn close(&self) {
        self.lock().close();
    }

    /// Waits until everything was handed to the transport, or the connection is gone.
    pub(crate) async fn drained(&self) {
        let drained = {
            let outbox = &mut *self.lock();
            if outbox.is_closed() || outbox.is_empty() {
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
        Slots::slot(&self.slots)
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

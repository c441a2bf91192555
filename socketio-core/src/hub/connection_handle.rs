//! [`ConnectionHandle`]: the part of a connection that the hub and the handlers share with the connection's task.
//!
//! Any thread pushes packets and requests; only the task pops packets and reads the requests. Every push wakes the task,
//! and [`ConnectionHandle::sleep`] makes sure that no wake-up is lost.

use std::{
    any::TypeId,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering},
    },
    task::Waker,
};

use super::{
    aliases::Aliases,
    late_acks::LateAcks,
    outbox_queue::OutboxQueue,
    slots::{Slot, Slots},
    stored::Changed,
};
use crate::{
    admission::{OutboxLimits, OutboxTotal},
    base::Message,
    counters::Counters,
    pending::RunningCallbacks,
};

/// The result of [`ConnectionHandle::sleep`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sleep {
    /// There is something to do: the task must not sleep.
    Awake,
    /// The task will be woken.
    Asleep {
        /// The overflow policy disconnects the client unless it reads within [`OVERFLOW_GRACE`](super::OVERFLOW_GRACE).
        overflows: bool,
    },
}

/// The shared part of one connection.
pub(crate) struct ConnectionHandle {
    pub(super) outbox: Mutex<OutboxQueue>,
    /// Whether a request for the task is set: see [`ConnectionHandle::take_notification`].
    pub(super) notified: AtomicBool,
    /// Whether the transport could write when it was last polled.
    pub(super) writable: AtomicBool,
    /// The [`CloseRequest`](super::CloseRequest) as a number; 0 for none.
    pub(super) closing: AtomicU8,
    transport: Mutex<&'static str>,
    late_acks: LateAcks,
    /// The number of calls of this server whose acks are pending on this connection.
    pending_calls: AtomicU32,
    /// The number of acks that are pending on this connection, those of callbacks included.
    pending_acks: AtomicU32,
    /// Boxed, since many connections use none of it.
    extra: OnceLock<Box<Extra>>,
    pub(super) dropped: AtomicUsize,
    /// Whether the client has missed an event that no later event replaces: an overflow policy has dropped it, or this node has not read it.
    pub(super) has_lost_event: AtomicBool,
    /// The number of streams that run for its clients.
    streams: AtomicU32,
    /// Whether the outbox was full even for a burst.
    pub(super) overflowed: AtomicBool,
    /// Whether running handlers are to be dropped: see [`ConnectionHandle::abandon_handlers`].
    pub(super) abandoned: AtomicBool,
    pub(super) draining: AtomicBool,
    /// The values that all clients of the connection share.
    slots: Mutex<Slots>,
    pub(super) counters: Arc<Counters>,
}

/// The part of a connection that is created when it is needed first.
#[derive(Default)]
struct Extra {
    /// Created by the first callback.
    callbacks: OnceLock<Arc<RunningCallbacks>>,
    /// The sessions of its clients that are stored.
    sessions: Mutex<Vec<Weak<dyn Changed>>>,
}

impl ConnectionHandle {
    pub(crate) fn new(
        limits: OutboxLimits,
        total: &Arc<OutboxTotal>,
        counters: Arc<Counters>,
    ) -> Self {
        ConnectionHandle {
            outbox: Mutex::new(OutboxQueue::new(limits, total)),
            notified: AtomicBool::new(false),
            writable: AtomicBool::new(false),
            closing: AtomicU8::new(0),
            transport: Mutex::new("polling"),
            late_acks: LateAcks::default(),
            pending_calls: AtomicU32::new(0),
            pending_acks: AtomicU32::new(0),
            extra: OnceLock::new(),
            dropped: AtomicUsize::new(0),
            has_lost_event: AtomicBool::new(false),
            streams: AtomicU32::new(0),
            overflowed: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            slots: Mutex::default(),
            counters,
        }
    }

    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, OutboxQueue> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn limits(&self) -> OutboxLimits {
        self.lock().limits()
    }

    /// Pops the next message to write, outside of the task's turn, which counts what it pops.
    pub(crate) fn pop_outside(&self) -> Option<Message> {
        let message = self.pop()?;
        self.counters.messages_sent.increment();
        self.counters.bytes_sent.add(message.len() as u64);
        Some(message)
    }

    /// Sets the names that the client has for its namespaces.
    pub(crate) fn set_aliases(&self, aliases: Aliases) {
        self.lock().aliases = aliases;
    }

    /// Pops the next message to write.
    #[inline]
    pub(crate) fn pop(&self) -> Option<Message> {
        self.lock().pop()
    }

    /// Returns whether the outbox has as many messages or bytes as it may.
    pub(super) fn is_full(&self) -> bool {
        !self.lock().has_room(1, 0, (usize::MAX, usize::MAX))
    }

    /// Returns how many messages wait to be written, and their bytes.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        self.lock().waiting()
    }

    /// Prepares to return `Pending`; the last step of the task's poll.
    ///
    /// It checks the outbox under the lock that [`push`](Self::push) takes, so no wake-up is lost.
    #[inline]
    pub(crate) fn sleep(&self, waker: &Waker, can_write: bool) -> Sleep {
        let (overflows, replaced) = {
            let outbox = &mut *self.lock();
            if self.notified.load(Ordering::Acquire) || (can_write && !outbox.is_empty()) {
                return Sleep::Awake;
            }
            match &mut outbox.sleeping {
                Some(old) => old.clone_from(waker),
                none => *none = Some(waker.clone()),
            }
            (outbox.after_turn(), outbox.take_replaced())
        };
        if let Some(replaced) = replaced {
            self.count_replaced(replaced);
        }
        Sleep::Asleep { overflows }
    }

    /// Refuses further pushes. The messages in the outbox are still written.
    pub(crate) fn seal(&self) {
        self.lock().seal();
    }

    /// Drops the outbox of a client that reads too slowly, and refuses further pushes.
    pub(crate) fn overflow(&self) {
        self.lock().clear();
    }

    /// Marks the task as running: pushes need not wake it.
    pub(crate) fn awake(&self) {
        self.lock().sleeping = None;
    }

    /// Wakes the task to look at its clients and at [`ConnectionHandle::closing`].
    pub(crate) fn notify(&self) {
        self.notified.store(true, Ordering::Release);
        let waker = self.lock().sleeping.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn take_notification(&self) -> bool {
        // Usually there is none, and a load is cheaper than a swap.
        self.notified.load(Ordering::Acquire) && self.notified.swap(false, Ordering::AcqRel)
    }

    /// Returns the name of the current transport.
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

    /// Returns whether the outbox was full even for a burst: the client must be disconnected.
    pub(crate) fn overflowed(&self) -> bool {
        self.overflowed.load(Ordering::Acquire)
    }

    /// Returns how many packets were dropped because the outbox was full.
    pub(crate) fn dropped(&self) -> usize {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Returns whether the client has missed an event that it must have, for example because an overflow policy has dropped it. Volatile
    /// events do not count, nor do events that a later one with the same key has replaced.
    pub(super) fn has_lost_event(&self) -> bool {
        self.has_lost_event.load(Ordering::Relaxed)
    }

    /// Notes that an overflow policy has dropped an event. Another node must not recover the sessions either.
    pub(super) fn lose_event(&self) {
        if !self.has_lost_event.swap(true, Ordering::Relaxed) {
            for session in self.stored_sessions() {
                session.lost_event();
            }
        }
    }

    /// Adds the stored session of a client of this connection.
    pub(super) fn add_session(&self, session: Weak<dyn Changed>) {
        let extra = self.extra.get_or_init(Box::default);
        let mut sessions = extra
            .sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|session| session.strong_count() > 0);
        sessions.push(session);
    }

    /// Stores the sessions of its clients whenever the value is changed, if values of this type are stored.
    pub(super) fn watch<T: Send + 'static>(&self, slot: &Slot<T>) {
        for session in self.stored_sessions() {
            if session.stores(TypeId::of::<T>()) {
                slot.tell(&Arc::downgrade(&session));
            }
        }
    }

    fn stored_sessions(&self) -> Vec<Arc<dyn Changed>> {
        let Some(extra) = self.extra.get() else {
            return Vec::new();
        };
        let sessions = extra.sessions.lock();
        let sessions = sessions.unwrap_or_else(PoisonError::into_inner);
        sessions.iter().filter_map(Weak::upgrade).collect()
    }

    /// Drops the outbox when the connection ends.
    pub(crate) fn close(&self) {
        self.lock().close();
    }

    /// Waits until all messages have been passed to the transport, or the connection has ended.
    pub(crate) async fn drained(&self) {
        let drained = {
            let outbox = &mut *self.lock();
            if outbox.is_closed() || outbox.is_empty() {
                return;
            }
            Arc::clone(outbox.drained.get_or_insert_default())
        };
        // `pop` may have emptied the outbox before the waiter was registered: check again.
        let mut notified = std::pin::pin!(drained.notified());
        notified.as_mut().enable();
        let waiting =
            matches!(&self.lock().drained, Some(current) if Arc::ptr_eq(current, &drained));
        if waiting {
            notified.await;
        }
    }

    /// Counts one more stream, up to `limit`, until the result is dropped.
    pub(crate) fn begin_stream(self: &Arc<Self>, limit: usize) -> Option<RunningStream> {
        let more = |running| ((running as usize) < limit).then_some(running + 1);
        let counted = self
            .streams
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        counted.ok().map(|_| RunningStream(Arc::clone(self)))
    }

    pub(crate) fn begin_call(&self) {
        self.pending_calls.fetch_add(1, Ordering::AcqRel);
        // The task may have stopped reading because an inbox is full; it must read on to find the ack.
        self.notify();
    }

    pub(crate) fn end_call(&self) {
        self.pending_calls.fetch_sub(1, Ordering::AcqRel);
    }

    /// Returns the packets that wait for the event store.
    pub(crate) fn late_acks(&self) -> &LateAcks {
        &self.late_acks
    }

    pub(super) fn end_late_ack(&self, bytes: usize) {
        self.late_acks.end(bytes);
        if self.is_draining() {
            self.notify();
        }
    }

    pub(crate) fn has_pending_calls(&self) -> bool {
        self.pending_calls.load(Ordering::Acquire) > 0
    }

    /// Returns how many acks are pending, of all clients of the connection.
    pub(super) fn pending_acks(&self) -> usize {
        self.pending_acks.load(Ordering::Acquire) as usize
    }

    pub(super) fn begin_ack(&self) {
        self.pending_acks.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn end_acks(&self, acks: usize) {
        // As many were counted one by one, so the number fits.
        self.pending_acks.fetch_sub(acks as u32, Ordering::AcqRel);
    }

    /// Returns the callbacks that run for acks of this connection, if it has had one.
    pub(crate) fn callbacks(&self) -> Option<&Arc<RunningCallbacks>> {
        self.extra.get()?.callbacks.get()
    }

    pub(super) fn callbacks_or_new(&self) -> &Arc<RunningCallbacks> {
        let extra = self.extra.get_or_init(Box::default);
        extra.callbacks.get_or_init(Arc::default)
    }

    /// Returns the values that all clients of the connection share.
    pub(super) fn values(&self) -> Slots {
        self.slots
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Adds the values of an earlier connection of the client, unless it has such values already.
    pub(super) fn add_values(&self, values: &Slots) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.add(values);
    }

    /// Returns the connection's slot for a value of type `T`.
    pub(crate) fn data<T: Default + Send + 'static>(&self) -> Arc<Slot<T>> {
        Slots::slot(&self.slots)
    }
}

/// A stream of a connection, which counts while it runs.
#[derive(Debug)]
pub(crate) struct RunningStream(Arc<ConnectionHandle>);

impl Drop for RunningStream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::AcqRel);
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

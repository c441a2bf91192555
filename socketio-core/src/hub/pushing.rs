//! Pushes packets into the outbox of a [`ConnectionHandle`], at once or when there is room, and counts what is dropped.

use std::{
    sync::{Arc, atomic::Ordering},
    task::Waker,
};

use super::{
    ConnectionHandle, DeliveryOptions,
    outbox_queue::{Full, OutboxQueue, PacketKind, Push, Replaced},
};
use crate::{admission::OverflowPolicy, base::EmitError, packet::Frames};

impl ConnectionHandle {
    /// Pushes a packet with its attachments, completely or not at all, and wakes the task. If the outbox is full even
    /// for a burst, the overflow policy applies.
    pub(crate) fn push(&self, packet: Frames, kind: PacketKind) {
        self.push_into(|outbox| outbox.push(packet, kind, 1, None));
    }

    /// Pushes a packet that has waited for the event store.
    pub(super) fn push_late(&self, packet: Frames) {
        let bytes = packet.bytes();
        self.push(packet, PacketKind::Protocol);
        self.end_late_ack(bytes);
    }

    /// Pushes an event as [`push`](Self::push) does. `recipients` is an estimate of how many outboxes share its bytes.
    pub(crate) fn push_event(
        &self,
        packet: Frames,
        recipients: usize,
        options: Option<&DeliveryOptions>,
    ) {
        if options.is_some_and(|options| options.is_volatile) {
            let can_write = self.writable.load(Ordering::Acquire);
            self.push_into(|outbox| outbox.push_volatile(packet, recipients, can_write));
        } else {
            let kind = PacketKind::Event;
            self.push_into(|outbox| outbox.push(packet, kind, recipients, options));
        }
    }

    fn push_into(&self, push: impl FnOnce(&mut OutboxQueue) -> Push) {
        let (pushed, replaced, waker) = {
            let outbox = &mut *self.lock();
            let pushed = push(outbox);
            if pushed == Push::Disconnect {
                // Under the lock that `sleep` takes, so that the task does not miss it.
                self.overflowed.store(true, Ordering::Release);
                self.notified.store(true, Ordering::Release);
            }
            (pushed, outbox.take_replaced(), outbox.sleeping.take())
        };
        self.after_push(pushed, replaced, waker);
    }

    /// Pushes an event that a handler emits to this connection only.
    ///
    /// # Errors
    ///
    /// If the outbox is full even for a burst. Nothing is pushed then, and the client is not disconnected.
    #[inline]
    pub(super) fn try_push(
        &self,
        packet: Frames,
        options: Option<&DeliveryOptions>,
    ) -> Result<(), EmitError> {
        if options.is_some_and(|options| options.is_volatile) {
            self.push_event(packet, 1, options);
            return Ok(());
        }
        let (pushed, replaced, waker) = {
            let outbox = &mut *self.lock();
            let pushed = outbox.try_push(packet, options);
            (pushed, outbox.take_replaced(), outbox.sleeping.take())
        };
        // Woken also if it is full, so that the transport has its turn.
        self.after_push(pushed.unwrap_or(Push::Done), replaced, waker);
        pushed.map(drop).map_err(|Full| {
            self.counters.outbox_full.increment();
            EmitError::outbox_full()
        })
    }

    #[inline]
    fn after_push(&self, pushed: Push, replaced: Option<Replaced>, waker: Option<Waker>) {
        if pushed != Push::Done {
            self.count_dropped(pushed);
        }
        if let Some(replaced) = replaced {
            self.count_replaced(replaced);
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    #[cold]
    fn count_dropped(&self, pushed: Push) {
        let counters = &self.counters;
        let counter = match pushed {
            Push::Done => return,
            Push::Volatile => &counters.dropped_volatile,
            Push::Dropped(OverflowPolicy::DropNewest) => &counters.dropped_newest,
            Push::Dropped(_) => &counters.dropped_oldest,
            Push::Disconnect => &counters.dropped_disconnecting,
        };
        self.dropped.fetch_add(1, Ordering::Relaxed);
        counter.increment();
        if matches!(pushed, Push::Dropped(_)) {
            self.lose_event();
        }
    }

    #[cold]
    pub(super) fn count_replaced(&self, Replaced { oldest, superseded }: Replaced) {
        self.dropped
            .fetch_add(oldest + superseded, Ordering::Relaxed);
        self.counters.dropped_oldest.add(oldest as u64);
        if oldest > 0 {
            self.lose_event();
        }
        self.counters.dropped_superseded.add(superseded as u64);
    }

    /// Sets whether the transport could write when it was last polled.
    pub(crate) fn set_writable(&self, can_write: bool) {
        self.writable.store(can_write, Ordering::Release);
    }

    /// Waits until a packet of this size fits into the outbox without exceeding its limits, or the `window` of messages and bytes if that is
    /// smaller; or until the connection accepts nothing more. Cancel-safe.
    pub(crate) async fn has_room(&self, messages: usize, bytes: usize, window: (usize, usize)) {
        loop {
            let taken = {
                let outbox = &mut *self.lock();
                if outbox.has_room(messages, bytes, window) {
                    return;
                }
                Arc::clone(outbox.taken.get_or_insert_default())
            };
            let mut notified = std::pin::pin!(taken.notified());
            notified.as_mut().enable();
            // `pop` may have taken a message before the waiter was registered: check again.
            let waiting =
                matches!(&self.lock().taken, Some(current) if Arc::ptr_eq(current, &taken));
            if waiting {
                notified.await;
            }
        }
    }
}

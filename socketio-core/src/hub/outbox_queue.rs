//! [`OutboxQueue`]: the packets to be written to one connection, and their limits.
//!
//! Packets that a handler emits between two awaits can't be written before it awaits, so a burst does not show that the
//! client is slow. The overflow policy therefore applies only after the transport has had a turn and left packets behind;
//! until then, a burst may reach [`BURST`] times the limits. Which waiting events a policy may drop is kept in [`Droppable`].

use std::{collections::VecDeque, sync::Arc, task::Waker, time::Duration};

use tokio::sync::Notify;

use super::{DeliveryOptions, aliases::Aliases, droppable::Droppable, make_room::is_hole};
use crate::{
    admission::{OutboxLimits, OutboxShare, OutboxTotal, OverflowPolicy},
    base::Message,
    packet::Frames,
};

/// The multiple of the limits that a burst may reach before the transport has had a turn.
const BURST: usize = 4;

/// How long a client may stay above the limits of its outbox, with a transport that has had a turn, before the overflow
/// policy disconnects it.
pub(crate) const OVERFLOW_GRACE: Duration = Duration::from_secs(1);

/// The kind of a packet in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PacketKind {
    /// An event: the overflow policy may drop it.
    Event,
    /// CONNECT, CONNECT_ERROR, DISCONNECT or an acknowledgement: never dropped, because the client would miss a change of
    /// its state.
    Protocol,
}

/// The outcome of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Push {
    /// It was queued, or ignored because the connection is closing.
    Done,
    /// It was dropped by this policy.
    Dropped(OverflowPolicy),
    /// It was dropped because it is volatile and could not be written now.
    Volatile,
    /// The policy disconnects the client. The whole outbox was dropped, since the client will not read it.
    Disconnect,
}

/// Waiting events that were dropped for later ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Replaced {
    /// The number dropped because they were the oldest.
    pub(super) oldest: usize,
    /// The number dropped because a later event has their key.
    pub(super) superseded: usize,
}

/// The error of a push that exceeds even the limit of a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// No more packets are accepted; those in the queue are still written.
    Sealed,
    /// No packets are accepted or written.
    Closed,
}

/// The packets to be written to one connection.
#[derive(Debug)]
pub(super) struct OutboxQueue {
    limits: OutboxLimits,
    pub(super) messages: VecDeque<Message>,
    /// The number of empty messages among them, which take the place of dropped ones.
    pub(super) holes: usize,
    /// The position of the first message, counted from the first message of the connection.
    pub(super) position: u64,
    /// `None` until the first event that may be dropped.
    pub(super) droppable: Option<Box<Droppable>>,
    pub(super) replaced: Replaced,
    pub(super) bytes: usize,
    pub(super) share: OutboxShare,
    state: State,
    /// Whether the transport has had a turn and left messages behind.
    stalled: bool,
    /// Whether events with the policy `Disconnect` are over the limits.
    disconnects: bool,
    /// Set while the connection's task sleeps: a push takes it and wakes the task. It is `None` while the task runs, so that
    /// its own emits wake nothing.
    pub(super) sleeping: Option<Waker>,
    pub(super) drained: Option<Arc<Notify>>,
    /// Notified when a message is taken.
    pub(super) taken: Option<Arc<Notify>>,
    pub(super) aliases: Aliases,
}

impl OutboxQueue {
    pub(super) fn new(limits: OutboxLimits, total: &Arc<OutboxTotal>) -> Self {
        OutboxQueue {
            limits,
            messages: VecDeque::new(),
            holes: 0,
            position: 0,
            droppable: None,
            replaced: Replaced::default(),
            bytes: 0,
            share: OutboxShare::new(Arc::clone(total)),
            state: State::Open,
            stalled: false,
            disconnects: false,
            sleeping: None,
            drained: None,
            taken: None,
            aliases: Aliases::default(),
        }
    }

    /// Adds a packet with its attachments, completely or not at all. If even the limit of a burst is reached, the overflow
    /// policy applies at once; protocol packets disconnect the client. `recipients` is an estimate of how many outboxes share its bytes.
    pub(super) fn push(
        &mut self,
        packet: Frames,
        kind: PacketKind,
        recipients: usize,
        options: Option<&DeliveryOptions>,
    ) -> Push {
        let policy = self.policy_of(kind, options);
        let added = self.add(packet, kind, policy, recipients, options);
        added.unwrap_or_else(|Full| {
            if policy == OverflowPolicy::DropNewest && kind == PacketKind::Event {
                return Push::Dropped(policy);
            }
            self.clear();
            Push::Disconnect
        })
    }

    /// Adds an event that a handler emits to this connection only.
    ///
    /// # Errors
    ///
    /// If even the limit of a burst is reached: the handler emits too much, and the client is not disconnected.
    #[inline]
    pub(super) fn try_push(
        &mut self,
        packet: Frames,
        options: Option<&DeliveryOptions>,
    ) -> Result<Push, Full> {
        let policy = self.policy_of(PacketKind::Event, options);
        self.add(packet, PacketKind::Event, policy, 1, options)
    }

    /// Adds an event if it can be written now: nothing waits, and the transport `can_write`.
    pub(super) fn push_volatile(
        &mut self,
        packet: Frames,
        recipients: usize,
        can_write: bool,
    ) -> Push {
        if self.state == State::Open && !(can_write && self.is_empty()) {
            return Push::Volatile;
        }
        self.push(packet, PacketKind::Event, recipients, None)
    }

    /// Returns the overflow policy that applies to a packet: `Disconnect` for protocol packets, which must not be dropped.
    fn policy_of(&self, kind: PacketKind, options: Option<&DeliveryOptions>) -> OverflowPolicy {
        match kind {
            PacketKind::Protocol => OverflowPolicy::Disconnect,
            PacketKind::Event => {
                let own = options.and_then(|options| options.policy);
                own.unwrap_or(self.limits.policy)
            }
        }
    }

    /// Adds a packet under a policy. A packet larger than the limits is accepted into an empty queue, because it could never be sent
    /// otherwise.
    ///
    /// While all outboxes together are over their limit, each of them that uses part of it and whose transport has had a turn counts as full.
    /// Above twice the limit, each of them that uses part of it does.
    #[inline]
    fn add(
        &mut self,
        packet: Frames,
        kind: PacketKind,
        policy: OverflowPolicy,
        recipients: usize,
        options: Option<&DeliveryOptions>,
    ) -> Result<Push, Full> {
        if self.state != State::Open {
            return Ok(Push::Done);
        }
        let (added, size) = (packet.count(), packet.bytes());
        let replaces = matches!(
            policy,
            OverflowPolicy::DropOldest | OverflowPolicy::LatestPerKey
        );
        let key = options.and_then(|options| options.key.as_ref());
        if self.exceeds(added, size, 1) {
            if replaces {
                let times = if self.stalled { 1 } else { BURST };
                if !self.make_room(added, size, times, key) {
                    return Ok(Push::Dropped(policy));
                }
            } else if self.stalled && policy == OverflowPolicy::DropNewest {
                return Ok(Push::Dropped(policy));
            } else if self.is_full_for_burst(added, size) {
                return Err(Full);
            }
            self.disconnects |= policy == OverflowPolicy::Disconnect && kind == PacketKind::Event;
        }
        if replaces {
            let position = self.position + self.messages.len() as u64;
            let droppable = self.droppable.get_or_insert_default();
            droppable.add(position, added, key.cloned());
        }
        self.bytes += size;
        self.share.add(added, size, recipients);
        if self.messages.capacity() == 0 {
            // A queue that grows by itself begins with room for four, and most outboxes contain one message at a time.
            self.messages.reserve_exact(added);
        }
        packet.move_to(&mut self.messages);
        Ok(Push::Done)
    }

    /// Returns whether `added` messages of `size` bytes would exceed `times` the limits.
    pub(super) fn exceeds(&self, added: usize, size: usize, times: usize) -> bool {
        let (waiting, limits) = (self.messages.len() - self.holes, self.limits);
        waiting > 0
            && (waiting + added > limits.messages.saturating_mul(times)
                || self.bytes + size > limits.bytes.saturating_mul(times)
                || self.share.is_crowded(times.min(2)))
    }

    fn is_full_for_burst(&self, added: usize, size: usize) -> bool {
        self.exceeds(added, size, BURST) || self.stalled && self.share.is_crowded(1)
    }

    /// Returns the events that were dropped for later ones since the last call.
    pub(super) fn take_replaced(&mut self) -> Option<Replaced> {
        let replaced = std::mem::take(&mut self.replaced);
        (replaced != Replaced::default()).then_some(replaced)
    }

    /// Returns whether a packet fits without exceeding the limits, or the window of messages and bytes if that is smaller. True if the outbox
    /// accepts nothing more.
    pub(super) fn has_room(
        &self,
        added: usize,
        size: usize,
        (messages, bytes): (usize, usize),
    ) -> bool {
        let (waiting, limits) = (self.messages.len() - self.holes, self.limits);
        self.state != State::Open
            || waiting == 0
            || waiting + added <= limits.messages.min(messages)
                && self.bytes + size <= limits.bytes.min(bytes)
                && !self.share.is_crowded(1)
    }

    /// Takes the next message to write. When the queue is empty, notifies the tasks that wait for that.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Message> {
        let message = loop {
            let Some(message) = self.messages.pop_front() else {
                // Frees the memory of an earlier burst while the client is idle.
                if self.messages.capacity() > 64 {
                    self.messages = VecDeque::new();
                }
                self.notify_drained();
                return None;
            };
            self.position += 1;
            if self.holes > 0 && is_hole(&message) {
                self.holes -= 1;
                continue;
            }
            break message;
        };
        if let Some(droppable) = &mut self.droppable {
            droppable.written(self.position - 1);
        }
        self.share.take(message.len(), self.bytes);
        self.bytes -= message.len();
        self.stalled = false;
        if let Some(taken) = self.taken.take() {
            taken.notify_waiters();
        }
        if self.aliases.is_empty() {
            return Some(message);
        }
        Some(self.aliases.apply(message))
    }

    /// Records that the transport has had a turn. Returns whether it left so much behind that the policy disconnects the
    /// client after [`OVERFLOW_GRACE`].
    #[inline]
    pub(super) fn after_turn(&mut self) -> bool {
        self.stalled = !self.is_empty();
        let is_over = |queue: &Self| {
            let (messages, limits) = (queue.messages.len() - queue.holes, queue.limits);
            messages > 1
                && (messages > limits.messages
                    || queue.bytes > limits.bytes
                    || queue.share.is_crowded(1))
        };
        if self.droppable.is_some() && is_over(self) {
            // Drops what a burst has left above the limits.
            self.make_room(0, 0, 1, None);
        }
        let is_over = is_over(self);
        self.disconnects &= is_over;
        is_over && (self.disconnects || self.limits.policy == OverflowPolicy::Disconnect)
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.messages.len() == self.holes
    }

    /// Returns the number of messages, and their bytes.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.messages.len() - self.holes, self.bytes)
    }

    pub(super) fn limits(&self) -> OutboxLimits {
        self.limits
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Refuses further packets. Those in the queue are still written.
    pub(super) fn seal(&mut self) {
        if self.state == State::Open {
            self.state = State::Sealed;
        }
    }

    /// Drops the packets in the queue and refuses further ones.
    pub(super) fn clear(&mut self) {
        self.seal();
        self.position += self.messages.len() as u64;
        self.messages = VecDeque::new();
        self.holes = 0;
        self.droppable = None;
        self.bytes = 0;
        self.share.clear();
        if let Some(taken) = self.taken.take() {
            taken.notify_waiters();
        }
    }

    pub(super) fn close(&mut self) {
        self.clear();
        self.state = State::Closed;
        self.notify_drained();
    }

    fn notify_drained(&mut self) {
        if let Some(drained) = self.drained.take() {
            drained.notify_waiters();
        }
    }
}

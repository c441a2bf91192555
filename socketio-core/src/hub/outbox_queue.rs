//! [`OutboxQueue`]: the packets to be written to one connection, and their limits.
//!
//! Packets that a handler emits between two awaits can't be written before it awaits, so a burst does not show that the
//! client is slow. The overflow policy therefore applies only after the transport has had a turn and left packets behind;
//! until then, a burst may reach [`BURST`] times the limits.

use std::{collections::VecDeque, sync::Arc, task::Waker, time::Duration};

use tokio::sync::Notify;

use super::aliases::Aliases;
use crate::{
    admission::{OutboxLimits, OutboxShare, OutboxTotal, OverflowPolicy},
    base::Message,
    packet::Frames,
};

/// The multiple of the limits that a burst may reach before the transport has had its turn.
const BURST: usize = 4;

/// How long a client may stay above the limits of its outbox, with a transport that has had its turn, before the overflow
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
    /// Queued, or ignored because the connection is closing.
    Done,
    /// Dropped by [`OverflowPolicy::DropNewest`].
    Dropped,
    /// The policy disconnects the client: nothing in the outbox will be read, and it was dropped.
    Disconnect,
}

/// Not even a burst may add this packet.
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
    messages: VecDeque<Message>,
    bytes: usize,
    share: OutboxShare,
    state: State,
    /// The transport has had its turn and left messages behind.
    stalled: bool,
    /// Set while the connection's task sleeps: a push takes it and wakes the task. It is `None` while the task runs, so that
    /// its own emits wake nothing.
    pub(super) sleeping: Option<Waker>,
    pub(super) drained: Option<Arc<Notify>>,
    pub(super) aliases: Aliases,
}

impl OutboxQueue {
    pub(super) fn new(limits: OutboxLimits, total: &Arc<OutboxTotal>) -> Self {
        OutboxQueue {
            limits,
            messages: VecDeque::new(),
            bytes: 0,
            share: OutboxShare::new(Arc::clone(total)),
            state: State::Open,
            stalled: false,
            sleeping: None,
            drained: None,
            aliases: Aliases::default(),
        }
    }

    /// Adds a packet with its attachments, completely or not at all. If even the limit of a burst is reached, the overflow
    /// policy applies at once; to protocol packets, only its disconnecting. About `recipients` outboxes share its bytes.
    pub(super) fn push(&mut self, packet: Frames, kind: PacketKind, recipients: usize) -> Push {
        self.add(packet, kind, recipients).unwrap_or_else(|Full| {
            if kind == PacketKind::Event && self.limits.policy == OverflowPolicy::DropNewest {
                return Push::Dropped;
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
    pub(super) fn try_push(&mut self, packet: Frames) -> Result<Push, Full> {
        self.add(packet, PacketKind::Event, 1)
    }

    /// A packet larger than the limits is accepted into an empty queue, because it could never be sent otherwise.
    ///
    /// While all outboxes together are full, so is each that has a part in that and whose transport has had its turn; at
    /// twice as much, each that has a part.
    #[inline]
    fn add(&mut self, packet: Frames, kind: PacketKind, recipients: usize) -> Result<Push, Full> {
        if self.state != State::Open {
            return Ok(Push::Done);
        }
        let (added, size) = (packet.count(), packet.bytes());
        let (messages, bytes) = (self.messages.len() + added, self.bytes + size);
        let limits = self.limits;
        let exceeds = |times: usize| {
            messages > limits.messages.saturating_mul(times)
                || bytes > limits.bytes.saturating_mul(times)
        };
        let crowded = self.share.is_crowded(1);
        let over_limits = !self.messages.is_empty() && (crowded || exceeds(1));
        if over_limits {
            if self.stalled
                && kind == PacketKind::Event
                && limits.policy == OverflowPolicy::DropNewest
            {
                return Ok(Push::Dropped);
            }
            if exceeds(BURST) || crowded && (self.stalled || self.share.is_crowded(2)) {
                return Err(Full);
            }
        }
        self.bytes = bytes;
        self.share.add(added, size, recipients);
        packet.move_to(&mut self.messages);
        Ok(Push::Done)
    }

    /// Takes the next message to write. When the queue is empty, notifies the tasks that wait for that.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Message> {
        let Some(message) = self.messages.pop_front() else {
            // Frees the memory of an earlier burst while the client is idle.
            if self.messages.capacity() > 64 {
                self.messages = VecDeque::new();
            }
            self.notify_drained();
            return None;
        };
        self.share.take(message.len(), self.bytes);
        self.bytes -= message.len();
        self.stalled = false;
        if self.aliases.is_empty() {
            return Some(message);
        }
        Some(self.aliases.apply(message))
    }

    /// Records that the transport has had its turn. Returns whether it left so much behind that the policy disconnects the
    /// client after [`OVERFLOW_GRACE`].
    #[inline]
    pub(super) fn after_turn(&mut self) -> bool {
        let (messages, limits) = (self.messages.len(), self.limits);
        self.stalled = messages > 0;
        limits.policy == OverflowPolicy::Disconnect
            && messages > 1
            && (messages > limits.messages || self.bytes > limits.bytes || self.share.is_crowded(1))
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Returns the number of messages, and their bytes.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.messages.len(), self.bytes)
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
        self.messages = VecDeque::new();
        self.bytes = 0;
        self.share.clear();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(policy: OverflowPolicy) -> OutboxQueue {
        let limits = OutboxLimits {
            messages: 2,
            bytes: 1_000,
            policy,
        };
        OutboxQueue::new(limits, &Arc::new(OutboxTotal::new(1 << 30)))
    }

    fn packet(text: &str) -> Frames {
        Frames::from(vec![Message::Text(text.into())])
    }

    #[test]
    fn a_burst_is_accepted_until_the_transport_has_had_its_turn() {
        let mut queue = queue(OverflowPolicy::Disconnect);
        for _ in 0..8 {
            assert_eq!(queue.push(packet("x"), PacketKind::Event, 1), Push::Done);
        }
        assert_eq!(queue.try_push(packet("x")), Err(Full));
        assert!(queue.after_turn());
        assert_eq!(
            queue.push(packet("x"), PacketKind::Event, 1),
            Push::Disconnect
        );
        assert!(queue.pop().is_none());
    }

    #[test]
    fn a_protocol_packet_beyond_a_burst_disconnects_under_either_policy() {
        let mut queue = queue(OverflowPolicy::DropNewest);
        for _ in 0..8 {
            assert_eq!(queue.push(packet("x"), PacketKind::Event, 1), Push::Done);
        }
        assert!(!queue.after_turn());
        assert_eq!(queue.push(packet("x"), PacketKind::Event, 1), Push::Dropped);
        let protocol = queue.push(packet("x"), PacketKind::Protocol, 1);
        assert_eq!(protocol, Push::Disconnect);
    }

    #[test]
    fn protocol_packets_are_not_dropped_by_the_policy() {
        let mut queue = queue(OverflowPolicy::DropNewest);
        queue.push(packet("a"), PacketKind::Event, 1);
        queue.push(packet("b"), PacketKind::Event, 1);
        assert!(!queue.after_turn());
        assert_eq!(queue.push(packet("c"), PacketKind::Event, 1), Push::Dropped);
        assert_eq!(queue.push(packet("d"), PacketKind::Protocol, 1), Push::Done);
        queue.pop();
        assert_eq!(
            queue.push(packet("e"), PacketKind::Event, 1),
            Push::Done,
            "it reads again"
        );
    }

    #[test]
    fn a_packet_beyond_the_limits_is_accepted_alone() {
        let mut queue = queue(OverflowPolicy::Disconnect);
        let large = packet(&"x".repeat(100_000));
        assert_eq!(queue.push(large, PacketKind::Event, 1), Push::Done);
        assert!(!queue.after_turn());
    }

    #[test]
    fn a_sealed_queue_refuses_packets_and_writes_those_it_has() {
        let mut queue = queue(OverflowPolicy::Disconnect);
        queue.push(packet("a"), PacketKind::Event, 1);
        queue.seal();
        assert_eq!(queue.push(packet("b"), PacketKind::Protocol, 1), Push::Done);
        assert!(queue.pop().is_some());
        assert!(queue.pop().is_none());
    }

    #[test]
    fn while_all_outboxes_together_are_full_those_that_are_not_read_are_full() {
        let total = Arc::new(OutboxTotal::new(1_000_000));
        for policy in [OverflowPolicy::Disconnect, OverflowPolicy::DropNewest] {
            let limits = OutboxLimits {
                messages: 1_000,
                bytes: 10_000_000,
                policy,
            };
            let large = || packet(&"x".repeat(200_000));
            let mut slow: Vec<_> = (0..6).map(|_| OutboxQueue::new(limits, &total)).collect();
            for queue in &mut slow {
                assert_eq!(queue.push(large(), PacketKind::Event, 1), Push::Done);
                queue.after_turn();
            }
            // The transport of this one has not had its turn.
            let mut burst = OutboxQueue::new(limits, &total);
            for _ in 0..3 {
                assert_eq!(burst.push(large(), PacketKind::Event, 1), Push::Done);
            }
            let (pushed, policy_says) = (
                slow[0].push(large(), PacketKind::Event, 1),
                match policy {
                    OverflowPolicy::DropNewest => Push::Dropped,
                    _ => Push::Disconnect,
                },
            );
            assert_eq!(pushed, policy_says);
            // A client that reads has an empty queue, and is not affected.
            let mut fast = OutboxQueue::new(limits, &total);
            for _ in 0..10 {
                assert_eq!(fast.push(packet("x"), PacketKind::Event, 1), Push::Done);
                fast.after_turn();
                assert!(fast.pop().is_some());
            }
        }
        assert!(!total.exceeds(0), "all are gone");
    }
}

//! Tests of [`OutboxQueue`] alone.

use std::sync::Arc;

use super::outbox_queue::{Full, OutboxQueue, PacketKind, Push};
use crate::{
    admission::{OutboxLimits, OutboxTotal, OverflowPolicy},
    base::Message,
    packet::Frames,
};

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
        assert_eq!(
            queue.push(packet("x"), PacketKind::Event, 1, None),
            Push::Done
        );
    }
    assert_eq!(queue.try_push(packet("x"), None), Err(Full));
    assert!(queue.after_turn());
    assert_eq!(
        queue.push(packet("x"), PacketKind::Event, 1, None),
        Push::Disconnect
    );
    assert!(queue.pop().is_none());
}

#[test]
fn a_protocol_packet_beyond_a_burst_disconnects_under_either_policy() {
    let mut queue = queue(OverflowPolicy::DropNewest);
    for _ in 0..8 {
        assert_eq!(
            queue.push(packet("x"), PacketKind::Event, 1, None),
            Push::Done
        );
    }
    assert!(!queue.after_turn());
    assert_eq!(
        queue.push(packet("x"), PacketKind::Event, 1, None),
        Push::Dropped(OverflowPolicy::DropNewest)
    );
    let protocol = queue.push(packet("x"), PacketKind::Protocol, 1, None);
    assert_eq!(protocol, Push::Disconnect);
}

#[test]
fn protocol_packets_are_not_dropped_by_the_policy() {
    let mut queue = queue(OverflowPolicy::DropNewest);
    queue.push(packet("a"), PacketKind::Event, 1, None);
    queue.push(packet("b"), PacketKind::Event, 1, None);
    assert!(!queue.after_turn());
    assert_eq!(
        queue.push(packet("c"), PacketKind::Event, 1, None),
        Push::Dropped(OverflowPolicy::DropNewest)
    );
    assert_eq!(
        queue.push(packet("d"), PacketKind::Protocol, 1, None),
        Push::Done
    );
    queue.pop();
    assert_eq!(
        queue.push(packet("e"), PacketKind::Event, 1, None),
        Push::Done,
        "it reads again"
    );
}

#[test]
fn a_packet_beyond_the_limits_is_accepted_alone() {
    let mut queue = queue(OverflowPolicy::Disconnect);
    let large = packet(&"x".repeat(100_000));
    assert_eq!(queue.push(large, PacketKind::Event, 1, None), Push::Done);
    assert!(!queue.after_turn());
}

#[test]
fn a_sealed_queue_refuses_packets_and_writes_those_it_has() {
    let mut queue = queue(OverflowPolicy::Disconnect);
    queue.push(packet("a"), PacketKind::Event, 1, None);
    queue.seal();
    assert_eq!(
        queue.push(packet("b"), PacketKind::Protocol, 1, None),
        Push::Done
    );
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
            assert_eq!(queue.push(large(), PacketKind::Event, 1, None), Push::Done);
            queue.after_turn();
        }
        // The transport of this outbox has not had a turn.
        let mut burst = OutboxQueue::new(limits, &total);
        for _ in 0..3 {
            assert_eq!(burst.push(large(), PacketKind::Event, 1, None), Push::Done);
        }
        let (pushed, policy_says) = (
            slow[0].push(large(), PacketKind::Event, 1, None),
            match policy {
                OverflowPolicy::DropNewest => Push::Dropped(OverflowPolicy::DropNewest),
                _ => Push::Disconnect,
            },
        );
        assert_eq!(pushed, policy_says);
        // A client that reads has an empty queue, and is not affected.
        let mut fast = OutboxQueue::new(limits, &total);
        for _ in 0..10 {
            assert_eq!(
                fast.push(packet("x"), PacketKind::Event, 1, None),
                Push::Done
            );
            fast.after_turn();
            assert!(fast.pop().is_some());
        }
    }
    assert!(!total.exceeds(0), "all are gone");
}

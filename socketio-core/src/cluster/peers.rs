//! [`Peers`]: up to which number this node has received the messages of each other node.
//!
//! A broker forgets what it publishes while a node is not subscribed. Each message has a number ([`sequence`](super::sequence)), so that a node
//! notices missing messages, holds back those that follow, and asks the other node to publish the missing ones again. Messages that the other
//! node no longer has are counted and logged.

use std::{
    collections::{BTreeMap, HashMap},
    ops::RangeInclusive,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;

/// The maximum number of known nodes. Beyond it, the node that has been silent for the longest time is forgotten.
const NODES: usize = 1_024;

/// The limits of what is held back for one node: messages, and bytes.
const HELD: (usize, usize) = (4_096, 8 << 20);

/// How long messages are held back for missing ones.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pause between two requests for the same messages.
const ASK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Peers(Mutex<HashMap<Box<str>, Peer>>);

#[derive(Debug)]
struct Peer {
    /// The number of the next message.
    next: u64,
    /// The messages behind a gap.
    held: BTreeMap<u64, Bytes>,
    bytes: usize,
    /// When the gap was noticed, and when its messages were last asked for.
    gap: Option<(Instant, Instant)>,
    heard: Instant,
}

/// What the caller must do after a message has arrived.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Arrived {
    /// The messages to handle, in order.
    pub(super) ready: Vec<Bytes>,
    /// The messages to ask for.
    pub(super) missing: Option<RangeInclusive<u64>>,
    /// The messages that will no longer come.
    pub(super) lost: Option<RangeInclusive<u64>>,
}

impl Peer {
    /// Takes the messages without a gap before them.
    fn take_ready(&mut self, ready: &mut Vec<Bytes>) {
        while let Some(message) = self.held.remove(&self.next) {
            self.next += 1;
            self.bytes -= message.len();
            ready.push(message);
        }
        if self.held.is_empty() {
            self.gap = None;
        }
    }

    /// Gives up the messages before the first one that is held.
    fn give_up(&mut self, arrived: &mut Arrived) {
        if let Some((&first, _)) = self.held.first_key_value() {
            arrived.lost = Some(self.next..=first - 1);
            self.next = first;
            self.gap = None;
            self.take_ready(&mut arrived.ready);
        }
    }

    /// Returns the messages before the first one that is held.
    fn missing(&self) -> Option<RangeInclusive<u64>> {
        let (first, _) = self.held.first_key_value()?;
        Some(self.next..=first - 1)
    }
}

impl Peers {
    fn peers(&self) -> MutexGuard<'_, HashMap<Box<str>, Peer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a message of a node, and drops it if it has arrived before.
    pub(super) fn receive(&self, node: &str, number: u64, message: Bytes) -> Arrived {
        let now = Instant::now();
        let mut arrived = Arrived::default();
        let mut peers = self.peers();
        let Some(peer) = peers.get_mut(node) else {
            if peers.len() >= NODES {
                let silent = peers.iter().min_by_key(|(_, peer)| peer.heard);
                let silent = silent.map(|(node, _)| node.clone());
                silent.and_then(|silent| peers.remove(&silent));
            }
            let peer = Peer {
                next: number.saturating_add(1),
                held: BTreeMap::new(),
                bytes: 0,
                gap: None,
                heard: now,
            };
            peers.insert(node.into(), peer);
            arrived.ready.push(message);
            return arrived;
        };
        peer.heard = now;
        if number < peer.next {
            return arrived;
        }
        if number == peer.next {
            peer.next += 1;
            arrived.ready.push(message);
            peer.take_ready(&mut arrived.ready);
            // The next gap has its own time limit.
            if peer.gap.is_some() && !peer.held.is_empty() {
                peer.gap = Some((now, now));
                arrived.missing = peer.missing();
            }
            return arrived;
        }
        peer.bytes += message.len();
        if let Some(twice) = peer.held.insert(number, message) {
            peer.bytes -= twice.len();
        }
        if peer.held.len() > HELD.0 || peer.bytes > HELD.1 {
            peer.give_up(&mut arrived);
        } else if peer.gap.is_none() {
            peer.gap = Some((now, now));
            arrived.missing = peer.missing();
        }
        arrived
    }

    /// Notes that a node no longer has some of its messages.
    pub(super) fn gone(&self, node: &str, numbers: &RangeInclusive<u64>) -> Arrived {
        let mut arrived = Arrived::default();
        if let Some(peer) = self.peers().get_mut(node)
            && numbers.contains(&peer.next)
            && let Some(missing) = peer.missing()
        {
            let last = *missing.end().min(numbers.end());
            arrived.lost = Some(peer.next..=last);
            peer.next = last + 1;
            peer.take_ready(&mut arrived.ready);
        }
        arrived
    }

    /// Gives up messages that have been missing for too long. Returns the nodes for which there is something to do, such as asking again for
    /// other missing messages.
    pub(super) fn sweep(&self) -> Vec<(Box<str>, Arrived)> {
        let now = Instant::now();
        let mut due = Vec::new();
        for (node, peer) in &mut *self.peers() {
            let Some((noticed, asked)) = peer.gap else {
                continue;
            };
            let mut arrived = Arrived::default();
            if now.duration_since(noticed) >= PATIENCE {
                peer.give_up(&mut arrived);
                if !peer.held.is_empty() {
                    peer.gap = Some((now, now));
                    arrived.missing = peer.missing();
                }
            } else if now.duration_since(asked) >= ASK_AGAIN {
                peer.gap = Some((noticed, now));
                arrived.missing = peer.missing();
            }
            if arrived != Arrived::default() {
                due.push((node.clone(), arrived));
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u64) -> Bytes {
        Bytes::from(number.to_string())
    }

    fn receive(peers: &Peers, number: u64) -> (Vec<Bytes>, Option<RangeInclusive<u64>>) {
        let arrived = peers.receive("node", number, message(number));
        assert_eq!(arrived.lost, None);
        (arrived.ready, arrived.missing)
    }

    #[tokio::test(start_paused = true)]
    async fn messages_behind_a_gap_are_held_until_it_is_filled() {
        let peers = Peers::default();
        assert_eq!(receive(&peers, 5), (vec![message(5)], None));
        assert_eq!(receive(&peers, 5), (vec![], None), "twice");
        assert_eq!(receive(&peers, 8), (vec![], Some(6..=7)));
        assert_eq!(receive(&peers, 9), (vec![], None));
        assert_eq!(receive(&peers, 6), (vec![message(6)], Some(7..=7)));
        let filled = vec![message(7), message(8), message(9)];
        assert_eq!(receive(&peers, 7), (filled, None));
        assert_eq!(receive(&peers, 10), (vec![message(10)], None));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_gone_or_late_is_lost_and_the_rest_goes_on() {
        let peers = Peers::default();
        receive(&peers, 1);
        receive(&peers, 5);
        let arrived = peers.gone("node", &(1..=3));
        assert_eq!((arrived.ready, arrived.lost), (vec![], Some(2..=3)));
        tokio::time::advance(ASK_AGAIN).await;
        assert_eq!(peers.sweep()[0].1.missing, Some(4..=4));
        tokio::time::advance(PATIENCE).await;
        let (_, arrived) = peers.sweep().remove(0);
        assert_eq!(
            (arrived.ready, arrived.lost),
            (vec![message(5)], Some(4..=4))
        );
        assert_eq!(receive(&peers, 6), (vec![message(6)], None));
        assert!(peers.sweep().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_held_and_who_is_known_is_bounded() {
        let peers = Peers::default();
        receive(&peers, 1);
        for number in 3..3 + HELD.0 as u64 {
            assert!(receive(&peers, number).0.is_empty());
        }
        let last = 3 + HELD.0 as u64;
        let arrived = peers.receive("node", last, message(last));
        assert_eq!(
            (arrived.ready.len(), arrived.lost),
            (HELD.0 + 1, Some(2..=2))
        );
        for node in 0..2 * NODES {
            peers.receive(&node.to_string(), 1, message(1));
        }
        assert_eq!(peers.peers().len(), NODES);
    }
}

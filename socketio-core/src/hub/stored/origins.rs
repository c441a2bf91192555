//! [`Origins`]: which entries and events of each node were seen, so that none is delivered twice.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use super::number_set::NumberSet;

/// The maximum number of remembered nodes. The least recently seen one is forgotten first.
const MAX_NODES: usize = 1_024;

/// How long a node counts as unsettled after the latest of its events that was delivered before it was kept. Usually ended by the node itself.
const UNSETTLED: Duration = Duration::from_secs(30);

/// The same if the node does not have all of these events any more. By then, they have arrived over the message queue.
const INCOMPLETE: Duration = Duration::from_secs(10);

/// Which entries of each node were read from the store, and which of its events arrived outside of the store because they were not kept. An
/// event that arrives in both ways is delivered when it arrives first.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    nodes: HashMap<Box<str>, Origin>,
    clock: u64,
    /// The nodes whose events were delivered before they were kept and are not all read from the store yet, each until when at the latest.
    unsettled: HashMap<Box<str>, Instant>,
}

#[derive(Debug, Default)]
struct Origin {
    /// The numbers of the entries that were read.
    read: NumberSet,
    /// The numbers of the events that were delivered before they were read.
    delivered: NumberSet,
    used: u64,
}

impl Origins {
    fn node(&mut self, node: &str) -> &mut Origin {
        self.clock += 1;
        if !self.nodes.contains_key(node) {
            if self.nodes.len() >= MAX_NODES {
                let oldest = self.nodes.iter().min_by_key(|(_, origin)| origin.used);
                if let Some(oldest) = oldest.map(|(node, _)| node.clone()) {
                    self.nodes.remove(&oldest);
                }
            }
            self.nodes.insert(Box::from(node), Origin::default());
        }
        let used = self.clock;
        let origin = self.nodes.entry(Box::from(node)).or_default();
        origin.used = used;
        origin
    }

    /// Notes an entry that was read. Returns `None` if it was read before, because it was appended twice; otherwise whether its event was
    /// already delivered.
    pub(super) fn read(&mut self, node: &str, number: u64) -> Option<bool> {
        let origin = self.node(node);
        let is_new = origin.read.insert(number);
        is_new.then(|| origin.delivered.contains(number))
    }

    /// Notes an event that is delivered before it is kept; its number is 0 if it will not be kept. Returns whether it was read from the store
    /// before, also in an earlier epoch; it is not to be delivered then.
    pub(in crate::hub) fn unkept(&mut self, node: &str, number: u64) -> bool {
        if number == 0 {
            self.unsettle(node, UNSETTLED);
            return false;
        }
        let origin = self.node(node);
        if origin.read.contains(number) || !origin.delivered.insert(number) {
            return true;
        }
        self.unsettle(node, UNSETTLED);
        false
    }

    /// Notes that events of a node which are not read yet may have been delivered already by that node or another one.
    pub(super) fn late(&mut self, node: &str) {
        self.unsettle(node, UNSETTLED);
    }

    /// Notes that all events of a node up to this number which were delivered before they were kept are read from the store, if it still had
    /// them.
    pub(super) fn settled(&mut self, node: &str, number: u64, is_complete: bool) {
        let delivered = &mut self.node(node).delivered;
        delivered.remove_up_to(number);
        if !delivered.is_empty() {
            // The next outage has begun.
            return;
        }
        match is_complete {
            true => drop(self.unsettled.remove(node)),
            false => self.unsettle(node, INCOMPLETE),
        }
    }

    fn unsettle(&mut self, node: &str, duration: Duration) {
        if self.unsettled.len() < MAX_NODES || self.unsettled.contains_key(node) {
            let until = Instant::now() + duration;
            self.unsettled.insert(Box::from(node), until);
        }
    }

    /// Returns whether any node is unsettled: this node and others may have delivered different events to their clients. What a client lacks
    /// can't be told from a position then.
    pub(in crate::hub) fn are_unsettled(&self) -> bool {
        !self.unsettled.is_empty()
    }

    /// Forgets the nodes that have been unsettled for too long, and returns whether there were any.
    pub(super) fn take_expired(&mut self) -> bool {
        if self.unsettled.is_empty() {
            return false;
        }
        let (now, before) = (Instant::now(), self.unsettled.len());
        self.unsettled.retain(|_, until| *until > now);
        self.unsettled.len() < before
    }

    /// Begins another epoch of the store, which has none of the entries that were read. Those that are appended again are kept, but not
    /// delivered again.
    pub(super) fn begin_epoch(&mut self) {
        for origin in self.nodes.values_mut() {
            let read = std::mem::take(&mut origin.read);
            origin.delivered.extend(read);
        }
    }

    /// Forgets which entries were read, since the store is read again from its beginning.
    pub(super) fn forget_read(&mut self) {
        for origin in self.nodes.values_mut() {
            origin.read = NumberSet::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_delivered_once_whichever_way_is_first() {
        let mut origins = Origins::default();
        assert_eq!(origins.read("a", 1), Some(false));
        assert_eq!(origins.read("a", 1), None);
        assert!(origins.unkept("a", 1));
        assert!(!origins.unkept("a", 2));
        assert!(!origins.unkept("a", 3));
        assert_eq!(origins.read("a", 2), Some(true));
        assert_eq!(origins.read("a", 3), Some(true));
        assert_eq!(origins.read("a", 4), Some(false));
        assert_eq!(origins.read("b", 1), Some(false));
    }

    #[test]
    fn an_event_that_was_given_up_is_delivered_although_later_ones_were_read() {
        let mut origins = Origins::default();
        assert_eq!(origins.read("a", 1), Some(false));
        assert_eq!(origins.read("a", 6), Some(false));
        assert!(!origins.unkept("a", 2), "it was not read");
        assert!(!origins.unkept("a", 3));
        // The store has the event nevertheless, and it arrives late.
        assert_eq!(origins.read("a", 3), Some(true));
        assert_eq!(origins.read("a", 3), None);
        assert_eq!(origins.read("a", 5), Some(false));
        assert!(origins.unkept("a", 5));
        assert!(!origins.unkept("a", 4));
        assert!(origins.unkept("a", 6));
        // The entry between them is not an event.
        assert!(!origins.unkept("a", 8));
        assert!(!origins.unkept("a", 10));
        assert_eq!(origins.read("a", 11), Some(false));
        for late in [8, 10] {
            assert_eq!(origins.read("a", late), Some(true));
        }
    }

    #[test]
    fn what_was_read_before_the_store_lost_its_data_is_not_delivered_again() {
        let mut origins = Origins::default();
        for number in [3, 4, 6] {
            assert_eq!(origins.read("a", number), Some(false));
        }
        origins.begin_epoch();
        // Its copy on the message queue arrives late.
        assert!(origins.unkept("a", 6));
        // The node appends its latest entries again.
        let read: Vec<_> = (3..=7).map(|number| origins.read("a", number)).collect();
        let expected = [true, true, false, true, false].map(Some);
        assert_eq!(read, expected);
        assert_eq!(origins.read("a", 5), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_is_unsettled_until_its_late_events_are_read() {
        let mut origins = Origins::default();
        assert!(!origins.are_unsettled());
        origins.unkept("a", 1);
        origins.late("b");
        origins.settled("a", 2, true);
        assert!(origins.are_unsettled());
        origins.unkept("b", 5);
        origins.settled("b", 4, true);
        assert!(origins.are_unsettled());
        origins.settled("b", 6, true);
        assert!(!origins.are_unsettled());
        // A node that no longer has all of its late events, and one that has crashed.
        for (is_told, seconds) in [(true, 10), (false, 30)] {
            origins.unkept("c", 1);
            if is_told {
                origins.settled("c", 2, false);
            }
            tokio::time::advance(Duration::from_secs(seconds - 1)).await;
            assert!(!origins.take_expired() && origins.are_unsettled());
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(origins.take_expired() && !origins.are_unsettled());
        }
    }

    #[test]
    fn many_single_events_of_an_outage_are_remembered() {
        let mut origins = Origins::default();
        // Other numbers are those of events that have no recipients at other nodes.
        for number in 1..=10_000 {
            assert!(!origins.unkept("a", 2 * number));
        }
        for number in 2..=20_000 {
            assert_eq!(origins.read("a", number), Some(number % 2 == 0));
        }
        origins.settled("a", 20_001, true);
        assert!(origins.unkept("a", 20_000));
    }

    #[test]
    fn the_number_of_remembered_nodes_is_limited() {
        let mut origins = Origins::default();
        for node in 0..2 * MAX_NODES {
            origins.read(&node.to_string(), 1);
        }
        assert_eq!(origins.nodes.len(), MAX_NODES);
        assert_eq!(origins.read(&(2 * MAX_NODES - 1).to_string(), 1), None);
    }
}

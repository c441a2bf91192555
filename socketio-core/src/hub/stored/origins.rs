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

/// The same for this node, which always ends it itself.
const HELD: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Which entries of each node were read from the store, and which of its events arrived outside of the store because they were not kept. An
/// event that arrives in both ways is delivered when it arrives first.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    nodes: HashMap<Box<str>, Origin>,
    clock: u64,
    /// The nodes whose events were delivered before they were kept and are not all read from the store yet, each until when at the latest.
    unsettled: HashMap<Box<str>, Instant>,
    /// Whether the store has lost its data.
    has_lost: bool,
}

/// An entry that was not read before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NewEntry {
    /// Whether its event was delivered before.
    pub(super) was_delivered: bool,
    /// Whether the store has lost earlier entries of its node which this node has not read.
    pub(super) lacks_earlier: bool,
}

#[derive(Debug, Default)]
struct Origin {
    /// The numbers of the entries that were read.
    read: NumberSet,
    /// The numbers of the events that were delivered before they were read.
    delivered: NumberSet,
    /// The largest number of an entry that was read, also in earlier epochs.
    last_read: u64,
    /// Whether no entry was read since the store has lost its data.
    is_new_epoch: bool,
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
            let origin = Origin {
                is_new_epoch: self.has_lost,
                ..Origin::default()
            };
            self.nodes.insert(Box::from(node), origin);
        }
        let used = self.clock;
        let origin = self.nodes.entry(Box::from(node)).or_default();
        origin.used = used;
        origin
    }

    /// Notes an entry that was read. Returns `None` if it was read before, because it was appended twice.
    pub(super) fn read(&mut self, node: &str, number: u64) -> Option<NewEntry> {
        let origin = self.node(node);
        let is_first = std::mem::take(&mut origin.is_new_epoch);
        let skipped = origin.last_read.saturating_add(1)..=number.saturating_sub(1);
        origin.last_read = origin.last_read.max(number);
        let is_new = origin.read.insert(number);
        is_new.then(|| NewEntry {
            was_delivered: origin.delivered.contains(number),
            lacks_earlier: is_first && !origin.delivered.contains_all(skipped),
        })
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
        let last = self.node(node).delivered.last();
        if last.is_some_and(|last| last > number) {
            // The next outage has begun.
            return;
        }
        match is_complete {
            true => drop(self.unsettled.remove(node)),
            false => {
                self.unsettled.remove(node);
                self.unsettle(node, INCOMPLETE);
            }
        }
    }

    fn unsettle(&mut self, node: &str, duration: Duration) {
        if self.unsettled.len() < MAX_NODES || self.unsettled.contains_key(node) {
            let until = Instant::now() + duration;
            let known = self.unsettled.entry(Box::from(node)).or_insert(until);
            *known = until.max(*known);
        }
    }

    /// Notes that this node, which is `here`, delivers events before they are kept. It is unsettled until it has read that all nodes know of them.
    pub(super) fn hold(&mut self, here: &str) {
        self.unsettle(here, HELD);
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
        self.has_lost = true;
        for origin in self.nodes.values_mut() {
            let read = std::mem::take(&mut origin.read);
            origin.delivered.extend(read);
            origin.is_new_epoch = true;
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

    /// Returns whether the event of a new entry was delivered before.
    fn read_one(origins: &mut Origins, node: &str, number: u64) -> Option<bool> {
        let entry = origins.read(node, number)?;
        Some(entry.was_delivered)
    }

    #[test]
    fn after_a_loss_the_first_entry_of_a_node_shows_whether_earlier_ones_are_lacking() {
        let mut origins = Origins::default();
        let first_lacks_earlier = |origins: &mut Origins, first: u64| {
            origins.begin_epoch();
            let entry = origins.read("a", first).unwrap();
            let next = origins.read("a", first + 7).unwrap();
            assert!(!next.lacks_earlier);
            entry.lacks_earlier
        };
        for number in 1..=5 {
            origins.read("a", number);
        }
        assert!(!first_lacks_earlier(&mut origins, 3));
        assert!(!first_lacks_earlier(&mut origins, 11));
        assert!(first_lacks_earlier(&mut origins, 20));
        // Its end has arrived over the message queue.
        for number in 28..=29 {
            origins.unkept("a", number);
        }
        assert!(!first_lacks_earlier(&mut origins, 30));
        origins.settled("a", 37, true);
        // Only its end has arrived.
        origins.unkept("a", 49);
        assert!(first_lacks_earlier(&mut origins, 50));
        assert!(!first_lacks_earlier(&mut origins, 31));
        assert!(!origins.read("b", 1).unwrap().lacks_earlier);
        assert!(origins.read("c", 2).unwrap().lacks_earlier);
    }

    #[test]
    fn an_event_is_delivered_once_whichever_way_is_first() {
        let mut origins = Origins::default();
        assert_eq!(read_one(&mut origins, "a", 1), Some(false));
        assert_eq!(read_one(&mut origins, "a", 1), None);
        assert!(origins.unkept("a", 1));
        assert!(!origins.unkept("a", 2));
        assert!(!origins.unkept("a", 3));
        assert_eq!(read_one(&mut origins, "a", 2), Some(true));
        assert_eq!(read_one(&mut origins, "a", 3), Some(true));
        assert_eq!(read_one(&mut origins, "a", 4), Some(false));
        assert_eq!(read_one(&mut origins, "b", 1), Some(false));
    }

    #[test]
    fn an_event_that_was_given_up_is_delivered_although_later_ones_were_read() {
        let mut origins = Origins::default();
        assert_eq!(read_one(&mut origins, "a", 1), Some(false));
        assert_eq!(read_one(&mut origins, "a", 6), Some(false));
        assert!(!origins.unkept("a", 2), "it was not read");
        assert!(!origins.unkept("a", 3));
        // The store has the event nevertheless, and it arrives late.
        assert_eq!(read_one(&mut origins, "a", 3), Some(true));
        assert_eq!(read_one(&mut origins, "a", 3), None);
        assert_eq!(read_one(&mut origins, "a", 5), Some(false));
        assert!(origins.unkept("a", 5));
        assert!(!origins.unkept("a", 4));
        assert!(origins.unkept("a", 6));
        // The entry between them is not an event.
        assert!(!origins.unkept("a", 8));
        assert!(!origins.unkept("a", 10));
        assert_eq!(read_one(&mut origins, "a", 11), Some(false));
        for late in [8, 10] {
            assert_eq!(read_one(&mut origins, "a", late), Some(true));
        }
    }

    #[test]
    fn what_was_read_before_the_store_lost_its_data_is_not_delivered_again() {
        let mut origins = Origins::default();
        for number in [3, 4, 6] {
            assert_eq!(read_one(&mut origins, "a", number), Some(false));
        }
        origins.begin_epoch();
        // Its copy on the message queue arrives late.
        assert!(origins.unkept("a", 6));
        // The node appends its latest entries again.
        let read: Vec<_> = (3..=7)
            .map(|number| read_one(&mut origins, "a", number))
            .collect();
        let expected = [true, true, false, true, false].map(Some);
        assert_eq!(read, expected);
        assert_eq!(read_one(&mut origins, "a", 5), None);
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
        for (number, is_told, seconds) in [(1, true, 10), (3, false, 30)] {
            origins.unkept("c", number);
            if is_told {
                origins.settled("c", number + 1, false);
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
            assert_eq!(read_one(&mut origins, "a", number), Some(number % 2 == 0));
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
        assert_eq!(
            read_one(&mut origins, &(2 * MAX_NODES - 1).to_string(), 1),
            None
        );
    }
}

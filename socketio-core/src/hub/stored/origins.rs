//! [`Origins`]: which entries and events of each node were seen, so that none is delivered twice.

use std::{collections::HashMap, ops::RangeInclusive};

/// The maximum number of remembered nodes. The least recently seen one is forgotten first.
const MAX_NODES: usize = 1_024;

/// Which entries of each node were read from the store, and which of its events arrived outside of the store because they were not kept. An
/// event that arrives in both ways is delivered when it arrives first.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    nodes: HashMap<Box<str>, Origin>,
    clock: u64,
}

#[derive(Debug, Default)]
struct Origin {
    /// The number of the latest entry that was read.
    read: u64,
    /// The numbers of the latest events that were not kept.
    unkept: Option<RangeInclusive<u64>>,
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
        if number <= origin.read {
            return None;
        }
        origin.read = number;
        let unkept = origin.unkept.as_ref();
        Some(unkept.is_some_and(|numbers| numbers.contains(&number)))
    }

    /// Notes an event that was not kept. Returns whether it was read from the store nevertheless.
    pub(in crate::hub) fn unkept(&mut self, node: &str, number: u64) -> bool {
        let origin = self.node(node);
        if number <= origin.read {
            return true;
        }
        origin.unkept = Some(match origin.unkept.take() {
            Some(numbers) if number == numbers.end() + 1 => *numbers.start()..=number,
            Some(numbers) if numbers.contains(&number) => numbers,
            _ => number..=number,
        });
        false
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
    fn only_so_many_nodes_are_remembered() {
        let mut origins = Origins::default();
        for node in 0..2 * MAX_NODES {
            origins.read(&node.to_string(), 1);
        }
        assert_eq!(origins.nodes.len(), MAX_NODES);
        assert_eq!(origins.read(&(2 * MAX_NODES - 1).to_string(), 1), None);
    }
}

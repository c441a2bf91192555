//! [`Droppable`]: the waiting events of an outbox that the overflow policy may drop.
//!
//! An outbox has one from the first event with [`OverflowPolicy::DropOldest`](crate::OverflowPolicy) or `LatestPerKey` on.
//! Adding, writing and dropping an event take constant time on average, however many wait.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// The waiting events that may be dropped, by their positions in the outbox. Positions only grow.
#[derive(Debug, Default)]
pub(super) struct Droppable {
    /// In order, the oldest first.
    events: VecDeque<Event>,
    /// The number of `events` that were dropped.
    gone: usize,
    /// The newest event of each key.
    latest: HashMap<Arc<str>, u64>,
    /// The events that a later one replaces, the oldest first.
    superseded: VecDeque<u64>,
}

#[derive(Debug)]
struct Event {
    /// The position of its first message.
    position: u64,
    /// The number of its messages; 0 once it was dropped.
    messages: usize,
    key: Option<Arc<str>>,
}

/// An event to drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Victim {
    pub(super) position: u64,
    pub(super) messages: usize,
    /// Whether a later event with its key replaces it.
    pub(super) is_superseded: bool,
}

impl Droppable {
    /// Adds an event behind the others.
    pub(super) fn add(&mut self, position: u64, messages: usize, key: Option<Arc<str>>) {
        if let Some(key) = &key
            && let Some(older) = self.latest.insert(Arc::clone(key), position)
        {
            self.superseded.push_back(older);
        }
        self.events.push_back(Event {
            position,
            messages,
            key,
        });
    }

    /// Notes that the message at this position, and those before it, are written: events that begin there can't be dropped any more.
    pub(super) fn written(&mut self, position: u64) {
        while self
            .events
            .front()
            .is_some_and(|event| event.position <= position)
        {
            self.remove_first();
        }
        while self
            .superseded
            .front()
            .is_some_and(|older| *older <= position)
        {
            self.superseded.pop_front();
        }
    }

    /// Takes the event to drop for a new one with this key: the event that the new one replaces, otherwise the oldest that another event
    /// replaces, otherwise the oldest.
    pub(super) fn take(&mut self, key: Option<&str>) -> Option<Victim> {
        if let Some(position) = key.and_then(|key| self.latest.remove(key)) {
            return self.drop_at(position, true);
        }
        while let Some(position) = self.superseded.pop_front() {
            if let Some(victim) = self.drop_at(position, true) {
                return Some(victim);
            }
        }
        self.remove_gone();
        let first = self.events.front()?;
        let victim = Victim {
            position: first.position,
            messages: first.messages,
            is_superseded: false,
        };
        self.remove_first();
        Some(victim)
    }

    /// Returns whether the dropped events take so much space that it is worth removing them.
    pub(super) fn is_sparse(&self) -> bool {
        self.gone > 64 && self.gone > self.events.len() / 2
    }

    /// Returns the events that are left, with their positions changed by `moved`, which gets them in ascending order.
    pub(super) fn renumbered(&mut self, mut moved: impl FnMut(u64) -> u64) -> Self {
        let mut new = Droppable::default();
        for event in self.events.drain(..).filter(|event| event.messages > 0) {
            new.add(moved(event.position), event.messages, event.key);
        }
        new
    }

    fn drop_at(&mut self, position: u64, is_superseded: bool) -> Option<Victim> {
        let index = self
            .events
            .binary_search_by_key(&position, |event| event.position);
        let event = self.events.get_mut(index.ok()?)?;
        let messages = std::mem::take(&mut event.messages);
        if messages == 0 {
            return None;
        }
        event.key = None;
        self.gone += 1;
        self.remove_gone();
        Some(Victim {
            position,
            messages,
            is_superseded,
        })
    }

    fn remove_gone(&mut self) {
        while self.events.front().is_some_and(|event| event.messages == 0) {
            self.remove_first();
        }
    }

    fn remove_first(&mut self) {
        let Some(event) = self.events.pop_front() else {
            return;
        };
        if event.messages == 0 {
            self.gone -= 1;
        }
        if let Some(key) = &event.key
            && self.latest.get(key) == Some(&event.position)
        {
            self.latest.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(events: &[(u64, Option<&str>)]) -> Droppable {
        let mut droppable = Droppable::default();
        for (position, key) in events {
            droppable.add(*position, 1, key.map(Arc::from));
        }
        droppable
    }

    fn taken(droppable: &mut Droppable, key: Option<&str>) -> Option<(u64, bool)> {
        let victim = droppable.take(key)?;
        Some((victim.position, victim.is_superseded))
    }

    #[test]
    fn the_one_that_is_replaced_goes_first_then_superseded_ones_then_the_oldest() {
        let events = [
            (0, None),
            (1, Some("a")),
            (2, Some("b")),
            (3, Some("a")),
            (4, Some("c")),
        ];
        let mut droppable = with(&events);
        assert_eq!(taken(&mut droppable, Some("c")), Some((4, true)));
        assert_eq!(taken(&mut droppable, Some("c")), Some((1, true)));
        assert_eq!(taken(&mut droppable, Some("c")), Some((0, false)));
        assert_eq!(taken(&mut droppable, Some("c")), Some((2, false)));
        assert_eq!(taken(&mut droppable, Some("c")), Some((3, false)));
        assert_eq!(taken(&mut droppable, Some("c")), None);
        assert!(droppable.latest.is_empty());
    }

    #[test]
    fn what_is_written_is_not_dropped() {
        let mut droppable = with(&[(0, Some("a")), (1, Some("a")), (2, Some("b"))]);
        droppable.written(1);
        assert_eq!(taken(&mut droppable, Some("a")), Some((2, false)));
        assert!(droppable.latest.is_empty() && droppable.superseded.is_empty());
    }

    #[test]
    fn it_does_not_grow_when_one_key_is_replaced_behind_another() {
        let mut droppable = with(&[(0, Some("still"))]);
        for next in 1..10_001 {
            droppable.add(next, 1, Some(Arc::from("moving")));
            assert!(droppable.take(Some("moving")).is_some());
            if droppable.is_sparse() {
                droppable = droppable.renumbered(|position| position);
            }
        }
        assert!(droppable.events.len() < 200, "{}", droppable.events.len());
        assert_eq!(taken(&mut droppable, None), Some((0, false)));
    }
}

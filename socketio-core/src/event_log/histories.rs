//! [`Histories`]: the kept events of the rooms of one namespace.
//!
//! They belong to the state of an `EventLog`, whose lock protects them. Events beyond a limit are dropped, the oldest first, and a
//! room without events is forgotten.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{sync::Notify, time::Instant};

use super::{Place, RoomPattern};
use crate::{base::Sid, packet::Frames};

/// The estimated memory of an event without its packet, in bytes.
const EVENT_MEMORY: usize = 256;

/// The limits of the histories of the rooms of one pattern.
#[derive(Clone, Debug)]
pub(crate) struct HistoryRule {
    pub(crate) pattern: RoomPattern,
    /// The maximum number of events in each room.
    pub(crate) max_events: usize,
    pub(crate) max_age: Duration,
    /// The maximum size of the events in all rooms of the pattern together.
    pub(crate) max_bytes: usize,
    /// Whether only the newest event of each name is kept.
    pub(crate) last_value: bool,
}

/// A kept event. Its packet has no offset.
#[derive(Debug)]
pub(crate) struct HistoryEntry {
    pub(crate) seq: Place,
    pub(crate) event: Box<str>,
    pub(crate) packet: Frames,
    /// The ids of clients that it was not sent to.
    pub(crate) skip: Vec<Arc<str>>,
    /// The rooms whose clients it was not sent to.
    pub(crate) except: Vec<Arc<str>>,
    pub(crate) at: Instant,
    pub(crate) time: SystemTime,
}

impl HistoryEntry {
    fn bytes(&self) -> usize {
        EVENT_MEMORY + self.event.len() + self.packet.bytes()
    }

    /// Returns whether it may be sent to a client with this id. `is_in` returns whether the client is in a room.
    pub(crate) fn is_for(&self, sid: &Sid, is_in: impl Fn(&str) -> bool) -> bool {
        let is = |name: &Arc<str>| sid == &**name;
        !self.skip.iter().any(is) && !self.except.iter().any(|room| is(room) || is_in(room))
    }
}

/// The events of one room.
#[derive(Debug)]
pub(super) struct RoomHistory {
    rule: usize,
    entries: VecDeque<Arc<HistoryEntry>>,
    /// The position of the newest event that was dropped.
    floor: Place,
    watch: Option<RoomWatch>,
}

impl RoomHistory {
    fn new(rule: usize, floor: Place) -> Self {
        RoomHistory {
            rule,
            entries: VecDeque::new(),
            floor,
            watch: None,
        }
    }
}

/// The readers that wait for the events of a room. While there are any, the room is not forgotten.
#[derive(Debug, Default)]
struct RoomWatch {
    watchers: usize,
    changed: Arc<Notify>,
}

/// The total size of all rooms of one pattern.
#[derive(Debug, Default)]
pub(super) struct Total {
    bytes: usize,
    events: usize,
    /// The events in the order in which they were sent, with their rooms. Some may have been dropped.
    pub(super) order: VecDeque<(Place, Arc<str>)>,
}

/// The kept events of the rooms of one namespace.
#[derive(Debug)]
pub(crate) struct Histories {
    rules: Vec<Arc<HistoryRule>>,
    pub(super) rooms: HashMap<Arc<str>, RoomHistory>,
    pub(super) totals: Vec<Total>,
    /// The position of the newest event that was dropped from a room that was forgotten.
    pub(super) forgotten: Place,
}

impl Histories {
    /// Creates empty histories, for which nothing is kept up to `floor`.
    pub(crate) fn new(rules: Vec<Arc<HistoryRule>>, floor: Place) -> Self {
        Histories {
            totals: rules.iter().map(|_| Total::default()).collect(),
            rules,
            rooms: HashMap::new(),
            forgotten: floor,
        }
    }

    /// Returns whether the events of any room are kept.
    pub(super) fn has_rules(&self) -> bool {
        !self.rules.is_empty()
    }

    /// Returns whether events to any of these rooms are kept.
    pub(super) fn keep_any(&self, rooms: &[Arc<str>]) -> bool {
        self.has_rules() && rooms.iter().any(|room| self.keep(room))
    }

    /// Returns whether events to a room are kept.
    pub(crate) fn keep(&self, room: &str) -> bool {
        self.rule(room).is_some()
    }

    fn rule(&self, room: &str) -> Option<usize> {
        self.rules
            .iter()
            .position(|rule| rule.pattern.matches(room))
    }

    /// Keeps an event that was sent to a room, if the room has a history.
    pub(crate) fn append(&mut self, room: &Arc<str>, entry: &Arc<HistoryEntry>) {
        let Some(index) = self.rule(room) else {
            return;
        };
        let rule = Arc::clone(&self.rules[index]);
        let forgotten = self.forgotten;
        let history = self
            .rooms
            .entry(Arc::clone(room))
            .or_insert_with(|| RoomHistory::new(index, forgotten));
        let total = &mut self.totals[index];
        if rule.last_value
            && let Some(older) = history
                .entries
                .iter()
                .position(|older| older.event == entry.event)
            && let Some(older) = history.entries.remove(older)
        {
            total.bytes -= older.bytes();
            total.events -= 1;
        }
        total.bytes += entry.bytes();
        total.events += 1;
        total.order.push_back((entry.seq, Arc::clone(room)));
        history.entries.push_back(Arc::clone(entry));
        if let Some(watch) = &history.watch {
            watch.changed.notify_waiters();
        }
        if history.entries.len() > rule.max_events {
            self.drop_oldest(room);
        }
        while self.totals[index].bytes > rule.max_bytes {
            let Some((seq, room)) = self.totals[index].order.pop_front() else {
                break;
            };
            let oldest = self.rooms.get(&room).and_then(|room| room.entries.front());
            if oldest.is_some_and(|oldest| oldest.seq == seq) {
                self.drop_oldest(&room);
            }
        }
        self.trim_room(room);
        self.compact(index);
    }

    /// Removes the oldest event of a room. A room without events is forgotten.
    fn drop_oldest(&mut self, room: &str) {
        let Some(history) = self.rooms.get_mut(room) else {
            return;
        };
        if let Some(oldest) = history.entries.pop_front() {
            let total = &mut self.totals[history.rule];
            total.bytes -= oldest.bytes();
            total.events -= 1;
            history.floor = history.floor.max(oldest.seq);
        }
        self.forget_empty(room);
    }

    /// Forgets a room if it has no events and no reader waits for them.
    fn forget_empty(&mut self, room: &str) {
        let history = self.rooms.get(room);
        if let Some(history) = history.filter(|one| one.entries.is_empty() && one.watch.is_none()) {
            self.forgotten = self.forgotten.max(history.floor);
            self.rooms.remove(room);
        }
    }

    /// Adds a reader that waits for the events of a room, each of which notifies it. Returns `None` if they are not kept. Ends with
    /// [`unwatch`](Self::unwatch).
    pub(crate) fn watch(&mut self, room: &Arc<str>) -> Option<Arc<Notify>> {
        let (rule, forgotten) = (self.rule(room)?, self.forgotten);
        let history = self.rooms.entry(Arc::clone(room));
        let history = history.or_insert_with(|| RoomHistory::new(rule, forgotten));
        let watch = history.watch.get_or_insert_default();
        watch.watchers += 1;
        Some(Arc::clone(&watch.changed))
    }

    /// Removes a reader that was added by [`watch`](Self::watch).
    pub(crate) fn unwatch(&mut self, room: &str) {
        if let Some(history) = self.rooms.get_mut(room)
            && let Some(watch) = &mut history.watch
        {
            watch.watchers -= 1;
            if watch.watchers == 0 {
                history.watch = None;
                self.forget_empty(room);
            }
        }
    }

    /// Returns whether nothing is kept and no reader waits.
    pub(super) fn is_unused(&self) -> bool {
        self.rooms.is_empty()
    }

    /// Notes that events up to this place may be missing in any room.
    pub(super) fn lose(&mut self, seq: Place) {
        self.forgotten = seq;
        for history in self.rooms.values_mut() {
            history.floor = seq;
        }
    }

    /// Drops the events of a room that are too old.
    pub(crate) fn trim_room(&mut self, room: &str) {
        while let Some(history) = self.rooms.get(room)
            && let Some(oldest) = history.entries.front()
            && oldest.at.elapsed() > self.rules[history.rule].max_age
        {
            self.drop_oldest(room);
        }
    }

    /// Drops the events of all rooms that are too old.
    pub(crate) fn trim(&mut self) {
        let rooms: Vec<_> = self.rooms.keys().cloned().collect();
        for room in rooms {
            self.trim_room(&room);
        }
    }

    /// Removes dropped events from the order, if they are many.
    fn compact(&mut self, index: usize) {
        let total = &mut self.totals[index];
        if total.order.len() <= 2 * total.events + 1_024 {
            return;
        }
        let rooms = &self.rooms;
        total.order.retain(|(seq, room)| {
            let history = rooms.get(room);
            history.is_some_and(|history| history.entries.iter().any(|entry| entry.seq == *seq))
        });
    }

    /// Returns whether all events of a room after a position are kept.
    pub(crate) fn is_complete_after(&self, room: &str, seq: Place) -> bool {
        // A position may be that of another node, and what that node has counted after the number says nothing about the events that this
        // node has not kept there.
        let seq = Place::of(seq.number());
        let floor = self
            .rooms
            .get(room)
            .map_or(self.forgotten, |room| room.floor);
        seq >= floor
    }

    /// Returns the kept events of a room after a position, in order.
    pub(crate) fn after(&self, room: &str, seq: Place) -> Vec<Arc<HistoryEntry>> {
        let Some(history) = self.rooms.get(room) else {
            return Vec::new();
        };
        let first = history.entries.partition_point(|entry| entry.seq <= seq);
        history.entries.range(first..).cloned().collect()
    }

    /// Returns the number of kept events, and an estimate of their memory in bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        let totals = self.totals.iter();
        totals.fold((0, 0), |sum, one| (sum.0 + one.events, sum.1 + one.bytes))
    }
}

//! [`Memberships`]: the rooms that a client is and was in, and when.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::Place;

/// The maximum number of rooms that are remembered after a client has left them.
const MAX_LEFT: usize = 256;

/// When a client was in which rooms, in positions of the log. A client that comes back receives an event only if it was in one of the
/// event's rooms when that was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memberships {
    current: HashMap<Arc<str>, Place>,
    /// In the order of leaving.
    left: Vec<Left>,
    /// The place up to which memberships are no longer known.
    known_after: Place,
    /// What the client has of the earlier events of rooms with a history that it is in, if it has asked for them.
    backlogs: HashMap<Arc<str>, Backlog>,
}

/// What a client has of the events of a room before it joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Backlog {
    /// The client has all events after this position.
    pub(crate) complete_after: Place,
    /// Whether it lacks events before, which it has asked for.
    pub(crate) has_gap: bool,
    /// Whether it was told of the gap over its present connection.
    #[serde(skip)]
    is_told: bool,
}

impl Backlog {
    pub(crate) fn new(complete_after: Place, has_gap: bool) -> Self {
        Backlog {
            complete_after,
            has_gap,
            is_told: true,
        }
    }
}

/// A stay in a room: after `from`, up to `until`.
#[derive(Clone, Debug)]
struct Left {
    room: Arc<str>,
    from: Place,
    until: Place,
}

impl Memberships {
    /// Notes that the client joins a room after the event at this position.
    pub(crate) fn join(&mut self, room: &Arc<str>, seq: Place) {
        self.current.entry(Arc::clone(room)).or_insert(seq);
    }

    /// Notes what a client that joins a room has of the earlier events.
    pub(crate) fn set_backlog(&mut self, room: &Arc<str>, backlog: Backlog) {
        self.backlogs.insert(Arc::clone(room), backlog);
    }

    /// Returns whether a client that is in a room has all events after a position. If it lacks events and is told so now, it need not be told
    /// again over this connection, unless the answers `may_be_late`: it may have ceased to wait for them.
    pub(crate) fn has_all_after(&mut self, room: &str, seq: Place, may_be_late: bool) -> bool {
        let joined = self.joined_after(room);
        let Some(backlog) = self.backlogs.get_mut(room) else {
            return joined.is_some_and(|joined| seq >= comparable(joined));
        };
        let was_told = std::mem::replace(&mut backlog.is_told, true);
        let knows_gap = !backlog.has_gap || (was_told && !may_be_late);
        knows_gap && seq >= comparable(backlog.complete_after)
    }

    /// Notes that the client has another connection, and may not have received answers over the previous one.
    pub(crate) fn lost_connection(&mut self) {
        for backlog in self.backlogs.values_mut() {
            backlog.is_told = false;
        }
    }

    /// Notes that the client leaves a room after the event at this position. Stays that ended at `floor` or before may be forgotten.
    pub(crate) fn leave(&mut self, room: &str, seq: Place, floor: Place) {
        self.backlogs.remove(room);
        let Some((room, from)) = self.current.remove_entry(room) else {
            return;
        };
        if from >= seq {
            return;
        }
        if self.left.len() >= MAX_LEFT {
            self.left.retain(|left| left.until > floor);
        }
        if self.left.len() >= MAX_LEFT {
            let oldest = self.left.remove(0);
            self.known_after = self.known_after.max(oldest.until);
        }
        self.left.push(Left {
            room,
            from,
            until: seq,
        });
    }

    /// Forgets that the client was ever in a room.
    pub(crate) fn forget(&mut self, room: &str) {
        self.current.remove(room);
        self.backlogs.remove(room);
        self.left.retain(|left| *left.room != *room);
    }

    /// Returns the position after which the client has joined a room that it is in.
    fn joined_after(&self, room: &str) -> Option<Place> {
        self.current.get(room).copied()
    }

    /// Returns the rooms that the client is in, with the places after which it has joined them.
    pub(crate) fn current(&self) -> impl Iterator<Item = (&Arc<str>, Place)> {
        self.current.iter().map(|(room, from)| (room, *from))
    }

    /// Returns the rooms that the client has left, with the places after which it has joined and up to which it has stayed.
    pub(crate) fn left(&self) -> impl Iterator<Item = (&Arc<str>, Place, Place)> {
        self.left
            .iter()
            .map(|left| (&left.room, left.from, left.until))
    }

    /// Returns the place up to which memberships are not known.
    pub(crate) fn known_after(&self) -> Place {
        self.known_after
    }

    /// Returns what the client has of the earlier events of rooms.
    pub(crate) fn backlogs(&self) -> impl Iterator<Item = (&Arc<str>, Backlog)> {
        self.backlogs.iter().map(|(room, backlog)| (room, *backlog))
    }

    /// Creates memberships from what [`current`](Self::current), [`left`](Self::left), [`known_after`](Self::known_after) and
    /// [`backlogs`](Self::backlogs) have returned.
    pub(crate) fn read(
        current: impl Iterator<Item = (Arc<str>, Place)>,
        left: impl Iterator<Item = (Arc<str>, Place, Place)>,
        known_after: Place,
        backlogs: impl Iterator<Item = (Arc<str>, Backlog)>,
    ) -> Self {
        Memberships {
            current: current.collect(),
            left: left
                .map(|(room, from, until)| Left { room, from, until })
                .collect(),
            known_after,
            backlogs: backlogs.collect(),
        }
    }

    /// Returns whether all memberships after a position are known.
    pub(crate) fn are_known_after(&self, seq: Place) -> bool {
        seq >= self.known_after
    }

    /// Returns whether the client was in a room when the event at this position was sent.
    pub(crate) fn contain(&self, room: &str, seq: Place) -> bool {
        self.current.get(room).is_some_and(|from| seq > *from)
            || self
                .left
                .iter()
                .any(|left| seq > left.from && seq <= left.until && *left.room == *room)
    }
}

/// Returns the place with which the positions of clients are compared. Those are numbers of events, and the places that only one node has after
/// a number belong to no event of a room, except of events that were delivered before they were kept.
fn comparable(place: Place) -> Place {
    match place.is_unkept() {
        true => place,
        false => Place::of(place.number()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(number: u64) -> Place {
        Place::of(number)
    }

    #[test]
    fn a_client_was_in_a_room_after_it_joined_and_until_it_left() {
        let room: Arc<str> = Arc::from("room");
        let mut memberships = Memberships::default();
        memberships.join(&room, at(3));
        memberships.join(&room, at(4));
        memberships.leave(&room, at(6), at(0));
        memberships.join(&room, at(8));
        let inside: Vec<_> = (0..12)
            .filter(|seq| memberships.contain(&room, at(*seq)))
            .collect();
        assert_eq!(inside, [4, 5, 6, 9, 10, 11]);
        assert!(!memberships.contain("other", at(5)));
        memberships.forget(&room);
        assert!(!memberships.contain(&room, at(5)) && !memberships.contain(&room, at(9)));
    }

    #[test]
    fn only_so_many_rooms_are_remembered_and_it_is_known_from_when() {
        let mut memberships = Memberships::default();
        let rooms = 300;
        for number in 0..rooms {
            let room: Arc<str> = Arc::from(number.to_string());
            memberships.join(&room, at(number));
            memberships.leave(&room, at(number + 1), at(0));
        }
        assert!(memberships.left.len() <= MAX_LEFT);
        assert!(memberships.are_known_after(at(rooms - MAX_LEFT as u64)));
        assert!(!memberships.are_known_after(at(rooms - MAX_LEFT as u64 - 1)));
        // Stays before the oldest event of the log are not needed.
        let mut memberships = Memberships::default();
        for number in 0..rooms {
            let room: Arc<str> = Arc::from(number.to_string());
            memberships.join(&room, at(number));
            memberships.leave(&room, at(number + 1), at(number));
        }
        assert!(memberships.are_known_after(at(0)));
    }

    #[test]
    fn a_client_is_told_of_a_gap_over_each_connection() {
        let room: Arc<str> = Arc::from("room");
        let mut memberships = Memberships::default();
        assert!(!memberships.has_all_after(&room, at(9), false));
        memberships.join(&room, at(5).next_local());
        assert!(memberships.has_all_after(&room, at(5), false));
        assert!(!memberships.has_all_after(&room, at(4), false));
        // It has asked for the events after 3, and received them.
        memberships.set_backlog(&room, Backlog::new(at(3), false));
        memberships.lost_connection();
        assert!(memberships.has_all_after(&room, at(3), true));
        assert!(!memberships.has_all_after(&room, at(2), false));
        // It has asked for events that are no longer kept.
        memberships.set_backlog(&room, Backlog::new(at(5), true));
        assert!(!memberships.has_all_after(&room, at(3), false));
        assert!(memberships.has_all_after(&room, at(6), false));
        assert!(!memberships.has_all_after(&room, at(6), true));
        memberships.lost_connection();
        assert!(!memberships.has_all_after(&room, at(7), false));
        assert!(memberships.has_all_after(&room, at(7), false));
        memberships.leave(&room, at(8), at(0));
        assert!(memberships.backlogs.is_empty());
    }
}

//! [`Memberships`]: the rooms that a client is and was in, and when.

use std::{collections::HashMap, sync::Arc};

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

    /// Notes that the client leaves a room after the event at this position. Stays that ended at `floor` or before may be forgotten.
    pub(crate) fn leave(&mut self, room: &str, seq: Place, floor: Place) {
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
        self.left.retain(|left| *left.room != *room);
    }

    /// Returns the position after which the client has joined a room that it is in.
    pub(crate) fn joined_after(&self, room: &str) -> Option<Place> {
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

    /// Creates memberships from what [`current`](Self::current), [`left`](Self::left) and [`known_after`](Self::known_after) have returned.
    pub(crate) fn read(
        current: impl Iterator<Item = (Arc<str>, Place)>,
        left: impl Iterator<Item = (Arc<str>, Place, Place)>,
        known_after: Place,
    ) -> Self {
        Memberships {
            current: current.collect(),
            left: left
                .map(|(room, from, until)| Left { room, from, until })
                .collect(),
            known_after,
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
}

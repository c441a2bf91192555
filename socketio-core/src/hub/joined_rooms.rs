//! [`JoinedRooms`]: the rooms of one client, in the order of joining.

use std::collections::{BTreeMap, HashMap};

use super::Room;

/// The maximum number of rooms that are compared one by one. Most clients are in fewer.
const FEW: usize = 16;

/// The rooms of one client, each once, in the order of joining. The cost of joining and leaving doesn't grow with
/// their number.
#[derive(Debug)]
pub(super) enum JoinedRooms {
    Few(Vec<Room>),
    Many(Box<Indexed>),
}

/// Many rooms, by name and by the time of joining.
#[derive(Debug, Default)]
pub(super) struct Indexed {
    by_name: HashMap<Room, u64>,
    by_time: BTreeMap<u64, Room>,
    next: u64,
}

impl Default for JoinedRooms {
    fn default() -> Self {
        JoinedRooms::Few(Vec::new())
    }
}

impl JoinedRooms {
    pub(super) fn len(&self) -> usize {
        match self {
            JoinedRooms::Few(rooms) => rooms.len(),
            JoinedRooms::Many(rooms) => rooms.by_name.len(),
        }
    }

    pub(super) fn contains(&self, room: &str) -> bool {
        match self {
            JoinedRooms::Few(rooms) => rooms.iter().any(|joined| **joined == *room),
            JoinedRooms::Many(rooms) => rooms.by_name.contains_key(room),
        }
    }

    /// Adds a room that it does not contain.
    pub(super) fn push(&mut self, room: &Room) {
        match self {
            JoinedRooms::Few(rooms) if rooms.len() < FEW => rooms.push(Room::clone(room)),
            JoinedRooms::Few(rooms) => {
                let mut indexed = Box::<Indexed>::default();
                rooms.drain(..).for_each(|room| indexed.push(room));
                indexed.push(Room::clone(room));
                *self = JoinedRooms::Many(indexed);
            }
            JoinedRooms::Many(rooms) => rooms.push(Room::clone(room)),
        }
    }

    /// Removes a room. Returns whether it contained it.
    pub(super) fn remove(&mut self, room: &str) -> bool {
        match self {
            JoinedRooms::Few(rooms) => {
                let position = rooms.iter().position(|joined| **joined == *room);
                position.map(|position| rooms.remove(position)).is_some()
            }
            JoinedRooms::Many(rooms) => {
                let time = rooms.by_name.remove(room);
                let removed = time.and_then(|time| rooms.by_time.remove(&time)).is_some();
                if rooms.by_name.is_empty() {
                    *self = JoinedRooms::default();
                }
                removed
            }
        }
    }

    /// Returns the rooms in the order of joining.
    pub(super) fn to_vec(&self) -> Vec<Room> {
        match self {
            JoinedRooms::Few(rooms) => rooms.clone(),
            JoinedRooms::Many(rooms) => rooms.by_time.values().cloned().collect(),
        }
    }
}

impl Indexed {
    fn push(&mut self, room: Room) {
        self.by_name.insert(Room::clone(&room), self.next);
        self.by_time.insert(self.next, room);
        self.next += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(rooms: &JoinedRooms) -> Vec<String> {
        let rooms = rooms.to_vec();
        rooms.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rooms_are_listed_in_the_order_of_joining_whatever_their_number() {
        for count in [1, FEW, FEW + 1, 100] {
            let all: Vec<String> = (0..count).map(|number| number.to_string()).collect();
            let mut rooms = JoinedRooms::default();
            for name in &all {
                assert!(!rooms.contains(name));
                rooms.push(&Room::from(&**name));
                assert!(rooms.contains(name));
            }
            assert_eq!(rooms.len(), count);
            assert_eq!(names(&rooms), all);
            assert!(rooms.remove("0"));
            assert!(!rooms.remove("0"));
            assert_eq!(names(&rooms), all[1..]);
            rooms.push(&Room::from("0"));
            assert_eq!(names(&rooms).last().unwrap(), "0");
            for name in &all {
                assert!(rooms.remove(name));
            }
            assert_eq!(rooms.len(), 0);
            assert!(matches!(rooms, JoinedRooms::Few(_)));
        }
    }
}

//! The history of rooms: its options, and joining a room with its earlier events.

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use super::Socket;
use crate::{
    base::RoomError,
    event_log::{HistoryRule, Position, RoomPattern},
    hub::{JoinFrom, RoomJoined},
};

/// Which events of rooms are kept, for [`SocketIoBuilder::history`](crate::SocketIoBuilder::history).
///
/// | option | default | beyond it |
/// |---|---|---|
/// | [`max_events`](History::max_events) | 1,000 in each room | the oldest event of the room is dropped |
/// | [`max_age`](History::max_age) | 1 hour | the event is dropped |
/// | [`max_bytes`](History::max_bytes) | 64 MiB in all rooms of the pattern together | the oldest event of any of them is dropped |
#[derive(Clone, Debug)]
#[must_use = "pass it to `SocketIoBuilder::history`"]
pub struct History {
    max_events: usize,
    max_age: Duration,
    max_bytes: usize,
    last_value: bool,
}

impl Default for History {
    fn default() -> Self {
        History::new()
    }
}

impl History {
    /// Returns the defaults.
    pub fn new() -> Self {
        History {
            max_events: 1_000,
            max_age: Duration::from_secs(3_600),
            max_bytes: 64 << 20,
            last_value: false,
        }
    }

    /// Sets how many events of each room are kept. Default: 1,000 events.
    pub fn max_events(mut self, events: usize) -> Self {
        self.max_events = events;
        self
    }

    /// Sets how long events are kept. Default: 1 hour.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Sets how much memory the kept events of all rooms of the pattern may take together, in bytes, for each namespace.
    /// Default: 64 MiB (67,108,864 bytes).
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets whether only the newest event of each name is kept in a room: a cache of values for clients that join late.
    /// Default: false. Needs the default parser.
    pub fn last_value(mut self, last_value: bool) -> Self {
        self.last_value = last_value;
        self
    }

    pub(crate) fn is_last_value(&self) -> bool {
        self.last_value
    }

    /// Returns what is wrong with the options.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &'static str> {
        let problems = [
            (
                self.max_events == 0,
                "`History::max_events` must not be zero",
            ),
            (
                self.max_age.is_zero(),
                "`History::max_age` must not be zero",
            ),
            (self.max_bytes == 0, "`History::max_bytes` must not be zero"),
        ];
        let wrong = problems.into_iter().filter(|(is, _)| *is);
        wrong.map(|(_, problem)| problem)
    }

    pub(crate) fn rule(&self, pattern: RoomPattern) -> Arc<HistoryRule> {
        Arc::new(HistoryRule {
            pattern,
            max_events: self.max_events,
            max_age: self.max_age,
            max_bytes: self.max_bytes,
            last_value: self.last_value,
        })
    }
}

/// The result of joining a room with a history, returned by [`Socket::join_since`](crate::Socket::join_since). Handlers usually
/// return it, so that it is the acknowledgement: `{"epoch": "q83vEjRW", "seq": 17, "recovered": true}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Joined {
    /// The position in the room's history. Events that the client receives after the acknowledgement have later positions.
    #[serde(flatten)]
    pub position: Position,
    /// Whether the client has received all events that it had missed. If not, `join_since` has sent it no earlier events, because some are no
    /// longer kept, or they are more than its outbox may hold; and those that `join_last` has sent may not be the newest, because an event store
    /// can't be reached, or are none, because they are more than its outbox may hold.
    pub recovered: bool,
}

impl From<RoomJoined> for Joined {
    fn from(joined: RoomJoined) -> Self {
        Joined {
            position: joined.position,
            recovered: joined.recovered,
        }
    }
}

impl Socket {
    /// Adds this client to a room with a [`history`](crate::SocketIoBuilder::history), and sends it the events that were sent to
    /// the room after a position. Events that are sent later follow them: none is missing and none is sent twice, even if events are
    /// emitted at the same time. Without a position, it receives no earlier events.
    ///
    /// If the client is in the room already, nothing is sent: it has received everything. Inside `connect` it takes effect once the
    /// client is accepted.
    ///
    /// # Errors
    ///
    /// [`RoomError::NoHistory`] if the room has no history, and the errors of [`join_room`](Socket::join_room).
    pub fn join_since(
        &self,
        room: impl Into<String>,
        position: impl Into<Option<Position>>,
    ) -> Result<Joined, RoomError> {
        self.join_from(&room.into(), JoinFrom::Since(position.into()))
    }

    /// Adds this client to a room as [`join_since`](Socket::join_since) does, with up to `events` of the room's newest events.
    ///
    /// # Errors
    ///
    /// As [`join_since`](Socket::join_since).
    pub fn join_last(&self, room: impl Into<String>, events: usize) -> Result<Joined, RoomError> {
        self.join_from(&room.into(), JoinFrom::Last(events))
    }

    fn join_from(&self, room: &str, from: JoinFrom) -> Result<Joined, RoomError> {
        let hub = &self.node().hub;
        let joined = hub.join_from(self.client(), &Arc::from(room), hub.limits.rooms, from)?;
        Ok(joined.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_hold() {
        let history = History::new();
        assert_eq!(history.max_events, 1_000);
        assert_eq!(history.max_age, Duration::from_secs(3_600));
        assert_eq!(history.max_bytes, 67_108_864);
        assert!(!history.last_value);
    }
}

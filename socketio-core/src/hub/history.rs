//! Joining a room and receiving its earlier events: the part of the [`Hub`] for rooms with a history.

use std::sync::Arc;

use super::{
    Client, Hub, PacketKind, Room,
    client_state::{ClientState, Joined},
};
use crate::{
    base::RoomError,
    event_log::{Backlog, EventLog, HistoryEntry, LogState, Offset, Place, Position},
};

/// The earlier events of a room that a joining client receives.
#[derive(Clone, Copy, Debug)]
pub(crate) enum JoinFrom {
    /// The events after a position; none if it is `None`.
    Since(Option<Position>),
    /// The newest events, up to this number.
    Last(usize),
}

/// What a client has missed in a room.
struct Missed {
    entries: Vec<Arc<HistoryEntry>>,
    is_complete: bool,
}

impl Missed {
    fn new(entries: Vec<Arc<HistoryEntry>>, is_complete: bool) -> Self {
        Missed {
            entries,
            is_complete,
        }
    }
}

/// The result of joining a room with a history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoomJoined {
    /// Events that are sent to the room from now on have later positions.
    pub(crate) position: Position,
    /// Whether the client receives all the events that it has asked for.
    pub(crate) recovered: bool,
}

impl Hub {
    /// Adds a client to a room as [`join`](Hub::join) does, and sends it earlier events of the room. Events that are sent to the room later
    /// follow them: none is missing, and none is sent twice.
    ///
    /// # Errors
    ///
    /// As [`join`](Hub::join), and if the room has no history.
    pub(crate) fn join_from(
        &self,
        client: &Arc<Client>,
        room: &Room,
        limit: usize,
        from: JoinFrom,
    ) -> Result<RoomJoined, RoomError> {
        self.check_room(room)?;
        let log = self.log(client.namespace());
        let log = log.filter(|log| log.lock().histories.keep(room));
        let log = log.ok_or(RoomError::NoHistory)?;
        let (joined, outcome) = client.with_state(|state| {
            let joined = state.join(room, limit)?;
            let mut locked = log.lock();
            locked.histories.trim_room(room);
            let recovered = match &joined {
                Joined::Already => has_all(&log, client, room, from),
                Joined::Now(namespace) => {
                    let missed = self.missed(&log, &locked, client, state, room, from);
                    let recovered = missed.is_complete;
                    enter(&log, &mut locked, client, room, from, missed);
                    namespace.insert(client, room);
                    recovered
                }
                Joined::Later => {
                    let missed = self.missed(&log, &locked, client, state, room, from);
                    missed.is_complete
                }
            };
            let position = log.position(&locked);
            let outcome = RoomJoined {
                position,
                recovered,
            };
            Ok::<_, RoomError>((joined, outcome))
        })?;
        match joined {
            Joined::Already => {}
            Joined::Now(_) => self.report_joined(client, room),
            Joined::Later => {
                let (entering, room) = (Arc::clone(client), Arc::clone(room));
                let deferred = client.once_accepted(self, room.len(), move |hub| {
                    hub.enter_from(&entering, &room, &log, from);
                });
                deferred.map_err(|_| RoomError::TooMuchDeferred)?;
            }
        }
        Ok(outcome)
    }

    /// Returns the position of the newest event, if any of these rooms has a history.
    pub(crate) fn history_position(
        &self,
        namespace: &Arc<str>,
        rooms: &[Room],
    ) -> Option<Position> {
        let log = self.log(namespace)?;
        let state = log.lock();
        let is_kept = rooms.iter().any(|room| state.histories.keep(room));
        is_kept.then(|| log.position(&state))
    }

    /// Lets a client that has joined a room inside `connect` enter it, once it was accepted.
    fn enter_from(&self, client: &Arc<Client>, room: &Room, log: &EventLog, from: JoinFrom) {
        let entered = client.with_state(|state| {
            let namespace = state.namespace_of(room)?;
            let mut locked = log.lock();
            let missed = self.missed(log, &locked, client, state, room, from);
            enter(log, &mut locked, client, room, from, missed);
            namespace.insert(client, room);
            Some(())
        });
        if entered.is_some() {
            self.report_joined(client, room);
        }
    }

    /// Returns the events of a room that a client has asked for. They are not complete if some are no longer kept, or they are more than its outbox
    /// may hold: then there are none, unless the newest ones were asked for.
    fn missed(
        &self,
        log: &EventLog,
        state: &LogState,
        client: &Client,
        client_state: &ClientState,
        room: &str,
        from: JoinFrom,
    ) -> Missed {
        let (since, last, is_complete) = match from {
            JoinFrom::Since(None) => return Missed::new(Vec::new(), true),
            JoinFrom::Since(Some(position)) => {
                match self.known_position(log, state, room, position) {
                    Some(since) => (since, usize::MAX, true),
                    None => return Missed::new(Vec::new(), false),
                }
            }
            // While the store is down, the newest ones are not kept.
            JoinFrom::Last(count) => (Place::START, count, !self.are_nodes_unsettled()),
        };
        let rooms = client_state.rooms();
        let is_in = |name: &str| rooms.iter().any(|room| **room == *name);
        let mut entries = state.histories.after(room, since);
        entries.retain(|entry| entry.is_for(client.sid(), is_in));
        entries.drain(..entries.len().saturating_sub(last));
        let messages: usize = entries.iter().map(|entry| entry.packet.count()).sum();
        let bytes: usize = entries.iter().map(|entry| entry.packet.bytes()).sum();
        let limits = client.connection().limits();
        match messages <= limits.messages && bytes <= limits.bytes {
            true => Missed::new(entries, is_complete),
            false => Missed::new(Vec::new(), false),
        }
    }

    /// Returns the place of a position in the history of a room, if all events after it are known and kept.
    pub(crate) fn known_position(
        &self,
        log: &EventLog,
        state: &LogState,
        room: &str,
        Position(Offset { epoch, seq }): Position,
    ) -> Option<Place> {
        let is_known = epoch == log.epoch()
            && seq <= state.seq()
            // Another node delivers the event under a later place.
            && !seq.is_unkept()
            && state.histories.is_complete_after(room, seq)
            && !self.are_nodes_unsettled();
        is_known.then_some(seq)
    }
}

/// Returns whether a client that is in a room has all events of the room that it asks for.
fn has_all(log: &Arc<EventLog>, client: &Client, room: &Room, from: JoinFrom) -> bool {
    let JoinFrom::Since(Some(Position(Offset { epoch, seq }))) = from else {
        return true;
    };
    let recoverable = client.recoverable();
    let Some(recoverable) = recoverable.filter(|one| Arc::ptr_eq(one.log(), log)) else {
        // A client without a session has been connected since it has joined.
        return true;
    };
    let may_be_late = !client.connection().late_acks().is_empty();
    let mut memberships = recoverable.memberships();
    epoch == log.epoch() && memberships.has_all_after(room, seq, may_be_late)
}

/// Sends a client that joins a room what it has missed.
fn enter(
    log: &EventLog,
    state: &mut LogState,
    client: &Client,
    room: &Room,
    from: JoinFrom,
    missed: Missed,
) {
    let has_gap = !missed.is_complete;
    send(log, state, client, missed.entries);
    if let Some(recoverable) = client.recoverable() {
        let complete_after = match from {
            JoinFrom::Since(Some(Position(since))) if !has_gap => since.seq,
            _ => state.seq(),
        };
        recoverable.joined_with(room, Backlog::new(complete_after, has_gap), state);
    }
}

/// Sends earlier events to a client. If its session can be recovered, they are kept for it under new positions, since its offset would
/// otherwise go back.
fn send(log: &EventLog, state: &mut LogState, client: &Client, missed: Vec<Arc<HistoryEntry>>) {
    for entry in missed {
        let packet = match client.recoverable() {
            None => entry.packet.clone(),
            Some(recoverable) => {
                let stamped = log.append_for(state, client.sid(), &entry);
                recoverable.delivered_locally(stamped.seq);
                stamped.packet
            }
        };
        client.connection().push(packet, PacketKind::Event);
    }
}

//! Joining a room and receiving its earlier events: the part of the [`Hub`] for rooms with a history.

use std::sync::Arc;

use super::{
    Client, Hub, PacketKind, Room,
    client_state::{ClientState, Joined},
};
use crate::{
    admission::OutboxLimits,
    base::RoomError,
    event_log::{EventLog, HistoryEntry, LogState, Offset, Place, Position},
};

/// The earlier events of a room that a joining client receives.
#[derive(Clone, Copy, Debug)]
pub(crate) enum JoinFrom {
    /// The events after a position; none if it is `None`.
    Since(Option<Position>),
    /// The newest events, up to this number.
    Last(usize),
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
        let limits = *client.connection().limits();
        let (joined, outcome) = client.with_state(|state| {
            let joined = state.join(room, limit)?;
            let mut locked = log.lock();
            locked.histories.trim_room(room);
            let missed = match joined {
                // It has received everything when it was sent.
                Joined::Already if !may_not_know(&log, client, room, from) => Some(Vec::new()),
                Joined::Already | Joined::Now(_) | Joined::Later => {
                    missed(&log, &locked, client, state, room, from, &limits)
                }
            };
            let recovered = missed.is_some();
            if let Joined::Now(namespace) = &joined {
                send(&log, &mut locked, client, missed.unwrap_or_default());
                if let Some(recoverable) = client.recoverable() {
                    recoverable.joined(room, &locked);
                }
                namespace.insert(client, room);
            }
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
        let limits = *client.connection().limits();
        let entered = client.with_state(|state| {
            let namespace = state.namespace_of(room)?;
            let mut locked = log.lock();
            let missed = missed(log, &locked, client, state, room, from, &limits);
            send(log, &mut locked, client, missed.unwrap_or_default());
            if let Some(recoverable) = client.recoverable() {
                recoverable.joined(room, &locked);
            }
            namespace.insert(client, room);
            Some(())
        });
        if entered.is_some() {
            self.report_joined(client, room);
        }
    }
}

/// Returns whether a client that is in a room may not know the result of its join: its session was recovered, the acknowledgement may have
/// been lost before that, and it presents a position from before the join.
fn may_not_know(log: &Arc<EventLog>, client: &Client, room: &Room, from: JoinFrom) -> bool {
    let JoinFrom::Since(Some(Position(Offset { epoch, seq }))) = from else {
        return false;
    };
    let recoverable = client.recoverable();
    let recoverable = recoverable.filter(|one| one.is_recovered() && Arc::ptr_eq(one.log(), log));
    recoverable.is_some_and(|recoverable| {
        let joined = recoverable.memberships().joined_after(room);
        epoch != log.epoch() || joined.is_some_and(|joined| seq < joined)
    })
}

/// Returns the events of a room that a client has asked for; `None` if some are no longer kept, or they are more than its outbox may hold.
fn missed(
    log: &EventLog,
    state: &LogState,
    client: &Client,
    client_state: &ClientState,
    room: &str,
    from: JoinFrom,
    limits: &OutboxLimits,
) -> Option<Vec<Arc<HistoryEntry>>> {
    let (since, last) = match from {
        JoinFrom::Since(None) => return Some(Vec::new()),
        JoinFrom::Since(Some(Position(Offset { epoch, seq }))) => {
            let is_known = epoch == log.epoch()
                && seq <= state.seq()
                && state.histories.is_complete_after(room, seq);
            (is_known.then_some(seq)?, usize::MAX)
        }
        JoinFrom::Last(count) => (Place::START, count),
    };
    let rooms = client_state.rooms();
    let is_in = |name: &str| rooms.iter().any(|room| **room == *name);
    let mut entries = state.histories.after(room, since);
    entries.retain(|entry| entry.is_for(client.sid(), is_in));
    entries.drain(..entries.len().saturating_sub(last));
    let messages: usize = entries.iter().map(|entry| entry.packet.count()).sum();
    let bytes: usize = entries.iter().map(|entry| entry.packet.bytes()).sum();
    (messages <= limits.messages && bytes <= limits.bytes).then_some(entries)
}

/// Sends earlier events to a client. If its session can be recovered, they are kept for it under new positions, since its offset would
/// otherwise go back.
fn send(log: &EventLog, state: &mut LogState, client: &Client, missed: Vec<Arc<HistoryEntry>>) {
    for entry in missed {
        let packet = match client.recoverable() {
            None => entry.packet.clone(),
            Some(recoverable) => {
                let stamped = log.append_for(state, client.sid(), &entry.packet);
                recoverable.delivered_locally(stamped.seq);
                stamped.packet
            }
        };
        client.connection().push(packet, PacketKind::Event);
    }
}

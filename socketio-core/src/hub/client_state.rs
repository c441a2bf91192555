//! [`ClientState`]: the states of a client, from its CONNECT packet to its end, and the transitions between them.
//!
//! | state | `accept` | `end` | `defer` | `join`, `leave` |
//! |---|---|---|---|---|
//! | `Connecting` | `Connected` | `Ended` (refused) | kept until accepted | listed, entered when accepted |
//! | `Connected` | – | `Ended` | at once | at once |
//! | `Disconnecting` | – | `Ended` | at once, without effect | refused, at once |
//! | `Ended` | – | – | at once, without effect | refused, ignored |
//!
//! `begin_end` makes a `Connected` client `Disconnecting`, if its namespace has a handler for that. It no longer receives
//! events.

use std::{mem, sync::Arc};

use super::{Hub, Room, joined_rooms::JoinedRooms, namespace_clients::NamespaceClients};
use crate::{
    admission::OutboxLimits,
    base::{Reason, RoomError},
};

/// An operation inside `connect` that is deferred until the client is accepted.
pub(super) type Operation = Box<dyn FnOnce(&Hub) + Send>;

/// The state of a client. The module's docs have the table of transitions.
pub(super) enum ClientState {
    /// Its `connect` handler is running. It is in no room yet, and its operations are deferred until it is accepted.
    Connecting {
        rooms: JoinedRooms,
        /// Boxed, to keep the state of a connected client small.
        deferred: Option<Box<Deferred>>,
    },
    /// It is in its namespace.
    Connected {
        rooms: JoinedRooms,
        namespace: Arc<NamespaceClients>,
    },
    /// It has disconnected, and its `disconnecting` handler has not ended: it is still in its rooms.
    Disconnecting {
        rooms: JoinedRooms,
        namespace: Arc<NamespaceClients>,
        reason: Reason,
    },
    /// It was refused or has disconnected. The names of its rooms are kept for its `disconnect` handler, which may not
    /// have run yet.
    Ended { rooms: Vec<Room>, reason: Reason },
}

/// The phase alone, for reading without the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    Connecting = 0,
    Connected = 1,
    Ended = 2,
    Disconnecting = 3,
}

/// The deferred operations, with the limits of an outbox.
#[derive(Default)]
pub(super) struct Deferred {
    operations: Vec<Operation>,
    bytes: usize,
}

/// The result of [`ClientState::join`].
pub(super) enum Joined {
    /// It is in the room already.
    Already,
    /// It enters the room when it is accepted.
    Later,
    /// It enters the room of this namespace now.
    Now(Arc<NamespaceClients>),
}

impl ClientState {
    pub(super) fn new() -> Self {
        ClientState::Connecting {
            rooms: JoinedRooms::default(),
            deferred: None,
        }
    }

    /// The state of a client that is about to recover a session in these rooms.
    pub(super) fn resumed(session: &[Room]) -> Self {
        let mut rooms = JoinedRooms::default();
        session.iter().for_each(|room| rooms.push(room));
        ClientState::Connecting {
            rooms,
            deferred: None,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        match self {
            ClientState::Connecting { .. } => Phase::Connecting,
            ClientState::Connected { .. } => Phase::Connected,
            ClientState::Disconnecting { .. } => Phase::Disconnecting,
            ClientState::Ended { .. } => Phase::Ended,
        }
    }

    /// Returns the names of its rooms, in the order of joining.
    pub(super) fn rooms(&self) -> Vec<Room> {
        match self {
            ClientState::Connecting { rooms, .. }
            | ClientState::Connected { rooms, .. }
            | ClientState::Disconnecting { rooms, .. } => rooms.to_vec(),
            ClientState::Ended { rooms, .. } => rooms.clone(),
        }
    }

    /// Accepts a connecting client into the namespace that `enter` returns, and returns the deferred operations. Returns
    /// `None` if it was not connecting.
    pub(super) fn accept(
        &mut self,
        enter: impl FnOnce() -> Arc<NamespaceClients>,
    ) -> Option<Vec<Operation>> {
        let ClientState::Connecting { rooms, deferred } = self else {
            return None;
        };
        let deferred = deferred.take().map(|deferred| deferred.operations);
        *self = ClientState::Connected {
            rooms: mem::take(rooms),
            namespace: enter(),
        };
        Some(deferred.unwrap_or_default())
    }

    /// Begins to end a connected client, which stays in its rooms until it is ended. Returns false if it was not connected.
    pub(super) fn begin_end(&mut self, reason: Reason) -> bool {
        let ClientState::Connected { rooms, namespace } = self else {
            return false;
        };
        *self = ClientState::Disconnecting {
            rooms: mem::take(rooms),
            namespace: Arc::clone(namespace),
            reason,
        };
        true
    }

    /// Ends a client that was refused or has disconnected. Returns the previous state, so that deferred operations are
    /// dropped outside of the lock; `None` if it had ended already.
    pub(super) fn end(&mut self, reason: Reason) -> Option<ClientState> {
        let reason = match self {
            ClientState::Ended { .. } => return None,
            ClientState::Disconnecting { reason, .. } => *reason,
            ClientState::Connecting { .. } | ClientState::Connected { .. } => reason,
        };
        let rooms = self.rooms();
        Some(mem::replace(self, ClientState::Ended { rooms, reason }))
    }

    /// Returns the reason why the client ended or is disconnecting, if it does.
    pub(super) fn ended(&self) -> Option<Reason> {
        match self {
            ClientState::Ended { reason, .. } | ClientState::Disconnecting { reason, .. } => {
                Some(*reason)
            }
            ClientState::Connecting { .. } | ClientState::Connected { .. } => None,
        }
    }

    /// Defers an operation of `bytes` until the client is accepted, or returns it if it can run at once.
    ///
    /// # Errors
    ///
    /// The operation, when more is deferred than may wait in an outbox. It may own user code, which the caller drops under no
    /// lock.
    pub(super) fn defer<F: FnOnce(&Hub) + Send + 'static>(
        &mut self,
        bytes: usize,
        limits: &OutboxLimits,
        operation: F,
    ) -> Result<Option<F>, F> {
        let ClientState::Connecting { deferred, .. } = self else {
            return Ok(Some(operation));
        };
        let deferred = deferred.get_or_insert_default();
        let full = !deferred.operations.is_empty()
            && (deferred.operations.len() >= limits.messages
                || deferred.bytes + bytes > limits.bytes);
        if full {
            return Err(operation);
        }
        deferred.bytes += bytes;
        deferred.operations.push(Box::new(operation));
        Ok(None)
    }

    /// Adds a room to the client's list, up to `limit` rooms besides its own.
    pub(super) fn join(&mut self, room: &Room, limit: usize) -> Result<Joined, RoomError> {
        let (rooms, joined) = match self {
            ClientState::Connecting { rooms, .. } => (rooms, Joined::Later),
            ClientState::Connected { rooms, namespace } => {
                let namespace = Arc::clone(namespace);
                (rooms, Joined::Now(namespace))
            }
            ClientState::Disconnecting { .. } | ClientState::Ended { .. } => {
                return Err(RoomError::NotConnected);
            }
        };
        if rooms.contains(room) {
            return Ok(Joined::Already);
        }
        if rooms.len() >= limit {
            return Err(RoomError::TooMany(limit));
        }
        rooms.push(room);
        Ok(joined)
    }

    /// Removes a room from the client's list. Returns the namespace if the client has entered the room there.
    pub(super) fn leave(&mut self, room: &str) -> Option<Arc<NamespaceClients>> {
        let (rooms, namespace) = match self {
            ClientState::Connecting { rooms, .. } => (rooms, None),
            ClientState::Connected { rooms, namespace }
            | ClientState::Disconnecting {
                rooms, namespace, ..
            } => (rooms, Some(&*namespace)),
            ClientState::Ended { .. } => return None,
        };
        match rooms.remove(room) {
            true => namespace.cloned(),
            false => None,
        }
    }

    /// Returns the namespace if the client is connected and the room is in its list.
    pub(super) fn namespace_of(&self, room: &Room) -> Option<Arc<NamespaceClients>> {
        match self {
            ClientState::Connected { rooms, namespace } if rooms.contains(room) => {
                Some(Arc::clone(namespace))
            }
            _ => None,
        }
    }
}

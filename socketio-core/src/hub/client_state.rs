//! The life of a client, from its CONNECT packet to its end: the states and every transition between them.
//!
//! | state | `accept` | `end` | `defer` | `join`, `leave` |
//! |---|---|---|---|---|
//! | `Connecting` | `Connected` | `Ended` (refused) | kept until accepted | listed, entered when accepted |
//! | `Connected` | – | `Ended` | at once | at once |
//! | `Ended` | – | – | at once, without effect | refused, ignored |

use std::{mem, sync::Arc};

use super::{Hub, Room, namespace::NamespaceClients};
use crate::{
    admission::OutboxLimits,
    base::{Reason, RoomError},
};

/// What a client did inside `connect`, to be done once it is accepted.
pub(super) type Operation = Box<dyn FnOnce(&Hub) + Send>;

/// Where a client stands. See the table of transitions in the module's docs.
pub(super) enum ClientState {
    /// Its `connect` handler runs: it is in no room yet, and what it does waits until it is accepted.
    Connecting {
        rooms: Vec<Room>,
        deferred: Deferred,
    },
    /// It is in its namespace.
    Connected {
        rooms: Vec<Room>,
        namespace: Arc<NamespaceClients>,
    },
    /// It was refused or has gone; its `disconnect` handler may still be due. It keeps the names of its rooms for that.
    Ended { rooms: Vec<Room>, reason: Reason },
}

/// The phase alone, for reading without the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    Connecting = 0,
    Connected = 1,
    Ended = 2,
}

/// What is deferred, bounded like an outbox.
#[derive(Default)]
pub(super) struct Deferred {
    operations: Vec<Operation>,
    bytes: usize,
}

/// What a client joins.
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
            rooms: Vec::new(),
            deferred: Deferred::default(),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        match self {
            ClientState::Connecting { .. } => Phase::Connecting,
            ClientState::Connected { .. } => Phase::Connected,
            ClientState::Ended { .. } => Phase::Ended,
        }
    }

    pub(super) fn rooms(&self) -> &[Room] {
        match self {
            ClientState::Connecting { rooms, .. }
            | ClientState::Connected { rooms, .. }
            | ClientState::Ended { rooms, .. } => rooms,
        }
    }

    /// Accepts a client into its namespace, which `enter` gives, and returns what it did meanwhile. `None` unless it was
    /// connecting.
    pub(super) fn accept(
        &mut self,
        enter: impl FnOnce() -> Arc<NamespaceClients>,
    ) -> Option<Vec<Operation>> {
        let ClientState::Connecting { rooms, deferred } = self else {
            return None;
        };
        let deferred = mem::take(&mut deferred.operations);
        *self = ClientState::Connected {
            rooms: mem::take(rooms),
            namespace: enter(),
        };
        Some(deferred)
    }

    /// Ends a client, refused or gone. What it deferred is dropped with the returned state, so under no lock. `None` when it
    /// has ended already.
    pub(super) fn end(&mut self, reason: Reason) -> Option<ClientState> {
        if let ClientState::Ended { .. } = self {
            return None;
        }
        let rooms = self.rooms().to_vec();
        Some(mem::replace(self, ClientState::Ended { rooms, reason }))
    }

    /// Why the client ended, if it has.
    pub(super) fn ended(&self) -> Option<Reason> {
        match self {
            ClientState::Ended { reason, .. } => Some(*reason),
            _ => None,
        }
    }

    /// Keeps an operation of `bytes` until the client is accepted, or returns it where it can be done at once.
    ///
    /// # Errors
    ///
    /// When more is deferred than may wait in an outbox.
    pub(super) fn defer<F: FnOnce(&Hub) + Send + 'static>(
        &mut self,
        bytes: usize,
        limits: &OutboxLimits,
        operation: F,
    ) -> Result<Option<F>, DeferredFull> {
        let ClientState::Connecting { deferred, .. } = self else {
            return Ok(Some(operation));
        };
        let full = !deferred.operations.is_empty()
            && (deferred.operations.len() >= limits.messages
                || deferred.bytes + bytes > limits.bytes);
        if full {
            return Err(DeferredFull);
        }
        deferred.bytes += bytes;
        deferred.operations.push(Box::new(operation));
        Ok(None)
    }

    /// Lists a room of a client, who may be in `limit` rooms besides its own.
    pub(super) fn join(&mut self, room: &Room, limit: usize) -> Result<Joined, RoomError> {
        let (rooms, joined) = match self {
            ClientState::Connecting { rooms, .. } => (rooms, Joined::Later),
            ClientState::Connected { rooms, namespace } => {
                let namespace = Arc::clone(namespace);
                (rooms, Joined::Now(namespace))
            }
            ClientState::Ended { .. } => return Err(RoomError::NotConnected),
        };
        if rooms.contains(room) {
            return Ok(Joined::Already);
        }
        if rooms.len() >= limit {
            return Err(RoomError::TooMany(limit));
        }
        rooms.push(Arc::clone(room));
        Ok(joined)
    }

    /// Takes a room off the list. Returns the namespace when the client is in the room there.
    pub(super) fn leave(&mut self, room: &str) -> Option<Arc<NamespaceClients>> {
        let (rooms, namespace) = match self {
            ClientState::Connecting { rooms, .. } => (rooms, None),
            ClientState::Connected { rooms, namespace } => (rooms, Some(&*namespace)),
            ClientState::Ended { .. } => return None,
        };
        let position = rooms.iter().position(|joined| **joined == *room)?;
        rooms.remove(position);
        namespace.cloned()
    }

    /// The namespace, where the client is listed in the room and connected.
    pub(super) fn namespace_of(&self, room: &Room) -> Option<Arc<NamespaceClients>> {
        match self {
            ClientState::Connected { rooms, namespace } if rooms.contains(room) => {
                Some(Arc::clone(namespace))
            }
            _ => None,
        }
    }
}

/// More was deferred inside `connect` than may wait in an outbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeferredFull;

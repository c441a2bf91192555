//! [`NamespaceClients`]: the clients and rooms of one namespace.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::{Client, Room, client_set::ClientSet};
use crate::base::give_back;

/// One namespace while it has clients.
#[derive(Debug, Default)]
pub(super) struct NamespaceClients {
    pub(super) everyone: ClientSet,
    rooms: RwLock<HashMap<Room, Arc<ClientSet>>>,
}

impl NamespaceClients {
    pub(super) fn room(&self, room: &str) -> Option<Arc<ClientSet>> {
        self.rooms
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(room)
            .cloned()
    }

    /// Returns the names of all rooms.
    pub(super) fn rooms(&self) -> Vec<Room> {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        rooms.keys().cloned().collect()
    }

    /// Adds a client to a room. If its session can be recovered, the place in the log is noted.
    pub(super) fn join(&self, client: &Arc<Client>, room: &Room) {
        let Some(recoverable) = client.recoverable() else {
            return self.insert(client, room);
        };
        let log = recoverable.log().lock();
        recoverable.joined(room, &log);
        self.insert(client, room);
    }

    /// Removes a client from a room, as [`join`](Self::join) adds it.
    pub(super) fn leave(&self, client: &Arc<Client>, room: &str) {
        let Some(recoverable) = client.recoverable() else {
            return self.remove(client, room);
        };
        let log = recoverable.log().lock();
        recoverable.left(room, &log);
        self.remove(client, room);
    }

    /// Adds a client to the list of a room.
    pub(super) fn insert(&self, client: &Arc<Client>, room: &Room) {
        {
            let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(clients) = rooms.get(room) {
                return clients.insert(client);
            }
        }
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        rooms.entry(Arc::clone(room)).or_default().insert(client);
    }

    /// Removes a client from the list of a room.
    pub(super) fn remove(&self, client: &Arc<Client>, room: &str) {
        let empty = self
            .room(room)
            .is_some_and(|clients| clients.remove(client.sid()));
        if empty {
            let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
            if rooms.get(room).is_some_and(|clients| clients.is_empty()) {
                rooms.remove(room);
                give_back(&mut rooms);
            }
        }
    }
}

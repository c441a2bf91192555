//! [`NamespaceClients`]: the clients and rooms of one namespace.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::{Client, Room, client_set::ClientSet};

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

    pub(super) fn join(&self, client: &Arc<Client>, room: &Room) {
        {
            let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(clients) = rooms.get(room) {
                return clients.insert(client);
            }
        }
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        rooms.entry(Arc::clone(room)).or_default().insert(client);
    }

    pub(super) fn leave(&self, client: &Arc<Client>, room: &str) {
        let empty = self
            .room(room)
            .is_some_and(|clients| clients.remove(client.sid()));
        if empty {
            let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
            if rooms.get(room).is_some_and(|clients| clients.is_empty()) {
                rooms.remove(room);
            }
        }
    }
}

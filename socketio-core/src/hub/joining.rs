//! Joining and leaving rooms: the part of the [`Hub`] that changes which rooms a client is in.

use std::sync::Arc;

use super::{Client, Hub, Room, client_state::Joined};
use crate::base::RoomError;

impl Hub {
    /// Adds a client to a room, up to `limit` rooms. The room of another client's id is private, even if that client is
    /// connected to another node.
    pub(crate) fn join(
        &self,
        client: &Arc<Client>,
        room: &Room,
        limit: usize,
    ) -> Result<(), RoomError> {
        if client.sid() == &**room {
            return Ok(());
        }
        self.check_room(room)?;
        let joined = client.with_state(|state| {
            let joined = state.join(room, limit)?;
            if let Joined::Now(namespace) = &joined {
                namespace.join(client, room);
            }
            Ok::<_, RoomError>(joined)
        })?;
        match joined {
            Joined::Already => {}
            Joined::Now(_) => self.report_joined(client, room),
            Joined::Later => {
                let (entering, room) = (Arc::clone(client), Arc::clone(room));
                let deferred = client.once_accepted(self, room.len(), move |hub| {
                    let entered = entering.with_state(|state| {
                        let namespace = state.namespace_of(&room)?;
                        namespace.join(&entering, &room);
                        Some(())
                    });
                    if entered.is_some() {
                        hub.report_joined(&entering, &room);
                    }
                });
                deferred.map_err(|_| RoomError::TooMuchDeferred)?;
            }
        }
        Ok(())
    }

    /// Refuses the names of rooms that clients may not be put into: private ones, and long ones.
    pub(crate) fn check_room(&self, room: &str) -> Result<(), RoomError> {
        if room.len() > self.limits.room_name {
            return Err(RoomError::TooLong(self.limits.room_name));
        }
        RoomError::check_private(room, self.limits.python_rooms)
    }

    pub(super) fn report_joined(&self, client: &Arc<Client>, room: &Room) {
        self.observe(|observer| observer.joined(client, room));
    }

    /// Removes a client from a room, except from its own.
    pub(crate) fn leave(&self, client: &Arc<Client>, room: &str) {
        let left = client.with_state(|state| {
            let namespace = state.leave(room)?;
            namespace.leave(client, room);
            Some(())
        });
        if left.is_some() {
            self.observe(|observer| observer.left(client, room));
        }
    }

    /// Removes all clients from a room.
    pub(crate) fn close_room(&self, namespace: &str, room: &str) {
        let clients = self.clients(namespace);
        let Some(in_room) = clients.and_then(|clients| clients.room(room)) else {
            return;
        };
        for client in in_room.list().iter() {
            self.leave(client, room);
        }
    }
}

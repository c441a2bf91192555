//! What is done with those at an address, other than to send them something.

use std::sync::Arc;

use super::To;
use crate::{
    base::RoomError,
    client::Socket,
    cluster::{Cluster, RemoteTarget},
    hub::{IntoRooms, Room},
    node::Node,
};

impl To {
    /// Who is at the address now, of the clients of this process: each once, in no particular order.
    pub fn sockets(self) -> Vec<Socket> {
        let skip = self.skipped();
        let mut sockets = Vec::new();
        self.node
            .hub
            .select(&self.namespace, &self.target, &skip, |client| {
                sockets.push(Socket::new(Arc::clone(client), Arc::clone(&self.node)));
            });
        sockets
    }

    /// Puts everyone at the address into rooms. Those of other processes hear of it a little later, and their errors are
    /// traced there; Python processes know clients only: an address that is a room is nobody to them. Inside `connect` it
    /// waits until the client is accepted, and errors are traced.
    ///
    /// # Errors
    ///
    /// The first of a client of this process, as [`Socket::join_room`] has them; the others are in.
    pub fn join_room(self, rooms: impl IntoRooms) -> Result<(), RoomError> {
        let rooms = names(rooms);
        self.each(
            |socket, rooms| socket.join_room(rooms),
            |cluster, namespace, address, rooms| {
                for room in rooms {
                    cluster.enter_room(namespace, address, room);
                }
            },
            rooms,
        )
    }

    /// Takes everyone at the address out of rooms, with clients of other processes as in [`join_room`](To::join_room).
    pub fn leave_room(self, rooms: impl IntoRooms) {
        let rooms = names(rooms);
        let left = self.each(
            |socket, rooms| {
                socket.leave_room(rooms);
                Ok(())
            },
            |cluster, namespace, address, rooms| {
                for room in rooms {
                    cluster.leave_room(namespace, address, room);
                }
            },
            rooms,
        );
        debug_assert!(left.is_ok(), "to leave can't fail");
    }

    /// Disconnects everyone at the address from the namespace, with clients of other processes as in
    /// [`join_room`](To::join_room). To disconnect one by an id that came from outside, take
    /// [`SocketIo::disconnect`](crate::SocketIo::disconnect): an address may be a room as well.
    pub fn disconnect(self) {
        let disconnected = self.each(
            |socket, _| {
                socket.disconnect();
                Ok(())
            },
            |cluster, namespace, address, _| cluster.disconnect(namespace, address),
            Vec::new(),
        );
        debug_assert!(disconnected.is_ok(), "to disconnect can't fail");
    }

    /// Does something with those who are here, and has it done with those who are remote; inside `connect`, once the
    /// client has been accepted.
    fn each(
        self,
        here: fn(&Socket, &[Room]) -> Result<(), RoomError>,
        remote: fn(&Cluster, &str, &RemoteTarget, &[Room]),
        rooms: Vec<Room>,
    ) -> Result<(), RoomError> {
        let all = move |to: To| {
            let skip = to.skipped();
            let address = to.remote(&skip);
            let (node, namespace) = (Arc::clone(&to.node), Arc::clone(&to.namespace));
            let mut result = Ok(());
            for socket in to.sockets() {
                result = result.and(here(&socket, &rooms));
            }
            if let (Some(address), Some(cluster)) = (address, node.emitter.cluster()) {
                remote(cluster, &namespace, &address, &rooms);
            }
            result
        };
        match &self.from {
            Some(from) if from.is_connecting() => {
                let (from, node) = (Arc::clone(from), Arc::clone(&self.node));
                let deferred = from.once_accepted(&node.hub, 0, move |_| {
                    if let Err(error) = all(self) {
                        tracing::warn!(target: "socketio", %error, "what `connect` wanted for others was not done");
                    }
                });
                deferred.map_err(|_| RoomError::TooMuchDeferred)
            }
            _ => all(self),
        }
    }

    /// Takes everybody out of rooms of the addressed namespace.
    ///
    /// # Errors
    ///
    /// [`RoomError::ClientRoom`] for the id of a client; the rooms before it are closed.
    pub fn close_room(self, rooms: impl IntoRooms) -> Result<(), RoomError> {
        let (node, namespace) = (&self.node, &self.namespace);
        let ignore_queue = self.ignore_queue;
        for room in names(rooms) {
            if node.hub.client(namespace, &room).is_some() {
                return Err(RoomError::ClientRoom);
            }
            self.when_accepted(move |node, namespace| {
                node.emitter.close_room(namespace, &room, ignore_queue);
            })?;
        }
        Ok(())
    }

    /// Does something now, or, inside `connect`, once the client has been accepted.
    fn when_accepted(
        &self,
        operation: impl FnOnce(&Node, &str) + Send + 'static,
    ) -> Result<(), RoomError> {
        let Some(from) = &self.from else {
            operation(&self.node, &self.namespace);
            return Ok(());
        };
        let (node, namespace) = (Arc::clone(&self.node), Arc::clone(&self.namespace));
        from.once_accepted(&self.node.hub, 0, move |_| operation(&node, &namespace))
            .map_err(|_| RoomError::TooMuchDeferred)
    }
}

fn names(rooms: impl IntoRooms) -> Vec<Room> {
    let mut names = Vec::new();
    rooms.add_to(&mut names);
    names
}

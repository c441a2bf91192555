//! The methods of [`To`] that list, move and disconnect the matching clients.
//!
//! Changes apply to the local clients at once and are published to the other nodes.

use std::sync::Arc;

use super::To;
use crate::{
    base::RoomError,
    client::Socket,
    cluster::{Cluster, RemoteTarget},
    hub::{Hub, IntoRooms, Room},
    node::Node,
};

/// Publishes an operation on rooms to the other nodes, for a namespace and a target.
type Remote = fn(&Hub, &Cluster, &str, &RemoteTarget, &[Room]) -> Result<(), RoomError>;

impl To {
    /// Returns the local clients that this target currently matches, each once, in no particular order.
    pub fn sockets(self) -> Vec<Socket> {
        let skip = self.skipped();
        let (target, except) = (&self.target, &self.except);
        let mut sockets = Vec::new();
        let hub = &self.node.hub;
        hub.select(&self.namespace, target, &skip, except, |client| {
            sockets.push(Socket::new(Arc::clone(client), Arc::clone(&self.node)));
        });
        sockets
    }

    /// Returns how many local clients this target currently matches.
    #[cfg(feature = "api")]
    pub(crate) fn count_local(&self) -> usize {
        let (target, except) = (&self.target, &self.except);
        let mut clients = 0;
        let hub = &self.node.hub;
        hub.select(&self.namespace, target, &self.skipped(), except, |_| {
            clients += 1;
        });
        clients
    }

    /// Adds the matching clients to rooms. Remote clients join later, and their errors are logged by their node; a
    /// Python node only matches ids of clients, so a room matches none of its clients. Inside `connect` it takes effect
    /// once the client is accepted, and errors are logged.
    ///
    /// # Errors
    ///
    /// The first error of a local client, as for [`Socket::join_room`]; the other clients have joined.
    /// [`RoomError::ClientRoom`] for the id of a client if remote clients may match, [`RoomError::TooLong`] for a long name.
    pub fn join_room(self, rooms: impl IntoRooms) -> Result<(), RoomError> {
        let rooms = names(rooms);
        self.each(
            |socket, rooms| socket.join_room(rooms),
            |hub, cluster, namespace, target, rooms| {
                let mut result = Ok(());
                for room in rooms {
                    match hub.check_room(room) {
                        Ok(()) => cluster.enter_room(namespace, target, room),
                        Err(error) => result = Err(error),
                    }
                }
                result
            },
            rooms,
        )
    }

    /// Removes the matching clients from rooms, remote ones as in [`join_room`](To::join_room).
    pub fn leave_room(self, rooms: impl IntoRooms) {
        let rooms = names(rooms);
        let left = self.each(
            |socket, rooms| {
                socket.leave_room(rooms);
                Ok(())
            },
            |_, cluster, namespace, target, rooms| {
                for room in rooms {
                    cluster.leave_room(namespace, target, room);
                }
                Ok(())
            },
            rooms,
        );
        debug_assert!(left.is_ok(), "leaving a room can't fail");
    }

    /// Disconnects the matching clients from the namespace, remote ones as in [`join_room`](To::join_room). If the id
    /// comes from a client, use [`SocketIo::disconnect`](crate::SocketIo::disconnect) instead: in a `To`, the text may
    /// also match a room.
    pub fn disconnect(self) {
        let disconnected = self.each(
            |socket, _| {
                socket.disconnect();
                Ok(())
            },
            |_, cluster, namespace, target, _| {
                cluster.disconnect(namespace, target);
                Ok(())
            },
            Vec::new(),
        );
        debug_assert!(disconnected.is_ok(), "disconnecting can't fail");
    }

    /// Applies an operation to the local clients and publishes it to the other nodes; inside `connect`, once the client
    /// is accepted.
    fn each(
        self,
        local: fn(&Socket, &[Room]) -> Result<(), RoomError>,
        remote: Remote,
        rooms: Vec<Room>,
    ) -> Result<(), RoomError> {
        let all = move |to: To| {
            let skip = to.skipped();
            let target = to.remote(&skip);
            let (node, namespace) = (Arc::clone(&to.node), Arc::clone(&to.namespace));
            let mut result = Ok(());
            for socket in to.sockets() {
                result = result.and(local(&socket, &rooms));
            }
            if let (Some(target), Some(cluster)) = (target, node.emitter.cluster()) {
                result = result.and(remote(&node.hub, cluster, &namespace, &target, &rooms));
            }
            result
        };
        // `once_accepted` decides whether to defer. This only decides whether an error is returned or logged.
        match &self.from {
            Some(from) if from.is_connecting() => {
                let (from, node) = (Arc::clone(from), Arc::clone(&self.node));
                let deferred = from.once_accepted(&node.hub, 0, move |_| {
                    if let Err(error) = all(self) {
                        tracing::warn!(target: "socketio", %error, "an operation of `connect` on rooms of clients failed");
                    }
                });
                deferred.map_err(|_| RoomError::TooMuchDeferred)
            }
            _ => all(self),
        }
    }

    /// Removes all clients from rooms of the addressed namespace.
    ///
    /// # Errors
    ///
    /// [`RoomError::ClientRoom`] for the id of a local or remote client; the rooms before it are closed.
    pub fn close_room(self, rooms: impl IntoRooms) -> Result<(), RoomError> {
        let ignore_queue = self.ignore_queue;
        for room in names(rooms) {
            self.node.hub.check_room(&room)?;
            self.when_accepted(move |node, namespace| {
                node.emitter.close_room(namespace, &room, ignore_queue);
            })?;
        }
        Ok(())
    }

    /// Runs `operation` now, or, inside `connect`, once the client has been accepted.
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

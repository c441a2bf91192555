//! What is done with those at an address, other than to send them something.

use std::sync::Arc;

use super::To;
use crate::{
    IntoRooms, RoomError, Socket,
    adapter::{Address, Cluster},
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
    /// traced there; Python processes know clients only: an address that is a room is nobody to them.
    ///
    /// # Errors
    ///
    /// The first of a client of this process, as [`Socket::join_room`] has them; the others are in.
    pub fn join_room(self, rooms: impl IntoRooms) -> Result<(), RoomError> {
        let mut names = Vec::new();
        rooms.add_to(&mut names);
        let mut result = Ok(());
        self.each(
            |socket| result = std::mem::replace(&mut result, Ok(())).and(socket.join_room(&names)),
            |cluster, namespace, address| {
                for room in &names {
                    cluster.enter_room(namespace, address, room);
                }
            },
        );
        result
    }

    /// Takes everyone at the address out of rooms, with clients of other processes as in [`join_room`](To::join_room).
    pub fn leave_room(self, rooms: impl IntoRooms) {
        let mut names = Vec::new();
        rooms.add_to(&mut names);
        self.each(
            |socket| socket.leave_room(&names),
            |cluster, namespace, address| {
                for room in &names {
                    cluster.leave_room(namespace, address, room);
                }
            },
        );
    }

    /// Disconnects everyone at the address from the namespace, with clients of other processes as in
    /// [`join_room`](To::join_room).
    pub fn disconnect(self) {
        self.each(
            |socket| socket.disconnect(),
            |cluster, namespace, address| cluster.disconnect(namespace, address),
        );
    }

    /// Does something with those who are here, and has it done with those who are elsewhere.
    fn each(self, mut here: impl FnMut(Socket), elsewhere: impl FnOnce(&Cluster, &str, &Address)) {
        let skip = self.skipped();
        let address = self.elsewhere(&skip);
        let (node, namespace) = (Arc::clone(&self.node), Arc::clone(&self.namespace));
        self.sockets().into_iter().for_each(&mut here);
        if let (Some(address), Some(cluster)) = (address, node.adapter.cluster()) {
            elsewhere(cluster, &namespace, &address);
        }
    }

    /// Takes everybody out of rooms of the addressed namespace.
    ///
    /// # Errors
    ///
    /// [`RoomError::ClientRoom`] for the id of a client; the rooms before it are closed.
    pub fn close_room(self, rooms: impl IntoRooms) -> Result<(), RoomError> {
        let mut names = Vec::new();
        rooms.add_to(&mut names);
        let (node, namespace) = (&self.node, &self.namespace);
        let ignore_queue = self.ignore_queue;
        for room in names {
            if node.hub.client(namespace, &room).is_some() {
                return Err(RoomError::ClientRoom);
            }
            self.when_accepted(move |node, namespace| {
                node.adapter
                    .close_room(&node.hub, namespace, &room, ignore_queue);
            });
        }
        Ok(())
    }

    /// Does something now, or, inside `connect`, once the client has been accepted.
    fn when_accepted(&self, operation: impl FnOnce(&Node, &str) + Send + 'static) {
        match &self.from {
            Some(from) if from.is_connecting() => {
                let (node, namespace) = (Arc::clone(&self.node), Arc::clone(&self.namespace));
                from.once_accepted(&self.node.hub, move |_| operation(&node, &namespace));
            }
            _ => operation(&self.node, &self.namespace),
        }
    }
}

//! [`SocketIo`], the public handle of a server.
//!
//! Code outside of handlers uses it: background tasks, HTTP routes, other threads. All clones share one [`Node`].

use std::{fmt, panic::Location, sync::Arc};

use serde::Serialize;
use tokio::{runtime::Handle, task::JoinHandle};

use super::{Socket, To};
use crate::{
    base::{EmitError, Reason, Request, RoomError},
    cluster::QueueHealth,
    hub::{
        IntoRooms, Target,
        transport::{Outbox, Transport},
    },
    node::{Description, Node},
    packet::Codec,
};

/// A Socket.IO server. Built by [`SocketIo::builder`], served by [`run`](SocketIo::run) or as a
/// [`layer`](SocketIo::layer); emits to clients from outside of handlers (background tasks, HTTP routes, other
/// threads).
///
/// Cheap to clone; all clones are the same server. As an argument of a handler it is the server that handles the event.
#[derive(Clone)]
pub struct SocketIo(Arc<Node>);

impl SocketIo {
    pub(crate) fn new(node: Arc<Node>) -> Self {
        SocketIo(node)
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.0
    }

    /// Returns the server's state of type `T`, if it was built with one.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.node().states.get()
    }

    /// Sends an event to everyone in the main namespace, `/`.
    ///
    /// `payload` is the event's only argument; a tuple is several arguments, `()` is none. Works on any thread, with or
    /// without a runtime, and returns at once. If the payload can't be encoded, or the name is reserved, nothing is
    /// sent and the error is logged; the event that is being handled does not fail. [`SocketIo::try_emit`] returns the
    /// error instead.
    #[track_caller]
    pub fn emit<T: Serialize>(&self, event: &str, payload: T) {
        self.broadcast().emit(event, payload);
    }

    /// Sends an event to everyone in the main namespace, or returns why it was not sent.
    ///
    /// # Errors
    ///
    /// If the payload can't be encoded or the name is reserved. Nothing is sent then.
    pub fn try_emit<T: Serialize>(&self, event: &str, payload: T) -> Result<(), EmitError> {
        self.broadcast().try_emit(event, payload)
    }

    /// Sends a `message` event to everyone in the main namespace.
    #[track_caller]
    pub fn send<T: Serialize>(&self, payload: T) {
        self.emit("message", payload);
    }

    /// Sends a `json` event to everyone in the main namespace.
    #[track_caller]
    pub fn send_json<T: Serialize>(&self, payload: T) {
        self.emit("json", payload);
    }

    /// Addresses everyone in the main namespace.
    pub fn broadcast(&self) -> To {
        let (node, namespace) = (Arc::clone(self.node()), Arc::from("/"));
        To::new(node, None, namespace, Target::Everyone)
    }

    /// Addresses rooms or clients of the main namespace.
    pub fn to(&self, rooms: impl IntoRooms) -> To {
        self.broadcast().to(rooms)
    }

    /// Addresses the clients of a user in the main namespace: [`To::to_user`].
    pub fn to_user(&self, key: impl std::fmt::Display) -> To {
        self.broadcast().to_user(key)
    }

    /// Addresses everyone in the main namespace except the clients with these ids.
    pub fn skip(&self, sids: impl IntoRooms) -> To {
        self.broadcast().skip(sids)
    }

    /// Addresses everyone in the main namespace except the clients in any of these rooms: [`To::except`].
    pub fn except(&self, rooms: impl IntoRooms) -> To {
        self.broadcast().except(rooms)
    }

    /// Addresses all clients of the main namespace that are connected to this process: [`To::local`].
    pub fn local(&self) -> To {
        self.broadcast().local()
    }

    /// Addresses everyone in a namespace. `.to(..)` narrows it to rooms.
    pub fn of(&self, path: &str) -> To {
        self.broadcast().of(path)
    }

    /// Removes all clients from rooms of the main namespace. For other namespaces: `of("/chat").close_room(..)`.
    ///
    /// # Errors
    ///
    /// [`RoomError::ClientRoom`] for the id of a local or remote client.
    pub fn close_room(&self, rooms: impl IntoRooms) -> Result<(), RoomError> {
        self.broadcast().close_room(rooms)
    }

    /// Returns the local client with this id, to join rooms, to read its session or to disconnect it.
    pub fn socket(&self, namespace: &str, sid: &str) -> Option<Socket> {
        let client = self.node().hub.client(namespace, sid)?;
        Some(Socket::new(client, Arc::clone(self.node())))
    }

    /// Returns the local clients of a namespace, in no particular order: `of(..).sockets()`.
    pub fn sockets(&self, namespace: &str) -> Vec<Socket> {
        self.of(namespace).sockets()
    }

    /// Returns the namespaces with at least one local client, in alphabetical order.
    pub fn namespaces(&self) -> Vec<String> {
        self.node().hub.namespaces()
    }

    /// Disconnects a client from a namespace. Returns false if no local client has this id; the other nodes are then
    /// asked to disconnect it, if there is a [`message_queue`](crate::SocketIoBuilder::message_queue).
    pub fn disconnect(&self, namespace: &str, sid: &str) -> bool {
        let hub = &self.node().hub;
        match hub.client(namespace, sid) {
            Some(client) => hub.disconnect(&client, Reason::ServerDisconnect),
            None => {
                if let Some(cluster) = self.node().cluster() {
                    cluster.disconnect_client(namespace, sid);
                }
                false
            }
        }
    }

    /// Waits until everything emitted so far has come back from the [`event_store`](crate::SocketIoBuilder::event_store), or was sent
    /// without it, and has been published to the [`message_queue`](crate::SocketIoBuilder::message_queue); returns at once if there is
    /// neither. Sessions that have changed are then in the store, too, if it can be reached. Keeps waiting while the queue can't be reached.
    /// Dropped messages count as published: see [`queue_health`](SocketIo::queue_health).
    ///
    /// A program that only emits must await it, or call [`shutdown`](SocketIo::shutdown), before it ends. Cancel-safe.
    pub async fn flushed(&self) {
        if let Some(stored) = self.node().hub.stored() {
            stored.flushed().await;
        }
        if let Some(cluster) = self.node().cluster() {
            cluster.flushed().await;
        }
    }

    /// Waits until this node is subscribed to the [`message_queue`](crate::SocketIoBuilder::message_queue), and has opened its
    /// [`event_store`](crate::SocketIoBuilder::event_store). Keeps waiting while they can't be reached. Returns at once
    /// if there is neither, if the server is `write_only`, or after a shutdown. The server accepts clients without waiting for it.
    /// Cancel-safe.
    pub async fn subscribed(&self) {
        if let Some(stored) = self.node().hub.stored() {
            stored.opened().await;
        }
        if let Some(cluster) = self.node().cluster() {
            cluster.subscribed().await;
        }
    }

    /// Returns the health of the [`message_queue`](crate::SocketIoBuilder::message_queue); `None` if there is none.
    pub fn queue_health(&self) -> Option<QueueHealth> {
        let cluster = self.node().cluster()?;
        Some(cluster.health())
    }

    /// Returns the registered namespaces, events and handlers, with `file:line` and the types of their arguments.
    /// `println!("{}", io.describe())` prints a table; `build()` logs it at the level `debug`.
    pub fn describe(&self) -> &Description {
        &self.0.description
    }

    /// Returns the codec of the server's packets, for clients in the same process.
    #[doc(hidden)]
    pub fn codec(&self) -> &Codec {
        &self.node().hub.codec
    }

    /// Returns how many connections are open in this process. A connection may be in several namespaces.
    pub fn connections(&self) -> usize {
        self.node().connections.len()
    }

    /// Returns how many connections use the transport of this name now.
    pub(crate) fn connections_over(&self, transport: &str) -> usize {
        self.node().connections.over(transport)
    }

    /// Spawns a background task with a handle of the server. A [shutdown](SocketIo::shutdown) cancels it at its next
    /// await; the join handle then yields `None`. A panic is logged and resumed in the join handle.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn spawn<F>(&self, task: impl FnOnce(SocketIo) -> F) -> JoinHandle<Option<F::Output>>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let origin = Location::caller();
        assert!(
            Handle::try_current().is_ok(),
            "`SocketIo::spawn` was called outside of a tokio runtime: call it inside of `#[tokio::main]`, or after `runtime.enter()`"
        );
        self.node()
            .tasks
            .spawn(origin, Box::pin(task(self.clone())))
    }

    /// Attaches a client over a custom transport: see [`transport`](crate::hub::transport). The closure receives the
    /// outbox of the connection, for use outside of `Transport::poll`.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn attach<T: Transport>(&self, request: Request, transport: impl FnOnce(Outbox) -> T) {
        let transport = |outbox| -> Box<dyn Transport> { Box::new(transport(outbox)) };
        let node = self.node();
        let request = request.behind(&node.options.engine.trusted_proxies);
        (node.acceptor)(node, request, Box::new(transport));
    }
}

impl fmt::Debug for SocketIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketIo")
            .field("path", &self.node().options.path)
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}

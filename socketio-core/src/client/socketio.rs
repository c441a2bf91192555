//! The server as its users hold it.

use std::{fmt, panic::Location, sync::Arc};

use serde::Serialize;
use tokio::task::JoinHandle;

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

/// A Socket.IO server: built by [`SocketIo::builder`], served by [`run`](SocketIo::run) or as a [`layer`](SocketIo::layer),
/// and the way to its clients from outside of handlers (background tasks, HTTP routes, other threads).
///
/// Cheap to clone; all clones are one server. As an argument of a handler it is the server that handles the event.
#[derive(Clone)]
pub struct SocketIo(Arc<Node>);

impl SocketIo {
    pub(crate) fn new(node: Arc<Node>) -> Self {
        SocketIo(node)
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.0
    }

    /// The server's state of type `T`, if it was built with one.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.node().states.get()
    }

    /// Sends an event to everyone in the main namespace, `/`.
    ///
    /// `payload` is the event's one argument; a tuple is several, `()` none. Works from any thread, in tasks or outside of
    /// them, and returns at once. A payload that can't be encoded, or a reserved name, sends nothing and is logged; an event
    /// that is being handled does not fail. [`SocketIo::try_emit`] returns the error instead.
    #[track_caller]
    pub fn emit<T: Serialize>(&self, event: &str, payload: T) {
        self.broadcast().emit(event, payload);
    }

    /// Sends an event to everyone in the main namespace, or tells why not.
    ///
    /// # Errors
    ///
    /// When the payload can't be encoded or the name is reserved; then nobody got it.
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
        self.of("/")
    }

    /// Addresses rooms or clients of the main namespace.
    pub fn to(&self, rooms: impl IntoRooms) -> To {
        self.broadcast().to(rooms)
    }

    /// Addresses everyone in the main namespace but the clients with these ids.
    pub fn skip(&self, sids: impl IntoRooms) -> To {
        self.broadcast().skip(sids)
    }

    /// Addresses everyone in the main namespace but the clients in any of these rooms: [`To::except`].
    pub fn except(&self, rooms: impl IntoRooms) -> To {
        self.broadcast().except(rooms)
    }

    /// Addresses everyone in a namespace; `.to(..)` narrows it to rooms.
    pub fn of(&self, path: &str) -> To {
        To::new(
            Arc::clone(self.node()),
            None,
            Arc::from("/"),
            Target::Everyone,
        )
        .of(path)
    }

    /// Takes everybody out of rooms of the main namespace; for others, `of("/chat").close_room(..)`.
    ///
    /// # Errors
    ///
    /// [`RoomError::ClientRoom`] for the id of a client, of this process or of another one.
    pub fn close_room(&self, rooms: impl IntoRooms) -> Result<(), RoomError> {
        self.broadcast().close_room(rooms)
    }

    /// A client of this process, to join rooms, to look at its session or to disconnect it.
    pub fn socket(&self, namespace: &str, sid: &str) -> Option<Socket> {
        let client = self.node().hub.client(namespace, sid)?;
        Some(Socket::new(client, Arc::clone(self.node())))
    }

    /// The clients of this process that are in a namespace, in no particular order: `namespace(..).sockets()`.
    pub fn sockets(&self, namespace: &str) -> Vec<Socket> {
        self.of(namespace).sockets()
    }

    /// The namespaces that somebody is in, in alphabetical order.
    pub fn namespaces(&self) -> Vec<String> {
        self.node().hub.namespaces()
    }

    /// Disconnects a client from a namespace. False when this process has none of this id; then the others are told, if
    /// there is a [`message_queue`](crate::SocketIoBuilder::message_queue).
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

    /// Waits until everything emitted so far has been published, where there is a
    /// [`message_queue`](crate::SocketIoBuilder::message_queue); while that can't be reached, it waits on. Messages that are given
    /// up count as published: [`queue_health`](SocketIo::queue_health) tells of them.
    ///
    /// A program that only emits awaits it before it ends, or calls [`shutdown`](SocketIo::shutdown). Cancel-safe.
    pub async fn flushed(&self) {
        if let Some(cluster) = self.node().cluster() {
            cluster.flushed().await;
        }
    }

    /// Waits until this server hears the others, where there is a [`message_queue`](crate::SocketIoBuilder::message_queue); while
    /// that can't be reached, it waits on. At once when it never will: the server is `write_only`, or has been shut down.
    /// Serving does not wait for it. Cancel-safe.
    pub async fn subscribed(&self) {
        if let Some(cluster) = self.node().cluster() {
            cluster.subscribed().await;
        }
    }

    /// How the [`message_queue`](crate::SocketIoBuilder::message_queue) is doing; `None` when there is none.
    pub fn queue_health(&self) -> Option<QueueHealth> {
        let cluster = self.node().cluster()?;
        Some(cluster.health())
    }

    /// Everything that this server handles: namespaces, events, handlers with `file:line` and the types of their arguments.
    /// `println!("{}", io.describe())` prints a table; `build()` traces it at the level `debug`.
    pub fn describe(&self) -> &Description {
        &self.0.description
    }

    /// What the server's packets are encoded and decoded with, for clients in the same process.
    #[doc(hidden)]
    pub fn codec(&self) -> &Codec {
        &self.node().hub.codec
    }

    /// How many connections are open in this process; one may be in several namespaces.
    pub fn connections(&self) -> usize {
        self.node().connections.len()
    }

    /// How many of them go over a transport of this name just now.
    pub(crate) fn connections_over(&self, transport: &str) -> usize {
        self.node().connections.over(transport)
    }

    /// Runs a background task with a handle of the server. A [shutdown](SocketIo::shutdown) stops it at its next await, and the
    /// join handle then returns `None`. A panic is logged and passed on to the join handle.
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
        self.node()
            .tasks
            .spawn(origin, Box::pin(task(self.clone())))
    }

    /// Attaches a client over a transport of another kind: see [`transport`](crate::hub::transport). `transport` is given the
    /// outbox of the connection, to look into it outside its own `poll`.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn attach<T: Transport>(&self, request: Request, transport: impl FnOnce(Outbox) -> T) {
        let transport = |outbox| -> Box<dyn Transport> { Box::new(transport(outbox)) };
        let node = self.node();
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

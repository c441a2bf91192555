//! The server as its users hold it.

use std::{
    any::Any,
    fmt,
    panic::Location,
    sync::{Arc, Weak},
    time::Duration,
};

use serde::Serialize;
use tokio::{sync::watch, task::JoinHandle, time::Instant};

use super::{
    builder::SocketIoBuilder, connection::Connection, connections::Connections, inner::Server,
    options::Options,
};
use crate::{
    BoxError, EmitError, EventContext, FromEvent, IntoRooms, Namespace, QueueHealth, Reason,
    Request, RoomError, Socket, To,
    adapter::Cluster,
    admin::Instrument,
    engine::Engine,
    handler::{Description, Dispatcher, Registry},
    hub::Target,
    node::Node,
    parser::Codec,
    tasks::Tasks,
    transport::{Outbox, Transport},
};

/// A Socket.IO server: built by [`SocketIo::builder`], served by [`run`](SocketIo::run) or as a [`layer`](SocketIo::layer),
/// and the way to its clients from outside of handlers (background tasks, HTTP routes, other threads).
///
/// Cheap to clone; all clones are one server. As an argument of a handler it is the server that handles the event.
#[derive(Clone)]
pub struct SocketIo(Arc<Server>);

impl SocketIo {
    /// A builder with every handler that attributes have linked into the program.
    #[track_caller]
    pub fn builder() -> SocketIoBuilder {
        SocketIoBuilder::linked()
    }

    /// A builder without any handlers: those given to it are the only ones.
    #[track_caller]
    pub fn bare() -> SocketIoBuilder {
        SocketIoBuilder::bare()
    }

    pub(super) fn new(
        node: Node,
        registry: Registry,
        dispatcher: Dispatcher,
        options: Options,
        instrument: Option<Instrument>,
    ) -> Self {
        let server = Arc::new_cyclic(|server: &Weak<Server>| {
            let accepting = Weak::clone(server);
            let engine = Engine::new(options.engine.clone(), move |session| {
                if let Some(server) = accepting.upgrade() {
                    Connection::start(&server, session.request().clone(), |_| session);
                }
            });
            Server {
                node: Arc::new(node),
                registry,
                dispatcher,
                options,
                connections: Connections::default(),
                tasks: Tasks::new(),
                engine,
                instrument,
                stopping: watch::Sender::new(false),
            }
        });
        let handle: Weak<dyn Any + Send + Sync> = Arc::<Server>::downgrade(&server);
        // Just made: nobody else can have set it.
        let _ = server.node.server.set(handle);
        let here = Arc::<Node>::downgrade(&server.node);
        server.node.adapter.start(here);
        let cluster = server.node.adapter.cluster();
        if cluster.is_some_and(Cluster::is_write_only) {
            // Its clients would not hear the others: handshakes are answered 503.
            server.engine.stop();
        }
        SocketIo(server)
    }

    pub(super) fn server(&self) -> &Arc<Server> {
        &self.0
    }

    /// The server around a node, unless it is gone.
    pub(crate) fn around(node: &Node) -> Option<Self> {
        let server = node.server.get()?.upgrade()?;
        Some(SocketIo(server.downcast().ok()?))
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.0.node
    }

    /// The server's state of type `T`, if it was built with one.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.node().states.get()
    }

    /// Sends an event to everyone in the main namespace, `/`.
    ///
    /// `payload` is the event's one argument; a tuple is several, `()` none. Works from any thread, in tasks or outside of
    /// them, and returns at once. A payload that can't be encoded, or a reserved name, sends nothing and is traced
    /// (inside a handler, the event that is being handled fails); [`SocketIo::try_emit`] returns it instead.
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
        self.namespace("/")
    }

    /// Addresses rooms or clients of the main namespace.
    pub fn to(&self, rooms: impl IntoRooms) -> To {
        self.broadcast().to(rooms)
    }

    /// Addresses everyone in the main namespace but the clients with these ids.
    pub fn skip(&self, sids: impl IntoRooms) -> To {
        self.broadcast().skip(sids)
    }

    /// Addresses everyone in a namespace; `.to(..)` narrows it to rooms.
    pub fn namespace(&self, path: &str) -> To {
        To::new(
            Arc::clone(self.node()),
            None,
            Arc::from("/"),
            Target::Everyone,
        )
        .namespace(path)
    }

    /// Addresses everyone in the namespace of a class, at its own path: `io.of::<Rooms>().to("lobby").emit(..)`. For one
    /// that stands elsewhere, or at a pattern, name the path: [`namespace`](SocketIo::namespace).
    pub fn of<N: Namespace>(&self) -> To {
        self.namespace(N::CLASS.path)
    }

    /// Takes everybody out of rooms of the main namespace; for others, `namespace("/chat").close_room(..)`.
    ///
    /// # Errors
    ///
    /// [`RoomError::ClientRoom`] for the id of a client.
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
        self.namespace(namespace).sockets()
    }

    /// The namespaces that somebody is in, in alphabetical order.
    pub fn namespaces(&self) -> Vec<String> {
        self.node().hub.namespaces()
    }

    /// Disconnects a client from a namespace. False when this process has none of this id; then the others are told, if
    /// there is a [`message_queue`](SocketIoBuilder::message_queue).
    pub fn disconnect(&self, namespace: &str, sid: &str) -> bool {
        let hub = &self.node().hub;
        match hub.client(namespace, sid) {
            Some(client) => hub.disconnect(&client, Reason::ServerDisconnect),
            None => {
                if let Some(cluster) = self.node().adapter.cluster() {
                    cluster.disconnect_client(namespace, sid);
                }
                false
            }
        }
    }

    /// Waits until everything emitted so far has been published, where there is a
    /// [`message_queue`](SocketIoBuilder::message_queue); while that can't be reached, it waits on. Messages that are given
    /// up count as published: [`queue_health`](SocketIo::queue_health) tells of them.
    ///
    /// A program that only emits awaits it before it ends, or calls [`shutdown`](SocketIo::shutdown). Cancel-safe.
    pub async fn flushed(&self) {
        if let Some(cluster) = self.node().adapter.cluster() {
            cluster.flushed().await;
        }
    }

    /// Waits until this server hears the others, where there is a [`message_queue`](SocketIoBuilder::message_queue); while
    /// that can't be reached, it waits on. At once when it never will: the server is `write_only`, or has been shut down.
    /// Serving does not wait for it. Cancel-safe.
    pub async fn subscribed(&self) {
        if let Some(cluster) = self.node().adapter.cluster() {
            cluster.subscribed().await;
        }
    }

    /// How the [`message_queue`](SocketIoBuilder::message_queue) is doing; `None` when there is none.
    pub fn queue_health(&self) -> Option<QueueHealth> {
        let cluster = self.node().adapter.cluster()?;
        Some(cluster.health())
    }

    /// Everything that this server handles: namespaces, events, handlers with `file:line` and the types of their arguments.
    /// `println!("{}", io.describe())` prints a table; `build()` traces it at the level `debug`.
    pub fn describe(&self) -> &Description {
        self.0.registry.description()
    }

    /// What the server's packets are encoded and decoded with, for clients in the same process.
    #[doc(hidden)]
    pub fn codec(&self) -> &Codec {
        &self.node().hub.codec
    }

    /// How many connections are open in this process; one may be in several namespaces.
    pub fn connections(&self) -> usize {
        self.0.connections.len()
    }

    /// How many of them go over a transport of this name just now.
    pub(crate) fn connections_over(&self, transport: &str) -> usize {
        self.0.connections.over(transport)
    }

    /// Runs a background task that is given the server. It ends with the server, at its next await (then the handle gives
    /// `None`). A panic is traced, and given on to who awaits the handle.
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

    /// Attaches a client over a transport of another kind: see [`transport`](crate::transport). `transport` is given the
    /// outbox of the connection, to look into it from elsewhere than its own `poll`.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn attach<T: Transport>(&self, request: Request, transport: impl FnOnce(Outbox) -> T) {
        Connection::start(&self.0, request, transport);
    }

    /// Begins to stop the server, and returns at once: no new connections, all clients disconnected. Who
    /// [`run`](SocketIo::run)s the server returns from it after a [`shutdown`](SocketIo::shutdown). Works in handlers and
    /// from any thread.
    pub fn stop(&self) {
        let server = &self.0;
        server.engine.stop();
        server.stopping.send_replace(true);
        server.connections.shut_down();
    }

    /// Stops the server: no new connections, all clients disconnected, their `disconnect` handlers run to their end,
    /// background tasks stopped, and what waits for a message queue published. What has not ended after `shutdown_timeout` (10
    /// seconds by default) is dropped; the queue has a second in any case.
    ///
    /// Who [`run`](SocketIo::run)s the server returns from it. Not for handlers, which would wait for their own end: they
    /// call [`stop`](SocketIo::stop).
    pub async fn shutdown(&self) {
        let server = &self.0;
        let began = Instant::now();
        self.stop();
        let ended = server.tasks.ended();
        if tokio::time::timeout(server.options.shutdown_timeout, ended)
            .await
            .is_err()
        {
            tracing::warn!(target: "socketio", connections = self.connections(), "handlers still run at the end of the shutdown timeout: they are dropped");
        }
        server.tasks.stop().await;
        server.node.tasks.stop().await;
        // What the last handlers emitted.
        let left = server.options.shutdown_timeout.checked_sub(began.elapsed());
        let left = left.unwrap_or_default().max(Duration::from_secs(1));
        server.node.adapter.stop(left).await;
    }
}

impl FromEvent for SocketIo {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        SocketIo::around(cx.socket().node()).ok_or_else(|| "the server is gone".into())
    }
}

impl fmt::Debug for SocketIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketIo")
            .field("path", &self.0.options.path)
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}

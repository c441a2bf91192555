//! A client, as a handler sees it.

use std::{fmt, panic::Location, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};
use tokio::task::JoinHandle;

use crate::{
    base::{CallError, EmitError, Reason, Request, RoomError, Sid},
    client::{ConnectionSession, Session, To, scope},
    hub::{Client, CloseRequest, IntoRooms, Target},
    node::Node,
};

/// One client in one namespace. Cheap to clone, and good to keep: it stays valid, and quiet, when the client has gone.
///
/// Handlers take it as an argument (`socket: Socket`); the functions of the crate ([`emit`](crate::emit),
/// [`join_room`](crate::join_room), ..) are its methods, for the client whose event is being handled.
#[derive(Clone)]
pub struct Socket(Arc<Inner>);

/// Behind one reference count: a socket is cloned several times for each event.
struct Inner {
    client: Arc<Client>,
    node: Arc<Node>,
}

impl Socket {
    pub(crate) fn new(client: Arc<Client>, node: Arc<Node>) -> Self {
        Socket(Arc::new(Inner { client, node }))
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.0.node
    }

    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.0.client
    }

    /// The client's id in this namespace, and the name of its own room.
    pub fn sid(&self) -> &Sid {
        self.client().sid()
    }

    /// The namespace's path: `/`, `/chat`.
    pub fn namespace(&self) -> &str {
        self.client().namespace()
    }

    /// Whether the client has been accepted and has not gone.
    pub fn is_connected(&self) -> bool {
        self.client().is_connected()
    }

    /// The request that opened the connection.
    pub fn request(&self) -> Request {
        self.client().request().clone()
    }

    /// How the client is connected just now: `polling` or `websocket`, or as a transport of another kind calls itself.
    pub fn transport(&self) -> &'static str {
        self.client().connection().transport()
    }

    /// What is kept for this client in this namespace: one value of each type, from `connect` to `disconnect`.
    pub fn session<T: Default + Send + 'static>(&self) -> Session<T> {
        Session::new(self.client().data())
    }

    /// What is kept for this client's connection, and shared by all namespaces that it is in: one value of each type.
    pub fn connection_session<T: Default + Send + 'static>(&self) -> ConnectionSession<T> {
        ConnectionSession::new(self.client().connection().data())
    }

    /// Sends an event to this client.
    ///
    /// `payload` is the event's one argument; a tuple is several, `()` none. Returns at once: the event waits in the
    /// client's outbox. A client that has gone hears nothing, and that is no error.
    ///
    /// A payload that can't be encoded, or a reserved name such as `connect`, sends nothing. In the handler of an event of this
    /// client, the event fails when the handler ends; anywhere else the error is logged. [`Socket::try_emit`] returns it instead.
    #[track_caller]
    pub fn emit<T: Serialize>(&self, event: &str, payload: T) {
        let origin = Location::caller();
        if let Err(error) = self.try_emit(event, payload) {
            scope::fail(error, origin, Some(self.client()));
        }
    }

    /// Sends an event to this client, or tells why not.
    ///
    /// # Errors
    ///
    /// When the payload can't be encoded or the name is reserved.
    pub fn try_emit<T: Serialize>(&self, event: &str, payload: T) -> Result<(), EmitError> {
        // Without the emitter: the client is local and the only recipient.
        let codec = &self.node().hub.codec;
        let packet = codec.event(self.namespace(), None, event, &payload)?;
        self.client().emit(&self.node().hub, packet)
    }

    /// Sends a `message` event to this client.
    #[track_caller]
    pub fn send<T: Serialize>(&self, payload: T) {
        self.emit("message", payload);
    }

    /// Sends a `json` event to this client.
    #[track_caller]
    pub fn send_json<T: Serialize>(&self, payload: T) {
        self.emit("json", payload);
    }

    /// Sends an event to this client and waits up to 60 seconds for its acknowledgement.
    ///
    /// # Errors
    ///
    /// As [`To::call`].
    pub async fn call<T: DeserializeOwned>(
        &self,
        event: &str,
        payload: impl Serialize,
    ) -> Result<T, CallError> {
        self.to_self().call(event, payload).await
    }

    /// Addresses rooms or clients of this namespace: everyone in any of them once, this client included.
    pub fn to(&self, rooms: impl IntoRooms) -> To {
        self.address(Target::Rooms(Vec::new())).to(rooms)
    }

    /// Addresses everyone in this namespace, this client included.
    pub fn broadcast(&self) -> To {
        self.address(Target::Everyone)
    }

    /// Addresses everyone in this namespace but the clients with these ids.
    pub fn skip(&self, sids: impl IntoRooms) -> To {
        self.broadcast().skip(sids)
    }

    /// Addresses everyone in this namespace but the clients in any of these rooms: [`To::except`].
    pub fn except(&self, rooms: impl IntoRooms) -> To {
        self.broadcast().except(rooms)
    }

    /// Addresses everyone in another namespace. (The path of this one is [`Socket::namespace`].)
    pub fn of(&self, path: &str) -> To {
        self.broadcast().of(path)
    }

    /// Addresses this client alone.
    pub(crate) fn to_self(&self) -> To {
        self.address(Target::One(Arc::clone(self.client())))
    }

    fn address(&self, target: Target) -> To {
        To::new(
            Arc::clone(self.node()),
            Some(Arc::clone(self.client())),
            Arc::clone(self.client().namespace()),
            target,
        )
    }

    /// Puts this client into rooms: into all of them or, after an error, into those before the one at fault. Inside `connect`
    /// this takes effect once the client is accepted.
    ///
    /// The room of another client's id is private, also if that client is connected to another node of a cluster. A name that
    /// comes from a client may be such an id: give it a prefix (`format!("room:{name}")`), or pass the error on.
    ///
    /// # Errors
    ///
    /// [`RoomError::ClientRoom`] for the id of another client, [`RoomError::TooMany`] past the limit,
    /// [`RoomError::NotConnected`] when this client has gone.
    pub fn join_room(&self, rooms: impl IntoRooms) -> Result<(), RoomError> {
        let mut names = Vec::new();
        rooms.add_to(&mut names);
        let hub = &self.node().hub;
        for room in &names {
            hub.join(self.client(), room, self.node().hub.limits.rooms)?;
        }
        Ok(())
    }

    /// Takes this client out of rooms. Rooms that it is not in, and its own, are passed over.
    pub fn leave_room(&self, rooms: impl IntoRooms) {
        let mut names = Vec::new();
        rooms.add_to(&mut names);
        for room in names {
            self.node().hub.leave(self.client(), &room);
        }
    }

    /// Takes everybody out of rooms of this namespace. Rooms that nobody is in are passed over.
    ///
    /// # Errors
    ///
    /// [`RoomError::ClientRoom`] for the id of a client; the rooms before it are closed.
    pub fn close_room(&self, rooms: impl IntoRooms) -> Result<(), RoomError> {
        self.broadcast().close_room(rooms)
    }

    /// The rooms this client is in: its own first, then in the order of joining.
    pub fn rooms(&self) -> Vec<String> {
        self.client().rooms()
    }

    /// Disconnects this client from this namespace; its connection stays open. It is told, leaves its rooms at once, and
    /// its `disconnect` handler runs after the events that had arrived. The current handler goes on. Inside `connect`,
    /// the client is first accepted.
    pub fn disconnect(&self) {
        self.node()
            .hub
            .disconnect(self.client(), Reason::ServerDisconnect);
    }

    /// Closes the client's whole connection, and with it all its namespaces.
    pub fn close(&self) {
        self.client()
            .connection()
            .close_connection(CloseRequest::Server);
    }

    /// Waits until everything emitted to this client's connection so far has been handed to the transport, or the
    /// client has gone. Cancel-safe.
    pub async fn drained(&self) {
        self.client().connection().drained().await;
    }

    /// Packets that this client's connection has lost because its outbox was full: none, unless the server was built
    /// with [`OverflowPolicy::DropNewest`](crate::OverflowPolicy::DropNewest).
    pub fn dropped_packets(&self) -> usize {
        self.client().connection().dropped()
    }

    /// Runs a task in the name of this client: the functions of the crate work in it. It ends with the server (then the
    /// handle gives `None`), not with the client.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<Option<F::Output>>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let future = scope::scope_task(self.clone(), Box::pin(future));
        self.node().tasks.spawn(Location::caller(), future)
    }
}

impl PartialEq for Socket {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.client(), other.client())
    }
}

impl Eq for Socket {}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("sid", self.sid())
            .field("namespace", &self.namespace())
            .finish_non_exhaustive()
    }
}

//! [`Socket`], the public handle of one client in one namespace.
//!
//! Handlers receive it, and the functions in `context` call it for the current client. It holds the client and its
//! node, so it stays valid after the client has disconnected.

use std::{fmt, net::IpAddr, panic::Location, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};
use tokio::task::JoinHandle;
use tracing::Span;

use crate::{
    admission::address_key,
    base::{CallError, EmitError, Reason, Request, RoomError, Sid, UserError},
    client::{ConnectionSession, Session, To, scope},
    hub::{Client, CloseRequest, DeliveryOptions, IntoRooms, Target},
    node::Node,
    once::{OnceKey, Owner},
};

/// One client in one namespace. Cheap to clone; stays valid after the client has disconnected, and then sends nothing.
///
/// Handlers take it as an argument (`socket: Socket`). The functions of the crate ([`emit`](crate::emit),
/// [`join_room`](crate::join_room), ..) call its methods for the current client.
#[derive(Clone)]
pub struct Socket(Arc<Inner>);

/// In one `Arc`, since a socket is cloned several times per event.
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

    /// Returns the client's id in this namespace, which is also the name of its own room.
    pub fn sid(&self) -> &Sid {
        self.client().sid()
    }

    /// Returns the path of the namespace: `/`, `/chat`.
    pub fn namespace(&self) -> &str {
        self.client().namespace()
    }

    /// Returns whether the client has been accepted and has not disconnected.
    pub fn is_connected(&self) -> bool {
        self.client().is_connected()
    }

    /// Returns whether this client has [recovered](crate::SocketIoBuilder::recovery) its session: its id, rooms and session
    /// values are those of a connection that was lost, and it receives the events that it has missed, once it is accepted.
    pub fn recovered(&self) -> bool {
        let recoverable = self.client().recoverable();
        recoverable.is_some_and(|session| session.is_recovered())
    }

    /// Returns whether this client has lost its connection and its session is kept, in and after its `disconnect` handler.
    /// False as long as it is connected, and without [`recovery`](crate::SocketIoBuilder::recovery).
    pub fn is_session_kept(&self) -> bool {
        let reason = self.client().ended();
        let recovery = self.node().hub.recovery.as_ref();
        reason
            .zip(recovery)
            .is_some_and(|(reason, recovery)| recovery.keeps(self.client(), reason))
    }

    /// Returns the request that opened the connection.
    pub fn request(&self) -> Request {
        self.client().request().clone()
    }

    /// Returns the name of the transport that the connection uses now: `polling`, `websocket`, or the name of a custom
    /// transport.
    pub fn transport(&self) -> &'static str {
        self.client().connection().transport()
    }

    /// Returns the client's span, within that of its connection: the parent of the spans of its events. Disabled unless a
    /// subscriber enables `socketio::span=trace`. [Monitoring](https://docs.rs/socketio/latest/socketio/guide/monitoring/index.html)
    /// shows how to continue a trace of the client with it.
    pub fn span(&self) -> Span {
        self.client().span().cloned().unwrap_or_else(Span::none)
    }

    /// Returns this client's session value of type `T`: one value of each type per namespace, from `connect` to
    /// `disconnect`.
    pub fn session<T: Default + Send + 'static>(&self) -> Session<T> {
        Session::new(self.client().data())
    }

    /// Returns the connection's session value of type `T`, which all namespaces of the connection share.
    pub fn connection_session<T: Default + Send + 'static>(&self) -> ConnectionSession<T> {
        ConnectionSession::new(self.client().connection_data())
    }

    /// Sends an event to this client.
    ///
    /// `payload` is the event's only argument; a tuple is several arguments, `()` is none. Returns at once: the event
    /// waits in the client's outbox. Nothing happens if the client has disconnected.
    ///
    /// If the payload can't be encoded, or the name is reserved (`connect`), nothing is sent. In a handler of an event
    /// of this client, the event then fails when the handler ends; anywhere else the error is logged.
    /// [`Socket::try_emit`] returns it instead.
    #[track_caller]
    pub fn emit<T: Serialize>(&self, event: &str, payload: T) {
        let origin = Location::caller();
        if let Err(error) = self.try_emit(event, payload) {
            scope::fail(error, origin, Some(self.client()));
        }
    }

    /// Sends an event to this client, or returns why it was not sent.
    ///
    /// # Errors
    ///
    /// If the payload can't be encoded, the name is reserved or the client's outbox is full.
    pub fn try_emit<T: Serialize>(&self, event: &str, payload: T) -> Result<(), EmitError> {
        // Not through the emitter: the client is local and the only recipient.
        let codec = &self.node().hub.codec;
        let packet = codec.event(self.namespace(), None, event, &payload)?;
        let hub = &self.node().hub;
        let sent = hub.sent_event(self.namespace(), event);
        let options = DeliveryOptions::of_server(hub.limits.overflow, self.namespace(), event);
        self.client().emit(hub, sent, packet, options.as_ref())
    }

    /// Sends an event to this client once its outbox has room: [`To::emit_wait`].
    ///
    /// # Errors
    ///
    /// As [`To::emit_wait`].
    pub async fn emit_wait<T: Serialize>(&self, event: &str, payload: T) -> Result<(), EmitError> {
        self.to_self().emit_wait(event, payload).await
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

    /// Sends an event to this client and waits for its acknowledgement, up to the server's
    /// [`call_timeout`](crate::SocketIoBuilder::call_timeout) (60 seconds by default).
    ///
    /// Cancel-safe, as [`To::call`].
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

    /// Addresses the clients in any of these rooms of this namespace, each once, this client included.
    pub fn to(&self, rooms: impl IntoRooms) -> To {
        self.address(Target::Rooms(Vec::new())).to(rooms)
    }

    /// Addresses everyone in this namespace, this client included.
    pub fn broadcast(&self) -> To {
        self.address(Target::Everyone)
    }

    /// Addresses everyone in this namespace except the clients with these ids.
    pub fn skip(&self, sids: impl IntoRooms) -> To {
        self.broadcast().skip(sids)
    }

    /// Addresses everyone in this namespace except the clients in any of these rooms: [`To::except`].
    pub fn except(&self, rooms: impl IntoRooms) -> To {
        self.broadcast().except(rooms)
    }

    /// Addresses all clients of this namespace that are connected to this process: [`To::local`].
    pub fn local(&self) -> To {
        self.broadcast().local()
    }

    /// Addresses everyone in another namespace. [`Socket::namespace`] returns the path of this one.
    pub fn of(&self, path: &str) -> To {
        self.broadcast().of(path)
    }

    /// Addresses this client alone, for options that [`emit`](Socket::emit) and [`call`](Socket::call) do not have:
    /// `socket.to_self().volatile().emit(..)`, `socket.to_self().timeout(..).call(..)`.
    pub fn to_self(&self) -> To {
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

    /// Adds this client to rooms, in their order; the first error stops it. Inside `connect` it takes effect once the
    /// client is accepted.
    ///
    /// The room of another client's id is private, even if that client is connected to another node of a cluster. A
    /// room name that comes from a client could be such an id: add a prefix (`format!("room:{name}")`), or return the
    /// error.
    ///
    /// # Errors
    ///
    /// [`RoomError::ClientRoom`] for the id of another client, [`RoomError::TooMany`] and [`RoomError::TooLong`] beyond the
    /// limits, [`RoomError::NotConnected`] if this client has disconnected.
    pub fn join_room(&self, rooms: impl IntoRooms) -> Result<(), RoomError> {
        let mut names = Vec::new();
        rooms.add_to(&mut names);
        let hub = &self.node().hub;
        for room in &names {
            hub.join(self.client(), room, self.node().hub.limits.rooms)?;
        }
        Ok(())
    }

    /// Removes this client from rooms. Rooms that it is not in, and its own room, are skipped.
    pub fn leave_room(&self, rooms: impl IntoRooms) {
        let mut names = Vec::new();
        rooms.add_to(&mut names);
        for room in names {
            self.node().hub.leave(self.client(), &room);
        }
    }

    /// Removes all clients from rooms of this namespace. Empty rooms are skipped.
    ///
    /// # Errors
    ///
    /// [`RoomError::ClientRoom`] for the id of a client; the rooms before it are closed.
    pub fn close_room(&self, rooms: impl IntoRooms) -> Result<(), RoomError> {
        self.broadcast().close_room(rooms)
    }

    /// Returns the rooms of this client: its own first, then the others in the order of joining.
    pub fn rooms(&self) -> Vec<String> {
        self.client().rooms()
    }

    /// Sets the key of this client's user, for [`to_user`](Socket::to_user); several clients may have one user. Usually called in
    /// `connect` or in a guard, once the client has proved its identity. It replaces an earlier key, and is kept until the client's
    /// `disconnect` handler has ended.
    ///
    /// Each namespace has its own users.
    ///
    /// # Errors
    ///
    /// [`UserError::TooLong`] beyond [`max_user_key`](crate::SocketIoBuilder::max_user_key), [`UserError::NotConnected`] if
    /// this client has disconnected.
    pub fn set_user(&self, key: impl fmt::Display) -> Result<(), UserError> {
        let key = key.to_string();
        self.node().hub.set_user(self.client(), Some(&key))?;
        self.node().courier.joined(self.client());
        Ok(())
    }

    /// Removes the user of this client.
    pub fn clear_user(&self) {
        // It fails for a client that has disconnected, which can't be addressed in any case.
        let _ = self.node().hub.set_user(self.client(), None);
    }

    /// Returns the key of this client's user, if [`set_user`](Socket::set_user) has set one.
    pub fn user(&self) -> Option<String> {
        self.client().user().map(|key| String::from(&*key))
    }

    /// Addresses the clients of a user in this namespace: [`To::to_user`].
    pub fn to_user(&self, key: impl fmt::Display) -> To {
        self.address(Target::Rooms(Vec::new())).to_user(key)
    }

    /// Returns the address that limits per address use for this client; for IPv6 its network, since one host may use all addresses of it.
    /// `None` if it is not known.
    pub(crate) fn limited_address(&self) -> Option<IpAddr> {
        self.client().request().limited_address().map(address_key)
    }

    /// Returns a key of this client's events that run once, in the scope of its user, or of its session if it has none.
    pub(crate) fn once_key(&self, event: &str, key: &str) -> OnceKey {
        let namespace = self.namespace();
        match self.client().user() {
            Some(user) => OnceKey::new(namespace, Owner::User(&user), event, key),
            None => OnceKey::new(namespace, Owner::Session(self.sid().as_str()), event, key)
                .at(self.limited_address()),
        }
    }

    /// Disconnects this client from this namespace; its connection stays open. The client receives a DISCONNECT packet
    /// and leaves its rooms at once; its `disconnect` handler runs after the events that had already arrived. The
    /// current handler continues. Inside `connect`, the client is accepted first.
    pub fn disconnect(&self) {
        self.node()
            .hub
            .disconnect(self.client(), Reason::ServerDisconnect);
    }

    /// Closes the client's connection, which ends all its namespaces.
    pub fn close(&self) {
        self.client()
            .connection()
            .close_connection(CloseRequest::Server);
    }

    /// Waits until all messages emitted so far to this client's connection have been passed to the transport, or the
    /// client has disconnected. Cancel-safe.
    pub async fn drained(&self) {
        self.client().connection().drained().await;
    }

    /// Returns how many packets of this client's connection were dropped: because its outbox was full, under the
    /// [`OverflowPolicy`](crate::OverflowPolicy), and [volatile](To::volatile) ones.
    pub fn dropped_packets(&self) -> usize {
        self.client().connection().dropped()
    }

    /// Spawns a task that acts for this client: the functions of the crate (`emit`, ..) work in it. The task ends with
    /// the server (the handle then yields `None`), not with the client.
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

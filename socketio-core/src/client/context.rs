//! Functions that act for the current client, the one whose event is being handled.
//!
//! Each calls the method of the same name of [`Socket`], and panics outside of a handler. The functions in
//! [`try_context`](super::try_context) return an error instead.

use std::fmt::Display;

use serde::{Serialize, de::DeserializeOwned};
use tokio::task::JoinHandle;

use super::{ConnectionSession, Joined, RoomHistory, Session, Socket, To, scope};
use crate::{
    base::{CallError, EmitError, Request, RoomError, Sid, UserError},
    event_log::Position,
    hub::IntoRooms,
};

/// Returns the current client, the one whose event is being handled; `None` outside of handlers.
pub fn current() -> Option<Socket> {
    scope::current()
}

#[track_caller]
pub(super) fn expect_current(function: &str) -> Socket {
    match current() {
        Some(socket) => socket,
        None => panic!(
            "`socketio::{function}` was called outside of an event handler, so there is no current client; \
             use the same method of a `Socket` or of the `SocketIo` server, `socketio::spawn` instead of `tokio::spawn` \
             for tasks that act for the client, or a `try_` function where there may be no client"
        ),
    }
}

/// Sends an event to the current client: [`Socket::emit`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn emit<T: Serialize>(event: &str, payload: T) {
    expect_current("emit").emit(event, payload);
}

/// Sends a `message` event to the current client: [`Socket::send`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn send<T: Serialize>(payload: T) {
    expect_current("send").send(payload);
}

/// Sends a `json` event to the current client: [`Socket::send_json`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn send_json<T: Serialize>(payload: T) {
    expect_current("send_json").send_json(payload);
}

/// Addresses rooms or clients of the current namespace, the current client included: [`Socket::to`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn to(rooms: impl IntoRooms) -> To {
    expect_current("to").to(rooms)
}

/// Sets the key of the current client's user: [`Socket::set_user`].
///
/// # Errors
///
/// As [`Socket::set_user`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn set_user(key: impl Display) -> Result<(), UserError> {
    expect_current("set_user").set_user(key)
}

/// Returns the key of the current client's user, if it has one: [`Socket::user`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn user() -> Option<String> {
    expect_current("user").user()
}

/// Addresses the clients of a user in the current namespace: [`Socket::to_user`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn to_user(key: impl Display) -> To {
    expect_current("to_user").to_user(key)
}

/// Sends an event to the current client once its outbox has room: [`Socket::emit_wait`].
///
/// # Errors
///
/// As [`Socket::emit_wait`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn emit_wait<T: Serialize>(
    event: &str,
    payload: T,
) -> impl Future<Output = Result<(), EmitError>> {
    let socket = expect_current("emit_wait");
    async move { socket.emit_wait(event, payload).await }
}

/// Addresses the current client alone: [`Socket::to_self`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn to_self() -> To {
    expect_current("to_self").to_self()
}

/// Addresses everyone in the current namespace, the current client included: [`Socket::broadcast`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn broadcast() -> To {
    expect_current("broadcast").broadcast()
}

/// Addresses everyone in the current namespace except the clients with these ids: [`Socket::skip`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn skip(sids: impl IntoRooms) -> To {
    expect_current("skip").skip(sids)
}

/// Addresses everyone in the current namespace except the clients in any of these rooms: [`Socket::except`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn except(rooms: impl IntoRooms) -> To {
    expect_current("except").except(rooms)
}

/// Addresses everyone in another namespace: [`Socket::of`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn of(path: &str) -> To {
    expect_current("of").of(path)
}

/// Adds the current client to rooms: [`Socket::join_room`].
///
/// # Errors
///
/// As [`Socket::join_room`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn join_room(rooms: impl IntoRooms) -> Result<(), RoomError> {
    expect_current("join_room").join_room(rooms)
}

/// Adds the current client to a room with a history, with the events after a position: [`Socket::join_since`].
///
/// # Errors
///
/// As [`Socket::join_since`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn join_since(
    room: impl Into<String>,
    position: impl Into<Option<Position>>,
) -> Result<Joined, RoomError> {
    expect_current("join_since").join_since(room, position)
}

/// Adds the current client to a room with a history, with its newest events: [`Socket::join_last`].
///
/// # Errors
///
/// As [`Socket::join_last`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn join_last(room: impl Into<String>, events: usize) -> Result<Joined, RoomError> {
    expect_current("join_last").join_last(room, events)
}

/// Returns the history of a room of the current client's namespace: [`Socket::history`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn history(room: impl Into<String>) -> RoomHistory {
    expect_current("history").history(room)
}

/// Removes the current client from rooms: [`Socket::leave_room`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn leave_room(rooms: impl IntoRooms) {
    expect_current("leave_room").leave_room(rooms);
}

/// Removes all clients from rooms of the current namespace: [`Socket::close_room`].
///
/// # Errors
///
/// As [`Socket::close_room`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn close_room(rooms: impl IntoRooms) -> Result<(), RoomError> {
    expect_current("close_room").close_room(rooms)
}

/// Returns the rooms of the current client, its own first: [`Socket::rooms`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn rooms() -> Vec<String> {
    expect_current("rooms").rooms()
}

/// Disconnects the current client from the current namespace: [`Socket::disconnect`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn disconnect() {
    expect_current("disconnect").disconnect();
}

/// Returns the request that opened the current client's connection: [`Socket::request`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn request() -> Request {
    expect_current("request").request()
}

/// Returns the current client's session value of type `T`: [`Socket::session`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn session<T: Default + Send + 'static>() -> Session<T> {
    expect_current("session").session()
}

/// Returns the session value of type `T` that all namespaces of the current connection share:
/// [`Socket::connection_session`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn connection_session<T: Default + Send + 'static>() -> ConnectionSession<T> {
    expect_current("connection_session").connection_session()
}

/// Returns the id of the current client: [`Socket::sid`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn sid() -> Sid {
    expect_current("sid").sid().clone()
}

/// Sends an event to the current client and waits for its acknowledgement: [`Socket::call`]. To set another timeout:
/// `to(sid()).timeout(..).call(..)`.
///
/// # Errors
///
/// As [`To::call`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn call<T: DeserializeOwned>(
    event: &str,
    payload: impl Serialize,
) -> impl Future<Output = Result<T, CallError>> {
    let socket = expect_current("call");
    async move { socket.call(event, payload).await }
}

/// Spawns a task that acts for the current client: the functions of this crate (`emit`, ..) work in it. The task ends
/// with the server (the handle then yields `None`), not with the client.
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<Option<F::Output>>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    expect_current("spawn").spawn(future)
}

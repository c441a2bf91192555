//! Functions that act for the current client and return an error if there is none.
//!
//! Each calls the method of [`Socket`] of the same name without `try_`. Outside of a handler it returns
//! [`NoCurrentClient`], or the variant of that name of the function's own error type.

use std::fmt::Display;

use serde::{Serialize, de::DeserializeOwned};
use tokio::task::JoinHandle;

use super::{ConnectionSession, Session, Socket, To, scope};
use crate::{
    base::{CallError, EmitError, NoCurrentClient, Request, RoomError, Sid, UserError},
    hub::IntoRooms,
};

fn current() -> Result<Socket, NoCurrentClient> {
    scope::current().ok_or(NoCurrentClient)
}

/// Sends an event to the current client: [`emit`](fn@crate::emit).
///
/// # Errors
///
/// If the payload can't be encoded, the name is reserved, or there is no current client.
pub fn try_emit<T: Serialize>(event: &str, payload: T) -> Result<(), EmitError> {
    current()?.try_emit(event, payload)
}

/// Sends a `message` event to the current client: [`send`](fn@crate::send).
///
/// # Errors
///
/// As [`try_emit`].
pub fn try_send<T: Serialize>(payload: T) -> Result<(), EmitError> {
    try_emit("message", payload)
}

/// Sends a `json` event to the current client: [`send_json`](fn@crate::send_json).
///
/// # Errors
///
/// As [`try_emit`].
pub fn try_send_json<T: Serialize>(payload: T) -> Result<(), EmitError> {
    try_emit("json", payload)
}

/// Addresses rooms or clients of the current namespace, the current client included: [`to`](fn@crate::to).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_to(rooms: impl IntoRooms) -> Result<To, NoCurrentClient> {
    Ok(current()?.to(rooms))
}

/// Addresses the current client alone: [`to_self`](fn@crate::to_self).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_to_self() -> Result<To, NoCurrentClient> {
    Ok(current()?.to_self())
}

/// Sets the key of the current client's user: [`set_user`](fn@crate::set_user).
///
/// # Errors
///
/// As [`Socket::set_user`], and [`UserError::NoCurrentClient`].
pub fn try_set_user(key: impl Display) -> Result<(), UserError> {
    current()?.set_user(key)
}

/// Returns the key of the current client's user: [`user`](fn@crate::user).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_user() -> Result<Option<String>, NoCurrentClient> {
    Ok(current()?.user())
}

/// Addresses the clients of a user in the current namespace: [`to_user`](fn@crate::to_user).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_to_user(key: impl Display) -> Result<To, NoCurrentClient> {
    Ok(current()?.to_user(key))
}

/// Addresses everyone in the current namespace, the current client included: [`broadcast`](fn@crate::broadcast).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_broadcast() -> Result<To, NoCurrentClient> {
    Ok(current()?.broadcast())
}

/// Addresses everyone in the current namespace except the clients with these ids: [`skip`](fn@crate::skip).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_skip(sids: impl IntoRooms) -> Result<To, NoCurrentClient> {
    Ok(current()?.skip(sids))
}

/// Addresses everyone in the current namespace except the clients in any of these rooms: [`except`](fn@crate::except).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_except(rooms: impl IntoRooms) -> Result<To, NoCurrentClient> {
    Ok(current()?.except(rooms))
}

/// Addresses everyone in another namespace: [`of`](fn@crate::of).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_of(path: &str) -> Result<To, NoCurrentClient> {
    Ok(current()?.of(path))
}

/// Adds the current client to rooms: [`join_room`](fn@crate::join_room).
///
/// # Errors
///
/// As [`Socket::join_room`], and [`RoomError::NoCurrentClient`].
pub fn try_join_room(rooms: impl IntoRooms) -> Result<(), RoomError> {
    current()?.join_room(rooms)
}

/// Removes the current client from rooms: [`leave_room`](fn@crate::leave_room).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_leave_room(rooms: impl IntoRooms) -> Result<(), NoCurrentClient> {
    current()?.leave_room(rooms);
    Ok(())
}

/// Removes all clients from rooms of the current namespace: [`close_room`](fn@crate::close_room).
///
/// # Errors
///
/// As [`Socket::close_room`], and [`RoomError::NoCurrentClient`].
pub fn try_close_room(rooms: impl IntoRooms) -> Result<(), RoomError> {
    current()?.close_room(rooms)
}

/// Returns the rooms of the current client, its own first: [`rooms`](fn@crate::rooms).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_rooms() -> Result<Vec<String>, NoCurrentClient> {
    Ok(current()?.rooms())
}

/// Disconnects the current client from the current namespace: [`disconnect`](fn@crate::disconnect).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_disconnect() -> Result<(), NoCurrentClient> {
    current()?.disconnect();
    Ok(())
}

/// Returns the request that opened the current client's connection: [`request`](fn@crate::request).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_request() -> Result<Request, NoCurrentClient> {
    Ok(current()?.request())
}

/// Returns the current client's session value of type `T`: [`session`](fn@crate::session).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_session<T: Default + Send + 'static>() -> Result<Session<T>, NoCurrentClient> {
    Ok(current()?.session())
}

/// Returns the session value of type `T` that all namespaces of the current connection share:
/// [`connection_session`](fn@crate::connection_session).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_connection_session<T: Default + Send + 'static>()
-> Result<ConnectionSession<T>, NoCurrentClient> {
    Ok(current()?.connection_session())
}

/// Returns the id of the current client: [`sid`](fn@crate::sid).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
pub fn try_sid() -> Result<Sid, NoCurrentClient> {
    Ok(current()?.sid().clone())
}

/// Sends an event to the current client and waits for its acknowledgement: [`call`](fn@crate::call).
///
/// # Errors
///
/// As [`To::call`], and [`CallError::NoCurrentClient`].
pub fn try_call<T: DeserializeOwned>(
    event: &str,
    payload: impl Serialize,
) -> impl Future<Output = Result<T, CallError>> {
    let socket = current();
    async move { socket?.call(event, payload).await }
}

/// Spawns a task that acts for the current client: [`spawn`](fn@crate::spawn).
///
/// # Errors
///
/// [`NoCurrentClient`] outside of a handler.
#[track_caller]
pub fn try_spawn<F>(future: F) -> Result<JoinHandle<Option<F::Output>>, NoCurrentClient>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    // Not `map`: the closure would hide the caller's location.
    let socket = current()?;
    Ok(socket.spawn(future))
}

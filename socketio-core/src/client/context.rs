//! The functions that act for the client whose event is being handled.

use serde::{Serialize, de::DeserializeOwned};
use tokio::task::JoinHandle;

use super::{Session, Socket, To, scope};
use crate::{
    base::{CallError, EmitError, Request, RoomError, Sid},
    hub::IntoRooms,
};

/// The client whose event is being handled, or `None` outside of handlers.
pub fn current() -> Option<Socket> {
    scope::current()
}

#[track_caller]
fn expect_current(function: &str) -> Socket {
    match current() {
        Some(socket) => socket,
        None => panic!(
            "`socketio::{function}` was called outside of an event handler, so it is not known for which client; \
             use the same method of a `Socket` or of the `SocketIo` server, and `socketio::spawn` instead of \
             `tokio::spawn` for tasks that go on in the name of the client"
        ),
    }
}

macro_rules! context {
    ($(
        $(#[$docs:meta])*
        $name:ident $([$($generics:tt)*])? ($($argument:ident: $type:ty),*) $(-> $output:ty)?;
    )*) => {$(
        $(#[$docs])*
        ///
        /// # Panics
        ///
        /// Outside of a handler.
        #[track_caller]
        pub fn $name$(<$($generics)*>)?($($argument: $type),*) $(-> $output)? {
            expect_current(stringify!($name)).$name($($argument),*)
        }
    )*};
}

context! {
    /// Sends an event to the client whose event is being handled: [`Socket::emit`].
    emit[T: Serialize](event: &str, payload: T);
    /// Sends an event to the client whose event is being handled, or tells why not: [`Socket::try_emit`].
    try_emit[T: Serialize](event: &str, payload: T) -> Result<(), EmitError>;
    /// Sends a `message` event to the client whose event is being handled: [`Socket::send`].
    send[T: Serialize](payload: T);
    /// Sends a `json` event to the client whose event is being handled: [`Socket::send_json`].
    send_json[T: Serialize](payload: T);
    /// Addresses rooms or clients of the current namespace, the sender included: [`Socket::to`].
    to[R: IntoRooms](rooms: R) -> To;
    /// Addresses everyone in the current namespace, the sender included: [`Socket::broadcast`].
    broadcast() -> To;
    /// Addresses everyone in the current namespace but these: [`Socket::skip`].
    skip[R: IntoRooms](sids: R) -> To;
    /// Addresses everyone in another namespace: [`Socket::namespace`].
    of(path: &str) -> To;
    /// Puts the client whose event is being handled into rooms: [`Socket::join_room`].
    join_room[R: IntoRooms](rooms: R) -> Result<(), RoomError>;
    /// Takes the client whose event is being handled out of rooms: [`Socket::leave_room`].
    leave_room[R: IntoRooms](rooms: R);
    /// Takes everybody out of rooms of the current namespace: [`Socket::close_room`].
    close_room[R: IntoRooms](rooms: R) -> Result<(), RoomError>;
    /// The rooms that the client is in whose event is being handled, its own first: [`Socket::rooms`].
    rooms() -> Vec<String>;
    /// Disconnects the client whose event is being handled from the current namespace: [`Socket::disconnect`].
    disconnect();
    /// The request that opened the connection of the client whose event is being handled: [`Socket::request`].
    request() -> Request;
    /// What is kept for the client whose event is being handled: [`Socket::session`].
    session[T: Default + Send + 'static]() -> Session<T>;
}

/// The id of the client whose event is being handled: [`Socket::sid`].
///
/// # Panics
///
/// Outside of a handler.
#[track_caller]
pub fn sid() -> Sid {
    expect_current("sid").sid().clone()
}

/// Sends an event to the client whose event is being handled and waits up to 60 seconds for its answer:
/// [`Socket::call`]. For another time: `to(sid()).timeout(..).call(..)`.
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

/// Runs a task that goes on in the name of the client whose event is being handled: the functions of this crate work in
/// it. It ends with the server (then the handle gives `None`), not with the client.
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

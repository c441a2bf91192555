//! The server behind the [`socketio`](https://docs.rs/socketio) crate: use that one. This crate is its inside, for those
//! who build on single layers: [`engine`] is Engine.IO alone, [`protocol`] reads and writes Socket.IO packets,
//! [`transport`] attaches clients of other kinds, [`parser`] serializes packets in other ways.

mod adapter;
mod admin;
mod answered;
mod answers;
mod call_stream;
mod context;
mod data;
mod date;
pub mod engine;
mod error;
mod extract;
mod handler;
mod hub;
mod message;
pub mod message_queue;
mod node;
pub mod parser;
#[doc(hidden)]
pub mod private;
pub mod protocol;
mod reason;
mod reply;
mod request;
mod rest;
mod server;
mod session;
mod socket;
mod states;
mod tasks;
mod to;
pub mod transport;

pub use adapter::QueueHealth;
pub use admin::{Admin, AdminAuth, AdminMode};
pub use answered::Answered;
pub use call_stream::CallStream;
pub use context::{
    broadcast, call, close_room, current, disconnect, emit, join_room, leave_room, namespace,
    request, rooms, send, send_json, session, sid, skip, spawn, to, try_emit,
};
pub use data::{BinaryInJson, Data};
pub use error::{
    BoxError, BuildError, CallError, ConnectionRefused, EmitError, Forbidden, HandlerError,
    HandshakeRefused, Result, RoomError,
};
pub use extract::{Auth, EventContext, EventName, FromEvent, Needs, Path, State};
pub use handler::{
    Description, EventCall, EventHandler, Guard, Handler, HandlerInfo, Handlers, Middleware,
    Namespace, Next,
};
pub use hub::{IntoRooms, Sid, SlowClient};
pub use message::{Message, Text};
pub use reason::Reason;
pub use reply::Reply;
pub use request::{PeerAddr, Request};
pub use rest::Rest;
pub use server::{
    App, Layered, Listener, Peer, SocketIo, SocketIoBuilder, SocketIoLayer, SocketIoService,
};
#[cfg(feature = "tls")]
pub use server::{Tls, TlsListener, TlsStream};
pub use session::{ConnectionSession, Session};
pub use socket::Socket;
pub use to::To;

/// A list of functions under `#[socketio::on]` and its like, for [`SocketIoBuilder::handlers`].
///
/// It names the hidden type that each attribute puts beside its function: so a function without one of our attributes is
/// "not found in this scope" or "not a type" to the compiler.
#[macro_export]
macro_rules! handlers {
    ($($handler:ty),* $(,)?) => {
        [$(<$handler as $crate::Handler>::DEFINITIONS),*]
    };
}

//! What handlers see: the `Socket` of a client, the `SocketIo` handle of the server, recipients, sessions, and the functions
//! that act for the current client.
//!
//! `Socket`, `To` and the scope of the current client name each other: a client addresses others, recipients are listed as
//! clients, and an emit that fails inside a handler is noted in the handler's scope.

mod context;
mod scope;
mod session;
mod socket;
mod socketio;
mod to;

pub use context::{
    broadcast, call, close_room, current, disconnect, emit, join_room, leave_room, of, request,
    rooms, send, send_json, session, sid, skip, spawn, to, try_emit,
};
pub(crate) use scope::{Scope, run_blocking};
pub use session::{ConnectionSession, Session};
pub use socket::Socket;
pub use socketio::SocketIo;
pub use to::To;

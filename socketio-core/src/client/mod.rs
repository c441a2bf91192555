//! The API that handlers use: `Socket`, `SocketIo`, recipients, sessions, and functions that act for the current
//! client.
//!
//! `Socket`, `To` and `scope` import each other: a client addresses recipients, recipients list clients, and an `emit`
//! that fails in a handler is recorded in the handler's scope.

mod context;
mod emit_event;
mod event;
mod expired;
mod history;
mod once_in;
mod recovery;
mod room_history;
mod scope;
mod sent_event;
mod session;
mod socket;
mod socketio;
mod to;
mod try_context;

pub use context::{
    broadcast, call, close_room, connection_session, current, disconnect, emit, emit_wait, except,
    history, join_last, join_room, join_since, leave_room, of, request, rooms, send, send_json,
    session, set_user, sid, skip, spawn, to, to_self, to_user, user,
};
pub use emit_event::{call_event, emit_event, try_call_event, try_emit_event};
pub use event::{
    AsksForAck, Event, NoArguments, OneArgument, SeveralArguments, event_name, event_namespace,
    read_event,
};
pub use expired::Expired;
pub use history::{History, Joined};
pub use once_in::{OnceTransaction, once_in};
pub use recovery::Recovery;
pub(crate) use room_history::SelectedEvents;
pub use room_history::{HistoryEvent, HistoryPage, RoomHistory};
pub(crate) use scope::{Scope, Scoped, run_blocking};
pub use sent_event::SentEvent;
pub(crate) use sent_event::{Tap, Taps};
pub use session::{ConnectionSession, Session};
pub use socket::Socket;
pub use socketio::SocketIo;
pub use to::{Deliver, To};
pub use try_context::{
    try_broadcast, try_call, try_close_room, try_connection_session, try_disconnect, try_emit,
    try_except, try_join_room, try_leave_room, try_of, try_request, try_rooms, try_send,
    try_send_json, try_session, try_set_user, try_sid, try_skip, try_spawn, try_to, try_to_self,
    try_to_user, try_user,
};

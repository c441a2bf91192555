//! Socket.IO servers in the style of Flask-SocketIO.

#![doc = ""]

extern crate self as socketio;

pub use socketio_core::{
    App, Auth, BinaryInJson, BoxError, BuildError, CallError, ConnectionRefused, Data, EmitError,
    EventContext, EventHandler, EventName, FromEvent, Handler, HandlerError, IntoRooms, Needs,
    PeerAddr, Reason, Request, Rest, Result, RoomError, Session, Sid, SlowClient, Socket, SocketIo,
    SocketIoBuilder, SocketIoLayer, SocketIoService, State, To, broadcast, call, close_room,
    current, disconnect, emit, handlers, join_room, leave_room, namespace, request, rooms, send,
    send_json, session, sid, skip, spawn, to, try_emit,
};
pub use socketio_core::{Namespace, engine};
pub use socketio_macros::{Namespace, event, namespace, on, on_error, on_error_default};

#[doc(hidden)]
pub use socketio_core::private as __private;

//! The server behind the [`socketio`](https://docs.rs/socketio) crate: use that one. This crate is its inside, for those
//! who build on single layers: [`engine`] is Engine.IO alone, [`protocol`] reads and writes Socket.IO packets,
//! [`transport`] attaches clients of other kinds, [`parser`] serializes packets in other ways.

mod ack;
mod admin;
mod admission;
mod base;
mod client;
mod cluster;
pub mod engine;
mod handler;
mod hub;
pub mod message_queue;
mod node;
mod packet;
mod pending;
#[doc(hidden)]
pub mod private;
mod server;

/// Socket.IO v5 packets in their JSON form: encoding and decoding, without any I/O.
pub mod protocol {
    pub use crate::packet::{
        Arguments, Assembler, DecodeError, Frames, JsonPayload, Kind, RESERVED, TextPacket, ack,
        connect, connect_error, connect_request, decode, disconnect, event, event_with,
        is_reserved, payload, payload_of,
    };
    pub use crate::{
        admission::PacketLimits,
        base::{ArgumentError, EncodeError},
    };
}

/// The serializer of a server: what its packets look like as messages.
///
/// The default is the protocol's own: JSON text, with binary data in messages behind it. Another one is given to
/// [`SocketIoBuilder::parser`](crate::SocketIoBuilder::parser), and then every client has to use it: `MsgPack`, or your own
/// implementation of [`Parser`](parser::Parser). Handlers see no difference.
pub mod parser {
    #[cfg(feature = "msgpack")]
    pub use crate::packet::MsgPack;
    pub use crate::{
        admission::PacketLimits,
        packet::{
            Body, Codec, Decoder, Form, Frames, Json, Packet, Parser, Payload, Reader, Received,
        },
    };
}

pub use ack::{AckCallback, CallStream};
pub use admin::{Admin, AdminAuth, AdminMode};
pub use admission::OverflowPolicy;
pub use base::{
    ArgumentError, BinaryInJson, BoxError, BuildError, CallError, ConnectionRefused, Data,
    EmitError, Forbidden, HandlerError, HandshakeRefused, IntoAccept, Message, NoCurrentClient,
    PeerAddr, Reason, Request, Result, RoomError, Sid, Text, UnknownReason,
};
pub use client::{
    ConnectionSession, Session, Socket, SocketIo, To, broadcast, call, close_room, current,
    disconnect, emit, except, join_room, leave_room, of, request, rooms, send, send_json, session,
    sid, skip, spawn, to, try_broadcast, try_call, try_close_room, try_disconnect, try_emit,
    try_except, try_join_room, try_leave_room, try_of, try_request, try_rooms, try_send,
    try_send_json, try_session, try_sid, try_skip, try_spawn, try_to,
};
pub use cluster::QueueHealth;
pub use handler::{
    Auth, ConfiguredHandler, EventCall, EventContext, EventHandler, EventHandlerExt, EventName,
    FromEvent, Guard, Handler, Handlers, Middleware, Namespace, Needs, Next, Path, RespondWith,
    Response, State,
};
pub use hub::{IntoRooms, transport};
pub use node::{Description, HandlerInfo};
pub use packet::Rest;
pub use server::{App, Layered, Listener, Peer, SocketIoBuilder, SocketIoLayer, SocketIoService};
#[cfg(feature = "tls")]
pub use server::{Tls, TlsListener, TlsStream};
#[cfg(feature = "tls")]
pub use tokio_rustls::rustls;

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

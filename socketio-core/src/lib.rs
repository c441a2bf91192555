//! The implementation of the [`socketio`](https://docs.rs/socketio) crate, which programs should use instead. Use this
//! crate directly to build on a single layer: [`engine`] is Engine.IO without Socket.IO, [`protocol`] encodes and
//! decodes Socket.IO packets, [`transport`] attaches custom transports, and [`parser`] has the parsers of packets.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod ack;
#[cfg_attr(
    not(feature = "api"),
    allow(dead_code, unused_imports, reason = "read by the HTTP API")
)]
mod activity;
mod admin;
mod admission;
#[cfg(feature = "api")]
mod api;
mod base;
mod client;
mod cluster;
#[cfg(feature = "contract")]
pub mod contract;
mod counters;
mod delivery;
pub mod engine;
mod event_log;
mod event_store;
mod handler;
mod history;
mod hub;
pub mod message_queue;
pub mod metrics;
mod node;
mod once;
mod packet;
mod pending;
#[doc(hidden)]
pub mod private;
mod recorder;
mod rest;
#[cfg(feature = "contract")]
mod schema;
mod server;

/// Socket.IO v5 packets in their JSON form: encoding and decoding, without any I/O.
pub mod protocol {
    pub use crate::packet::{
        Arguments, Assembler, DecodeError, Frames, JsonPayload, Kind, OFFSET_EVENT, RESERVED,
        TextPacket, ack, connect, connect_error, connect_request, decode, disconnect, event,
        event_with, is_reserved, payload, payload_of,
    };
    pub use crate::{
        admission::PacketLimits,
        base::{ArgumentError, EncodeError},
    };
}

/// Parsers, which encode packets as messages and decode them.
///
/// The default is JSON text, followed by binary data in separate messages. Another one is set with
/// [`SocketIoBuilder::parser`](crate::SocketIoBuilder::parser), and all clients must use it, too: `MsgPack`, or a
/// custom implementation of [`Parser`](parser::Parser). Handlers are not affected.
pub mod parser {
    #[cfg(feature = "msgpack")]
    pub use crate::packet::MsgPack;
    pub use crate::{
        admission::PacketLimits,
        packet::{
            AckId, Body, Codec, Decoder, Form, Frames, Json, Packet, Parser, Payload, Reader,
            Received,
        },
    };
}

pub use ack::{AckCallback, CallStream};
pub use activity::{Direction, Row};
pub use admin::{Admin, AdminAuth, AdminMode};
pub use admission::{OverflowPolicy, RateLimitPolicy};
#[cfg(feature = "api")]
#[cfg_attr(docsrs, doc(cfg(feature = "api")))]
pub use api::{Api, ApiService, Scope};
pub use base::{
    ArgumentError, BinaryInJson, BoxError, BuildError, CallError, ConnectionRefused, Data,
    DeliverError, EmitError, Forbidden, HandlerError, HandshakeRefused, IntoAccept, Message,
    NoCurrentClient, PeerAddr, Reason, Request, ResponseBody, Result, RoomError, Sid, Text,
    TrustedProxies, UnixPeer, UnknownReason, UserError,
};
pub use client::{
    AsksForAck, ConnectionSession, Deliver, Event, Expired, History, HistoryEvent, HistoryPage,
    Joined, OnceTransaction, Recovery, RoomHistory, SentEvent, Session, Socket, SocketIo, To,
    broadcast, call, call_event, close_room, connection_session, current, disconnect, emit,
    emit_event, emit_wait, except, history, join_last, join_room, join_since, leave_room, of,
    once_in, request, rooms, send, send_json, session, set_user, sid, skip, spawn, to, to_self,
    to_user, try_broadcast, try_call, try_call_event, try_close_room, try_connection_session,
    try_disconnect, try_emit, try_emit_event, try_except, try_join_room, try_leave_room, try_of,
    try_request, try_rooms, try_send, try_send_json, try_session, try_set_user, try_sid, try_skip,
    try_spawn, try_to, try_to_self, try_to_user, try_user, user,
};
pub use cluster::QueueHealth;
pub use delivery::{Deliveries, Undelivered, UndeliveredReason};
pub use event_log::{InvalidPosition, Position};
#[cfg(feature = "redis")]
pub use event_store::RedisStreams;
pub use event_store::{
    EpochEnded, EventStore, MemoryEvents, OpenedStore, SessionKey, StoredEntry, StoredSession,
    TakenSession,
};
pub use handler::{
    Ack, Auth, ConfiguredHandler, EventCall, EventContext, EventHandler, EventHandlerExt, EventKey,
    EventName, EventStream, FromEvent, Guard, Handler, HandlerList, HandlerStream, Handlers,
    IntoItems, Middleware, Namespace, Needs, Next, NoAck, Path, Recovered, RespondWith, Response,
    ReturnValue, State, StreamEnd, StreamTo, Upload, UploadError,
};
pub use history::{HistoryHttp, HistoryRequest};
pub use hub::{IntoRooms, transport};
pub use node::{Description, Drain, HandlerInfo};
#[cfg(feature = "redis")]
pub use once::RedisOnce;
pub use once::{Begun, Claim, MemoryOnce, Once, OnceKey, OnceLimits, OnceStore};
pub use packet::Rest;
pub use recorder::Recorder;
pub use server::{App, Layered, Listener, Peer, SocketIoBuilder, SocketIoLayer, SocketIoService};
#[cfg(feature = "tls")]
pub use server::{Tls, TlsListener, TlsStream};
// Their types are in public signatures: `Bytes` in messages and `Data`, headers and URIs in requests.
pub use bytes;
pub use http;
#[cfg(feature = "contract")]
pub use schemars;
#[cfg(feature = "tls")]
pub use tokio_rustls::rustls;
pub use tracing;

/// Lists functions with `#[socketio::on]` or another handler attribute, for [`SocketIoBuilder::handlers`].
///
/// It uses the hidden type that each attribute generates beside its function. The compiler reports a function without
/// an attribute as "not found in this scope" or "not a type".
#[macro_export]
macro_rules! handlers {
    (|$($closure:tt)*) => {
        $crate::handlers!(||)
    };
    (||$($closure:tt)*) => {
        ::core::compile_error!("`handlers!` lists functions with an attribute: add a closure with `.on(\"name\", ..)`")
    };
    ($($handler:ty),* $(,)?) => {
        [$(<$handler as $crate::Handler>::DEFINITIONS),*]
    };
}

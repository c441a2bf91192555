//! Socket.IO servers in the style of Flask-SocketIO. A handler is a plain function with an attribute on it: its parameters
//! receive the event's arguments, its return value is sent back as the acknowledgement, and `emit()` replies to the client that
//! sent the event.
//!
//! ```no_run
//! use socketio::{SocketIo, emit, join_room, to};
//!
//! #[socketio::event]
//! async fn join(room: String) -> socketio::Result {
//!     join_room(&room)?;
//!     to(&room).emit("joined", socketio::sid());
//!     Ok(())
//! }
//!
//! #[socketio::on("chat message")]
//! async fn chat_message(room: String, text: String) -> usize {
//!     to(&room).emit("chat message", &text);
//!     emit("sent", ());
//!     text.len()
//! }
//!
//! #[tokio::main]
//! async fn main() -> socketio::Result {
//!     let io = SocketIo::builder().build()?;
//!     io.run((), "127.0.0.1:5000").await
//! }
//! ```
//!
//! It serves every official client (Socket.IO protocol v5 over Engine.IO v4: JavaScript 3 and later, Python 5 and later; earlier
//! ones with [`allow_eio3`](SocketIoBuilder::allow_eio3)) over long-polling and WebSocket, next to any HTTP application of hyper,
//! tower or axum.
//!
//! The [guide] begins with [getting started](crate::guide::getting_started): a project, a web page, and clients in
//! JavaScript and Python. To find an item of the API by what it does:
//!
//! | task | API |
//! |---|---|
//! | Handle events | [`#[event]`](macro@event), [`#[on("name")]`](macro@on), [`#[namespace]`](macro@namespace) on an impl block, [`on`](SocketIoBuilder::on) for closures |
//! | Read arguments | parameters of any [`Deserialize`](https://docs.rs/serde/latest/serde/trait.Deserialize.html) type, [`Rest`], [`Data`]; extractors: [`FromEvent`] |
//! | Reply to the client | the return value of the handler; [`emit`], [`send`], [`send_json`], [`call`] |
//! | Emit to others | [`to`], [`broadcast`], [`skip`], [`except`], [`of`], then [`emit`](To::emit) or [`call`](To::call); options: [`volatile`](To::volatile), [`overflow`](To::overflow), [`emit_wait`](To::emit_wait) |
//! | Use rooms | [`join_room`], [`leave_room`], [`close_room`], [`rooms`] |
//! | List the clients in a room | [`To::sockets`], [`SocketIo::sockets`], [`SocketIo::socket`] |
//! | Identify the client | [`sid`], [`request`], [`Socket`]; in `connect` also [`Auth`] |
//! | Accept, refuse and disconnect clients | handlers named `connect` and `disconnect`, [`ConnectionRefused`], [`Reason`], [`disconnect`] |
//! | Keep data of a client | [`Session`], [`ConnectionSession`], [`session`] |
//! | Keep clients' sessions while they are disconnected | [`recovery`](SocketIoBuilder::recovery), [`Recovery`], [`Recovered`], [`Expired`] |
//! | Send earlier events of a room to clients that join | [`history`](SocketIoBuilder::history), [`join_since`], [`join_last`], [`History`], [`Position`]; over HTTP: [`history_http`](SocketIoBuilder::history_http), [`HistoryHttp`] |
//! | Share data between handlers | [`State`], [`state`](SocketIoBuilder::state), [`shared_state`](SocketIoBuilder::shared_state), [`SocketIo::state`] |
//! | Work outside of handlers | [`SocketIo`], [`spawn`], [`current`], [`try_emit`] and the other `try_` functions |
//! | Authorize events and connections | `guard = ..` on an attribute, [`guard`](SocketIoBuilder::guard), [`guard_in`](SocketIoBuilder::guard_in), [`on_handshake`](SocketIoBuilder::on_handshake) |
//! | Wrap every event | [`middleware`](SocketIoBuilder::middleware) |
//! | Handle errors | [`#[on_error]`](macro@on_error), [`#[on_error_default]`](macro@on_error_default), [`on_error`](SocketIoBuilder::on_error) for closures |
//! | Handle an event once despite retries | `once = id` on an attribute, [`once`](EventHandlerExt::once), [`once_in`] for a transaction, [`Once`] |
//! | Send an event until it is acknowledged | [`deliver`](To::deliver), [`Deliveries`] |
//! | Build, serve and shut down | [`SocketIo`], [`SocketIoBuilder`], [`run`](SocketIo::run), [`run_until`](SocketIo::run_until), [`layer`](SocketIo::layer), [`drain`](SocketIoBuilder::drain), [`shutdown`](SocketIo::shutdown) |
//! | Scale to several processes | [`message_queue`](SocketIoBuilder::message_queue) |
//! | Log and inspect | [`logger`](SocketIoBuilder::logger), [`admin`](SocketIoBuilder::admin), [`describe`](SocketIo::describe) |
//! | Let other programs read and emit | the [HTTP API](crate::guide::http_api) |
//! | Emit typed events | [`Event`](derive@Event), [`emit_event`], [`To::emit_event`] |
//! | Give clients types | `SocketIo::contract`: [typed contracts](crate::guide::contracts) |
//! | Test | the crate `socketio-test`: [testing](crate::guide::testing) |
//!
//! # Cargo features
//!
//! | feature | enables | default |
//! |---|---|---|
//! | `logger` | [`logger`](SocketIoBuilder::logger): logs for programs that don't set up `tracing` | yes |
//! | `tls` | `Tls`, `TlsListener`, `SocketIo::run_tls` | no |
//! | `msgpack` | the parser `MsgPack` | no |
//! | `api` | `SocketIoBuilder::api`, the [HTTP API](crate::guide::http_api) | no |
//! | `contract` | [`SocketIo::contract`]: the events as TypeScript, AsyncAPI and JSON Schema | no |
//! | `metrics` | [`Metrics::record`](metrics::Metrics), for the recorders of the crate `metrics` | no |
//! | `redis`, `rabbitmq`, `kafka`, `nats` | the message queue of that name; `redis` also `RedisOnce`, `RedisStreams` and `Deliveries::redis` | no |

#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate self as socketio;

pub mod guide;
pub mod message_queue;
pub mod parser;

pub use socketio_core::{
    Ack, AckCallback, Admin, AdminAuth, AdminMode, App, ArgumentError, AsksForAck, Auth, Begun,
    BinaryInJson, BoxError, BuildError, CallError, CallStream, Claim, ConfiguredHandler,
    ConnectionRefused, ConnectionSession, Data, Deliver, DeliverError, Deliveries, Description,
    Direction, Drain, EmitError, EpochEnded, Event, EventCall, EventContext, EventHandler,
    EventHandlerExt, EventKey, EventName, EventStore, EventStream, Expired, Forbidden, FromEvent,
    Guard, Handler, HandlerError, HandlerInfo, HandlerList, HandlerStream, Handlers,
    HandshakeRefused, History, HistoryEvent, HistoryHttp, HistoryPage, HistoryRequest, IntoAccept,
    IntoItems, IntoRooms, InvalidPosition, Joined, Layered, Listener, MemoryEvents, MemoryOnce,
    Message, Middleware, Namespace, Needs, Next, NoAck, NoCurrentClient, Once, OnceKey, OnceLimits,
    OnceStore, OnceTransaction, OpenedStore, OverflowPolicy, Path, Peer, PeerAddr, Position,
    QueueHealth, RateLimitPolicy, Reason, Recorder, Recovered, Recovery, Request, RespondWith,
    Response, ResponseBody, Rest, Result, ReturnValue, RoomError, RoomHistory, Row, SentEvent,
    Session, SessionKey, Sid, Socket, SocketIo, SocketIoBuilder, SocketIoLayer, SocketIoService,
    State, StoredEntry, StoredSession, StreamEnd, StreamTo, TakenSession, Text, To, TrustedProxies,
    Undelivered, UndeliveredReason, UnixPeer, UnknownReason, Upload, UploadError, UserError,
    broadcast, bytes, call, call_event, close_room, connection_session, current, disconnect, emit,
    emit_event, emit_wait, engine, except, handlers, history, http, join_last, join_room,
    join_since, leave_room, metrics, of, once_in, protocol, request, rooms, send, send_json,
    session, set_user, sid, skip, spawn, to, to_self, to_user, tracing, transport, try_broadcast,
    try_call, try_call_event, try_close_room, try_connection_session, try_disconnect, try_emit,
    try_emit_event, try_except, try_join_room, try_leave_room, try_of, try_request, try_rooms,
    try_send, try_send_json, try_session, try_set_user, try_sid, try_skip, try_spawn, try_to,
    try_to_self, try_to_user, try_user, user,
};
#[cfg(feature = "api")]
#[cfg_attr(docsrs, doc(cfg(feature = "api")))]
pub use socketio_core::{Api, ApiService, Scope};
#[cfg(feature = "redis")]
pub use socketio_core::{RedisOnce, RedisStreams};
#[cfg(feature = "tls")]
pub use socketio_core::{Tls, TlsListener, TlsStream, rustls};
#[cfg(feature = "contract")]
pub use socketio_core::{contract, schemars};
pub use socketio_macros::{Event, Namespace, event, namespace, on, on_error, on_error_default};

#[doc(hidden)]
pub use socketio_core::private as __private;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

//! A test client for servers built with [`socketio`](https://docs.rs/socketio), which runs in the same process without
//! ports.
//!
//! ```
//! use serde_json::json;
//! use socketio::{SocketIo, handlers, join_room, to};
//! use socketio_test::{TestClient, event};
//!
//! #[socketio::event(namespace = "/chat")]
//! async fn join(room: String) -> socketio::Result {
//!     join_room(&room)?;
//!     to(&room).emit("joined", socketio::sid());
//!     Ok(())
//! }
//!
//! #[socketio::event(namespace = "/chat")]
//! async fn say(room: String, text: String) -> usize {
//!     to(room).include_self(false).emit("said", &text);
//!     text.len()
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> socketio::Result {
//! let io = SocketIo::bare().handlers(handlers![join, say]).build()?;
//! let ana = TestClient::connect(&io, "/chat").await?;
//! let bo = TestClient::builder(&io).namespace("/chat").header("x-team", "b").connect().await?;
//!
//! bo.emit("join", "lobby").await?; // resolves when the handler has ended
//! let length: usize = ana.call("say", ("lobby", "hi")).await?; // asks for an acknowledgement
//!
//! assert_eq!(length, 2);
//! assert_eq!(bo.received(), [event("joined", bo.sid()), event("said", "hi")]);
//! assert!(ana.received().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! The client is not a mock but a third transport beside polling and WebSocket: its packets are encoded, and the server
//! handles them with the same code.
//!
//! * [`received`](TestClient::received) returns everything that was emitted before it is called, so tests need no
//!   sleep.
//! * [`next`](TestClient::next) and similar methods wait for later events, up to five seconds of tokio's time, which
//!   take no real time if it is paused.
//! * Several servers that share a [`TestQueue`] form a cluster.
//! * [`rows`](TestClient::rows) returns what a client has sent and received, in the form that a server records;
//!   [`Replay`] sends recorded events again.
//! * Several servers that share a [`TestStore`] share their events and sessions: a client can recover its session on
//!   another one with [`recover_on`](TestClient::recover_on).
//! * [`MessageQueueContract`] checks an implementation of `MessageQueue`, [`OnceStoreContract`] one of `OnceStore`, and
//!   [`EventStoreContract`] one of `EventStore`.
//! * There is no global state: any number of clients and servers can be used in any number of concurrent tests, on both
//!   runtimes of tokio.

mod builder;
mod client;
mod connect_request;
mod connection;
mod contract;
mod cookies;
mod error;
mod event;
mod event_store_contract;
mod message_queue_contract;
mod namespace_slot;
mod once_store_contract;
mod packet;
mod pending;
mod queue;
mod recovering;
mod replay;
mod responder;
mod rows;
mod sending;
mod shared;
mod state;
mod store;
mod transport;
mod typed;
mod waiting;

pub use builder::TestClientBuilder;
pub use client::TestClient;
pub use connection::{ConnectTo, Connection};
pub use error::{CallFailed, ConnectError, EmitFailed};
pub use event::{Event, event};
pub use event_store_contract::EventStoreContract;
pub use message_queue_contract::{MessageQueueContract, Network};
pub use once_store_contract::OnceStoreContract;
pub use packet::Packet;
pub use pending::Pending;
pub use queue::TestQueue;
pub use replay::{Replay, ReplayFailure, ReplayProblem, Replayed};
pub use store::TestStore;

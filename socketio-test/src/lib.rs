//! A test client for servers built with [`socketio`](https://docs.rs/socketio): in the process, without ports.
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
//! It is no mock but a third transport beside polling and WebSocket: what it sends is encoded and comes to the server where
//! their packets come, and what it received was decoded from the packets that they would have written.
//!
//! * [`received`](TestClient::received) holds everything that was emitted before it is called, so nothing has to sleep.
//! * [`next`](TestClient::next) and its like wait for what comes later, up to five seconds of tokio's time: at once where
//!   it is paused.
//! * Several servers over a [`TestQueue`] are a cluster.
//! * [`MessageQueueContract`] checks an implementation of `MessageQueue`.
//! * Nothing is global: any number of clients and servers, in any number of tests at once, on either runtime of tokio.

mod builder;
mod client;
mod connection;
mod cookies;
mod error;
mod event;
mod hello;
mod message_queue_contract;
mod packet;
mod pending;
mod queue;
mod responder;
mod seat;
mod shared;
mod state;
mod transport;
mod waiting;

pub use builder::TestClientBuilder;
pub use client::TestClient;
pub use connection::{ConnectTo, Connection};
pub use error::{CallFailed, ConnectError, EmitFailed};
pub use event::{Event, event};
pub use message_queue_contract::{MessageQueueContract, Network};
pub use packet::Packet;
pub use pending::Pending;
pub use queue::TestQueue;

//! Engine.IO clients below the protocol, which can also break it.
//!
//! The in-process `TestClient` is a transport of its own and does not use the `engine` module. The behaviour of that module
//! (closing, stalled writes, heartbeats, the end of an HTTP server) is tested over a byte stream. Streams in memory work with
//! tokio's paused time:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! # use socketio_core as socketio;
//! use socketio::SocketIo;
//! use test_support::engine_client::{Connector, Frame};
//!
//! let io = SocketIo::bare().build().unwrap();
//! let connector = Connector::serve(&io);
//!
//! let mut client = connector.websocket().await; // Engine.IO is open, no namespace is joined
//! client.join("/").await;
//! client.send("42[\"unknown\"").await; // an invalid packet
//! assert!(matches!(client.frame().await, Some(Frame::Close(_)))); // Close is never answered
//! # }
//! ```
//!
//! A client reads only while the test awaits it. [`WebSocket::frame`] responds to nothing; [`WebSocket::next_packet`] and
//! [`WebSocket::packets_for`] respond to pings, until [`WebSocket::ignore_pings`] is called.

mod connector;
mod frame;
mod polling;
mod websocket;

pub use connector::{Connector, DuplexListener, Stream};
pub use frame::Frame;
pub use polling::Polling;
pub use websocket::WebSocket;

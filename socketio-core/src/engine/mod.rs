//! Engine.IO v4: sessions over long-polling and WebSocket.
//!
//! This layer carries messages, texts and bytes, and knows nothing of Socket.IO; it can be used by
//! itself. An [`Engine`] answers HTTP requests and hands out a [`Session`] for each connection:
//!
//! ```
//! use socketio_core::engine::{Config, Engine};
//!
//! let engine = Engine::new(Config::default(), |mut session| {
//!     tokio::spawn(async move {
//!         while let Ok(message) = session.recv().await {
//!             let _ = session.send(message).await;
//!         }
//!     });
//! });
//! // For each request under the path of the engine: `engine.handle(request).await`
//! # assert!(engine.is_empty());
//! ```
//!
//! The way of a request: `server` reads its purpose (`request`), checks its origin (`cors`) and
//! either refuses it (`refusal`), opens a `session`, or leaves it with the session it names, in its
//! `shared` slots. The session is an actor without a task of its own: whoever owns it polls it, and
//! it drives the `websocket`, the `upgrade`, the `heartbeat` and the `timer`.

mod compression;
mod config;
mod cookie;
mod cors;
mod heartbeat;
mod origin;
mod outgoing;
mod packet;
mod payload;
mod polling;
mod reason;
mod refusal;
mod request;
mod server;
mod session;
mod sessions;
mod shared;
mod sid;
mod stream;
mod timer;
mod transport;
mod upgrade;
mod websocket;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use cookie::Cookie;
pub use cors::Cors;
pub use outgoing::Outgoing;
pub use reason::CloseReason;
pub use server::Engine;
pub use session::{Event, Session};
pub use transport::{TransportKind, Transports};

//! Engine.IO: sessions over long-polling and WebSocket, in version 4 of the protocol, and in version 3 for old clients.
//!
//! This layer carries messages (texts and bytes), knows nothing of Socket.IO, and can be used alone. An [`Engine`]
//! answers HTTP requests and creates a [`Session`] for each connection:
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
//! How a request is handled: `server` reads its purpose (`request`), checks its origin (`cors`) and refuses it (`refusal`),
//! opens a `session`, or passes it to the session with its id through the slots in `shared`. The response to a poll may
//! be compressed (`compression`). A session has no task of its own: its owner polls it, and it drives the `websocket`,
//! the `upgrade`, the `heartbeat` and the `timer`. How packets are written depends on the version of the `protocol`; what is
//! special about version 3 is in `v3`.

mod admit;
mod ahead;
mod base64_packet;
mod caller;
mod compression;
mod config;
mod control_rate;
mod cookie;
mod cors;
mod frame_tracker;
mod grant;
mod heartbeat;
mod ignored_headers;
mod offending;
mod origin;
mod outgoing;
mod own_origins;
mod packet;
mod payload;
mod polling;
mod post_queue;
mod protocol;
mod reason;
mod refusal;
mod refused_origin;
mod request;
mod server;
mod session;
mod sessions;
mod shared;
mod sid;
mod stream;
mod subprotocol;
mod timer;
mod transport;
mod unique_headers;
mod upgrade;
mod v3;
mod websocket;
mod whole_frame;

#[cfg(test)]
mod tests;

pub use crate::base::ProtocolVersion;
pub(crate) use compression::Coding;
pub use config::Config;
pub use cookie::Cookie;
pub use cors::Cors;
pub use outgoing::Outgoing;
pub use reason::CloseReason;
pub use server::Engine;
pub use session::{Event, Session};
#[cfg(test)]
pub(crate) use stream::MAX_FRAGMENTS;
pub use subprotocol::Subprotocol;
pub(crate) use timer::{Timer, after};
pub use transport::{TransportKind, Transports};

//! The server itself: how it is built, served and stopped.

mod app;
mod builder;
mod clustering;
mod connection;
mod connections;
mod engine;
mod handle;
mod handshake;
mod inner;
mod listener;
#[cfg(feature = "logger")]
mod logger;
mod member;
mod options;
mod patient;
mod run;
mod service;
#[cfg(feature = "tls")]
mod tls;

pub use app::{App, Layered};
pub use builder::SocketIoBuilder;
pub use handle::SocketIo;
pub use listener::{Listener, Peer};
pub use service::{SocketIoLayer, SocketIoService};
#[cfg(feature = "tls")]
pub use tls::{Tls, TlsListener, TlsStream};

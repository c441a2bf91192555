//! The server itself: how it is built, served and stopped.

mod app;
mod builder;
mod connection;
mod connections;
mod engine;
mod handle;
mod handshake;
mod member;
mod options;
mod run;
mod service;

pub use app::App;
pub use builder::SocketIoBuilder;
pub use handle::SocketIo;
pub use service::{SocketIoLayer, SocketIoService};

//! The errors of the crate's public API.

mod argument;
mod build;
mod call;
pub(crate) mod chain;
mod emit;
mod encode;
mod forbidden;
mod handler;
mod handshake;
mod no_current_client;
mod refused;
mod room;

pub use argument::ArgumentError;
pub use build::BuildError;
pub use call::CallError;
pub use emit::EmitError;
pub use encode::EncodeError;
pub use forbidden::Forbidden;
pub(crate) use handler::Cause;
pub use handler::HandlerError;
pub use handshake::HandshakeRefused;
pub use no_current_client::NoCurrentClient;
pub use refused::ConnectionRefused;
pub use room::RoomError;

/// Any error, boxed. What handlers may return: everything that converts into it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A `Result` whose error is, unless said otherwise, any error at all.
pub type Result<T = (), E = BoxError> = std::result::Result<T, E>;

//! The error types of the crate.

mod argument;
mod build;
mod call;
pub(crate) mod chain;
mod deliver;
mod emit;
mod encode;
mod forbidden;
mod handler;
mod handshake;
mod no_current_client;
mod refused;
mod room;
mod user;

pub use argument::ArgumentError;
pub use build::BuildError;
pub use call::CallError;
pub use deliver::DeliverError;
pub use emit::EmitError;
pub use encode::EncodeError;
pub use forbidden::Forbidden;
pub(crate) use handler::Cause;
pub use handler::HandlerError;
pub use handshake::HandshakeRefused;
pub use no_current_client::NoCurrentClient;
pub use refused::ConnectionRefused;
pub use room::RoomError;
pub use user::UserError;

/// Any error, boxed. Handlers may return every error that converts into it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A `Result` with [`BoxError`] as the default error type.
pub type Result<T = (), E = BoxError> = std::result::Result<T, E>;

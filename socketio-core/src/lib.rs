//! The server behind the `socketio` crate.

mod data;
pub mod engine;
mod message;
pub mod protocol;

pub use data::{BinaryInJson, Data};
pub use message::{Message, Text};

/// Any error, boxed.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

//! NATS, on the crate `async-nats`: a channel is a subject, without JetStream.
//!
//! In addition to the files of every broker, `error_watch.rs` has the first error of a connection, for which several tasks wait.

mod connection;
mod error_watch;
mod publisher;
mod queue;
mod subscription;
mod url;

pub use queue::Nats;

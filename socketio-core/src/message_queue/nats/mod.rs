//! NATS, on the crate `async-nats`: a channel is a subject, without JetStream.
//!
//! Beside the files of every broker there is `error_watch.rs`: the first error of a connection, which several tasks wait for.

mod connection;
mod error_watch;
mod publisher;
mod queue;
mod subscription;
mod url;

pub use queue::Nats;

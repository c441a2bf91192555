//! Redis and Valkey, on the crate `redis`: a channel is a channel of `PUBLISH` and `SUBSCRIBE`.
//!
//! In addition to the files of every broker, `sentinel.rs` finds the master that the sentinels name.

mod connection;
mod publisher;
mod queue;
mod sentinel;
mod subscription;
mod url;

pub use queue::Redis;

//! Redis and Valkey, on the crate `redis`: a channel is a channel of `PUBLISH` and `SUBSCRIBE`.
//!
//! Beside the files of every broker there is `sentinel.rs`: it finds the master that the sentinels name.

mod connection;
mod publisher;
mod queue;
mod sentinel;
mod subscription;
mod url;

pub use queue::Redis;

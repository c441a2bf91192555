//! Redis and Valkey, on the crate `redis`: a channel is a channel of `PUBLISH` and `SUBSCRIBE`.
//!
//! In addition to the files of every broker, `sentinel.rs` finds the master that the sentinels name, and `commands.rs` is for what is
//! stored in Redis.

mod commands;
mod connection;
mod publisher;
mod queue;
mod sentinel;
mod subscription;
mod url;

pub(crate) use commands::RedisCommands;
pub use queue::Redis;

//! Redis and Valkey, on the crate `redis`: a channel is a channel of `PUBLISH` and `SUBSCRIBE`.
//!
//! In addition to the files of every broker, `gate.rs` is the stream of a connection, `resp2.rs` finds messages in the older protocol,
//! `sentinel.rs` finds the master that the sentinels name, and `commands.rs` is for data that is stored in Redis.

mod commands;
mod connection;
mod gate;
mod publisher;
mod queue;
mod resp2;
mod sentinel;
mod subscription;
mod url;

pub(crate) use commands::RedisCommands;
pub use queue::Redis;

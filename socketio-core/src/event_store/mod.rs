//! Stores of kept events and sessions that several nodes share and that outlive them: the public trait [`EventStore`], and its
//! implementations in the memory of a process and in Redis Streams.
//!
//! `hub/stored/` appends to a store and follows it. A server without one keeps its events in `event_log/` alone.

mod memory;
#[cfg(feature = "redis")]
mod redis;
mod session_key;
mod store;

pub use memory::MemoryEvents;
#[cfg(feature = "redis")]
pub use redis::RedisStreams;
pub use session_key::SessionKey;
pub use store::{EpochEnded, EventStore, OpenedStore, StoredEntry, StoredSession, TakenSession};

//! Events that run once: the stores of responses, by key.
//!
//! `handler/once.rs` asks a store before a handler with `once` runs, and gives it the response. `memory/` keeps responses in
//! this process, `redis.rs` for all nodes. A store never runs user code.

mod key;
mod limits;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod share;
mod store;

pub use key::OnceKey;
pub(crate) use key::Owner;
pub(crate) use limits::Keys;
pub use limits::{Once, OnceLimits};
pub use memory::MemoryOnce;
#[cfg(feature = "redis")]
pub use redis::RedisOnce;
pub use store::{Begun, Claim, OnceStore};

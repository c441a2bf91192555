//! Events that are kept until a client has acknowledged them, across reconnects and nodes.
//!
//! `client/to/deliver.rs` passes an event to the [`Courier`], which stores it and sends it while the recipient has local clients.
//! `memory.rs` keeps the events of one process, `redis.rs` those of all nodes.

mod courier;
mod deliveries;
mod memory;
mod recipient;
#[cfg(feature = "redis")]
mod redis;
mod store;

pub(crate) use courier::{Courier, Outgoing};
pub use deliveries::{Deliveries, Undelivered, UndeliveredReason};
pub(crate) use recipient::Recipient;

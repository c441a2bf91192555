//! Redis and Valkey, on the crate `redis`.
//!
//! | file | what |
//! |---|---|
//! | `address.rs` | where the servers are, and as whom to log in: the URL |
//! | `queue.rs` | the queue: an address, and what to do with it |
//! | `connection.rs` | one connection, driven by whoever waits for it |
//! | `sentinel.rs` | a connection to the server that the sentinels name |
//! | `publisher.rs`, `subscription.rs` | the two ends |

mod address;
mod connection;
mod publisher;
mod queue;
mod sentinel;
mod subscription;

pub use queue::Redis;

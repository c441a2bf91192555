//! NATS, on the crate `async-nats`.
//!
//! | file | what |
//! |---|---|
//! | `address.rs` | where the servers are, and as whom to log in: the URL |
//! | `queue.rs` | the queue: an address, and what to do with it |
//! | `link.rs`, `trouble.rs` | a connection that ends when something is wrong with it, and knows what the server has taken |
//! | `publisher.rs`, `subscription.rs` | the two ends |

mod address;
mod link;
mod publisher;
mod queue;
mod subscription;
mod trouble;

pub use queue::Nats;

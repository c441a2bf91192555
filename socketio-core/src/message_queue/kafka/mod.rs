//! Kafka, on the crate `rskafka`, as kafka-python and aiokafka use it for python-socketio.
//!
//! A channel is a topic of that name. Every subscription reads all its partitions from their end at that time, as a member of no group:
//! no offsets are committed.
//!
//! Beside the files of every broker there is `retry.rs`: which requests are retried, for how long, and the error that remains.

mod connection;
mod publisher;
mod queue;
mod retry;
mod subscription;
mod url;

pub use queue::Kafka;

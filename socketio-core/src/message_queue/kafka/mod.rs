//! Kafka, on the crate `rskafka`, as kafka-python and aiokafka use it for python-socketio.
//!
//! A channel is a topic of that name. Every subscription reads all its partitions from their end at that time, without a consumer
//! group: no offsets are committed.
//!
//! In addition to the files of every broker, `retry.rs` decides which requests are retried, and for how long.

mod connection;
mod publisher;
mod queue;
mod retry;
mod subscription;
mod url;

pub use queue::Kafka;

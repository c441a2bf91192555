//! Emits across processes: the envelope, publishing, subscribing, membership, health.
//!
//! A server without a message queue delivers only to its own [`Hub`](crate::hub::Hub). With one, it also publishes to the other
//! nodes in python-socketio's format, and applies their messages. Handlers never wait for the queue: messages are pushed to
//! a bounded [`PublishQueue`](publish_queue::PublishQueue).

mod backoff;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod cluster;
mod emission;
mod emitter;
mod envelope;
mod health;
mod membership;
mod message_handler;
mod missed;
mod peers;
mod publish_queue;
mod publish_task;
#[cfg_attr(
    not(feature = "api"),
    allow(dead_code, reason = "only the HTTP API asks")
)]
mod query;
mod retained;
mod sequence;
mod subscribe_task;

pub(crate) use cluster::Cluster;
pub(crate) use emission::{Asked, Emission, OutgoingEvent, RemoteTarget};
pub(crate) use emitter::Emitter;
pub use health::QueueHealth;
pub(crate) use membership::ClusterOptions;
pub(crate) use query::Question;

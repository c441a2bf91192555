//! Message queues: publish and subscribe on bytes. The cluster sends its messages over one.
//!
//! Each broker is behind a Cargo feature and is usually named by its URL:
//! [`message_queue("redis://localhost")`](crate::SocketIoBuilder::message_queue). For another broker, implement [`MessageQueue`].
//!
//! | file | contents |
//! |---|---|
//! | `queue.rs` | the traits that a broker implements |
//! | `into_message_queue.rs` | creates a queue from a URL: the table of schemes |
//! | `authority.rs`, `tls.rs`, `broker.rs`, `timeouts.rs` | common parts: hosts and logins in URLs, TLS, names in errors, time limits |
//! | `redis/`, `rabbitmq/`, `kafka/`, `nats/` | the brokers |
//!
//! Every broker has the same files:
//!
//! | file | contents |
//! |---|---|
//! | `url.rs` | `…Url`: parses and checks a URL |
//! | `queue.rs` | the public type: `new(url)`, `tls(config)`, `impl MessageQueue` |
//! | `connection.rs` | `…Connection`: opened and logged in; closed when it is dropped |
//! | `publisher.rs` | `…Publisher`: publishes with the broker's confirmation |
//! | `subscription.rs` | `…Subscription`: receives without losing messages when it is cancelled |
//!
//! To add a broker, write these files, add a line to `into_message_queue.rs`, and have it checked by the contract suite:
//! `socketio_test::MessageQueueContract` has a rule for each sentence of [`MessageQueue`]'s contract. `tests/cluster/message_queue_contract.rs` runs it
//! with a queue in memory, and `tests/brokers/test_contract.py` with each broker, through the program `tests/brokers/contract.rs`.

#[cfg(feature = "_broker")]
mod authority;
#[cfg(feature = "_broker")]
mod broker;
mod into_message_queue;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "nats")]
mod nats;
mod queue;
#[cfg(feature = "rabbitmq")]
mod rabbitmq;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "_broker")]
mod timeouts;
#[cfg(feature = "_broker")]
mod tls;

pub use into_message_queue::IntoMessageQueue;
#[cfg(feature = "kafka")]
pub use kafka::Kafka;
#[cfg(feature = "nats")]
pub use nats::Nats;
pub use queue::{BoxFuture, MessageQueue, Publisher, Refused, Subscription};
#[cfg(feature = "rabbitmq")]
pub use rabbitmq::RabbitMq;
#[cfg(feature = "redis")]
pub use redis::Redis;
#[cfg(feature = "redis")]
pub(crate) use redis::RedisCommands;
/// The TLS library whose `ClientConfig` the queues' `tls` methods take, in the version that they use.
#[cfg(feature = "_broker")]
pub use tokio_rustls::rustls;

//! Message queues: how the servers of a cluster, and processes beside them, reach each other's clients.
//!
//! A queue is two operations, publish and subscribe; what travels over it, and when it is tried again, is not its affair. Those that
//! are here come with a feature of their own, and are mostly named by their URL:
//! [`message_queue("redis://localhost")`](crate::SocketIoBuilder::message_queue). For another broker, or for tests,
//! implement [`MessageQueue`].

#[cfg(any(feature = "nats", feature = "redis"))]
mod authority;
mod interface;
mod into_queue;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "rabbitmq")]
mod rabbitmq;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(
    feature = "kafka",
    feature = "nats",
    feature = "rabbitmq",
    feature = "redis"
))]
mod tls;

pub use interface::{Eventually, MessageQueue, Publisher, Refused, Subscription};
pub use into_queue::IntoMessageQueue;
#[cfg(feature = "kafka")]
pub use kafka::Kafka;
#[cfg(feature = "nats")]
pub use nats::Nats;
#[cfg(feature = "rabbitmq")]
pub use rabbitmq::RabbitMq;
#[cfg(feature = "redis")]
pub use redis::Redis;

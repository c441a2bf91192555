//! Message queues: how the servers of a cluster, and processes beside them, reach each other's clients.
//!
//! A queue is two operations, publish and subscribe; what travels over it, and when it is tried again, is not its affair. Those that
//! are here come with a feature of their own, and are mostly named by their URL:
//! [`message_queue("redis://localhost")`](crate::SocketIoBuilder::message_queue). For another broker, or for tests,
//! implement [`MessageQueue`].

mod interface;
mod into_queue;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "rabbitmq")]
mod rabbitmq;

pub use interface::{Eventually, MessageQueue, Publisher, Subscription};
pub use into_queue::IntoMessageQueue;
#[cfg(feature = "kafka")]
pub use kafka::Kafka;
#[cfg(feature = "rabbitmq")]
pub use rabbitmq::RabbitMq;

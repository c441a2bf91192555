//! Message queues that connect several processes to a cluster: the brokers, each behind the Cargo feature of its name, and
//! the traits for custom brokers. [`SocketIoBuilder::message_queue`](crate::SocketIoBuilder::message_queue) takes a URL or
//! a value of these types.

#[cfg(feature = "kafka")]
pub use socketio_core::message_queue::Kafka;
#[cfg(feature = "nats")]
pub use socketio_core::message_queue::Nats;
#[cfg(feature = "rabbitmq")]
pub use socketio_core::message_queue::RabbitMq;
#[cfg(feature = "redis")]
pub use socketio_core::message_queue::Redis;
#[cfg(feature = "_broker")]
pub use socketio_core::message_queue::rustls;
pub use socketio_core::message_queue::{
    BoxFuture, IntoMessageQueue, MessageQueue, Publisher, Refused, Subscription,
};

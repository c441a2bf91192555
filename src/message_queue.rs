//! Several processes as one: what the message queue between them has to be. Those that are here come with a feature each, named
//! like them; [`SocketIoBuilder::message_queue`](crate::SocketIoBuilder::message_queue) takes one, or its URL.

#[cfg(feature = "kafka")]
pub use socketio_core::message_queue::Kafka;
#[cfg(feature = "nats")]
pub use socketio_core::message_queue::Nats;
#[cfg(feature = "rabbitmq")]
pub use socketio_core::message_queue::RabbitMq;
#[cfg(feature = "redis")]
pub use socketio_core::message_queue::Redis;
pub use socketio_core::message_queue::{
    Eventually, IntoMessageQueue, MessageQueue, Publisher, Refused, Subscription,
};

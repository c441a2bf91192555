//! RabbitMQ, on the crate `lapin`, as Kombu and aio_pika use it for python-socketio.
//!
//! A channel is a fanout exchange of that name, neither durable nor deleted when unused: all nodes must declare it alike. Each
//! subscription has its own queue, which the broker deletes with the connection.

mod connection;
mod publisher;
mod queue;
mod subscription;
mod url;

pub use queue::RabbitMq;

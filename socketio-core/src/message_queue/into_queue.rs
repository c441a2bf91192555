//! What can be written where a message queue is asked for.

use std::sync::Arc;

use super::MessageQueue;

/// A message queue, for [`message_queue`](crate::SocketIoBuilder::message_queue): its URL, or one that has been made already.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no message queue",
    label = "expected a URL such as `\"redis://localhost\"`, or a value that implements `MessageQueue`"
)]
pub trait IntoMessageQueue {
    #[doc(hidden)]
    fn into_queue(self) -> Result<Arc<dyn MessageQueue>, String>;
}

impl<Q: MessageQueue> IntoMessageQueue for Q {
    fn into_queue(self) -> Result<Arc<dyn MessageQueue>, String> {
        Ok(Arc::new(self))
    }
}

impl IntoMessageQueue for &str {
    fn into_queue(self) -> Result<Arc<dyn MessageQueue>, String> {
        open(self)
    }
}

impl IntoMessageQueue for String {
    fn into_queue(self) -> Result<Arc<dyn MessageQueue>, String> {
        open(&self)
    }
}

impl IntoMessageQueue for &String {
    fn into_queue(self) -> Result<Arc<dyn MessageQueue>, String> {
        open(self)
    }
}

/// Makes the queue that a URL's scheme names. Nothing is connected yet.
fn open(url: &str) -> Result<Arc<dyn MessageQueue>, String> {
    // Neither the URL nor an error that quotes it is repeated: there may be a password in it.
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    match scheme {
        "redis" | "rediss" | "redis+unix" | "unix" | "valkey" | "valkeys" | "valkey+unix"
        | "redis+sentinel" | "rediss+sentinel" | "valkey+sentinel" | "valkeys+sentinel" => {
            made(scheme, redis(url))
        }
        "amqp" | "amqps" => made(scheme, rabbitmq(url)),
        "kafka" => made(scheme, kafka(url)),
        "nats" | "tls" => made(scheme, nats(url)),
        _ if scheme.starts_with("zmq") => Err(
            "`message_queue`: ZeroMQ is not here, as it needs a broker of one's own; there are Redis, RabbitMQ, Kafka and NATS".into(),
        ),
        _ => Err(format!(
            "`message_queue`: no queue has URLs of the scheme `{scheme}`; there are `redis`, `rediss`, `unix`, `valkey`, `valkeys`, `redis+sentinel`, `amqp`, `amqps`, `kafka`, `nats`"
        )),
    }
}

type Made = Result<Arc<dyn MessageQueue>, crate::BoxError>;

fn made(scheme: &str, made: Made) -> Result<Arc<dyn MessageQueue>, String> {
    made.map_err(|error| format!("`message_queue`: the URL of the scheme `{scheme}`: {error}"))
}

/// One function for each kind of queue; without its feature, the cure.
macro_rules! kinds {
    ($($name:ident, $feature:literal: $new:expr;)*) => {$(
        #[cfg(feature = $feature)]
        fn $name(url: &str) -> Made {
            Ok(Arc::new($new(url)?))
        }

        #[cfg(not(feature = $feature))]
        fn $name(_: &str) -> Made {
            Err(concat!("needs the feature `", $feature, "` of the crate `socketio`").into())
        }
    )*};
}

kinds! {
    redis, "redis": super::Redis::new;
    rabbitmq, "rabbitmq": super::RabbitMq::new;
    kafka, "kafka": super::Kafka::new;
    nats, "nats": super::Nats::new;
}

//! [`IntoMessageQueue`]: creates a message queue from a URL, by the table of schemes.

use std::sync::Arc;

use super::MessageQueue;

/// The argument of [`message_queue`](crate::SocketIoBuilder::message_queue): a URL or a value that implements [`MessageQueue`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message queue",
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

/// Creates the queue for the scheme of a URL, without connecting.
fn open(url: &str) -> Result<Arc<dyn MessageQueue>, String> {
    // The URL is not repeated in errors: it may contain a password.
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    match scheme {
        "redis" | "rediss" | "redis+unix" | "unix" | "valkey" | "valkeys" | "valkey+unix"
        | "redis+sentinel" | "rediss+sentinel" | "valkey+sentinel" | "valkeys+sentinel" => {
            checked(scheme, redis(url))
        }
        "amqp" | "amqps" => checked(scheme, rabbitmq(url)),
        "kafka" => checked(scheme, kafka(url)),
        "nats" | "tls" => checked(scheme, nats(url)),
        "" => Err(
            "`message_queue`: the URL has no scheme: write `redis://localhost:6379`, or begin with `amqp://`, `kafka://` or `nats://`"
                .into(),
        ),
        _ if scheme.starts_with("zmq") => Err(
            "`message_queue`: ZeroMQ is not supported: use Redis, RabbitMQ, Kafka or NATS".into(),
        ),
        _ => Err(format!(
            "`message_queue`: the scheme `{scheme}` is unknown: use one of `redis`, `rediss`, `unix`, `valkey`, `valkeys`, `redis+sentinel`, `amqp`, `amqps`, `kafka`, `nats`"
        )),
    }
}

type Created = Result<Arc<dyn MessageQueue>, crate::BoxError>;

fn checked(scheme: &str, created: Created) -> Result<Arc<dyn MessageQueue>, String> {
    created.map_err(|error| format!("`message_queue(\"{scheme}://..\")`: {error}"))
}

/// Defines a function for each broker: without its Cargo feature, an error that names it.
macro_rules! brokers {
    ($($name:ident, $feature:literal: $new:expr;)*) => {$(
        #[cfg(feature = $feature)]
        fn $name(url: &str) -> Created {
            Ok(Arc::new($new(url)?))
        }

        #[cfg(not(feature = $feature))]
        fn $name(_: &str) -> Created {
            Err(concat!("the Cargo feature `", $feature, "` of the crate `socketio` is missing: enable it in Cargo.toml").into())
        }
    )*};
}

brokers! {
    redis, "redis": super::Redis::new;
    rabbitmq, "rabbitmq": super::RabbitMq::new;
    kafka, "kafka": super::Kafka::new;
    nats, "nats": super::Nats::new;
}

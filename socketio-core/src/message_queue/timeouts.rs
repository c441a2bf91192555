//! The time limits of all brokers.
//!
//! The tasks that publish and subscribe (`cluster`) give up an operation after 30 seconds. The limits here are shorter, so that the logged
//! error names the broker and the reason. A broker that stops responding is an error of
//! [`receive`](super::Subscription::receive) within a minute.

use std::time::Duration;

/// Limits opening a publisher or a subscription: name resolution, connection, TLS, login and subscribing together.
pub(super) const CONNECT: Duration = Duration::from_secs(10);

/// Limits the time until the broker has confirmed the messages that were sent together.
pub(super) const CONFIRM: Duration = Duration::from_secs(10);

/// How long a Redis subscription may be silent before a PING is sent, and how long its response may take.
#[cfg(feature = "redis")]
pub(super) const REDIS_SILENCE: Duration = Duration::from_secs(15);

/// The idle time after which TCP keepalive starts on a Redis connection: firewalls and load balancers forget connections that are silent for
/// some minutes, as a publisher may be.
#[cfg(feature = "redis")]
pub(super) const REDIS_KEEPALIVE: Duration = Duration::from_secs(60);

/// The interval of TCP keepalive probes on a Redis connection.
#[cfg(feature = "redis")]
pub(super) const REDIS_KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// The interval of PINGs to a NATS server. The client closes the connection when the third has passed without a response.
#[cfg(feature = "nats")]
pub(super) const NATS_PING: Duration = Duration::from_secs(12);

/// The default heartbeat interval of RabbitMQ, in seconds. The client closes the connection after two to two and a half of them without
/// data.
#[cfg(feature = "rabbitmq")]
pub(super) const RABBITMQ_HEARTBEAT: u16 = 15;

/// How long RabbitMQ may take to confirm that a connection is closed. The socket is shut down then.
#[cfg(feature = "rabbitmq")]
pub(super) const RABBITMQ_CLOSE: Duration = Duration::from_secs(5);

/// How long Kafka requests that open a connection or publish are retried. Shorter than [`CONNECT`] and [`CONFIRM`], so that the last
/// error is reported rather than the limit.
#[cfg(feature = "kafka")]
pub(super) const KAFKA_RETRY: Duration = Duration::from_secs(8);

/// How long Kafka fetches are retried. A Kafka cluster notices after 9 seconds that a broker has died: nothing is lost while brokers
/// are replaced one by one, or when the leader of a replicated partition dies.
#[cfg(feature = "kafka")]
pub(super) const KAFKA_FETCH_RETRY: Duration = Duration::from_secs(15);

/// The pause between two attempts of a Kafka request.
#[cfg(feature = "kafka")]
pub(super) const KAFKA_RETRY_PAUSE: Duration = Duration::from_millis(200);

/// How long a Kafka broker holds a fetch back while there is nothing new. Its response shows that it is alive.
#[cfg(feature = "kafka")]
pub(super) const KAFKA_FETCH_WAIT: Duration = Duration::from_secs(10);

/// How long the response to a Kafka fetch may take beyond [`KAFKA_FETCH_WAIT`].
#[cfg(feature = "kafka")]
pub(super) const KAFKA_FETCH_GRACE: Duration = Duration::from_secs(10);

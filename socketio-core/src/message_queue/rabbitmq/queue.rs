//! The public type [`RabbitMq`].

use std::{fmt, sync::Arc, time::Duration};

use lapin::types::ShortString;
use tokio_rustls::rustls::ClientConfig;

use super::{
    connection::RabbitMqConnection, publisher::RabbitMqPublisher,
    subscription::RabbitMqSubscription, url::RabbitMqUrl,
};
use crate::{
    BoxError,
    message_queue::{
        BoxFuture, MessageQueue, Publisher, Subscription, broker::Broker, timeouts::CONNECT, tls,
    },
};

/// A message queue over [RabbitMQ](https://www.rabbitmq.com), or another broker that speaks AMQP 0-9-1. Python nodes join the cluster
/// through Kombu or aio_pika.
///
/// # The URL
///
/// `amqp://user:password@host:port/vhost`, or `amqps://` for TLS, with the certificates that the platform trusts. The defaults are `guest`,
/// `guest`, `localhost`, 5672 (with TLS 5671) and `/`. Characters other than letters and digits in a user, a password or a virtual host
/// are percent-encoded (`%2F`). These of RabbitMQ's parameters are supported:
///
/// | parameter | meaning | default |
/// |---|---|---|
/// | `heartbeat` | interval in seconds, at most the broker's; a broker that has stopped responding is noticed after two to two and a half intervals | 15 |
/// | `connection_timeout` | milliseconds until an attempt to connect fails | 10,000 |
/// | `auth_mechanism` | `plain`, `amqplain`, `external` (the client's certificate), `anonymous` | `plain` |
/// | `frame_max` | bytes; memory for 64 frames is held for each of a node's two connections | 32,768 |
/// | `channel_max` | channels per connection | the broker's |
///
/// # Delivery
///
/// A message counts as published when the broker has confirmed it. A message larger than the broker accepts (`max_message_size`: 16 MiB by
/// default, 128 MiB before RabbitMQ 4) is not published, which is logged and counted.
///
/// 128 messages are fetched ahead; the others of a slow node wait in its queue at the broker. A node that receives nothing
/// for half an hour is disconnected by the broker (its `consumer_timeout`).
///
/// The user needs permission to configure, write and read the exchange, named like the channel, and queues named `amq.gen-…`.
#[derive(Clone)]
pub struct RabbitMq {
    url: RabbitMqUrl,
    /// Set exactly if the URL asks for TLS.
    tls: Option<Arc<ClientConfig>>,
    broker: Broker,
}

impl RabbitMq {
    /// Creates a queue from a URL, without connecting.
    ///
    /// # Errors
    ///
    /// Fails if the URL is invalid, or asks for TLS while the platform trusts no certificate. The error repeats no part of the URL that
    /// may belong to the password.
    pub fn new(url: &str) -> Result<Self, BoxError> {
        let url = RabbitMqUrl::parse(url)?;
        let tls = url.tls().then(tls::platform).transpose()?.map(Arc::new);
        Ok(Self {
            broker: Broker::new("RabbitMQ", url.address()),
            url,
            tls,
        })
    }

    /// Sets the TLS configuration: a private certificate authority, a client certificate. Default: the platform's certificates. (To log in
    /// with the client certificate alone, write `auth_mechanism=external` in the URL.)
    ///
    /// # Errors
    ///
    /// Fails if the URL doesn't ask for TLS, since the password would be sent unencrypted: write `amqps://`.
    pub fn tls(mut self, config: impl Into<Arc<ClientConfig>>) -> Result<Self, BoxError> {
        if !self.url.tls() {
            return Err("the URL doesn't ask for TLS: write `amqps://`".into());
        }
        self.tls = Some(config.into());
        Ok(self)
    }

    async fn connect(&self) -> Result<RabbitMqConnection, BoxError> {
        RabbitMqConnection::open(self.url.uri.clone(), self.tls.clone()).await
    }

    fn connect_timeout(&self) -> Duration {
        let timeout = self.url.uri.query.connection_timeout;
        timeout.map_or(CONNECT, Duration::from_millis)
    }
}

impl MessageQueue for RabbitMq {
    fn publisher<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Publisher>, BoxError>> {
        let opening = async move {
            let exchange = ShortString::try_new(channel)?;
            let connection = self.connect().await?;
            let publisher =
                RabbitMqPublisher::new(connection, exchange, self.broker.clone()).await?;
            Ok(Box::new(publisher) as Box<dyn Publisher>)
        };
        let limit = self.connect_timeout();
        Box::pin(self.broker.within(limit, "response", opening))
    }

    fn subscription<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, BoxError>> {
        let opening = async move {
            let exchange = ShortString::try_new(channel)?;
            let connection = self.connect().await?;
            let subscription =
                RabbitMqSubscription::new(connection, exchange, self.broker.clone()).await?;
            Ok(Box::new(subscription) as Box<dyn Subscription>)
        };
        let limit = self.connect_timeout();
        Box::pin(self.broker.within(limit, "response", opening))
    }
}

impl fmt::Debug for RabbitMq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitMq")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tls_configuration_needs_a_url_that_asks_for_tls() {
        let config = || tls::trusting(Vec::new()).unwrap();
        assert!(RabbitMq::new("amqp://a").unwrap().tls(config()).is_err());
        assert!(RabbitMq::new("amqps://a").unwrap().tls(config()).is_ok());
    }

    #[test]
    fn debug_hides_the_password() {
        let text = format!(
            "{:?}",
            RabbitMq::new("amqps://ana:secret@broker/v").unwrap()
        );
        assert!(
            text.contains("broker:5671") && text.contains("ana"),
            "{text}"
        );
        assert!(!text.contains("secret"), "{text}");
    }
}

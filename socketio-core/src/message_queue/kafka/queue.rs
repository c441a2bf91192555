//! The public type [`Kafka`].

use std::{fmt, sync::Arc};

use tokio_rustls::rustls::ClientConfig;

use super::{
    connection::KafkaConnection, publisher::KafkaPublisher, subscription::KafkaSubscription,
    url::KafkaUrl,
};
use crate::{
    BoxError,
    message_queue::{
        BoxFuture, MessageQueue, Publisher, Subscription, broker::Broker, timeouts::CONNECT, tls,
    },
};

/// A message queue over [Kafka](https://kafka.apache.org) 0.11 or newer, or another broker that speaks its protocol. Python nodes join the
/// cluster through kafka-python or aiokafka. (Those of python-socketio up to 5.18 receive, but fail to publish: they pass
/// their library a `str` where it takes `bytes`.)
///
/// # The URL
///
/// `kafka://user:password@host1:port1,host2:port2`, with at least one broker of the Kafka cluster, which names the others. The default port
/// is 9092; `kafka://` alone is `localhost`. Characters other than letters and digits in a user or a password are percent-encoded (`%2F`).
///
/// | parameter | meaning | default |
/// |---|---|---|
/// | `tls` | `true` or `false`; certificates are checked against the platform's authorities, or as [`tls`](Self::tls) configures | `false` |
/// | `sasl_mechanism` | how the user logs in: `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512` | `PLAIN` |
///
/// OAuth, Kerberos, proxies, and TLS to brokers that are named by an IPv6 address are not supported.
///
/// # Delivery
///
/// The brokers create the topic if they are configured to (`auto.create.topics.enable`); otherwise, create it beforehand.
/// Messages are published to its partition 0, so that they arrive in order: one partition is enough, since every node reads
/// all of them. New partitions, which only other programs write to, are read from the next reconnection on.
///
/// A message counts as published when all in-sync replicas have it. A message larger than the topic accepts
/// (`max.message.bytes`: 1 MiB by default) is not published, which is logged and counted. A slow node holds about 1 MiB for each partition;
/// the rest waits at the broker, for as long as the broker keeps it.
///
/// There is a connection for each partition, and another one for metadata. Records compressed with gzip or Snappy are read;
/// those compressed with LZ4 or Zstandard, and transactions, are not supported.
#[derive(Clone)]
pub struct Kafka {
    url: KafkaUrl,
    /// Set exactly if the URL asks for TLS.
    tls: Option<Arc<ClientConfig>>,
    broker: Broker,
}

impl Kafka {
    /// Creates a queue from a URL, without connecting.
    ///
    /// # Errors
    ///
    /// Fails if the URL is invalid, or asks for TLS while the platform trusts no certificate. The error repeats no part of the URL that
    /// may belong to the password.
    pub fn new(url: &str) -> Result<Self, BoxError> {
        let url = KafkaUrl::parse(url)?;
        let tls = url.tls.then(tls::platform).transpose()?.map(Arc::new);
        Ok(Self {
            broker: Broker::new("Kafka", url.address()),
            url,
            tls,
        })
    }

    /// Sets the TLS configuration: a private certificate authority, a client certificate. Default: the platform's certificates.
    ///
    /// # Errors
    ///
    /// Fails if the URL doesn't ask for TLS, since the password would be sent unencrypted: write `?tls=true`.
    pub fn tls(mut self, config: impl Into<Arc<ClientConfig>>) -> Result<Self, BoxError> {
        if !self.url.tls {
            return Err("the URL doesn't ask for TLS: write `?tls=true`".into());
        }
        self.tls = Some(config.into());
        Ok(self)
    }

    async fn connect(&self) -> Result<KafkaConnection, BoxError> {
        KafkaConnection::open(&self.url, self.tls.as_ref()).await
    }
}

impl MessageQueue for Kafka {
    fn publisher<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Publisher>, BoxError>> {
        Box::pin(self.broker.within(CONNECT, "response", async move {
            let connection = self.connect().await?;
            let publisher = KafkaPublisher::new(&connection, channel, self.broker.clone()).await?;
            Ok(Box::new(publisher) as Box<dyn Publisher>)
        }))
    }

    fn subscription<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, BoxError>> {
        Box::pin(self.broker.within(CONNECT, "response", async move {
            let connection = self.connect().await?;
            let subscription =
                KafkaSubscription::new(&connection, channel, self.broker.clone()).await?;
            Ok(Box::new(subscription) as Box<dyn Subscription>)
        }))
    }
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kafka")
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
        assert!(Kafka::new("kafka://a").unwrap().tls(config()).is_err());
        assert!(
            Kafka::new("kafka://a?tls=true")
                .unwrap()
                .tls(config())
                .is_ok()
        );
    }

    #[test]
    fn debug_hides_the_login() {
        let text = format!("{:?}", Kafka::new("kafka://ana:secret@h1,h2:1").unwrap());
        assert!(text.contains("h1:9092") && text.contains("h2:1"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

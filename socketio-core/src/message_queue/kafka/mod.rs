//! Kafka, as kafka-python and aiokafka use it for python-socketio.
//!
//! A channel is a topic of that name. Everyone reads all its partitions, from where they end when it begins, as a member of no group:
//! nobody commits an offset.

mod publisher;
mod retry;
mod subscription;
mod url;

use std::{fmt, sync::Arc, time::Duration};

use rskafka::{
    BackoffConfig,
    client::{
        Client, ClientBuilder, SaslConfig,
        partition::{PartitionClient, UnknownTopicHandling},
    },
};
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

use self::{publisher::Appending, subscription::Reading};
use super::{Eventually, MessageQueue, Publisher, Subscription, tls};
use crate::BoxError;

/// How long the brokers may take over a thing asked of them, what is tried again included.
const PATIENCE: Duration = Duration::from_secs(10);

/// A cluster over Kafka, or another broker that speaks its protocol, of the versions since 0.11. Python nodes join it through
/// kafka-python or aiokafka. (Those of python-socketio up to 5.18 hear what others publish, but fail to publish themselves: they hand
/// their library a `str` where it wants `bytes`.)
///
/// # The URL
///
/// `kafka://user:password@host1:port1,host2:port2`, with at least one of the cluster's brokers, which name all others. Without a port
/// it is 9092; `kafka://` alone is `localhost`. What is no letter or digit in a user or a password is written `%2F` and the like.
///
/// | parameter | | default |
/// |---|---|---|
/// | `tls` | `true` or `false`; certificates are checked against the platform's authorities, unless [`tls`](Self::tls) says otherwise | `false` |
/// | `sasl_mechanism` | how the user logs in: `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512` | `PLAIN` |
///
/// OAuth, Kerberos, proxies, and TLS to brokers that are named by an IPv6 address, are not here.
///
/// # Delivery
///
/// The topic is created by the brokers themselves, if they are set up to (`auto.create.topics.enable`); else create it beforehand.
/// What is published goes to its partition 0, that all hear it in the order in which it came: one is plenty, since every server reads
/// all of them anyway. New partitions, which only others write to, are read from the next reconnection on.
///
/// A message counts as published when all replicas in sync have it. One that is larger than the topic takes
/// (`max.message.bytes`: 1 MiB, by default) is not published, which is logged and counted. A server that is slow holds about 1 MiB for each partition; what is
/// beyond waits at the broker, for as long as that keeps it.
///
/// There is a connection for each partition, and another to ask around. Records that are compressed with gzip or Snappy are read,
/// those with LZ4 or Zstandard are not; neither are transactions.
#[derive(Clone)]
pub struct Kafka {
    brokers: Vec<String>,
    login: Option<SaslConfig>,
    tls: Option<Arc<ClientConfig>>,
}

impl Kafka {
    /// Takes the brokers' URL; connects to nothing yet.
    ///
    /// # Errors
    ///
    /// When the URL is none of Kafka's; or it asks for TLS, and the platform trusts no certificate. The text repeats no part of the
    /// URL.
    pub fn new(url: &str) -> Result<Self, BoxError> {
        let url = url::parse(url)?;
        let tls = url.tls.then(tls::platform).transpose()?;
        Ok(Self {
            brokers: url.brokers,
            login: url.login,
            tls: tls.map(Arc::new),
        })
    }

    /// Another configuration of TLS, for a URL that asks for TLS: an authority of one's own, a client's certificate.
    ///
    /// # Errors
    ///
    /// When the URL doesn't ask for it: else a forgotten letter would send the password in the clear.
    pub fn tls(mut self, config: impl Into<Arc<ClientConfig>>) -> Result<Self, BoxError> {
        if self.tls.is_none() {
            return Err("the URL asks for no TLS: write `?tls=true`".into());
        }
        self.tls = Some(config.into());
        Ok(self)
    }

    /// Asks one of the brokers who there is.
    async fn connect(&self) -> Result<Client, BoxError> {
        let mut client = ClientBuilder::new(self.brokers.clone())
            .client_id("socketio")
            // Nothing is tried again by the library: what may be is in `retry`.
            .backoff_config(BackoffConfig {
                deadline: Some(Duration::ZERO),
                ..BackoffConfig::default()
            });
        if let Some(tls) = &self.tls {
            client = client.tls_config(tls.clone());
        }
        if let Some(login) = &self.login {
            client = client.sasl_config(login.clone());
        }
        client.build().await.map_err(retry::cause)
    }

    /// Bounds what has to do with opening, and says who it was.
    async fn opened<T>(
        &self,
        opening: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, BoxError> {
        let opened = match timeout(PATIENCE, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(format!("no answer within {PATIENCE:?}").into()),
        };
        let brokers = || self.brokers.join(", ");
        opened.map_err(|error| format!("Kafka at {}: {error}", brokers()).into())
    }
}

impl MessageQueue for Kafka {
    fn publisher<'a>(&'a self, channel: &'a str) -> Eventually<'a, Box<dyn Publisher>> {
        Box::pin(self.opened(async move {
            let client = self.connect().await?;
            let first = partition(&client, channel, 0).await?;
            Ok(Box::new(Appending::new(first)) as Box<dyn Publisher>)
        }))
    }

    fn subscription<'a>(&'a self, channel: &'a str) -> Eventually<'a, Box<dyn Subscription>> {
        Box::pin(self.opened(async move {
            let client = self.connect().await?;
            let subscription = Reading::new(&client, channel).await?;
            Ok(Box::new(subscription) as Box<dyn Subscription>)
        }))
    }
}

/// Connects to the leader of a partition. To ask for a topic that there isn't is what creates it.
async fn partition(client: &Client, topic: &str, number: i32) -> Result<PartitionClient, BoxError> {
    retry::patiently(retry::ASKING, || {
        client.partition_client(topic, number, UnknownTopicHandling::Retry)
    })
    .await
}

/// Without the login.
impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kafka")
            .field("brokers", &self.brokers)
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_password() {
        assert_eq!(
            format!("{:?}", Kafka::new("kafka://ana:secret@h1,h2:1").unwrap()),
            r#"Kafka { brokers: ["h1:9092", "h2:1"], tls: false, .. }"#
        );
    }
}

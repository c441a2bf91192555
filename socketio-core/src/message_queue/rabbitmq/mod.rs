//! RabbitMQ, as Kombu and aio_pika use it for python-socketio.
//!
//! A channel is a fanout exchange of that name, neither durable nor deleted when unused: everyone must declare it alike. Each
//! subscription has a queue of its own, which the broker deletes with the connection.

mod line;
mod publisher;
mod subscription;
mod url;

use std::{fmt, time::Duration};

use lapin::{Channel, ExchangeKind, options::ExchangeDeclareOptions, tcp, types, uri::AMQPUri};
use tokio::time::timeout;

use self::{line::Line, publisher::Confirmed, subscription::Consuming};
use super::{Eventually, MessageQueue, Publisher, Subscription};
use crate::BoxError;

/// How long the broker may take over a thing asked of it, seconds being plenty for any of them.
const PATIENCE: Duration = Duration::from_secs(10);

/// A cluster over RabbitMQ, or another broker that speaks AMQP 0-9-1. Python nodes join it through Kombu or aio_pika.
///
/// # The URL
///
/// `amqp://user:password@host:port/vhost`, or `amqps://` for TLS. Left out, these are `guest`, `guest`, `localhost`, 5672 (with TLS
/// 5671) and `/`. What is no letter or digit in a user, a password or a virtual host is written `%2F` and the like. Of RabbitMQ's
/// parameters these are understood:
///
/// | parameter | | default |
/// |---|---|---|
/// | `heartbeat` | seconds; a silent broker is noticed after two to three of them | 15 |
/// | `connection_timeout` | milliseconds until an attempt to connect has failed | 10,000 |
/// | `auth_mechanism` | `plain`, `amqplain`, `external` (the client's certificate), `anonymous` | `plain` |
/// | `frame_max` | bytes; memory for 64 frames is held for each of a server's two connections | 32,768 |
/// | `channel_max` | | the broker's |
///
/// Certificates are checked against the platform's authorities and [`ca_certificates`](Self::ca_certificates).
///
/// # Delivery
///
/// A message counts as published when the broker has confirmed it. 128 messages are fetched ahead; what a server doesn't get round
/// to waits in its queue at the broker. A server that takes nothing for half an hour is disconnected by the broker (its
/// `consumer_timeout`).
///
/// The user needs the permission to configure, write and read the exchange, named like the channel, and queues named `amq.gen-…`.
#[derive(Clone)]
pub struct RabbitMq {
    uri: AMQPUri,
    tls: tcp::OwnedTLSConfig,
}

impl RabbitMq {
    /// Takes the broker's URL; connects to nothing yet.
    ///
    /// # Errors
    ///
    /// When the URL is none of a RabbitMQ broker. The text does not repeat it.
    pub fn new(url: &str) -> Result<Self, BoxError> {
        Ok(Self {
            uri: url::parse(url)?,
            tls: tcp::OwnedTLSConfig::default(),
        })
    }

    /// Trusts these authorities too, in PEM, beside those of the platform. For `amqps` only.
    #[must_use]
    pub fn ca_certificates(mut self, pem: impl Into<String>) -> Self {
        self.tls.cert_chain = Some(pem.into());
        self
    }

    /// Shows this certificate to the broker: it and those between it and the authority's, and its private key, in PEM.
    /// For `amqps` only. To log in by it alone, say `auth_mechanism=external` in the URL.
    #[must_use]
    pub fn client_certificate(
        mut self,
        certificate: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        self.tls.identity = Some(tcp::OwnedIdentity::PKCS8 {
            pem: certificate.into(),
            key: key.into(),
        });
        self
    }

    /// Connects, and declares the exchange.
    async fn open(&self, exchange: &str) -> Result<(Line, Channel), BoxError> {
        let line = Line::open(self.uri.clone(), self.tls.clone()).await?;
        let channel = line.connection().create_channel().await?;
        let options = ExchangeDeclareOptions::default();
        channel
            .exchange_declare(
                types::ShortString::try_new(exchange)?,
                ExchangeKind::Fanout,
                options,
                types::FieldTable::default(),
            )
            .await?;
        Ok((line, channel))
    }

    /// Bounds what has to do with opening, and says who it was.
    async fn opened<T>(
        &self,
        opening: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, BoxError> {
        let patience = self.uri.query.connection_timeout;
        let patience = patience.map_or(PATIENCE, Duration::from_millis);
        let opened = match timeout(patience, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(format!("no answer within {patience:?}").into()),
        };
        let broker = &self.uri.authority;
        opened
            .map_err(|error| format!("RabbitMQ at {}:{}: {error}", broker.host, broker.port).into())
    }
}

impl MessageQueue for RabbitMq {
    fn publisher<'a>(&'a self, channel: &'a str) -> Eventually<'a, Box<dyn Publisher>> {
        Box::pin(self.opened(async move {
            let (line, opened) = self.open(channel).await?;
            let publisher = Confirmed::new(line, opened, channel).await?;
            Ok(Box::new(publisher) as Box<dyn Publisher>)
        }))
    }

    fn subscription<'a>(&'a self, channel: &'a str) -> Eventually<'a, Box<dyn Subscription>> {
        Box::pin(self.opened(async move {
            let (line, opened) = self.open(channel).await?;
            let subscription = Consuming::new(line, opened, channel).await?;
            Ok(Box::new(subscription) as Box<dyn Subscription>)
        }))
    }
}

/// Without the password and the key.
impl fmt::Debug for RabbitMq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broker = &self.uri.authority;
        f.debug_struct("RabbitMq")
            .field("tls", &(self.uri.scheme == lapin::uri::AMQPScheme::AMQPS))
            .field("user", &broker.userinfo.username)
            .field("host", &broker.host)
            .field("port", &broker.port)
            .field("vhost", &self.uri.vhost)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_the_password_nor_the_key() {
        let queue = RabbitMq::new("amqps://ana:secret@broker/v")
            .unwrap()
            .client_certificate("a certificate", "secret");
        assert_eq!(
            format!("{queue:?}"),
            r#"RabbitMq { tls: true, user: "ana", host: "broker", port: 5671, vhost: "v", .. }"#
        );
    }
}

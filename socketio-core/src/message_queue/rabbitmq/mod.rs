//! RabbitMQ, as Kombu and aio_pika use it for python-socketio.
//!
//! A channel is a fanout exchange of that name, neither durable nor deleted when unused: everyone must declare it alike. Each
//! subscription has a queue of its own, which the broker deletes with the connection.

mod line;
mod publisher;
mod subscription;
mod url;

use std::{fmt, sync::Arc, time::Duration};

use lapin::{
    Channel, ExchangeKind,
    options::ExchangeDeclareOptions,
    types,
    uri::{AMQPScheme, AMQPUri},
};
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

use self::{line::Line, publisher::Confirmed, subscription::Consuming};
use super::{Eventually, MessageQueue, Publisher, Subscription, tls};
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
/// Certificates are checked against the platform's authorities, unless [`tls`](Self::tls) says otherwise.
///
/// # Delivery
///
/// A message counts as published when the broker has confirmed it. One that is larger than it takes (`max_message_size`: 16 MiB by
/// default, 128 MiB before RabbitMQ 4) is not published, which is logged and counted.
///
/// 128 messages are fetched ahead; what a server doesn't get round to waits in its queue at the broker. A server that takes nothing
/// for half an hour is disconnected by the broker (its `consumer_timeout`).
///
/// The user needs the permission to configure, write and read the exchange, named like the channel, and queues named `amq.gen-…`.
#[derive(Clone)]
pub struct RabbitMq {
    uri: AMQPUri,
    /// There for `amqps` only.
    tls: Option<Arc<ClientConfig>>,
}

impl RabbitMq {
    /// Takes the broker's URL; connects to nothing yet.
    ///
    /// # Errors
    ///
    /// When the URL is none of RabbitMQ's; or it asks for TLS, and the platform trusts no certificate. The text repeats no part of the
    /// URL that could be one of the password.
    pub fn new(url: &str) -> Result<Self, BoxError> {
        let uri = url::parse(url)?;
        let tls = (uri.scheme == AMQPScheme::AMQPS).then(tls::platform);
        Ok(Self {
            uri,
            tls: tls.transpose()?.map(Arc::new),
        })
    }

    /// Another configuration of TLS, for a URL that asks for TLS: an authority of one's own, a client's certificate. (To log in by that
    /// alone, say `auth_mechanism=external` in the URL.)
    ///
    /// # Errors
    ///
    /// When the URL doesn't ask for it: else a forgotten letter would send the password in the clear.
    pub fn tls(mut self, config: impl Into<Arc<ClientConfig>>) -> Result<Self, BoxError> {
        if self.tls.is_none() {
            return Err("the URL asks for no TLS: write `amqps://`".into());
        }
        self.tls = Some(config.into());
        Ok(self)
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

/// Without the password.
impl fmt::Debug for RabbitMq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broker = &self.uri.authority;
        f.debug_struct("RabbitMq")
            .field("tls", &self.tls.is_some())
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
    fn debug_shows_no_password() {
        let queue = RabbitMq::new("amqps://ana:secret@broker/v").unwrap();
        assert_eq!(
            format!("{queue:?}"),
            r#"RabbitMq { tls: true, user: "ana", host: "broker", port: 5671, vhost: "v", .. }"#
        );
    }
}

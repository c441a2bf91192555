//! The public type [`Nats`].

use std::{fmt, sync::Arc};

use async_nats::Subject;
use tokio_rustls::rustls::ClientConfig;

use super::{
    connection::NatsConnection, publisher::NatsPublisher, subscription::NatsSubscription,
    url::NatsUrl,
};
use crate::{
    BoxError,
    message_queue::{
        BoxFuture, MessageQueue, Publisher, Subscription, broker::Broker, timeouts::CONNECT, tls,
    },
};

/// A message queue over [NATS](https://nats.io): its publish and subscribe, without JetStream. The channel is the subject.
///
/// # The URL
///
/// | URL | meaning |
/// |---|---|
/// | `nats://` | `localhost`, port 4222 |
/// | `nats://user:password@host:port` | with a login |
/// | `nats://token@host` | with a token |
/// | `nats://user:password@one,two:4223` | the first reachable server of a cluster |
/// | `tls://host` | over TLS, with the certificates that the platform trusts; `nats` uses TLS as well if the server requires it |
///
/// # Delivery
///
/// A message larger than the server accepts (`max_payload`: 1 MB by default) is not published, which is logged and counted.
/// Up to 32 MiB of messages wait for a slow subscriber; above that they are lost, and the server subscribes again.
///
/// A user with limited permissions needs to publish and subscribe to the channel and to `_INBOX.>`: messages to the connection itself
/// confirm that the server has received what was sent before.
#[derive(Clone)]
pub struct Nats {
    url: NatsUrl,
    tls: Arc<ClientConfig>,
    broker: Broker,
}

impl Nats {
    /// Creates a queue from a URL, without connecting.
    ///
    /// # Errors
    ///
    /// Fails if the URL is invalid, or asks for TLS while the platform trusts no certificate. The error repeats no part of the URL that
    /// may belong to the password.
    pub fn new(url: &str) -> Result<Self, BoxError> {
        let url = NatsUrl::parse(url)?;
        let tls = match tls::platform() {
            Ok(tls) => tls,
            // The certificates are needed only if the server requires TLS.
            Err(_) if !url.tls => tls::trusting(Vec::new())?,
            Err(error) => return Err(error),
        };
        Ok(Self {
            broker: Broker::new("NATS", url.address()),
            url,
            tls: Arc::new(tls),
        })
    }

    /// Sets the TLS configuration: a private certificate authority, a client certificate. Default: the platform's certificates.
    ///
    /// # Errors
    ///
    /// Fails if the URL doesn't ask for TLS, since the password would be sent unencrypted: write `tls://`.
    pub fn tls(mut self, config: impl Into<Arc<ClientConfig>>) -> Result<Self, BoxError> {
        if !self.url.tls {
            return Err("the URL doesn't ask for TLS: write `tls://`".into());
        }
        self.tls = config.into();
        Ok(self)
    }

    async fn connect(&self) -> Result<NatsConnection, BoxError> {
        NatsConnection::open(&self.url, (*self.tls).clone()).await
    }
}

impl MessageQueue for Nats {
    fn publisher<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Publisher>, BoxError>> {
        Box::pin(self.broker.within(CONNECT, "response", async move {
            let subject = subject(channel)?;
            let connection = self.connect().await?;
            let publisher = NatsPublisher::new(connection, subject, self.broker.clone());
            Ok(Box::new(publisher) as Box<dyn Publisher>)
        }))
    }

    fn subscription<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, BoxError>> {
        Box::pin(self.broker.within(CONNECT, "response", async move {
            let subject = subject(channel)?;
            let connection = self.connect().await?;
            let subscription =
                NatsSubscription::new(connection, subject, self.broker.clone()).await?;
            Ok(Box::new(subscription) as Box<dyn Subscription>)
        }))
    }
}

fn subject(channel: &str) -> Result<Subject, BoxError> {
    // A wildcard would receive other channels too.
    match Subject::validated(channel) {
        Ok(subject) if !channel.contains(['*', '>']) => Ok(subject),
        _ => Err(format!(
            "the channel `{channel}` is not a valid subject: use words of letters, digits, `-` and `_`, separated by `.`"
        )
        .into()),
    }
}

impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nats")
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
        assert!(Nats::new("nats://a").unwrap().tls(config()).is_err());
        assert!(Nats::new("tls://a").unwrap().tls(config()).is_ok());
    }

    #[test]
    fn debug_hides_passwords_and_tokens() {
        for url in ["nats://ana:secret@a", "nats://secret@a"] {
            let text = format!("{:?}", Nats::new(url).unwrap());
            assert!(text.contains("\"a\""), "{text}");
            assert!(!text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn a_channel_must_be_a_subject() {
        assert!(subject("flask-socketio").is_ok() && subject("chat.one").is_ok());
        for channel in ["", "a b", "a.*", ">", ".a", "a..b"] {
            assert!(subject(channel).is_err(), "{channel}");
        }
    }
}

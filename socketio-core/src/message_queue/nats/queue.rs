//! The queue: an address, and what to do with it.

use std::{fmt, sync::Arc};

use async_nats::Subject;
use tokio_rustls::rustls::ClientConfig;

use super::{
    address::Address, link::Link, publisher::NatsPublisher, subscription::NatsSubscription,
};
use crate::{
    BoxError,
    message_queue::{Eventually, MessageQueue, Publisher, Subscription, tls},
};

/// A message queue over [NATS](https://nats.io): its publishing and subscribing alone, without JetStream. The channel is the subject.
///
/// Such are the URLs:
///
/// | URL | means |
/// |---|---|
/// | `nats://` | this host, the port 4222 |
/// | `nats://user:password@host:port` | with a login |
/// | `nats://token@host` | with a token |
/// | `nats://user:password@one,two:4223` | the first server of a cluster that can be reached |
/// | `tls://host` | over TLS, with the certificates that the platform trusts; `nats` uses TLS as well if the server demands it |
///
/// A user whose permissions are limited needs, besides the channel, to publish and subscribe to `_INBOX.>`: messages to oneself tell
/// that the server has taken what was sent before.
///
/// A message that is larger than the server takes (`max_payload`: 1 MB, by default) is not published, which is logged and counted.
/// When a listener is slower than messages come, 32 MB of them wait; what comes beyond is lost, and the server subscribes anew.
pub struct Nats {
    address: Address,
    tls: ClientConfig,
}

impl Nats {
    /// The NATS at a URL. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When the URL is none of those above; or it asks for TLS, and the platform trusts no certificate. No text shows a piece of the
    /// URL, since it could be one of the password.
    pub fn new(url: &str) -> Result<Self, BoxError> {
        let address = Address::parse(url)?;
        let tls = match tls::platform() {
            Ok(tls) => tls,
            // Only a server that demands TLS would miss the certificates.
            Err(_) if !address.tls => tls::trusting(Vec::new())?,
            Err(error) => return Err(error),
        };
        Ok(Self { address, tls })
    }

    /// Another configuration of TLS: an authority of one's own, a client's certificate.
    #[must_use]
    pub fn tls(mut self, config: impl Into<Arc<ClientConfig>>) -> Self {
        self.tls = Arc::unwrap_or_clone(config.into());
        self
    }

    async fn open(&self) -> Result<Link, BoxError> {
        Link::open(&self.address, self.tls.clone()).await
    }
}

impl MessageQueue for Nats {
    fn publisher<'a>(&'a self, channel: &'a str) -> Eventually<'a, Box<dyn Publisher>> {
        Box::pin(async move {
            let subject = subject(channel)?;
            let link = self.open().await?;
            Ok(Box::new(NatsPublisher { link, subject }) as Box<dyn Publisher>)
        })
    }

    fn subscription<'a>(&'a self, channel: &'a str) -> Eventually<'a, Box<dyn Subscription>> {
        Box::pin(async move {
            let subject = subject(channel)?;
            let mut link = self.open().await?;
            let client = link.client.clone();
            let messages = link
                .confirm(async move { Ok(client.subscribe(subject).await?) })
                .await?;
            Ok(Box::new(NatsSubscription::new(link, messages)) as Box<dyn Subscription>)
        })
    }
}

fn subject(channel: &str) -> Result<Subject, BoxError> {
    // A wildcard would hear the channels of others.
    match Subject::validated(channel) {
        Ok(subject) if !channel.contains(['*', '>']) => Ok(subject),
        _ => Err(format!("the channel `{channel}` can't be a subject of NATS").into()),
    }
}

impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nats")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_passwords_and_tokens() {
        for url in ["nats://ana:secret@a", "nats://secret@a"] {
            let text = format!("{:?}", Nats::new(url).unwrap());
            assert!(text.contains("\"a\""), "{text}");
            assert!(!text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn a_channel_has_to_be_a_subject() {
        assert!(subject("flask-socketio").is_ok() && subject("chat.one").is_ok());
        for channel in ["", "a b", "a.*", ">", ".a", "a..b"] {
            assert!(subject(channel).is_err(), "{channel}");
        }
    }
}

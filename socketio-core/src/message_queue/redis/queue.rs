//! The queue: an address, and what to do with it.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

use super::{
    address::{Address, Servers},
    connection::Connection,
    publisher::RedisPublisher,
    sentinel::Sentinels,
    subscription::RedisSubscription,
};
use crate::{
    BoxError,
    message_queue::{Eventually, MessageQueue, Publisher, Subscription, authority::Login, tls},
};

/// How long opening a connection may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A message queue over [Redis](https://redis.io) (6 or newer) or [Valkey](https://valkey.io): its `PUBLISH` and `SUBSCRIBE`.
///
/// Such are the URLs, with `valkey` in place of `redis` as well:
///
/// | URL | means |
/// |---|---|
/// | `redis://` | this host, the port 6379 |
/// | `redis://user:password@host:port`, `redis://:password@host` | with a login |
/// | `rediss://host` | over TLS, with the certificates that the platform trusts |
/// | `unix:///path/of/socket`, `redis+unix:///path/of/socket` | a Unix socket |
/// | `redis+sentinel://:password@one:26379,two:26379/0/service` | the master of a service, which the sentinels name |
/// | `rediss+sentinel://..` | the same, all of it over TLS |
///
/// A database (`/0`, `?db=0`) may be named, but makes no difference: a channel is the same in all of them. The service of
/// sentinels defaults to the name of the channel. Any node of a Redis Cluster will do; messages come to all nodes.
///
/// Messages that a slow listener has not read wait in Redis, which closes the connection beyond its own limit
/// (`client-output-buffer-limit pubsub`: 32 MB, by default); they are lost then, and the server subscribes anew.
pub struct Redis {
    address: Address,
    /// As whom to ask the sentinels.
    asking: Login,
    /// With a URL that says so.
    tls: Option<Arc<ClientConfig>>,
}

impl Redis {
    /// The Redis at a URL. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When the URL is none of those above; or it asks for TLS, and the platform trusts no certificate. No text shows a piece of the
    /// URL, since it could be one of the password.
    pub fn new(url: &str) -> Result<Self, BoxError> {
        let address = Address::parse(url)?;
        let tls = address.tls.then(tls::platform).transpose()?.map(Arc::new);
        Ok(Self {
            address,
            asking: Login::default(),
            tls,
        })
    }

    /// Another configuration of TLS, for a URL that asks for TLS: an authority of one's own, a client's certificate.
    ///
    /// # Errors
    ///
    /// When the URL doesn't ask for it: else a forgotten letter would send the password in the clear.
    pub fn tls(mut self, config: impl Into<Arc<ClientConfig>>) -> Result<Self, BoxError> {
        if !self.address.tls {
            return Err("the URL asks for no TLS: write `rediss://`".into());
        }
        self.tls = Some(config.into());
        Ok(self)
    }

    /// The login for the sentinels, if they want one: that of the URL is for the servers they name. An empty user is the default one.
    #[must_use]
    pub fn sentinel_login(mut self, user: &str, password: &str) -> Self {
        self.asking = Login {
            user: Some(user.to_owned()).filter(|user| !user.is_empty()),
            password: Some(password.to_owned()),
        };
        self
    }

    async fn open(&self, channel: &str) -> Result<Connection, BoxError> {
        let login = &self.address.login;
        let tls = self.tls.as_ref();
        match &self.address.servers {
            Servers::One(place) => Connection::open(place, login, tls).await,
            Servers::Sentinels { places, service } => {
                let sentinels = Sentinels {
                    places,
                    asking: &self.asking,
                    service: service.as_deref().unwrap_or(channel),
                    tls,
                };
                sentinels.master(login).await
            }
        }
    }

    /// Bounds the time of opening something.
    async fn within<T>(
        &self,
        opening: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, BoxError> {
        timeout(PATIENCE, opening).await.unwrap_or_else(|_| {
            Err(match &self.address.servers {
                Servers::One(place) => format!("{place}: no answer within 10 seconds"),
                Servers::Sentinels { places, .. } => {
                    format!("no way to a master within 10 seconds through any of {places:?}")
                }
            }
            .into())
        })
    }
}

impl MessageQueue for Redis {
    fn publisher<'a>(&'a self, channel: &'a str) -> Eventually<'a, Box<dyn Publisher>> {
        Box::pin(self.within(async {
            Ok(Box::new(RedisPublisher {
                connection: self.open(channel).await?,
                channel: channel.to_owned(),
            }) as Box<dyn Publisher>)
        }))
    }

    fn subscription<'a>(&'a self, channel: &'a str) -> Eventually<'a, Box<dyn Subscription>> {
        Box::pin(self.within(async {
            let connection = self.open(channel).await?;
            let subscription = RedisSubscription::new(connection, channel).await?;
            Ok(Box::new(subscription) as Box<dyn Subscription>)
        }))
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_that_is_configured_has_to_be_asked_for() {
        let config = || tls::trusting(Vec::new()).unwrap();
        assert!(Redis::new("redis://a").unwrap().tls(config()).is_err());
        assert!(Redis::new("rediss://a").unwrap().tls(config()).is_ok());
    }

    #[test]
    fn debug_hides_the_passwords() {
        let redis = Redis::new("redis+sentinel://ana:secret@a/0/main")
            .unwrap()
            .sentinel_login("bo", "secret");
        let text = format!("{redis:?}");
        assert!(text.contains("a:26379") && text.contains("ana"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

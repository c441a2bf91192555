//! The public type [`Redis`].

use std::{fmt, sync::Arc};

use tokio_rustls::rustls::ClientConfig;

use super::{
    connection::RedisConnection,
    publisher::RedisPublisher,
    sentinel::Sentinels,
    subscription::RedisSubscription,
    url::{RedisUrl, Servers},
};
use crate::{
    BoxError,
    message_queue::{
        BoxFuture, MessageQueue, Publisher, Subscription, authority::Login, broker::Broker,
        timeouts::CONNECT, tls,
    },
};

/// A message queue over [Redis](https://redis.io) or [Valkey](https://valkey.io): its `PUBLISH` and `SUBSCRIBE`.
///
/// # The URL
///
/// In place of `redis` the scheme may be `valkey`.
///
/// | URL | meaning |
/// |---|---|
/// | `redis://` | `localhost`, port 6379 |
/// | `redis://user:password@host:port`, `redis://:password@host` | with a login |
/// | `rediss://host` | over TLS, with the certificates that the platform trusts |
/// | `unix:///path/of/socket`, `redis+unix:///path/of/socket` | a Unix domain socket |
/// | `redis+sentinel://:password@one:26379,two:26379/0/service` | the master of a service, found through its sentinels |
/// | `rediss+sentinel://..` | the same, with TLS to the sentinels and the master |
///
/// A database (`/0`, `?db=0`) may be given and has no effect: channels are the same in all of them. The service of sentinels defaults to
/// the name of the channel. `?ssl_cert_reqs=required` is accepted and is always the case. Any node of a Redis Cluster can be used: messages reach all nodes.
///
/// The protocol is RESP3, or RESP2 if the server does not know the command `HELLO`: Redis before version 6, and some proxies and managed
/// services. If a proxy ends the connection instead of refusing the command, write `?protocol=resp2`.
///
/// # Delivery
///
/// Messages that a slow subscriber has not read wait in Redis. Above its own limit (`client-output-buffer-limit pubsub`: 32 MB by default),
/// Redis closes the connection: the messages are lost, and the server subscribes again.
#[derive(Clone)]
pub struct Redis {
    url: RedisUrl,
    /// The login for the sentinels.
    sentinel_login: Login,
    /// Set exactly if the URL asks for TLS.
    tls: Option<Arc<ClientConfig>>,
    broker: Broker,
}

impl Redis {
    /// Creates a queue from a URL, without connecting.
    ///
    /// # Errors
    ///
    /// Fails if the URL is invalid, or asks for TLS while the platform trusts no certificate. The error repeats no part of the URL that
    /// may belong to the password.
    pub fn new(url: &str) -> Result<Self, BoxError> {
        let url = RedisUrl::parse(url)?;
        let tls = url.tls.then(tls::platform).transpose()?.map(Arc::new);
        Ok(Self {
            broker: Broker::new("Redis", url.address()),
            url,
            sentinel_login: Login::default(),
            tls,
        })
    }

    /// Sets the TLS configuration: a private certificate authority, a client certificate. Default: the platform's certificates.
    ///
    /// # Errors
    ///
    /// Fails if the URL doesn't ask for TLS, since the password would be sent unencrypted: write `rediss://`.
    pub fn tls(mut self, config: impl Into<Arc<ClientConfig>>) -> Result<Self, BoxError> {
        if !self.url.tls {
            return Err("the URL doesn't ask for TLS: write `rediss://`".into());
        }
        self.tls = Some(config.into());
        Ok(self)
    }

    /// Sets the login for the sentinels, if they need one. The login of the URL is for the master. An empty user is the default user. Default:
    /// none.
    #[must_use]
    pub fn sentinel_login(mut self, user: &str, password: &str) -> Self {
        self.sentinel_login = Login {
            user: Some(user.to_owned()).filter(|user| !user.is_empty()),
            password: Some(password.to_owned()),
        };
        self
    }

    pub(super) fn broker(&self) -> &Broker {
        &self.broker
    }

    pub(super) async fn connect(&self, channel: &str) -> Result<RedisConnection, BoxError> {
        let login = &self.url.login;
        let tls = self.tls.as_ref();
        let protocol = self.url.protocol;
        match &self.url.servers {
            Servers::One(endpoint) => RedisConnection::open(endpoint, login, protocol, tls).await,
            Servers::Sentinels { sentinels, service } => {
                let sentinels = Sentinels {
                    endpoints: sentinels,
                    login: &self.sentinel_login,
                    service: service.as_deref().unwrap_or(channel),
                    protocol,
                    tls,
                };
                sentinels.connect_to_master(login).await
            }
        }
    }
}

impl MessageQueue for Redis {
    fn publisher<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Publisher>, BoxError>> {
        Box::pin(self.broker.within(CONNECT, "response", async move {
            let connection = self.connect(channel).await?;
            let publisher = RedisPublisher::new(connection, channel, self.broker.clone());
            Ok(Box::new(publisher) as Box<dyn Publisher>)
        }))
    }

    fn subscription<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, BoxError>> {
        Box::pin(self.broker.within(CONNECT, "response", async move {
            let connection = self.connect(channel).await?;
            let subscription =
                RedisSubscription::new(connection, channel, self.broker.clone()).await?;
            Ok(Box::new(subscription) as Box<dyn Subscription>)
        }))
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
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

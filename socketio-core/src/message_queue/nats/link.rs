//! A connection that ends when something is wrong with it, and knows what the server has taken.

use std::{future::Future, time::Duration};

use async_nats::{Client, ConnectOptions, Event, Subject, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;

use super::{
    address::Address,
    trouble::{Alarm, Trouble, alarm},
};
use crate::BoxError;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// When the third of these has passed without a sign of life, the connection is given up.
const PING: Duration = Duration::from_secs(12);
/// What is read at once. Small, so that one turn of the connection's task does not bring more messages than its queues hold.
const READ: u16 = 8 * 1024;

pub(super) struct Link {
    pub(super) client: Client,
    pub(super) trouble: Trouble,
    pub(super) alarm: Alarm,
    /// A subject of this connection's own, for [`confirm`](Link::confirm).
    inbox: Subject,
    echoes: Subscriber,
    asked: u64,
}

impl Link {
    pub(super) async fn open(address: &Address, tls: ClientConfig) -> Result<Self, BoxError> {
        let (alarm, mut trouble) = alarm();
        let told = alarm.clone();
        let servers = address.servers.len();
        // So that there is time for all of them.
        let each = PATIENCE.div_f64(servers as f64 + 1.0);
        let mut options = ConnectOptions::new()
            .name("socketio")
            .tls_client_config(tls)
            .connection_timeout(each)
            .ping_interval(PING)
            .read_buffer_capacity(READ)
            // The client can't be kept from trying each server once more after a loss. Nobody waits for that: the loss has ended
            // this link, and without it the client gives up when it has reconnected.
            .ignore_discovered_servers()
            .max_reconnects(servers)
            .event_callback(move |event| {
                if let Some(what) = what_is_wrong(event) {
                    told.raise(what);
                }
                async {}
            });
        let login = address.login.clone();
        options = match (login.user, login.password) {
            (Some(user), Some(password)) => options.user_and_password(user, password),
            (Some(token), None) => options.token(token),
            (None, _) => options,
        };
        let opening = in_time(async {
            // That a server could not be reached is no trouble while there are others.
            let client = options.connect(&address.servers[..]).await?;
            let inbox = Subject::from(client.new_inbox());
            let subscribed = async { Ok(client.subscribe(inbox.clone()).await?) };
            let echoes = trouble.unless(subscribed).await?;
            Ok((client, inbox, echoes))
        });
        let (client, inbox, echoes) = opening.await.map_err(|error| {
            let servers = address.servers.iter().map(|server| server.as_url_str());
            format!("{}: {error}", servers.collect::<Vec<_>>().join(", "))
        })?;
        Ok(Self {
            client,
            trouble,
            alarm,
            inbox,
            echoes,
            asked: 0,
        })
    }

    /// Does something over this connection, and waits until the server has taken it: nothing else answers, but a message to oneself
    /// comes after all that was sent before.
    pub(super) async fn confirm<T>(
        &mut self,
        something: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, BoxError> {
        self.asked += 1;
        let question = Bytes::copy_from_slice(&self.asked.to_be_bytes());
        let confirmed = in_time(async {
            let done = something.await?;
            let asked = self.client.publish(self.inbox.clone(), question.clone());
            asked.await?;
            // The echo of a question that was given up may come first.
            while self
                .echoes
                .next()
                .await
                .ok_or("the connection has ended")?
                .payload
                != question
            {}
            Ok(done)
        });
        let done = self.trouble.unless(confirmed).await?;
        // What the server refused, it has said before the echo.
        self.trouble.now().map_or(Ok(done), Err)
    }
}

async fn in_time<T>(something: impl Future<Output = Result<T, BoxError>>) -> Result<T, BoxError> {
    timeout(PATIENCE, something)
        .await
        .unwrap_or_else(|_| Err("NATS has not answered within 10 seconds".into()))
}

fn what_is_wrong(event: Event) -> Option<String> {
    match event {
        // A server that is about to stop ends the connection itself.
        Event::Connected | Event::LameDuckMode | Event::Draining => None,
        Event::Disconnected | Event::Closed => Some("the connection to NATS was lost".into()),
        Event::SlowConsumer(_) => Some("more messages came than could be taken".into()),
        Event::ServerError(error) => Some(error.to_string()),
        Event::ClientError(error) => Some(error.to_string()),
    }
}

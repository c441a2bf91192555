//! A connection that ends when something is wrong with it, and knows what the server has taken.

use std::{future::Future, time::Duration};

use async_nats::{Client, ConnectOptions, Event, Subject, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::{sync::watch, time::timeout};
use tokio_rustls::rustls::ClientConfig;

use super::address::Address;
use crate::BoxError;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many messages may wait for a slow listener. What comes beyond is lost, and ends the subscription.
const WAITING: usize = 8192;
/// What is read at once. Small, so that one turn of the connection's task brings fewer messages than may wait.
const READ: u16 = 8 * 1024;
/// When the third of these has passed without a sign of life, the connection is given up.
const PING: Duration = Duration::from_secs(12);

pub(super) struct Link {
    pub(super) client: Client,
    /// What was wrong with the connection first.
    trouble: watch::Receiver<Option<String>>,
    /// A subject of this connection's own, for [`confirm`](Link::confirm).
    inbox: Subject,
    echoes: Subscriber,
    asked: u64,
}

impl Link {
    pub(super) async fn open(address: &Address, tls: ClientConfig) -> Result<Self, BoxError> {
        let (tell, mut trouble) = watch::channel(None);
        let mut options = ConnectOptions::new()
            .name("socketio")
            .tls_client_config(tls)
            .connection_timeout(PATIENCE / 2)
            .ping_interval(PING)
            .subscription_capacity(WAITING)
            .read_buffer_capacity(READ)
            // The client can't be kept from trying each server once more after a loss. Nobody waits for that: the loss has ended
            // this link, and without it the client gives up when it has reconnected.
            .ignore_discovered_servers()
            .max_reconnects(address.servers.len())
            .event_callback(move |event| {
                tell.send_if_modified(|trouble| match trouble {
                    Some(_) => false,
                    None => {
                        *trouble = what_is_wrong(event);
                        trouble.is_some()
                    }
                });
                async {}
            });
        let login = address.login.clone();
        options = match (login.user, login.password) {
            (Some(user), Some(password)) => options.user_and_password(user, password),
            (Some(token), None) => options.token(token),
            (None, _) => options,
        };
        let opening = async {
            let client = options.connect(&address.servers[..]).await?;
            let inbox = Subject::from(client.new_inbox());
            let echoes = client.subscribe(inbox.clone()).await?;
            Ok((client, inbox, echoes))
        };
        let (client, inbox, echoes) = unless(&mut trouble, opening)
            .await
            .map_err(|error| format!("{}: {error}", names(address)))?;
        Ok(Self {
            client,
            trouble,
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
        let confirmed = async {
            let done = something.await?;
            self.client
                .publish(self.inbox.clone(), question.clone())
                .await?;
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
        };
        let done = unless(&mut self.trouble, confirmed).await?;
        // What the server refused, it has said before the echo.
        match &*self.trouble.borrow() {
            Some(trouble) => Err(trouble.clone().into()),
            None => Ok(done),
        }
    }

    /// Waits until something is wrong.
    pub(super) async fn trouble(&mut self) -> BoxError {
        trouble(&mut self.trouble).await
    }
}

/// Waits for something unless there is trouble, or the server does not answer.
async fn unless<T>(
    receiver: &mut watch::Receiver<Option<String>>,
    something: impl Future<Output = Result<T, BoxError>>,
) -> Result<T, BoxError> {
    tokio::select! {
        biased;
        done = timeout(PATIENCE, something) => {
            done.unwrap_or_else(|_| Err("NATS has not answered within 10 seconds".into()))
        }
        trouble = trouble(receiver) => Err(trouble),
    }
}

async fn trouble(receiver: &mut watch::Receiver<Option<String>>) -> BoxError {
    match receiver.wait_for(Option::is_some).await {
        Ok(trouble) => trouble.as_deref().unwrap_or_default().into(),
        Err(_) => "the connection to NATS has ended".into(),
    }
}

fn what_is_wrong(event: Event) -> Option<String> {
    match event {
        // A server that is about to stop ends the connection itself.
        Event::Connected | Event::LameDuckMode | Event::Draining => None,
        Event::Disconnected | Event::Closed => Some("the connection to NATS was lost".into()),
        Event::SlowConsumer(_) => Some(format!(
            "more than {WAITING} messages were waiting, and some are lost"
        )),
        Event::ServerError(error) => Some(error.to_string()),
        Event::ClientError(error) => Some(error.to_string()),
    }
}

fn names(address: &Address) -> String {
    let names = address.servers.iter().map(|server| {
        // With the brackets of an IPv6 address, which `host` takes off.
        server.as_url_str()
    });
    names.collect::<Vec<_>>().join(", ")
}

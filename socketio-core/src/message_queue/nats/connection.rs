//! A connection that ends with its first error, and knows what the server has received.

use std::future::Future;

use async_nats::{Client, ConnectOptions, Event, Subject, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio_rustls::rustls::ClientConfig;

use super::{
    error_watch::{ErrorSender, ErrorWatch, error_watch},
    url::NatsUrl,
};
use crate::{
    BoxError,
    message_queue::timeouts::{CONNECT, NATS_PING},
};

/// The size of the read buffer, in bytes. Small, so that one turn of the connection's task does not bring more messages than its queues
/// hold.
const READ_BUFFER: u16 = 8 * 1024;

pub(super) struct NatsConnection {
    pub(super) client: Client,
    pub(super) errors: ErrorWatch,
    pub(super) error_sender: ErrorSender,
    /// A subject of this connection's own, for [`confirm`](Self::confirm).
    inbox: Subject,
    echoes: Subscriber,
    /// The number of the last echo that was asked for.
    last_echo: u64,
}

impl NatsConnection {
    pub(super) async fn open(url: &NatsUrl, tls: ClientConfig) -> Result<Self, BoxError> {
        let (error_sender, mut errors) = error_watch();
        let sender = error_sender.clone();
        let servers = url.servers.len();
        // Leaves time to try all of them.
        let each = CONNECT.div_f64(servers as f64 + 1.0);
        let mut options = ConnectOptions::new()
            .name("socketio")
            .tls_client_config(tls)
            .connection_timeout(each)
            .ping_interval(NATS_PING)
            .read_buffer_capacity(READ_BUFFER)
            // The client can't be kept from trying each server once more after it has lost the connection. Nothing waits for that:
            // this connection has ended with the loss, and once it is dropped the client stops as soon as it has reconnected.
            .ignore_discovered_servers()
            .max_reconnects(servers)
            .event_callback(move |event| {
                if let Some(error) = error_of(event) {
                    sender.send(error);
                }
                async {}
            });
        let login = url.login.clone();
        options = match (login.user, login.password) {
            (Some(user), Some(password)) => options.user_and_password(user, password),
            (Some(token), None) => options.token(token),
            (None, _) => options,
        };
        // A server that can't be reached is not an error if another one can.
        let client = options.connect(&url.servers[..]).await?;
        let inbox = Subject::from(client.new_inbox());
        let subscribed = async { Ok(client.subscribe(inbox.clone()).await?) };
        let echoes = errors.guard(subscribed).await?;
        Ok(Self {
            client,
            errors,
            error_sender,
            inbox,
            echoes,
            last_echo: 0,
        })
    }

    /// Runs an operation and waits until the server has received it. NATS has no confirmations, but a message to this connection itself
    /// returns after everything that was sent before it.
    pub(super) async fn confirm<T>(
        &mut self,
        operation: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, BoxError> {
        self.last_echo += 1;
        let echo = Bytes::copy_from_slice(&self.last_echo.to_be_bytes());
        let confirmed = async {
            let result = operation.await?;
            let sent = self.client.publish(self.inbox.clone(), echo.clone());
            sent.await?;
            // The echoes of cancelled operations may arrive first.
            while self
                .echoes
                .next()
                .await
                .ok_or("the connection has ended")?
                .payload
                != echo
            {}
            Ok(result)
        };
        let result = self.errors.guard(confirmed).await?;
        // The server reports what it rejects before it sends the echo.
        self.errors.reported().map_or(Ok(result), Err)
    }
}

fn error_of(event: Event) -> Option<String> {
    match event {
        // A server that is about to stop closes the connection itself.
        Event::Connected | Event::LameDuckMode | Event::Draining => None,
        Event::Disconnected | Event::Closed => Some("the connection was lost".into()),
        Event::SlowConsumer(_) => Some("messages arrived faster than they were received".into()),
        Event::ServerError(error) => Some(error.to_string()),
        Event::ClientError(error) => Some(error.to_string()),
    }
}

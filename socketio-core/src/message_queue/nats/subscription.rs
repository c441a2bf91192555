//! Receiving: a task takes the messages from the client into a queue that is bounded by bytes.

use std::sync::Arc;

use async_nats::{Subject, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::{JoinHandle, unconstrained},
};

use super::{connection::NatsConnection, error_watch::ErrorWatch};
use crate::{
    BoxError,
    message_queue::{BoxFuture, Subscription, broker::Broker},
};

/// How many bytes of messages may wait to be received.
const MAX_WAITING: usize = 32 << 20;
/// The number of bytes by which a message counts in addition to its payload.
const OVERHEAD: usize = 64;

pub(super) struct NatsSubscription {
    waiting: mpsc::Receiver<Waiting>,
    errors: ErrorWatch,
    pump: JoinHandle<()>,
    broker: Broker,
}

/// A message, and its share of [`MAX_WAITING`].
type Waiting = (Bytes, OwnedSemaphorePermit);

impl NatsSubscription {
    pub(super) async fn new(
        mut connection: NatsConnection,
        subject: Subject,
        broker: Broker,
    ) -> Result<Self, BoxError> {
        let client = connection.client.clone();
        let subscribed = async move { Ok(client.subscribe(subject).await?) };
        let messages = connection.confirm(subscribed).await?;
        let (sender, waiting) = mpsc::channel(MAX_WAITING / OVERHEAD);
        let errors = connection.errors.clone();
        // Unconstrained, because otherwise a busy connection fills the client's queue faster than the task's turns can empty it.
        let pump = tokio::spawn(unconstrained(pump(connection, messages, sender)));
        Ok(Self {
            waiting,
            errors,
            pump,
            broker,
        })
    }
}

/// Moves messages from the client, which bounds them only by number, into a queue that bounds them by size. Ends with an error of the
/// connection.
async fn pump(
    mut connection: NatsConnection,
    mut messages: Subscriber,
    waiting: mpsc::Sender<Waiting>,
) {
    let room = Arc::new(Semaphore::new(MAX_WAITING));
    loop {
        let message = tokio::select! {
            // The messages that arrived before the error come first.
            biased;
            message = messages.next() => message,
            _ = connection.errors.wait() => return,
        };
        let Some(message) = message else {
            return connection.error_sender.send("the connection has ended");
        };
        let size = u32::try_from(message.payload.len() + OVERHEAD).unwrap_or(u32::MAX);
        let queued = room
            .clone()
            .try_acquire_many_owned(size)
            .is_ok_and(|room| waiting.try_send((message.payload, room)).is_ok());
        if !queued {
            return connection
                .error_sender
                .send("more than 32 MiB of messages were waiting to be received");
        }
    }
}

impl Subscription for NatsSubscription {
    fn receive(&mut self) -> BoxFuture<'_, Result<Bytes, BoxError>> {
        Box::pin(async {
            match self.waiting.recv().await {
                Some((message, _)) => Ok(message),
                None => Err(self.broker.error(self.errors.wait().await)),
            }
        })
    }
}

impl Drop for NatsSubscription {
    fn drop(&mut self) {
        // The task owns the connection.
        self.pump.abort();
    }
}

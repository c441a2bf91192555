//! The task that publishes.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::timeout;

use super::{backoff::Backoff, outgoing::Outgoing};
use crate::{
    BoxError,
    message_queue::{MessageQueue, Publisher},
};

/// As much as is published at once: messages, and bytes.
const BATCH: (usize, usize) = (256, 1 << 20);

/// How often a message is tried that alone makes the queue fail.
const ATTEMPTS: usize = 3;

/// How long the queue may take, for a connection or a batch: an operation that hangs is one that failed.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Publishes what goes out, until there will be no more.
pub(super) struct Publishing {
    queue: Arc<dyn MessageQueue>,
    channel: Arc<str>,
    outgoing: Arc<Outgoing>,
    /// How many of the next messages go one by one: they were in a batch that failed, and one of them may be the reason.
    singly: usize,
    /// How often the next message has failed alone.
    failures: usize,
    /// Whether the last attempt failed.
    outage: bool,
}

impl Publishing {
    pub(super) fn new(
        queue: Arc<dyn MessageQueue>,
        channel: Arc<str>,
        outgoing: Arc<Outgoing>,
    ) -> Self {
        Publishing {
            queue,
            channel,
            outgoing,
            singly: 0,
            failures: 0,
            outage: false,
        }
    }

    pub(super) async fn run(mut self) {
        let mut backoff = Backoff::new();
        loop {
            let Err(error) = self.publish_all(&mut backoff).await else {
                return;
            };
            if self.outgoing.is_closed() {
                tracing::warn!(target: "socketio", error, messages = self.outgoing.counts().waiting, "the last messages were not published");
                return;
            }
            if !std::mem::replace(&mut self.outage, true) {
                tracing::warn!(target: "socketio", error, "the message queue takes nothing: messages wait");
            }
            backoff.pause().await;
        }
    }

    /// Over one connection. Ends well when there will be no more messages.
    async fn publish_all(&mut self, backoff: &mut Backoff) -> Result<(), BoxError> {
        let mut publisher = timeout(PATIENCE, self.queue.publisher(&self.channel)).await??;
        loop {
            let messages = if self.singly > 0 { 1 } else { BATCH.0 };
            let Some(batch) = self.outgoing.next(messages, BATCH.1).await else {
                return Ok(());
            };
            publish(&mut *publisher, &batch)
                .await
                .inspect_err(|error| self.failed(&batch, error))?;
            self.outgoing.published();
            self.singly = self.singly.saturating_sub(batch.len());
            self.failures = 0;
            backoff.reset();
            if std::mem::take(&mut self.outage) {
                tracing::info!(target: "socketio", "the message queue takes messages again");
            }
        }
    }

    fn failed(&mut self, batch: &[Bytes], error: &BoxError) {
        let [message] = batch else {
            self.singly = batch.len();
            return;
        };
        self.failures += 1;
        if self.failures >= ATTEMPTS {
            tracing::error!(target: "socketio", error, bytes = message.len(), "a message can't be published: it is dropped");
            self.outgoing.gave_up();
            self.failures = 0;
            self.singly = self.singly.saturating_sub(1);
        }
    }
}

async fn publish(publisher: &mut dyn Publisher, batch: &[Bytes]) -> Result<(), BoxError> {
    timeout(PATIENCE, publisher.publish(batch)).await?
}

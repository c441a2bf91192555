//! [`PublishTask`]: the task that publishes the messages of this node.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::{sleep, timeout};

use super::{backoff::Backoff, publish_queue::PublishQueue};
use crate::{
    base::{BoxError, fault},
    message_queue::{MessageQueue, Publisher, Refused},
};

/// The limits of one batch: messages, and bytes.
const BATCH: (usize, usize) = (256, 1 << 20);

/// How often a message may fail alone before a probe finds out whether the message or the broker is the reason.
const ATTEMPTS: usize = 3;

/// The probe. All nodes ignore messages with an unknown method.
const PROBE: &[u8] = br#"{"method":"probe"}"#;

/// The timeout of a connection attempt and of a batch.
pub(super) const QUEUE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the first message waits once the broker is back, so that the other nodes are subscribed again and don't miss it. After an
/// outage, this is longer than their longest pause; after the loss of a connection, longer than their first pause.
const AFTER_OUTAGE: Duration = Duration::from_secs(3);
const AFTER_LOSS: Duration = Duration::from_millis(250);

/// The pause between attempts while the server shuts down.
const HURRIED_PAUSE: Duration = Duration::from_millis(100);

/// Publishes the messages of the queue, until it is closed and empty.
pub(super) struct PublishTask {
    queue: Arc<dyn MessageQueue>,
    channel: Arc<str>,
    outgoing: Arc<PublishQueue>,
    /// The number of next messages that are published one by one, since one of them may be the reason why their batch has failed.
    isolate_remaining: usize,
    /// The number of times the next message has failed alone.
    failures: usize,
    /// How long the first message waits once the broker is back.
    resume_after: Option<Duration>,
}

impl PublishTask {
    pub(super) fn new(
        queue: Arc<dyn MessageQueue>,
        channel: Arc<str>,
        outgoing: Arc<PublishQueue>,
    ) -> Self {
        PublishTask {
            queue,
            channel,
            outgoing,
            isolate_remaining: 0,
            failures: 0,
            resume_after: None,
        }
    }

    pub(super) async fn run(mut self) {
        /// Drops the remaining messages when the task ends, so that `flushed` returns.
        struct Ended(Arc<PublishQueue>);

        impl Drop for Ended {
            fn drop(&mut self) {
                self.0.abandon();
            }
        }

        let _ended = Ended(Arc::clone(&self.outgoing));
        let mut backoff = Backoff::new();
        loop {
            let Err(error) = unless_panics(self.publish_all(&mut backoff)).await else {
                return;
            };
            if self.outgoing.is_closed() {
                tracing::warn!(target: "socketio", node = self.outgoing.node(), error, messages = self.outgoing.counts().waiting, "the last messages were not published");
                return;
            }
            if !self.outgoing.is_in_outage() {
                self.outgoing.set_outage(true);
                tracing::warn!(target: "socketio", node = self.outgoing.node(), channel = &*self.channel, error, "publishing to the message queue fails: messages wait");
            }
            tokio::select! {
                () = backoff.pause() => {}
                () = self.outgoing.hurried() => sleep(HURRIED_PAUSE).await,
            }
        }
    }

    /// Publishes over one connection. Returns `Ok` once the queue is closed and empty.
    async fn publish_all(&mut self, backoff: &mut Backoff) -> Result<(), BoxError> {
        let opened = timeout(QUEUE_TIMEOUT, self.queue.publisher(&self.channel)).await;
        let mut publisher = opened
            .map_err(BoxError::from)
            .flatten()
            .inspect_err(|_| self.resume_after = Some(AFTER_OUTAGE))?;
        if let Some(resume_after) = self.resume_after.take() {
            // A shutdown does not wait: a message that some nodes miss is better than one that is not published.
            let _ = timeout(resume_after, self.outgoing.hurried()).await;
        }
        loop {
            let suspect = self.failures >= ATTEMPTS;
            let messages = match self.isolate_remaining {
                0 if !suspect => BATCH.0,
                _ => 1,
            };
            let Some(batch) = self.outgoing.next(messages, BATCH.1).await else {
                return Ok(());
            };
            let result = match &batch[..] {
                [message] if suspect => self.publish_suspect(&mut *publisher, message).await,
                _ => self.publish(&mut *publisher, &batch).await,
            };
            result.inspect_err(|_| self.resume_after = self.resume_after.or(Some(AFTER_LOSS)))?;
            backoff.reset();
            if self.outgoing.is_in_outage() {
                self.outgoing.set_outage(false);
                tracing::info!(target: "socketio", node = self.outgoing.node(), channel = &*self.channel, "publishing to the message queue works again");
            }
        }
    }

    async fn publish(
        &mut self,
        publisher: &mut dyn Publisher,
        batch: &[Bytes],
    ) -> Result<(), BoxError> {
        let Err(error) = publish(publisher, batch).await else {
            self.left(batch.len());
            return Ok(());
        };
        if let Some(refused) = error.downcast_ref::<Refused>() {
            let index = refused.index().min(batch.len() - 1);
            self.left(index);
            self.give_up(&batch[index], &error);
            return Ok(());
        }
        match batch {
            [_] => self.failures += 1,
            _ => self.isolate_remaining = batch.len(),
        }
        Err(error)
    }

    /// Publishes a message that has failed several times, after the probe. If the probe succeeds and the message fails, the
    /// message is the reason and is dropped.
    async fn publish_suspect(
        &mut self,
        publisher: &mut dyn Publisher,
        message: &Bytes,
    ) -> Result<(), BoxError> {
        publish(publisher, &[Bytes::from_static(PROBE)]).await?;
        let result = publish(publisher, std::slice::from_ref(message)).await;
        match &result {
            Ok(()) => self.left(1),
            Err(error) => self.give_up(message, error),
        }
        result
    }

    fn left(&mut self, messages: usize) {
        self.outgoing.published(messages);
        self.isolate_remaining = self.isolate_remaining.saturating_sub(messages);
        self.failures = 0;
    }

    fn give_up(&mut self, message: &Bytes, error: &BoxError) {
        tracing::error!(target: "socketio", node = self.outgoing.node(), error, bytes = message.len(), "a message can't be published: it is dropped");
        self.outgoing.gave_up();
        self.isolate_remaining = self.isolate_remaining.saturating_sub(1);
        self.failures = 0;
    }
}

/// Converts a panic of the message queue's code into an error, so that its task continues.
pub(super) async fn unless_panics<T>(
    task: impl Future<Output = Result<T, BoxError>>,
) -> Result<T, BoxError> {
    let ended = fault::run(std::pin::pin!(task)).await;
    ended.unwrap_or_else(|panic| Err(format!("the message queue {panic}").into()))
}

async fn publish(publisher: &mut dyn Publisher, batch: &[Bytes]) -> Result<(), BoxError> {
    timeout(QUEUE_TIMEOUT, publisher.publish(batch)).await?
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use crate::{
        admission::PublishLimits,
        message_queue::{BoxFuture, Subscription},
    };

    /// A broker that accepts messages up to the one that it refuses.
    #[derive(Clone, Default)]
    struct Broker {
        taken: Arc<Mutex<Vec<Bytes>>>,
        connections: Arc<Mutex<usize>>,
        refused: &'static str,
        /// Whether its error says which message it refuses.
        names_refused: bool,
        /// The time until which it accepts connections, but no messages.
        since: Option<tokio::time::Instant>,
    }

    impl MessageQueue for Broker {
        fn publisher<'a>(
            &'a self,
            _: &'a str,
        ) -> BoxFuture<'a, Result<Box<dyn Publisher>, BoxError>> {
            *self
                .connections
                .lock()
                .unwrap_or_else(PoisonError::into_inner) += 1;
            let publisher: Box<dyn Publisher> = Box::new(self.clone());
            Box::pin(async { Ok(publisher) })
        }

        fn subscription<'a>(
            &'a self,
            _: &'a str,
        ) -> BoxFuture<'a, Result<Box<dyn Subscription>, BoxError>> {
            Box::pin(async { Err("this broker has no subscriptions".into()) })
        }
    }

    impl Publisher for Broker {
        fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, Result<(), BoxError>> {
            let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
            if self
                .since
                .is_some_and(|since| since > tokio::time::Instant::now())
            {
                return Box::pin(async { Err("short of memory".into()) });
            }
            let mut messages = messages.iter().enumerate();
            let result = messages.try_for_each(|(index, message)| {
                if *message == self.refused {
                    return Err(match self.names_refused {
                        true => Refused::new(index, "too large").into(),
                        false => "too large".into(),
                    });
                }
                taken.push(message.clone());
                Ok(())
            });
            Box::pin(async { result })
        }
    }

    async fn publish(broker: &Broker, messages: &[&'static str]) -> Arc<PublishQueue> {
        let outgoing = Arc::new(PublishQueue::new(
            &Arc::from("node"),
            PublishLimits {
                messages: 100,
                bytes: 100,
            },
            true,
        ));
        for message in messages {
            outgoing.push(Bytes::from_static(message.as_bytes()));
        }
        let publishing = PublishTask::new(
            Arc::new(broker.clone()),
            Arc::from("channel"),
            Arc::clone(&outgoing),
        );
        let task = tokio::spawn(publishing.run());
        outgoing.flushed().await;
        outgoing.close();
        task.await.unwrap();
        outgoing
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_always_fails_does_not_hold_up_the_others() {
        let broker = Broker {
            refused: "bad",
            ..Broker::default()
        };
        let outgoing = publish(&broker, &["a", "b", "bad", "c", "d"]).await;
        // The batch is accepted up to the refused message, then its messages are published again one by one.
        let taken = broker.taken.lock().unwrap().clone();
        let taken: Vec<_> = taken.iter().filter(|taken| **taken != PROBE).collect();
        assert_eq!(taken, ["a", "b", "a", "b", "c", "d"]);
        let counts = outgoing.counts();
        assert_eq!((counts.published, counts.dropped), (4, 1));
        // One at first, one after the batch, one after each attempt, including the last.
        assert_eq!(*broker.connections.lock().unwrap(), 3 + ATTEMPTS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_that_accepts_connections_but_no_messages_loses_none() {
        // It works again at any point between two attempts.
        for seconds in 280..300 {
            let broker = Broker {
                since: Some(tokio::time::Instant::now() + Duration::from_secs(seconds)),
                refused: "none",
                ..Broker::default()
            };
            loses_none(broker).await;
        }
    }

    async fn loses_none(broker: Broker) {
        let outgoing = publish(&broker, &["a", "b", "c"]).await;
        let mut taken = broker.taken.lock().unwrap().clone();
        taken.retain(|taken| *taken != PROBE);
        assert_eq!(taken, ["a", "b", "c"]);
        assert_eq!(outgoing.counts().dropped, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_is_refused_is_the_only_one_dropped() {
        let broker = Broker {
            refused: "bad",
            names_refused: true,
            ..Broker::default()
        };
        let outgoing = publish(&broker, &["bad", "a", "bad", "b", "bad"]).await;
        assert_eq!(*broker.taken.lock().unwrap(), ["a", "b"]);
        let counts = outgoing.counts();
        assert_eq!((counts.published, counts.dropped), (2, 3));
        assert_eq!(*broker.connections.lock().unwrap(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_operation_that_hangs_fails_at_its_timeout() {
        struct Silent;

        impl MessageQueue for Silent {
            fn publisher<'a>(
                &'a self,
                _: &'a str,
            ) -> BoxFuture<'a, Result<Box<dyn Publisher>, BoxError>> {
                Box::pin(std::future::pending())
            }

            fn subscription<'a>(
                &'a self,
                _: &'a str,
            ) -> BoxFuture<'a, Result<Box<dyn Subscription>, BoxError>> {
                Box::pin(std::future::pending())
            }
        }

        let outgoing = Arc::new(PublishQueue::new(
            &Arc::from("node"),
            PublishLimits {
                messages: 1,
                bytes: 1,
            },
            true,
        ));
        let channel = Arc::from("channel");
        let publishing = PublishTask::new(Arc::new(Silent), channel, Arc::clone(&outgoing));
        let task = tokio::spawn(publishing.run());
        outgoing.close();
        let began = tokio::time::Instant::now();
        task.await.unwrap();
        assert_eq!(began.elapsed(), QUEUE_TIMEOUT);
    }
}

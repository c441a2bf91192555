//! The task that publishes.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::time::timeout;

use super::{backoff::Backoff, outgoing::Outgoing};
use crate::{
    BoxError,
    message_queue::{MessageQueue, Publisher, Refused},
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
            if let Err(error) = publish(&mut *publisher, &batch).await {
                let Some(refused) = error.downcast_ref::<Refused>() else {
                    self.failed(&batch, &error);
                    return Err(error);
                };
                self.left(refused.index());
                self.give_up(&batch[refused.index().min(batch.len() - 1)], &error);
            } else {
                self.left(batch.len());
            }
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
            self.give_up(message, error);
        }
    }

    fn left(&mut self, messages: usize) {
        self.outgoing.published(messages);
        self.singly = self.singly.saturating_sub(messages);
        self.failures = 0;
    }

    fn give_up(&mut self, message: &Bytes, error: &BoxError) {
        tracing::error!(target: "socketio", error, bytes = message.len(), "a message can't be published: it is dropped");
        self.outgoing.gave_up();
        self.singly = self.singly.saturating_sub(1);
        self.failures = 0;
    }
}

async fn publish(publisher: &mut dyn Publisher, batch: &[Bytes]) -> Result<(), BoxError> {
    timeout(PATIENCE, publisher.publish(batch)).await?
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use crate::{
        adapter::outgoing::OutgoingLimits,
        message_queue::{Eventually, Subscription},
    };

    /// A broker that takes messages up to one it dislikes.
    #[derive(Clone, Default)]
    struct Broker {
        taken: Arc<Mutex<Vec<Bytes>>>,
        connections: Arc<Mutex<usize>>,
        disliked: &'static str,
        /// Whether it says which one it dislikes.
        tells: bool,
    }

    impl MessageQueue for Broker {
        fn publisher<'a>(&'a self, _: &'a str) -> Eventually<'a, Box<dyn Publisher>> {
            *self
                .connections
                .lock()
                .unwrap_or_else(PoisonError::into_inner) += 1;
            let publisher: Box<dyn Publisher> = Box::new(self.clone());
            Box::pin(async { Ok(publisher) })
        }

        fn subscription<'a>(&'a self, _: &'a str) -> Eventually<'a, Box<dyn Subscription>> {
            Box::pin(async { Err("nobody listens".into()) })
        }
    }

    impl Publisher for Broker {
        fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> Eventually<'a, ()> {
            let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
            let mut messages = messages.iter().enumerate();
            let result = messages.try_for_each(|(index, message)| {
                if *message == self.disliked {
                    return Err(match self.tells {
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

    async fn publish(broker: &Broker, messages: &[&'static str]) -> Arc<Outgoing> {
        let outgoing = Arc::new(Outgoing::new(OutgoingLimits {
            messages: 100,
            bytes: 100,
        }));
        for message in messages {
            outgoing.push(Bytes::from_static(message.as_bytes()));
        }
        let publishing = Publishing::new(
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
    async fn a_message_that_nobody_takes_does_not_hold_up_the_others() {
        let broker = Broker {
            disliked: "bad",
            ..Broker::default()
        };
        let outgoing = publish(&broker, &["a", "b", "bad", "c", "d"]).await;
        // The batch was taken up to the culprit, and once more one by one: twice is better than never.
        let taken = broker.taken.lock().unwrap().clone();
        assert_eq!(taken, ["a", "b", "a", "b", "c", "d"]);
        let counts = outgoing.counts();
        assert_eq!((counts.published, counts.dropped), (4, 1));
        // One for the beginning, one after the batch, one after each attempt.
        assert_eq!(*broker.connections.lock().unwrap(), 2 + ATTEMPTS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_is_refused_costs_nothing_but_itself() {
        let broker = Broker {
            disliked: "bad",
            tells: true,
            ..Broker::default()
        };
        let outgoing = publish(&broker, &["bad", "a", "bad", "b", "bad"]).await;
        assert_eq!(*broker.taken.lock().unwrap(), ["a", "b"]);
        let counts = outgoing.counts();
        assert_eq!((counts.published, counts.dropped), (2, 3));
        assert_eq!(*broker.connections.lock().unwrap(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_hangs_has_failed() {
        struct Silent;

        impl MessageQueue for Silent {
            fn publisher<'a>(&'a self, _: &'a str) -> Eventually<'a, Box<dyn Publisher>> {
                Box::pin(std::future::pending())
            }

            fn subscription<'a>(&'a self, _: &'a str) -> Eventually<'a, Box<dyn Subscription>> {
                Box::pin(std::future::pending())
            }
        }

        let outgoing = Arc::new(Outgoing::new(OutgoingLimits {
            messages: 1,
            bytes: 1,
        }));
        let channel = Arc::from("channel");
        let publishing = Publishing::new(Arc::new(Silent), channel, Arc::clone(&outgoing));
        let task = tokio::spawn(publishing.run());
        outgoing.close();
        let began = tokio::time::Instant::now();
        task.await.unwrap();
        assert_eq!(began.elapsed(), PATIENCE);
    }
}

//! The task that publishes.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::time::{sleep, timeout};

use super::{backoff::Backoff, outgoing::Outgoing};
use crate::{
    BoxError,
    message_queue::{MessageQueue, Publisher, Refused},
};

/// As much as is published at once: messages, and bytes.
const BATCH: (usize, usize) = (256, 1 << 20);

/// How often a message is tried alone before something else is, to see which of them it is.
const ATTEMPTS: usize = 3;

/// Something else. A method that nobody knows is ignored by everybody.
const PROBE: &[u8] = br#"{"method":"probe"}"#;

/// How long the queue may take, for a connection or a batch: an operation that hangs is one that failed.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait with the first message when the queue is back: the others have to listen again before, or miss it. Longer than
/// the longest pause of theirs when it had gone, and than the first one when just a connection was lost.
const AFTER_OUTAGE: Duration = Duration::from_secs(3);
const AFTER_LOSS: Duration = Duration::from_millis(250);

/// Publishes what goes out, until there will be no more.
pub(super) struct Publishing {
    queue: Arc<dyn MessageQueue>,
    channel: Arc<str>,
    outgoing: Arc<Outgoing>,
    /// How many of the next messages go one by one: they were in a batch that failed, and one of them may be the reason.
    singly: usize,
    /// How often the next message has failed alone.
    failures: usize,
    /// How long to wait when the queue is back.
    hold: Option<Duration>,
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
            hold: None,
        }
    }

    pub(super) async fn run(mut self) {
        /// However it ends, nobody waits for it any more.
        struct Ended(Arc<Outgoing>);

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
                tracing::warn!(target: "socketio", error, messages = self.outgoing.counts().waiting, "the last messages were not published");
                return;
            }
            if !self.outgoing.is_in_outage() {
                self.outgoing.set_outage(true);
                tracing::warn!(target: "socketio", error, "the message queue takes nothing: messages wait");
            }
            backoff.pause().await;
        }
    }

    /// Over one connection. Ends well when there will be no more messages.
    async fn publish_all(&mut self, backoff: &mut Backoff) -> Result<(), BoxError> {
        let opened = timeout(PATIENCE, self.queue.publisher(&self.channel)).await;
        let mut publisher = opened
            .map_err(BoxError::from)
            .flatten()
            .inspect_err(|_| self.hold = Some(AFTER_OUTAGE))?;
        if let Some(hold) = self.hold.take() {
            sleep(hold).await;
        }
        loop {
            let suspect = self.failures >= ATTEMPTS;
            let messages = match self.singly {
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
            result.inspect_err(|_| self.hold = self.hold.or(Some(AFTER_LOSS)))?;
            backoff.reset();
            if self.outgoing.is_in_outage() {
                self.outgoing.set_outage(false);
                tracing::info!(target: "socketio", "the message queue takes messages again");
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
            _ => self.singly = batch.len(),
        }
        Err(error)
    }

    /// The message has failed again and again. If something else goes through, it is to blame, not the queue: unless it goes
    /// through itself, now that the queue works.
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

/// A panic of a queue is an error like others: its task goes on.
pub(super) async fn unless_panics<T>(
    task: impl Future<Output = Result<T, BoxError>>,
) -> Result<T, BoxError> {
    let ended = AssertUnwindSafe(task).catch_unwind().await;
    ended.unwrap_or_else(|_| Err("it panicked".into()))
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
        message_queue::{BoxFuture, Subscription},
    };

    /// A broker that takes messages up to one it dislikes.
    #[derive(Clone, Default)]
    struct Broker {
        taken: Arc<Mutex<Vec<Bytes>>>,
        connections: Arc<Mutex<usize>>,
        disliked: &'static str,
        /// Whether it says which one it dislikes.
        tells: bool,
        /// Until when it takes connections, and no messages.
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
            Box::pin(async { Err("nobody listens".into()) })
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
        let taken: Vec<_> = taken.iter().filter(|taken| **taken != PROBE).collect();
        assert_eq!(taken, ["a", "b", "a", "b", "c", "d"]);
        let counts = outgoing.counts();
        assert_eq!((counts.published, counts.dropped), (4, 1));
        // One for the beginning, one after the batch, one after each attempt, the last included.
        assert_eq!(*broker.connections.lock().unwrap(), 3 + ATTEMPTS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_that_takes_connections_and_no_messages_loses_none() {
        // Until it works again at any point of the rhythm of attempts.
        for seconds in 280..300 {
            let broker = Broker {
                since: Some(tokio::time::Instant::now() + Duration::from_secs(seconds)),
                disliked: "none",
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

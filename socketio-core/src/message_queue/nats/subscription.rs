//! The end that listens.

use std::sync::Arc;

use async_nats::Subscriber;
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::{JoinHandle, unconstrained},
};

use super::{link::Link, trouble::Trouble};
use crate::message_queue::{Eventually, Subscription};

/// How many bytes may wait for a slow listener.
const ROOM: usize = 32 << 20;
/// What a message takes beside its bytes.
const OVERHEAD: usize = 64;

pub(super) struct NatsSubscription {
    waiting: mpsc::Receiver<Waiting>,
    trouble: Trouble,
    pump: JoinHandle<()>,
}

/// A message, and the room it takes.
type Waiting = (Bytes, OwnedSemaphorePermit);

impl NatsSubscription {
    pub(super) fn new(link: Link, messages: Subscriber) -> Self {
        let (sender, waiting) = mpsc::channel(ROOM / OVERHEAD);
        let trouble = link.trouble.clone();
        // Not held back, because otherwise a busy connection fills the client's queue faster than its turns allow to empty it.
        let pump = tokio::spawn(unconstrained(pump(link, messages, sender)));
        Self {
            waiting,
            trouble,
            pump,
        }
    }
}

/// Takes messages from the client, which knows but a number of them as a limit, to where they are limited by their size. When it
/// ends, something was wrong.
async fn pump(mut link: Link, mut messages: Subscriber, waiting: mpsc::Sender<Waiting>) {
    let room = Arc::new(Semaphore::new(ROOM));
    loop {
        let message = tokio::select! {
            // What came before the trouble, first.
            biased;
            message = messages.next() => message,
            _ = link.trouble.wait() => return,
        };
        let Some(message) = message else {
            return link.alarm.raise("the connection to NATS has ended");
        };
        let size = u32::try_from(message.payload.len() + OVERHEAD).unwrap_or(u32::MAX);
        let taken = room
            .clone()
            .try_acquire_many_owned(size)
            .is_ok_and(|room| waiting.try_send((message.payload, room)).is_ok());
        if !taken {
            return link.alarm.raise("more than 32 MB of messages were waiting");
        }
    }
}

impl Subscription for NatsSubscription {
    fn next(&mut self) -> Eventually<'_, Bytes> {
        Box::pin(async {
            match self.waiting.recv().await {
                Some((message, _)) => Ok(message),
                None => Err(self.trouble.wait().await),
            }
        })
    }
}

impl Drop for NatsSubscription {
    fn drop(&mut self) {
        // With it goes the connection.
        self.pump.abort();
    }
}

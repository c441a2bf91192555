//! The end that listens.

use async_nats::Subscriber;
use bytes::Bytes;
use futures_util::StreamExt;

use super::link::Link;
use crate::message_queue::{Eventually, Subscription};

pub(super) struct NatsSubscription {
    pub(super) link: Link,
    pub(super) messages: Subscriber,
}

impl Subscription for NatsSubscription {
    fn next(&mut self) -> Eventually<'_, Bytes> {
        Box::pin(async {
            tokio::select! {
                // What came before the trouble, first.
                biased;
                Some(message) = self.messages.next() => Ok(message.payload),
                trouble = self.link.trouble() => Err(trouble),
            }
        })
    }
}

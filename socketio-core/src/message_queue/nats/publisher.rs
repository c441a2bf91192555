//! The end that publishes.

use async_nats::{Subject, client::PublishErrorKind};
use bytes::Bytes;

use super::link::Link;
use crate::message_queue::{Eventually, Publisher};

pub(super) struct NatsPublisher {
    pub(super) link: Link,
    pub(super) subject: Subject,
}

impl Publisher for NatsPublisher {
    fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> Eventually<'a, ()> {
        Box::pin(async move {
            if messages.is_empty() {
                return Ok(());
            }
            let client = self.link.client.clone();
            let subject = &self.subject;
            self.link
                .confirm(async move {
                    for message in messages {
                        match client.publish(subject.clone(), message.clone()).await {
                            Ok(()) => {}
                            // It would be too large the next time as well, and hold up all that come after it.
                            Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                                tracing::error!(
                                    bytes = message.len(),
                                    max_payload = client.server_info().max_payload,
                                    "a message is larger than NATS takes, and has not been published",
                                );
                            }
                            Err(error) => return Err(error.into()),
                        }
                    }
                    Ok(())
                })
                .await
        })
    }
}

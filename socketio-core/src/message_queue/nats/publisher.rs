//! The end that publishes.

use async_nats::Subject;
use bytes::Bytes;

use super::link::Link;
use crate::message_queue::{Eventually, Publisher, Refused};

pub(super) struct NatsPublisher {
    pub(super) link: Link,
    pub(super) subject: Subject,
}

impl Publisher for NatsPublisher {
    fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> Eventually<'a, ()> {
        Box::pin(async move {
            let client = self.link.client.clone();
            let max_payload = client.server_info().max_payload;
            let fit = messages
                .iter()
                .take_while(|message| message.len() <= max_payload);
            let fit = fit.count();
            if fit > 0 {
                let subject = &self.subject;
                let publishing = async move {
                    for message in &messages[..fit] {
                        client.publish(subject.clone(), message.clone()).await?;
                    }
                    Ok(())
                };
                self.link.confirm(publishing).await?;
            }
            if fit < messages.len() {
                let why = format!("it is larger than NATS takes, {max_payload} bytes");
                return Err(Refused::new(fit, why).into());
            }
            Ok(())
        })
    }
}

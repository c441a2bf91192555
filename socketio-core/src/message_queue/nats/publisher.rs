//! Publishing, with a confirmation by echo.

use async_nats::Subject;
use bytes::Bytes;

use super::connection::NatsConnection;
use crate::{
    BoxError,
    message_queue::{BoxFuture, Publisher, Refused, broker::Broker, timeouts::CONFIRM},
};

pub(super) struct NatsPublisher {
    connection: NatsConnection,
    subject: Subject,
    broker: Broker,
}

impl NatsPublisher {
    pub(super) fn new(connection: NatsConnection, subject: Subject, broker: Broker) -> Self {
        Self {
            connection,
            subject,
            broker,
        }
    }

    async fn publish_all(&mut self, messages: &[Bytes]) -> Result<(), BoxError> {
        let client = self.connection.client.clone();
        let limit = client.server_info().max_payload;
        let fitting = messages
            .iter()
            .take_while(|message| message.len() <= limit)
            .count();
        if fitting > 0 {
            let subject = &self.subject;
            let publishing = async move {
                for message in &messages[..fitting] {
                    client.publish(subject.clone(), message.clone()).await?;
                }
                Ok(())
            };
            self.connection.confirm(publishing).await?;
        }
        if fitting < messages.len() {
            let reason = format!("it is larger than NATS accepts (`max_payload`: {limit} bytes)");
            return Err(Refused::new(fitting, reason).into());
        }
        Ok(())
    }
}

impl Publisher for NatsPublisher {
    fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let broker = self.broker.clone();
            broker
                .within(
                    CONFIRM,
                    "confirmation of a message",
                    self.publish_all(messages),
                )
                .await
        })
    }
}

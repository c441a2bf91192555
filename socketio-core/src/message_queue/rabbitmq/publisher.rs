//! Publishing, with the broker's confirmation of every message.

use std::{future::poll_fn, task::Poll};

use bytes::Bytes;
use futures_util::future::maybe_done;
use lapin::{
    BasicProperties, Channel, Confirmation, ErrorKind,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::ShortString,
};
use tokio::time::timeout;

use super::connection::RabbitMqConnection;
use crate::{
    BoxError,
    message_queue::{BoxFuture, Publisher, Refused, broker::Broker, timeouts::CONFIRM},
};

pub(super) struct RabbitMqPublisher {
    channel: Channel,
    exchange: ShortString,
    properties: BasicProperties,
    /// How many bytes of a message the broker accepts. Unlimited until it has rejected a larger one, with its limit.
    limit: usize,
    broker: Broker,
    connection: RabbitMqConnection,
}

impl RabbitMqPublisher {
    pub(super) async fn new(
        connection: RabbitMqConnection,
        exchange: ShortString,
        broker: Broker,
    ) -> Result<Self, BoxError> {
        let channel = connection.channel_with_exchange(&exchange).await?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await?;
        Ok(Self {
            channel,
            exchange,
            // The properties of Kombu's messages.
            properties: BasicProperties::default()
                .with_content_type("text/plain".into())
                .with_content_encoding("utf-8".into())
                .with_delivery_mode(2)
                .with_priority(0),
            limit: usize::MAX,
            broker,
            connection,
        })
    }

    async fn send_all(&self, messages: &[Bytes]) -> Result<(), BoxError> {
        let mut sending: Vec<_> = (messages.iter())
            .map(|message| Box::pin(maybe_done(self.send(message))))
            .collect();
        // The first poll of each queues its message: they are sent in order and together, before anything is awaited.
        poll_fn(|context| {
            for sending in &mut sending {
                let _ = sending.as_mut().poll(context);
            }
            Poll::Ready(())
        })
        .await;
        for mut sent in sending {
            if timeout(CONFIRM, sent.as_mut()).await.is_err() {
                return Err(if self.connection.connection().status().blocked() {
                    "it accepts no messages while it is short of memory or disk: see its alarms"
                        .into()
                } else {
                    format!("no confirmation of a message within {CONFIRM:?}").into()
                });
            }
            sent.as_mut().take_output().unwrap_or(Ok(()))?;
        }
        Ok(())
    }

    async fn send(&self, message: &[u8]) -> Result<(), BoxError> {
        let written = self.channel.basic_publish(
            self.exchange.clone(),
            ShortString::default(),
            BasicPublishOptions::default(),
            message,
            self.properties.clone(),
        );
        match written.await?.await? {
            Confirmation::Nack(_) => Err("a message was rejected".into()),
            Confirmation::Ack(_) | Confirmation::NotRequested => Ok(()),
        }
    }

    /// Opens the channel again: after a message that was too large the broker has closed it, but not the connection.
    async fn reopen(&mut self) -> Result<(), BoxError> {
        let reopened = async {
            let channel = self.connection.connection().create_channel().await?;
            channel
                .confirm_select(ConfirmSelectOptions::default())
                .await?;
            Ok::<_, lapin::Error>(channel)
        };
        self.channel = timeout(CONFIRM, reopened).await??;
        Ok(())
    }

    async fn publish_all(&mut self, messages: &[Bytes]) -> Result<(), BoxError> {
        loop {
            let fitting = messages
                .iter()
                .take_while(|message| message.len() <= self.limit)
                .count();
            let Err(error) = self.send_all(&messages[..fitting]).await else {
                if fitting == messages.len() {
                    return Ok(());
                }
                let reason = format!(
                    "it is larger than RabbitMQ accepts (`max_message_size`: {} bytes)",
                    self.limit
                );
                return Err(Refused::new(fitting, reason).into());
            };
            match limit_of(&error) {
                Some(limit) if limit < self.limit => self.limit = limit,
                _ => return Err(error),
            }
            self.reopen().await?;
        }
    }
}

impl Publisher for RabbitMqPublisher {
    fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let published = self.publish_all(messages).await;
            published.map_err(|error| self.broker.error(error))
        })
    }
}

/// Returns the broker's limit, if the error is that a message was larger.
fn limit_of(error: &BoxError) -> Option<usize> {
    match error.downcast_ref::<lapin::Error>()?.kind() {
        ErrorKind::ProtocolError(error) => parse_limit(error.get_message().as_str()),
        _ => None,
    }
}

fn parse_limit(text: &str) -> Option<usize> {
    let (_, limit) = text.split_once("max size ")?;
    let end = limit.find(|c: char| !c.is_ascii_digit());
    limit[..end.unwrap_or(limit.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_read_from_the_error_of_the_broker() {
        for text in [
            "PRECONDITION_FAILED - message size 2000000 is larger than configured max size 1000000",
            "PRECONDITION_FAILED - message size 2000000 larger than max size 1000000",
        ] {
            assert_eq!(parse_limit(text), Some(1_000_000));
        }
        for text in [
            "PRECONDITION_FAILED - inequivalent arg",
            "max size ",
            "max size x",
            "",
        ] {
            assert_eq!(parse_limit(text), None);
        }
    }
}

//! Publishing, with the broker's confirmation.

use std::{future::poll_fn, task::Poll};

use bytes::Bytes;
use futures_util::future::maybe_done;
use lapin::{
    BasicProperties, Channel, Confirmation, ErrorKind,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::ShortString,
};
use tokio::time::timeout;

use super::{PATIENCE, line::Line};
use crate::{
    BoxError,
    message_queue::{Eventually, Publisher, Refused},
};

/// A publisher that knows what has arrived.
pub(super) struct Confirmed {
    channel: Channel,
    exchange: ShortString,
    properties: BasicProperties,
    /// How many bytes of a message the broker takes: it tells when it is sent more.
    largest: usize,
    line: Line,
}

impl Confirmed {
    pub(super) async fn new(
        line: Line,
        channel: Channel,
        exchange: &str,
    ) -> Result<Self, BoxError> {
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await?;
        Ok(Self {
            channel,
            exchange: ShortString::try_new(exchange)?,
            // What Kombu says of its messages.
            properties: BasicProperties::default()
                .with_content_type("text/plain".into())
                .with_content_encoding("utf-8".into())
                .with_delivery_mode(2)
                .with_priority(0),
            largest: usize::MAX,
            line,
        })
    }

    async fn send_all(&self, messages: &[Bytes]) -> Result<(), BoxError> {
        let mut sending: Vec<_> = (messages.iter())
            .map(|message| Box::pin(maybe_done(self.send(message))))
            .collect();
        // Polling one for the first time queues its message: in turn, before anything is waited for, they go out in order and
        // together.
        poll_fn(|context| {
            for sending in &mut sending {
                let _ = sending.as_mut().poll(context);
            }
            Poll::Ready(())
        })
        .await;
        for mut sent in sending {
            if timeout(PATIENCE, sent.as_mut()).await.is_err() {
                return Err(if self.line.connection().status().blocked() {
                    "RabbitMQ takes no messages: it is short of memory or disk".into()
                } else {
                    format!("RabbitMQ has not confirmed a message within {PATIENCE:?}").into()
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
            Confirmation::Nack(_) => Err("RabbitMQ has refused a message".into()),
            Confirmation::Ack(_) | Confirmation::NotRequested => Ok(()),
        }
    }

    /// After a message that was too large the broker has closed the channel, but not the connection.
    async fn reopen(&mut self) -> Result<(), BoxError> {
        let reopened = async {
            let channel = self.line.connection().create_channel().await?;
            channel
                .confirm_select(ConfirmSelectOptions::default())
                .await?;
            Ok::<_, lapin::Error>(channel)
        };
        self.channel = timeout(PATIENCE, reopened).await??;
        Ok(())
    }
}

impl Publisher for Confirmed {
    fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> Eventually<'a, ()> {
        Box::pin(async move {
            loop {
                let fit = messages
                    .iter()
                    .take_while(|message| message.len() <= self.largest);
                let fit = fit.count();
                let Err(error) = self.send_all(&messages[..fit]).await else {
                    return match fit == messages.len() {
                        true => Ok(()),
                        false => {
                            let why =
                                format!("it is larger than RabbitMQ takes, {} bytes", self.largest);
                            Err(Refused::new(fit, why).into())
                        }
                    };
                };
                match largest(&error) {
                    Some(largest) if largest < self.largest => self.largest = largest,
                    _ => return Err(error),
                }
                self.reopen().await?;
            }
        })
    }
}

/// What the broker takes, when it says that a message was larger.
fn largest(error: &BoxError) -> Option<usize> {
    match error.downcast_ref::<lapin::Error>()?.kind() {
        ErrorKind::ProtocolError(error) => largest_said(error.get_message().as_str()),
        _ => None,
    }
}

fn largest_said(text: &str) -> Option<usize> {
    let (_, said) = text.split_once("max size ")?;
    let end = said.find(|c: char| !c.is_ascii_digit());
    said[..end.unwrap_or(said.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_broker_tells_how_large_a_message_may_be() {
        for text in [
            "PRECONDITION_FAILED - message size 2000000 is larger than configured max size 1000000",
            "PRECONDITION_FAILED - message size 2000000 larger than max size 1000000",
        ] {
            assert_eq!(largest_said(text), Some(1_000_000));
        }
        for text in [
            "PRECONDITION_FAILED - inequivalent arg",
            "max size ",
            "max size x",
            "",
        ] {
            assert_eq!(largest_said(text), None);
        }
    }
}

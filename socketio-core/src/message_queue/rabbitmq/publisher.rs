//! Publishing, with the broker's confirmation.

use std::{future::poll_fn, task::Poll};

use bytes::Bytes;
use futures_util::future::maybe_done;
use lapin::{
    BasicProperties, Channel, Confirmation,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::ShortString,
};
use tokio::time::timeout;

use super::{PATIENCE, line::Line};
use crate::{
    BoxError,
    message_queue::{Eventually, Publisher},
};

/// A publisher that knows what has arrived.
pub(super) struct Confirmed {
    channel: Channel,
    exchange: ShortString,
    properties: BasicProperties,
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
            line,
        })
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
}

impl Publisher for Confirmed {
    fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> Eventually<'a, ()> {
        let this = &*self;
        Box::pin(async move {
            let mut sending: Vec<_> = (messages.iter())
                .map(|message| Box::pin(maybe_done(this.send(message))))
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
                    let blocked = this.line.connection().status().blocked();
                    return Err(if blocked {
                        "RabbitMQ takes no messages: it is short of memory or disk".into()
                    } else {
                        format!("RabbitMQ has not confirmed a message within {PATIENCE:?}").into()
                    });
                }
                sent.as_mut().take_output().unwrap_or(Ok(()))?;
            }
            Ok(())
        })
    }
}

//! Listening, on a queue of one's own.

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use lapin::{
    Channel, Consumer,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueBindOptions,
        QueueDeclareOptions,
    },
    types::{FieldTable, ShortString},
};

use super::line::Line;
use crate::{
    BoxError,
    message_queue::{Eventually, Subscription},
};

/// How many messages the broker sends ahead of their acknowledgement: the bound of what is held here.
const AHEAD: u16 = 128;

/// A subscription to the exchange, by a queue that nobody else can use.
pub(super) struct Consuming {
    consumer: Consumer,
    channel: Channel,
    /// How many messages have been taken and not acknowledged, and the number of the last.
    taken: u16,
    last: u64,
    _line: Line,
}

impl Consuming {
    pub(super) async fn new(
        line: Line,
        channel: Channel,
        exchange: &str,
    ) -> Result<Self, BoxError> {
        channel.basic_qos(AHEAD, BasicQosOptions::default()).await?;
        // The broker names it. Exclusive: it goes with the connection, when that is lost as well.
        let options = QueueDeclareOptions {
            exclusive: true,
            auto_delete: true,
            ..QueueDeclareOptions::default()
        };
        let queue = channel
            .queue_declare(ShortString::default(), options, FieldTable::default())
            .await?;
        let queue = queue.name();
        channel
            .queue_bind(
                queue.clone(),
                ShortString::try_new(exchange)?,
                ShortString::default(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await?;
        let consumer = channel
            .basic_consume(
                queue.clone(),
                ShortString::default(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await?;
        Ok(Self {
            consumer,
            channel,
            taken: 0,
            last: 0,
            _line: line,
        })
    }

    /// Acknowledges what has been taken, all at once.
    async fn acknowledge(&mut self) -> Result<(), BoxError> {
        if std::mem::take(&mut self.taken) > 0 {
            let options = BasicAckOptions { multiple: true };
            self.channel.basic_ack(self.last, options).await?;
        }
        Ok(())
    }
}

impl Subscription for Consuming {
    fn next(&mut self) -> Eventually<'_, Bytes> {
        Box::pin(async move {
            // Nothing is awaited once a message has been taken: who drops this future would lose it.
            if self.taken >= AHEAD / 2 {
                self.acknowledge().await?;
            }
            let delivery = match self.consumer.next().now_or_never() {
                Some(delivery) => delivery,
                None => {
                    // None may stay unacknowledged while nothing comes: after half an hour the broker would hang up.
                    self.acknowledge().await?;
                    self.consumer.next().await
                }
            };
            let delivery = delivery.ok_or("RabbitMQ has ended the subscription")??;
            self.taken += 1;
            self.last = delivery.delivery_tag;
            Ok(delivery.data.into())
        })
    }
}

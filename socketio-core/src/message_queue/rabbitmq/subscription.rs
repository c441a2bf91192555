//! Receiving, from the subscription's own queue.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
};

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use lapin::{
    Channel, Consumer,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueBindOptions,
        QueueDeclareOptions,
    },
    types::{DeliveryTag, FieldTable, ShortString},
};

use super::connection::RabbitMqConnection;
use crate::{
    BoxError,
    message_queue::{BoxFuture, Subscription, broker::Broker},
};

/// How many messages the broker sends ahead of their acknowledgement, which limits those that wait in this process.
const PREFETCH: u16 = 128;

/// A subscription to the exchange, by a queue that is exclusive to its connection.
pub(super) struct RabbitMqSubscription {
    consumer: Consumer,
    channel: Channel,
    /// How many messages have been received and not acknowledged, and the tag of the last.
    unacknowledged: u16,
    last_tag: DeliveryTag,
    /// The acknowledgement under way. Owned by this, so that it continues when a future of `receive` is dropped.
    acknowledging: Option<Acknowledging>,
    broker: Broker,
    _connection: RabbitMqConnection,
}

type Acknowledging = Pin<Box<dyn Future<Output = lapin::Result<()>> + Send>>;

impl RabbitMqSubscription {
    pub(super) async fn new(
        connection: RabbitMqConnection,
        exchange: ShortString,
        broker: Broker,
    ) -> Result<Self, BoxError> {
        let channel = connection.channel_with_exchange(&exchange).await?;
        channel
            .basic_qos(PREFETCH, BasicQosOptions::default())
            .await?;
        // The broker chooses the name. Exclusive: the queue is deleted with the connection, however that ends.
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
                exchange,
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
            unacknowledged: 0,
            last_tag: 0,
            acknowledging: None,
            broker,
            _connection: connection,
        })
    }

    /// Acknowledges all messages that have been received.
    ///
    /// If it is cancelled, the next call continues it. Each tag is acknowledged once: RabbitMQ closes the channel at the second
    /// time.
    async fn acknowledge(&mut self) -> Result<(), BoxError> {
        loop {
            if let Some(acknowledging) = &mut self.acknowledging {
                let acknowledged = poll_fn(|cx| acknowledging.as_mut().poll(cx)).await;
                self.acknowledging = None;
                acknowledged?;
            }
            if self.unacknowledged == 0 {
                return Ok(());
            }
            self.unacknowledged = 0;
            let (channel, tag) = (self.channel.clone(), self.last_tag);
            let options = BasicAckOptions { multiple: true };
            self.acknowledging = Some(Box::pin(
                async move { channel.basic_ack(tag, options).await },
            ));
        }
    }

    async fn next(&mut self) -> Result<Bytes, BoxError> {
        // Nothing is awaited once a message has been taken: it would be lost with a dropped future.
        if self.unacknowledged >= PREFETCH / 2 {
            self.acknowledge().await?;
        }
        let delivery = match self.consumer.next().now_or_never() {
            Some(delivery) => delivery,
            None => {
                // No message stays unacknowledged while nothing arrives: after half an hour the broker would close the channel.
                self.acknowledge().await?;
                self.consumer.next().await
            }
        };
        let delivery = delivery.ok_or("the subscription was ended by the broker")??;
        self.unacknowledged += 1;
        self.last_tag = delivery.delivery_tag;
        Ok(delivery.data.into())
    }
}

impl Subscription for RabbitMqSubscription {
    fn receive(&mut self) -> BoxFuture<'_, Result<Bytes, BoxError>> {
        Box::pin(async move {
            let received = self.next().await;
            received.map_err(|error| self.broker.error(error))
        })
    }
}

//! Publishing: a pipeline of `PUBLISH` commands.

use ::redis::Pipeline;
use bytes::Bytes;

use super::connection::RedisConnection;
use crate::{
    BoxError,
    message_queue::{BoxFuture, Publisher, broker::Broker, timeouts::CONFIRM},
};

pub(super) struct RedisPublisher {
    connection: RedisConnection,
    channel: String,
    broker: Broker,
}

impl RedisPublisher {
    pub(super) fn new(connection: RedisConnection, channel: &str, broker: Broker) -> Self {
        Self {
            connection,
            channel: channel.to_owned(),
            broker,
        }
    }
}

impl Publisher for RedisPublisher {
    fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            if messages.is_empty() {
                return Ok(());
            }
            let mut pipeline = Pipeline::with_capacity(messages.len());
            for message in messages {
                pipeline
                    .cmd("PUBLISH")
                    .arg(&self.channel)
                    .arg(&**message)
                    .ignore();
            }
            let mut commands = self.connection.commands();
            let published = self.connection.run(pipeline.exec_async(&mut commands));
            let published = async { Ok(published.await?) };
            self.broker
                .within(CONFIRM, "confirmation of a message", published)
                .await
        })
    }
}

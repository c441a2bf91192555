//! The end that publishes.

use std::time::Duration;

use ::redis::Pipeline;
use bytes::Bytes;
use tokio::time::timeout;

use super::connection::Connection;
use crate::message_queue::{Eventually, Publisher};

/// How long the broker may take to confirm what it was sent at once.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct RedisPublisher {
    pub(super) connection: Connection,
    pub(super) channel: String,
}

impl Publisher for RedisPublisher {
    fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> Eventually<'a, ()> {
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
            match timeout(PATIENCE, published).await {
                Ok(published) => Ok(published?),
                Err(_) => Err("Redis has not confirmed a message for 10 seconds".into()),
            }
        })
    }
}

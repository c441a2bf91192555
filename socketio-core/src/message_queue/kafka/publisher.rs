//! Publishing: appending to the first partition.

use std::{collections::BTreeMap, slice, time::SystemTime};

use bytes::Bytes;
use rskafka::{
    chrono::{DateTime, Utc},
    client::{
        error::{Error, ProtocolError},
        partition::{Compression, PartitionClient},
    },
    record::Record,
};
use tokio::time::timeout;

use super::{connection::KafkaConnection, retry};
use crate::{
    BoxError,
    message_queue::{
        BoxFuture, Publisher, Refused,
        broker::Broker,
        timeouts::{CONFIRM, KAFKA_RETRY},
    },
};

/// The maximum number of bytes that are sent together, including [`OVERHEAD`]: a little less than the 1 MiB that Kafka accepts by default.
const BATCH: usize = 1_000_000;

/// An upper bound of what Kafka adds to a message without key and headers, in bytes.
const OVERHEAD: usize = 32;

/// Publishes only to the first partition, since messages in several partitions would arrive in any order.
pub(super) struct KafkaPublisher {
    partition: PartitionClient,
    broker: Broker,
}

impl KafkaPublisher {
    pub(super) async fn new(
        connection: &KafkaConnection,
        topic: &str,
        broker: Broker,
    ) -> Result<Self, BoxError> {
        Ok(Self {
            partition: connection.partition(topic, 0).await?,
            broker,
        })
    }

    async fn append(&self, messages: &[Bytes]) -> Result<(), BoxError> {
        let timestamp = now();
        let appended = retry::retry(KAFKA_RETRY, || {
            let records = messages.iter().map(|message| Record {
                key: None,
                value: Some(message.to_vec()),
                headers: BTreeMap::new(),
                timestamp,
            });
            self.partition
                .produce(records.collect(), Compression::NoCompression)
        });
        match timeout(CONFIRM, appended).await {
            Ok(appended) => appended.map(drop),
            Err(_) => Err(format!("no confirmation of a message within {CONFIRM:?}").into()),
        }
    }

    async fn publish_all(&self, messages: &[Bytes]) -> Result<(), BoxError> {
        // One batch after another: a failed one is retried, and must not follow what was sent later.
        let mut before = 0;
        for batch in batches(messages) {
            match self.append(batch).await {
                Err(error) if too_large(&error) => {
                    // Either the topic accepts less than the default, or a single message is too large.
                    for (index, message) in batch.iter().enumerate() {
                        self.append(slice::from_ref(message))
                            .await
                            .map_err(|error| refused(error, before + index))?;
                    }
                }
                appended => appended?,
            }
            before += batch.len();
        }
        Ok(())
    }
}

impl Publisher for KafkaPublisher {
    fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let published = self.publish_all(messages).await;
            published.map_err(|error| self.broker.error(error))
        })
    }
}

fn too_large(error: &BoxError) -> bool {
    matches!(
        error.downcast_ref(),
        Some(Error::ServerError {
            protocol_error: ProtocolError::MessageTooLarge | ProtocolError::RecordListTooLarge,
            ..
        })
    )
}

fn refused(error: BoxError, index: usize) -> BoxError {
    if too_large(&error) {
        Refused::new(
            index,
            "it is larger than the topic accepts (`max.message.bytes`)",
        )
        .into()
    } else {
        error
    }
}

/// Splits messages into batches that are as large as allowed, in order. A larger message is a batch of its own.
fn batches(mut messages: &[Bytes]) -> impl Iterator<Item = &[Bytes]> {
    std::iter::from_fn(move || {
        let (first, others) = messages.split_first()?;
        let mut size = first.len() + OVERHEAD;
        let more = others.iter().take_while(|message| {
            size += message.len() + OVERHEAD;
            size <= BATCH
        });
        let (batch, rest) = messages.split_at(1 + more.count());
        messages = rest;
        Some(batch)
    })
}

/// Returns the current time, from which the broker's retention counts.
fn now() -> DateTime<Utc> {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = elapsed.unwrap_or_default().as_millis();
    DateTime::from_timestamp_millis(millis.try_into().unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(messages: &[usize]) -> Vec<Vec<usize>> {
        let messages: Vec<_> = messages.iter().map(|&len| vec![0; len].into()).collect();
        let sizes = |batch: &[Bytes]| batch.iter().map(Bytes::len).collect();
        batches(&messages).map(sizes).collect()
    }

    #[test]
    fn a_batch_is_as_large_as_allowed_and_keeps_the_order() {
        assert_eq!(sizes(&[]), Vec::<Vec<usize>>::new());
        assert_eq!(sizes(&[0, 1, 2]), [[0, 1, 2]]);
        let half = BATCH / 2 - OVERHEAD;
        assert_eq!(sizes(&[half, half, 1]), [vec![half, half], vec![1]]);
        assert_eq!(sizes(&[1, half, half]), [vec![1, half], vec![half]]);
        let large = 2 * BATCH;
        assert_eq!(sizes(&[1, large, 2, 3]), [vec![1], vec![large], vec![2, 3]]);
        assert_eq!(sizes(&[0; 40_000]).len(), 2);
    }
}

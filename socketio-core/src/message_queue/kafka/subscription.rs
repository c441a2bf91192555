//! Receiving: fetching from all partitions of the topic.

use std::{collections::VecDeque, future::Future, pin::Pin};

use bytes::Bytes;
use futures_util::{StreamExt as _, future::try_join_all, stream::FuturesUnordered};
use rskafka::client::{
    error::Error,
    partition::{OffsetAt, PartitionClient},
};
use tokio::time::timeout;

use super::{connection::KafkaConnection, retry};
use crate::{
    BoxError,
    message_queue::{
        BoxFuture, Subscription,
        broker::Broker,
        timeouts::{KAFKA_FETCH_GRACE, KAFKA_FETCH_RETRY, KAFKA_FETCH_WAIT, KAFKA_RETRY},
    },
};

/// How many bytes of a partition a fetch asks for. (A larger message arrives nevertheless, alone.)
const FETCH: i32 = 1024 * 1024;

type Fetching = Pin<Box<dyn Future<Output = Result<Fetched, BoxError>> + Send>>;

struct Fetched {
    partition: PartitionClient,
    /// The offset to continue from.
    next: i64,
    messages: Vec<Bytes>,
}

pub(super) struct KafkaSubscription {
    /// A fetch for each partition. Owned by this, so that they continue when a future of `receive` is dropped.
    fetching: FuturesUnordered<Fetching>,
    /// The messages that have been fetched. The next fetches wait until they have been received.
    ready: VecDeque<Bytes>,
    broker: Broker,
}

impl KafkaSubscription {
    /// Finds the partitions and their ends.
    pub(super) async fn new(
        connection: &KafkaConnection,
        topic: &str,
        broker: Broker,
    ) -> Result<Self, BoxError> {
        // Creates the topic, if it doesn't exist.
        drop(connection.partition(topic, 0).await?);
        let partitions = connection.partitions(topic).await?;
        let fetching = partitions.into_iter().map(|number| async move {
            let partition = connection.partition(topic, number).await?;
            let end = retry::retry(KAFKA_RETRY, || partition.get_offset(OffsetAt::Latest)).await?;
            Ok::<_, BoxError>(fetch(partition, end))
        });
        Ok(Self {
            fetching: try_join_all(fetching).await?.into_iter().collect(),
            ready: VecDeque::new(),
            broker,
        })
    }

    async fn next(&mut self) -> Result<Bytes, BoxError> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Ok(message);
            }
            let fetched = self.fetching.next().await;
            let fetched = fetched.ok_or("the topic has no partitions")??;
            self.ready.extend(fetched.messages);
            self.fetching.push(fetch(fetched.partition, fetched.next));
        }
    }
}

impl Subscription for KafkaSubscription {
    fn receive(&mut self) -> BoxFuture<'_, Result<Bytes, BoxError>> {
        Box::pin(async move {
            let received = self.next().await;
            received.map_err(|error| self.broker.error(error))
        })
    }
}

/// Waits for the messages of a partition from an offset on. Sends nothing until it is polled.
fn fetch(partition: PartitionClient, from: i64) -> Fetching {
    Box::pin(async move {
        let wait = KAFKA_FETCH_WAIT.as_millis() as i32;
        let (records, end) = retry::retry(KAFKA_FETCH_RETRY, || async {
            let fetched = partition.fetch_records(from, 1..FETCH, wait);
            let limit = KAFKA_FETCH_WAIT + KAFKA_FETCH_GRACE;
            (timeout(limit, fetched).await).unwrap_or(Err(Error::Timeout))
        })
        .await?;
        if records.is_empty() && end > from {
            // Markers of a transaction: the library skips them without returning their offsets.
            return Err(
                "the topic contains a transaction, which is not supported: use a topic of its own"
                    .into(),
            );
        }
        Ok(Fetched {
            partition,
            next: records.last().map_or(from, |last| last.offset + 1),
            messages: (records.into_iter())
                .filter_map(|read| read.record.value.map(Bytes::from))
                .collect(),
        })
    })
}

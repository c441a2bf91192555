//! Listening: reading all partitions from where they end.

use std::{collections::VecDeque, future::Future, pin::Pin, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt as _, future::try_join_all, stream::FuturesUnordered};
use rskafka::client::{
    Client,
    error::Error,
    partition::{OffsetAt, PartitionClient},
};
use tokio::time::timeout;

use super::{PATIENCE, partition, retry};
use crate::{
    BoxError,
    message_queue::{Eventually, Subscription},
};

/// How long a broker holds a request back when there is nothing new. It answers then: that is how a dead one is noticed.
const WAIT: Duration = Duration::from_secs(10);

/// How many bytes of a partition are asked for at once. (A larger message comes nevertheless, alone.)
const AT_ONCE: i32 = 1024 * 1024;

type Fetching = Pin<Box<dyn Future<Output = Result<Fetched, BoxError>> + Send>>;

struct Fetched {
    partition: PartitionClient,
    /// Where to go on.
    next: i64,
    messages: Vec<Bytes>,
}

/// A subscription to all partitions of a topic.
pub(super) struct Reading {
    /// A request for each partition. They are owned here, and so go on when the future of `next` is dropped.
    fetching: FuturesUnordered<Fetching>,
    /// What has come. The requests wait until it has been taken.
    ready: VecDeque<Bytes>,
}

impl Reading {
    /// Finds the partitions, and where they end.
    pub(super) async fn new(client: &Client, topic: &str) -> Result<Self, BoxError> {
        // Creates the topic, if it has to be.
        drop(partition(client, topic, 0).await?);
        let topics = client.list_topics().await.map_err(retry::cause)?;
        let numbers = (topics.iter())
            .filter(|found| found.name == topic)
            .flat_map(|found| &found.partitions);
        let fetching = numbers.map(|&number| async move {
            let partition = partition(client, topic, number).await?;
            let end =
                retry::patiently(retry::ASKING, || partition.get_offset(OffsetAt::Latest)).await?;
            Ok::<_, BoxError>(fetch(partition, end))
        });
        Ok(Self {
            fetching: try_join_all(fetching).await?.into_iter().collect(),
            ready: VecDeque::new(),
        })
    }
}

impl Subscription for Reading {
    fn next(&mut self) -> Eventually<'_, Bytes> {
        Box::pin(async move {
            loop {
                if let Some(message) = self.ready.pop_front() {
                    return Ok(message);
                }
                let fetched = self.fetching.next().await.ok_or("the topic has vanished")?;
                let Fetched {
                    partition,
                    next,
                    messages,
                } = fetched?;
                self.ready.extend(messages);
                self.fetching.push(fetch(partition, next));
            }
        })
    }
}

/// Waits for what a partition has from an offset on. Nothing is asked for until this is polled.
fn fetch(partition: PartitionClient, from: i64) -> Fetching {
    Box::pin(async move {
        let wait = WAIT.as_millis() as i32;
        let (records, end) = retry::patiently(retry::READING, || async {
            let asked = partition.fetch_records(from, 1..AT_ONCE, wait);
            (timeout(WAIT + PATIENCE, asked).await).unwrap_or(Err(Error::Timeout))
        })
        .await?;
        if records.is_empty() && end > from {
            // The marks of a transaction: the library skips them without telling where they end.
            return Err("there is a transaction in the topic: it has to be left out".into());
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

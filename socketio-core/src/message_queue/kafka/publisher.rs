//! Publishing: appending to a partition.

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

use super::{PATIENCE, retry};
use crate::{
    BoxError,
    message_queue::{Eventually, Publisher, Refused},
};

/// How many bytes are sent together, what Kafka adds to each message included: a little less than the megabyte it takes by default.
const TOGETHER: usize = 1_000_000;

/// No less than what Kafka adds to a message without key and headers.
const OVERHEAD: usize = 32;

/// A publisher to one partition. That is always the first: messages in several would come in any order, those that answer one another
/// included.
pub(super) struct Appending {
    partition: PartitionClient,
}

impl Appending {
    pub(super) fn new(partition: PartitionClient) -> Self {
        Self { partition }
    }

    async fn append(&self, messages: &[Bytes]) -> Result<(), BoxError> {
        let timestamp = now();
        let appended = retry::patiently(retry::ASKING, || {
            let records = messages.iter().map(|message| Record {
                key: None,
                value: Some(message.to_vec()),
                headers: BTreeMap::new(),
                timestamp,
            });
            self.partition
                .produce(records.collect(), Compression::NoCompression)
        });
        match timeout(PATIENCE, appended).await {
            Ok(appended) => appended.map(drop),
            Err(_) => Err(format!("Kafka has not taken a message within {PATIENCE:?}").into()),
        }
    }
}

impl Publisher for Appending {
    fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> Eventually<'a, ()> {
        Box::pin(async move {
            // One after another: what failed is tried again, and must not come behind what was sent later.
            let mut before = 0;
            for together in batches(messages) {
                match self.append(together).await {
                    Err(error) if too_large(&error) => {
                        // Either the topic takes less than usual, or it is one that nothing helps.
                        for (index, message) in together.iter().enumerate() {
                            self.append(slice::from_ref(message))
                                .await
                                .map_err(|error| refused(error, before + index))?;
                        }
                    }
                    appended => appended?,
                }
                before += together.len();
            }
            Ok(())
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
            "it is larger than the topic takes (`max.message.bytes`)",
        )
        .into()
    } else {
        error
    }
}

/// Parts that are as large as may be, in order; what is too large for any is alone.
fn batches(mut messages: &[Bytes]) -> impl Iterator<Item = &[Bytes]> {
    std::iter::from_fn(move || {
        let (first, others) = messages.split_first()?;
        let mut size = first.len() + OVERHEAD;
        let more = others.iter().take_while(|message| {
            size += message.len() + OVERHEAD;
            size <= TOGETHER
        });
        let (batch, rest) = messages.split_at(1 + more.count());
        messages = rest;
        Some(batch)
    })
}

/// The present, which the broker's retention counts from.
fn now() -> DateTime<Utc> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.unwrap_or_default().as_millis();
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
    fn as_much_as_fits_is_sent_together_and_the_order_is_kept() {
        assert_eq!(sizes(&[]), Vec::<Vec<usize>>::new());
        assert_eq!(sizes(&[0, 1, 2]), [[0, 1, 2]]);
        let half = TOGETHER / 2 - OVERHEAD;
        assert_eq!(sizes(&[half, half, 1]), [vec![half, half], vec![1]]);
        assert_eq!(sizes(&[1, half, half]), [vec![1, half], vec![half]]);
        let large = 2 * TOGETHER;
        assert_eq!(sizes(&[1, large, 2, 3]), [vec![1], vec![large], vec![2, 3]]);
        assert_eq!(sizes(&[0; 40_000]).len(), 2);
    }
}

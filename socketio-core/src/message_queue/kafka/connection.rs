//! A connection to the brokers, and the partitions of a topic.

use std::{sync::Arc, time::Duration};

use rskafka::{
    BackoffConfig,
    client::{
        Client, ClientBuilder,
        partition::{PartitionClient, UnknownTopicHandling},
    },
};
use tokio_rustls::rustls::ClientConfig;

use super::{retry, url::KafkaUrl};
use crate::{BoxError, message_queue::timeouts::KAFKA_RETRY};

/// A connection to one of the brokers, which knows the others.
pub(super) struct KafkaConnection {
    client: Client,
}

impl KafkaConnection {
    pub(super) async fn open(
        url: &KafkaUrl,
        tls: Option<&Arc<ClientConfig>>,
    ) -> Result<Self, BoxError> {
        let mut client = ClientBuilder::new(url.brokers.clone())
            .client_id("socketio")
            // The library itself retries nothing: `retry` decides what may be retried.
            .backoff_config(BackoffConfig {
                deadline: Some(Duration::ZERO),
                ..BackoffConfig::default()
            });
        if let Some(tls) = tls {
            client = client.tls_config(tls.clone());
        }
        if let Some(login) = &url.login {
            client = client.sasl_config(login.clone());
        }
        let client = client.build().await.map_err(retry::cause)?;
        Ok(Self { client })
    }

    /// Connects to the leader of a partition. Asking for a topic that doesn't exist creates it, if the brokers are configured to.
    pub(super) async fn partition(
        &self,
        topic: &str,
        number: i32,
    ) -> Result<PartitionClient, BoxError> {
        retry::retry(KAFKA_RETRY, || {
            self.client
                .partition_client(topic, number, UnknownTopicHandling::Retry)
        })
        .await
    }

    /// Lists the partitions of a topic, which exists.
    pub(super) async fn partitions(&self, topic: &str) -> Result<Vec<i32>, BoxError> {
        let topics = self.client.list_topics().await.map_err(retry::cause)?;
        let found = topics.into_iter().find(|found| found.name == topic);
        Ok(found
            .into_iter()
            .flat_map(|found| found.partitions)
            .collect())
    }
}

//! The task that listens.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::{interval, timeout};

use super::{Here, backoff::Backoff, cluster::Cluster, publishing::PATIENCE, receiving::Receiving};
use crate::{BoxError, message_queue::MessageQueue};

/// How often questions that are past their timeout are forgotten.
const SWEEP: Duration = Duration::from_secs(5);

/// Does what other processes tell, until the server is gone.
pub(super) struct Subscribing {
    pub(super) queue: Arc<dyn MessageQueue>,
    pub(super) channel: Arc<str>,
    /// Of the server, which this must not keep.
    pub(super) here: Weak<dyn Here>,
    pub(super) cluster: Weak<Cluster>,
}

impl Subscribing {
    pub(super) async fn run(self) {
        let mut backoff = Backoff::new();
        let mut outage = false;
        while let Err(error) = self.listen(&mut backoff, &mut outage).await {
            self.subscribed(false);
            if !std::mem::replace(&mut outage, true) {
                tracing::warn!(target: "socketio", error, "the message queue can't be heard: what others emit is missed");
            }
            backoff.pause().await;
        }
    }

    /// Over one connection. Ends well when the server is gone.
    async fn listen(&self, backoff: &mut Backoff, outage: &mut bool) -> Result<(), BoxError> {
        let mut subscription = timeout(PATIENCE, self.queue.subscription(&self.channel)).await??;
        self.subscribed(true);
        backoff.reset();
        if std::mem::take(outage) {
            tracing::info!(target: "socketio", "the message queue is heard again");
        }
        let mut sweep = interval(SWEEP);
        loop {
            let message = tokio::select! {
                message = subscription.next() => message?,
                _ = sweep.tick() => {
                    self.expire();
                    continue;
                }
            };
            let (Some(here), Some(cluster)) = (self.here.upgrade(), self.cluster.upgrade()) else {
                return Ok(());
            };
            let receiving = Receiving {
                here: &*here,
                cluster: &cluster,
            };
            receiving.receive(&message);
            // A queue that always has a message must not keep its thread from others.
            tokio::task::consume_budget().await;
        }
    }

    fn expire(&self) {
        if let Some(cluster) = self.cluster.upgrade() {
            cluster.awaited.expire();
        }
    }

    fn subscribed(&self, subscribed: bool) {
        if let Some(cluster) = self.cluster.upgrade() {
            cluster.health.subscribed.send_replace(subscribed);
        }
    }
}

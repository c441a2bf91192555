//! [`SubscribeTask`]: the task that receives the messages of other nodes.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::{Instant, interval, timeout};

use super::{
    backoff::{Backoff, LONGEST},
    cluster::Cluster,
    health::SubscriptionState,
    message_handler::MessageHandler,
    publish_task::{QUEUE_TIMEOUT, unless_panics},
};
use crate::{base::BoxError, hub::Hub, message_queue::MessageQueue};

/// The interval at which pending acks past their deadline are dropped and missing messages are asked for again.
const SWEEP: Duration = Duration::from_secs(1);

/// Receives and applies the messages of other nodes until the server is gone.
pub(super) struct SubscribeTask {
    pub(super) queue: Arc<dyn MessageQueue>,
    pub(super) channel: Arc<str>,
    /// The id of this node, for the log.
    pub(super) node: Arc<str>,
    /// Weak, since the task must not keep the server alive.
    pub(super) hub: Weak<Hub>,
    pub(super) cluster: Weak<Cluster>,
}

impl SubscribeTask {
    pub(super) async fn run(self) {
        let mut backoff = Backoff::new();
        let mut outage = false;
        loop {
            let mut since = None;
            let Err(error) = unless_panics(self.receive(&mut since, &mut outage)).await else {
                return;
            };
            self.set_subscription(SubscriptionState::Pending);
            // A subscription that ends at once counts as a failed one.
            if since.is_some_and(|since: Instant| since.elapsed() > LONGEST) {
                backoff.reset();
                outage = false;
            }
            if !std::mem::replace(&mut outage, true) {
                tracing::warn!(target: "socketio", node = &*self.node, channel = &*self.channel, error, "the subscription to the message queue is lost: what other nodes emit is missed");
            }
            self.expire();
            backoff.pause().await;
        }
    }

    /// Receives over one connection. Returns `Ok` once the server is gone.
    async fn receive(
        &self,
        since: &mut Option<Instant>,
        outage: &mut bool,
    ) -> Result<(), BoxError> {
        let mut subscription =
            timeout(QUEUE_TIMEOUT, self.queue.subscription(&self.channel)).await??;
        self.set_subscription(SubscriptionState::Active);
        *since = Some(Instant::now());
        if let Some(cluster) = self.cluster.upgrade() {
            cluster.call_roll();
        }
        let mut sweep = interval(SWEEP);
        loop {
            let message = tokio::select! {
                message = subscription.receive() => message?,
                _ = sweep.tick() => {
                    self.sweep();
                    if *outage && since.is_some_and(|since| since.elapsed() > LONGEST) {
                        *outage = false;
                        tracing::info!(target: "socketio", node = &*self.node, channel = &*self.channel, "the subscription to the message queue is active again");
                    }
                    continue;
                }
            };
            let (Some(hub), Some(cluster)) = (self.hub.upgrade(), self.cluster.upgrade()) else {
                return Ok(());
            };
            let handler = MessageHandler {
                hub: &hub,
                cluster: &cluster,
            };
            handler.receive_in_order(message);
            // A queue that always has a message must not occupy its thread.
            tokio::task::consume_budget().await;
        }
    }

    fn expire(&self) {
        if let Some(cluster) = self.cluster.upgrade() {
            cluster.acks.expire();
        }
    }

    fn sweep(&self) {
        self.expire();
        if let (Some(hub), Some(cluster)) = (self.hub.upgrade(), self.cluster.upgrade()) {
            let handler = MessageHandler {
                hub: &hub,
                cluster: &cluster,
            };
            handler.sweep();
        }
    }

    fn set_subscription(&self, subscription: SubscriptionState) {
        if let Some(cluster) = self.cluster.upgrade() {
            cluster.health.set_subscription(subscription);
        }
    }
}

//! A server's being in a cluster: what runs for it.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::task::AbortHandle;

use super::{
    Here, cluster::Cluster, outgoing::OutgoingLimits, publishing::Publishing,
    subscribing::Subscribing,
};
use crate::message_queue::MessageQueue;

/// What a server is told about its cluster.
pub(crate) struct ClusterOptions {
    pub(crate) queue: Arc<dyn MessageQueue>,
    pub(crate) channel: String,
    pub(crate) write_only: bool,
    pub(crate) limits: OutgoingLimits,
}

/// The tasks that publish and listen, from [`start`](Membership::start) to [`stop`](Membership::stop), or until it is dropped.
pub(super) struct Membership {
    pub(super) cluster: Arc<Cluster>,
    queue: Arc<dyn MessageQueue>,
    channel: Arc<str>,
    subscribing: Mutex<Option<AbortHandle>>,
}

impl Membership {
    pub(super) fn new(options: ClusterOptions) -> Self {
        Membership {
            cluster: Arc::new(Cluster::new(options.write_only, options.limits)),
            queue: options.queue,
            channel: Arc::from(options.channel),
            subscribing: Mutex::new(None),
        }
    }

    fn subscribing(&self) -> MutexGuard<'_, Option<AbortHandle>> {
        let subscribing = self.subscribing.lock();
        subscribing.unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn start(&self, here: Weak<dyn Here>) {
        let (queue, channel) = (Arc::clone(&self.queue), Arc::clone(&self.channel));
        let outgoing = Arc::clone(self.cluster.outgoing());
        tokio::spawn(Publishing::new(queue, channel, outgoing).run());
        if self.cluster.is_write_only() {
            return;
        }
        let subscribing = Subscribing {
            queue: Arc::clone(&self.queue),
            channel: Arc::clone(&self.channel),
            here,
            cluster: Arc::downgrade(&self.cluster),
        };
        let task = tokio::spawn(subscribing.run());
        *self.subscribing() = Some(task.abort_handle());
    }

    pub(super) async fn stop(&self, timeout: Duration) {
        let flushed = tokio::time::timeout(timeout, self.cluster.flushed());
        if flushed.await.is_err() {
            let messages = self.cluster.health().waiting;
            tracing::warn!(target: "socketio", messages, "the last messages were not published in time");
        }
        self.end();
    }

    fn end(&self) {
        self.cluster.outgoing().close();
        if let Some(subscribing) = self.subscribing().take() {
            subscribing.abort();
        }
        self.cluster.health.subscribed.send_replace(false);
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Membership")
            .field("cluster", &self.cluster)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

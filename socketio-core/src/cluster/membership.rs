//! [`Membership`]: the tasks of a node that is part of a cluster.
//!
//! The emitter starts and stops them. The tasks do not keep the hub alive.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::task::AbortHandle;

use super::{
    cluster::Cluster, health::SubscriptionState, publish_task::PublishTask, query::discover,
    subscribe_task::SubscribeTask,
};
use crate::{admission::PublishLimits, hub::Hub, message_queue::MessageQueue};

/// The cluster options of a server.
pub(crate) struct ClusterOptions {
    pub(crate) host_id: Arc<str>,
    pub(crate) queue: Arc<dyn MessageQueue>,
    pub(crate) channel: String,
    pub(crate) write_only: bool,
    pub(crate) limits: PublishLimits,
    /// The maximum size of a received message, in bytes.
    pub(crate) max_message: usize,
    /// Whether this node regularly asks which other nodes there are.
    pub(crate) discovers: bool,
}

/// The tasks that publish and subscribe, from [`start`](Membership::start) to [`stop`](Membership::stop), or until it is dropped.
pub(super) struct Membership {
    pub(super) cluster: Arc<Cluster>,
    queue: Arc<dyn MessageQueue>,
    channel: Arc<str>,
    discovers: bool,
    tasks: Mutex<Tasks>,
}

#[derive(Default)]
struct Tasks {
    /// Ends by itself once the publish queue is closed and empty.
    publishing: Option<AbortHandle>,
    subscribing: Option<AbortHandle>,
    discovering: Option<AbortHandle>,
}

impl Membership {
    pub(super) fn new(options: ClusterOptions) -> Self {
        Membership {
            cluster: Arc::new(Cluster::new(
                options.host_id,
                options.write_only,
                options.limits,
                options.max_message,
            )),
            queue: options.queue,
            channel: Arc::from(options.channel),
            discovers: options.discovers,
            tasks: Mutex::default(),
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn start(&self, hub: Weak<Hub>) {
        let (queue, channel) = (Arc::clone(&self.queue), Arc::clone(&self.channel));
        let outgoing = Arc::clone(self.cluster.outgoing());
        let publishing = tokio::spawn(PublishTask::new(queue, channel, outgoing).run());
        self.tasks().publishing = Some(publishing.abort_handle());
        if self.cluster.is_write_only() {
            self.cluster
                .health
                .set_subscription(SubscriptionState::Closed);
            return;
        }
        let subscribing = SubscribeTask {
            queue: Arc::clone(&self.queue),
            channel: Arc::clone(&self.channel),
            node: Arc::clone(self.cluster.node()),
            hub,
            cluster: Arc::downgrade(&self.cluster),
        };
        let subscribing = tokio::spawn(subscribing.run());
        self.tasks().subscribing = Some(subscribing.abort_handle());
        if self.discovers {
            let discovering = tokio::spawn(discover(Arc::downgrade(&self.cluster)));
            self.tasks().discovering = Some(discovering.abort_handle());
        }
    }

    pub(super) async fn stop(&self, timeout: Duration) {
        self.cluster.outgoing().hurry();
        let flushed = tokio::time::timeout(timeout, self.cluster.flushed());
        if flushed.await.is_err() {
            let messages = self.cluster.health().waiting;
            tracing::warn!(target: "socketio", messages, "the last messages were not published in time");
            if let Some(publishing) = self.tasks().publishing.take() {
                publishing.abort();
            }
        }
        self.end();
    }

    fn end(&self) {
        self.cluster.outgoing().close();
        let mut tasks = self.tasks();
        for task in [tasks.subscribing.take(), tasks.discovering.take()] {
            task.inspect(AbortHandle::abort);
        }
        drop(tasks);
        self.cluster
            .health
            .set_subscription(SubscriptionState::Closed);
        // Pending acks may hold a reference to the server, which owns this.
        self.cluster.acks.clear();
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

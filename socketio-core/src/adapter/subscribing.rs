//! The task that listens.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::{Instant, interval, timeout};

use super::{
    Here,
    backoff::{Backoff, LONGEST},
    cluster::Cluster,
    health::Hearing,
    publishing::{PATIENCE, unless_panics},
    receiving::Receiving,
};
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
        loop {
            let mut since = None;
            let Err(error) = unless_panics(self.listen(&mut since, &mut outage)).await else {
                return;
            };
            self.set_hearing(Hearing::Not);
            // One that ends as soon as it has begun is no better than one that doesn't begin.
            if since.is_some_and(|since: Instant| since.elapsed() > LONGEST) {
                backoff.reset();
                outage = false;
            }
            if !std::mem::replace(&mut outage, true) {
                tracing::warn!(target: "socketio", error, "the message queue can't be heard: what others emit is missed");
            }
            self.expire();
            backoff.pause().await;
        }
    }

    /// Over one connection. Ends well when the server is gone.
    async fn listen(&self, since: &mut Option<Instant>, outage: &mut bool) -> Result<(), BoxError> {
        let mut subscription = timeout(PATIENCE, self.queue.subscription(&self.channel)).await??;
        self.set_hearing(Hearing::Now);
        *since = Some(Instant::now());
        let mut sweep = interval(SWEEP);
        loop {
            let message = tokio::select! {
                message = subscription.receive() => message?,
                _ = sweep.tick() => {
                    self.expire();
                    if *outage && since.is_some_and(|since| since.elapsed() > LONGEST) {
                        *outage = false;
                        tracing::info!(target: "socketio", "the message queue is heard again");
                    }
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
            // A parser of the user's, say. The next message may be better.
            if catch_unwind(AssertUnwindSafe(|| receiving.receive(&message))).is_err() {
                tracing::error!(target: "socketio", bytes = message.len(), "a message of another process made the server panic");
            }
            // A queue that always has a message must not keep its thread from others.
            tokio::task::consume_budget().await;
        }
    }

    fn expire(&self) {
        if let Some(cluster) = self.cluster.upgrade() {
            cluster.awaited.expire();
        }
    }

    fn set_hearing(&self, hearing: Hearing) {
        if let Some(cluster) = self.cluster.upgrade() {
            cluster.health.set_hearing(hearing);
        }
    }
}

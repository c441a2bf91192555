//! The end of a client: what still runs, and what is dropped.

use tokio::time::sleep;

use super::{EventQueue, Job, Running};
use crate::{base::Reason, hub::transport::Completion};

impl EventQueue {
    /// Ends the client: it leaves its rooms now, and its `disconnect` handler runs after the events that had arrived. With a
    /// `disconnecting` handler, it leaves its rooms between the two, unless another connection takes its session over before.
    /// Inside `connect` it ends once it has been accepted, so that both handlers run.
    pub(in crate::server) fn leave(&mut self, reason: Reason, completion: Option<Completion>) {
        if self.is_leaving {
            return;
        }
        self.is_leaving = true;
        if !self.client().is_connecting() {
            let hub = &self.context.socket.node().hub;
            hub.begin_end(self.client(), reason);
        }
        self.inbox.push_back(Job::Disconnect(reason, completion));
    }

    /// Drops the handlers that run and the events that wait. Only a `disconnect` handler remains, for a client that had been
    /// accepted. Returns whether anything remains.
    pub(in crate::server) fn abandon(&mut self, reason: Reason) -> bool {
        let connecting = self.client().is_connecting();
        if connecting {
            self.end(reason);
        } else {
            self.leave(reason, None);
        }
        if let Some(concurrent) = &mut self.concurrent {
            // Tasks are dropped by the runtime, and `disconnect` begins after that.
            concurrent.abort_all();
            let timeout = self.context.socket.node().options.shutdown_timeout;
            self.dropping = Some(Box::pin(sleep(timeout / 20)));
        }
        self.is_abandoned = true;
        self.inbox.retain(|job| matches!(job, Job::Disconnect(..)));
        self.running = match self.running.take() {
            Some(Running::Disconnecting(handler, reason, completion)) => {
                drop(handler);
                self.end(reason);
                self.inbox.push_front(Job::Disconnect(reason, completion));
                None
            }
            Some(running @ Running::Disconnect(..)) => Some(running),
            _ => None,
        };
        self.inbox_bytes = 0;
        self.running_bytes = 0;
        !connecting
    }

    pub(super) fn end(&self, reason: Reason) {
        self.context.socket.node().hub.end(self.client(), reason);
    }
}

//! How a connection ends: by the server's will, with its transport, or since its client reads too slowly.

use std::sync::Arc;

use tokio::time::sleep;

use super::{Connection, State};
use crate::{
    base::{Problem, Reason},
    hub::transport::Transport,
    server::event_queue::EventQueue,
};

impl<T: Transport> Connection<T> {
    /// Ends the connection by the server's will.
    pub(super) fn close(&mut self, reason: Reason) {
        if self.state != State::Open {
            return;
        }
        self.state = State::Closing;
        self.connect_timeout = None;
        self.overflow = None;
        // First, so that it can tell these DISCONNECT packets from those of single namespaces; it writes them all.
        self.transport.close(reason);
        for queue in &mut self.queues {
            if reason == Reason::ServerClose {
                // The official clients then don't reconnect by themselves.
                let client = queue.client();
                let packet = self.node.hub.codec.disconnect(client.namespace());
                client.deliver_protocol(packet);
            }
            queue.leave(reason, None);
        }
        // Nobody reads what handlers emit from now on.
        self.handle.seal();
    }

    /// The transport is gone.
    pub(super) fn closed(&mut self, reason: Reason) {
        self.state = State::Closed;
        self.overflow = None;
        self.handle.close();
        self.reader = self.node.hub.codec.reader(&self.node.options.packets);
        for queue in &mut self.queues {
            queue.leave(reason, None);
        }
        let connecting = |queue: &EventQueue| queue.client().is_connecting();
        self.connect_timeout = self
            .queues
            .iter()
            .any(connecting)
            .then(|| Box::pin(sleep(self.node.options.connect_timeout)));
    }

    /// Does what others have asked of this connection.
    pub(super) fn obey(&mut self) {
        if self.state == State::Open {
            if self.handle.overflowed() {
                self.disconnect_slow_client();
                return;
            }
            if let Some(reason) = self.handle.closing() {
                self.close(reason);
            }
        }
        if self.handle.handlers_abandoned() {
            self.queues
                .retain_mut(|queue| queue.abandon(Reason::ServerShutdown));
        }
        for index in 0..self.queues.len() {
            let queue = &mut self.queues[index];
            if let Some(reason) = queue.client().ended()
                && !queue.is_leaving()
            {
                queue.leave(reason, None);
                let namespace = Arc::clone(queue.client().namespace());
                self.leave_behind(namespace);
            }
        }
    }

    /// The server has ended a namespace: what the client sent to it before it knew is not an error.
    pub(super) fn leave_behind(&mut self, namespace: Arc<str>) {
        self.reader.clear(&namespace);
        if !self.left.contains(&namespace) && self.left.len() < self.node.options.namespaces {
            self.left.push(namespace);
        }
    }

    pub(super) fn disconnect_slow_client(&mut self) {
        let limits = self.node.options.outbox;
        let limits = format_args!("{} messages or {} bytes", limits.messages, limits.bytes);
        self.report(Problem::SlowClient, |details| details.detail(&limits));
        self.handle.overflow();
        self.close(Reason::TransportError);
    }
}

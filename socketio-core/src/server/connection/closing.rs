//! How a connection ends: closed by the server, with its transport, or because its client reads too slowly.

use std::sync::Arc;

use tokio::time::sleep;

use super::{Connection, State};
use crate::{
    base::{Problem, Reason},
    hub::transport::Transport,
    server::event_queue::EventQueue,
};

impl<T: Transport> Connection<T> {
    /// Begins to close the connection on behalf of the server.
    pub(super) fn close(&mut self, reason: Reason) {
        if self.state != State::Open {
            return;
        }
        self.state = State::Closing;
        self.outcome = Some(reason);
        self.connect_timeout = None;
        self.overflow = None;
        // Called before the DISCONNECT packets are queued, so that the transport can tell them from those of single namespaces. It writes them all.
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
        // Events that handlers emit from now on are not read.
        self.handle.seal();
    }

    /// Ends the clients of a connection whose transport has ended.
    pub(super) fn closed(&mut self, reason: Reason) {
        self.state = State::Closed;
        self.outcome.get_or_insert(reason);
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

    /// Closes a connection that is drained, unless events of its clients are being handled. Returns whether it was closed.
    pub(super) fn leave_when_quiet(&mut self) -> bool {
        let leaves = self.state == State::Open
            && self.handle.is_draining()
            && !self.handle.has_pending_calls()
            && self.handle.late_acks().is_empty()
            && self.queues.iter().all(EventQueue::is_quiet);
        if leaves {
            self.close(Reason::ServerShutdown);
        }
        leaves
    }

    /// Closes a connection whose client must reconnect, once the client has received everything in its outbox. Returns whether the state has
    /// changed.
    #[inline]
    pub(super) fn leave_once_arrived(&mut self) -> bool {
        self.handle.closes_once_arrived() && self.state == State::Open && self.leave_if_arrived()
    }

    fn leave_if_arrived(&mut self) -> bool {
        if !self.asked_for_arrival {
            if self.handle.waiting().0 > 0 {
                return false;
            }
            self.asked_for_arrival = true;
            if self.transport.ask_for_arrival() {
                return true;
            }
        } else if !self.transport.has_arrived() {
            return false;
        }
        let clients = self.queues.iter().map(EventQueue::client);
        for recoverable in clients.filter_map(|client| client.recoverable()) {
            recoverable.forget_replay();
        }
        self.close(Reason::TransportClose);
        true
    }

    /// Handles the requests of other tasks to this connection.
    pub(super) fn handle_requests(&mut self) {
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

    /// Remembers a namespace that the client has left, or that refused it: what it still sends there is ignored. Only the latest of these
    /// namespaces are kept.
    pub(super) fn leave_behind(&mut self, namespace: Arc<str>) {
        self.reader.clear(self.aliases.written(&namespace));
        if self.left.contains(&namespace) {
            return;
        }
        if self.left.len() >= self.node.options.namespaces {
            let oldest = self.left.remove(0);
            self.set_alias(&oldest, None);
        }
        self.left.push(namespace);
    }

    /// Sets the name that the client has for a namespace that it joins; `None` for the namespace's own.
    pub(super) fn set_alias(&mut self, namespace: &Arc<str>, written: Option<Arc<str>>) {
        if self.aliases.set(namespace, written) {
            self.handle.set_aliases(self.aliases.clone());
        }
    }

    pub(super) fn disconnect_slow_client(&mut self) {
        let limits = self.node.options.outbox;
        let limits = format_args!("{} messages or {} bytes", limits.messages, limits.bytes);
        let problem = match self.node.engine.admission().outboxes().exceeds(1) {
            true => Problem::OutboxesFull,
            false => Problem::SlowClient,
        };
        self.report(problem, |details| details.detail(&limits));
        self.handle.overflow();
        self.close(Reason::TransportError);
    }
}

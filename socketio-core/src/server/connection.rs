//! The task of one connection: an actor that reads, writes and runs its clients' handlers side by side.
//!
//! What it does first, and for how long, is the policy of [`Turn`]. It ends when its transport and all its clients have ended.

use std::{
    panic::{AssertUnwindSafe, Location, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

use super::{
    event_queue::{Concurrency, EventQueue, Progress},
    server::Server,
    turn::Turn,
};
use crate::{
    admission::OverflowPolicy,
    base::{Message, Reason, Request},
    client::Socket,
    handler::Incoming as Event,
    hub::{
        self, Client, CloseRequest, ConnectionHandle, PacketKind,
        transport::{Completion, Incoming, Outbox, Transport},
    },
    node::Node,
    packet::{Kind, Reader, Received},
};

/// How long a client may stay over the limits of its outbox, reading as fast as it can, before the overflow policy
/// disconnects it.
const OVERFLOW_GRACE: Duration = Duration::from_secs(1);

/// One connection, from its handshake until the last `disconnect` handler has ended.
pub(super) struct Connection<T> {
    node: Arc<Node>,
    server: Arc<Server>,
    transport: T,
    transport_name: &'static str,
    handle: Arc<ConnectionHandle>,
    key: u64,
    request: Request,
    reader: Reader,
    /// One for each client, that is, for each namespace of this connection.
    queues: Vec<EventQueue>,
    /// Namespaces that the server has ended: what the client sent before it knew is not an error.
    left: Vec<Arc<str>>,
    /// Runs until the first namespace has been joined; and again, once the transport is gone, for `connect` handlers.
    connect_timeout: Option<Pin<Box<Sleep>>>,
    /// Runs while the outbox is over its limits although the transport has had its turn.
    overflow: Option<Pin<Box<Sleep>>>,
    /// The transport was last polled without reading.
    held_back: bool,
    backlog: Backlog,
    state: State,
    /// A poll of this task has panicked.
    panicked: bool,
}

/// What was read for a `call` that waits for its answer, past a full inbox.
#[derive(Clone, Copy, Debug, Default)]
struct Backlog {
    bytes: usize,
    /// The calls were failed since there was too much.
    exceeded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// The server has ended it. The outbox accepts nothing more; the transport writes what is in it.
    Closing,
    /// The transport is done; handlers may still run.
    Closed,
}

impl<T: Transport> Connection<T> {
    /// Runs a connection in a task of its own.
    #[track_caller]
    pub(super) fn start(
        node: &Arc<Node>,
        server: &Arc<Server>,
        request: Request,
        transport: impl FnOnce(Outbox) -> T,
    ) {
        let traffic = node.hub.traffic().cloned();
        let handle = Arc::new(ConnectionHandle::new(node.options.outbox, traffic));
        if let Some(instrument) = &server.instrument {
            instrument.begin(node);
        }
        let transport = transport(Outbox(Arc::clone(&handle)));
        let connection = Connection::new(node, server, request, Arc::clone(&handle), transport);
        // Registered too late to be closed with the others.
        if *node.stopping.borrow() {
            handle.close_connection(CloseRequest::Shutdown);
        }
        node.connection_tasks.spawn(Location::caller(), connection);
    }

    fn new(
        node: &Arc<Node>,
        server: &Arc<Server>,
        request: Request,
        handle: Arc<ConnectionHandle>,
        transport: T,
    ) -> Self {
        handle.set_transport(transport.name());
        if let Some(traffic) = node.hub.traffic() {
            traffic.opened();
        }
        let connect_timeout = sleep(node.options.connect_timeout);
        Connection {
            key: node.connections.insert(Arc::clone(&handle)),
            transport_name: transport.name(),
            transport,
            handle,
            request,
            reader: node.hub.codec.reader(&node.options.packets),
            queues: Vec::new(),
            left: Vec::new(),
            connect_timeout: Some(Box::pin(connect_timeout)),
            overflow: None,
            held_back: false,
            backlog: Backlog::default(),
            state: State::Open,
            panicked: false,
            server: Arc::clone(server),
            node: Arc::clone(node),
        }
    }

    /// Whether the client is read. While an inbox is full, or the outbox is, it is not: TCP holds it back. Only a handler that
    /// waits for the answer to a `call` has it read on, for `max_http_buffer_size` bytes.
    fn may_read(&mut self) -> bool {
        if self.state != State::Open || self.overflow.is_some() {
            return false;
        }
        if !self.inbox_full() {
            self.backlog = Backlog::default();
            return true;
        }
        if !self.handle.has_pending_calls() {
            return false;
        }
        if self.backlog.bytes <= self.node.options.engine.max_payload {
            return true;
        }
        if !std::mem::replace(&mut self.backlog.exceeded, true) {
            tracing::warn!(target: "socketio", "a client sent too much while a call waited for its answer: the call fails");
            for queue in &self.queues {
                queue.client().fail_calls();
            }
        }
        false
    }

    /// Whether a client that was not read, since an inbox was full, may be read again now that handlers have run.
    fn may_read_again(&mut self) -> bool {
        std::mem::take(&mut self.held_back) && self.may_read()
    }

    fn receive(&mut self, message: Message, completion: Option<Completion>) {
        let bytes = message.len();
        if let Some(traffic) = self.node.hub.traffic() {
            traffic.came(bytes);
        }
        if self.backlog.bytes > 0 || self.inbox_full() {
            self.backlog.bytes += bytes;
        }
        let limits = &self.node.options.packets;
        let (queues, left) = (&self.queues, &self.left);
        let read = self.reader.read(message, limits, |namespace| {
            queues.iter().any(|queue| queue.takes(namespace))
                || left.iter().any(|left| **left == *namespace)
        });
        match read {
            // The completion is for the whole packet: its last attachment brings it.
            Ok(None) => {}
            Ok(Some(packet)) => self.route(packet, completion),
            Err(error) => self.parse_error(&error),
        }
    }

    /// Whether as much waits for handlers as may wait: so many events of one namespace, or so many bytes of all.
    fn inbox_full(&self) -> bool {
        let options = &self.node.options;
        let mut waiting = 0;
        self.queues.iter().any(|queue| {
            let (events, bytes) = queue.waiting();
            waiting += bytes;
            events >= options.inbox_events || waiting >= options.engine.max_payload
        })
    }

    fn route(&mut self, packet: Received, completion: Option<Completion>) {
        let queue = self
            .queues
            .iter_mut()
            .find(|queue| queue.takes(packet.namespace()));
        let Some(queue) = queue else {
            if packet.kind() == Kind::Connect {
                self.connect(&packet, completion);
            } else if self.left.iter().any(|left| **left == *packet.namespace()) {
                tracing::debug!(target: "socketio", namespace = packet.namespace(), "a packet for a namespace that the server has ended");
            } else {
                self.parse_error(&"a packet for a namespace not joined");
            }
            return;
        };
        match packet.kind() {
            Kind::Event => {
                let bytes = packet.weight();
                let event = Event {
                    name: packet.event().to_owned(),
                    id: packet.id(),
                    arguments: packet.into_arguments(),
                };
                queue.push(event, bytes, completion);
            }
            Kind::Ack => {
                let id = packet.id().and_then(|id| id.parse().ok());
                let client = Arc::clone(queue.client());
                let mut arguments = packet.into_arguments();
                if let Err(error) = arguments.clone().finish() {
                    return self.parse_error(&error);
                }
                if let Some(id) = id {
                    client.acknowledge(id, std::mem::take(&mut arguments));
                }
                if let Some(completion) = completion {
                    completion.fire(Ok(()));
                }
            }
            Kind::Disconnect => {
                queue.leave(Reason::ClientDisconnect, completion);
                self.reader.clear(packet.namespace());
            }
            Kind::Connect => self.parse_error(&"a CONNECT for a namespace joined already"),
            Kind::ConnectError => self.parse_error(&"a CONNECT_ERROR by a client"),
        }
    }

    fn connect(&mut self, packet: &Received, completion: Option<Completion>) {
        let path = packet.namespace();
        let handlers = self.server.registry.namespace(path);
        let refusal = match &handlers {
            None => Some("Invalid namespace"),
            Some(_) if self.queues.len() >= self.node.options.namespaces => {
                Some("Too many namespaces")
            }
            Some(_) => None,
        };
        let (Some(handlers), None) = (handlers, refusal) else {
            let message = refusal.unwrap_or_default();
            tracing::debug!(target: "socketio", namespace = path, message, "connection refused");
            let answer = self.node.hub.codec.connect_error(path, message, None);
            self.handle.push(answer, PacketKind::Protocol);
            if let Some(completion) = completion {
                completion.fire(Ok(()));
            }
            return;
        };
        self.left.retain(|left| **left != *path);
        let client = Client::new(
            Arc::from(path),
            Arc::clone(&self.handle),
            self.request.clone(),
        );
        let socket = Socket::new(Arc::new(client), Arc::clone(&self.node));
        let options = &self.node.options;
        if options.always_connect {
            let client = socket.client();
            let hub = &self.node.hub;
            hub.accept(client, hub.codec.connect(client.namespace(), client.sid()));
        }
        // Most connections are in one namespace, and a vector that grows by itself begins with room for four.
        self.queues.reserve_exact(1);
        self.queues.push(EventQueue::new(
            socket,
            handlers,
            self.server.dispatcher.clone(),
            packet.auth(),
            completion,
            Concurrency {
                limit: options.concurrent_events,
                all: options.async_handlers,
            },
        ));
    }

    /// Ends the connection of a client that breaks the protocol.
    fn parse_error(&mut self, error: &dyn std::fmt::Display) {
        tracing::debug!(target: "socketio", %error, "parse error: the connection is closed");
        self.close(Reason::ParseError);
    }

    /// Ends the connection by the server's will.
    fn close(&mut self, reason: Reason) {
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
    fn closed(&mut self, reason: Reason) {
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
    fn obey(&mut self) {
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
    fn leave_behind(&mut self, namespace: Arc<str>) {
        self.reader.clear(&namespace);
        if !self.left.contains(&namespace) && self.left.len() < self.node.options.namespaces {
            self.left.push(namespace);
        }
    }

    fn disconnect_slow_client(&mut self) {
        let limits = self.node.options.outbox;
        tracing::warn!(
            target: "socketio",
            messages = limits.messages,
            bytes = limits.bytes,
            "a client reads too slowly: its outbox is full and the connection is closed (`max_outbox`, `overflow_policy`)"
        );
        self.handle.overflow();
        self.close(Reason::TransportError);
    }

    /// Applies the overflow policy to a client whose transport has had its turn. True when there is something to do: the client
    /// is disconnected, or may be read again.
    fn watch_outbox(&mut self, cx: &mut Context<'_>, over_limits: bool) -> bool {
        let watched = over_limits
            && self.state == State::Open
            && self.node.options.outbox.policy == OverflowPolicy::Disconnect;
        if !watched {
            // The client was not read meanwhile.
            return self.overflow.take().is_some();
        }
        let grace = self
            .overflow
            .get_or_insert_with(|| Box::pin(sleep(OVERFLOW_GRACE)));
        if grace.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.disconnect_slow_client();
        true
    }

    /// Runs handlers within the turn. True when something came of it that the transport should know at once.
    fn poll_queues(&mut self, cx: &mut Context<'_>, turn: &mut Turn) -> bool {
        let mut malformed = None;
        let mut ended = false;
        let mut refused = Vec::new();
        self.queues.retain_mut(|queue| match queue.poll(cx, turn) {
            Progress::Pending => true,
            Progress::Ended => {
                ended = true;
                if !queue.is_leaving() {
                    refused.push(Arc::clone(queue.client().namespace()));
                }
                false
            }
            Progress::Malformed(error) => {
                malformed = Some(error);
                true
            }
        });
        if self.node.options.always_connect {
            for namespace in refused {
                self.leave_behind(namespace);
            }
        }
        if self.connect_timeout.is_some()
            && self.state == State::Open
            && self.queues.iter().any(|one| one.client().is_connected())
        {
            self.connect_timeout = None;
        }
        if let Some(error) = &malformed {
            self.parse_error(error);
        }
        malformed.is_some() || ended
    }

    /// Whether handlers wait for the next turn.
    fn has_work(&self) -> bool {
        self.queues.iter().any(EventQueue::has_work)
    }

    /// Ends what has taken longer than `connect_timeout`. True when something came of it.
    fn poll_connect_timeout(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(timeout) = &mut self.connect_timeout else {
            return false;
        };
        if timeout.as_mut().poll(cx).is_pending() {
            return false;
        }
        match self.state {
            // Time spent in `connect` handlers does not count.
            State::Open if self.queues.is_empty() => {
                tracing::debug!(target: "socketio", "no namespace was joined in time: the connection is closed");
                self.close(Reason::ServerClose);
                true
            }
            State::Closed => {
                self.connect_timeout = None;
                self.queues.retain_mut(|queue| {
                    let connecting = queue.client().is_connecting();
                    if connecting {
                        tracing::warn!(target: "socketio", namespace = &**queue.client().namespace(), "a `connect` handler still runs although its client has gone: it is dropped");
                        queue.abandon(Reason::TransportClose);
                    }
                    !connecting
                });
                true
            }
            State::Open | State::Closing => false,
        }
    }

    fn upgraded(&self) {
        if let Some(observer) = self.node.hub.observer() {
            let clients = self.queues.iter().map(EventQueue::client);
            for client in clients.filter(|client| client.is_connected()) {
                observer.upgraded(client);
            }
        }
    }

    /// Reads, writes and keeps the heartbeat. Not within tokio's cooperative budget, which handlers may have used up: the turn
    /// bounds it.
    fn poll_transport(&mut self, cx: &mut Context<'_>, turn: &mut Turn) -> bool {
        if self.state == State::Closed {
            return false;
        }
        let read = self.may_read();
        self.held_back = !read;
        let (transport, mut outbox) = (&mut self.transport, &*self.handle);
        let polled = tokio::task::unconstrained(std::future::poll_fn(|cx| {
            transport.poll(cx, &mut outbox, read)
        }));
        match pin!(polled).poll(cx) {
            Poll::Pending => {
                let name = self.transport.name();
                if name != self.transport_name {
                    self.transport_name = name;
                    self.handle.set_transport(name);
                    self.upgraded();
                }
                false
            }
            Poll::Ready(Incoming::Message(message, completion)) => {
                turn.read(message.len());
                if self.state == State::Open {
                    self.receive(message, completion);
                }
                true
            }
            Poll::Ready(Incoming::Closed(reason)) => {
                self.closed(reason);
                true
            }
        }
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.handle.awake();
        let mut turn = Turn::new();
        while !turn.is_over() {
            turn.step();
            let asked = self.handle.take_notification();
            if asked {
                self.obey();
            }
            let transport = self.poll_transport(cx, &mut turn);
            let handlers = self.poll_queues(cx, &mut turn) || self.may_read_again();
            let timeout = self.poll_connect_timeout(cx);
            if self.state == State::Closed && self.queues.is_empty() {
                return Poll::Ready(());
            }
            if asked || transport || handlers || timeout || self.has_work() {
                continue;
            }
            let can_write = self.state != State::Closed && self.transport.can_write();
            match self.handle.sleep(cx.waker(), can_write) {
                hub::Sleep::Awake => {}
                hub::Sleep::Asleep { over_limits } => {
                    if !self.watch_outbox(cx, over_limits) {
                        return Poll::Pending;
                    }
                }
            }
        }
        Turn::yield_to_others(cx)
    }
}

impl<T: Transport> Future for Connection<T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        // The outermost net: user code is caught where it is called, so this is a defect of the server or of a transport.
        match catch_unwind(AssertUnwindSafe(|| this.poll_turn(cx))) {
            Ok(poll) => poll,
            Err(_) if this.panicked => Poll::Ready(()),
            Err(_) => {
                tracing::error!(target: "socketio", "the task of a connection panicked: the connection is dropped, its `disconnect` handlers run");
                this.panicked = true;
                this.closed(Reason::TransportError);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Connection<T> {
    fn drop(&mut self) {
        self.handle.close();
        self.node.connections.remove(self.key);
        for queue in &self.queues {
            self.node.hub.end(queue.client(), Reason::ServerShutdown);
        }
        if let Some(traffic) = self.node.hub.traffic() {
            traffic.closed();
        }
    }
}

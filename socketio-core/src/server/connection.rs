//! The task of one connection: an actor that reads, writes and runs its clients' handlers side by side.

use std::{
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Sleep;

use super::{
    event_queue::{EventQueue, Progress},
    server::Server,
};
use crate::{
    base::{Message, Reason, Request},
    client::Socket,
    handler::Incoming as Event,
    hub::{
        Client, CloseRequest, ConnectionHandle,
        transport::{Completion, Incoming, Outbox, Transport},
    },
    node::Node,
    packet::Kind,
    packet::{Reader, Received},
};

/// Messages taken in before other tasks get their turn.
const TURN: usize = 64;

/// One connection, from its handshake until the last `disconnect` handler has ended.
pub(super) struct Connection<T> {
    node: Arc<Node>,
    server: Arc<Server>,
    transport: T,
    transport_name: &'static str,
    link: Arc<ConnectionHandle>,
    key: u64,
    request: Request,
    reader: Reader,
    clients: Vec<EventQueue>,
    /// Namespaces that the server has ended: what the client sent before it knew is no mistake.
    left: Vec<Arc<str>>,
    /// Runs until the first namespace has been joined.
    connect_timeout: Option<Pin<Box<Sleep>>>,
    /// Bytes taken in for the sake of a `call`, past a full inbox.
    backlog: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// The server has ended it; the transport still writes.
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
        let link = Arc::new(ConnectionHandle::new(node.options.outbox, traffic));
        if let Some(instrument) = &server.instrument {
            instrument.begin(node);
        }
        let transport = transport(Outbox(Arc::clone(&link)));
        let connection = Connection::new(node, server, request, Arc::clone(&link), transport);
        // Entered among the connections too late to be told with the others.
        if *node.stopping.borrow() {
            link.close_connection(CloseRequest::Shutdown);
        }
        node.connection_tasks.spawn(Location::caller(), connection);
    }

    fn new(
        node: &Arc<Node>,
        server: &Arc<Server>,
        request: Request,
        link: Arc<ConnectionHandle>,
        transport: T,
    ) -> Self {
        link.set_transport(transport.name());
        if let Some(traffic) = node.hub.traffic() {
            traffic.opened();
        }
        let connect_timeout = tokio::time::sleep(node.options.connect_timeout);
        Connection {
            key: node.connections.insert(Arc::clone(&link)),
            transport_name: transport.name(),
            transport,
            link,
            request,
            reader: node.hub.codec.reader(&node.options.packets),
            clients: Vec::new(),
            left: Vec::new(),
            connect_timeout: Some(Box::pin(connect_timeout)),
            backlog: 0,
            state: State::Open,
            server: Arc::clone(server),
            node: Arc::clone(node),
        }
    }

    /// Whether there is room for more: while an inbox is full, its connection is not read. Only a handler that waits for an
    /// answer to a `call` has it read on, for that many bytes.
    fn may_read(&mut self) -> bool {
        if self.state != State::Open {
            return false;
        }
        if !self.inbox_full() {
            self.backlog = 0;
            return true;
        }
        if !self.link.has_pending_calls() {
            return false;
        }
        if self.backlog <= self.node.options.engine.max_payload {
            return true;
        }
        tracing::warn!(target: "socketio", "a client sent too much while a call waited for its answer");
        for client in &self.clients {
            client.client().fail_calls();
        }
        false
    }

    fn receive(&mut self, message: Message, completion: Option<Completion>) {
        let bytes = message.len();
        if let Some(traffic) = self.node.hub.traffic() {
            traffic.came(bytes);
        }
        if self.backlog > 0 || self.inbox_full() {
            self.backlog += bytes;
        }
        let limits = &self.node.options.packets;
        let (clients, left) = (&self.clients, &self.left);
        let read = self.reader.read(message, limits, |namespace| {
            clients.iter().any(|client| takes(client, namespace))
                || left.iter().any(|left| **left == *namespace)
        });
        match read {
            Ok(None) => {
                // The signal is for the whole packet: its last attachment brings it.
            }
            Ok(Some(packet)) => self.route(packet, completion),
            Err(error) => self.parse_error(&error),
        }
    }

    /// Whether as much waits for handlers as may wait: so many events of one namespace, or so many bytes of all.
    fn inbox_full(&self) -> bool {
        let options = &self.node.options;
        let mut waiting = 0;
        self.clients.iter().any(|client| {
            let (events, bytes) = client.waiting();
            waiting += bytes;
            events >= options.inbox_events || waiting >= options.engine.max_payload
        })
    }

    fn route(&mut self, packet: Received, completion: Option<Completion>) {
        let client = self
            .clients
            .iter_mut()
            .find(|client| takes(client, packet.namespace()));
        let Some(client) = client else {
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
                client.event(event, bytes, completion);
            }
            Kind::Ack => {
                let id = packet.id().and_then(|id| id.parse().ok());
                let client = Arc::clone(client.client());
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
                client.leave(Reason::ClientDisconnect, completion);
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
            Some(_) if self.clients.len() >= self.node.options.namespaces => {
                Some("Too many namespaces")
            }
            Some(_) => None,
        };
        let (Some(handlers), None) = (handlers, refusal) else {
            let message = refusal.unwrap_or_default();
            tracing::debug!(target: "socketio", namespace = path, message, "connection refused");
            let answer = self.node.hub.codec.connect_error(path, message, None);
            self.link.push(answer);
            if let Some(completion) = completion {
                completion.fire(Ok(()));
            }
            return;
        };
        self.left.retain(|left| **left != *path);
        let client = Client::new(
            Arc::from(path),
            Arc::clone(&self.link),
            self.request.clone(),
        );
        let socket = Socket::new(Arc::new(client), Arc::clone(&self.node));
        let options = &self.node.options;
        if options.always_connect {
            let client = socket.client();
            let hub = &self.node.hub;
            hub.admit(client, hub.codec.connect(client.namespace(), client.sid()));
        }
        // Most connections are in one namespace, and a vector that grows by itself begins with room for four.
        self.clients.reserve_exact(1);
        self.clients.push(EventQueue::new(
            socket,
            handlers,
            self.server.dispatcher.clone(),
            packet.auth(),
            completion,
            options.concurrent_events,
            options.async_handlers,
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
        // RefusalMessage first, so that it can tell these DISCONNECT packets from those of single namespaces; it writes them all.
        self.transport.close(reason);
        for client in &mut self.clients {
            if reason == Reason::ServerClose {
                // RefusalMessage so, the official clients don't connect again by themselves.
                let client = client.client();
                client.deliver(self.node.hub.codec.disconnect(client.namespace()));
            }
            client.leave(reason, None);
        }
    }

    /// The transport is gone.
    fn closed(&mut self, reason: Reason) {
        self.state = State::Closed;
        self.connect_timeout = None;
        self.link.close();
        self.reader = self.node.hub.codec.reader(&self.node.options.packets);
        for client in &mut self.clients {
            client.leave(reason, None);
        }
    }

    /// Does what others have asked for.
    fn notify(&mut self) {
        if self.state == State::Open {
            if self.link.overflowed() {
                tracing::warn!(target: "socketio", "a client reads too slowly: its outbox is full and the connection is closed");
                self.close(Reason::TransportError);
                return;
            }
            if let Some(reason) = self.link.closing() {
                return self.close(reason);
            }
        }
        let mut ended = Vec::new();
        for client in &mut self.clients {
            if let Some(reason) = client.client().ended()
                && !client.is_leaving()
            {
                client.leave(reason, None);
                ended.push(Arc::clone(client.client().namespace()));
            }
        }
        for namespace in ended {
            self.reader.clear(&namespace);
            self.leave_behind(namespace);
        }
    }

    /// What the client has sent to this namespace before it knows of its end is no mistake.
    fn leave_behind(&mut self, namespace: Arc<str>) {
        if !self.left.contains(&namespace) && self.left.len() < self.node.options.namespaces {
            self.left.push(namespace);
        }
    }

    fn poll_clients(&mut self, cx: &mut Context<'_>) -> bool {
        let mut malformed = None;
        let mut ended = false;
        let mut refused = Vec::new();
        self.clients.retain_mut(|client| match client.poll(cx) {
            Progress::Pending => true,
            Progress::Ended => {
                ended = true;
                if !client.is_leaving() {
                    refused.push(Arc::clone(client.client().namespace()));
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
                self.reader.clear(&namespace);
                self.leave_behind(namespace);
            }
        }
        if self.connect_timeout.is_some()
            && self.clients.iter().any(|one| one.client().is_connected())
        {
            self.connect_timeout = None;
        }
        if let Some(error) = &malformed {
            self.parse_error(error);
        }
        malformed.is_some() || ended
    }

    fn upgraded(&self) {
        if let Some(observer) = self.node.hub.observer() {
            let clients = self.clients.iter().map(EventQueue::client);
            for client in clients.filter(|client| client.is_connected()) {
                observer.upgraded(client);
            }
        }
    }

    fn poll_transport(&mut self, cx: &mut Context<'_>) -> bool {
        if self.state == State::Closed {
            return false;
        }
        let read = self.may_read();
        let mut outbox = &*self.link;
        match self.transport.poll(cx, &mut outbox, read) {
            Poll::Pending => {
                let name = self.transport.name();
                if name != self.transport_name {
                    self.transport_name = name;
                    self.link.set_transport(name);
                    self.upgraded();
                }
                false
            }
            Poll::Ready(Incoming::Message(message, completion)) => {
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
}

/// Whether a packet for the namespace is for this client.
fn takes(client: &EventQueue, namespace: &str) -> bool {
    !client.is_leaving() && **client.client().namespace() == *namespace
}

impl<T: Transport> Future for Connection<T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.link.awake();
        for _ in 0..TURN {
            let attention = this.link.take_notification();
            if attention {
                this.notify();
            }
            let clients = this.poll_clients(cx);
            let transport = this.poll_transport(cx);
            if let Some(timeout) = &mut this.connect_timeout
                && timeout.as_mut().poll(cx).is_ready()
                // A `connect` handler takes the time that it takes.
                && this.clients.is_empty()
            {
                tracing::debug!(target: "socketio", "no namespace was joined in time: the connection is closed");
                this.close(Reason::ServerClose);
                continue;
            }
            if this.state == State::Closed && this.clients.is_empty() {
                return Poll::Ready(());
            }
            if attention || clients || transport {
                continue;
            }
            let can_write = this.state != State::Closed && this.transport.can_write();
            if this.link.sleep(cx.waker(), can_write) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<T> Drop for Connection<T> {
    fn drop(&mut self) {
        self.link.close();
        self.node.connections.remove(self.key);
        for client in &self.clients {
            let reason = Reason::ServerShutdown;
            self.node.hub.remove(client.client(), reason);
        }
        if let Some(traffic) = self.node.hub.traffic() {
            traffic.closed();
        }
    }
}

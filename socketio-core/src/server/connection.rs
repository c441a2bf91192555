//! The task of one connection: an actor that reads, writes and runs its clients' handlers side by side.

use std::{
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Sleep;

use super::{
    inner::Server,
    member::{Member, Progress},
};
use crate::{
    Message, Reason, Request, Socket,
    handler::Incoming as Event,
    hub::{Client, Closing, Link},
    parser::{Reader, Received},
    protocol::Kind,
    transport::{Completion, Incoming, Outbox, Transport},
};

/// Messages taken in before other tasks get their turn.
const TURN: usize = 64;

/// One connection, from its handshake until the last `disconnect` handler has ended.
pub(super) struct Connection<T> {
    server: Arc<Server>,
    transport: T,
    transport_name: &'static str,
    link: Arc<Link>,
    key: u64,
    request: Request,
    reader: Reader,
    members: Vec<Member>,
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
        server: &Arc<Server>,
        request: Request,
        transport: impl FnOnce(Outbox) -> T,
    ) {
        let traffic = server.node.hub.traffic().cloned();
        let link = Arc::new(Link::new(server.options.outbox, traffic));
        if let Some(instrument) = &server.instrument {
            instrument.begin(&server.node);
        }
        let transport = transport(Outbox(Arc::clone(&link)));
        let connection = Connection::new(Arc::clone(server), request, Arc::clone(&link), transport);
        // Entered among the connections too late to be told with the others.
        if *server.stopping.borrow() {
            link.close_connection(Closing::Shutdown);
        }
        server.tasks.spawn(Location::caller(), connection);
    }

    fn new(server: Arc<Server>, request: Request, link: Arc<Link>, transport: T) -> Self {
        link.set_transport(transport.name());
        if let Some(traffic) = server.node.hub.traffic() {
            traffic.opened();
        }
        let connect_timeout = tokio::time::sleep(server.options.connect_timeout);
        Connection {
            key: server.connections.insert(Arc::clone(&link)),
            transport_name: transport.name(),
            transport,
            link,
            request,
            reader: server.node.hub.codec.reader(&server.options.packets),
            members: Vec::new(),
            left: Vec::new(),
            connect_timeout: Some(Box::pin(connect_timeout)),
            backlog: 0,
            state: State::Open,
            server,
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
        if !self.link.awaits_calls() {
            return false;
        }
        if self.backlog <= self.server.options.engine.max_payload {
            return true;
        }
        tracing::warn!(target: "socketio", "a client sent too much while a call waited for its answer");
        for member in &self.members {
            member.client().fail_calls();
        }
        false
    }

    fn receive(&mut self, message: Message, completion: Option<Completion>) {
        let bytes = message.len();
        if let Some(traffic) = self.server.node.hub.traffic() {
            traffic.came(bytes);
        }
        if self.backlog > 0 || self.inbox_full() {
            self.backlog += bytes;
        }
        let limits = &self.server.options.packets;
        let (members, left) = (&self.members, &self.left);
        let read = self.reader.read(message, limits, |namespace| {
            members.iter().any(|member| takes(member, namespace))
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
        let options = &self.server.options;
        let mut waiting = 0;
        self.members.iter().any(|member| {
            let (events, bytes) = member.waiting();
            waiting += bytes;
            events >= options.inbox_events || waiting >= options.engine.max_payload
        })
    }

    fn route(&mut self, packet: Received, completion: Option<Completion>) {
        let member = self
            .members
            .iter_mut()
            .find(|member| takes(member, packet.namespace()));
        let Some(member) = member else {
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
                member.event(event, bytes, completion);
            }
            Kind::Ack => {
                let id = packet.id().and_then(|id| id.parse().ok());
                let client = Arc::clone(member.client());
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
                member.leave(Reason::ClientDisconnect, completion);
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
            Some(_) if self.members.len() >= self.server.options.namespaces => {
                Some("Too many namespaces")
            }
            Some(_) => None,
        };
        let (Some(handlers), None) = (handlers, refusal) else {
            let message = refusal.unwrap_or_default();
            tracing::debug!(target: "socketio", namespace = path, message, "connection refused");
            let answer = self
                .server
                .node
                .hub
                .codec
                .connect_error(path, message, None);
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
        let socket = Socket::new(Arc::new(client), Arc::clone(&self.server.node));
        let options = &self.server.options;
        if options.always_connect {
            let client = socket.client();
            let hub = &self.server.node.hub;
            hub.admit(client, hub.codec.connect(client.namespace(), client.sid()));
        }
        // Most connections are in one namespace, and a vector that grows by itself begins with room for four.
        self.members.reserve_exact(1);
        self.members.push(Member::new(
            socket,
            handlers,
            self.server.dispatcher.clone(),
            packet.credentials(),
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
        // Told first, so that it can tell these DISCONNECT packets from those of single namespaces; it writes them all.
        self.transport.close(reason);
        for member in &mut self.members {
            if reason == Reason::ServerClose {
                // Told so, the official clients don't connect again by themselves.
                let client = member.client();
                client.deliver(self.server.node.hub.codec.disconnect(client.namespace()));
            }
            member.leave(reason, None);
        }
    }

    /// The transport is gone.
    fn closed(&mut self, reason: Reason) {
        self.state = State::Closed;
        self.connect_timeout = None;
        self.link.close();
        self.reader = self
            .server
            .node
            .hub
            .codec
            .reader(&self.server.options.packets);
        for member in &mut self.members {
            member.leave(reason, None);
        }
    }

    /// Does what others have asked for.
    fn attend(&mut self) {
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
        for member in &mut self.members {
            if let Some(reason) = member.client().ended()
                && !member.is_leaving()
            {
                member.leave(reason, None);
                ended.push(Arc::clone(member.client().namespace()));
            }
        }
        for namespace in ended {
            self.reader.clear(&namespace);
            self.leave_behind(namespace);
        }
    }

    /// What the client has sent to this namespace before it knows of its end is no mistake.
    fn leave_behind(&mut self, namespace: Arc<str>) {
        if !self.left.contains(&namespace) && self.left.len() < self.server.options.namespaces {
            self.left.push(namespace);
        }
    }

    fn poll_members(&mut self, cx: &mut Context<'_>) -> bool {
        let mut malformed = None;
        let mut ended = false;
        let mut refused = Vec::new();
        self.members.retain_mut(|member| match member.poll(cx) {
            Progress::Pending => true,
            Progress::Ended => {
                ended = true;
                if !member.is_leaving() {
                    refused.push(Arc::clone(member.client().namespace()));
                }
                false
            }
            Progress::Malformed(error) => {
                malformed = Some(error);
                true
            }
        });
        if self.server.options.always_connect {
            for namespace in refused {
                self.reader.clear(&namespace);
                self.leave_behind(namespace);
            }
        }
        if self.connect_timeout.is_some()
            && self.members.iter().any(|one| one.client().is_connected())
        {
            self.connect_timeout = None;
        }
        if let Some(error) = &malformed {
            self.parse_error(error);
        }
        malformed.is_some() || ended
    }

    fn upgraded(&self) {
        if let Some(observer) = self.server.node.hub.observer() {
            let clients = self.members.iter().map(Member::client);
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

/// Whether a packet for the namespace is for this member.
fn takes(member: &Member, namespace: &str) -> bool {
    !member.is_leaving() && **member.client().namespace() == *namespace
}

impl<T: Transport> Future for Connection<T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.link.awake();
        for _ in 0..TURN {
            let attention = this.link.take_attention();
            if attention {
                this.attend();
            }
            let members = this.poll_members(cx);
            let transport = this.poll_transport(cx);
            if let Some(timeout) = &mut this.connect_timeout
                && timeout.as_mut().poll(cx).is_ready()
                // A `connect` handler takes the time that it takes.
                && this.members.is_empty()
            {
                tracing::debug!(target: "socketio", "no namespace was joined in time: the connection is closed");
                this.close(Reason::ServerClose);
                continue;
            }
            if this.state == State::Closed && this.members.is_empty() {
                return Poll::Ready(());
            }
            if attention || members || transport {
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
        self.server.connections.remove(self.key);
        for member in &self.members {
            let reason = Reason::ServerShutdown;
            self.server.node.hub.remove(member.client(), reason);
        }
        if let Some(traffic) = self.server.node.hub.traffic() {
            traffic.closed();
        }
    }
}

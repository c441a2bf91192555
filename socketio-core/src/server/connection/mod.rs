//! The task of one connection: an actor that reads, writes and runs its clients' handlers side by side.
//!
//! [`Turn`] decides what it does first, and for how long. Reading is in `incoming.rs`, time limits are in `timeouts.rs`, and the end is in
//! `closing.rs`. The task ends when its transport and all its clients have ended.

mod closing;
mod incoming;
mod incomplete;
mod look_up;
#[cfg(test)]
mod sizes;
mod timeouts;

use std::{
    panic::Location,
    pin::{Pin, pin},
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use tokio::time::{Sleep, sleep};
use tracing::Instrument as _;

use self::incomplete::Incomplete;
use super::{
    event_queue::{EventQueue, Progress},
    recovery_option::start_sweeping,
    server::Server,
    turn::Turn,
};
use crate::{
    base::{Problem, ProblemDetails, ProtocolVersion, Reason, Request, fault, spans},
    hub::{
        self, Aliases, CloseRequest, ConnectionHandle,
        transport::{CountedOutbox, Incoming, Outbox, Transport},
    },
    node::Node,
    packet::Reader,
};

/// The number of connections that may exist, as a multiple of `max_connections`: it includes those whose client has gone while a handler still
/// runs.
const GHOSTS: usize = 2;

/// One connection, from its handshake until the last `disconnect` handler has ended.
pub(super) struct Connection<T> {
    node: Arc<Node>,
    server: Arc<Server>,
    transport: T,
    transport_name: &'static str,
    version: ProtocolVersion,
    handle: Arc<ConnectionHandle>,
    key: u64,
    request: Request,
    reader: Reader,
    /// One for each client, that is, for each namespace of this connection. Rotated after each turn that used up its share.
    queues: Vec<EventQueue>,
    /// Namespaces that the client has left, or that have ended or refused it: what it still sends there is ignored.
    left: Vec<Arc<str>>,
    aliases: Aliases,
    /// Runs until the first namespace has been joined, and again after the last one has been left; and once the transport is
    /// gone, for `connect` handlers.
    connect_timeout: Option<Pin<Box<Sleep>>>,
    /// Runs while the outbox is over its limits although the transport has had its turn.
    overflow: Option<Pin<Box<Sleep>>>,
    /// Whether the transport can write, as the handle was last told.
    can_write: bool,
    /// Whether the transport was last polled without reading.
    held_back: bool,
    backlog: Backlog,
    incomplete: Incomplete,
    /// A client that joins a namespace once the event store has answered.
    joining: Option<Box<look_up::Joining>>,
    state: State,
    /// Whether the client was asked to confirm that everything has arrived, before the connection is closed.
    asked_for_arrival: bool,
    /// Why the connection ends, once it does.
    outcome: Option<Reason>,
    /// A poll of this task has panicked.
    panicked: bool,
}

/// The packets that were read although an inbox is full, because a `call` waits for its acknowledgement.
#[derive(Clone, Copy, Debug, Default)]
struct Backlog {
    /// Whether an inbox was full at the last read.
    counts: bool,
    bytes: usize,
    /// Whether the calls have failed because too much was read.
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
        let counters = Arc::clone(&node.hub.counters);
        let total = node.engine.admission().outboxes();
        let handle = Arc::new(ConnectionHandle::new(node.options.outbox, total, counters));
        if let Some(instrument) = &server.instrument {
            instrument.begin(node);
        }
        start_sweeping(node);
        let transport = transport(Outbox(Arc::clone(&handle)));
        let mut connection = Connection::new(node, server, request, Arc::clone(&handle), transport);
        // Those whose clients have gone and whose handlers still run count, too.
        let most = node.options.engine.max_sessions.saturating_mul(GHOSTS);
        if node.connections.len() > most {
            let details = ProblemDetails::of(&connection.request, connection.transport_name);
            let problems = &node.options.engine.problems;
            problems.report(Problem::TooManyHandlers, details);
            handle.close_connection(CloseRequest::Server);
        }
        if connection.version == ProtocolVersion::Eio3 {
            connection.connect_implicitly();
        }
        // Registered too late to be closed with the others.
        if *node.stopping.borrow() {
            handle.close_connection(CloseRequest::Shutdown);
        } else if node.draining.load(Ordering::Acquire) && node.engine.is_stopped() {
            handle.drain();
        }
        let span = spans::connection(&connection.request, connection.transport_name);
        if span.is_disabled() {
            node.connection_tasks.run(Location::caller(), connection);
        } else {
            let connection = connection.instrument(span);
            node.connection_tasks.run(Location::caller(), connection);
        }
    }

    fn new(
        node: &Arc<Node>,
        server: &Arc<Server>,
        request: Request,
        handle: Arc<ConnectionHandle>,
        transport: T,
    ) -> Self {
        handle.set_transport(transport.name());
        node.hub.counters.opened(transport.name());
        let connect_timeout = sleep(node.options.connect_timeout);
        Connection {
            key: node.connections.insert(Arc::clone(&handle)),
            transport_name: transport.name(),
            version: transport.protocol_version(),
            transport,
            handle,
            request,
            reader: node.hub.codec.reader(&node.options.packets),
            queues: Vec::new(),
            left: Vec::new(),
            aliases: Aliases::default(),
            connect_timeout: Some(Box::pin(connect_timeout)),
            overflow: None,
            can_write: false,
            held_back: false,
            backlog: Backlog::default(),
            incomplete: Incomplete::default(),
            joining: None,
            state: State::Open,
            asked_for_arrival: false,
            outcome: None,
            panicked: false,
            server: Arc::clone(server),
            node: Arc::clone(node),
        }
    }

    /// Runs handlers within the turn. Returns whether the transport has to be polled again at once.
    fn poll_queues(&mut self, cx: &mut Context<'_>, turn: &mut Turn) -> bool {
        let mut malformed = None;
        let mut ended = false;
        let mut refused = Vec::new();
        // Most connections have one client.
        let mut concurrent = match &*self.queues {
            [] | [_] => 0,
            queues => queues.iter().map(EventQueue::concurrent_handlers).sum(),
        };
        let is_shared = self.queues.len() > 1;
        let mut freed = false;
        let mut poll = |queue: &mut EventQueue, turn: &mut Turn| {
            let others = usize::saturating_sub(concurrent, queue.concurrent_handlers());
            let progress = queue.poll(cx, turn, others);
            let left = others + queue.concurrent_handlers();
            // Queues that were polled before this one may start what waited for its handlers.
            freed |= left < concurrent;
            concurrent = left;
            progress
        };
        let mut index = 0;
        while let Some(queue) = self.queues.get_mut(index) {
            match poll(queue, turn) {
                Progress::Pending => index += 1,
                Progress::Ended => {
                    ended = true;
                    if !queue.is_leaving() {
                        refused.push(Arc::clone(queue.client().namespace()));
                    }
                    self.queues.remove(index);
                }
                Progress::Malformed(error) => {
                    malformed = Some(error);
                    index += 1;
                }
            }
        }
        for namespace in refused {
            self.leave_behind(namespace);
        }
        if self.connect_timeout.is_some()
            && self.state == State::Open
            && self.queues.iter().any(|one| one.client().is_connected())
        {
            self.connect_timeout = None;
        }
        if ended
            && self.queues.is_empty()
            && self.connect_timeout.is_none()
            && self.state == State::Open
        {
            // A client that has left all namespaces has the same time to join one as at the beginning.
            self.connect_timeout = Some(Box::pin(sleep(self.node.options.connect_timeout)));
        }
        if let Some(error) = &malformed {
            self.invalid_packet(error, None);
        }
        malformed.is_some() || ended || (freed && is_shared)
    }

    /// Returns whether the connection is open for clients that have joined, and all handlers have ended that were started.
    fn is_quiet(&self) -> bool {
        self.state == State::Open
            && self.connect_timeout.is_none()
            && !self.handle.closes_once_arrived()
            && self.queues.iter().all(EventQueue::is_quiet)
    }

    /// Returns whether handlers wait for the next turn.
    fn has_work(&self) -> bool {
        self.queues.iter().any(EventQueue::has_work)
    }

    fn upgraded(&self) {
        let clients = self.queues.iter().map(EventQueue::client);
        for client in clients.filter(|client| client.is_connected()) {
            self.node.hub.observe(|observer| observer.upgraded(client));
        }
    }

    /// Reads, writes and keeps the heartbeat. This is exempt from tokio's cooperative budget, which handlers may have used up; the turn limits it
    /// instead.
    fn poll_transport(&mut self, cx: &mut Context<'_>, turn: &mut Turn) -> bool {
        if self.state == State::Closed {
            return false;
        }
        let read = self.may_read(cx);
        self.held_back = !read;
        let transport = &mut self.transport;
        let mut outbox = CountedOutbox::new(&self.handle);
        let polled = pin!(tokio::task::unconstrained(std::future::poll_fn(|cx| {
            transport.poll(cx, &mut outbox, read)
        })))
        .poll(cx);
        let (messages, bytes) = outbox.popped();
        turn.write(messages, bytes);
        // For volatile events, which are sent if the transport can write them now.
        let can_write = self.transport.can_write();
        if self.can_write != can_write {
            self.can_write = can_write;
            self.handle.set_writable(can_write);
        }
        match polled {
            Poll::Pending => {
                let name = self.transport.name();
                if name != self.transport_name {
                    self.transport_name = name;
                    self.handle.set_transport(name);
                    self.node.hub.counters.upgraded.increment();
                    self.upgraded();
                }
                false
            }
            Poll::Ready(Incoming::Message(message, completion)) => {
                turn.read(message.len());
                // A client that must reconnect is not served.
                if self.state == State::Open && !self.handle.closes_once_arrived() {
                    self.receive(message, completion, cx, turn);
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
        let polled = self.run_turn(cx, &mut turn);
        turn.count(&self.node.hub.counters);
        polled
    }

    fn run_turn(&mut self, cx: &mut Context<'_>, turn: &mut Turn) -> Poll<()> {
        while !turn.is_over() {
            turn.round();
            let asked = self.handle.take_notification();
            if asked {
                self.handle_requests();
            }
            let transport = self.poll_transport(cx, turn);
            if transport && !asked && self.is_quiet() {
                // There may be more to read. What follows is done before the task sleeps, or while a limit of time runs.
                continue;
            }
            let handlers = self.poll_queues(cx, turn) || self.may_read_again(cx);
            let timeout = self.poll_connect_timeout(cx);
            if self.state == State::Closed && self.queues.is_empty() && !self.callbacks_run(cx) {
                return Poll::Ready(());
            }
            let joined = self.joining.is_some() && self.poll_joining(cx);
            let leaves = self.leave_once_arrived();
            if leaves || asked || transport || handlers || timeout || joined || self.has_work() {
                continue;
            }
            if self.poll_incomplete(cx) || self.leave_when_quiet() {
                continue;
            }
            let can_write = self.state != State::Closed && self.transport.can_write();
            match self.handle.sleep(cx.waker(), can_write) {
                hub::Sleep::Awake => {}
                hub::Sleep::Asleep { overflows } => {
                    if !self.watch_outbox(cx, overflows) {
                        return Poll::Pending;
                    }
                }
            }
        }
        // The next turn begins with the handlers of another namespace, since a turn may end before the last ones have run.
        if self.queues.len() > 1 {
            self.queues.rotate_left(1);
        }
        Turn::yield_to_others(cx)
    }
}

impl<T: Transport> Future for Connection<T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        // Panics of user code are caught where it is called, so a panic here is a defect of the server or of a transport.
        match fault::catch(|| this.poll_turn(cx)) {
            Ok(poll) => poll,
            Err(_) if this.panicked => Poll::Ready(()),
            Err(panic) => {
                tracing::error!(target: "socketio", %panic, "the task of a connection panicked: the connection is dropped, its `disconnect` handlers run");
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
        let reason = self.outcome.unwrap_or(Reason::ServerShutdown);
        self.node.hub.counters.closed(reason);
    }
}

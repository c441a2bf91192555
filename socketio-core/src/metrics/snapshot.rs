//! Reads the counters of a server: `io.metrics()`.
//!
//! It reads the counters one after the other while the server runs, so that they may be of slightly different times.

use std::collections::BTreeMap;

use socketio_names::Pattern;

use super::{
    ClosedMetrics, DeliveryMetrics, EventMetrics, HandlerErrors, HandlerMetrics, Histogram,
    Metrics, NamespaceMetrics, OutboxMetrics, ProblemMetrics, RecorderMetrics, TransportMetrics,
    rate_limits::rate_limits,
    recovery::{history, recovery},
};
use crate::{
    base::Problem,
    client::SocketIo,
    counters::{ErrorKind, EventTable, HandlerCounters, Transport},
    node::Node,
};

/// The label of all names that are not in the handler table.
const OTHER: &str = "other";

impl SocketIo {
    /// Returns a snapshot of the server's counters: connections, events, durations of handlers, errors, outboxes.
    ///
    /// Counting is always on. The snapshot visits every connection, so take one every few seconds, not for every event.
    pub fn metrics(&self) -> Metrics {
        let node = self.node();
        let counters = &node.hub.counters;
        let problems: Vec<_> = node.options.engine.problems.counts().collect();
        let slow_clients = problems
            .iter()
            .filter(|(problem, _)| matches!(problem, Problem::SlowClient | Problem::OutboxesFull))
            .map(|(_, count)| count)
            .sum();
        let (connections, outbox) = connections(node, slow_clients);
        let handlers = counters.events.handlers().iter();
        Metrics {
            connections,
            closed: counters
                .all_closed()
                .map(|(reason, count)| ClosedMetrics { reason, count })
                .collect(),
            tcp_connections: node.engine.admission().open_connections() as u64,
            upgraded: counters.upgraded.get(),
            namespaces: namespaces(node),
            clients_accepted: counters.clients_accepted.get(),
            clients_refused: counters.clients_refused.get(),
            problems: problems.into_iter().map(problem).collect(),
            messages_received: counters.messages_received.get(),
            bytes_received: counters.bytes_received.get(),
            messages_sent: counters.messages_sent.get(),
            bytes_sent: counters.bytes_sent.get(),
            events: events(&counters.events),
            handlers: handlers.map(|handler| handler_metrics(handler)).collect(),
            rate_limits: rate_limits(&counters.rated),
            acks_timed_out: counters.acks_timed_out.get(),
            outbox,
            recovery: recovery(node),
            history: history(node),
            delivery: DeliveryMetrics::of(counters),
            ping_round_trip: Histogram::of(&counters.ping),
            recorder: node.recorder.as_deref().map(RecorderMetrics::of),
            health: self.health(),
        }
    }
}

#[cfg(feature = "api")]
impl SocketIo {
    /// Returns the counters of each handler, in the order of [`describe`](SocketIo::describe).
    pub(crate) fn handler_metrics(&self) -> Vec<HandlerMetrics> {
        let handlers = self.node().hub.counters.events.handlers().iter();
        handlers.map(|handler| handler_metrics(handler)).collect()
    }
}

fn connections(node: &Node, slow_clients: u64) -> (Vec<TransportMetrics>, OutboxMetrics) {
    let counters = &node.hub.counters;
    let total = node.engine.admission().outboxes();
    let mut outbox = OutboxMetrics {
        dropped_newest: counters.dropped_newest.get(),
        dropped_oldest: counters.dropped_oldest.get(),
        dropped_superseded: counters.dropped_superseded.get(),
        dropped_volatile: counters.dropped_volatile.get(),
        dropped_disconnecting: counters.dropped_disconnecting.get(),
        refused: counters.outbox_full.get(),
        slow_clients,
        memory: total.bytes() as u64,
        memory_limit: total.limit() as u64,
        ..OutboxMetrics::default()
    };
    let mut open = [0; Transport::ALL.len()];
    node.connections.for_each(|connection| {
        open[Transport::named(connection.transport()) as usize] += 1;
        let (messages, bytes) = connection.waiting();
        outbox.messages += messages as u64;
        outbox.bytes += bytes as u64;
        outbox.largest = outbox.largest.max(bytes as u64);
    });
    let by_transport = counters.all_opened().zip(open);
    let connections = by_transport.map(|((transport, opened), open)| TransportMetrics {
        transport: transport.name(),
        open,
        opened,
    });
    (connections.collect(), outbox)
}

/// Returns the clients by the most specific namespace of the handler table.
fn namespaces(node: &Node) -> Vec<NamespaceMetrics> {
    let handlers = node.hub.counters.events.handlers();
    let mut patterns: Vec<_> = handlers
        .iter()
        .filter_map(|handler| {
            Pattern::parse(&handler.namespace)
                .ok()
                .zip(Some(&*handler.namespace))
        })
        .collect();
    patterns.sort_by(|(a, _), (b, _)| (a.width(), a).cmp(&(b.width(), b)));
    let mut clients: BTreeMap<_, _> = patterns.iter().map(|(_, name)| (*name, 0)).collect();
    // `on_error_default` has no namespace.
    clients.remove("");
    node.hub.count_clients(|namespace, count| {
        let known = patterns
            .iter()
            .find(|(pattern, _)| pattern.matches(namespace));
        *clients
            .entry(known.map_or(OTHER, |(_, name)| name))
            .or_default() += count as u64;
    });
    let clients = clients
        .into_iter()
        .map(|(namespace, clients)| NamespaceMetrics {
            namespace: namespace.to_owned(),
            clients,
        });
    clients.collect()
}

fn events(table: &EventTable) -> Vec<EventMetrics> {
    let handled = table.handlers().iter().filter(|handler| handler.is_event);
    let other = EventMetrics {
        namespace: OTHER.to_owned(),
        event: OTHER.to_owned(),
        received: table.unhandled.get(),
        sent: table.other_sent.get(),
    };
    let events = handled.filter(|handler| !socketio_names::is_lifecycle(&handler.event));
    let events = events.map(|handler| EventMetrics {
        namespace: handler.namespace.to_string(),
        event: handler.event.to_string(),
        received: handler.received.get(),
        sent: handler.sent.get(),
    });
    events.chain([other]).collect()
}

fn handler_metrics(handler: &HandlerCounters) -> HandlerMetrics {
    HandlerMetrics {
        namespace: handler.namespace.to_string(),
        event: handler.event.to_string(),
        handler: handler.handler.to_string(),
        duration: Histogram::of(&handler.duration),
        errors: HandlerErrors {
            invalid_arguments: handler.errors(ErrorKind::InvalidArguments),
            forbidden: handler.errors(ErrorKind::Forbidden),
            panics: handler.errors(ErrorKind::Panic),
            other: handler.errors(ErrorKind::Error),
        },
    }
}

fn problem((problem, count): (Problem, u64)) -> ProblemMetrics {
    ProblemMetrics {
        name: snake_case(problem.name()),
        refuses_handshake: problem.refuses_handshake(),
        is_decode_error: problem.is_decode_error(),
        count,
    }
}

/// Returns `origin_refused` for `OriginRefused`.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, letter) in name.char_indices() {
        if index > 0 && letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

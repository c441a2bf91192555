//! The parts of [`Metrics`](crate::Metrics) about connections and clients.

use super::{
    Metrics, ProblemMetrics,
    samples::{Kind, Sample, Samples, Value, plain, sample},
    snapshot::snake_case,
};
use crate::base::Reason;

/// The connections over one transport.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportMetrics {
    /// `polling`, `websocket`, or `other` for all custom transports.
    pub transport: &'static str,
    /// The number of connections that use this transport now.
    pub open: u64,
    /// The number of connections that were opened over this transport. An upgrade to WebSocket does not open another one.
    pub opened: u64,
}

/// The connections that ended for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClosedMetrics {
    /// Why they ended.
    pub reason: Reason,
    /// The number of connections that ended.
    pub count: u64,
}

/// The clients of one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamespaceMetrics {
    /// The path or pattern of a namespace with handlers, or `other` for all namespaces without handlers.
    pub namespace: String,
    /// The number of clients that are connected now.
    pub clients: u64,
}

/// The outboxes of all connections: packets that wait to be written, and dropped ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxMetrics {
    /// The number of messages that wait. A packet with attachments is several messages.
    pub messages: u64,
    /// Their bytes. A broadcast is counted for each recipient, although its payload exists once.
    pub bytes: u64,
    /// The bytes in the fullest outbox.
    pub largest: u64,
    /// The memory of outboxes as [`max_outbox_total`](crate::SocketIoBuilder::max_outbox_total) counts it: a payload that many
    /// outboxes share counts once, and outboxes with less than 64 KiB don't count.
    pub memory: u64,
    /// The limit of `memory`.
    pub memory_limit: u64,
    /// The number of events dropped by `OverflowPolicy::DropNewest`.
    pub dropped_newest: u64,
    /// The number of events dropped by `OverflowPolicy::DropOldest`, or by `LatestPerKey` since they were the oldest.
    pub dropped_oldest: u64,
    /// The number of events that `OverflowPolicy::LatestPerKey` dropped for a later one with the same key.
    pub dropped_superseded: u64,
    /// The number of volatile events that could not be written, or published to other nodes, at once.
    pub dropped_volatile: u64,
    /// The number of packets for clients that `OverflowPolicy::Disconnect` disconnected.
    pub dropped_disconnecting: u64,
    /// The number of events that a handler could not emit, because the outbox was full even for a burst.
    pub refused: u64,
    /// The number of connections that were closed because the client read too slowly, including those closed because all outboxes
    /// together were full.
    pub slow_clients: u64,
}

impl Metrics {
    pub(super) fn connection_samples(&self) -> Vec<Samples> {
        use Kind::{Counter, Gauge};
        let problems = |keep: fn(&ProblemMetrics) -> bool, label| {
            let kept = self.problems.iter().filter(move |one| keep(one));
            kept.map(move |one| sample([(label, &one.name)], one.count))
        };
        let transports = self.connections.iter();
        let reason = |one: &ClosedMetrics| snake_case(&format!("{:?}", one.reason));
        vec![
            Samples::new(
                Gauge,
                "socketio_connections",
                "Open connections.",
                transports
                    .clone()
                    .map(|one| sample([("transport", one.transport)], one.open)),
            ),
            Samples::new(
                Counter,
                "socketio_connections_opened_total",
                "Opened connections.",
                transports.map(|one| sample([("transport", one.transport)], one.opened)),
            ),
            Samples::new(
                Counter,
                "socketio_connections_closed_total",
                "Ended connections, by the reason.",
                self.closed
                    .iter()
                    .map(|one| sample([("reason", &reason(one))], one.count)),
            ),
            Samples::new(
                Gauge,
                "socketio_tcp_connections",
                "Open TCP connections.",
                plain(self.tcp_connections),
            ),
            Samples::new(
                Counter,
                "socketio_connections_upgraded_total",
                "Connections that changed from polling to WebSocket.",
                plain(self.upgraded),
            ),
            Samples::new(
                Counter,
                "socketio_handshakes_refused_total",
                "Refused handshakes, by the problem.",
                problems(|one| one.refuses_handshake, "cause"),
            ),
            Samples::new(
                Counter,
                "socketio_problems_total",
                "Refused or ignored input and closed connections, by the problem.",
                problems(|_| true, "problem"),
            ),
            Samples::new(
                Counter,
                "socketio_decode_errors_total",
                "Input that could not be decoded.",
                plain(self.decode_errors()),
            ),
            Samples::new(
                Gauge,
                "socketio_clients",
                "Connected clients.",
                self.namespaces
                    .iter()
                    .map(|one| sample([("namespace", &one.namespace)], one.clients)),
            ),
            Samples::new(
                Counter,
                "socketio_clients_accepted_total",
                "Clients that were accepted in a namespace.",
                plain(self.clients_accepted),
            ),
            Samples::new(
                Counter,
                "socketio_clients_refused_total",
                "Clients that a connect handler or a guard refused.",
                plain(self.clients_refused),
            ),
            Samples::new(
                Counter,
                "socketio_received_messages_total",
                "Received messages.",
                plain(self.messages_received),
            ),
            Samples::new(
                Counter,
                "socketio_received_bytes_total",
                "Bytes of received messages.",
                plain(self.bytes_received),
            ),
            Samples::new(
                Counter,
                "socketio_sent_messages_total",
                "Messages passed to transports.",
                plain(self.messages_sent),
            ),
            Samples::new(
                Counter,
                "socketio_sent_bytes_total",
                "Bytes of messages passed to transports.",
                plain(self.bytes_sent),
            ),
            Samples::new(
                Kind::Histogram,
                "socketio_ping_round_trip_seconds",
                "From when a ping is due until its pong arrives.",
                [Sample {
                    labels: Vec::new(),
                    value: Value::Histogram(self.ping_round_trip.clone()),
                }],
            ),
        ]
    }
}

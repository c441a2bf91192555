//! [`Metrics`]: a snapshot of what a server has counted.

use super::{
    ClosedMetrics, DeliveryMetrics, Health, Histogram, HistoryMetrics, NamespaceMetrics,
    OutboxMetrics, RateLimitMetrics, RecorderMetrics, RecoveryMetrics, TransportMetrics,
};

/// A snapshot of what a server has counted since it was built, returned by [`SocketIo::metrics`](crate::SocketIo::metrics).
///
/// Counting is always on. Numbers are read one after the other while the server runs, so that their sums may differ by
/// what happened in the meantime. No number is ever smaller than in an earlier snapshot, unless it is documented as the
/// number now. [`to_prometheus`](Metrics::to_prometheus) writes all of them as text.
///
/// Names of namespaces and events come from the handler table, never from a client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// The connections by transport.
    pub connections: Vec<TransportMetrics>,
    /// The ended connections by reason.
    pub closed: Vec<ClosedMetrics>,
    /// The number of open TCP connections that `run` and `serve` have accepted, now.
    pub tcp_connections: u64,
    /// The number of connections that changed from polling to WebSocket.
    pub upgraded: u64,
    /// The connected clients by namespace.
    pub namespaces: Vec<NamespaceMetrics>,
    /// The number of clients that were accepted in a namespace.
    pub clients_accepted: u64,
    /// The number of clients that were refused by a `connect` handler, a guard or an error.
    pub clients_refused: u64,
    /// The problems of the page [troubleshooting](https://docs.rs/socketio/latest/socketio/guide/troubleshooting/index.html),
    /// with their counts. Occurrences that were left out of the log are also counted.
    pub problems: Vec<ProblemMetrics>,
    /// The number of received messages. A packet with attachments is several messages.
    pub messages_received: u64,
    /// The bytes of received messages, after decompression and without framing.
    pub bytes_received: u64,
    /// The number of messages passed to transports.
    pub messages_sent: u64,
    /// The bytes of messages passed to transports, before compression and without framing.
    pub bytes_sent: u64,
    /// The events by namespace and name: those of the handler table, then `other` for all other names.
    pub events: Vec<EventMetrics>,
    /// The handlers, with their durations and errors.
    pub handlers: Vec<HandlerMetrics>,
    /// The rate limits, with the events over them.
    pub rate_limits: Vec<RateLimitMetrics>,
    /// The number of acknowledgements that a `call` has waited for until its timeout. In a cluster, the remote recipients of a
    /// call are counted as one.
    pub acks_timed_out: u64,
    /// The packets that wait to be written, and dropped ones.
    pub outbox: OutboxMetrics,
    /// The recovery of sessions; `None` without [`recovery`](crate::SocketIoBuilder::recovery).
    pub recovery: Option<RecoveryMetrics>,
    /// The histories of rooms; `None` without [`history`](crate::SocketIoBuilder::history).
    pub history: Option<HistoryMetrics>,
    /// Events that run once, and events that are kept until they are acknowledged.
    pub delivery: DeliveryMetrics,
    /// The time from when a ping is due until its pong arrives.
    pub ping_round_trip: Histogram,
    /// The output of the recorder; `None` without a [`Recorder`](crate::Recorder).
    pub recorder: Option<RecorderMetrics>,
    /// Whether the server is ready, and the states of its message queue and its event store.
    pub health: Health,
}

/// How often one problem was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProblemMetrics {
    /// The name of the problem, such as `origin_refused`.
    pub name: String,
    /// Whether a handshake is refused for it.
    pub refuses_handshake: bool,
    /// Whether it is input that can't be decoded.
    pub is_decode_error: bool,
    /// The number of times that it was seen.
    pub count: u64,
}

/// The events of one name in one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventMetrics {
    /// The path or pattern of the namespace, or `other`.
    pub namespace: String,
    /// The name of the event, `*` for those that the handler of `*` received, or `other`.
    pub event: String,
    /// The number of events that were received and passed to the handler, or to the guards and middleware before it.
    pub received: u64,
    /// The number of events that were put into outboxes: a broadcast is counted once for each local recipient.
    pub sent: u64,
}

/// One handler.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerMetrics {
    /// The path or pattern of the namespace. Empty for `on_error_default`.
    pub namespace: String,
    /// The name of the event; `on_error` or `on_error_default` for error handlers.
    pub event: String,
    /// The function, or `Struct::method`, or `closure`.
    pub handler: String,
    /// How long the handler ran, including the time that it waited, but not guards, middleware and the acknowledgement. A stream that it
    /// returns is counted as a further run.
    pub duration: Histogram,
    /// How often the event failed.
    pub errors: HandlerErrors,
}

/// Why the events of one handler failed. A refusal with [`RespondWith`](crate::RespondWith) or
/// [`ConnectionRefused`](crate::ConnectionRefused) does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerErrors {
    /// The client's arguments did not match the handler's parameters.
    pub invalid_arguments: u64,
    /// [`Forbidden`](crate::Forbidden): a guard or the handler refused the event.
    pub forbidden: u64,
    /// The handler, a guard or a middleware panicked.
    pub panics: u64,
    /// The handler, a guard or a middleware returned another error.
    pub other: u64,
}

impl Metrics {
    /// Returns the number of open connections.
    pub fn open_connections(&self) -> u64 {
        self.connections.iter().map(|one| one.open).sum()
    }

    /// Returns the number of handshakes that the server has refused. Refusals by
    /// [`on_handshake`](crate::SocketIoBuilder::on_handshake) do not count.
    pub fn handshakes_refused(&self) -> u64 {
        let refused = self.problems.iter().filter(|one| one.refuses_handshake);
        refused.map(|one| one.count).sum()
    }

    /// Returns how much input could not be decoded.
    pub fn decode_errors(&self) -> u64 {
        let errors = self.problems.iter().filter(|one| one.is_decode_error);
        errors.map(|one| one.count).sum()
    }

    /// Returns how often a problem was seen, by its name, such as `origin_refused`. 0 if there is no problem of this name.
    pub fn problem(&self, name: &str) -> u64 {
        let problem = self.problems.iter().find(|one| one.name == name);
        problem.map_or(0, |one| one.count)
    }
}

//! The parts of [`Metrics`](crate::Metrics) about connections and clients.

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
